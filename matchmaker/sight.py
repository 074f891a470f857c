"""What a user may see: the data as they are handed to everybody but the municipality itself.

Each municipality says of each block whether it is public, open to partners (with whom a cooperation is agreed or
running, and to the competence centre of its region), or hidden. Whatever is closed to a user is not in the data that
any search, plan, page, paper or export for this user begins with:

========================  =======================================================================================
maturity, free staff and  only the middle of a band (`matchmaker.bands`) remains, with no standard error; tables have
money                     an empty cell
needs, offers             left out but for published ones, as if nothing were reported; whoever closes them finds
                          partners by them all the same
contact                   left out
name                      the municipality stands under a number of its own beside its row in the register, with its
                          Land and a band of inhabitants for a name, and with nothing that is published about it
========================  =======================================================================================

A name is open to those with whom a cooperation was ever agreed, whatever was chosen: then both sides have agreed.
So nothing that is computed can give a value back: two municipalities that differ only in closed values of the same
band give the same results to the last digit. Whether a block has been filled in at all can be seen. Simulated
participants hide nothing. This is the only place where data are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum
from secrets import randbelow
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from matchmaker import bands
from matchmaker.access import Role, User, in_region
from matchmaker.dataset import Dataset, with_tables
from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.model import DIMENSIONS, LAND_NAMES, LANDS, UNNAMED, Provenance
from matchmaker.profiles import BLOCKS, Block, Bools, Profiles
from matchmaker.sheets import Tables


class Openness(StrEnum):
    """To whom a block is open, beside the municipality itself."""

    PUBLIC = "public"
    PARTNERS = "partners"
    HIDDEN = "hidden"


Topic: TypeAlias = Block | Literal["contact", "name"]
"""What can be open or closed: a block of the profile, how to reach the municipality, and which one it is."""

DEFAULTS: Final[Mapping[Topic, Openness]] = {
    "maturity": Openness.PARTNERS,
    "needs": Openness.PUBLIC,
    "offers": Openness.PUBLIC,
    "capacity": Openness.PARTNERS,
    "contact": Openness.PARTNERS,
    "name": Openness.PUBLIC,
}
"""What holds until a municipality has chosen. Needs and offers are what others find it by; levels and means are not for
everybody. Public means: to all who may log in."""

_TOPICS: Final[tuple[Topic, ...]] = (*BLOCKS, "contact")

_TOWN: Final = 8
"""Digits of the key of a municipality; that of a Landkreis has fewer."""

LEAST_ALIKE: Final = 5
"""Municipalities of the same Land, kind and band of inhabitants from which on one can stay without a name."""

Choices = Mapping[str, Mapping[Topic, Openness]]
"""What municipalities have chosen, by key."""


def seen_by(data: Dataset, user: User, choices: Choices) -> Dataset:
    """Return as much of the data as a user may see; all of it for an admin."""
    reader = user.unnamed
    if user.role is Role.ADMIN:
        return replace(data, reader=reader)
    opened = _open(data.profiles, user, choices)
    closed = ~opened[:, : len(BLOCKS)]
    tables = {**data.tables, **_without_requests(data, user)}
    tables["profiles"] = _without_values(data, closed)
    shut = ~opened[data.profiles.rows(tables["profiles"]["key"].to_numpy(dtype="U8")), _TOPICS.index("contact")]
    tables["profiles"].loc[shut, "contact"] = ""
    for block in ("needs", "offers"):
        frame = tables[block]
        shut = closed[data.profiles.rows(frame["key"].to_numpy(dtype="U8")), BLOCKS.index(block)]
        kept = ~shut | (frame["provenance"] == Provenance.PUBLISHED).to_numpy(dtype=bool)
        tables[block] = frame[kept].reset_index(drop=True)
    seen = with_tables(data, tables)
    return replace(seen, profiles=_in_bands(data.profiles, seen.profiles, closed), reader=reader)


def nameless(data: Dataset, user: User, choices: Choices, aliases: Mapping[str, str]) -> Mapping[str, str]:
    """Return the numbers under which municipalities appear to a user who may not see their names, by key.

    ``aliases`` are those of all that ever hid their name. Where there is none, the number is empty.
    """
    own = set(user.scope) if user.role is Role.OFFICER else set()
    met = {
        key for c in data.cooperations if (c.binds or c.status == "ended") and own & set(c.members) for key in c.members
    }
    hidden = {}
    for key, chosen in choices.items():
        level = chosen.get("name", DEFAULTS["name"])
        is_open = user.role is Role.ADMIN or key in own | met or (level is Openness.PARTNERS and in_region(user, key))
        if level is not Openness.PUBLIC and not is_open:
            hidden[key] = aliases.get(key, "")
    return {key: number for key, number in hidden.items() if key in data.profiles.key}


def renamed(stored: Tables, data: Dataset | None, aliases: Mapping[str, str], hidden: Mapping[str, str]) -> Tables:
    """Return what was entered with numbers in the place of ``hidden`` names, and names in that of all other numbers.

    What a municipality says about itself stands under its number then, without its own words and addresses; what is
    published stays under its name. Whoever asked a municipality by its name goes on seeing it under this in the
    request: that one name and one number are the same, nobody learns from it.
    """
    tables = dict(stored)
    members = stored["cooperation_members"].copy()
    asked = {number: key for key, number in aliases.items() if key not in hidden}
    members["key"] = members["key"].replace(asked)
    if data is not None and hidden:
        plain = stored["cooperations"]
        private = plain["id"][(plain["source_url"] == "") & (plain["status"] != "contacted")]
        mine = members["cooperation_id"].isin(private)
        members.loc[mine, "key"] = members.loc[mine, "key"].replace(dict(hidden))
        entered = set(zip(stored["stated"]["key"], stored["stated"]["block"], strict=True))
        for name in ("profiles", "needs", "offers"):
            tables[name] = _moved(name, stored[name], data, hidden, entered)
        stated = stored["stated"]
        tables["stated"] = stated[~(stated["key"].isin(hidden) & stated["block"].isin(["needs", "offers"]))]
        tables["register"] = pd.concat([stored["register"], _register(data, hidden)], ignore_index=True)
    tables["cooperation_members"] = members[members["key"] != ""].drop_duplicates()
    return tables


def _moved(
    name: str, frame: pd.DataFrame, data: Dataset, hidden: Mapping[str, str], entered: set[tuple[str, str]]
) -> pd.DataFrame:
    """Return a table with what hidden municipalities say under their numbers."""
    own = frame["key"].isin(hidden)
    published = own & (frame["provenance"] == Provenance.PUBLISHED) if name != "profiles" else own & False
    # Of what is published, a list of its own may leave out or add something: that would give it away.
    said = published & frame["key"].map(lambda key: (key, name) in entered)
    frame = frame[~said].copy()
    mine = own[frame.index] & ~published[frame.index]
    frame.loc[mine, "key"] = frame.loc[mine, "key"].map(hidden)
    telling = ("contact", "as_of", "source_url", "software", "software_url", "licence")
    frame.loc[mine, [column for column in telling if column in frame]] = ""
    if name == "offers":
        titles = {use_case.id: use_case.title for use_case in data.catalogue.use_cases}
        for column, code in (("title", "de"), ("title_en", "en")):
            plain = {id_: getattr(title, code) for id_, title in titles.items()}
            frame.loc[mine, column] = frame.loc[mine, "use_case"].map(plain).fillna("")
        frame.loc[mine, "year"] = np.nan
    return frame[frame["key"] != ""]


def _register(data: Dataset, hidden: Mapping[str, str]) -> pd.DataFrame:
    """Return a row of the register for each number, in which there is no place and no size but a band."""
    profiles = data.profiles
    rows = []
    for key, number in hidden.items():
        row = profiles.row(key)
        land = LANDS[profiles.land[row]]
        people = bands.size_name(float(profiles.population[row]))
        kind = "Kommune" if len(key) == _TOWN else "Landkreis"
        name = f"{kind} mit {people} Einwohnern, {LAND_NAMES[LANDS.index(land)]} (Nr. {number[-3:]})"
        rows.append({"key": number, "name": name, "land": land, "parent_key": "", "source": UNNAMED})
    found = pd.DataFrame([row for row in rows if row["key"]], columns=["key", "name", "land", "parent_key", "source"])
    for column in ("lat", "lon", "population", "area_km2"):
        found[column] = np.nan
    return found


def number_for(key: str, profiles: Profiles, taken: Collection[str]) -> str:
    """Return a number drawn by chance under which a municipality can appear without its name.

    Raises `BadInput` for one that its Land, kind and band of inhabitants would give away.
    """
    _require_crowd(profiles, key)
    digits = len(key) - len(UNNAMED)
    drawn = (f"{UNNAMED}{number:0{digits}}" for number in iter(lambda: randbelow(10**digits), -1))
    return next(number for number in drawn if number not in taken and number not in profiles.key)


def _require_crowd(profiles: Profiles, key: str) -> None:
    row = profiles.row(key)
    band, digits = bands.size(profiles.population), np.char.str_len(profiles.key)
    alike = ~np.isnan(profiles.population) & (profiles.land == profiles.land[row]) & ~profiles.simulated
    alike &= (band == band[row]) & (digits == digits[row])
    if not alike[row] or int(alike.sum()) < LEAST_ALIKE:
        raise BadInput(
            message("Fewer than {least} in the Land are of this size: all would know who it is.", least=LEAST_ALIKE),
            where=key,
            remedy=message("Leave the name open and close other blocks instead."),
        )


def _without_requests(data: Dataset, user: User) -> Tables:
    """Return the cooperations without those that are only asked for, but for whoever asks or is asked."""
    plain, members = data.tables["cooperations"], data.tables["cooperation_members"]
    own = members["cooperation_id"][members["key"].isin(user.scope if user.role is Role.OFFICER else ())]
    asked = plain["status"].isin(["suggested", "contacted"]) & (plain["source_url"] == "")
    kept = plain[~asked | plain["id"].isin(own)]
    inside = members["cooperation_id"].isin(kept["id"])
    return {
        "cooperations": kept.reset_index(drop=True), "cooperation_members": members[inside].reset_index(drop=True),
    }  # fmt: skip


def _open(profiles: Profiles, user: User, choices: Choices) -> Bools:
    """Return which blocks of which municipality, and after them its contact, are open to a user; shape (n, 5)."""
    n = len(profiles)
    level: Any = np.array([[DEFAULTS[topic] for topic in _TOPICS]], dtype=object).repeat(n, axis=0)
    for key, chosen in choices.items():
        row = int(np.searchsorted(profiles.key, key))
        if row < n and profiles.key[row] == key:
            level[row] = [chosen.get(topic, DEFAULTS[topic]) for topic in _TOPICS]
    own, near = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    if user.role is Role.OFFICER:
        own = np.isin(profiles.key, user.scope)
        # 1 stands for a cooperation that is agreed or running, 0.5 for a common partner only.
        ties = profiles.ties[own]
        near[ties.indices[ties.data == 1]] = True
    elif user.role is Role.CENTRE:
        near = np.isin(profiles.land, [LANDS.index(part) for part in user.scope if part in LANDS])
        near |= np.isin(profiles.key.astype("U5"), user.scope) | np.isin(profiles.key, user.scope)
    everything = (own | profiles.simulated)[:, None]
    found: Bools = everything | (level == Openness.PUBLIC) | ((level == Openness.PARTNERS) & near[:, None])
    return found


def _without_values(data: Dataset, closed: Bools) -> Any:
    """Return the table of profiles with empty cells where values are closed."""
    frame = data.tables["profiles"].copy()
    rows = data.profiles.rows(frame["key"].to_numpy(dtype="U8"))
    levels = [*DIMENSIONS, *(f"{d}_se" for d in DIMENSIONS), "respondents"]
    frame.loc[closed[rows, BLOCKS.index("maturity")], levels] = np.nan
    frame.loc[closed[rows, BLOCKS.index("capacity")], ["fte", "budget_eur"]] = np.nan
    return frame


def _in_bands(full: Profiles, seen: Profiles, closed: Bools) -> Profiles:
    """Return the columns that are seen, with the middle of a band wherever a figure is closed."""
    maturity, capacity = (closed[:, BLOCKS.index(block)] for block in ("maturity", "capacity"))
    return replace(
        seen,
        maturity=np.where(maturity[:, None], bands.MATURITY.middle(full.maturity), full.maturity),
        fte=np.where(capacity, bands.FTE.middle(full.fte), full.fte),
        budget_eur=np.where(capacity, bands.BUDGET.middle(full.budget_eur), full.budget_eur),
        participates=full.participates,
        closed=closed,
    )
