"""Cost tables that users bring: read as meant, refused with every error, split on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from matchmaker import cli
from matchmaker.costtable import read_costs
from matchmaker.errors import ImportRejected

SKANE = """player,alone,marginal
A,21.95,17.36
H,17.08,9.85
K,10.91,0.82
L,15.88,6.40
M,20.81,12.90
T,21.98,14.06
"""
SCRB = {"A": 19.54, "H": 13.28, "K": 5.62, "L": 10.90, "M": 16.66, "T": 17.82}
PAIRS = "coalition,cost\nA,60\nB,60\nC,60\nA+B,90\nA+C,90\nC+B,100\nA+B+C,120\n"


def saved(content: str, folder: Path, name: str = "costs.csv") -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


def workbook(rows: list[list[object]], folder: Path) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "costs.xlsx")
    return folder / "costs.xlsx"


def issues(path: Path, **options: float) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ImportRejected) as caught:
        read_costs(path, **options)
    return [(issue.row, issue.column, issue.value) for issue in caught.value.issues]


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert cli.main(["--lang", "en", "share", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "content",
    [
        SKANE + "*,83.82,\n",
        SKANE + "Total,83.82,\n",
        SKANE.replace(",", ";").replace(".", ",") + "gesamt;83,82;\n",
        SKANE.replace("\n", ",83.82\n").replace("marginal,83.82", "marginal,total"),
        SKANE.replace("\n", ",\n").replace("marginal,", "marginal,total").replace("17.36,", "17.36,83.82"),
    ],
    ids=["star", "total", "german", "column", "column-once"],
)
def test_the_joint_cost_may_stand_in_a_row_or_a_column(content: str, tmp_path: Path):
    table = read_costs(saved(content, tmp_path))
    assert table.players == tuple(SCRB)
    assert table.cost[-1] == 8382
    assert table.cost[1] == 2195
    assert table.cost[0b111110] == 8382 - 1736
    assert np.isnan(table.cost).sum() == 64 - 2 - 12


def test_skane_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, saved(SKANE, tmp_path), "--total", "83.82")
    assert found["total"] == 83.82
    assert found["rules"]["scrb"]["amounts"] == pytest.approx(SCRB, abs=0.0101)
    assert found["rules"]["scrb"]["in_core"] is None
    assert found["rules"]["equal"]["pays_more_than_alone"] == ["K"]
    assert found["rules"]["shapley"] is None
    assert "subgroups" in found["not_computed"]["shapley"]
    assert found["recommended"] == "equal_saving"
    for split in found["rules"].values():
        if split is not None:
            assert set(split) >= {"amounts", "pays_more_than_alone", "in_core", "worst_coalition"}
            assert sum(round(100 * amount) for amount in split["amounts"].values()) == 8382


def test_all_coalitions_give_every_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, saved(PAIRS, tmp_path))
    assert list(found["rules"]) == [
        "equal",
        "inhabitants",
        "stand_alone",
        "equal_saving",
        "scrb",
        "shapley",
        "nucleolus",
    ]
    assert found["rules"]["inhabitants"] is None
    # By hand: A adds 60, 30, 30 or 20 to the cost; (2·60 + 30 + 30 + 2·20) / 6.
    assert found["rules"]["shapley"]["amounts"] == pytest.approx({"A": 36.67, "B": 41.67, "C": 41.66})
    assert found["rules"]["nucleolus"]["in_core"] is True
    assert found["core_empty"] is False


def test_some_coalitions_give_some_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, saved("coalition;cost\nA;60\nB;60,5\nC;60\n*;120\n", tmp_path))
    assert [rule for rule, split in found["rules"].items() if split] == ["equal", "stand_alone", "equal_saving"]
    assert found["rules"]["stand_alone"]["in_core"] is None


def test_text_for_people_names_amounts_and_objections(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--lang", "de", "share", str(saved(SKANE + "*,83.82,\n", tmp_path))]) == 0
    said = capsys.readouterr().out
    assert "Gemeinsame Kosten 83,82" in said
    assert "Mehr als allein zahlen: K." in said


def test_a_workbook_is_read_like_a_file(tmp_path: Path):
    table = read_costs(
        workbook(
            [["player", "alone", "marginal", "inhabitants"], ["-A", 0.1 + 0.2, 0.1, 10], ["B", 1, None, None],
             ["C", 1, 0.2, 30], ["*", 2]],
            tmp_path,
        )
    )  # fmt: skip
    assert table.players == ("-A", "B", "C")
    assert table.cost[[1, 2, 4, 7]].tolist() == [30, 100, 100, 200]
    assert table.inhabitants == (10, None, 30)
    assert table.cost[6] == 190
    assert np.isnan(table.cost[5])
    assert table.cost[3] == 180


def test_names_of_a_coalition_may_be_joined_by_semicolons(tmp_path: Path):
    plain = read_costs(saved(PAIRS, tmp_path))
    other = read_costs(saved(PAIRS.replace("+", " ; "), tmp_path, "other.csv"))
    assert other.players == plain.players
    assert other.cost.tolist() == plain.cost.tolist()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("player,alone\nA,5\nB,5\n", [(None, "", "")]),
        ("player,alone\nA,5\n*,8\ntotal,9\nB,5\n", [(None, "", "")]),
        ("player,alone\nA,5\n*,8\n", [(None, "", "")]),
        ("player,alone\n*,8\n", [(None, "", "")]),
        ("player,alone\n", [(None, "", "")]),
        ("name,alone\nA,5\n", [(1, "name", ""), (1, "player", "")]),
        ("player,alone,marginal\nA,-5,x\nA,5.123,1\n*,9,\n",
         [(2, "alone", "-5"), (2, "marginal", "x"), (3, "player", "A")]),
        ("player,alone,marginal\nA,5.123,1\nB,1,1\nC,7,10\n*,9,\n", [(2, "alone", "5.123"), (4, "marginal", "10")]),
        ("player,alone,marginal\nA,5,4\nB,4,4\n*,8,\n", [(3, "marginal", "4")]),
        ("coalition,cost\nA,5\nB,5\n", [(None, "", "")]),
        ("coalition,cost\nA,5\nB,5\nA+A,3\nA+,4\nA+B,8\n", [(4, "coalition", "A+A"), (5, "coalition", "A+")]),
        ("coalition,cost\nA,5\nB,5\nA+B,8\nB+A,8\n", [(5, "coalition", "B+A")]),
        ("coalition,cost\nA,5\nB,5\nA+B,8\n*,8\n", [(5, "coalition", "*")]),
        ("coalition,cost\nA,5\n", [(None, "", "")]),
        ("coalition,cost\n" + "".join(f"P{i},1\n" for i in range(21)) + "*,5\n", [(None, "", "")]),
    ],
)  # fmt: skip
def test_every_error_is_listed(content: str, found: list, tmp_path: Path):
    assert issues(saved(content, tmp_path)) == found


def test_a_joint_cost_given_twice_must_be_the_same(tmp_path: Path):
    path = saved(PAIRS, tmp_path)
    assert read_costs(path, total=120).cost[-1] == 12000
    assert issues(path, total=130) == [(8, "cost", "120")]
    assert issues(saved(SKANE + "*,83.82,\n", tmp_path), total=80) == [(None, "", "")]


def test_what_cannot_be_read_is_one_line_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["share", str(tmp_path / "none.csv")]) == 2
    assert cli.main(["share", str(saved(SKANE, tmp_path)), "--total", "-5"]) == 2
    assert cli.main(["share", str(saved(SKANE, tmp_path)), "--total", "nan"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
