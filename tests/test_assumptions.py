"""Own values for assumptions: what depends on them follows, and what cannot be used is explained."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from matchmaker import plans, service
from matchmaker.assumptions import read_changes
from matchmaker.catalogue import CHANGED, Change
from matchmaker.consortia import best_group
from matchmaker.dataset import Dataset
from matchmaker.errors import EntryRejected, ImportRejected
from matchmaker.model import Preferences
from matchmaker.plans import Region
from matchmaker.portfolio import Limits
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


def test_the_cost_of_a_use_case_is_a_figure_like_all_others(data: Dataset):
    """By hand: C = 30,000 + 5 · 4,000 = 50,000 instead of 40,000; F = 35,000; saving 35,000 - 2,000 - 1,000."""
    own = make_catalogue().with_assumptions([Change("UC01.one_off", 20_000, 30_000, 40_000)])
    found = best_group(two(operates=False), own, 1, "UC01", Preferences())
    assert found is not None
    assert found.saving_eur.central == pytest.approx(32_000)
    other = best_group(two(operates=False), own, 1, "UC02", Preferences())
    assert other is not None
    assert other.saving_eur.central == pytest.approx(25_000)
    catalogue = service.with_assumptions(data, (Change("UC01.yearly", 1, 2, 3),)).catalogue
    once, yearly = catalogue.use_case("UC01").costs
    assert (yearly.status, yearly.source, yearly.year, yearly.note.de) == (CHANGED, "", None, "")
    assert once == data.catalogue.use_case("UC01").one_off
    assert once.source
    assert once.year == 2026


def test_an_unknown_cost_can_be_given():
    unknown = make_catalogue(one_off=(math.nan, math.nan))
    assert best_group(two(operates=False), unknown, 1, "UC01", Preferences()) is None
    own = unknown.with_assumptions([Change("UC01.one_off", 10_000, 20_000, 30_000)])
    found = best_group(two(operates=False), own, 1, "UC01", Preferences())
    assert found is not None
    assert found.saving_eur.central == 25_000


def test_a_use_case_that_costs_nothing_is_refused(data: Dataset):
    with pytest.raises(EntryRejected) as caught:
        service.with_assumptions(data, (Change("UC01.one_off", 0, 0, 1), Change("UC01.yearly", 0, 0, 1)))
    assert [issue.column for issue in caught.value.issues] == ["UC01.one_off"]


def test_a_plan_rests_on_own_costs(data: Dataset):
    """Everything ten times as dear: more is spared by doing it once."""
    costs = [cost for use_case in data.catalogue.use_cases for cost in use_case.costs]
    own = service.with_assumptions(data, [Change(c.id, 10 * c.low, 10 * c.central, 10 * c.high) for c in costs])
    before, after = (plans.plan_region(d, Limits(max_size=3), Region(lands=("NI",)), seconds=5) for d in (data, own))
    assert after.value_eur > 2 * before.value_eur > 0


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
