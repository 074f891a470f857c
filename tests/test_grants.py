"""Grant rules and law: each line against a project made for it, unknown where the data cannot say."""

from dataclasses import replace
from pathlib import Path

import pytest

from matchmaker.catalogue import Catalogue
from matchmaker.grants import _NEIGHBOURS, check_grants, fitting_forms, saving_tests, situation
from matchmaker.message import Label, message
from matchmaker.model import LANDS, Consortium, CostShare, GrantCheck, Kind, Municipality, Span, Term
from matchmaker.sheets import SHIPPED
from matchmaker.workspace import Workspace


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Workspace(package=Path(SHIPPED)).load().catalogue


def town(key: str, land: str, kind: Kind = Kind.SMALL_TOWN) -> Municipality:
    return Municipality(key, f"Ort {key}", land, kind, 10_000, 50.0, 9.0, False)


def share(member: Municipality, alone: int, pays: int) -> CostShare:
    """Return a share that is the same in all cases."""
    return CostShare(member, alone, pays, *(Span(*[cents / 100] * 3) for cents in (alone, pays)))


def group(*members: Municipality, saving: float = 0.2, cautious: float = 0.1, years: float = 5) -> Consortium:
    """Return a group whose members would pay 100,000 euro each alone and save a share together."""
    alone = 100_000.0 * len(members)
    together = Span(alone * (1 - cautious), alone * (1 - saving), alone * (1 - saving))
    joint = round(together.central * 100)
    zero = Span(0, 0, 0)
    return Consortium(
        use_case="UC01", title=Label("", ""), lead=members[0], members=members, lead_operates=False,
        saving_eur=zero, saving_pct=100 * saving, alone_cents=(10_000_000,) * len(members), joint_cents=joint,
        fte_saved=zero, staff_days_saved=zero, access=(), curve=((len(members), 1.0),), notes=(),
        shares=tuple(share(m, 10_000_000, joint // len(members)) for m in members), years=years,
        terms=(Term("eur", message("all"), Span(alone, alone, alone), together, ()),),
    )  # fmt: skip


NW = tuple(town(f"0511100{i}", "NW") for i in range(4))
HE = tuple(town(f"0643100{i}", "HE") for i in range(4))


def grant(of: Consortium, catalogue: Catalogue, programme: str, on: str = "2026-06-01") -> GrantCheck:
    return next(check for check in check_grants(of, catalogue, on=on) if check.id == programme)


def verdicts(check: GrantCheck) -> dict[str, str]:
    return {line.asks.template.split(" {")[0]: line.verdict for line in check.lines}


def test_every_line_of_a_programme_that_fits(catalogue: Catalogue):
    check = grant(group(*NW[:3]), catalogue, "FU01")
    assert verdicts(check) == {
        "Is open": "met",
        "Covers digital projects": "met",
        "Least number of partners:": "met",
        "Saves at least": "met",
        "Lasts at least": "met",
        "Everything else that the programme asks for": "unknown",
    }
    # 175,000 for two partners and 35,000 for the third; 90 per cent of 240,000 would be more.
    assert check.grant_eur == 210_000
    # Council decisions and novelty cannot be computed, so nothing is promised.
    assert check.verdict == "unknown"
    assert (check.source, check.year) == ("Förderdatenbank des Bundes", 2025)
    assert check.url.startswith("https://")


@pytest.mark.parametrize(
    ("changed", "on", "line"),
    [
        ({"saving": 0.149}, "2026-06-01", "Saves at least"),
        ({"years": 4.0}, "2026-06-01", "Lasts at least"),
        ({}, "2027-01-01", "Is open"),
    ],
)
def test_one_condition_missed_is_the_verdict(catalogue: Catalogue, changed: dict[str, float], on: str, line: str):
    check = grant(group(*NW[:2], **changed), catalogue, "FU01", on)
    assert check.verdict == "not met"
    assert [asks for asks, verdict in verdicts(check).items() if verdict == "not met"] == [line]


def test_the_last_day_counts(catalogue: Catalogue):
    assert verdicts(grant(group(*NW[:2]), catalogue, "FU01", "2026-12-31"))["Is open"] == "met"


def test_exactly_fifteen_per_cent_is_enough_and_the_cautious_case_is_named(catalogue: Catalogue):
    line = next(
        line for line in grant(group(*NW[:2], saving=0.15), catalogue, "FU01").lines if "Saves" in line.asks.template
    )
    assert line.verdict == "met"
    assert dict(line.detail.values)["cautious"] == pytest.approx(0.1)


def test_partners_elsewhere_may_count_or_not(catalogue: Catalogue):
    assert verdicts(grant(group(HE[0], NW[0]), catalogue, "FU03"))["Least number of partners:"] == "not met"
    assert verdicts(grant(group(HE[0], *NW[:2]), catalogue, "FU03"))["Least number of partners:"] == "unknown"
    assert verdicts(grant(group(*HE[:3]), catalogue, "FU03"))["Least number of partners:"] == "met"


def test_the_grant_across_a_border_asks_for_one(catalogue: Catalogue):
    assert grant(group(NW[0], HE[0]), catalogue, "FU02").verdict == "unknown"
    assert grant(group(NW[0], HE[0]), catalogue, "FU02").grant_eur == 75_000
    assert grant(group(*NW[:2]), catalogue, "FU02").verdict == "not met"
    assert grant(group(*NW[:2], HE[0]), catalogue, "FU02").verdict == "not met"


@pytest.mark.parametrize(("members", "euro"), [(2, 50_000), (3, 75_000), (4, 100_000)])
def test_grants_by_number_of_partners(catalogue: Catalogue, members: int, euro: float):
    assert grant(group(*HE[:members]), catalogue, "FU03").grant_eur == euro


def test_a_grant_is_never_more_than_its_share_of_the_cost(catalogue: Catalogue):
    cheap = replace(group(*NW[:2]), joint_cents=1_000_000)
    assert grant(cheap, catalogue, "FU01").grant_eur == 9_000


def test_what_the_source_does_not_say_is_unknown(catalogue: Catalogue):
    city = town("02000000", "HH")
    check = grant(group(city, town("03000001", "NI")), catalogue, "FU12")
    assert check.grant_eur is None
    assert verdicts(check)["Is open"] == verdicts(check)["Least number of partners:"] == "unknown"
    # A programme for everybody is listed wherever the members lie.
    assert grant(group(city, NW[0]), catalogue, "FU22").verdict == "unknown"


def test_where_no_programme_is_known_none_may_fit(catalogue: Catalogue):
    check = grant(group(town("02000000", "HH"), town("02000001", "HH")), catalogue, "FU21")
    assert check.verdict == "not met"
    assert verdicts(check)["A programme is known"] == "not met"


def test_only_programmes_of_the_members_and_the_possible_ones_first(catalogue: Catalogue):
    found = check_grants(group(*NW[:2]), catalogue, on="2026-06-01")
    assert {check.id for check in found} == {"FU01", "FU02", "FU22"}
    missed = [check.verdict == "not met" for check in found]
    assert missed == sorted(missed)


def test_the_saving_of_each_and_of_all():
    made = group(*NW[:2])
    made = replace(made, shares=(share(NW[0], 10_000, 9_000), share(NW[1], 20_000, 15_000)))
    first, second, total = saving_tests(made, 15)
    assert (first.saving_pct, first.reached) == (pytest.approx(10), False)
    assert (second.saving_pct, second.reached) == (pytest.approx(25), True)
    assert (total.member, total.alone_cents, total.pays_cents, total.reached) == (None, 30_000, 24_000, True)
    nothing = replace(made, shares=(share(NW[0], 0, 0),))
    assert saving_tests(nothing, 15)[0].reached is None


def test_forms_in_one_land_across_neighbours_and_far_apart(catalogue: Catalogue):
    inside = fitting_forms(group(*NW[:2]), catalogue)
    assert all(form.sure for form in inside)
    assert {"LV13", "LV15"} <= {form.id for form in inside}
    assert not {form.id for form in inside} & {"LV05", "LV10"}

    near = {form.id: form for form in fitting_forms(group(NW[0], HE[0]), catalogue)}
    assert not near["LV10"].sure
    assert near["LV39"].sure
    # A working community of Hessen says nothing about other Länder.
    assert "LV08" not in near

    far = fitting_forms(group(town("16053000", "TH"), town("01059083", "SH")), catalogue)
    assert {form.id for form in far} == {"LV39", "LV41", "LV42"}


def test_a_cooperative_needs_three(catalogue: Catalogue):
    assert "LV40" not in {form.id for form in fitting_forms(group(*NW[:2]), catalogue)}
    assert "LV40" in {form.id for form in fitting_forms(group(*NW[:3]), catalogue)}


def test_a_district_with_its_municipalities_is_named():
    district = town("06431", "HE", Kind.DISTRICT)
    assert len(situation(group(district, *HE[:2]))) == 2
    assert len(situation(group(district, NW[0]))) == 1
    assert "{count} Länder" in situation(group(district, NW[0]))[0].template


def test_borders_are_mutual_and_complete():
    assert set(_NEIGHBOURS) == set(LANDS)
    assert all(land in _NEIGHBOURS[other].split() for land, others in _NEIGHBOURS.items() for other in others.split())
    # There are 29 borders between two of the 16 Länder.
    assert sum(len(others.split()) for others in _NEIGHBOURS.values()) == 2 * 29
