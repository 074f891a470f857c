"""Splitting a cost: no cent lost or made, every rule against a second way to its figures, and who would object."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from matchmaker.errors import BadInput
from matchmaker.message import Message
from matchmaker.model import SPLIT_MEANINGS, SPLIT_RULES, SPLIT_TITLES, Split
from matchmaker.sharing import by_stand_alone_cost, check, least_core_cents, share, split

COSTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(any)


@given(alone=COSTS, joint=st.integers(0, 10**10))
def test_shares_add_up_to_the_cent(alone: list[int], joint: int):
    shares = by_stand_alone_cost(alone, joint)
    assert sum(shares) == joint
    assert min(shares) >= 0
    for cents, pays in zip(alone, shares, strict=True):
        assert abs(pays - joint * cents / sum(alone)) < 1


@given(alone=COSTS, saved=st.integers(0, 10**9))
def test_nobody_pays_more_than_alone_while_there_is_a_saving(alone: list[int], saved: int):
    joint = max(0, sum(alone) - saved)
    assert all(pays <= cents for pays, cents in zip(by_stand_alone_cost(alone, joint), alone, strict=True))


@pytest.mark.parametrize(("alone", "joint"), [([], 5), ([0, 0], 5), ([-1, 3], 2), ([3], -1)])
def test_costs_that_cannot_be_split_are_refused(alone: list[int], joint: int):
    with pytest.raises(BadInput):
        by_stand_alone_cost(alone, joint)


# Games of coalitions ----------------------------------------------------------------------------------------

# Six municipalities of Skåne and their water, in hundredths of a million crowns (Young, Okada and Hashimoto 1982).
SKANE_ALONE = (2195, 1708, 1091, 1588, 2081, 2198)
SKANE_MARGINAL = (1736, 985, 82, 640, 1290, 1406)
SKANE_JOINT = 8382


def skane() -> np.ndarray:
    cost = np.full(64, np.nan)
    cost[[0, 63]] = 0, SKANE_JOINT
    for i in range(6):
        cost[1 << i], cost[63 - (1 << i)] = SKANE_ALONE[i], SKANE_JOINT - SKANE_MARGINAL[i]
    return cost


def members(mask: int) -> list[int]:
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def game_of(players: int, cost_of) -> np.ndarray:
    """Return the game in which the coalition of some players (a list) costs ``cost_of(list)``; nobody costs nothing."""
    return np.array([0.0, *(float(cost_of(members(mask))) for mask in range(1, 1 << players))])


@st.composite
def games(draw, least: int = 2, most: int = 5, top: int = 10**7) -> np.ndarray:
    players = draw(st.integers(least, most))
    costs = draw(st.lists(st.integers(0, top), min_size=2**players - 1, max_size=2**players - 1))
    return np.array([0, *costs], dtype=np.float64)


def project_game(variable: list[int], fixed: int, joining: list[int], coordination: int, rho: float = 0) -> np.ndarray:
    """Return the cost of a joint project: the first player leads and may run it already; without it all are alone.

    With the lead, F(1-ρ) + Σ v + Σ k + η·s(s-1)/2; the others save F - k each, before coordination.
    """

    def cost(who: list[int]) -> float:
        own = sum(variable[i] for i in who)
        if 0 not in who:
            return own + fixed * len(who)
        return (
            own + fixed * (1 - rho) + sum(joining[i] for i in who if i) + coordination * len(who) * (len(who) - 1) / 2
        )

    return game_of(len(variable), cost)


@st.composite
def concave_games(draw) -> np.ndarray:
    """Draw games in which joining a larger coalition never adds more: concave functions of weights, shared things."""
    players = draw(st.integers(2, 6))
    things = draw(
        st.lists(st.tuples(st.integers(1, 10**6), st.sets(st.integers(0, players - 1), min_size=1)), min_size=1)
    )
    # Each thing costs its price as soon as anybody of those who use it takes part: a sum of concave games.
    return game_of(players, lambda who: sum(price for price, users in things if users & set(who)))


def amounts(cost: np.ndarray, rule: str, **options) -> tuple[int, ...]:
    found = split(cost, rule, **options)
    assert isinstance(found, Split)
    assert found.adds_up
    assert sum(found.cents) == cost[-1]
    return found.cents


def test_the_published_split_of_skane():
    published = (1954, 1328, 562, 1090, 1666, 1782)
    assert all(abs(a - b) <= 1 for a, b in zip(amounts(skane(), "scrb"), published, strict=True))


def test_what_can_be_said_of_skane_and_what_cannot():
    found = share([f"town {i}" for i in range(6)], skane())
    assert [one.rule for one in found.splits] == ["equal", "stand_alone", "equal_saving", "scrb"]
    assert [rule for rule, _ in found.missing] == ["inhabitants", "shapley", "nucleolus"]
    assert found.splits[0].pays_more == (2,)
    assert found.splits[0].in_core is False
    # By cost alone the fourth and others pay less than they add, so the other five would gain without them.
    by_cost = found.splits[1]
    assert by_cost.pays_more == ()
    assert by_cost.in_core is False
    for i in range(6):
        rest = sum(by_cost.cents) - by_cost.cents[i]
        if rest - (SKANE_JOINT - SKANE_MARGINAL[i]) >= 5:
            assert by_cost.gain_cents >= rest - (SKANE_JOINT - SKANE_MARGINAL[i])
    assert found.splits[3].in_core is None
    assert found.splits[3].worst == ()
    assert found.core_empty is None
    assert found.least_core_cents is not None
    assert found.least_core_cents < 0
    # By cost alone the others would gain without the first; by equal saving nobody known would.
    assert found.recommended == "equal_saving"


@given(cost=games())
def test_shapley_is_the_mean_over_all_orders_of_joining(cost: np.ndarray):
    players = len(cost).bit_length() - 1
    total = [0] * players
    orders = list(permutations(range(players)))
    for order in orders:
        before = 0
        for i in order:
            total[i] += int(cost[before | 1 << i] - cost[before])
            before |= 1 << i
    exact = [Fraction(t, len(orders)) for t in total]
    assert all(abs(got - want) < 1 for got, want in zip(amounts(cost, "shapley"), exact, strict=True))
    # With costs a multiple of n! every share is a whole number of cents, and must be met exactly.
    scaled = amounts(cost * len(orders), "shapley")
    assert scaled == tuple(total)


@given(cost=games(least=3, most=5, top=1000), factor=st.just(120))
def test_shapley_treats_equals_equally_and_asks_nothing_of_who_adds_nothing(cost: np.ndarray, factor: int):
    players = len(cost).bit_length() - 1
    low = (1 << players) // 4
    alike = cost.copy()
    for mask in range(len(cost)):
        # The last two players take each other's place at the same cost.
        one, other = mask >> (players - 2) & 1, mask >> (players - 1) & 1
        if (one, other) == (0, 1):
            alike[mask] = alike[mask - low]
    shares = amounts(alike * factor, "shapley")
    assert shares[-1] == shares[-2]
    nobody_more = np.concatenate((cost, cost))
    assert amounts(nobody_more * factor * 6, "shapley")[-1] == 0


@given(
    parts=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=2, max_size=7),
    fixed=st.integers(0, 10**7),
    coordination=st.integers(0, 10**5),
    rho=st.sampled_from([0.0, 0.5]),
)
def test_shapley_of_a_joint_project_has_a_closed_form(
    parts: list[tuple[int, int]], fixed: int, coordination: int, rho: float
):
    """What joining saves is halved with the lead; coordination is halved in pairs with the lead, and each pair of
    joiners shares its part by three with the lead that brings them together."""
    variable, joining = ([12 * part[column] for part in parts] for column in (0, 1))
    fixed, coordination = 12 * fixed, 12 * coordination
    players = len(parts)
    lead = variable[0] + fixed * (1 - rho)
    expected = [0.0]
    for i in range(1, players):
        half = (fixed - joining[i] - coordination) / 2
        lead -= half
        expected.append(variable[i] + fixed - half + coordination * (players - 2) / 3)
    expected[0] = lead + coordination * (players - 1) * (players - 2) / 6
    cost = project_game(variable, fixed, joining, coordination, rho)
    assert amounts(cost, "shapley") == tuple(expected)


@settings(max_examples=40)
@given(joining=st.lists(st.integers(0, 10**6), min_size=2, max_size=7))
def test_where_nothing_works_without_the_lead_it_takes_half_of_each_saving(joining: list[int]):
    cost = project_game([10**6] * len(joining), 2 * 10**6, [2 * k for k in joining], 0)
    shares = amounts(cost, "nucleolus")
    assert shares == amounts(cost, "shapley")
    assert shares[1:] == tuple(2 * 10**6 + k for k in joining[1:])


@given(cost=concave_games())
def test_where_joining_more_never_adds_more_shapley_lies_in_the_core(cost: np.ndarray):
    found = split(cost, "shapley")
    assert isinstance(found, Split)
    assert found.in_core is True
    assert found.pays_more == found.worst == ()
    assert (least_core_cents(cost) or 0) <= 0


@pytest.mark.parametrize("seed", range(40))
def test_the_nucleolus_of_three_is_the_best_of_all_splits(seed: int):
    rng = np.random.default_rng(seed)
    cost = 12.0 * rng.integers(0, 8, 8)
    cost[0] = 0
    # Shares of three are whole multiples of a twelfth of the step of the costs.
    first, second = (axis.ravel() for axis in np.meshgrid(np.arange(-200, 300), np.arange(-200, 300)))
    third = cost[-1] - first - second
    excess = np.column_stack(
        (first - cost[1], second - cost[2], first + second - cost[3], third - cost[4], first + third - cost[5],
         second + third - cost[6])
    )  # fmt: skip
    excess = -np.sort(-excess, axis=1)
    alone = (first <= cost[1]) & (second <= cost[2]) & (third <= cost[4])
    if alone.any():
        first, second, third, excess = first[alone], second[alone], third[alone], excess[alone]
    best = np.lexsort(excess.T[::-1])[0]
    assert amounts(cost, "nucleolus") == (first[best], second[best], third[best])


@pytest.mark.parametrize(
    ("estate", "awards"),
    [(100, (Fraction(100, 3),) * 3), (200, (50, 75, 75)), (300, (50, 100, 150))],
)
def test_the_nucleolus_divides_the_estates_of_the_talmud(estate: int, awards: tuple):
    """Aumann and Maschler 1985: claims of 100, 200 and 300; what is lost of the claims is the cost."""
    claims = (300, 600, 900)
    cost = game_of(
        3,
        lambda who: sum(claims[i] for i in who) - max(0, 3 * estate - sum(claims[i] for i in range(3) if i not in who)),
    )
    assert amounts(cost, "nucleolus") == tuple(c - 3 * award for c, award in zip(claims, awards, strict=True))


def test_nucleolus_and_shapley_of_a_runway():
    """Littlechild 1974: who needs the longer runway pays for it; three landings of 60, 120 and 180."""
    cost = game_of(3, lambda who: max((60, 120, 180)[i] for i in who))
    assert amounts(cost, "shapley") == (20, 50, 110)
    # Nucleolus: r_1 = min(60/2, 120/2, 180/2... ) = 30, then min((120-30)/2, ...) = 45, the last pays what is left.
    assert amounts(cost, "nucleolus") == (30, 45, 105)


@settings(max_examples=40)
@given(cost=games(least=3, most=5, top=1000))
def test_nobody_can_be_helped_at_no_cost_to_those_who_complain_more(cost: np.ndarray):
    """Kohlberg 1971: a split is the nucleolus exactly when this holds at every height of complaint."""
    players = len(cost).bit_length() - 1
    cost = cost * 10_000
    shares = np.array(amounts(cost, "nucleolus"), dtype=np.float64)
    inside = np.array([[mask >> i & 1 for i in range(players)] for mask in range(1, len(cost) - 1)], dtype=float)
    complaint = inside @ shares - cost[1:-1]
    alone = cost[1 << np.arange(players)]
    # Who pays as much as alone may not be asked for more, where there is a saving.
    full = np.eye(players)[np.abs(shares - alone) <= 2 * players] if alone.sum() >= cost[-1] else np.empty((0, players))
    # Rounding moves a complaint by less than a cent for each player; real ones lie much further apart.
    heights = np.sort(complaint)
    for height in heights[np.append(True, np.diff(heights) > 2 * players)]:
        loud = inside[complaint >= height - 2 * players]
        helped = linprog(
            loud.sum(axis=0), A_ub=np.vstack((loud, full)), b_ub=np.zeros(len(loud) + len(full)),
            A_eq=np.ones((1, players)), b_eq=[0],
            bounds=(-1, 1), method="highs-ipm",
        )  # fmt: skip
        assert helped.fun == pytest.approx(0, abs=1e-6)


@settings(max_examples=40)
@given(cost=games(most=6))
def test_the_least_core_equals_the_dearest_balanced_collection(cost: np.ndarray):
    """Bondareva and Shapley: the dual program over balanced weights of coalitions, by another method."""
    players = len(cost).bit_length() - 1
    inside = np.array([[mask >> i & 1 for mask in range(1, len(cost) - 1)] for i in range(players)], dtype=float)
    # max  price·c(N) - Σ λ_S c(S)  with Σ λ_S [i in S] = price for each i, Σ λ = 1
    rows = np.vstack((np.column_stack((inside, -np.ones(players))), [[1.0] * inside.shape[1] + [0.0]]))
    found = linprog(
        [*cost[1:-1], -cost[-1]], A_eq=rows, b_eq=[0.0] * players + [1.0],
        bounds=[(0, None)] * inside.shape[1] + [(None, None)], method="highs-ipm",
    )  # fmt: skip
    least = least_core_cents(cost)
    assert least == pytest.approx(-found.fun, abs=1 + 1e-6 * cost.max())
    nucleolus = split(cost, "nucleolus")
    assert isinstance(nucleolus, Split)
    excess = max(sum(nucleolus.cents[i] for i in members(mask)) - cost[mask] for mask in range(1, len(cost) - 1))
    if least <= 0 or nucleolus.pays_more:
        assert excess == pytest.approx(least, abs=players + 1)
    assert excess >= least - players - 1
    assert bool(nucleolus.pays_more) == (cost[-1] > cost[1 << np.arange(players)].sum())
    assert nucleolus.in_core is (nucleolus.gain_cents == 0)


def test_a_game_of_twenty_is_split_by_every_rule():
    size = np.bitwise_count(np.arange(2**20))
    found = share([str(i) for i in range(20)], 12_000.0 * np.sqrt(size).round(2).round(0), inhabitants=[1] * 20)
    assert [one.rule for one in found.splits] == list(SPLIT_RULES)
    assert len({one.cents for one in found.splits}) == 1, "twenty that are alike pay the same"


def test_every_rule_adds_up_on_ten_thousand_games():
    rng = np.random.default_rng(0)
    for number in range(10_000):
        players = int(rng.integers(2, 6))
        cost = rng.integers(1, 10 ** int(rng.integers(1, 12)), 2**players).astype(np.float64)
        cost[0] = 0
        # Linear programs take their time: every fiftieth game.
        rules = SPLIT_RULES if number % 50 == 0 else SPLIT_RULES[:-1]
        people = [int(p) for p in rng.integers(1, 10**6, players)]
        for rule in rules:
            assert len(amounts(cost, rule, inhabitants=people)) == players


@given(cost=games(top=1000), data=st.data())
def test_checks_are_those_of_going_through_all_subgroups(cost: np.ndarray, data: st.DataObject):
    players = len(cost).bit_length() - 1
    cents = data.draw(st.lists(st.integers(-100, 1000), min_size=players, max_size=players))
    found = check(cost, cents)
    subgroups = chain.from_iterable(combinations(range(players), size) for size in range(1, players))
    gains = {who: sum(cents[i] for i in who) - cost[sum(1 << i for i in who)] for who in subgroups}
    better = {who: gain for who, gain in gains.items() if gain >= len(who)}
    assert found.adds_up == (sum(cents) == cost[-1])
    assert found.pays_more == tuple(i for i in range(players) if cents[i] > cost[1 << i])
    assert found.gain_cents == max(better.values(), default=0)
    assert found.worst in better if better else found.worst == ()
    assert found.gain_cents == better.get(found.worst, 0)
    assert found.in_core is (found.adds_up and not better)


@given(cost=games(top=1000), hidden=st.data())
def test_what_is_unknown_never_turns_into_an_answer(cost: np.ndarray, hidden: st.DataObject):
    """An answer that is given with some costs unknown is the same whatever they are."""
    players = len(cost).bit_length() - 1
    gaps = hidden.draw(st.sets(st.integers(1, len(cost) - 2), min_size=1)) if players > 1 else set()
    partial = cost.copy()
    partial[list(gaps)] = np.nan
    names = [str(i) for i in range(players)]
    whole, part = share(names, cost), share(names, partial)
    full = {one.rule: one for one in whole.splits}
    for one in part.splits:
        assert one.cents == full[one.rule].cents
        assert one.in_core in {None, full[one.rule].in_core}
        assert set(one.pays_more) <= set(full[one.rule].pays_more)
    assert part.core_empty in {None, whole.core_empty}
    if part.least_core_cents is not None:
        assert part.least_core_cents <= (whole.least_core_cents or 0) + 1


def test_with_unknown_costs_a_core_is_called_empty_only_beyond_the_rounding_of_cents():
    """One cent to split: a split passes where all costs are known, so hiding one must not say that none does."""
    cost = np.zeros(16)
    cost[8] = cost[15] = 1
    partial = cost.copy()
    partial[1] = np.nan
    players = list("abcd")
    assert share(players, cost).core_empty is False
    assert share(players, partial).core_empty is None
    assert share(players, 1000 * partial).core_empty is True
    assert share(players, 1000 * cost).core_empty is True


@given(cost=games(top=10**5))
def test_the_recommended_rule_is_the_simplest_that_holds(cost: np.ndarray):
    players = len(cost).bit_length() - 1
    found = share([f"P{i}" for i in range(players)], cost)
    alone = cost[1 << np.arange(players)].sum()
    holds = {one.rule: bool(one.in_core) and not one.pays_more for one in found.splits}
    preferred = [rule for rule in ("stand_alone", "equal_saving", "scrb", "shapley", "nucleolus") if holds.get(rule)]
    if cost[-1] > alone:
        assert found.recommended == ""
        assert "lose" in found.reason.template
    elif preferred:
        assert found.recommended == preferred[0]
        assert found.core_empty is False
    elif found.recommended:
        assert not next(one for one in found.splits if one.rule == found.recommended).pays_more
        assert found.core_empty is True
        assert found.reason.template.startswith("No split satisfies every subgroup")


def test_an_empty_core_is_said():
    """Any two do it for 60, all three for 120: two can always leave together."""
    cost = game_of(3, lambda who: {1: 6000, 2: 6000, 3: 12000}[len(who)])
    found = share(["A", "B", "C"], cost)
    assert found.core_empty is True
    assert found.least_core_cents == 2000
    assert found.recommended == "stand_alone"
    assert found.splits[0].worst == (0, 1)
    assert found.splits[0].gain_cents == 2000


def test_a_solution_that_only_pays_for_all_is_in_the_core_however_it_is_split():
    cost = game_of(3, lambda who: 100 * len(who) if len(who) < 3 else 90)
    assert share(["A", "B", "C"], cost).recommended == "stand_alone"


@given(cost=games(), rule=st.sampled_from(["stand_alone", "equal_saving", "scrb"]))
def test_rules_follow_their_formula(cost: np.ndarray, rule: str):
    players = len(cost).bit_length() - 1
    alone = [int(cost[1 << i]) for i in range(players)]
    total = int(cost[-1])
    assume(sum(alone))
    marginal = [total - int(cost[len(cost) - 1 - (1 << i)]) for i in range(players)]
    benefit = [max(0, a - m) for a, m in zip(alone, marginal, strict=True)]
    for i, cents in enumerate(amounts(cost, rule)):
        if rule == "stand_alone":
            want = Fraction(total * alone[i], sum(alone))
        elif rule == "equal_saving":
            want = alone[i] - Fraction(sum(alone) - total, players)
        else:
            part = Fraction(benefit[i], sum(benefit)) if any(benefit) else Fraction(1, players)
            want = marginal[i] + (total - sum(marginal)) * part
        assert abs(cents - want) < 1


def test_inhabitants_count_only_where_all_are_known():
    cost = np.array([0.0, 1000, 1000, 1000])
    assert amounts(cost, "inhabitants", inhabitants=[1, 3]) == (250, 750)
    for people in (None, [5, None], [0, 0], [3]):
        assert isinstance(split(cost, "inhabitants", inhabitants=people), Message)


@pytest.mark.parametrize(
    "cost",
    [[], [0], [0, 5], [0, 1, 2], [0, 1, 1, np.nan], [5, 1, 1, 1], [0, -1, 1, 1], [0, 0.5, 1, 1], [0, 1, 1, 1e14],
     [0.0] * 2**21],
)  # fmt: skip
def test_what_is_no_game_is_refused(cost: list[float]):
    with pytest.raises(BadInput):
        split(np.array(cost, dtype=float), "equal")


def test_every_rule_has_a_name_and_a_meaning():
    assert list(SPLIT_TITLES) == list(SPLIT_MEANINGS) == list(SPLIT_RULES)
