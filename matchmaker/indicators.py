"""Tables of indicators in: one row per municipality, one column per indicator, from a file or from the profiles.

A file is a CSV or the first sheet of a workbook. Its header is its schema: the first column holds the keys, every
other one an indicator. It is read and checked as any table of a data package is: every error is collected, empty
means unknown, keys stay text, and a CSV file with semicolons may have decimal commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.model import DIMENSIONS
from matchmaker.profiles import BLOCKS, Floats, Ints, Profiles
from matchmaker.sheets import SHEET_ROWS, Findings, Sheet, Table, check_columns, check_values, read_sheet, typed

POPULATION: Final = "population"
DENSITY: Final = "density"
NEEDS: Final = "needs"
FTE: Final = "fte_per_10000"
BUDGET: Final = "budget_per_head"
"""Names of the indicators of `from_profiles` beside the eight dimensions of maturity."""

_PER: Final = 10_000


@dataclass(frozen=True, eq=False)
class IndicatorTable:
    """Indicators of ``n`` municipalities: unique keys, unique names, values (n, m) with NaN for unknown."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats

    def row(self, key: str) -> int:
        """Return the row of a key; raise `BadInput` where there is none."""
        try:
            return self.keys.index(key)
        except ValueError:
            raise BadInput(
                message("The table of indicators has no row with the key {key}.", key=key),
                where=key,
                remedy=message("Leading zeros belong to a key. Without a file, only the assessed are compared."),
            ) from None


def from_profiles(profiles: Profiles, *, simulated: bool = True) -> IndicatorTable:
    """Return what the data themselves say of each municipality whose maturity is assessed at least in part.

    Inhabitants and inhabitants per square kilometre as decimal logarithms, since towns differ by factors;
    maturity in levels 0-5; number of needs; free posts per 10,000 inhabitants; free euros a year per inhabitant.
    Whose maturity is closed to who looks is left out; closed means are unknown. Indicators that nobody has are left
    out; the table may have no row. ``simulated`` says whether demonstration participants are in it.
    """
    # Figures that stand side by side are real ones: the middle of a band would look like one.
    assessed = ~np.isnan(profiles.maturity).all(axis=1) & ~profiles.closed[:, BLOCKS.index("maturity")]
    part = profiles.take(assessed & (simulated | ~profiles.simulated))
    shut = part.closed[:, BLOCKS.index("capacity")]
    fte, budget = np.where(shut, np.nan, part.fte), np.where(shut, np.nan, part.budget_eur)
    people = np.where(part.population > 0, part.population, np.nan)
    area = np.where(part.area_km2 > 0, part.area_km2, np.nan)
    columns = {
        POPULATION: np.log10(people),
        DENSITY: np.log10(people / area),
        **dict(zip(DIMENSIONS, part.maturity.T, strict=True)),
        NEEDS: np.where(part.need_known, np.count_nonzero(part.need, axis=1), np.nan),
        FTE: _PER * fte / people,
        BUDGET: budget / people,
    }
    values = np.column_stack(list(columns.values()))
    known = ~np.isnan(values).all(axis=0)
    names = tuple(name for name, there in zip(columns, known, strict=True) if there)
    return IndicatorTable(tuple(part.key.tolist()), names, values[:, known])


def read_indicators(path: Path) -> IndicatorTable:
    """Read a table of indicators from a CSV file or the first sheet of a workbook.

    Raises `ImportRejected` with every error: what makes the file unreadable, no indicator, no rows, columns
    without a name or of the same name, missing or repeated keys, anything but a finite number as a value.
    """
    findings = Findings()
    sheet = read_sheet(path, "indicators", findings)
    if sheet is None:
        findings.refuse(str(path))
        return IndicatorTable((), (), np.empty((0, 0)))
    header = _header(sheet)
    if len(header) < 2:  # noqa: PLR2004 - keys and at least one indicator
        findings.add(sheet.source, message("There is no indicator: the first column holds the keys."), row=1)
    if len(sheet.cells) == 0:
        findings.add(sheet.source, message("The file has a header but no rows."))
    table = _declared(header, texts=1)
    frame = check_columns(table, sheet, findings)
    check_values(table, frame, sheet.source, findings)
    findings.refuse(str(path))
    read = typed(table, frame)
    return IndicatorTable(tuple(read[header[0]]), tuple(header[1:]), read[header[1:]].to_numpy(dtype=np.float64))


def read_excluded(path: Path, keys: Sequence[str]) -> Ints:
    """Read pairs that must not be neighbours: two columns of keys under a header. Return their rows, (p, 2).

    ``keys`` are those of the table of indicators, in its order. A file with a header alone excludes nothing. A
    key that is not in the table is an error: it would be passed over in silence. Raises `ImportRejected` as
    `read_indicators` does.
    """
    findings = Findings()
    sheet = read_sheet(path, "indicators", findings)
    if sheet is None:
        findings.refuse(str(path))
        return np.empty((0, 2), dtype=np.int64)
    header = _header(sheet)
    row_of = {key: row for row, key in enumerate(keys)}
    if len(header) != 2:  # noqa: PLR2004 - a pair has two
        findings.add(sheet.source, message("There must be exactly two columns of keys."), row=1)
    for name in header:
        if name in row_of:
            findings.add(sheet.source, message("The first row must name the columns."), row=1, value=name)
    table = _declared(header, texts=len(header))
    frame = check_columns(table, sheet, findings)
    check_values(table, frame, sheet.source, findings)
    for name in header:
        for row, value in frame[name][(frame[name] != "") & ~frame[name].isin(row_of)].items():
            rule = message("Is not in the table of indicators.")
            findings.add(sheet.source, rule, row=int(str(row)), column=name, value=value)
    findings.refuse(str(path))
    return np.column_stack([frame[name].map(row_of).to_numpy(dtype=np.int64) for name in header])


def _header(sheet: Sheet) -> list[str]:
    """Return the names of the columns, each once."""
    return [name for name in dict.fromkeys(sheet.cells.columns) if name]


def _declared(header: Sequence[str], *, texts: int) -> Table:
    """Return the schema that a header stands for: some columns of keys, then numbers. One column of keys is unique."""
    keys = [{"name": name, "type": "string", "constraints": {"required": True}} for name in header[:texts]]
    return Table(
        name="indicators",
        description="",
        fields=(*keys, *({"name": name, "type": "number"} for name in header[texts:])),
        primary_key=tuple(header[:1]) if texts == 1 else (),
        references=(),
        catalogue=False,
        max_rows=SHEET_ROWS,
    )
