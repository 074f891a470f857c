"""The survey: levels worked out by hand, by another way and for any order; what is wrong in a file is listed."""

from __future__ import annotations

import csv
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker import cli, exchange, service, survey
from matchmaker.answers import AnswerTable, read_answers
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput, ChangedMeanwhile, EntryRejected, ImportRejected
from matchmaker.model import DIMENSIONS, LEAST_RESPONDENTS
from matchmaker.simulate import DEMONSTRATION_SHEETS, DEMONSTRATION_SIZE, simulate_answers
from matchmaker.store import Store
from matchmaker.survey import Assessment, assess
from matchmaker.workspace import Workspace
from scripts import build_demonstration

HEADER = "key,respondent,item,answer\n"
KEYS = frozenset({"01059083", "01001000"})
ITEMS = tuple(f"D{d}{part}" for d in range(1, 9) for part in "abc")
DIMENSION = np.repeat(np.arange(8), 3)
REVERSE = np.tile([False, False, True], 8)
Rows = list[tuple[str, str, str, int]]


def saved(content: str | bytes, folder: Path, name: str = "answers.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def read(path: Path) -> AnswerTable:
    return read_answers(path, items=ITEMS, known=KEYS)


def issues(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ImportRejected) as caught:
        read(path)
    return [(issue.row, issue.column, issue.value) for issue in caught.value.issues]


def assessed(table: AnswerTable) -> Assessment:
    return assess(
        table.group, table.sheet, table.item, table.answer,
        groups=len(table.keys), dimension=DIMENSION, reverse=REVERSE,
    )  # fmt: skip


def result(rows: Rows, folder: Path) -> Assessment:
    text = HEADER + "".join(f"{k},{r},{i},{a}\n" for k, r, i, a in rows)
    return assessed(read(saved(text, folder)))


def random_rows(seed: int, n: int, *, left_out: float) -> Rows:
    rng = np.random.default_rng(seed)
    return [
        (key, f"p{person}", item, int(rng.integers(1, 6)))
        for person, key in enumerate(rng.choice(sorted(KEYS), size=n).tolist())
        for item in ITEMS
        if rng.random() >= left_out
    ]


# Figures ---------------------------------------------------------------------------------------------------------


def test_ten_respondents_worked_out_by_hand(tmp_path: Path):
    # Five answer 4, 4 and (turned round) 2: mean 4, level (4 - 1) · 5/4 = 3.75. Five answer 1, 1, 5: level 0.
    rows = [
        ("01059083", str(person), item, answer)
        for person in range(10)
        for item, answer in zip(("D1a", "D1b", "D1c"), (4, 4, 2) if person < 5 else (1, 1, 5), strict=True)
    ]
    found = result(rows, tmp_path)
    # Variance with n - 1 is 10 · 1.875² / 9 = 3.90625; its tenth is 0.390625 = 0.625².
    assert (found.level[0, 0], found.level_se[0, 0], found.half_steps[0, 0]) == (1.875, 0.625, 2.0)
    assert (found.counted[0, 0], found.respondents[0], found.sheets[0]) == (10, 10, 10)
    # Of the other dimensions nothing is known: not zero, and not suppressed either.
    assert np.isnan(found.level[0, 1:]).all()
    assert np.isnan(found.level_se[0, 1:]).all()
    assert not found.suppressed.any()


def test_a_respondent_counts_with_two_of_three_items_and_not_with_one(tmp_path: Path):
    two = [("01059083", str(p), item, 5) for p in range(10) for item in ("D2a", "D2b")]
    one = [("01059083", str(p), "D2a", 1) for p in range(10, 30)]
    found = result(two + one, tmp_path)
    assert (found.level[0, 1], found.level_se[0, 1], found.counted[0, 1]) == (5, 0, 10)
    assert (found.respondents[0], found.sheets[0]) == (10, 30)


@pytest.mark.parametrize(("level", "kept"), [(1, 0.0), (2, 1.5), (3, 2.5), (4, 4.0), (5, 5.0)])
def test_profiles_keep_half_steps_and_a_quarter_is_rounded_upwards(level: int, kept: float, tmp_path: Path):
    # Answers 1 to 5 are levels 0, 1.25, 2.5, 3.75 and 5.
    found = result([("01059083", str(p), i, level) for p in range(10) for i in ("D3a", "D3b")], tmp_path)
    assert found.level[0, 2] == (level - 1) * 1.25
    assert found.half_steps[0, 2] == kept


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), left_out=st.sampled_from([0.0, 0.1, 0.5, 0.9]))
def test_a_plain_groupby_gives_the_same(seed: int, n: int, left_out: float):
    frame = pd.DataFrame(random_rows(seed, n, left_out=left_out), columns=["key", "person", "item", "answer"])
    table = as_table(frame)
    found = assessed(table)
    turned = frame["answer"].where(~frame["item"].str.endswith("c"), 6 - frame["answer"])
    frame = frame.assign(dimension=frame["item"].str[:2], level=(turned - 1) * 1.25)
    persons = frame.groupby(["key", "person", "dimension"])["level"].agg(["mean", "size"])
    persons = persons[persons["size"] >= 2]["mean"]
    expected = persons.groupby(level=["key", "dimension"]).agg(["mean", "sem", "size"])
    for g, key in enumerate(table.keys):
        for d, name in enumerate(DIMENSIONS):
            mean, sem, size = expected.loc[(key, name)] if (key, name) in expected.index else (np.nan, np.nan, 0)
            assert found.counted[g, d] == size
            if size < LEAST_RESPONDENTS:
                assert np.isnan(found.level[g, d])
                assert np.isnan(found.level_se[g, d])
                assert found.suppressed[g, d] == (size > 0)
            else:
                assert found.level[g, d] == pytest.approx(mean, abs=1e-12)
                assert found.level_se[g, d] == pytest.approx(sem, abs=1e-9)


def as_table(frame: pd.DataFrame) -> AnswerTable:
    keys = tuple(sorted(set(frame["key"])))
    sheet, persons = pd.factorize(frame["key"] + " " + frame["person"])
    group = np.array([keys.index(str(person).split()[0]) for person in persons], dtype=np.int64)
    item = frame["item"].map(ITEMS.index).to_numpy(dtype=np.int64)
    return AnswerTable(keys, group, sheet.astype(np.int64), item, frame["answer"].to_numpy(dtype=np.int64))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_the_order_of_the_rows_does_not_matter(seed: int, n: int):
    frame = pd.DataFrame(random_rows(seed, n, left_out=0.2), columns=["key", "person", "item", "answer"])
    one, other = assessed(as_table(frame)), assessed(as_table(frame.sample(frac=1, random_state=seed)))
    for field in fields(Assessment):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), left_out=st.sampled_from([0.0, 0.3, 0.8]))
def test_levels_lie_within_the_scale_and_are_shown_only_from_ten_respondents_on(seed: int, n: int, left_out: float):
    frame = pd.DataFrame(random_rows(seed, n, left_out=left_out), columns=["key", "person", "item", "answer"])
    found = assessed(as_table(frame))
    shown = ~np.isnan(found.level)
    np.testing.assert_array_equal(shown, found.counted >= 10)
    np.testing.assert_array_equal(shown, ~np.isnan(found.level_se))
    assert ((found.level[shown] >= 0) & (found.level[shown] <= 5)).all()
    # Of values between 0 and 5 none spread more than half at each end.
    assert (found.level_se[shown] <= 2.5 / np.sqrt(found.counted[shown] - 1) + 1e-12).all()
    assert (found.respondents <= found.sheets).all()
    np.testing.assert_array_equal(found.respondents > 0, shown.any(axis=1))


@pytest.mark.parametrize(("item", "answer"), [([0, 0], [1, 2]), ([0, 1], [0, 5]), ([0, 1], [1, 6])])
def test_impossible_answers_are_refused_by_the_calculation_too(item: list[int], answer: list[int]):
    with pytest.raises(BadInput):
        assess(
            np.array([0]), np.array([0, 0]), np.array(item), np.array(answer),
            groups=1, dimension=DIMENSION, reverse=REVERSE,
        )  # fmt: skip


# Files -----------------------------------------------------------------------------------------------------------

SMALL = HEADER + "01059083,x,D1a,4\n01059083,y,D1a,\n01001000,x,D8c,1\n"


@pytest.mark.parametrize(
    "content",
    [
        SMALL,
        SMALL.rstrip("\n"),
        "\ufeff" + SMALL.replace("\n", "\r\n"),
        SMALL.replace("\n", "\r"),
        SMALL.replace(",", ";"),
        SMALL.replace(",", "\t"),
        SMALL.replace("\n", "\n\n"),
        "\n" + SMALL + ",,,\n",
        SMALL.replace(",", " , "),
        SMALL.replace("D1a", '"D1a"'),
        SMALL.replace("x", "'=x"),
        "item,answer,respondent,key\nD1a,4,x,01059083\nD1a,,y,01059083\nD8c,1,x,01001000\n",
    ],
)
def test_every_way_of_writing_the_answers_is_read_alike(content: str, tmp_path: Path):
    table = read(saved(content, tmp_path))
    assert table.keys == ("01001000", "01059083")
    # Three sheets: the same name in two municipalities is two people, and one has answered nothing.
    assert sorted(table.group.tolist()) == [0, 1, 1]
    given_ = {(table.keys[table.group[s]], ITEMS[i], int(a)) for s, i, a in zip(
        table.sheet, table.item, table.answer, strict=True)}  # fmt: skip
    assert given_ == {("01059083", "D1a", 4), ("01001000", "D8c", 1)}
    assert len(table.answer) == 2


def test_a_workbook_is_read_as_a_file_is(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in (["key", "respondent", "item", "answer"], ["01059083", 7, "D1a", 4], ["01059083", 7, "D1b", None]):
        book.active.append(row)
    book.save(tmp_path / "answers.xlsx")
    table = read(tmp_path / "answers.xlsx")
    assert (table.keys, table.item.tolist(), table.answer.tolist()) == (("01059083",), [0], [4])
    book.active.append(["01059083", 7, "D1a", 6])
    book.save(tmp_path / "answers.xlsx")
    assert issues(tmp_path / "answers.xlsx") == [(4, "answer", "6"), (4, "key, respondent, item", "01059083, 7, D1a")]


def test_every_error_is_listed_with_its_place(tmp_path: Path):
    content = HEADER + (
        "01059083,x,D1a,4\n"
        "1059083,x,D1b,4\n"
        "01059999,x,D1b,4\n"
        "01059083,,D1b,4\n"
        "01059083,x,D9a,4\n"
        "01059083,x,D1b,0\n"
        "01059083,x,D1c,4.5\n"
        "01059083,x,D2a,sehr\n"
        "01059083,x,D1a,4\n"
        ",x,,\n"
    )
    expected = [
        (3, "key", "1059083"),
        (4, "key", "01059999"),
        (5, "respondent", ""),
        (6, "item", "D9a"),
        (7, "answer", "0"),
        (8, "answer", "4.5"),
        (9, "answer", "sehr"),
        (10, "key, respondent, item", "01059083, x, D1a"),
        (11, "key", ""),
        (11, "item", ""),
    ]
    assert issues(saved(content, tmp_path)) == expected
    # The careful way, which a quotation mark asks for, finds the same.
    assert issues(saved(content.replace("sehr", '"sehr"'), tmp_path)) == expected


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", (None, "", "")),
        (b" \n", (None, "", "")),
        (HEADER.encode(), (None, "", "")),
        (b"key,respondent,item\n01059083,x,D1a\n", (1, "answer", "")),
        (b"key,respondent,item,answer,mood\n01059083,x,D1a,4,good\n", (1, "mood", "")),
        (b"key,respondent,item,item\n01059083,x,D1a,4\n", (1, "item", "")),
        ((HEADER + "01059083,Jörg,D1a,4\n").encode("latin-1"), (2, "respondent", "J\ufffdrg")),
        ((HEADER + "01059083,x,D1a,4\n").encode("utf-16"), (None, "", "")),
        ((HEADER + "01059083,x,D1a\n").encode(), (2, "", "01059083, x, D1a")),
        ((HEADER + "01059083,x,D1a,4,5\n01059083,x,D1b\n").encode(), (2, "", "01059083, x, D1a, 4, 5")),
        ((HEADER + "01059083,x,D1b\n01059083,x,D1a,4,5\n").encode(), (3, "", "01059083, x, D1a, 4, 5")),
        ((HEADER + '01059083,x,D1a,"4\n').encode(), (2, "", "")),
        ((HEADER + "01059083,x\x01,D1a,4\n").encode(), (2, "respondent", "x\x01")),
    ],
)
def test_what_cannot_be_a_survey_is_refused(content: bytes, place: tuple[int | None, str, str], tmp_path: Path):
    assert place in issues(saved(content, tmp_path))


def test_a_file_that_is_missing_or_no_workbook_is_refused(tmp_path: Path):
    assert issues(tmp_path / "none.csv") == [(None, "", "")]
    assert issues(saved("no workbook", tmp_path, "answers.xlsx")) == [(None, "", "")]


def test_of_very_many_errors_all_are_counted_and_the_first_listed(tmp_path: Path):
    lines = [f"01059083,p{i},D1a,{9 if i % 2 else 4}\n" for i in range(1_000)]
    with pytest.raises(ImportRejected) as caught:
        read(saved(HEADER + "".join(lines) + lines[0] * 300, tmp_path))
    assert caught.value.total == 500 + 300
    assert [issue.row for issue in caught.value.issues] == list(range(3, 403, 2))


CELLS = st.sampled_from(["01059083", "01001000", "x", "y", "D1a", "D1b", "1", "5", "6", "", " ", "'=1", "ä"])


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=5), max_size=8), end=st.sampled_from(["\n", "\r\n", ""]))
def test_the_quick_way_says_what_the_careful_way_says(
    rows: list[list[str]], end: str, tmp_path_factory: pytest.TempPathFactory
):
    body = "\n".join(",".join(row) for row in rows) + end
    folder = tmp_path_factory.mktemp("both")

    def said(header: str) -> object:
        try:
            table = read(saved(header + body, folder))
        except ImportRejected as error:
            return error.total, error.issues
        return table.keys, *(getattr(table, f.name).tolist() for f in fields(table) if f.name != "keys")

    # A quotation mark anywhere asks for the careful way.
    assert said(HEADER) == said(HEADER.replace("key", '"key"'))


# Questionnaire, command and demonstration ------------------------------------------------------------------------


def test_the_questionnaire_has_three_items_per_dimension_in_both_languages(shipped: Dataset):
    items = shipped.catalogue.questionnaire
    assert tuple(item.id for item in items) == ITEMS
    assert [item.dimension for item in items] == [d for d in DIMENSIONS for _ in range(3)]
    assert [item.reverse for item in items] == REVERSE.tolist()
    texts = [text for item in items for text in (item.text.de, item.text.en)]
    assert len(set(texts)) == 48
    assert all(text.endswith(".") for text in texts)


def twelve(key: str, answer: int = 4, people: int = 12) -> str:
    return "".join(f"{key},{person},{item},{answer}\n" for person in range(people) for item in ITEMS[:6])


def run(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    assert cli.main(["--lang", "en", *map(str, arguments)]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


@pytest.mark.usefixtures("database")
def test_the_command_shows_mean_error_and_respondents_and_what_is_not_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    file = saved(HEADER + twelve("01059083") + twelve("01001000", people=9), tmp_path)
    said = run(capsys, "survey", file)
    assert said.startswith("21 answer sheets with 126 answers, from 2 municipalities.")
    assert "D1  Strategy and steering" in said
    # Answers 4, 4 and, turned round, 2: mean 10/3, level 2.92.
    assert said.count("2.92 ± 0.00  (12 respondents)") == 2
    assert said.count("not shown: fewer than 10 respondents") == 2
    assert said.count("unknown") == 12
    answer = json.loads(run(capsys, "survey", file, "--json"))
    assert (answer["sheets"], answer["answers"], answer["saved"], answer["database"]) == (21, 126, [], "")
    suppressed, shown = answer["municipalities"]
    assert shown["dimensions"]["D1"] == {
        "mean": 2.9167, "se": 0.0, "level": 3.0, "respondents": 12, "suppressed": False,
    }  # fmt: skip
    assert suppressed["dimensions"]["D1"] == {
        "mean": None, "se": None, "level": None, "respondents": 9, "suppressed": True,
    }  # fmt: skip
    assert shown["dimensions"]["D3"]["respondents"] == 0


def test_saving_keeps_staff_and_money_and_says_where_levels_come_from(
    capsys: pytest.CaptureFixture[str], database: str, tmp_path: Path
):
    profiles = tmp_path / "profiles.csv"
    profiles.write_text(
        "key,D1,D2,D3,D4,D5,D6,D7,D8,fte,budget_eur,provenance,as_of\n"
        "01059083,1,1,1,1,1,1,1,1,2.5,30000,self-assessed,2025-01-01\n",
        encoding="utf-8",
    )
    run(capsys, "import", profiles)
    file = saved(HEADER + twelve("01059083") + twelve("00000001") + twelve("01001000", people=9), tmp_path)
    said = run(capsys, "survey", file, "--save", "--as-of", "2026-05-04")
    assert "2 profiles saved." in said
    assert "Not saved, since nothing can be shown of them: 01001000" in said
    table = Workspace(store=Store(database)).load().tables["profiles"].set_index("key")
    row = table.loc["01059083"]
    assert (row["D1"], row["D1_se"], row["respondents"]) == (3.0, 0.0, 12)
    assert np.isnan(row[["D3", "D8", "D3_se"]].to_numpy(dtype=float)).all()
    assert (row["fte"], row["budget_eur"], row["provenance"], row["as_of"]) == (2.5, 30000, "survey", "2026-05-04")
    assert table.loc["00000001", "provenance"] == "simulated"
    assert "01001000" not in table.index


def test_nothing_is_saved_where_one_row_is_wrong_or_the_date_is_none(
    capsys: pytest.CaptureFixture[str], database: str, tmp_path: Path
):
    file = saved(HEADER + twelve("01059083") + "01059083,0,D1a,4\n", tmp_path)
    assert "column key, respondent, item" in run(capsys, "survey", file, "--save", code=2)
    good = saved(HEADER + twelve("01059083"), tmp_path)
    assert "Must be a date" in run(capsys, "survey", good, "--save", "--as-of", "4.5.2026", code=2)
    assert Store(database).version() == 0


class Interrupted(Workspace):
    """A workspace in which others save a profile as soon as it has been read."""

    def load(self) -> Dataset:
        data = super().load()
        row = {"key": "01059083", "fte": 1.0, "provenance": "self-assessed", "as_of": "2026-01-01"}
        self.store.save({"profiles": pd.DataFrame([row])}, what="others")
        return data


def test_levels_are_not_saved_over_staff_that_others_changed_meanwhile(database: str, tmp_path: Path):
    place = Interrupted(store=Store(database))
    table = read(saved(HEADER + twelve("01059083"), tmp_path))
    levels = service.survey_levels(table, service.assess_survey(Workspace().load(), table))
    with pytest.raises(ChangedMeanwhile):
        place.save_levels(levels, as_of="2026-05-04", what="survey")
    assert Store(database).tables()["profiles"]["provenance"].tolist() == ["self-assessed"]
    # Now they save what is there already: nothing is lost.
    place.save_levels(levels, as_of="2026-05-04", what="survey")
    profile = Store(database).tables()["profiles"].iloc[0]
    assert (profile["fte"], profile["D1"], profile["provenance"]) == (1.0, 3.0, "survey")
    with pytest.raises(EntryRejected):
        place.save_levels(levels.assign(D1=7.0), as_of="2026-05-04", what="survey")


@pytest.mark.files_too  # the script makes a file of its own
def test_shipped_profiles_come_out_of_the_simulated_survey_byte_by_byte(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("MATCHMAKER_DATABASE_URL", "")  # set by the script, put back afterwards
    kept = tmp_path / "answers.csv"
    assert build_demonstration.main(["--check", "--answers", str(kept)]) == 0, capsys.readouterr().out
    with kept.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    sheets = {(key, person) for key, person, _, _ in rows}
    assert (len(sheets), len(rows)) == (DEMONSTRATION_SHEETS, DEMONSTRATION_SHEETS * len(ITEMS)) == (44_290, 1_062_960)
    assert len({key for key, _ in sheets}) == DEMONSTRATION_SIZE == 36


def test_simulated_answers_lead_back_to_the_levels_they_were_drawn_from(shipped: Dataset):
    drawn = service.simulated_package(shipped, n=20, seed=3)["profiles"]
    frame = simulate_answers(drawn, shipped.catalogue.questionnaire, sheets=20_000, seed=1)
    answered = frame[frame["answer"] != ""].rename(columns={"respondent": "person"})
    found = assessed(as_table(answered.assign(answer=answered["answer"].astype(int))))
    level = drawn.sort_values("key")[list(DIMENSIONS)].to_numpy(dtype=float)
    # At the ends of the scale nobody can answer beyond them, so that the mean is drawn inwards.
    inside = (level >= 1) & (level <= 4) & (found.counted >= 300)
    assert inside.sum() > 50
    assert np.abs(found.level - level)[inside].max() < 0.25
    assert frame.equals(simulate_answers(drawn, shipped.catalogue.questionnaire, sheets=20_000, seed=1))
    with pytest.raises(BadInput):
        simulate_answers(drawn, shipped.catalogue.questionnaire, sheets=100, seed=1)


def test_a_survey_of_an_exported_package_uses_its_questionnaire(
    shipped: Dataset, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    one = shipped.tables["questionnaire"].iloc[[0, 1]]
    exchange.write({**shipped.tables, "questionnaire": one}, tmp_path / "package")
    file = saved(HEADER + "".join(f"01059083,{p},{i},5\n" for p in range(10) for i in ("D1a", "D1b")), tmp_path)
    answer = json.loads(run(capsys, "--data", tmp_path / "package", "survey", file, "--json"))
    assert answer["municipalities"][0]["dimensions"]["D1"]["mean"] == 5.0
    assert "questionnaire" in run(
        capsys, "--data", tmp_path / "package", "survey", saved(HEADER + "01059083,1,D8c,5\n", tmp_path), code=2
    )


def test_too_few_answers_say_nothing(tmp_path: Path):
    found = result([("01059083", "x", "D1a", 5)], tmp_path)
    assert np.isnan(found.level).all()
    assert (found.counted.sum(), found.respondents[0], found.sheets[0]) == (0, 0, 1)
    empty = read(saved(HEADER + "01059083,x,D1a,\n", tmp_path))
    assert survey.LEAST_ANSWERED == 2
    assert assessed(empty).sheets.tolist() == [1]
