"""Own values for assumptions: what depends on them follows, and what cannot be used is explained."""

from collections.abc import Callable
from pathlib import Path

import pytest

from matchmaker import service
from matchmaker.assumptions import read_changes
from matchmaker.catalogue import CHANGED, Change
from matchmaker.consortia import best_group
from matchmaker.dataset import Dataset
from matchmaker.errors import EntryRejected, ImportRejected
from matchmaker.model import Preferences
from matchmaker.sheets import SHIPPED
from matchmaker.workspace import Workspace
from tests.test_consortia import make_catalogue, two


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Workspace(package=Path(SHIPPED)).load()


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str], Path]:
    def save(text: str) -> Path:
        (tmp_path / "own.csv").write_text(text, encoding="utf-8")
        return tmp_path / "own.csv"

    return save


def test_what_depends_on_a_value_follows():
    """The case by hand of the consortia with a joining cost of 5,000 instead of 2,000 euro."""
    plain = make_catalogue()
    own = plain.with_assumptions([Change("joining_eur", 4_000, 5_000, 6_000)])
    before, after = (best_group(two(operates=False), c, 1, "UC01", Preferences()) for c in (plain, own))
    assert before is not None
    assert after is not None
    assert before.saving_eur.central - after.saving_eur.central == 3_000
    # The cautious case has the high joining cost.
    assert before.saving_eur.low - after.saving_eur.low == 2_000
    assert plain.span("joining_eur").central == 2_000


def test_the_period_follows():
    own = make_catalogue().with_assumptions([Change("years", 10, 10, 10)])
    found = best_group(two(operates=False), own, 1, "UC01", Preferences())
    assert found is not None
    # C = 20,000 + 10 · 4,000 = 60,000; F = 42,000; saving 42,000 - 2,000 - 1,000.
    assert found.years == 10
    assert found.saving_eur.central == pytest.approx(39_000)
    assert found.saving_a_year_eur.central == pytest.approx(3_900)


def test_an_own_value_loses_source_and_status(data: Dataset):
    own = service.with_assumptions(data, (Change("years", 7, 7, 7),)).catalogue.assumption("years")
    assert (own.status, own.source, own.source_url, own.year) == (CHANGED, "", "", None)
    assert own.title == data.catalogue.assumption("years").title


def test_a_file_is_read_with_points_or_decimal_commas(data: Dataset, saved: Callable[[str], Path]):
    expected = (Change("rho", 0.2, 0.4, 0.6), Change("years", 7, 7, 7))
    points = saved("id,low,central,high\nrho,0.2,0.4,0.6\nyears,7,7,7\n")
    assert read_changes(points, data.catalogue) == expected
    commas = saved("id;low;central;high\nrho;0,2;0,4;0,6\nyears;7;7;7\n")
    assert read_changes(commas, data.catalogue) == expected


def issues(path: Path, data: Dataset) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ImportRejected) as caught:
        read_changes(path, data.catalogue)
    assert caught.value.remedy is not None
    assert caught.value.where == str(path)
    return [(issue.row, issue.column, issue.rule.template) for issue in caught.value.issues]


def test_every_error_is_listed_with_its_row(data: Dataset, saved: Callable[[str], Path]):
    path = saved(
        "id,low,central,high\nrho,0.2,0.4,1.6\njoining_eur,3,2,1\nnonsense,1,2,3\nhours_per_fte,0,0,0\n"
        "max_group,7,6.5,7\nyears,5,5,5\n"
    )
    found = issues(path, data)
    assert [(row, column) for row, column, _ in found] == [
        (2, "high"),
        (3, "central"),
        (4, "id"),
        (5, "low"),
        (5, "central"),
        (5, "high"),
        (6, "central"),
        (6, "central"),
    ]
    assert found[0][2] == "Must be a number from {least} to {most}."
    assert found[1][2] == "Low must not be above central, nor central above high."


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("id,low,central\nrho,0.2,0.4\n", 1, "high"),
        ("id,low,central,high,more\nrho,0.2,0.4,0.6,1\n", 1, "more"),
        ("id,low,central,high\nrho,0.2,many,0.6\n", 2, "central"),
        ("id,low,central,high\nrho,0.2,,0.6\n", 2, "central"),
        ("id,low,central,high\nrho,0.2,0.4,0.6\nrho,0.2,0.4,0.6\n", 3, "id"),
        ("id,low,central,high\n", None, ""),
        ("", None, ""),
        ("id,low,central,high\nmin_group,8,8,8\n", None, "min_group"),
    ],
)
def test_what_is_wrong_with_a_file(
    data: Dataset, saved: Callable[[str], Path], text: str, row: int | None, column: str
):
    assert [(r, c) for r, c, _ in issues(saved(text), data)] == [(row, column)]


def test_a_file_that_is_not_there(data: Dataset, tmp_path: Path):
    assert len(issues(tmp_path / "none.csv", data)) == 1


@pytest.mark.parametrize(
    "change",
    [
        Change("rho", float("nan"), 0.5, 0.6),
        Change("joining_eur", -1, 0, 1),
        Change("years", 0, 5, 5),
        Change("nonsense", 1, 1, 1),
    ],
)
def test_values_that_cannot_be_used_change_nothing(data: Dataset, change: Change):
    with pytest.raises(EntryRejected) as caught:
        service.with_assumptions(data, (change,))
    assert caught.value.issues[0].column.startswith(change.id)
