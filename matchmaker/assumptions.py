"""Own values for assumptions, from a file: columns ``id``, ``low``, ``central`` and ``high``.

The file is read and checked as any table is: every error is collected with its row, a CSV file with semicolons may
have decimal commas. Assumptions that are not in the file keep their values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from matchmaker.catalogue import CASES, Catalogue, Change
from matchmaker.errors import EntryRejected
from matchmaker.message import message
from matchmaker.sheets import Findings, Table, check_columns, check_values, read_csv, typed

_MOST_ROWS: Final = 1_000

_TABLE: Final = Table(
    name="assumptions",
    description="Own values for assumptions",
    fields=(
        {"name": "id", "type": "string", "constraints": {"required": True}},
        *({"name": case, "type": "number", "constraints": {"required": True}} for case in CASES),
    ),
    primary_key=("id",),
    references=(),
    catalogue=False,
    max_rows=_MOST_ROWS,
)


def read_changes(path: Path, catalogue: Catalogue) -> tuple[Change, ...]:
    """Return the own values in a CSV file, in its order.

    Raises `ImportRejected` with every error: an unreadable file, missing or unknown columns, no rows, unknown or
    repeated ids, what is no number, values out of order or range, a smallest group above the largest.
    """
    findings = Findings()
    read = read_csv(path, _TABLE.name, findings, bounded=False)
    if read is None:
        findings.refuse(str(path))
        return ()
    sheet = read[1]
    if len(sheet.cells) == 0:
        findings.add(path.name, message("The file has a header but no rows."))
    frame = check_columns(_TABLE, sheet, findings)
    check_values(_TABLE, frame, sheet.source, findings)
    findings.refuse(str(path))
    values = typed(_TABLE, frame)
    changes = tuple(Change(str(i), *map(float, three)) for i, *three in values.itertuples(index=False))
    for row, change in zip(frame.index, changes, strict=True):
        for column, rule in catalogue.problems(change):
            findings.add(sheet.source, rule, row=int(row), column=column, value=str(frame.loc[row, column]))
    findings.refuse(str(path))
    try:
        catalogue.with_assumptions(changes)
    except EntryRejected as error:
        # Only what holds for several rows together is left to be found.
        for issue in error.issues:
            findings.add(sheet.source, issue.rule, column=issue.column, value=issue.value)
        findings.refuse(str(path))
    return changes
