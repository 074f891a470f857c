"""Parts of the page of the network: pictures, tables of what stands out, and one municipality."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

import pandas as pd
import streamlit as st

from matchmaker import network, service
from matchmaker.dataset import Dataset
from matchmaker.i18n import Language
from matchmaker.model import Municipality, Preferences
from matchmaker.network import Landscape
from matchmaker.ui import cache, centres, downloads, inputs, maps, show, tables
from matchmaker.ui.network_view import View

Wanted: TypeAlias = tuple[cache.Version, Preferences, int, tuple[str, ...]]
"""What makes a network what it is: version of the data, preferences, suggestions for each, layers."""

_BESIDE: Final = 380
"""Width in pixels of what stands beside the map."""

_NAMED_COMMUNITIES: Final = 5
"""More colours and symbols than this and two for the rest cannot be told apart."""


def layer_names(_: Language) -> Mapping[str, str]:
    """Return the names of the layers on screen."""
    return {
        network.COOPERATION: _("Known cooperation"),
        network.CONTACTED: _("Asked, no answer yet"),
        network.COMMON_PARTNER: _("Common partner"),
        network.SUGGESTION: _("Suggestion"),
        network.OFFER: _("One has what the other needs"),
    }


def _groups(landscape: Landscape, _: Language) -> Mapping[str, Sequence[tuple[Municipality, float]]]:
    """Return the dots of a picture by community, the largest by name; the more partners, the larger a dot."""
    groups: dict[str, list[tuple[Municipality, float]]] = {}
    for node in sorted(landscape.nodes, key=lambda node: node.community):
        named = node.community <= _NAMED_COMMUNITIES
        label = _("Community {number}").format(number=node.community) if named else _("Smaller communities")
        groups.setdefault(label, []).append((node.municipality, 5 + 1.5 * min(8, node.partners)))
    if landscape.alone:
        groups[_("Without partners")] = [(m, 4) for m in landscape.alone]
    return groups


def _map(view: View, data: Dataset, _: Language) -> maps.Picture:
    return maps.map_picture(
        _groups(view.landscape, _), _pairs(view, _), _, width=maps.WIDE, pick=True, centres=data.centres
    )


def _graph(view: View, _data: Dataset, _: Language) -> maps.Picture:
    return maps.graph_picture(_groups(view.landscape, _), _pairs(view, _), view.places, _)


def _pairs(view: View, _: Language) -> Mapping[str, Sequence[tuple[Municipality, Municipality]]]:
    names = layer_names(_)
    return {names[layer]: [(link.a, link.b) for link in found] for layer, found in view.links.items()}


PICTURES: Final[Mapping[str, Callable[[View, Dataset, Language], maps.Picture]]] = {"map": _map, "graph": _graph}


def _hubs(view: View, _data: Dataset, _: Language) -> pd.DataFrame:
    """Return who has most partners, how much leads through each and what it carries."""
    frame = pd.DataFrame(
        [
            (n.municipality.name, n.municipality.land, n.partners, n.betweenness, n.error, n.splits or math.nan,
             n.community, n.cooperations, math.nan if n.fte is None else n.fte,
             math.nan if n.load is None else n.load, _("simulated") if n.municipality.simulated else "",
             n.municipality.key)
            for n in view.landscape.nodes
        ],
        columns=[_("Municipality"), _("Land"), _("Partners"), _("Way between others"), _("± standard error"),
                 _("Falls into parts without it"), _("Community"), _("Cooperations"), _("Free posts"),
                 _("Cooperations per free post"), _("Simulated"), _("Key")],
    )  # fmt: skip
    return frame if view.landscape.sampled else frame.drop(columns=_("± standard error"))


def _links(view: View, data: Dataset, _: Language) -> pd.DataFrame:
    """Return the links that the pictures show."""
    names, titles = layer_names(_), _titles(data, _)

    def what(about: Mapping[str, str]) -> str:
        given = ", ".join(titles.get(use_case, use_case) for use_case in about.get("use_cases", "").split("; "))
        return about.get("titles", given)

    return pd.DataFrame(
        [
            (link.a.name, link.b.name, names[layer], what(link.about), link.about.get("score", math.nan),
             link.about.get("partners", math.nan),
             _("simulated") if link.a.simulated or link.b.simulated else "", link.a.key, link.b.key)
            for layer, found in view.links.items()
            for link in found
        ],
        columns=[_("Municipality"), _("Partner"), _("Relation"), _("Content"), _("Score"), _("Common partners"),
                 _("Simulated"), _("Key"), _("Key of the partner")],
    )  # fmt: skip


def _bridges(view: View, _data: Dataset, _: Language) -> pd.DataFrame:
    """Return the links without which the network would fall apart."""
    return pd.DataFrame(
        [(b.a.name, b.b.name, b.cuts_off, b.a.key, b.b.key) for b in view.landscape.bridges],
        columns=[_("Municipality"), _("Partner"), _("Cut off without it"), _("Key"), _("Key of the partner")],
    )


def _missing(view: View, data: Dataset, _: Language) -> pd.DataFrame:
    """Return the links worth making, with what each would bring and the way to both together."""
    titles = _titles(data, _)

    def named(use_cases: Sequence[str]) -> str:
        return ", ".join(titles[use_case] for use_case in use_cases)

    return pd.DataFrame(
        [
            (m.a.name, m.b.name, f"partner?lang={_.code}&key={m.a.key}&with={m.b.key}", m.score,
             math.nan if m.km is None else m.km, f"{m.communities[0]} – {m.communities[1]}", named(m.a_gives),
             named(m.b_gives), named(m.shared), _("simulated") if m.a.simulated or m.b.simulated else "",
             m.a.key, m.b.key)
            for m in view.landscape.missing
        ],
        columns=[_("Municipality"), _("Partner"), _("Look at both"), _("Score"), _("km"), _("Communities joined"),
                 _("It has what the partner needs"), _("The partner has what it needs"), _("Both need"),
                 _("Simulated"), _("Key"), _("Key of the partner")],
    )  # fmt: skip


def _titles(data: Dataset, _: Language) -> Mapping[str, str]:
    return {use_case.id: _.label(use_case.title) for use_case in data.catalogue.use_cases}


def _alone(view: View, _data: Dataset, _: Language) -> pd.DataFrame:
    return _members(view.landscape.alone, _)


def _unsuggested(view: View, _data: Dataset, _: Language) -> pd.DataFrame:
    return _members(view.landscape.unsuggested, _)


def _cooperations(view: View, data: Dataset, _: Language) -> pd.DataFrame:
    """Return the published cooperations and those of anybody in the network."""
    found = (c for c in data.cooperations if c.url or any(key in view.of for key in c.members))
    return tables.cooperations(found, view.of, _)


def _members(found: Sequence[Municipality], _: Language) -> pd.DataFrame:
    """Return municipalities as a plain list."""
    return pd.DataFrame(
        [(m.name, m.land, _(m.kind.value) if m.kind else "", _("simulated") if m.simulated else "", m.key)
         for m in found],
        columns=[_("Municipality"), _("Land"), _("Kind"), _("Simulated"), _("Key")],
    )  # fmt: skip


TABLES: Final[Mapping[str, Callable[[View, Dataset, Language], pd.DataFrame]]] = {
    "hubs": _hubs,
    "links": _links,
    "bridges": _bridges,
    "missing": _missing,
    "alone": _alone,
    "unsuggested": _unsuggested,
    "cooperations": _cooperations,
}


def figures(found: Landscape, _: Language) -> None:
    """Show how large the network is and how it hangs together."""
    # In a row that breaks where the window is narrow: columns would cut the words.
    with st.container(horizontal=True, gap="large"):
        for label, count, meaning in (
            (_("Participants"), found.participants, _("All of whom more is known than the register says.")),
            (_("of these with partners"), found.cooperating, None),
            (_("Pairs"), found.links, None),
            (_("Communities"), found.communities, _("Groups that work together more than with others.")),
            (_("Bridges"), len(found.bridges), _("Links without which the network falls apart.")),
        ):
            st.metric(label, _.number(count), help=meaning, width="content")


@st.fragment
def explore(wanted: Wanted, _: Language) -> None:
    """Draw the open picture and one municipality: a click in the picture runs this part of the page alone."""
    view = cache.network_view(*wanted)
    row = st.container(horizontal=True, gap="small")  # breaks where the window is narrow; a column would cut the map
    with row.container(width=maps.WIDE):
        _draw_pictures(wanted, view, _)
    with row.container(width=_BESIDE):
        _one(wanted, view, _)


def _draw_pictures(wanted: Wanted, view: View, _: Language) -> None:
    alts = (
        _("Map of the cooperations; the tables on this page have the same content."),
        _("Graph of the communities; the tables on this page have the same content."),
    )
    tabs = st.tabs([_("On the map"), _("As a graph")], on_change="rerun", key="network_pictures")
    for tab, name, alt in zip(tabs, PICTURES, alts, strict=True):
        if tab.open:
            with tab, st.container(key=f"network_{name}"):
                picture = cache.network_picture(*wanted, name, _.code)
                _look_at(maps.draw(picture, _, key=f"{name}_{hash(wanted)}", alt=alt, file=f"netz-{name}"), name)
                if name == "map":
                    maps.map_note(_)
    st.caption(_("The larger a dot, the more partners. A click on a dot or a row looks at one municipality."))
    if view.left_out:
        st.caption(_("{count} weaker links are not drawn.").format(count=_.number(view.left_out)))


@st.fragment
def details(wanted: Wanted, _: Language) -> None:
    """Draw the open table; only that one, since each takes its time."""
    view = cache.network_view(*wanted)
    hubs, links, bridges, missing, left, cooperations, supporters = st.tabs(
        [_("Hubs"), _("Links"), _("Bridges"), _("Missing links"), _("Left behind"), _("Cooperations"),
         _("Competence centres")], on_change="rerun", key="network_tables",
    )  # fmt: skip

    def table(name: str, file: str, digits: Mapping[str, int] | None = None, link: str = "") -> None:
        frame = cache.network_table(*wanted, name, _.code)
        about = str(hash(wanted))
        key = tables.draw(frame, file, _, digits=digits, pick=_("Key"), link=link, about=about)
        if _look_at([key] if key else [], name):
            st.rerun()  # the municipality is shown in another part of the page

    if hubs.open:
        with hubs:
            digits = {_("Way between others"): 4, _("± standard error"): 4, _("Falls into parts without it"): 0,
                      _("Free posts"): 1, _("Cooperations per free post"): 1}  # fmt: skip
            table("hubs", "netz.csv", digits)
            st.caption(_("Way between others: share of the shortest ways between two others that lead through it."))
            st.caption(
                _("Estimated from {count} starting points drawn at random.").format(
                    count=_.number(view.landscape.sampled)
                )
                if view.landscape.sampled
                else _("Counted exactly, from all starting points.")
            )
    if links.open:
        with links:
            st.caption(_("The links that the pictures show."))
            table("links", "verbindungen.csv", {_("Score"): 2, _("Common partners"): 0})
    if bridges.open:
        with bridges:
            table("bridges", "bruecken.csv")
    if missing.open:
        with missing:
            st.caption(
                _("Good suggestions, not yet working together, that would join two communities of known cooperations.")
            )
            table("missing", "fehlende-verbindungen.csv", {_("Score"): 2, _("km"): 0}, _("Look at both"))
    if left.open:
        with left:
            st.caption(_("Known cooperations are those that were published or entered; there may be more."))
            st.subheader(_("Without any partner"))
            table("alone", "ohne-partner.csv")
            st.subheader(_("Among nobody's best suggestions"))
            table("unsuggested", "nicht-vorgeschlagen.csv")
    if cooperations.open:
        with cooperations:
            tables.draw(cache.network_table(*wanted, "cooperations", _.code), "kooperationen.csv", _)
    if supporters.open:
        with supporters:
            centres.section(cache.dataset(), _)


def _look_at(keys: Collection[str], source: str) -> bool:
    """Take up a click in a picture or table and tell whether it is new: what is chosen elsewhere afterwards stays."""
    before = st.session_state.get(f"clicked_{source}", ())
    st.session_state[f"clicked_{source}"] = keys
    new = [key for key in keys if key not in before]
    for key in new:
        st.session_state["ego"] = key
    return bool(new)


def _one(wanted: Wanted, view: View, _: Language) -> None:
    """Show one municipality and its partners, with the way to its profile and its partner search."""
    version, preferences, suggestions, _layers = wanted
    data, graph = cache.dataset(), cache.network(version, preferences, suggestions).graph
    labels = cache.choices(version, preferences.simulated, _("simulated"))
    # A search field that keeps its own value: thousands of options are sent again when a field is set from outside.
    found = st.selectbox(
        _("Look at a municipality"), list(view.of), index=None, format_func=lambda key: labels.get(key, key),
        placeholder=_("Type a name or key"), key="network_search",
    )  # fmt: skip
    _look_at([found] if found else [], "search")
    key = str(st.session_state.get("ego", ""))
    if key not in view.of:
        own = st.session_state.get("key", "")
        hubs = (node.municipality.key for node in view.landscape.nodes)
        key = own if own in view.of else next(hubs, next(iter(view.of)))
    st.subheader(show.name(view.of[key], _))
    st.caption(show.facts(view.of[key], _))
    with st.container(horizontal=True):
        for page, label in (("municipality", _("Open its profile")), ("partners", _("Find partners for it"))):
            if st.button(label, key=f"open_{page}", icon=":material/arrow_forward:"):
                inputs.choose(key)
                st.switch_page(f"matchmaker/ui/pages/{page}.py")
    maps.ego_graph(graph, key, view.of, _)
    show.centre(service.nearest_centre(data, key), _titles(data, _), _)
    tables.draw(tables.neighbours(graph, key, view.of, _), "partnerschaften.csv", _, digits={_("Score"): 2})


def files(wanted: Wanted, _: Language) -> None:
    """Offer what is shown as a file of a graph."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, ending in (("GraphML", ".graphml"), ("GEXF", ".gexf"), ("JSON", ".json")):
            make = partial(cache.network_file, *wanted, ending)
            title = _("Network as {format}").format(format=name)
            downloads.button(title, make, f"netz{ending}", key=f"download_{name}", mime="text/plain")
    st.caption(_("The files hold the links chosen above, all of them, and those to competence centres."))
