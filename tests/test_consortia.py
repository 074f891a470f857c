"""The best group against full enumeration, and money against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from matchmaker.catalogue import Assumption, Catalogue, UseCase
from matchmaker.consortia import best_group, options
from matchmaker.message import Label, message
from matchmaker.model import Consortium, Cooperation, Preferences
from matchmaker.profiles import Profiles
from matchmaker.service import split_by
from tests.strategies import make_profiles

NO_LABEL = Label("", "")
FIGURES = {
    "years": (5, 5, 5),
    "reference_population": (30_000, 30_000, 30_000),
    "fixed_share": (0.6, 0.7, 0.8),
    "rho": (0.3, 0.5, 0.7),
    "joining_eur": (1000, 2000, 4000),
    "joining_eur_per_km": (2, 6, 12),
    "other_land_eur": (1000, 3000, 8000),
    "coordination_eur": (500, 1000, 2500),
    "setup_days": (15, 25, 40),
    "running_fte": (0.05, 0.1, 0.2),
    "coordination_hours": (8, 16, 32),
    "lead_fte": (0.25, 0.5, 1.0),
    "hours_per_fte": (1500, 1600, 1650),
    "min_group": (2, 2, 2),
    "max_group": (7, 7, 7),
}


def cost(name: str, span: tuple[float, float]) -> Assumption:
    """Return a cost whose central case is the middle of its range, as in the table of use cases."""
    low, high = span
    return Assumption(name, message("cost"), "EUR", low, (low + high) / 2, high, "assumption", "", "", None, NO_LABEL)


def make_catalogue(one_off: tuple[float, float] = (10_000, 30_000), levels: float = 2.0) -> Catalogue:
    use_cases = tuple(
        UseCase(
            id=f"UC{c:02d}",
            title=NO_LABEL,
            pain=NO_LABEL,
            category="",
            relevance="all",
            one_off=cost(f"UC{c:02d}.one_off", one_off),
            yearly=cost(f"UC{c:02d}.yearly", (2_000, 6_000)),
            saving=(np.nan, np.nan),
            saving_unit=NO_LABEL,
            saving_status="",
            saving_source="",
            levels=(levels,) * 8,
            shared=NO_LABEL,
            open_source="",
            ai_act_class="",
            ai_act_note=NO_LABEL,
        )
        for c in (1, 2, 3)
    )
    assumptions = {
        name: Assumption(name, message("figure"), "", *map(float, values), "assumption", "", "", None, NO_LABEL)
        for name, values in FIGURES.items()
    }
    return Catalogue(use_cases, (), (), (), assumptions)


def central_saving(p: Profiles, column: int, group: tuple[int, ...], fixed: float) -> float:
    """Saving of a group, lead first, term by term from the definition."""
    operates = p.offer[:, column] == 4
    variable = (0.3 * fixed / 0.7) * p.population / 30_000
    alone = sum(fixed * (0.5 if operates[i] else 1) + variable[i] for i in group)
    lead = group[0]
    joint = fixed * (0.5 if operates[lead] else 1) + sum(variable[i] for i in group)
    for i in group[1:]:
        joint += 2000 + 6 * p.km_between(i, lead)[0, 0] + 3000 * (p.land[i] != p.land[lead])
    return float(alone - joint - 1000 * len(group) * (len(group) - 1) / 2)


def assert_coalitions_pay_their_best(
    p: Profiles, column: int, found: Consortium, leads: set[int], fixed: float
) -> None:
    """Every coalition pays what it would at best, led by one of its own or alone; the whole its joint cost."""
    rows = [p.row(m.key) for m in found.members]
    operates = p.offer[:, column] == 4
    alone = {i: fixed * (0.5 if operates[i] else 1) + 0.3 * fixed / 0.7 * p.population[i] / 30_000 for i in rows}
    assert found.coalition_cents[0] == 0
    assert found.coalition_cents[-1] == found.joint_cents
    assert tuple(found.coalition_cents[1 << place] for place in range(len(rows))) == found.alone_cents
    for mask in range(1, (1 << len(rows)) - 1):
        who = [row for place, row in enumerate(rows) if mask >> place & 1]
        savings = [central_saving(p, column, (lead, *(i for i in who if i != lead)), fixed) for lead in leads & {*who}]
        best = sum(alone[i] for i in who) - max([0.0, *savings])
        assert found.coalition_cents[mask] == pytest.approx(100 * best, abs=0.51)


@pytest.mark.parametrize("seed", range(500))
def test_best_group_equals_full_enumeration(seed: int):
    p = make_profiles(seed, 12, use_cases=3, unknown=0.1)
    catalogue = make_catalogue()
    fixed = 0.7 * (20_000 + 5 * 4_000)
    rng = np.random.default_rng(seed)
    asker = int(rng.integers(12))
    for column in range(3):
        usable = ~np.isnan(p.population) & ~np.isnan(p.lat) & ~np.isnan(p.lon)
        operates = p.offer[:, column] == 4
        mature = (p.maturity >= 2.0).all(axis=1)
        leads = [
            i
            for i in range(12)
            if usable[i] and ((operates[i] and not p.fte[i] < 0.5) or (mature[i] and p.fte[i] >= 0.5))
        ]
        joiners = {i for i in range(12) if usable[i] and p.need[i, column] > 0 and not operates[i]}
        if not operates[asker]:
            joiners.add(asker)
        best = None
        for lead in leads:
            others = sorted(joiners - {lead})
            for size in range(1, 7):
                for rest in combinations(others, size):
                    if asker in (lead, *rest):
                        saving = central_saving(p, column, (lead, *rest), fixed)
                        best = saving if best is None else max(best, saving)
        found = best_group(p, catalogue, asker, f"UC{column + 1:02d}", Preferences()) if usable[asker] else None
        if best is None or not usable[asker]:
            assert found is None
            continue
        assert found is not None
        assert found.saving_eur.central == pytest.approx(best)
        assert p.key[asker] in [m.key for m in found.members]
        assert found.lead == found.members[0]
        assert 2 <= len(found.members) <= 7
        assert found.saving_eur.low <= found.saving_eur.central <= found.saving_eur.high
        assert max(saving for _, saving in found.curve) == pytest.approx(best)
        assert_coalitions_pay_their_best(p, column, found, set(leads), fixed)


def two(km_apart_land: tuple[int, int] = (0, 0), *, operates: bool) -> Profiles:
    """Two towns of 30,000 at the same place: the first can lead, the second needs UC01."""
    base = make_profiles(0, 2, use_cases=3, unknown=0)
    return replace(
        base,
        lat=np.array([51.0, 51.0]),
        lon=np.array([10.0, 10.0]),
        land=np.array(km_apart_land),
        population=np.array([30_000.0, 30_000.0]),
        maturity=np.array([[4.0] * 8, [1.0] * 8]),
        fte=np.array([2.0, 0.2]),
        need=np.array([[0 if operates else 2, 0, 0], [3, 0, 0]], dtype=np.uint8),
        offer=np.array([[4 if operates else 0, 0, 0], [0, 0, 0]], dtype=np.uint8),
        simulated=np.zeros(2, bool),
    )


def test_a_case_by_hand():
    """C = 20,000 + 5 · 4,000 = 40,000; F = 28,000, v = 12,000 each; k = 2,000, one pair 1,000."""
    found = best_group(two(operates=False), make_catalogue(), 1, "UC01", Preferences())
    assert found is not None
    assert [round(cents / 100) for cents in found.alone_cents] == [40_000, 40_000]
    assert found.joint_cents == 55_000 * 100
    assert found.saving_eur.central == 25_000
    assert found.saving_pct == pytest.approx(31.25)
    # Low: C = 20,000, F = 12,000, k = 4,000, pair 2,500. High: C = 60,000, F = 48,000, k = 1,000, pair 500.
    assert (found.saving_eur.low, found.saving_eur.high) == (5_500, 46_500)
    assert found.fte_saved.central == pytest.approx(0.1 - 2 * 16 / 1600)
    assert found.staff_days_saved.central == 25
    assert [m.key for m in found.access] == ["00000001"]


def test_money_already_spent_is_no_saving():
    """Joining a running solution saves the joiner's fixed cost, not that of the one who paid it long ago."""
    found = best_group(two(operates=True), make_catalogue(), 1, "UC01", Preferences())
    assert found is not None
    assert found.lead_operates
    assert found.saving_eur.central == 25_000
    assert [round(cents / 100) for cents in found.alone_cents] == [26_000, 40_000]


def test_a_border_between_laender_costs():
    found = best_group(two((0, 1), operates=False), make_catalogue(), 1, "UC01", Preferences())
    assert found is not None
    assert found.saving_eur.central == 25_000 - 3_000


def test_no_saving_is_an_answer_and_is_said():
    cheap = make_catalogue(one_off=(100, 100))
    cheap = replace(cheap, use_cases=tuple(replace(u, yearly=cost(u.yearly.id, (50, 100))) for u in cheap.use_cases))
    found = best_group(two(operates=False), cheap, 1, "UC01", Preferences())
    assert found is not None
    assert found.saving_eur.central < 0
    assert "No saving expected" in found.notes[0].template


def test_what_cannot_be_reckoned_with_gives_no_group():
    p = two(operates=False)
    unknown_size = replace(p, population=np.array([30_000.0, np.nan]))
    assert best_group(unknown_size, make_catalogue(), 1, "UC01", Preferences()) is None
    nobody_leads = replace(p, fte=np.array([0.1, 0.1]))
    assert best_group(nobody_leads, make_catalogue(), 1, "UC01", Preferences()) is None
    unknown_cost = make_catalogue(one_off=(np.nan, np.nan))
    assert best_group(p, unknown_cost, 1, "UC01", Preferences()) is None
    assert best_group(p, make_catalogue(), 1, "UC01", Preferences(exclude=frozenset({"00000000"}))) is None


def test_a_lead_with_unknown_staff_is_named_as_a_question():
    p = replace(two(operates=True), fte=np.array([np.nan, 0.2]))
    found = best_group(p, make_catalogue(), 1, "UC01", Preferences())
    assert found is not None
    assert any("free staff" in note.template for note in found.notes)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_looking_at_the_nearest_leads_first_loses_nothing(seed: int, *, coarse: bool):
    """Among 400, where most leads are never looked at: every lead with its cheapest joiners, one after the other."""
    p = make_profiles(seed, 400, use_cases=3, unknown=0.1, coarse=coarse)
    fixed = 0.7 * (20_000 + 5 * 4_000)
    usable = ~np.isnan(p.population) & ~np.isnan(p.lat) & ~np.isnan(p.lon)
    operates = p.offer[:, 0] == 4
    mature = (p.maturity >= 2.0).all(axis=1)
    asker = int(np.flatnonzero(usable & ~operates)[0])
    best = {}
    for lead in np.flatnonzero(usable & ((operates & ~(p.fte < 0.5)) | (mature & (p.fte >= 0.5)))):
        cost = 2000 + 6 * p.km_between([lead], np.arange(400))[0] + 3000 * (p.land != p.land[lead])
        others = sorted(i for i in np.flatnonzero(usable & (p.need[:, 0] > 0) & ~operates) if i not in {lead, asker})
        cheapest = np.sort(cost[others])
        for size in range(2, 8):
            joiners = size - 1 - (lead != asker)
            spent = cheapest[:joiners].sum() + (cost[asker] if lead != asker else 0)
            saving = fixed * (size - 1) - spent - 1000 * size * (size - 1) / 2
            best[size] = max(best.get(size, -np.inf), saving)
    found = best_group(p, make_catalogue(), asker, "UC01", Preferences())
    assert found is not None
    assert dict(found.curve) == pytest.approx(best)
    assert found.saving_eur.central == pytest.approx(max(best.values()))


def groups() -> list[tuple[Profiles, int, Consortium]]:
    """Return best groups of random municipalities, each with the shares of its cost in proportion to going alone."""
    made = []
    for seed in range(20):
        p = make_profiles(seed, 30, use_cases=3, unknown=0.05)
        for asker in range(0, 30, 5):
            found = best_group(p, make_catalogue(), asker, "UC01", Preferences())
            if found is not None:
                made.append((p, asker, split_by(found, "stand_alone")))
    assert len(made) > 50
    return made


def test_the_lines_of_a_calculation_add_up_to_its_results():
    catalogue = make_catalogue()
    for _, _, found in groups():
        for quantity, saved in (("eur", found.saving_eur), ("fte", found.fte_saved), ("days", found.staff_days_saved)):
            lines = [term for term in found.terms if term.quantity == quantity]
            for case in ("low", "central", "high"):
                added = sum(getattr(t.alone, case) - getattr(t.together, case) for t in lines)
                assert added == pytest.approx(getattr(saved, case), abs=1e-6)
        for term in found.terms:
            assert term.rests_on
            assert set(term.rests_on) <= {*catalogue.assumptions, "UC01.one_off", "UC01.yearly"}


def test_a_smaller_group_and_another_lead_are_never_better():
    for p, asker, found in groups():
        size = len(found.members)
        smaller = best_group(p, make_catalogue(), asker, "UC01", Preferences(), largest=size - 1)
        if smaller is None:
            assert size == 2
        else:
            assert len(smaller.members) < size
            assert smaller.saving_eur.central <= found.saving_eur.central + 1e-6
            assert smaller.curve == tuple(point for point in found.curve if point[0] < size)
        other = best_group(p, make_catalogue(), asker, "UC01", Preferences(), other_leads=frozenset({found.lead.key}))
        if other is not None:
            assert other.lead != found.lead
            assert other.saving_eur.central <= found.saving_eur.central + 1e-6


def pair(catalogue: Catalogue, p: Profiles) -> Consortium:
    found = best_group(p, catalogue, 1, "UC01", Preferences())
    assert found is not None
    return split_by(found, "stand_alone")


def running(**changes: object) -> Cooperation:
    plain = Cooperation("K1", "Verbund", NO_LABEL, ("UC01",), NO_LABEL, 2024, "running", "https://x.de", ("00000000",))
    return replace(plain, **changes)


def test_ways_that_compete_by_hand():
    """F = 28,000, v = 12,000. Joining one member at no distance: 12,000 + 2,000 + 1,000 + 14,000/2 = 22,000."""
    catalogue = make_catalogue()
    p = two(operates=False)
    ways = options(p, catalogue, 1, {"new": pair(catalogue, p)}, [running()])
    assert [(way.kind, round(way.cost_eur.central)) for way in ways] == [
        ("join", 22_000),
        ("new", 27_500),
        ("alone", 40_000),
    ]
    assert [round(way.saving_eur.central) for way in ways] == [18_000, 12_500, 0]
    assert ways[0].evidence[0].url == "https://x.de"
    assert ways[0].assumed


def test_open_source_competes_alone_and_in_a_group():
    """Alone 14,000 + 12,000; the pair 14,000 + 24,000 + 3,000, half of it each."""
    plain = make_catalogue()
    catalogue = replace(plain, use_cases=tuple(replace(u, open_source="Offen") for u in plain.use_cases))
    p = two(operates=False)
    ways = options(p, catalogue, 1, {"new": pair(catalogue, p)}, [])
    assert [(way.kind, round(way.cost_eur.central)) for way in ways] == [
        ("new_open_source", 20_500),
        ("open_source", 26_000),
        ("new", 27_500),
        ("alone", 40_000),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "ended"},
        {"status": "suggested"},
        {"url": ""},
        {"use_cases": ("UC02",)},
        {"members": ("00000000", "00000001")},
        {"members": ("99999999",)},
    ],
)
def test_a_cooperation_that_cannot_be_joined_is_no_way(changes: dict[str, object]):
    catalogue, p = make_catalogue(), two(operates=False)
    ways = options(p, catalogue, 1, {"new": pair(catalogue, p)}, [running(**changes)])
    assert [way.kind for way in ways] == ["new", "alone"]


def test_doing_it_alone_comes_first_where_nothing_is_saved():
    cheap = make_catalogue(one_off=(100, 100))
    cheap = replace(cheap, use_cases=tuple(replace(u, yearly=cost(u.yearly.id, (50, 100))) for u in cheap.use_cases))
    p = two(operates=False)
    ways = options(p, cheap, 1, {"new": pair(cheap, p)}, [running()])
    assert ways[0].kind == "alone"
    assert ways[0].saving_eur.central == 0
    assert all(way.saving_eur.central < 0 for way in ways[1:])
