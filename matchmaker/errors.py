"""What can go wrong, as one tree; every error says what, where, why and what to do next.

::

    MatchmakerError          exit code 1
    ├── BadInput             exit code 2: the input is at fault and can be corrected
    │   ├── UnknownKey       no municipality with this key
    │   ├── BadPreference    a weight, filter or option that cannot be used
    │   └── ImportRejected   a file with errors; carries every one of them
    └── StoreFailed          the database cannot be opened, read or written
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from matchmaker.message import Message, message


class MatchmakerError(Exception):
    """Base of every error this project raises on purpose.

    Parameters
    ----------
    what
        What happened, in one sentence.
    where
        File, option, table or key concerned; empty where there is none.
    remedy
        What the user can do next.
    """

    code: ClassVar[str] = "failure"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: Message, *, where: str = "", remedy: Message | None = None) -> None:
        super().__init__(what.template)
        self.what = what
        self.where = where
        self.remedy = remedy


class BadInput(MatchmakerError):
    """The input is at fault and can be corrected by the user."""

    code = "bad-input"
    exit_code = 2


class UnknownKey(BadInput):
    """No municipality has this key."""

    code = "unknown-key"

    def __init__(self, key: str) -> None:
        super().__init__(
            message("There is no municipality with the key {key}.", key=key),
            where=key,
            remedy=message(
                "Search the register for the key. It has eight digits, five for a Landkreis, with leading zeros."
            ),
        )
        self.key = key


class BadPreference(BadInput):
    """A weight, filter or option that cannot be used."""

    code = "bad-preference"


@dataclass(frozen=True, slots=True)
class RowIssue:
    """One thing that is wrong in an imported table.

    ``row`` counts as a spreadsheet does: the header is row 1. None stands for the whole file; an empty
    ``column`` for the whole row.
    """

    file: str
    row: int | None
    column: str
    value: str
    rule: Message


class ImportRejected(BadInput):
    """A file that cannot be imported; nothing of it was taken over.

    ``issues`` lists what is wrong, at most a stated number of them; ``total`` counts all.
    """

    code = "import-rejected"

    def __init__(self, source: str, issues: tuple[RowIssue, ...], total: int | None = None) -> None:
        self.issues = issues
        self.total = len(issues) if total is None else total
        super().__init__(
            message("Errors in the import: {count}. Nothing was changed.", count=self.total),
            where=source,
            remedy=message("Correct the rows listed and import the file again."),
        )


class StoreFailed(MatchmakerError):
    """The database cannot be opened, read or written."""

    code = "store-failed"
