"""Competence centres: entered, imported, taken out, and named to whom they fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from matchmaker import cli, exchange, service
from matchmaker.entries import centre_at, own_profile
from matchmaker.errors import BadInput, ChangedMeanwhile, EntryRejected
from matchmaker.store import Store
from matchmaker.workspace import Workspace
from scripts.attack_store import driver

JENA = "16053000"
SUEDERBRARUP = "01059083"
SHIPPED = {"KZ01", "KZ02", "KZ03"}


def ids(workspace: Workspace) -> set[str]:
    return {centre.id for centre in workspace.load().centres}


def test_an_entered_centre_is_kept_and_named_to_whom_it_fits(database: str):
    workspace = Workspace(store=Store(database))
    workspace.save_profile(replace(own_profile(workspace.load(), SUEDERBRARUP), needs=(("UC22", 3),)))
    before = service.nearest_centre(workspace.load(), SUEDERBRARUP)
    assert before is not None
    assert before.topics == ()  # no published centre works on this
    entered = centre_at(
        workspace.load(), JENA, name="Zentrum „Ä & <B>“", topics=["UC22"], host="Hochschule", url="https://example.org"
    )
    assert (entered.id, entered.place, entered.land, entered.place_status) == ("KZ04", "Jena", "TH", "")
    workspace.enter_centre(entered, new=True)
    again = Workspace(store=Store(database)).load()
    assert entered in again.centres
    found = service.nearest_centre(again, SUEDERBRARUP)
    assert found is not None
    assert (found.centre, found.topics) == (entered, ("UC22",))
    assert found.km == pytest.approx(430, abs=15)  # Jena and Süderbrarup


def test_a_centre_is_changed_and_taken_out_a_published_one_too(database: str):
    workspace = Workspace(store=Store(database))
    known = {centre.id: centre for centre in workspace.load().centres}
    assert set(known) == SHIPPED
    workspace.enter_centre(replace(known["KZ01"], name="Anders"), new=False)
    assert {c.name for c in workspace.load().centres if c.id == "KZ01"} == {"Anders"}
    workspace.remove_centre("KZ01")
    workspace.remove_centre("KZ03")
    assert ids(Workspace(store=Store(database))) == {"KZ02"}
    with pytest.raises(BadInput):
        workspace.remove_centre("KZ01")


def test_what_breaks_a_rule_is_refused_and_nothing_is_changed(database: str):
    workspace = Workspace(store=Store(database))
    good = centre_at(workspace.load(), JENA, name="Gut", topics=[], host="", url="")
    with pytest.raises(EntryRejected):
        workspace.enter_centre(replace(good, name=""), new=True)
    with pytest.raises(EntryRejected):
        workspace.enter_centre(replace(good, host="x" * 400), new=True)
    with pytest.raises(BadInput):
        workspace.enter_centre(replace(good, topics=("UC99",)), new=True)
    with pytest.raises(BadInput):
        centre_at(workspace.load(), "99999999", name="Gut", topics=[], host="", url="")
    assert ids(workspace) == SHIPPED


def test_of_two_who_enter_a_centre_at_once_none_is_lost(database: str):
    one, other = (Workspace(store=Store(database)) for _ in range(2))
    first, second = (
        centre_at(w.load(), JENA, name=name, topics=[], host="", url="") for w, name in ((one, "A"), (other, "B"))
    )
    one.enter_centre(first, new=True)
    with pytest.raises(ChangedMeanwhile):
        other.enter_centre(second, new=True)
    assert {c.name for c in one.load().centres} >= {"A"}
    assert "B" not in {c.name for c in one.load().centres}


def test_centres_are_exported_and_imported_again(databases, tmp_path: Path):
    workspace = Workspace(store=Store(databases.fresh()))
    workspace.enter_centre(
        centre_at(workspace.load(), JENA, name="Neu; „eins“", topics=["UC01", "UC02"], host="Hochschule", url=""),
        new=True,
    )
    tables = workspace.load().tables
    exchange.write({"competence_centres": tables["competence_centres"]}, tmp_path / "package")
    fresh = Workspace(store=Store(databases.fresh()))
    fresh.take_in(tmp_path / "package" / "competence_centres.csv", what="test")
    assert fresh.load().centres == workspace.load().centres


def test_a_package_of_ones_own_adds_to_the_published_centres(database: str, tmp_path: Path):
    assert cli.main(["simulate", "--n", "12", "--out", str(tmp_path / "package")]) == 0
    looked_at = Workspace(package=tmp_path / "package")
    assert ids(looked_at) == SHIPPED
    Workspace(store=Store(database)).enter_centre(
        centre_at(Workspace().load(), JENA, name="Neu", topics=[], host="", url=""), new=True
    )
    assert ids(Workspace(package=tmp_path / "package", store=Store(database))) == {*SHIPPED, "KZ04"}


def test_on_the_command_line(database: str, capsys: pytest.CaptureFixture[str]):
    add = ["--lang", "en", "centre", "add", "--name", "Zentrum Ä", "--seat", JENA, "--topics", "uc01, UC02"]
    assert cli.main([*add, "--host", "Hochschule"]) == 0
    assert capsys.readouterr().out == "KZ04: Saved.\n"
    assert cli.main(["--lang", "en", "centre", "list"]) == 0
    listed = capsys.readouterr().out
    assert "KZ04      Zentrum Ä  (Jena, TH): Hochschule" in listed
    assert "Unna, NW, assumption" in listed
    assert cli.main(["--lang", "en", "centre", "remove", "KZ04"]) == 0
    capsys.readouterr()
    assert cli.main(["--lang", "en", "centre", "remove", "KZ04"]) == 2
    assert "There is no competence centre KZ04." in capsys.readouterr().err
    assert cli.main([*add[:-1], "UC99"]) == 2
    assert ids(Workspace(store=Store(database))) == SHIPPED


def test_a_database_of_the_first_version_keeps_what_is_in_it(databases):
    database = databases.fresh(migrated=False)
    engine = sa.create_engine(driver(database))
    config = Config()
    config.set_main_option("script_location", "matchmaker/store/migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO stated (key, block) VALUES ('01059083', 'needs')"))
        connection.execute(sa.text("INSERT INTO revision (number, at, what) VALUES (7, '2026-01-01 00:00:00', 'x')"))
    engine.dispose()
    store = Store(database)
    assert store.version() == 8  # the beginning of the history is a change of its own
    assert store.tables()["stated"].to_dict("records") == [{"key": "01059083", "block": "needs"}]
    long = "k" * 40
    store.save({}, what="test", states=[(long, "competence_centres")])
    assert long in set(store.tables()["stated"]["key"])
