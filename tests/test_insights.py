"""Statements: supported by data planted for them, not by data planted against them, and silent about too few."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from matchmaker import cli, insights, service
from matchmaker.insights import Insight, Verdict, statistics
from matchmaker.message import Label
from matchmaker.model import KINDS, Consortium, Kind, Span
from matchmaker.profiles import Profiles
from tests.strategies import make_profiles, profile_sets

IDS = ("needs", "kinds", "towns", "small_towns", "data", "means", "strategy", "saving")
INHABITANTS = {Kind.CITY: 200_000.0, Kind.TOWN: 50_000.0, Kind.SMALL_TOWN: 10_000.0, Kind.RURAL: 2_000.0}
PER_KIND = 16


def municipalities(per_kind: int = PER_KIND, *, spread: float = 0.5, seed: int = 1) -> Profiles:
    """Real, fully assessed municipalities of all five kinds, alike but for chance in every respect."""
    n = 5 * per_kind
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 5
    key = np.array([f"{i:05d}" if KINDS[k] == Kind.DISTRICT else f"{i:08d}" for i, k in enumerate(kind)])
    order = np.argsort(key)
    people = np.array([INHABITANTS.get(KINDS[k], 150_000.0) for k in kind])[order]
    return replace(
        make_profiles(seed, n, use_cases=10, unknown=0),
        key=key[order],
        population=people,
        simulated=np.zeros(n, bool),
        maturity=np.clip(2.5 + rng.normal(0, spread, (n, 1)) + rng.normal(0, 0.5, (n, 8)), 0, 5),
        fte=people * rng.uniform(1e-5, 1e-4, n),
        budget_eur=people * rng.uniform(0.1, 5, n),
        need=np.ones((n, 10), np.uint8),
    )


def of_kind(profiles: Profiles, kind: Kind) -> np.ndarray:
    return profiles.kind == KINDS.index(kind)


def project(low: float, *, number: int = 0) -> Consortium:
    lead = make_profiles(0, 3).municipality(number % 3)
    return Consortium(
        use_case="UC01", title=Label("A", "A"), lead=lead, members=(lead,), lead_operates=False,
        saving_eur=Span(low, low + 1_000, low + 2_000), saving_pct=1.0, alone_cents=(1,), joint_cents=1,
        fte_saved=Span(0, 0, 0), staff_days_saved=Span(0, 0, 0), access=(), curve=((1, 0.0),), notes=(),
    )  # fmt: skip


def own_needs() -> Profiles:
    """Each kind needs two use cases of its own and none of the others."""
    p = municipalities()
    need = (np.arange(10)[None, :] // 2 == p.kind[:, None]).astype(np.uint8)
    return replace(p, need=need)


def kinds_apart() -> Profiles:
    p = municipalities(spread=0.05)
    return replace(p, maturity=np.clip(p.maturity + (p.kind[:, None] - 2) * 0.9, 0, 5))


def towns_wide(*, best_elsewhere: bool = False) -> Profiles:
    p = municipalities(spread=0.2)
    town = of_kind(p, Kind.TOWN)
    level = p.maturity.copy()
    level[town] += np.linspace(-2, 2, town.sum())[:, None]
    if best_elsewhere:
        level[np.flatnonzero(of_kind(p, Kind.CITY))[0]] = 5
    return replace(p, maturity=np.clip(level, 0, 5))


def small_towns_behind(columns: tuple[int, ...] = (1, 2, 3)) -> Profiles:
    p = municipalities()
    level = p.maturity.copy()
    level[np.ix_(of_kind(p, Kind.SMALL_TOWN), columns)] -= 1.2
    return replace(p, maturity=np.clip(level, 0, 5))


def weak_in(column: int) -> Profiles:
    p = municipalities()
    level = p.maturity.copy()
    level[:, column] = np.clip(level[:, column] - 1.5, 0, 5)
    return replace(p, maturity=level)


def means_decide(what: str) -> Profiles:
    p = municipalities()
    return replace(p, **{what: p.population * p.maturity.mean(axis=1) * 1e-4})


def strategy_apart() -> Profiles:
    """Maturity shares one level except for strategy, which is drawn on its own."""
    p = municipalities()
    level = p.maturity.copy()
    level[:, 0] = np.random.default_rng(9).uniform(0, 5, len(p))
    return replace(p, maturity=level)


def answers(profiles: Profiles, shipped, projects: list[Consortium] | None = None) -> dict[str, Insight]:
    found = insights.examine(profiles, shipped.catalogue, projects or [], planned=True)
    assert tuple(insight.id for insight in found) == IDS
    return {insight.id: insight for insight in found}


Planted = Callable[[], Profiles]


@pytest.mark.parametrize(
    ("statement", "planted"),
    [
        ("needs", municipalities),
        ("kinds", municipalities),
        ("towns", towns_wide),
        ("small_towns", small_towns_behind),
        ("data", lambda: weak_in(1)),
        ("means", municipalities),
        ("strategy", municipalities),
    ],
)
def test_data_planted_for_a_statement_support_it(shipped, statement: str, planted: Planted):
    assert answers(planted(), shipped)[statement].verdict == Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "against", "planted"),
    [
        ("needs", "each kind needs its own", own_needs),
        ("kinds", "each kind on a level of its own", kinds_apart),
        ("towns", "all spread alike", municipalities),
        ("towns", "the best is a city", lambda: towns_wide(best_elsewhere=True)),
        ("small_towns", "all alike", municipalities),
        ("small_towns", "behind in two of three", lambda: small_towns_behind((1, 2))),
        ("data", "each dimension equally often", municipalities),
        ("data", "technology instead", lambda: weak_in(5)),
        ("means", "money decides", lambda: means_decide("budget_eur")),
        ("means", "staff decides", lambda: means_decide("fte")),
        ("strategy", "drawn on its own", strategy_apart),
    ],
)
def test_data_planted_against_a_statement_do_not_support_it(shipped, statement: str, against: str, planted: Planted):
    assert answers(planted(), shipped)[statement].verdict == Verdict.NOT_SUPPORTED, against


@pytest.mark.parametrize("statement", IDS[:-1])
def test_three_municipalities_of_each_kind_are_too_few(shipped, statement: str):
    few = municipalities(3)
    if statement in {"data", "means", "strategy"}:  # these ask for ten altogether
        few = few.take(np.arange(9))
    found = answers(few, shipped)[statement]
    assert found.verdict == Verdict.TOO_FEW
    assert found.p is None
    assert found.figures[0].value is None


def test_few_municipalities_leave_open_what_a_strong_effect_could_hide_in(shipped):
    """Twelve municipalities without any planted relation: the range reaches from none to a strong one."""
    found = answers(municipalities().take(np.arange(12)), shipped)["means"]
    low, high = found.figures[0].low, found.figures[0].high
    assert low is not None
    assert high is not None
    assert low < 0
    assert high > 0.5
    assert found.verdict == Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("saving", "verdict"),
    [(30 * [5.0] + 2 * [-5.0], Verdict.SUPPORTED), (30 * [-5.0] + 2 * [5.0], Verdict.NOT_SUPPORTED),
     (8 * [5.0] + 8 * [-5.0], Verdict.TOO_FEW), (9 * [5.0], Verdict.TOO_FEW), ([], Verdict.TOO_FEW),
     (20 * [0.0], Verdict.NOT_SUPPORTED)],
)  # fmt: skip
def test_saving_of_joint_projects(shipped, saving: list[float], verdict: Verdict):
    found = answers(municipalities(), shipped, [project(low, number=i) for i, low in enumerate(saving)])["saving"]
    assert found.verdict == verdict
    assert found.n == len(saving)


def test_nobody_is_too_few_for_every_statement(shipped):
    found = answers(municipalities().take(np.array([], dtype=int)), shipped)
    assert {insight.verdict for insight in found.values()} == {Verdict.TOO_FEW}
    assert {insight.n for insight in found.values()} == {0}


def test_municipalities_that_are_all_alike_say_nothing_about_differences(shipped):
    p = municipalities()
    alike = answers(replace(p, maturity=np.full_like(p.maturity, 2.0)), shipped)
    for statement in ("kinds", "towns", "data", "means", "strategy"):
        assert alike[statement].verdict == Verdict.TOO_FEW


def test_unknown_values_leave_a_municipality_out(shipped):
    """Whoever has gaps counts as if he were not there, and never as zero."""
    p = small_towns_behind()
    gone = np.arange(len(p)) % 4 == 0
    level = np.where(gone[:, None], np.nan, p.maturity)
    unknown = replace(p, maturity=level, need_known=~gone, need=p.need * ~gone[:, None])
    with_gaps, without = answers(unknown, shipped), answers(p.take(~gone), shipped)
    for statement in IDS[:-1]:
        assert with_gaps[statement].figures == without[statement].figures
        assert with_gaps[statement].p == without[statement].p
        assert with_gaps[statement].n == without[statement].n


@given(profiles=profile_sets(most=60))
@settings(max_examples=25)
def test_any_data_give_eight_answers_with_figures_inside_their_ranges(shipped, profiles: Profiles):
    for insight in answers(profiles, shipped).values():
        assert insight.p is None or 0 <= insight.p <= 1
        assert 0 <= insight.simulated <= insight.n
        assert (insight.caveat is None) == (insight.simulated == 0)
        for figure in insight.figures:
            if figure.value is not None and figure.low is not None and figure.high is not None:
                assert figure.low - 1e-9 <= figure.value <= figure.high + 1e-9
        for row in insight.picture.rows:
            assert len(row) == len(insight.picture.columns)
            assert all(np.isfinite(cell) for cell in row if isinstance(cell, float))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_order_of_municipalities_changes_nothing(shipped, seed: int):
    p = towns_wide()
    shuffled = np.arange(len(p))
    for kind in range(5):  # keys tell the kind, so rows change places within their kind
        rows = np.flatnonzero(p.kind == kind)
        shuffled[rows] = np.random.default_rng(seed).permutation(rows)
    columns = ("maturity", "fte", "budget_eur", "need", "population")
    other = replace(p, **{name: getattr(p, name)[shuffled] for name in columns})
    before, after = answers(p, shipped), answers(other, shipped)
    for statement in IDS[:-1]:
        assert before[statement].verdict == after[statement].verdict
        assert before[statement].p == pytest.approx(after[statement].p)
        for a, b in zip(before[statement].figures, after[statement].figures, strict=True):
            assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high))


def test_variance_between_kinds_agrees_with_the_analysis_of_variance():
    values = [np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 4, 6, 5]), np.array([5.0, 5, 7])]
    f, p = stats.f_oneway(*values)
    eta = statistics.eta_squared(values)
    assert eta / (1 - eta) * 9 / 2 == pytest.approx(f)
    assert statistics.kinds_by_chance(values) == pytest.approx(p, abs=0.03)
    # At the ends of the range the F found has exactly 2.5 % of the chance on its far side.
    low, high = statistics.eta_interval(eta, 3, 12)
    assert stats.ncf.sf(f, 2, 9, 12 * low / (1 - low)) == pytest.approx(0.025, abs=1e-6) or low == 0
    assert stats.ncf.cdf(f, 2, 9, 12 * high / (1 - high)) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.001, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("n", [15, 10_750])
def test_the_range_of_the_variance_holds_for_small_and_large_figures(eta: float, n: int):
    low, high = statistics.eta_interval(eta, 5, n)
    assert 0 <= low <= high <= 1
    assert low <= eta <= high + 4 / (n - 5)


def test_spearman_partial_correlation_agrees_with_the_formula_of_three():
    rng = np.random.default_rng(3)
    x, y, z = rng.normal(size=(3, 40))
    y += x + z
    plain = statistics.correlation(x, y)
    assert plain is not None
    expected = stats.spearmanr(x, y)
    assert (plain[0], plain[3]) == pytest.approx((expected.statistic, expected.pvalue))
    a, b, c = (stats.spearmanr(*pair).statistic for pair in itertools.combinations((x, y, z), 2))
    partial = statistics.correlation(x, y, z)
    assert partial is not None
    assert partial[0] == pytest.approx((a - b * c) / np.sqrt((1 - b**2) * (1 - c**2)))
    # Bonett and Wright: the range in Fisher's z is 1.96 standard errors to either side.
    error = np.sqrt((1 + plain[0] ** 2 / 2) / 37)
    assert np.arctanh(plain[2]) - np.arctanh(plain[1]) == pytest.approx(2 * 1.959964 * error)


def test_what_money_explains_entirely_has_no_partial_correlation():
    x = np.arange(20.0)
    assert statistics.correlation(x, x[::-1] ** 3, 2 * x) is None
    assert statistics.correlation(x, x) == (1.0, 1.0, 1.0, 0.0)
    assert statistics.correlation(x[:9], x[:9]) is None


def test_holm_raises_probabilities_in_their_order():
    assert statistics.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert statistics.holm([]) == []


def test_lowest_dimension_by_chance_agrees_with_enumeration():
    """Three municipalities, two of them with ties: all equally likely outcomes are counted."""
    tied = np.array([1, 2, 2])
    outcomes = [
        sum(credit for credit, hit in zip((1, 0.5, 0.5), hits, strict=True) if hit)
        for hits in itertools.product((True, False), repeat=3)
    ]
    chances = [
        np.prod([t / 8 if hit else 1 - t / 8 for t, hit in zip(tied, hits, strict=True)])
        for hits in itertools.product((True, False), repeat=3)
    ]
    expected = sum(c for c, o in zip(chances, outcomes, strict=True) if o >= 1)
    assert statistics.lowest_by_chance(1 / 3, tied, 8) == pytest.approx(expected, abs=0.005)
    assert statistics.lowest_by_chance(0.5, np.ones(10, int), 8) == pytest.approx(stats.binom.sf(4, 10, 1 / 8))


def test_demand_depends_on_the_kind_where_the_chi_square_test_says_so():
    size = np.array([60, 60, 60])
    for demand in ([20, 22, 19], [30, 10, 20], [25, 18, 15]):
        table = np.array([demand, size - demand])
        expected = stats.chi2_contingency(table, correction=False).pvalue < 0.05
        assert statistics.depends(np.array(demand), size, np.random.default_rng(0)) == expected


def test_wilson_range_agrees_with_the_published_one():
    """81 of 263: Newcombe (1998), Statistics in Medicine 17, table I: 0.2553 to 0.3662."""
    assert statistics.wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_simulated_data_are_called_so_and_can_be_left_out(shipped):
    with_them = {insight.id: insight for insight in service.examine(shipped)}
    assert with_them["kinds"].simulated == with_them["kinds"].n == int(shipped.profiles.simulated.sum())
    assert "drawn to show" in with_them["kinds"].caveat.template
    mixed = with_them["needs"]
    assert 0 < mixed.simulated < mixed.n
    real = service.examine(shipped, simulated=False)
    assert all(insight.simulated == 0 and insight.caveat is None for insight in real)
    assert [insight.verdict for insight in real[1:7]] == 6 * [Verdict.TOO_FEW]


def test_a_plan_takes_the_place_of_the_best_projects(shipped):
    planned = [project(5.0, number=i) for i in range(20)]
    found = service.examine(shipped, planned=planned)[-1]
    assert (found.n, found.figures[0].value, found.verdict) == (20, 1.0, Verdict.SUPPORTED)
    basis = {"These are the projects of the plan."}
    assert basis & {v.template for _, v in found.explanation.values if hasattr(v, "template")}


@pytest.mark.usefixtures("database")
def test_on_the_command_line(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["insights", "--json"]) == 0
    statements = json.loads(capsys.readouterr().out)["statements"]
    assert [statement["id"] for statement in statements] == list(IDS)
    for statement in statements:
        assert {"id", "statement", "figure", "p", "verdict"} <= set(statement)
        assert statement["verdict"] in {"supported", "not supported", "too few data"}
    assert cli.main(["--lang", "en", "insights", "--no-simulated"]) == 0
    said = capsys.readouterr().out
    assert "Cannot be said from these data" in said
    assert "drawn to show" not in said
