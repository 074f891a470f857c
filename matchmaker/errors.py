"""What can go wrong, as one tree; every error says what, where, why and what to do next.

::

    MatchmakerError          exit code 1
    ├── BadInput             exit code 2: the input is at fault and can be corrected
    │   ├── UnknownKey       no municipality with this key
    │   ├── BadPreference    a weight, filter or option that cannot be used
    │   ├── Rejected         values that break rules; carries every one of them
    │   │   ├── ImportRejected   in a file
    │   │   └── EntryRejected    in what was entered
    │   └── ChangedMeanwhile     others have saved since the data were read
    ├── Forbidden            the user has no right to do this
    └── StoreFailed          the database cannot be opened, read or written
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import ClassVar, Final

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


class Rejected(BadInput):
    """Values that break rules; nothing of them was taken over.

    ``issues`` lists what is wrong, at most a stated number of them; ``total`` counts all.
    """

    def __init__(self, what: Message, *, where: str, remedy: Message, issues: tuple[RowIssue, ...], total: int) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.issues = issues
        self.total = total


class ImportRejected(Rejected):
    """A file that cannot be imported."""

    code = "import-rejected"

    def __init__(self, source: str, issues: tuple[RowIssue, ...], total: int | None = None) -> None:
        count = len(issues) if total is None else total
        super().__init__(
            message("Errors in the import: {count}. Nothing was changed.", count=count),
            where=source,
            remedy=message("Correct the rows listed and import the file again."),
            issues=issues,
            total=count,
        )


class EntryRejected(Rejected):
    """Entries in a form, or in the document of a profile, that cannot be saved."""

    code = "entry-rejected"

    def __init__(self, source: str, issues: tuple[RowIssue, ...], total: int) -> None:
        super().__init__(
            message("Entries that cannot be saved: {count}. Nothing was changed.", count=total),
            where=source,
            remedy=message("Correct the entries listed and save again."),
            issues=issues,
            total=total,
        )


class ChangedMeanwhile(BadInput):
    """Others have saved the same municipality, or what ``what`` says, since it was read."""

    code = "changed-meanwhile"

    def __init__(self, where: str, what: Message | None = None) -> None:
        super().__init__(
            what
            or message("This municipality was changed by somebody else meanwhile. Your changes are not saved yet."),
            where=where,
            remedy=message("Look at it again, then decide.")
            if what
            else message("Read it again, or save your own state over it."),
        )


class Forbidden(MatchmakerError):
    """The user has no right to do this; nothing was changed, and nothing was told."""

    code = "forbidden"


class StoreFailed(MatchmakerError):
    """The database cannot be opened, read or written."""

    code = "store-failed"


_REASONS: Final = {
    errno.ENOENT: message("no such file or folder"),
    errno.EACCES: message("no permission"),
    errno.EPERM: message("no permission"),
    errno.EISDIR: message("this is a folder"),
    errno.ENOTDIR: message("a part of the path is no folder"),
    errno.EEXIST: message("something of this name is there already"),
    errno.ENOSPC: message("the disk is full"),
    errno.EROFS: message("nothing may be written there"),
    errno.EADDRINUSE: message("the port is in use"),
}


def reason(error: OSError) -> Message | str:
    """Return why the operating system refused, in words that can be translated where they are common."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)
