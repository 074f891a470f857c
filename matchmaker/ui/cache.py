"""What the pages keep between clicks: the only place that caches.

Every entry is keyed by the version of the data and by frozen preferences, never by a table, and every cache is
bounded. What is shared between sessions is read-only.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd
import streamlit as st

from matchmaker import clusters, exchange, log, plans, service, sheets
from matchmaker.access import LOCAL, User
from matchmaker.catalogue import Change
from matchmaker.clusters import Types
from matchmaker.cooperations import Life
from matchmaker.dataset import Dataset
from matchmaker.dealings import Dealings
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import language
from matchmaker.insights import Insight
from matchmaker.model import Consortium, Municipality, Option, Preferences, Sharing, Shift, Suggestion
from matchmaker.pains import PainIndex, index_of
from matchmaker.portfolio.values import WayIn
from matchmaker.profiles import Profiles
from matchmaker.scenarios import Scenario
from matchmaker.service import Conditions, Network
from matchmaker.store import Store, default_url
from matchmaker.ui import login
from matchmaker.ui import network_view as views
from matchmaker.ui.network_view import View
from matchmaker.workspace import Past, Workspace

if TYPE_CHECKING:
    from matchmaker.ui.maps import Picture

Version: TypeAlias = tuple[str, int, User]
"""Package, last change, and for whom: whatever is kept between clicks depends on all three."""

_USERS: Final = 64
"""Users whose view of the data is kept at most: of all of Germany, one takes some ten megabytes."""

_NETWORKS: Final = 2
"""Networks kept at most: of all of Germany with twenty suggestions for each, one takes half a gigabyte."""


_DELIVERED: Final = 1.0
"""Seconds after which the first page is with the browser: what is loaded at the same time would delay it."""


@st.cache_resource(show_spinner=False)
def opened() -> Workspace:
    """Return the package and the database this app was started with, as the local user of a desk sees them."""
    log.begin()
    package = os.environ.get("MATCHMAKER_DATA")
    if package:
        return Workspace(package=Path(package))
    return Workspace(store=Store(default_url()))


def workspace() -> Workspace:
    """Return the package and the database as the user of this session may use them."""
    return _workspace_of(login.user())


def _workspace_of(user: User) -> Workspace:
    return opened() if user == LOCAL else replace(opened(), user=user)


@st.cache_resource(show_spinner=False)
def _views() -> dict[User, tuple[Version, Dataset]]:
    """Hold the data as each user sees them after the last change: kept for every change, they would fill the memory."""
    return {}


def _dataset(version: Version) -> Dataset:
    views, user = _views(), version[2]
    if (view := views.get(user)) is None or view[0] != version:
        view = version, _workspace_of(user).load()
        if user not in views and len(views) >= _USERS:
            views.pop(next(iter(views)), None)
        views[user] = view
    return view[1]


def dataset() -> Dataset:
    """Return the data as they are now; read anew only when something was saved."""
    return _dataset(workspace().version())


def choices(version: Version, simulated: bool, simulated_mark: str) -> dict[str, str]:
    """Return what the list of municipalities shows by key: name, district and Land."""
    profiles = _dataset(version).profiles
    named = hashlib.blake2b()
    for column in (profiles.key, profiles.name, profiles.parent, profiles.land, profiles.simulated):
        named.update(np.ascontiguousarray(column).data)
    return _choices(named.hexdigest(), simulated, simulated_mark, profiles)


@st.cache_resource(max_entries=8, show_spinner=False)
def _choices(named: str, simulated: bool, simulated_mark: str, _profiles: Profiles) -> dict[str, str]:
    """Return the list; hardly any entry changes it, and most users see the same."""
    return {
        str(_profiles.key[row]): _choice(_profiles, row, simulated_mark)
        for row in range(len(_profiles))
        if simulated or not _profiles.simulated[row]
    }


def _choice(profiles: Profiles, row: int, simulated_mark: str) -> str:
    municipality = profiles.municipality(row)
    parent = profiles.parent[row]
    district = f" · {profiles.name[parent]}" if parent >= 0 else ""
    mark = f" · {simulated_mark}" if municipality.simulated else ""
    return f"{municipality.name}{district} · {municipality.land}{mark} · {municipality.key}"


def pain_index(version: Version) -> PainIndex:
    """Return what finds use cases by the words that people use for what annoys them."""
    package, _number, _user = version
    return _pain_index(package)


@st.cache_resource(max_entries=2, show_spinner=False)
def _pain_index(package: str) -> PainIndex:
    # Nobody enters anything into the catalogue.
    return index_of(opened().load().catalogue)


@st.cache_data(max_entries=3, show_spinner=False)
def package(version: Version, ending: str) -> bytes:
    """Return all tables as one file, in a format of `exchange.PACKED_FORMATS`."""
    return exchange.packed(_dataset(version).tables, ending)


@st.cache_resource(max_entries=50, show_spinner=False)
def history(version: Version, key: str) -> tuple[Past, ...]:
    """Return what a municipality has entered after each change, newest first."""
    return _workspace_of(version[2]).history(_dataset(version).catalogue, key)


@st.cache_resource(max_entries=50, show_spinner=False)
def lives(version: Version) -> tuple[Life, ...]:
    """Return the cooperations that a user may see, the one changed last first."""
    return Dealings(_workspace_of(version[2])).all()


@st.cache_data(max_entries=200, show_spinner=False)
def suggestions(version: Version, key: str, preferences: Preferences, top: int) -> tuple[Suggestion, ...]:
    """Return the best partners of a municipality."""
    return service.suggest(_dataset(version), key, preferences, top=top)


@st.cache_data(max_entries=200, show_spinner=False)
def pair(version: Version, key: str, other: str, preferences: Preferences) -> Suggestion:
    """Return what speaks for and against one certain partner."""
    return service.suggest_pair(_dataset(version), key, other, preferences)


@st.cache_data(max_entries=200, show_spinner=False)
def projects(
    version: Version, key: str, preferences: Preferences, use_case: str, changes: tuple[Change, ...] = ()
) -> tuple[Consortium, ...]:
    """Return the joint projects of a municipality, with own values for some assumptions."""
    data = service.with_assumptions(_dataset(version), changes)
    return service.joint_projects(data, key, preferences, use_case=use_case)


@st.cache_data(max_entries=200, show_spinner=False)
def project_details(
    version: Version, key: str, preferences: Preferences, use_case: str, changes: tuple[Change, ...],
    rules: tuple[str, ...], day: str,
) -> tuple[tuple[Consortium, tuple[Option, ...], Conditions], ...]:  # fmt: skip
    """Return the same projects, each split by a rule, with what competes and what grant rules and law say on a day."""
    data = service.with_assumptions(_dataset(version), changes)
    found = projects(version, key, preferences, use_case, changes)
    groups = [
        service.split_by(group, rule) if rule not in {"", group.rule} else group
        for group, rule in zip(found, rules, strict=True)
    ]
    return tuple(
        (group, service.project_options(data, key, group, preferences), service.project_conditions(data, group, on=day))
        for group in groups
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def districts(version: Version) -> dict[str, Municipality]:
    """Return the Landkreise and county-free cities by their five-digit keys."""
    data = _dataset(version)
    return {str(data.profiles.key[row])[:5]: data.profiles.municipality(row) for row in plans.districts(data)}


@st.cache_data(max_entries=200, show_spinner=False)
def ways_in(version: Version, scenario: Scenario, key: str) -> tuple[WayIn, ...]:
    """Return what would bring a municipality into a plan."""
    return plans.ways_in(_dataset(version), scenario.limits, scenario.region, scenario.plan, key)


@functools.lru_cache(maxsize=200)
def sharing(group: Consortium) -> Sharing:
    """Return the joint cost of a group split by every rule; a group carries all that this depends on.

    Kept in Python's own way: Streamlit would walk through the whole group each time to make a key of it.
    """
    return service.share_costs(group)


@st.cache_data(max_entries=200, show_spinner=False)
def weight_shifts(version: Version, key: str, preferences: Preferences, top: int) -> tuple[Shift, ...]:
    """Return who comes and who goes when one weight is left out or doubled."""
    return service.weight_shifts(_dataset(version), key, preferences, top=top)


_drawn: Final[dict[tuple[User, Preferences, int], Network]] = {}
"""The network last drawn for some preferences: after an edit only what changes is computed anew."""


@st.cache_resource(max_entries=_NETWORKS, show_spinner=False)
def network(version: Version, preferences: Preferences, suggestions: int) -> Network:
    """Return the network of participants; shared between sessions, so it is only read."""
    wanted = (version[2], preferences, suggestions)
    if wanted not in _drawn and len(_drawn) >= _NETWORKS:
        _drawn.clear()
    drawn = service.draw_network(_dataset(version), preferences, suggestions=suggestions, before=_drawn.get(wanted))
    _drawn[wanted] = drawn
    # A graph is millions of objects: the collector shall not walk through them at every other click.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return drawn


@st.cache_resource(max_entries=8, show_spinner=False)
def network_view(version: Version, preferences: Preferences, suggestions: int, layers: tuple[str, ...]) -> View:
    """Return what the page of the network shows in some layers; shared between sessions, so it is only read."""
    return views.view(network(version, preferences, suggestions), layers)


@st.cache_resource(max_entries=16, show_spinner=False)
def network_picture(
    version: Version, preferences: Preferences, suggestions: int, layers: tuple[str, ...], name: str, code: str
) -> Picture:
    """Return one of the pictures of the network in a language."""
    from matchmaker.ui import landscape  # noqa: PLC0415 - it asks this module for what it shows

    view = network_view(version, preferences, suggestions, layers)
    return landscape.PICTURES[name](view, _dataset(version), language(code))


@st.cache_resource(max_entries=32, show_spinner=False)
def network_table(
    version: Version, preferences: Preferences, suggestions: int, layers: tuple[str, ...], name: str, code: str
) -> pd.DataFrame:
    """Return one of the tables about the network in a language."""
    from matchmaker.ui import landscape  # noqa: PLC0415 - as in `network_picture`

    view = network_view(version, preferences, suggestions, layers)
    return landscape.TABLES[name](view, _dataset(version), language(code))


@st.cache_data(max_entries=4, show_spinner=False)
def network_file(
    version: Version, preferences: Preferences, suggestions: int, layers: tuple[str, ...], ending: str
) -> str:
    """Return the network in some layers as the text of a file."""
    return service.graph_text(network(version, preferences, suggestions).graph, ending, layers)


_named: Final[dict[tuple[User, bool, int | None], Types]] = {}
"""The types last found, whose names stay when data change a little."""


def types(version: Version, simulated: bool, number: int | None = None) -> tuple[Types, Profiles]:
    """Return the types of starting position; raises as `service.find_types` does."""
    profiles = _shown(version, simulated)
    return _types(clusters.fingerprint(profiles), simulated, number, version), profiles


@st.cache_resource(max_entries=4, show_spinner=False)
def _shown(version: Version, simulated: bool) -> Profiles:
    profiles = _dataset(version).profiles
    return profiles if simulated else profiles.take(~profiles.simulated)


@st.cache_resource(max_entries=4, show_spinner=False)
def _divisions(fingerprint: str, simulated: bool, _version: Version) -> clusters.Search:
    """Return what all numbers of types are chosen from; it takes seconds."""
    return clusters.search(_shown(_version, simulated))


@st.cache_resource(max_entries=16, show_spinner=False)
def _types(fingerprint: str, simulated: bool, number: int | None, _version: Version) -> Types:
    """Return the types; most edits change nothing that they depend on."""
    before = (_version[2], simulated, number)
    found = clusters.chosen_types(
        _divisions(fingerprint, simulated, _version), _dataset(_version).catalogue,
        number=number, previous=_named.get(before),
    )  # fmt: skip
    if len(_named) >= _USERS:
        _named.clear()
    _named[before] = found
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def insights(version: Version, simulated: bool) -> tuple[Insight, ...]:
    """Return the statements about town, country and cooperation, tried on the participants."""
    return service.examine(_dataset(version), simulated=simulated)


@functools.cache
def warm_up() -> None:
    """Load after the first page what the first clicks would otherwise wait for; once in the life of the server."""
    data, version = dataset(), workspace().version()
    someone = data.profiles.key[data.profiles.participates][:1].tolist()

    def load() -> None:
        for key in someone:
            service.suggest(data, key, Preferences(), top=1)  # compiled code takes a second to load
            service.joint_projects(data, key, Preferences(), use_case=data.catalogue.use_cases[0].id)
        with contextlib.suppress(MatchmakerError):
            types(version, True)

    later = threading.Timer(_DELIVERED, load)
    later.daemon = True
    later.start()


@st.cache_resource(show_spinner=False)
def land_outlines() -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the borders of the Länder as lines of (longitude, latitude)."""
    loaded: dict[str, Any] = json.loads((sheets.SHIPPED / "lands.geojson").read_text(encoding="utf-8"))
    lines = []
    for feature in loaded["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        lines += [tuple((lon, lat) for lon, lat in ring) for polygon in polygons for ring in polygon]
    return tuple(lines)
