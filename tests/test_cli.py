"""The command line: one document where JSON is asked for, readable lines where something is wrong."""

from __future__ import annotations

import csv
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import networkx as nx
import openpyxl
import pytest

from matchmaker import cli, dataset, sheets
from matchmaker.model import PARTS
from matchmaker.store import Store
from matchmaker.workspace import Workspace
from scripts.screenshots import answers, free_port

ROOT = Path(__file__).resolve().parents[1]
NEEDS = "key,use_case,urgency,provenance,source_url"
REGISTER = "key,name,land,lat,lon,population,area_km2,parent_key,source"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data package of twenty simulated municipalities."""
    folder = tmp_path_factory.mktemp("cli") / "package"
    assert cli.main(["simulate", "--n", "20", "--seed", "4", "--out", str(folder)]) == 0
    return folder


class Command:
    """Runs the command line and keeps what it says."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Return standard output; with an exit code of 2 the readable lines on standard error."""
        try:
            found = cli.main(["--lang", "en", *map(str, arguments)])
        except SystemExit as error:
            found = error.code
        said = self._capsys.readouterr()
        assert found == code, said.err
        if code == 0:
            return said.out
        assert said.out == ""
        assert "Traceback" not in said.err
        return said.err

    def json(self, *arguments: object) -> dict:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


# Questions -------------------------------------------------------------------------------------------------


def test_search_finds_key_and_name(run: Command):
    assert run.json("register", "search", "suederbrarup")[0] == {
        "key": "01059083", "name": "Süderbrarup", "land": "SH", "kind": "Landgemeinde", "population": 3887,
        "simulated": False,
    }  # fmt: skip
    assert "01059083" in run("register", "search", "Süderbrarup")
    assert run.json("register", "search", "no such place") == []
    assert "Nothing found" in run("register", "search", "no such place")


def test_partners_as_json(run: Command, package: Path):
    answer = run.json("--data", package, "partners", "00000001", "--top", "3")
    assert list(answer) == ["key", "name", "top", "suggestions"]
    assert (answer["key"], answer["name"], answer["top"]) == ("00000001", "Großstadt A", 3)
    assert [s["rank"] for s in answer["suggestions"]] == [1, 2, 3]
    for s in answer["suggestions"]:
        assert {"rank", "key", "name", "land", "kind", "km", "score", "coverage", "stability", "simulated", "parts",
                "reasons", "against", "sources"} <= set(s)  # fmt: skip
        assert tuple(s["parts"]) == PARTS
        assert all(0 <= value <= 1 for value in s["parts"].values())
        assert all(0 <= s[share] <= 1 for share in ("score", "coverage", "stability"))
        assert s["simulated"] is True
        assert any("simulated" in text for text in s["against"])
    scores = [s["score"] for s in answer["suggestions"]]
    assert scores == sorted(scores, reverse=True)


def test_a_real_municipality_gets_real_partners_with_published_sources(run: Command):
    answer = run.json("partners", "01059083", "--top", "5")
    assert len(answer["suggestions"]) == 5
    real = [s for s in answer["suggestions"] if not s["simulated"]]
    assert real
    for s in real:
        assert not s["key"].startswith("00")
        assert s["sources"]
        assert all(url.startswith(("http://", "https://")) for url in s["sources"])


def test_partners_as_text_mark_what_does_not_exist(run: Command, package: Path):
    text = run("--data", package, "partners", "00001", "--top", "2", "--weights", "near=0.5,ties=0")
    assert text.count("[simulated]") == 2
    assert "No municipality is left" in run("--data", package, "partners", "00001", "--max-km", "0")


def test_limits_hold(run: Command, package: Path):
    everybody = run.json("--data", package, "partners", "00001", "--top", "30")["suggestions"]
    land = everybody[-1]["land"]
    same_land = run.json("--data", package, "partners", "00001", "--land", land.lower(), "--top", "30")["suggestions"]
    assert {s["key"] for s in same_land} == {s["key"] for s in everybody if s["land"] == land}
    near = run.json("--data", package, "partners", "00001", "--max-km", "200", "--top", "30")["suggestions"]
    assert {s["key"] for s in near} == {s["key"] for s in everybody if s["km"] <= 200}
    assert run.json("--data", package, "partners", "00001", "--no-simulated")["suggestions"] == []


def test_partners_of_all_are_written_as_csv(run: Command, package: Path, tmp_path: Path):
    assert run("--data", package, "partners", "--all", "--top", "2", "--out", tmp_path / "all.csv") == ""
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["key", "rank", "partner", "score", "coverage"]
    assert len(rows) == 40
    one = run.json("--data", package, "partners", "00000001", "--top", "2")["suggestions"]
    assert [row[2] for row in rows if row[0] == "00000001"] == [s["key"] for s in one]


def test_projects(run: Command, package: Path):
    answer = run.json("--data", package, "projects", "00000001", "--top", "2")
    assert list(answer) == ["key", "projects", "assumptions"]
    assert len(answer["projects"]) == 2
    for project in answer["projects"]:
        assert {"use_case", "title", "lead", "members", "saving_eur", "saving_pct", "fte_saved", "staff_days_saved",
                "shares", "rule", "sources"} <= set(project)  # fmt: skip
        saving = project["saving_eur"]
        assert saving["low"] <= saving["central"] <= saving["high"]
        assert project["members"][0] == project["lead"]
        assert [share["key"] for share in project["shares"]] == project["members"]
        alone, pays = (sum(share[side] for share in project["shares"]) for side in ("alone_eur", "pays_eur"))
        assert alone - pays == pytest.approx(saving["central"], abs=0.02)
        assert project["simulated"] == project["members"]
    assert "[simulated]" in run("--data", package, "projects", "00000001", "--top", "1")


def test_projects_open_down_to_their_assumptions(run: Command, package: Path):
    answer = run.json("--data", package, "projects", "00000001", "--top", "1")
    figures = {figure["id"]: figure for figure in answer["assumptions"]}
    assert all(figure["source"] or figure["status"] == "assumption" for figure in figures.values())
    (project,) = answer["projects"]
    money = [term for term in project["terms"] if term["quantity"] == "eur"]
    for case, saving in project["saving_eur"].items():
        assert sum(t["alone"][case] - t["together"][case] for t in money) == pytest.approx(saving, abs=0.02)
        assert project["saving_a_year_eur"][case] == pytest.approx(saving / project["years"], abs=0.01)
    assert all(set(term["rests_on"]) <= set(figures) for term in project["terms"])
    costs = [option["cost_eur"]["central"] for option in project["options"]]
    assert costs == sorted(costs)
    new = next(option for option in project["options"] if option["kind"] == "new")
    own = next(share for share in project["shares"] if share["key"] == "00000001")
    assert new["cost_eur"]["central"] == pytest.approx(own["pays_eur"], abs=0.02)
    assert {line["verdict"] for grant in project["grants"] for line in grant["lines"]} <= {"met", "not met", "unknown"}
    assert [test["key"] for test in project["saving_tests"]] == [*project["members"], None]


def test_projects_with_own_assumptions(run: Command, package: Path, tmp_path: Path):
    own = tmp_path / "own.csv"
    own.write_text("id,low,central,high\nyears,10,10,10\n", encoding="utf-8")
    before, after = (
        run.json("--data", package, "projects", "00000001", "--top", "1", *more)
        for more in ((), ("--assumptions", own))
    )
    assert (before["projects"][0]["years"], after["projects"][0]["years"]) == (5, 10)
    assert next(figure for figure in after["assumptions"] if figure["id"] == "years")["status"] == "own value"
    own.write_text("id,low,central,high\nyears,10,9,10\n", encoding="utf-8")
    text = run("--data", package, "projects", "00000001", "--assumptions", own, code=2)
    assert "own.csv, row 2, column central, „9“: Low must not be above central" in text


def test_projects_with_hours_freed_by_minutes(run: Command, package: Path):
    asked = ("--data", package, "projects", "00000001", "--use-case")
    hours = run.json(*asked, "UC01", "--sessions", "24")["hours_freed"]
    assert [(one["municipalities"], one["hours"]["low"], one["hours"]["high"]) for one in hours] == [
        (1, 288, 480),
        (11, 3168, 5280),
    ]
    assert "minutes of meetings alone" in run(*asked, "UC02", "--sessions", "24", code=2)
    assert "hours: 288 to 480" in run(*asked, "UC01", "--sessions", "24", "--details")


def test_clusters(run: Command, package: Path):
    answer = run.json("--data", package, "clusters")
    assert {"k", "silhouette", "stability", "types", "assignment"} <= set(answer)
    assert answer["k"] == len(answer["types"])
    assert answer["weak"] or answer["structured"]
    assert set(answer["strength"]) == set(answer["assignment"])
    divided = run.json("--data", package, "clusters", "--number", "3")
    assert divided["k"] == 3
    assert all(0 <= strength <= 1 for strength in divided["strength"].values())
    assert len(divided["drop_one"]) == 11
    for kind in answer["types"]:
        assert set(kind) == {"id", "name", "size", "portrait"}
        assert list(answer["assignment"].values()).count(kind["id"]) == kind["size"]
    assert set(answer["assignment"]) <= {f"{k:08d}" for k in range(1, 17)} | {f"{k:05d}" for k in range(1, 5)}


def test_network(run: Command, package: Path, tmp_path: Path):
    answer = run.json("--data", package, "network", "--out", tmp_path / "network.graphml")
    graph = nx.read_graphml(tmp_path / "network.graphml", force_multigraph=True)
    towns = [data for _, data in graph.nodes(data=True) if data["type"] == "municipality"]
    assert answer["nodes"] == len(towns) == 20
    assert all(town["simulated"] for town in towns)
    assert "20 participants" in run("--data", package, "network")


# Writing ---------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_profile_is_shown_changed_and_shown_again(run: Command, tmp_path: Path):
    profile = json.loads(run("profile", "show", "01059083"))
    profile["maturity"]["D2"] = 1.5
    profile["needs"] = {"UC01": 3}
    (tmp_path / "profile.json").write_text(json.dumps(profile), encoding="utf-8")
    run("profile", "set", "01059083", tmp_path / "profile.json")
    kept = json.loads(run("profile", "show", "01059083"))
    assert (kept["maturity"]["D2"], kept["needs"]) == (1.5, {"UC01": 3})


def test_the_solution_behind_an_offer_is_kept_with_it(run: Command, tmp_path: Path):
    software = {"name": "Chat", "url": "https://gitlab.opencode.de/chat", "licence": "EUPL-1.2"}
    offer = {"use_case": "UC03", "stage": "operation", "title": "Chat", "software": software}
    (tmp_path / "profile.json").write_text(json.dumps({"offers": [offer]}), encoding="utf-8")
    run("profile", "set", "01059083", tmp_path / "profile.json")
    assert run.json("profile", "history", "01059083")["versions"][0]["state"]["offers"][0]["licence"] == "EUPL-1.2"
    run("export", tmp_path / "all.zip")
    run("profile", "restore", "01059083", "0")
    run("import", tmp_path / "all.zip")
    assert json.loads(run("profile", "show", "01059083"))["offers"][0]["software"] == software
    offer["software"] = {"name": "Chat", "url": "javascript:alert(1)", "licence": ""}
    (tmp_path / "profile.json").write_text(json.dumps({"offers": [offer]}), encoding="utf-8")
    assert "column software_url" in run("profile", "set", "01059083", tmp_path / "profile.json", code=2)


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"maturity": {"D1": 9}}', '{"needs": {"UC99": 1}}', '{"needs": {"UC01": 1e999}}',
     '{"offers": [{"title": "\\ud800"}]}', '{"offers": [{"stage": "never"}]}', "[" * 100_000,
     '{"offers": [{"title": "x", "provenance": "simulated"}]}', '{"offers": [{"title": "x", "software": "x"}]}'],
    ids=range(10),
)  # fmt: skip
def test_an_impossible_profile_is_refused(text: str, run: Command, tmp_path: Path, database: str):
    (tmp_path / "profile.json").write_text(text, encoding="utf-8")
    assert run("profile", "set", "01059083", tmp_path / "profile.json", code=2).startswith("Error: ")
    assert Store(database).version() == 0


def test_export_and_import_keep_everything_and_the_mark_of_simulation(run: Command, tmp_path: Path, package: Path):
    run("--data", package, "export", tmp_path / "export.xlsx")
    run("--data", package, "export", tmp_path / "export")
    sheet = openpyxl.load_workbook(tmp_path / "export.xlsx")["register"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert {row[header.index("source")] for row in rows} == {"simulated"}
    taken = run.json("import", tmp_path / "export.xlsx")
    assert taken["rows"]["register"] == 20
    assert "register: 20 rows" in run("import", tmp_path / "export")
    assert run.json("register", "search", "00000016")[0]["simulated"] is True


def test_the_official_register_replaces_the_shipped_one(run: Command, tmp_path: Path):
    record = f"6020251130{'01059083':<12}{'Süderbrarup':<50}{'':50}64{'':4}{'1000':>11}{'4000':>11}"
    (tmp_path / "GV100AD.txt").write_text(record + "\n", encoding="utf-8")
    assert run("register", "import", tmp_path / "GV100AD.txt").startswith("1 ")
    [found] = run.json("register", "search", "Süderbrarup")
    assert found["population"] == 4000
    assert run.json("register", "search", "Flensburg") == []
    assert run.json("register", "search", "Großstadt A")[0]["simulated"] is True


def test_a_template_is_written(run: Command, tmp_path: Path):
    run("template", tmp_path / "template.xlsx")
    assert "profiles" in openpyxl.load_workbook(tmp_path / "template.xlsx").sheetnames


def test_a_rejected_profile_is_not_said_to_be_a_file(run: Command, tmp_path: Path):
    (tmp_path / "profile.json").write_text('{"fte": -1, "needs": {"UC01": 9}}', encoding="utf-8")
    said = run("profile", "set", "01059083", tmp_path / "profile.json", code=2)
    assert said.startswith("Error: Entries that cannot be saved: 2.")
    assert "profiles, column fte, „-1“: Must be at least 0." in said
    assert "needs, column urgency, „9“: Must be at most 3." in said
    assert "import" not in said
    assert "row" not in said


def test_an_import_says_what_it_replaces(run: Command, tmp_path: Path, shipped: dataset.Dataset):
    published = int((shipped.tables["offers"]["key"] == "05315000").sum())
    assert published > 1
    header = "key,use_case,stage,title,title_en,year,provenance,source_url"
    path = tmp_path / "offers.csv"
    path.write_text(f"{header}\n05315000,UC01,pilot,Probe,,,self-assessed,\n", encoding="utf-8")
    assert run.json("import", path)["replaced"] == {"offers": {"05315000": published}}
    assert "05315000: replaces 1 row\n" in run("import", path)


def test_a_dry_run_says_what_would_change_and_changes_nothing(run: Command, tmp_path: Path, database: str):
    path = tmp_path / "needs.csv"
    path.write_text(f"{NEEDS}\n01059083,UC01,3,self-assessed,\n01059083,UC02,1,self-assessed,\n", encoding="utf-8")
    run("import", path)
    path.write_text(f"{NEEDS}\n01059083,UC01,2,self-assessed,\n01059083,UC03,1,self-assessed,\n", encoding="utf-8")
    found = run.json("import", path, "--dry-run")["tables"]["needs"]
    assert (found["added"], found["changed"], found["removed"], found["unchanged"]) == (1, 1, 1, 0)
    assert [row["use_case"] for row in found["rows"]["added"]] == ["UC03"]
    assert [row["use_case"] for row in found["rows"]["removed"]] == ["UC02"]
    assert [(row["use_case"], row["column"], row["before"], row["after"]) for row in found["rows"]["changed"]] == [
        ("UC01", "urgency", "3", "2")
    ]
    assert "needs: 1 added, 1 changed, 1 removed, 0 unchanged" in run("import", path, "--dry-run")
    assert Store(database).version() == 1
    assert list(Store(database).tables()["needs"]["use_case"]) == ["UC01", "UC02"]
    # What was announced is what happens.
    run("import", path)
    assert run.json("import", path, "--dry-run")["tables"]["needs"]["unchanged"] == 2


def test_a_dry_run_lists_errors_like_an_import(run: Command, tmp_path: Path):
    (tmp_path / "needs.csv").write_text(f"{NEEDS}\n01059083,UC01,9,survey,\n", encoding="utf-8")
    assert "column urgency" in run("import", tmp_path / "needs.csv", "--dry-run", code=2)


def test_a_port_in_use_is_named(run: Command):
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"The port {port} cannot be used: the port is in use." in run("run", "--port", str(port), code=2)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["profile", "set", "01059083", "missing.json"], "es gibt keine solche Datei"),
        (["profile", "set", "01059083", "cut.json"], "ab Zeile 1, Spalte 2 ist es kein JSON"),
        (["import", "text.xlsx"], "Die Datei ist keine Arbeitsmappe"),
        (["template", "missing/form.xlsx"], "es gibt keine solche Datei"),
    ],
)  # fmt: skip
def test_german_errors_are_german_throughout(
    arguments: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], database: str,
):  # fmt: skip
    assert database
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut.json").write_text("{")
    (tmp_path / "text.xlsx").write_text("no archive")
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert not re.search(r"\b(file|such|expecting|is)\b", said.lower())


# What is wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["partners", "99999999"],
        ["partners", "01059083", "--weights", "neer=1"],
        ["partners", "01059083", "--weights", "near=-1"],
        ["partners", "01059083", "--weights", "near=much"],
        ["partners", "01059083", "--weights", ",".join(f"{part}=0" for part in PARTS)],
        ["partners", "01059083", "--top", "0"],
        ["partners", "01059083", "--land", "XX"],
        ["partners", "01059083", "--max-km", "-1"],
        ["partners", "01059083", "--use-case", "UC99"],
        ["partners"],
        ["partners", "--all"],
        ["partners", "01059083", "--all"],
        ["projects", "99999999"],
        ["projects", "01059083", "--use-case", "UC99"],
        ["profile", "show", "1059083"],
        ["profile", "set", "01059083", "missing.json"],
        ["network", "--out", "network.png"],
        ["template", "template.csv"],
        ["template", "missing/template.xlsx"],
        ["simulate", "--n", "0", "--out", "package"],
        ["simulate", "--n", "5", "--unknown", "2", "--out", "package"],
        ["import", "missing.csv"],
        ["run", "--port", "99999"],
        ["run", "--port", "0"],
        ["--data", "missing", "register", "search", "Kiel"],
        ["test"],
    ],
    ids=" ".join,
)
def test_a_wrong_question_is_answered_with_one_line(
    arguments: list[str], run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    said = run(*arguments, code=2)
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["partners", "--all", "--out"], ["export"], ["network", "--out"]])
def test_a_place_that_cannot_be_written_is_named(arguments: list[str], run: Command, package: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "x.json"
    said = run("--data", package, *arguments, target, code=2)
    assert str(target) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["partners", "01059083", "--top", "many"], ["--lang", "fr"]])
def test_a_command_that_is_none_is_explained(arguments: list[str], run: Command):
    assert "usage:" in run(*arguments, code=2)


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("needs.csv", f"{NEEDS}\n1059083,UC01,9,survey,\n", ["needs.csv, row 2, column key, „1059083“: Must be a key",
                                                            "needs.csv, row 2, column urgency, „9“: Must be at most"]),
        ("needs.csv", f"{NEEDS}\n01059083,UC99,1,survey,\n", ["row 2, column use_case, „UC99“: Is not in the table"]),
        ("needs.csv", f"{NEEDS}\n01059083,UC01,\x1b[2J,survey,\n", ["row 2, column urgency, „\ufffd[2J“"]),
        ("needs.csv", f'{NEEDS}\n01059083,UC01,1,survey,"\n', ["needs.csv, row 2: From here on"]),
        ("needs.csv", f"{NEEDS}\n01059083,UC01,1\n", ["needs.csv, row 2, „01059083, UC01, 1“: The row has 3 cells"]),
        ("needs.csv", f"{NEEDS}\n" + "01059083,UC01,0,survey,\n" * 300, ["row 2, column urgency", "… and 399 more."]),
        ("needs.csv", "", ["needs.csv: The file is empty."]),
        ("needs.csv", f"{NEEDS}\n", ["needs.csv: The file has a header but no rows."]),
        ("needs.csv", NEEDS.encode("utf-16"), ["needs.csv: Not UTF-8 text"]),
        ("register.csv", "key,name\n01059083,Süderbrarup\n".encode("latin-1"),
         ["register.csv, row 2, column name, „S\ufffdderbrarup“: Not UTF-8 text",
          "column land: The column is missing."]),
        ("needs.csv", b"PK\3\4\0\0\0", ["needs.csv: The file is not text"]),
        ("other.csv", "a,b\n1,2\n", ["other.csv, row 1, „a, b“: Neither the name nor the header"]),
        ("package.xlsx", b"PK\3\4\0\0\0", ["package.xlsx: The file is no workbook (.xlsx)"]),
        ("folder/readme.txt", "no table", []),
        ("folder/profile.csv", "key\n01059083\n", ["profile.csv: Is no table of a data package. Is profiles meant?"]),
        ("register.csv", f"{REGISTER}\n99999999,Nirgendwo,SH,,,,,,x\n11111111,Falsch,HE,,,,,,x\n",
         ["row 2, column key, „99999999“: Keys in SH begin with 01.",
          "row 3, column key, „11111111“: Keys in HE begin with 06."]),
        ("register.csv", f"{REGISTER}\n01059083,Erfunden,SH,,,,,,simulated\n",
         ["row 2, column key, „01059083“: Is a real municipality"]),
        ("needs.csv", f"{NEEDS}\n01059083,UC01,1,simulated,\n00000001,UC01,1,simulated,\n",
         ["Errors in the import: 1.", "row 2, column provenance, „simulated“: 01059083 is a real municipality"]),
    ],
    ids=["key", "use case", "escape", "quote", "cells", "many", "empty", "header", "UTF-16", "Latin-1", "binary",
         "other table", "workbook", "folder", "mistyped table", "foreign Land", "simulated over real",
         "simulated need"],
)  # fmt: skip
def test_a_wrong_import_is_listed_and_changes_nothing(
    name: str, content: str | bytes, lines: list[str], run: Command, tmp_path: Path, databases
):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    url = databases.fresh()
    said = run("--database", url, "import", path if path.parent == tmp_path else path.parent, code=2)
    assert said.startswith("Error: ")
    for line in lines:
        assert line in said
    assert len(said.splitlines()) <= sheets.MOST_ISSUES + 2
    assert said.replace("\n", "").isprintable()
    store = Store(url)
    assert store.version() == 0
    assert all(frame.empty for frame in store.tables().values())


def test_a_name_of_a_file_cannot_steer_the_terminal(run: Command, tmp_path: Path, database: str):
    """Names of files may hold any bytes but a slash and zero, on the terminal and in the database."""
    path = tmp_path / "needs \x1b[2J\udcff\n.csv"
    try:
        path.write_text(f"{NEEDS}\n01059083,UC01,9,survey,\n", encoding="utf-8")
    except (OSError, UnicodeEncodeError):
        path = tmp_path / "needs \u202e.csv"  # systems that allow less still allow this
        path.write_text(f"{NEEDS}\n01059083,UC01,9,survey,\n", encoding="utf-8")
    said = run("import", path, code=2)
    assert said.replace("\n", "").isprintable()
    assert len(said.splitlines()) == 2
    path.write_text(f"{NEEDS}\n01059083,UC01,3,survey,\n", encoding="utf-8")
    run("import", path)
    assert Store(database).history("01059083")[0].what.isprintable()


def test_a_register_six_times_as_large_is_refused(run: Command, tmp_path: Path, database: str):
    header, rows = (sheets.SHIPPED / "register.csv").read_text(encoding="utf-8").split("\n", 1)
    (tmp_path / "register.csv").write_text(f"{header}\n{rows * 6}", encoding="utf-8")
    assert "more than 50,000 rows" in run("import", tmp_path / "register.csv", code=2)
    assert Store(database).version() == 0


def test_keys_that_stand_twice_are_all_found(run: Command, tmp_path: Path):
    header, rows = (sheets.SHIPPED / "register.csv").read_text(encoding="utf-8").split("\n", 1)
    (tmp_path / "register.csv").write_text(f"{header}\n{rows * 2}", encoding="utf-8")
    said = run("import", tmp_path / "register.csv", code=2)
    count = rows.count("\n")
    assert f"row {count + 2}, column key" in said
    assert f"… and {count - sheets.MOST_ISSUES:,} more." in said


# Start -----------------------------------------------------------------------------------------------------


def test_german_is_spoken_unless_english_is_asked_for(capsys: pytest.CaptureFixture[str]):
    for language, said in ([], "Fehler: "), (["--lang", "de"], "Fehler: "), (["--lang", "en"], "Error: "):
        assert cli.main([*language, "partners"]) == 2
        assert capsys.readouterr().err.startswith(said)


def test_whoever_stops_the_command_stops_the_app():
    port = free_port()
    health = f"http://localhost:{port}/_stcore/health"
    command = [sys.executable, "-m", "matchmaker", "run", "--no-browser", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        while not answers(health):
            assert program.poll() is None
            time.sleep(0.1)
        program.terminate()
    patience = time.monotonic() + 60
    while answers(health):
        assert time.monotonic() < patience
        time.sleep(0.1)


def test_help_answers_without_loading_what_takes_time():
    script = (
        "import sys\nfrom matchmaker import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "print('loaded:', {'pandas', 'numpy', 'scipy', 'sqlalchemy', 'streamlit'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "loaded: set()" in ran.stdout
    started = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "matchmaker", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    modules = {line.rpartition("|")[2].strip() for line in started.stderr.splitlines()}
    assert not {"pandas", "numpy"} & modules
    commands = ["register", "profile", "partners", "projects", "clusters", "network", "import", "export", "template",
                "report", "simulate", "run", "test"]  # fmt: skip
    assert all(command in started.stdout for command in commands)


def test_a_package_alone_is_only_looked_at(run: Command, package: Path):
    data = Workspace(package=package).load()
    assert len(data.profiles) == 20
    assert run.json("--data", package, "register", "search", "Berlin") == []
