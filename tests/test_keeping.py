"""Backup, health, retention and log: what an operator relies on."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from matchmaker import cli, log, service
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, StoreFailed
from matchmaker.store import Author, Store
from matchmaker.store.tables import metadata
from matchmaker.workspace import Workspace

KEY = "01059083"


def content(store: Store) -> dict[str, list[tuple]]:
    """Return every row of every table but the numbers of changes, which go on rising."""
    with store._database.reading() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
            if table.name != "revision"
        }


@pytest.fixture
def filled(database: str, shipped) -> Store:
    store = Store(database)
    store.save(service.simulated_package(shipped, n=15, seed=2, unknown=0.3), what="import package")
    workspace = Workspace(store=store)
    for fte in (0.5, 1.0):
        profile = replace(own_profile(shipped, KEY), fte=fte, needs=(("UC01", 3),), seen=None, as_of="2026-01-31")
        workspace.save_profile(profile, by=Author("officer", "page"))
    return store


@pytest.mark.files_too  # a backup is a file
@pytest.mark.both_databases
def test_a_backup_brings_everything_back_wherever_it_came_from(filled: Store, databases, tmp_path: Path):
    before = content(filled)
    filled.backup(tmp_path / "backup.db")
    assert [path.name for path in tmp_path.iterdir()] == ["backup.db"]
    # Into a file and, where there is one, into a new database of the server: the same everywhere.
    for url in (f"sqlite:///{tmp_path / 'other.db'}", databases.fresh()):
        other = Store(url)
        other.replace_by(tmp_path / "backup.db")
        found = content(other)
        assert [(a, b) for name in before for a, b in zip(before[name], found[name], strict=True) if a != b] == []
        assert [v.number for v in other.history(KEY)] == [v.number for v in filled.history(KEY)]
    # Over what has been entered since, and under a version that no cache has seen.
    filled.save({"needs": pd.DataFrame([{"key": KEY, "use_case": "UC09", "urgency": 1.0}])}, what="test")
    version = filled.version()
    assert filled.replace_by(tmp_path / "backup.db") == filled.version() > version
    assert content(filled) == before


@pytest.mark.files_too  # a backup is a file
@pytest.mark.both_databases
def test_a_backup_made_while_others_write_is_one_state(database: str, tmp_path: Path):
    store = Store(database)

    def write(number: int) -> None:
        key = f"01{number:06d}"
        row = pd.DataFrame([{"key": key, "name": key, "land": "SH", "source": "test"}])
        need = pd.DataFrame([{"key": key, "use_case": "UC01", "urgency": 1.0}])
        Store(database).save({"register": row, "needs": need}, what="test")

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, number) for number in range(15)]
        sizes = []
        for number in range(5):
            store.backup(tmp_path / f"{number}.db")
            _sound, rows = Store(f"sqlite:///{tmp_path / f'{number}.db'}").check()
            sizes.append({rows[name] for name in ("register", "needs", "history", "revision")})
        for one in writing:
            one.result()
    assert all(len(size) == 1 for size in sizes)


@pytest.mark.files_too  # a backup is a file
@pytest.mark.parametrize("spoilt", ["text", "cut", "flipped", "foreign", "newer", "missing"])
def test_what_is_no_sound_backup_is_refused_and_changes_nothing(filled: Store, spoilt: str, tmp_path: Path):
    file = tmp_path / "backup.db"
    filled.backup(file)
    saved = file.read_bytes()
    match spoilt:
        case "text":
            file.write_bytes(b"no database" * 1000)
        case "cut":
            file.write_bytes(saved[: len(saved) // 2])
        case "flipped":
            file.write_bytes(saved[:8192] + bytes(4096) + saved[12288:])
        case "foreign":
            file.unlink()
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("CREATE TABLE other (x)")
        case "newer":
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
        case "missing":
            file.unlink()
    before, version = content(filled), filled.version()
    with pytest.raises((StoreFailed, BadInput)):
        filled.replace_by(file)
    assert (content(filled), filled.version()) == (before, version)


@pytest.mark.files_too  # a backup is a file
def test_a_backup_that_cannot_be_written_leaves_nothing(filled: Store, tmp_path: Path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(BadInput):
        filled.backup(tmp_path / "taken")
    with pytest.raises(BadInput):
        filled.backup(tmp_path / "missing" / "backup.db")
    assert [path.name for path in tmp_path.rglob("*")] == ["taken"]


@pytest.mark.files_too  # a backup is a file
@pytest.mark.both_databases
def test_the_commands_of_an_operator(filled: Store, database: str, tmp_path: Path, capsys):
    def run(*arguments: object, code: int = 0) -> str:
        assert cli.main(["--lang", "en", *map(str, arguments)]) == code
        said = capsys.readouterr()
        return said.out + said.err

    found = json.loads(run("check", "--json"))
    assert (found["ok"], found["version"], found["rows"]["history"]) == (True, 3, len(content(filled)["history"]))
    run("backup", tmp_path / "backup.db")
    assert "would replace all of it" in run("restore", tmp_path / "backup.db", code=2)
    run("restore", tmp_path / "backup.db", "--replace")
    run("--database", f"sqlite:///{tmp_path / 'new.db'}", "restore", tmp_path / "backup.db")
    assert run("prune", "--days", 0) == "1 earlier version deleted.\n"
    assert "cannot be kept" in run("prune", "--days", -1, code=2)
    assert "sound" in run("check")
    assert Store(database).version() == 5


@pytest.mark.both_databases
def test_pruning_keeps_the_last_state_of_everybody_and_forgets_who(filled: Store):
    later = filled.save({"needs": pd.DataFrame([{"key": KEY, "use_case": "UC09", "urgency": 1.0}])},
                        what="test", by=Author("officer", "page"))  # fmt: skip
    numbers = [version.number for version in filled.history(KEY)]
    others = content(filled)["history"]
    assert filled.prune(datetime.now(UTC) - timedelta(days=1)) == 0
    assert [version.number for version in filled.history(KEY)] == numbers
    assert filled.prune(datetime.now(UTC) + timedelta(days=1)) == 2
    (left,) = filled.history(KEY)
    assert (left.number, left.by) == (later, Author("", "page"))
    assert len(content(filled)["history"]) == len(others) - 2
    assert "officer" not in str(content(filled))


def test_the_log_holds_nothing_that_anybody_entered(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MATCHMAKER_LOG", str(tmp_path / "log.jsonl"))
    logger = logging.getLogger("matchmaker")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    log.begin()
    word = "Geheimnis"
    workspace = Workspace(store=Store(database))
    profile = replace(own_profile(workspace.load(), KEY), needs=(("UC01", 3),), as_of="2026-01-31")
    workspace.save_profile(profile, by=Author(word, "page"))
    header = "key,use_case,stage,title,title_en,year,provenance,source_url"
    (tmp_path / f"{word}.csv").write_text(f"{header}\n{KEY},UC01,pilot,{word},,,survey,\n", encoding="utf-8")
    for content_ in (None, f"{header}\n{KEY},{word},pilot,{word},,,survey,\n"):
        if content_:
            (tmp_path / f"{word}.csv").write_text(content_, encoding="utf-8")
        cli.main(["import", str(tmp_path / f"{word}.csv")])
    logger.handlers[0].close()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line.get("kind"), line.get("code")) for line in lines] == [
        ("changed", "profile", None), ("changed", "import", None), ("refused", None, "import-rejected"),
    ]  # fmt: skip
    assert all(set(line) <= {"at", "level", "room", "event", "error", *log.FIELDS} for line in lines)
    written = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert not any(text in written for text in (word, KEY, "Süderbrarup", "UC01", str(tmp_path)))


def test_a_line_of_the_log_never_shows_the_text_of_an_error():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log._Line())
    record = logging.LogRecord("matchmaker", logging.ERROR, "", 0, "failed %s", ("Geheimnis",), None)
    record.exc_info = (ValueError, ValueError("Geheimnis"), None)
    handler.emit(record)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["error"]) == ("failed %s", "ValueError")
    assert "Geheimnis" not in stream.getvalue()
    assert np.isfinite(datetime.fromisoformat(line["at"]).timestamp())
