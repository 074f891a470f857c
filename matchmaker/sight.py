"""What a user may see: the data as they are handed to everybody but the municipality itself.

Each municipality says of each block whether it is public, open to partners (with whom a cooperation is agreed or
running, and to the competence centre of its region), or hidden. Whatever is closed to a user is not in the data that
any search, plan, page, paper or export for this user begins with:

========================  =======================================================================================
maturity, free staff and  only the middle of a band (`matchmaker.bands`) remains, with no standard error; tables have
money                     an empty cell
needs, offers             left out but for published ones, as if nothing were reported; whoever closes them finds
                          partners by them all the same
========================  =======================================================================================

So nothing that is computed can give a value back: two municipalities that differ only in closed values of the same
band give the same results to the last digit. Whether a block has been filled in at all can be seen. Simulated
participants hide nothing. This is the only place where data are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from matchmaker import bands
from matchmaker.access import Role, User
from matchmaker.dataset import Dataset, with_tables
from matchmaker.model import DIMENSIONS, LANDS, Provenance
from matchmaker.profiles import BLOCKS, Block, Bools, Profiles


class Openness(StrEnum):
    """To whom a block is open, beside the municipality itself."""

    PUBLIC = "public"
    PARTNERS = "partners"
    HIDDEN = "hidden"


DEFAULTS: Final[Mapping[Block, Openness]] = {
    "maturity": Openness.PARTNERS,
    "needs": Openness.PUBLIC,
    "offers": Openness.PUBLIC,
    "capacity": Openness.PARTNERS,
}
"""What holds until a municipality has chosen. Needs and offers are what others find it by; levels and means are not for
everybody. Public means: to all who may log in."""

Choices = Mapping[str, Mapping[Block, Openness]]
"""What municipalities have chosen, by key."""


def seen_by(data: Dataset, user: User, choices: Choices) -> Dataset:
    """Return as much of the data as a user may see; all of it for an admin."""
    reader = user.unnamed
    if user.role is Role.ADMIN:
        return replace(data, reader=reader)
    closed = ~_open(data.profiles, user, choices)
    tables = dict(data.tables)
    tables["profiles"] = _without_values(data, closed)
    for block in ("needs", "offers"):
        frame = tables[block]
        shut = closed[data.profiles.rows(frame["key"].to_numpy(dtype="U8")), BLOCKS.index(block)]
        kept = ~shut | (frame["provenance"] == Provenance.PUBLISHED).to_numpy(dtype=bool)
        tables[block] = frame[kept].reset_index(drop=True)
    seen = with_tables(data, tables)
    return replace(seen, profiles=_in_bands(data.profiles, seen.profiles, closed), reader=reader)


def _open(profiles: Profiles, user: User, choices: Choices) -> Bools:
    """Return which blocks of which municipality are open to a user, shape (n, blocks)."""
    n = len(profiles)
    level = np.array([[DEFAULTS[block] for block in BLOCKS]], dtype=object).repeat(n, axis=0)
    for key, chosen in choices.items():
        row = int(np.searchsorted(profiles.key, key))
        if row < n and profiles.key[row] == key:
            level[row] = [chosen.get(block, DEFAULTS[block]) for block in BLOCKS]
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
