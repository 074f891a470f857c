"""The database: nothing entered is lost, nothing is half saved, and what cannot be opened is left alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

from matchmaker import cli, sheets, simulate
from matchmaker.dataset import Dataset
from matchmaker.entries import OwnProfile, own_profile
from matchmaker.errors import ChangedMeanwhile, StoreFailed
from matchmaker.store import HEAD, Store
from matchmaker.store import database as store_database
from matchmaker.store.tables import STORED
from matchmaker.workspace import Workspace
from scripts.attack_store import driver

ROOT = Path(__file__).resolve().parents[1]
WRITER = """
import sys, pandas as pd
from matchmaker.store import Store
store = Store(sys.argv[1])
for number in range(15):
    key = f"{sys.argv[2]}{number:06d}"
    store.save({"register": pd.DataFrame([{"key": key, "name": key, "land": "SH", "source": "test"}])}, what=key)
"""


pytestmark = pytest.mark.both_databases


def place(key: str, name: str = "x") -> pd.DataFrame:
    return pd.DataFrame([{"key": key, "name": name, "land": "SH", "source": "test"}])


def test_tables_have_the_columns_of_the_schema(database: str):
    tables = Store(database).tables()
    for name, table in sheets.schema().items():
        if not table.catalogue:
            assert tuple(tables[name].columns) == table.columns
    assert set(STORED) == {name for name, table in sheets.schema().items() if not table.catalogue}


def test_everything_saved_is_there_after_opening_again(shipped: Dataset, database: str):
    tables = simulate.simulate(shipped.profiles, shipped.catalogue, n=60, seed=3, unknown=0.3)
    first = Store(database)
    first.save(tables, what="test")
    first.close()
    kept = Store(database).tables()
    for name, frame in tables.items():
        keys = [column.name for column in STORED[name].primary_key if column.name != "position"]
        expected = frame.sort_values(keys, kind="stable", ignore_index=True)
        assert_frame_equal(kept[name], expected, check_dtype=False, check_column_type=False)


def test_a_saved_profile_survives_and_replaces_the_former_one(database: str):
    workspace = Workspace(store=Store(database))
    profile = own_profile(workspace.load(), "01059083")
    levels = (2.5, None, 0.0, None, None, None, None, 5.0)
    for needs in (("UC01", 3), ("UC02", 1)), (("UC05", 2),):
        changed = OwnProfile(
            municipality=profile.municipality, maturity=levels, needs=needs, offers=(), fte=0.5, budget_eur=None,
            as_of="2026-02-03",
        )  # fmt: skip
        workspace.save_profile(changed)
    kept = own_profile(Workspace(store=Store(database)).load(), "01059083")
    assert kept == changed


def test_whoever_saves_later_is_told_what_changed_meanwhile(database: str):
    one, other = (Workspace(store=Store(database)) for _ in range(2))
    read = own_profile(one.load(), "01059083")
    other.save_profile(replace(read, fte=0.5))
    with pytest.raises(ChangedMeanwhile):
        one.save_profile(replace(read, fte=2.0))
    assert own_profile(one.load(), "01059083").fte == 0.5
    # Another municipality is not concerned, and what is read anew can be saved.
    one.save_profile(replace(own_profile(one.load(), "01001000"), fte=1.0))
    one.save_profile(replace(own_profile(one.load(), "01059083"), fte=2.0))
    other.save_profile(replace(read, fte=3.0, seen=None))
    assert own_profile(one.load(), "01059083").fte == 3


def test_of_many_who_save_at_once_one_succeeds(database: str):
    workspaces = [Workspace(store=Store(database)) for _ in range(4)]
    read = own_profile(workspaces[0].load(), "01059083")

    def save(number: int) -> bool:
        try:
            workspaces[number].save_profile(replace(read, fte=float(number)))
        except ChangedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        saved = list(pool.map(save, range(4)))
    assert saved.count(True) == 1
    assert own_profile(workspaces[0].load(), "01059083").fte == saved.index(True)


def test_a_reader_answers_while_another_writes(database: str):
    store = Store(database)
    store.save({"register": place("01001000")}, what="test")

    def look(_before: sheets.Tables) -> None:
        # A reader who had to wait here would wait for ever: the writer goes on only after this.
        assert Store(database).version() == len(Store(database).tables()["register"]) == 1

    store.save({"register": place("01002000")}, what="test", check=look)
    assert store.version() == 2


def test_a_reader_sees_one_state_of_all_tables(database: str):
    """While a writer gives register and needs the same number of rows, no reader sees another number in one of them."""
    store, stop = Store(database), threading.Event()

    def write() -> None:
        for number in range(20):
            key = f"01{number:06d}"
            need = pd.DataFrame([{"key": key, "use_case": "UC01", "urgency": 1.0}])
            Store(database).save({"register": place(key), "needs": need}, what="test")
        stop.set()

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        seen = []
        while not stop.is_set():
            tables = store.tables()
            seen.append((len(tables["register"]), len(tables["needs"])))
        writing.result()
    assert all(register == needs for register, needs in seen)
    assert len(set(seen)) > 1


def test_the_version_rises_with_each_change(database: str):
    store = Store(database)
    assert store.version() == 0
    assert [store.save({"register": place(f"0100{n}000")}, what="test") for n in range(3)] == [1, 2, 3]
    assert Store(database).version() == 3


def test_an_error_in_the_middle_changes_nothing(database: str):
    store = Store(database)
    store.save({"register": place("01001000", "before")}, what="test")
    twice = pd.concat([pd.DataFrame([{"key": "01001000", "use_case": "UC01", "urgency": 1.0}])] * 2)
    with pytest.raises(StoreFailed):
        store.save({"register": place("01001000", "after"), "needs": twice}, what="test")
    assert store.version() == 1
    assert list(store.tables()["register"]["name"]) == ["before"]


def test_processes_that_write_at_once_lose_nothing(database: str):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, database, prefix], cwd=ROOT) for prefix in ("01", "02", "03")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    store = Store(database)
    assert store.version() == len(store.tables()["register"]) == 45


def test_many_of_one_program_write_at_once_and_nobody_is_turned_away(database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_database, "_SECONDS", 0)  # the database itself lets nobody wait
    store = Store(database)
    with ThreadPoolExecutor(12) as pool:
        versions = list(pool.map(lambda n: store.save({"register": place(f"01{n:06d}")}, what="test"), range(36)))
    assert sorted(versions) == list(range(1, 37))
    assert len(store.tables()["register"]) == 36


@pytest.mark.files_too  # a server has no such moment
def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path):
    for number in range(5):
        start = threading.Barrier(8)

        def opened_at_once(url: str, start: threading.Barrier) -> int:
            start.wait()
            return Store(url).version()

        with ThreadPoolExecutor(8) as pool:
            opening = [pool.submit(opened_at_once, f"sqlite:///{tmp_path / f'{number}.db'}", start) for _ in range(8)]
        assert [one.result() for one in opening] == [0] * 8


def test_more_owners_than_one_statement_takes_are_replaced(database: str):
    store = Store(database)
    keys = [f"01{number:06d}" for number in range(1_700)]
    for name in ("before", "after"):
        store.save({"register": pd.concat([place(key, name) for key in keys])}, what="test")
    assert set(store.tables()["register"]["name"]) == {"after"}


def test_unknown_stays_unknown(database: str):
    store = Store(database)
    store.save({"profiles": pd.DataFrame([{"key": "01001000", "D1": np.nan, "D2": 0.0}])}, what="test")
    profile = store.tables()["profiles"].iloc[0]
    assert np.isnan(profile["D1"])
    assert profile["D2"] == 0
    assert profile["as_of"] == ""


@pytest.mark.files_too
def test_folders_are_made_and_may_have_spaces_and_umlauts(tmp_path: Path):
    file = tmp_path / "Eigene Einträge" / "Größe 1.db"
    store = Store(f"sqlite:///{file}")
    store.save({"register": place("01001000")}, what="test")
    assert file.is_file()
    assert store.place == str(file)


@contextmanager
def opened(url: str) -> Iterator[sa.Connection]:
    """Open a database past the store."""
    engine = sa.create_engine(driver(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def refused(url: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command line says about a database that cannot be used."""
    with pytest.raises(StoreFailed):
        Store(url).save({"register": place("01001000")}, what="test")
    assert cli.main(["--lang", "en", "--database", url, "register", "search", "Kiel"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Error: ")
    assert said.err.count("\n") == 1
    return said.err


def test_a_newer_database_is_refused_and_left_as_it_is(database: str, capsys: pytest.CaptureFixture[str]):
    store = Store(database)
    store.save({"register": place("01001000")}, what="test")
    store.close()
    with opened(database) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert "newer version" in refused(database, capsys)
    with opened(database) as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).fetchall() == [("9999",)]
        assert connection.execute(sa.text("SELECT key FROM register")).fetchall() == [("01001000",)]


def test_the_newest_migration_is_the_one_the_store_expects(database: str):
    Store(database).close()
    with opened(database) as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).fetchall() == [(HEAD,)]


@pytest.mark.files_too
@pytest.mark.parametrize("content", [b"no database" * 200, b"SQLite format 3\0" + bytes(50)], ids=["text", "cut off"])
def test_a_broken_file_is_refused_and_left_as_it_is(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "broken.db"
    file.write_bytes(content)
    before = hashlib.sha256(file.read_bytes()).digest()
    assert str(file) in refused(f"sqlite:///{file}", capsys)
    assert hashlib.sha256(file.read_bytes()).digest() == before


@pytest.mark.files_too
def test_a_database_that_may_only_be_read_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "kept.db"
    Store(f"sqlite:///{file}").close()
    store = Store(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(StoreFailed):
        store.save({"register": place("01001000")}, what="test")
    assert "file" in refused(f"sqlite:///file:{tmp_path / 'missing.db'}?mode=ro&uri=true", capsys)


@pytest.mark.files_too
@pytest.mark.parametrize(
    "url", ["nonsense", "", "unknown://host/x", "sqlite:////dev/null/x.db", "postgresql://localhost:port/x"]
)
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(StoreFailed):
        Store(url)


def test_passwords_are_not_shown():
    for url in ("postgresql://somebody:geheim@localhost:1/x", "postgresql://somebody:geheim@localhost:port/x"):
        with pytest.raises(StoreFailed) as caught:
            Store(url)
        assert "geheim" not in caught.value.where
        assert "geheim" not in str(caught.value.what)
