"""Connections to the database: one file of SQLite, or a PostgreSQL server; brought to the newest migration.

Both behave alike. A reader sees one state of all tables and waits for nobody. Writers come one after the other: each
waits at its beginning and then sees what the one before has left.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from matchmaker.errors import StoreFailed, reason
from matchmaker.message import Message, message

HEAD: Final = "0006"
"""Newest migration; the database is brought to it when it is opened."""

_SECONDS: Final = 10
"""How long a writer waits for others, and a connection for a server."""

_TURN: Final = 60
"""Seconds that a writer waits for others of the same program, who all come to an end."""

_MIGRATING: Final = 7_401_885_043
"""Names the lock of those who migrate on a server; any number that nobody else takes."""


class Database:
    """One database and how it is read and written.

    Parameters
    ----------
    url
        SQLAlchemy URL. A missing SQLite file is made together with its folder; ``postgresql://`` means the driver
        psycopg.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = _with_driver(sa.make_url(url))
            self._reader: sa.Engine
            if self.is_server:
                self._engine = sa.create_engine(
                    self._url, pool_pre_ping=True, connect_args={"connect_timeout": _SECONDS}
                )
                # One state of all tables for a reader. Writers wait first and then look, so theirs is the last one.
                self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
            else:
                path = self._url.database
                if self._url.get_backend_name() == "sqlite" and path and not path.startswith((":memory:", "file:")):
                    Path(path).parent.mkdir(parents=True, exist_ok=True)
                self._engine = sa.create_engine(self._url)
                self._reader = self._engine
            # Databases let whoever waits try again and again, and give up under load: here everybody gets a turn.
            self._turn = threading.Lock()
            # A store that nobody holds any more gives its connections back.
            weakref.finalize(self, self._engine.dispose)
            self._writer = self._engine.execution_options(writes=True)
            if self._engine.dialect.name == "sqlite":
                _prepare_sqlite(self._engine)
            self._migrate()
        except ModuleNotFoundError as error:
            raise StoreFailed(
                message("The database cannot be opened: the Python package {name} is missing.", name=str(error.name)),
                where=_shown(url),
                remedy=message("For PostgreSQL install it with: pip install 'psycopg[binary]'"),
            ) from error
        except (SQLAlchemyError, OSError, ValueError) as error:
            raise StoreFailed(
                message("The database cannot be opened: {reason}.", reason=_reason(error)),
                where=_shown(url),
                remedy=message("Check the address of the database and whether you may write there."),
            ) from error

    @property
    def is_server(self) -> bool:
        """Whether this is a PostgreSQL server rather than a file."""
        return self._url.get_backend_name() == "postgresql"

    @property
    def place(self) -> str:
        """Where the data lie, as a user may read it: a path, or the URL without its password."""
        if not self.is_server:
            return self._url.database or ""
        return self._url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection on which all that is read belongs to one state."""
        try:
            with self._reader.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(_reason(error)) from error

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection whose changes are there whole or not at all, after those of all other writers."""
        if not self._turn.acquire(timeout=_TURN):
            raise self._failed(_BUSY)
        try:
            with self._writer.begin() as connection:
                if self.is_server:
                    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_SECONDS}s'"))
                    # Readers pass, other writers wait here.
                    connection.execute(sa.text("LOCK TABLE revision IN EXCLUSIVE MODE"))
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(_reason(error)) from error
        finally:
            self._turn.release()

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        if self._migrated_to() == HEAD:
            return
        # Loaded only when there is something to migrate: it costs a noticeable part of the start.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        # All steps are one transaction: who is killed in the middle has changed nothing.
        with self._writer.begin() as connection:
            if self.is_server:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreFailed(
                    message("The database was made by a newer version of this program."),
                    where=self.place,
                    remedy=message("Update the program, or name another database."),
                ) from error

    def _migrated_to(self) -> str | None:
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
            return found

    def _failed(self, why: Message | str) -> StoreFailed:
        return StoreFailed(
            message("The database cannot be read or written: {reason}.", reason=why),
            where=self.place,
            remedy=message("Nothing was changed. Check disk space and access, then try again."),
        )


def _with_driver(url: sa.URL) -> sa.URL:
    """Return an address with the driver of PostgreSQL named: which one is meant otherwise depends on SQLAlchemy."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgres", "postgresql"} else url


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Let readers and one writer work at the same time, and let writers wait for each other."""

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver would begin transactions late and lazily; SQLAlchemy begins them below instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_SECONDS * 1000}")
        _write_ahead(cursor)
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer waits at the beginning: one that has read already could only fail. Readers wait for nobody.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switch to the write-ahead log: of those who open a new file at once, SQLite refuses all but one."""
    until = time.monotonic() + _SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


_BUSY: Final = message("another program is writing into it")

_REASONS: Final = {
    "database is locked": _BUSY,
    "canceling statement due to lock timeout": _BUSY,
    "unable to open database file": message("the file cannot be opened"),
    "file is not a database": message("the file is no database"),
    "attempt to write a readonly database": message("the file may only be read"),
    "database or disk is full": message("the disk is full"),
}


def _reason(error: Exception) -> Message | str:
    """Return the cause of an error, without the statement and its values, in own words where it is common."""
    if isinstance(error, OSError):
        return reason(error)
    cause = getattr(error, "orig", None) or error
    said = str(cause).splitlines()[0] if str(cause) else type(error).__name__
    return _REASONS.get(said, said)


def _shown(url: str) -> str:
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except (sa.exc.ArgumentError, ValueError):
        # What cannot be taken apart may hold a password all the same.
        return re.sub("://.*@", "://***@", url)
