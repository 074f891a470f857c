"""The database: SQLite in one file by default, PostgreSQL by URL.

A `Store` hands out and takes in the tables of a data package. Every change is one transaction: it is there
whole or not at all, and it adds a revision by which caches know that the data have changed. What municipalities
entered before stays in a history, from which any earlier state can be brought back.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import pandas as pd
import platformdirs
import sqlalchemy as sa

from matchmaker.errors import BadInput, ChangedMeanwhile
from matchmaker.message import message
from matchmaker.store import accounts, backup, past, steps
from matchmaker.store.accounts import Account
from matchmaker.store.database import HEAD, Database
from matchmaker.store.past import PROGRAM, Author, Version
from matchmaker.store.scenarios import Saved, Shelf
from matchmaker.store.steps import StepRow
from matchmaker.store.tables import OWNER, STORED, alias, metadata, openness, revision, stated

__all__ = [
    "HEAD",
    "PROGRAM",
    "Account",
    "Author",
    "Saved",
    "Shelf",
    "StepRow",
    "Store",
    "Version",
    "default_url",
    "no_version",
]

T = TypeVar("T")

_log = logging.getLogger(__name__)

_OWNERS_AT_A_TIME: Final = 500
"""Databases limit the number of values in one statement."""


_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(revision.c.number), 0))
"""Number of the last change."""


def default_url() -> str:
    """Return the URL of the database: ``MATCHMAKER_DATABASE_URL``, or a file in the user's data folder."""
    if url := os.environ.get("MATCHMAKER_DATABASE_URL"):
        return url
    return f"sqlite:///{platformdirs.user_data_path('matchmaker') / 'matchmaker.db'}"


class Store:
    """What users entered or imported, kept in a database.

    Parameters
    ----------
    url
        SQLAlchemy URL. A missing SQLite file is made together with its folder.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    @property
    def place(self) -> str:
        """Where the data lie, as a user may read it: a path, or the URL without its password."""
        return self._database.place

    def version(self) -> int:
        """Return the number of the last change; 0 for an empty database."""
        with self._database.reading() as connection:
            return int(connection.execute(_LAST).scalar_one())

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return everything entered, as tables of a data package, and ``stated`` (columns key, block)."""
        with self._database.reading() as connection:
            return _tables(connection)

    def save(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        what: str,
        by: Author = PROGRAM,
        states: Sequence[tuple[str, str]] = (),
        check: Callable[[Mapping[str, pd.DataFrame]], None] | None = None,
    ) -> int:
        """Take over tables in one transaction and return the new version.

        Rows of the same owner (municipality, cooperation) in the same table are replaced together. ``states``
        lists (key, block) pairs that count as entered even when the tables hold no row for them. ``check`` is
        shown what is there before about the same owners, in the same transaction; when it raises, nothing is changed.
        ``what`` and ``by`` stand in the history of every municipality whose entries are others afterwards.
        """
        owners = {name: {key for key, block in states if block == name} for name in STORED}
        for name, frame in tables.items():
            if name in owners:
                owners[name] |= set(frame[OWNER.get(name, "key")])
        rows = {name: _rows(tables[name], STORED[name]) for name in STORED if len(tables.get(name, ()))}
        with self._database.writing() as connection:
            if check:
                check(_tables(connection, sorted(set().union(*owners.values()))))
            for name, table in STORED.items():
                for some in _chunks(sorted(owners[name])):
                    connection.execute(sa.delete(table).where(table.c[OWNER.get(name, "key")].in_(some)))
                if name in rows:
                    connection.execute(sa.insert(table), rows[name])
            for key, block in states:
                same = (stated.c.key == key) & (stated.c.block == block)
                connection.execute(sa.delete(stated).where(same))
                connection.execute(sa.insert(stated), {"key": key, "block": block})
            return self._numbered(connection, set().union(*(owners[name] for name in past.BLOCKS)), what, by)

    def history(self, key: str) -> tuple[Version, ...]:
        """Return every kept state of what a municipality entered, newest first."""
        with self._database.reading() as connection:
            return past.versions(connection, key)

    def restore(self, key: str, number: int, *, by: Author = PROGRAM, over: int | None = None) -> int:
        """Make an earlier state of a municipality the present one, as a new change; return the new version.

        Parameters
        ----------
        key, number
            Municipality and version; 0 takes back everything that was entered.
        by
            Who does it, from where.
        over
            Version that the user has seen as the last one. `ChangedMeanwhile` is raised where there is a later
            one; None restores over whatever is there.
        """
        with self._database.writing() as connection:
            versions = past.versions(connection, key)
            if over is not None and over != (versions[0].number if versions else 0):
                raise ChangedMeanwhile(key)
            state = {} if number == 0 else next((v.state for v in versions if v.number == number), None)
            if state is None:
                raise no_version(key, number)
            past.write(connection, key, state)
            return self._numbered(connection, {key}, f"restore {number}", by)

    def backup(self, target: Path) -> None:
        """Write everything into one file, while others may go on working; a file of this name is replaced."""
        backup.make(self._database, target)

    def replace_by(self, file: Path, *, by: Author = PROGRAM) -> int:
        """Replace everything, the history too, by a backup in one transaction; return the new version.

        The backup is checked before anything is changed. Raises `BadInput` and `StoreFailed` as `backup.opened`.
        """
        with backup.opened(file) as saved, saved.reading() as theirs, self._database.writing() as ours:
            last = int(ours.execute(_LAST).scalar_one())
            backup.fill(theirs, ours)
            # Caches know the data by their version: it must be none that they have seen.
            return self._numbered(ours, set(), f"backup {file.name}", by, least=last)

    def prune(self, before: datetime, *, by: Author = PROGRAM) -> int:
        """Delete what the history keeps from before a moment; return how many states that were.

        The last state of each municipality stays. Of older changes it is also forgotten who made them, and what was
        written in requests.
        """
        with self._database.writing() as connection:
            count = past.prune(connection, before)
            steps.forget(connection, before)
            self._numbered(connection, set(), "prune", by)
            return count

    def check(self) -> tuple[str, Mapping[str, int]]:
        """Read everything; return what the database says about its soundness ("ok"), and the rows of each table."""
        with self._database.reading() as connection:
            sound = "ok"
            if not self._database.is_server:
                sound = str(connection.exec_driver_sql("PRAGMA quick_check").scalar())
            counted = {
                table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
                for table in metadata.sorted_tables
            }
            return sound, counted

    def scenarios(self, owner: str | None = None) -> Shelf:
        """Return the saved plans of an account, those of everybody for None."""
        return Shelf(self._database.reading, self._database.writing, owner)

    def openness(self) -> Mapping[str, Mapping[str, str]]:
        """Return to whom municipalities open their blocks, by key and block, where they have chosen."""
        found: dict[str, dict[str, str]] = {}
        with self._database.reading() as connection:
            for key, block, level in connection.execute(sa.select(openness)):
                found.setdefault(key, {})[block] = level
        return found

    def open(self, key: str, levels: Mapping[str, str], *, by: Author = PROGRAM, hidden_as: str = "") -> int:
        """Keep to whom a municipality opens each block; return the new version.

        ``hidden_as`` is the number under which it appears to those who may not see its name, where it has none yet; it
        keeps it for good, since requests are made under it.
        """
        with self._database.writing() as connection:
            if hidden_as and connection.execute(sa.select(alias.c.key).where(alias.c.key == key)).first() is None:
                connection.execute(sa.insert(alias), {"key": key, "alias": hidden_as})
            connection.execute(sa.delete(openness).where(openness.c.key == key))
            rows = [{"key": key, "block": block, "level": level} for block, level in levels.items()]
            if rows:
                connection.execute(sa.insert(openness), rows)
            return self._numbered(connection, set(), f"openness {key}", by)

    def aliases(self) -> Mapping[str, str]:
        """Return the numbers of municipalities that hide their name, or once did, by key."""
        with self._database.reading() as connection:
            return {row.key: row.alias for row in connection.execute(sa.select(alias))}

    def steps(self) -> tuple[StepRow, ...]:
        """Return every step of every cooperation, those of each in their order."""
        with self._database.reading() as connection:
            return steps.all_of(connection)

    def take_steps(
        self,
        cooperation: str,
        new: Sequence[Mapping[str, Any]],
        told: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        seen: int,
        by: Author = PROGRAM,
    ) -> int:
        """Add steps to a cooperation, and replace what tables say about it, in one transaction.

        ``told`` are the rows of ``cooperations`` and ``cooperation_members`` that follow from all steps. Raises
        `ChangedMeanwhile` where there are others than the ``seen`` ones before; nothing is changed then.
        """
        with self._database.writing() as connection:
            if steps.count(connection, cooperation) != seen:
                raise ChangedMeanwhile(cooperation, message("This cooperation has gone on meanwhile."))
            number = self._numbered(connection, set(), f"cooperation {cooperation}", by)
            steps.add(connection, cooperation, seen, number, new)
            steps.tell(connection, cooperation, told)
            return number

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts, by issuer and subject."""
        with self._database.reading() as connection:
            return accounts.all_of(connection)

    def account(self, issuer: str, subject: str) -> Account | None:
        """Return the account of somebody who has logged in; None where there is none."""
        with self._database.reading() as connection:
            return accounts.one(connection, issuer, subject)

    def keep_account(self, account: Account) -> None:
        """Add an account, or give it another role and scope."""
        with self._database.writing() as connection:
            accounts.remove(connection, account.issuer, account.subject)
            accounts.add(connection, account)

    def remove_account(self, issuer: str, subject: str) -> bool:
        """Remove an account; return whether there was one. Who is logged in with it is out with the next click."""
        with self._database.writing() as connection:
            return accounts.remove(connection, issuer, subject)

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    @staticmethod
    def _numbered(connection: sa.Connection, touched: set[str], what: str, by: Author, least: int = 0) -> int:
        """Give a number to the change that a connection has made, and keep the states that are new."""
        number = max(least, int(connection.execute(_LAST).scalar_one())) + 1
        # Names of files may hold what a database cannot: bytes that are no text, line breaks, zeros.
        readable = "".join(character if character.isprintable() else "\ufffd" for character in what)
        entry = {"number": number, "at": datetime.now(UTC), "what": readable, "who": by.who, "origin": by.origin}
        connection.execute(sa.insert(revision), entry)
        for some in _chunks(sorted(touched)):
            past.keep(connection, some, number)
        _log.info("changed", extra={"version": number, "kind": what.partition(" ")[0], "municipalities": len(touched)})
        return number


def no_version(key: str, number: int) -> BadInput:
    """Return the error that says that a municipality has no version of a number."""
    return BadInput(
        message("There is no version {number} of {key}.", number=number, key=key),
        where=str(number),
        remedy=message("The history lists the versions there are."),
    )


def _tables(connection: sa.Connection, owners: Sequence[str] | None = None) -> Mapping[str, pd.DataFrame]:
    """Return everything that is stored, or what is stored about some owners."""
    found = {}
    # Servers sort texts as a language does unless told otherwise; files sort them by their characters.
    collation = "C" if connection.dialect.name == "postgresql" else None
    for name, table in [*STORED.items(), ("stated", stated)]:
        columns = [column for column in table.columns if column.name != "position"]
        order = [
            sa.collate(column, collation) if collation and isinstance(column.type, sa.String) else column
            for column in table.primary_key.columns
        ]
        query = sa.select(*columns).order_by(*order)
        rows: list[tuple[Any, ...]] = []
        if owners is None:
            rows += map(tuple, connection.execute(query))
        else:
            owner = table.c[OWNER.get(name, "key")]
            for some in _chunks(owners):
                rows += map(tuple, connection.execute(query.where(owner.in_(some))))
        # Plain tuples, since pandas asks each row of another kind what it is.
        frame = pd.DataFrame(rows, columns=[column.name for column in columns], dtype=object)
        for column in columns:
            if isinstance(column.type, sa.Float):
                frame[column.name] = frame[column.name].astype("float64")
        found[name] = frame
    return found


def _rows(frame: pd.DataFrame, table: sa.Table) -> list[dict[str, Any]]:
    """Return the rows of a frame as the database takes them: NaN as NULL, offers numbered per municipality."""
    columns = [column.name for column in table.columns if column.name != "position"]
    numbers = [column.name for column in table.columns if isinstance(column.type, sa.Float)]
    chosen = frame.reindex(columns=columns)
    # Servers keep a zero below zero, files do not; both shall hold the same.
    chosen[numbers] = chosen[numbers].astype("float64") + 0.0
    chosen = chosen.astype(object)
    chosen = chosen.where(chosen.notna(), None)
    for column in table.columns:
        if isinstance(column.type, sa.Text) and column.name in chosen:
            chosen[column.name] = chosen[column.name].map(lambda value: "" if value is None else value)
    if "position" in table.columns:
        chosen["position"] = frame.groupby("key").cumcount().to_numpy()
    return [{str(name): value for name, value in row.items()} for row in chosen.to_dict("records")]


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _OWNERS_AT_A_TIME):
        yield items[start : start + _OWNERS_AT_A_TIME]
