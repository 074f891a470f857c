"""What an import would change: rows added, changed and taken away, table by table.

An import replaces all that a table says about each municipality or cooperation it names. So a row that is there now
and missing in the file is taken away if the file names its owner, and stays otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from matchmaker.dataset import OWNER
from matchmaker.sheets import Table, Tables, schema

_OFFER: Final = ("key", "use_case", "title")
"""What tells offers apart: their table has no key of its own."""


@dataclass(frozen=True)
class Difference:
    """What an import would do to one table.

    ``added`` and ``removed`` have the columns of the table. ``changed`` has a row for each value that becomes
    another: the columns that name its row, then ``column``, ``before`` and ``after`` as texts, "" for unknown.
    ``unchanged`` counts rows that stay as they are.
    """

    added: pd.DataFrame
    changed: pd.DataFrame
    removed: pd.DataFrame
    unchanged: int

    @property
    def changed_rows(self) -> int:
        """Number of rows in which a value becomes another."""
        return len(self.changed.drop_duplicates(list(self.changed.columns[:-3])))


def differences(present: Tables, taken: Tables) -> Mapping[str, Difference]:
    """Return what tables of an import would change, by name of the table."""
    return {name: _difference(schema()[name], present[name], frame) for name, frame in taken.items()}


def _difference(table: Table, present: pd.DataFrame, taken: pd.DataFrame) -> Difference:
    owner = OWNER.get(table.name, "key")
    names = list(table.primary_key or _OFFER)
    before = _numbered(present[present[owner].isin(set(taken[owner]))], names)
    after = _numbered(taken, names)
    same = [*names, "#"]
    both = before.merge(after, on=same, suffixes=("\0before", "\0after"))
    values = [column for column in table.columns if column not in names]
    parts = []
    for column in values:
        was, now = both[f"{column}\0before"], both[f"{column}\0after"]
        other = (was != now) & ~(was.isna() & now.isna())
        found = both.loc[other, names].assign(column=column, before=was[other].map(_text), after=now[other].map(_text))
        parts.append((other, found))
    touched = pd.concat([other for other, _ in parts], axis=1).any(axis=1) if parts else pd.Series(False, both.index)
    rows = [found for _, found in parts if len(found)]
    columns = [*names, "column", "before", "after"]
    return Difference(
        added=_without(after, both, same, table),
        changed=pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns),
        removed=_without(before, both, same, table),
        unchanged=len(both) - int(touched.sum()),
    )


def _numbered(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return rows with a number among those of the same name: an offer may stand twice."""
    return frame.assign(**{"#": frame.groupby(names, dropna=False).cumcount()})


def _without(frame: pd.DataFrame, both: pd.DataFrame, same: list[str], table: Table) -> pd.DataFrame:
    """Return the rows that are on one side only."""
    there = pd.MultiIndex.from_frame(both[same])
    mine = pd.MultiIndex.from_frame(frame[same])
    return frame.loc[~mine.isin(there), list(table.columns)].reset_index(drop=True)


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.12g}"
    return str(value)
