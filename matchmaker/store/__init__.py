"""The database: SQLite in one file by default, any other by URL.

A `Store` hands out and takes in the tables of a data package. Every change is one transaction: it is there
whole or not at all, and it adds a revision by which caches know that the data have changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import pandas as pd
import platformdirs
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from matchmaker.errors import StoreFailed, reason
from matchmaker.message import Message, message
from matchmaker.store.tables import OWNER, STORED, revision, stated

T = TypeVar("T")

_OWNERS_AT_A_TIME: Final = 500
"""Databases limit the number of values in one statement."""

HEAD: Final = "0002"
"""Newest migration; the database is brought to it when it is opened."""


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
        try:
            self._url = sa.make_url(url)
            path = self._url.database
            if self._url.get_backend_name() == "sqlite" and path and not path.startswith((":memory:", "file:")):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(self._url)
            self._writer = self._engine.execution_options(writes=True)
            if self._engine.dialect.name == "sqlite":
                _prepare_sqlite(self._engine)
            self._migrate()
        except (SQLAlchemyError, ModuleNotFoundError, OSError) as error:
            raise StoreFailed(
                message("The database cannot be opened: {reason}.", reason=_reason(error)),
                where=_shown(url),
                remedy=message("Check the address of the database and whether you may write there."),
            ) from error

    @property
    def place(self) -> str:
        """Where the data lie, as a user may read it: a path, or the URL without its password."""
        if self._engine.dialect.name == "sqlite":
            return self._url.database or ""
        return self._url.render_as_string(hide_password=True)

    def version(self) -> int:
        """Return the number of the last change; 0 for an empty database."""
        with self._connected() as connection:
            return int(connection.execute(_LAST).scalar_one())

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return everything entered, as tables of a data package, and ``stated`` (columns key, block)."""
        with self._connected() as connection:
            return _tables(connection)

    def save(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        what: str,
        states: Sequence[tuple[str, str]] = (),
        check: Callable[[Mapping[str, pd.DataFrame]], None] | None = None,
    ) -> int:
        """Take over tables in one transaction and return the new version.

        Rows of the same owner (municipality, cooperation) in the same table are replaced together. ``states``
        lists (key, block) pairs that count as entered even when the tables hold no row for them. ``check`` is
        shown what is there before, in the same transaction; when it raises, nothing is changed.
        """
        with self._changing() as connection:
            # Asked first: of two transactions that begin with the same number, only one can add the next.
            last = connection.execute(_LAST).scalar_one()
            if check:
                check(_tables(connection))
            for name, table in STORED.items():
                frame = tables.get(name)
                column = OWNER.get(name, "key")
                owners = {key for key, block in states if block == name}
                if frame is not None:
                    owners |= set(frame[column])
                for some in _chunks(sorted(owners), _OWNERS_AT_A_TIME):
                    connection.execute(sa.delete(table).where(table.c[column].in_(some)))
                if frame is not None and len(frame):
                    connection.execute(sa.insert(table), _rows(frame, table))
            for key, block in states:
                same = (stated.c.key == key) & (stated.c.block == block)
                connection.execute(sa.delete(stated).where(same))
                connection.execute(sa.insert(stated), {"key": key, "block": block})
            connection.execute(sa.insert(revision), {"number": last + 1, "at": datetime.now(UTC), "what": what})
        return int(last) + 1

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
            if sa.inspect(connection).has_table("alembic_version") and (
                connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == HEAD
            ):
                return
        # Loaded only when there is something to migrate: it costs a noticeable part of the start.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._writer.connect() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreFailed(
                    message("The database was made by a newer version of this program."),
                    where=self.place,
                    remedy=message("Update the program, or name another database."),
                ) from error

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error) from error

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        try:
            with self._writer.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error) from error

    def _failed(self, error: SQLAlchemyError) -> StoreFailed:
        return StoreFailed(
            message("The database cannot be read or written: {reason}.", reason=_reason(error)),
            where=self.place,
            remedy=message("Nothing was changed. Check disk space and access, then try again."),
        )


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Let readers and one writer work at the same time, and let writers wait for each other."""

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver would begin transactions late and lazily; SQLAlchemy begins them below instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer waits at the beginning: one that has read already could only fail. Readers wait for nobody.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _tables(connection: sa.Connection) -> Mapping[str, pd.DataFrame]:
    found = {}
    for name, table in [*STORED.items(), ("stated", stated)]:
        columns = [column for column in table.columns if column.name != "position"]
        order = list(table.primary_key.columns)
        rows = connection.execute(sa.select(*columns).order_by(*order)).all()
        frame = pd.DataFrame(rows, columns=[column.name for column in columns], dtype=object)
        for column in columns:
            if isinstance(column.type, sa.Float):
                frame[column.name] = frame[column.name].astype("float64")
        found[name] = frame
    return found


def _rows(frame: pd.DataFrame, table: sa.Table) -> list[dict[str, Any]]:
    """Return the rows of a frame as the database takes them: NaN as NULL, offers numbered per municipality."""
    columns = [column.name for column in table.columns if column.name != "position"]
    chosen = frame.reindex(columns=columns).astype(object)
    chosen = chosen.where(chosen.notna(), None)
    for column in table.columns:
        if isinstance(column.type, sa.Text) and column.name in chosen:
            chosen[column.name] = chosen[column.name].map(lambda value: "" if value is None else value)
    if "position" in table.columns:
        chosen["position"] = frame.groupby("key").cumcount().to_numpy()
    return [{str(name): value for name, value in row.items()} for row in chosen.to_dict("records")]


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


_REASONS: Final = {
    "database is locked": message("another program is writing into it"),
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
    except sa.exc.ArgumentError:
        return url
