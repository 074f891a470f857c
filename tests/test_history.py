"""The history: nothing entered is forgotten, every change says who, when and what, and every state comes back."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from matchmaker import cli
from matchmaker.changes import in_words
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, ChangedMeanwhile
from matchmaker.i18n import language
from matchmaker.store import Author, Store
from matchmaker.store.tables import STORED
from matchmaker.workspace import Workspace
from scripts.attack_store import driver

pytestmark = pytest.mark.both_databases

KEY = "01059083"
OFFICER = Author("officer", "page")


def needs(key: str, **urgency: float) -> pd.DataFrame:
    return pd.DataFrame([{"key": key, "use_case": u, "urgency": v, "provenance": "survey"} for u, v in urgency.items()])


def entered(store: Store, key: str) -> dict[str, list[dict]]:
    """Return what stands in the tables about a municipality."""
    tables = store.tables()
    return {
        name: tables[name][tables[name]["key"] == key].astype(object).replace({np.nan: None}).to_dict("records")
        for name in ("profiles", "needs", "offers", "stated")
    }


def test_every_change_is_kept_with_who_when_and_from_where(database: str):
    store = Store(database)
    began = datetime.now(UTC)
    store.save({"needs": needs(KEY, UC01=3.0)}, what="import needs.csv", by=OFFICER)
    store.save({"needs": needs(KEY, UC01=2.0)}, what="profile 01059083", by=Author("", "command"))
    newest, oldest = store.history(KEY)
    assert (oldest.number, oldest.what, oldest.by) == (1, "import needs.csv", OFFICER)
    assert (newest.number, newest.what, newest.by) == (2, "profile 01059083", Author("", "command"))
    assert oldest.state == {"needs": [{"use_case": "UC01", "urgency": 3.0, "provenance": "survey"}]}
    assert began - timedelta(seconds=1) <= oldest.at <= newest.at <= datetime.now(UTC)
    assert newest.at.utcoffset() == timedelta(0)


def test_what_changes_nothing_of_a_municipality_adds_nothing_to_its_history(database: str):
    store = Store(database)
    for _again in range(2):
        store.save({"needs": needs(KEY, UC01=3.0)}, what="import needs.csv")
    store.save({"needs": needs("01001000", UC01=3.0)}, what="import needs.csv")
    store.save({"register": pd.DataFrame([{"key": KEY, "name": "x", "land": "SH", "source": "x"}])}, what="register")
    assert [version.number for version in store.history(KEY)] == [1]
    assert store.version() == 4


STATES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["UC01", "UC02", "UC03"]), st.sampled_from([1.0, 2.0, 3.0])),
        st.none() | st.sampled_from([0.0, 2.5, 5.0]),
        st.lists(st.sampled_from(["„Süd“", "b", "=1+1"]), max_size=2),
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=STATES, data=st.data())
def test_any_earlier_state_comes_back_exactly_and_as_a_new_change(states, data, database: str):
    store = Store(database)
    key = f"01{store.version():06d}"  # one that no example before has used
    seen = {0: entered(store, key)}
    for urgencies, level, titles in states:
        offers = [{"key": key, "use_case": "UC01", "stage": "pilot", "title": t, "year": np.nan} for t in titles]
        tables = {
            "needs": needs(key, **urgencies),
            "profiles": pd.DataFrame([{"key": key, "D1": np.nan if level is None else level}]),
            "offers": pd.DataFrame(offers),
        }
        given_tables = {name: frame for name, frame in tables.items() if len(frame)}
        number = store.save(given_tables, what="test", states=[(key, "needs"), (key, "offers")])
        seen[number] = entered(store, key)
    before = store.history(key)
    chosen = data.draw(st.sampled_from([0, *(version.number for version in before)]))
    number = store.restore(key, chosen, by=OFFICER)
    assert entered(store, key) == seen[chosen]
    after = store.history(key)
    # Nothing that was there is touched: the way back stands before it, unless it leads to what is there already.
    assert after[-len(before) :] == before
    assert [v.what for v in after[: -len(before)]] in ([f"restore {chosen}"], [])
    assert store.version() == number
    store.close()


def test_a_version_that_is_none_is_refused_and_changes_nothing(database: str):
    store = Store(database)
    store.save({"needs": needs(KEY, UC01=3.0)}, what="test")
    store.save({"needs": needs("01001000", UC01=3.0)}, what="test")
    for number in (2, 99, -1):
        with pytest.raises(BadInput):
            store.restore(KEY, number)
    assert store.version() == 2


def test_of_many_ways_back_at_once_one_succeeds(database: str):
    store = Store(database)
    for urgency in (1.0, 2.0, 3.0):
        store.save({"needs": needs(KEY, UC01=urgency)}, what="test")

    def back(number: int) -> bool:
        try:
            Store(database).restore(KEY, number, over=3)
        except ChangedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(back, [1, 2, 1, 2]))
    assert done.count(True) == 1
    assert len(store.history(KEY)) == 4


def test_a_published_offer_comes_back_when_all_entries_are_taken_back(database: str):
    workspace = Workspace(store=Store(database))
    published = own_profile(workspace.load(), "05315000")
    assert published.offers
    workspace.save_profile(replace(published, offers=(), needs=(("UC01", 3),)))
    assert own_profile(workspace.load(), "05315000").offers == ()
    workspace.restore("05315000", 0)
    assert own_profile(workspace.load(), "05315000") == published


# In words ----------------------------------------------------------------------------------------------------


def test_changes_are_said_in_words(shipped):
    before = {
        "needs": [{"use_case": "UC01", "urgency": 3.0}, {"use_case": "UC02", "urgency": 1.0}],
        "offers": [{"use_case": "UC03", "stage": "pilot", "title": "Chat"}, {"use_case": "UC05", "title": "Alt"}],
        "profiles": [{"D1": 2.0, "fte": 0.5, "as_of": "2026-01-01"}],
    }
    after = {
        "needs": [{"use_case": "UC01", "urgency": 2.0}, {"use_case": "UC04", "urgency": 1.0}],
        "offers": [{"use_case": "UC03", "stage": "operation", "title": "Chat"}],
        "profiles": [{"D1": 2.5, "budget_eur": 50000.0, "as_of": "2026-02-02"}],
    }
    said = [language("en").render(words) for words in in_words(before, after, shipped.catalogue)]
    title = {u.id: u.title.en for u in shipped.catalogue.use_cases}
    assert said == [
        f"Urgency of {title['UC01']}: 3, now 2",
        f"Need removed: {title['UC02']}",
        f"Need added: {title['UC04']} (urgency 1)",
        "Offer changed: Chat (in operation)",
        "Offer removed: Alt",
        f"Maturity, {shipped.catalogue.dimensions[0].title.en}: 2.0, now 2.5",
        "Staff free for AI: 0.50, now unknown",
        "Money free for AI: unknown, now 50,000",
    ]
    assert in_words(after, after, shipped.catalogue) == ()


def test_the_command_line_shows_the_history_and_brings_a_version_back(database: str, capsys, tmp_path: Path):
    def run(*arguments: str) -> str:
        assert cli.main(["--lang", "en", *arguments]) == 0
        return capsys.readouterr().out

    for urgency in (3, 1):
        (tmp_path / "p.json").write_text(json.dumps({"needs": {"UC01": urgency}}), encoding="utf-8")
        run("profile", "set", KEY, str(tmp_path / "p.json"))
    document = json.loads(run("profile", "history", KEY, "--json"))
    assert [(v["version"], v["origin"], v["what"]) for v in document["versions"]] == [
        (2, "command", f"profile {KEY}"),
        (1, "command", f"profile {KEY}"),
    ]
    assert "3, now 1" in document["versions"][0]["changes"][0]
    assert run("profile", "restore", KEY, "1") == "Saved.\n"
    assert json.loads(run("profile", "show", KEY))["needs"] == {"UC01": 3}
    assert "Version 1 brought back" in run("profile", "history", KEY)
    assert cli.main(["--lang", "en", "profile", "restore", KEY, "99"]) == 2
    assert "no version 99" in capsys.readouterr().err
    assert Store(database).version() == 3


# From the schema before ----------------------------------------------------------------------------------------


def former(url: str, revision: str = "0003") -> sa.Engine:
    """Make a database as an earlier version of the program left it."""
    engine = sa.create_engine(driver(url))
    config = Config()
    config.set_main_option("script_location", "matchmaker/store/migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def test_a_database_of_the_schema_before_keeps_every_row(databases, shipped):
    url = databases.fresh(migrated=False)
    engine = former(url)
    metadata = sa.MetaData()
    metadata.reflect(engine)
    tables = {name: metadata.tables[name] for name in (*STORED, "stated", "revision")}
    with engine.begin() as connection:
        for name in STORED:
            frame = shipped.tables[name].copy()
            if name == "offers":
                frame["position"] = frame.groupby("key").cumcount()
            rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
            columns = tables[name].columns.keys()
            connection.execute(sa.insert(tables[name]), [{c: row[c] for c in columns} for row in rows])
        connection.execute(sa.insert(tables["stated"]), [{"key": KEY, "block": "needs"}])
        connection.execute(sa.insert(tables["revision"]), [{"number": 7, "at": datetime.now(UTC), "what": "import"}])
        before = {n: [tuple(r) for r in connection.execute(sa.select(t))] for n, t in tables.items()}
    engine.dispose()

    store = Store(url)
    kept = store.tables()
    for name in STORED:
        frame = shipped.tables[name]
        key = [c.name for c in STORED[name].primary_key if c.name != "position"]
        expected = frame.sort_values(key, kind="stable", ignore_index=True)
        columns = list(expected.columns)
        assert_frame_equal(kept[name][columns], expected, check_dtype=False, check_column_type=False)
    assert kept["stated"].to_numpy().tolist() == [[KEY, "needs"]]
    # The history begins with what is there, so the first change after this can be undone.
    assert store.version() == 8
    key = str(shipped.tables["offers"]["key"].iloc[0])
    was = entered(store, key)
    assert len(was["offers"]) == sum(row[0] == key for row in before["offers"])
    store.save({"offers": pd.DataFrame([{"key": key, "use_case": "UC01", "stage": "pilot"}])}, what="test")
    assert [version.what for version in store.history(key)] == ["test", "begin"]
    store.restore(key, 8)
    assert entered(store, key) == was
    assert [version.state["stated"] for version in store.history(KEY)] == [["needs"]]


def test_the_written_form_of_a_state_is_the_same_in_the_migration_and_later(databases, shipped):
    """Saving what is there already after a migration is no change."""
    url = databases.fresh(migrated=False)
    engine = former(url)
    metadata = sa.MetaData()
    metadata.reflect(engine)
    frame = shipped.tables["needs"]
    with engine.begin() as connection:
        connection.execute(sa.insert(metadata.tables["needs"]), frame.to_dict("records"))
    engine.dispose()
    store = Store(url)
    store.save({"needs": frame}, what="import needs.csv")
    assert {len(store.history(key)) for key in set(frame["key"])} == {1}


@pytest.mark.files_too
def test_a_file_of_the_version_before_opens_in_this_one(tmp_path: Path):
    """``former.sql`` is a whole file of the version before, with one profile in it, as text."""
    file = tmp_path / "former.db"
    connection = sqlite3.connect(file)
    connection.executescript((Path(__file__).parent / "former.sql").read_text(encoding="utf-8"))
    connection.close()
    store = Store(f"sqlite:///{file}")
    profile = own_profile(Workspace(store=store).load(), KEY)
    assert (profile.needs, profile.fte) == ((("UC01", 3), ("UC03", 1)), 0.5)
    assert profile.maturity == (2.5, None, 0.0, None, None, None, None, 5.0)
    assert [offer.title.de for offer in profile.offers] == ["Übersetzung"]
    assert [version.what for version in store.history(KEY)] == ["begin"]
