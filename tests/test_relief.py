"""Hours that minutes with AI free: the published case, and what cannot be computed."""

from pathlib import Path

import pytest

from matchmaker import service
from matchmaker.catalogue import Catalogue, Change
from matchmaker.errors import BadInput
from matchmaker.relief import RESTS_ON, free_hours
from matchmaker.sheets import SHIPPED
from matchmaker.workspace import Workspace


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Workspace(package=Path(SHIPPED)).load().catalogue


def test_the_published_case(catalogue: Catalogue):
    """Two to three working days of eight hours become half a day: 12 to 20 hours for each set of minutes."""
    one = free_hours(catalogue, 1, 1)
    assert (one.hours.low, one.hours.central, one.hours.high) == (12, 16, 20)
    year = free_hours(catalogue, 24, 1)
    assert (year.hours.low, year.hours.high) == (288, 480)
    assert (year.fte.low, year.fte.high) == (pytest.approx(0.18), pytest.approx(0.30))
    district = free_hours(catalogue, 24, 11)
    assert (district.hours.low, district.hours.high) == (11 * 288, 11 * 480)
    assert district.fte.central == pytest.approx(11 * 24 * 16 / 1600)


def test_its_figures_are_sourced(catalogue: Catalogue):
    found = [catalogue.assumption(name) for name in RESTS_ON]
    assert all(one.status == "assumption" or (one.source and one.year) for one in found)
    assert {one.status for one in found[:2]} == {"published"}


def test_time_is_never_lost(catalogue: Catalogue):
    slower = catalogue.with_assumptions([Change("minutes_days_with_ai", 4, 4, 4)])
    assert free_hours(slower, 24, 1).hours.high == 0


@pytest.mark.parametrize(("sessions", "municipalities"), [(0, 1), (-1, 1), (2001, 1), (1, 0)])
def test_numbers_that_make_no_sense(catalogue: Catalogue, sessions: int, municipalities: int):
    with pytest.raises(BadInput):
        free_hours(catalogue, sessions, municipalities)


def test_only_where_a_published_case_allows_it():
    data = Workspace(package=Path(SHIPPED)).load()
    assert service.freed_hours(data, "UC02", 24) == ()
    assert [one.municipalities for one in service.freed_hours(data, "UC01", 24)] == [1, 11]
