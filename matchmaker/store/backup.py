"""Backups: everything in a database as one file of SQLite, whatever kind of database it came from or goes to.

Rows are copied table by table: while reading they belong to one state, and writing is one transaction. A backup can
therefore be made while others work, and leads from a file to a server and back.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from matchmaker.errors import BadInput, StoreFailed, reason
from matchmaker.message import message
from matchmaker.store.database import Database
from matchmaker.store.tables import metadata

_ROWS_AT_A_TIME = 5_000


def make(source: Database, target: Path) -> None:
    """Write everything into a file, whole or not at all; a file of this name is replaced."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            made = Path(scratch) / "backup.db"
            copy = Database(f"sqlite:///{made.as_posix()}")
            with source.reading() as theirs, copy.writing() as ours:
                fill(theirs, ours)
            copy.close()
            with closing(sqlite3.connect(made)) as connection:
                # One file without companions, which can also be opened where nothing may be written.
                connection.execute("PRAGMA journal_mode=DELETE")
            made.replace(target)
    except OSError as error:
        raise BadInput(
            message("{path} cannot be written: {reason}.", path=str(target), reason=reason(error)),
            where=str(target),
            remedy=message("Choose a folder that exists and that you may write to."),
        ) from error


@contextmanager
def opened(file: Path) -> Iterator[Database]:
    """Open a copy of a backup, checked and brought to the newest migration; the file itself stays as it is.

    Raises `BadInput` where there is no file, and `StoreFailed` where it is no sound backup.
    """
    if not file.is_file():
        raise BadInput(
            message("There is no file or folder {path}.", path=str(file)),
            where=str(file),
            remedy=message("Check the path."),
        )
    with tempfile.TemporaryDirectory() as scratch:
        copied = Path(scratch) / "backup.db"
        shutil.copyfile(file, copied)
        if not _is_ours(copied):
            raise StoreFailed(
                message("{path} is no backup of this program, or it is damaged.", path=str(file)),
                where=str(file),
                remedy=message("Nothing was changed. Take another backup."),
            )
        database = Database(f"sqlite:///{copied.as_posix()}")
        try:
            yield database
        finally:
            database.close()


def _is_ours(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return sound and {"alembic_version", "revision", "register"} <= tables
    except sqlite3.DatabaseError:
        return False


def fill(theirs: sa.Connection, ours: sa.Connection) -> None:
    """Replace everything in one database by what is in another."""
    for table in reversed(metadata.sorted_tables):
        ours.execute(sa.delete(table))
    for table in metadata.sorted_tables:
        found = theirs.execute(sa.select(table))
        for rows in found.mappings().partitions(_ROWS_AT_A_TIME):
            ours.execute(sa.insert(table), [dict(row) for row in rows])
