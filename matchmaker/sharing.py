"""Ways to split a joint cost among members, exact to the cent, and who would object to each.

A cost game of n players, 2 to 20, is an array of 2^n costs: the entry at the bitmask S = Σ 2^i over its members i is
what the coalition S pays by itself, in whole cents; entry 0 is 0, the last entry is the joint cost. NaN is a cost that
is not known; the joint cost must be. With c the cost, N all players, a_i = c({i}), m_i = c(N) - c(N without i)::

    equal         c(N) / n
    inhabitants   c(N) · P_i / Σ P
    stand_alone   c(N) · a_i / Σ a
    equal_saving  a_i - (Σ a - c(N)) / n
    scrb          m_i + (c(N) - Σ m) · r_i / Σ r   with r_i = max(0, a_i - m_i); equal parts of the rest where Σ r = 0
    shapley       Σ over S without i of |S|! (n-|S|-1)! / n! · (c(S and i) - c(S))
    nucleolus     the excesses x(S) - c(S), largest first, are lexicographically least where all x_i <= a_i;
                  where these cannot hold (Σ a < c(N)) they are left out, which makes it the prenucleolus

A rule computes exact fractions; the largest remainder turns them into cents so that they add up to the joint cost, no
cent lost or made. Rounding moves no member by a whole cent, so a subgroup would *do better by itself* when it saves
at least one cent per member; less than that is rounding.

Sources: L. S. Shapley, A value for n-person games, 1953; D. Schmeidler, The nucleolus of a characteristic function
game, 1969; H. P. Young, N. Okada, T. Hashimoto, Cost allocation in water resources development, 1982 (SCRB).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np

from matchmaker.errors import BadInput
from matchmaker.message import Message, message
from matchmaker.model import SPLIT_RULES, SPLIT_TITLES, Sharing, Split
from matchmaker.profiles import Bools, Floats, Ints

MAX_PLAYERS: Final = 20
"""Most players of a game: a million coalitions."""

MAX_CENTS: Final = 10**13
"""Largest cost of a coalition, a hundred billion euro: sums over all coalitions stay exact."""

_Exact: TypeAlias = "list[Fraction] | Message"
"""Exact shares, or why they cannot be said."""

_PREFERRED: Final = ("stand_alone", "equal_saving", "scrb", "shapley", "nucleolus")
"""Rules that may be recommended, the one that is explained most easily first."""

_NO_ALONE: Final = message("What each would pay alone is not known of all.")


def by_stand_alone_cost(alone_cents: Sequence[int], joint_cents: int) -> tuple[int, ...]:
    """Split a joint cost in proportion to what each member would pay alone.

    Nobody pays more than alone (up to a rounded cent) exactly when the joint cost is at most the sum of the
    stand-alone costs.

    Parameters
    ----------
    alone_cents
        Stand-alone cost of each member, at least 0, not all 0.
    joint_cents
        Joint cost to split, at least 0.

    Returns
    -------
    tuple of int
        Cents per member in the same order; their sum is ``joint_cents``.
    """
    if joint_cents < 0 or min(alone_cents, default=0) < 0 or sum(alone_cents) == 0:
        raise BadInput(message("A cost can only be split when costs are not negative and not all zero."), where="alone")
    return _whole_cents(_in_proportion(joint_cents, list(alone_cents)))


def split(cost: Floats, rule: str, *, inhabitants: Sequence[int | None] | None = None) -> Split | Message:
    """Split the joint cost of a game by one of `SPLIT_RULES` and check the result; a message where it cannot be done.

    ``inhabitants`` are those of the players in their order. Raises `BadInput` for an array that is no game.
    """
    game = _checked(cost)
    exact = _by_inhabitants(game, inhabitants) if rule == "inhabitants" else _RULES[rule](game)
    return exact if isinstance(exact, Message) else check(game, _whole_cents(exact), rule)


def check(cost: Floats, cents: Sequence[int], rule: str = "") -> Split:
    """Say of any amounts, one per player, whether they add up, who pays more than alone and who would rather leave.

    Of several subgroups that would gain the same, the smallest is named.
    """
    game = _checked(cost)
    players = _players(game)
    excess = _sums(np.array(cents, dtype=np.float64)) - game
    excess[[0, -1]] = -np.inf
    size = _sizes(players)
    better = excess >= size
    gain = float(excess[better].max(initial=0))
    tied = np.flatnonzero(better & (excess == gain))
    worst = int(tied[np.argmin(size[tied])]) if len(tied) else 0
    adds_up = sum(cents) == int(game[-1])
    return Split(
        rule=rule,
        cents=tuple(cents),
        adds_up=adds_up,
        pays_more=tuple(i for i in range(players) if cents[i] > game[1 << i]),
        worst=tuple(i for i in range(players) if worst >> i & 1),
        gain_cents=int(gain),
        in_core=False if worst or not adds_up else None if np.isnan(excess).any() else True,
    )


def least_core_cents(cost: Floats) -> int | None:
    """Return the least ε for which some split leaves no known coalition better off by itself by more than ε.

    In cents, rounded; above 0 the core is empty. With unknown costs it is a lower bound. None where the known
    costs set no bound.
    """
    game = _checked(cost)
    everybody = len(game) - 1
    open_ = ~np.isnan(game)
    open_[[0, everybody]] = False
    found = _least_excess(game, open_, [(everybody, float(game[-1]))]) if open_.any() else None
    return None if found is None else round(found.excess)


def share(players: Sequence[str], cost: Floats, *, inhabitants: Sequence[int | None] | None = None) -> Sharing:
    """Split the joint cost of a game by every rule, check each split, and recommend one with the reason.

    Recommended is the first of stand-alone cost, equal saving, SCRB, Shapley and nucleolus under which nobody pays
    more than alone and no subgroup would do better by itself; where there is none, of those under which nobody pays
    more than alone the one with the smallest advantage of leaving. Nothing is recommended where doing it together
    costs more than everybody alone.

    Parameters
    ----------
    players
        Their names.
    cost
        The game, shape (2^n,), as described above.
    inhabitants
        Of each player, None where unknown.
    """
    game = _checked(cost)
    if len(players) != _players(game):
        raise BadInput(message("The costs are those of another number of players."), where="players")
    found = {rule: split(game, rule, inhabitants=inhabitants) for rule in SPLIT_RULES}
    splits = tuple(one for one in found.values() if isinstance(one, Split))
    least = least_core_cents(game)
    gaps = bool(np.isnan(game).any())
    # `check` lets a coalition gain less than a cent for each member. With unknown costs a split that passes cannot be
    # looked for, so only what no such cents explain says that there is none.
    explained = len(players) - 1 if gaps else 0
    if any(one.in_core for one in splits):
        empty: bool | None = False
    elif least is not None and least > explained:
        empty = True
    else:
        empty = None if gaps else False
    recommended, reason = _recommend(players, game, splits, core_empty=empty)
    return Sharing(
        players=tuple(players),
        total_cents=int(game[-1]),
        alone_cents=tuple(None if np.isnan(c) else int(c) for c in _alone(game)),
        splits=splits,
        missing=tuple((rule, one) for rule, one in found.items() if isinstance(one, Message)),
        least_core_cents=least,
        core_empty=empty,
        recommended=recommended,
        reason=reason,
    )


def _recommend(
    players: Sequence[str], game: Floats, splits: Sequence[Split], *, core_empty: bool | None
) -> tuple[str, Message]:
    alone = _alone(game)
    if np.isnan(alone).any():
        return "", message("No rule can be recommended: what each would pay alone is not known of all.")
    if game[-1] > alone.sum():
        return "", message(
            "No rule can be recommended: together costs more than all pay alone, so somebody would lose."
        )
    by_rule = {one.rule: one for one in splits if one.rule in _PREFERRED and not one.pays_more}
    able = [by_rule[rule] for rule in _PREFERRED if rule in by_rule]
    if not able:
        return "", message("No rule can be recommended: all costs are zero.")
    for one in able:
        title = SPLIT_TITLES[one.rule]
        if one.in_core:
            return one.rule, message(
                "“{rule}”: the simplest rule under which nobody pays more than alone and no subgroup would do better "
                "by itself.",
                rule=title,
            )
    # The order of preference decides among equals: min takes the first.
    best = min(able, key=lambda one: one.gain_cents)
    title, names = SPLIT_TITLES[best.rule], tuple(players[i] for i in best.worst)
    if core_empty:
        return best.rule, message(
            "No split satisfies every subgroup: whatever the rule, some subgroup would do better by itself. Under "
            "“{rule}” nobody pays more than alone, and the advantage of leaving is smallest; {names:list} would have "
            "it.",
            rule=title,
            names=names,
        )
    if names:
        return best.rule, message(
            "Under “{rule}” nobody pays more than alone, and of the rules that can be computed it gives a subgroup the "
            "smallest advantage by itself; {names:list} would have it.",
            rule=title,
            names=names,
        )
    return best.rule, message(
        "“{rule}”: the simplest rule under which nobody pays more than alone, and no subgroup whose cost is known "
        "would do better by itself. Of other subgroups nothing can be said.",
        rule=title,
    )


# The rules --------------------------------------------------------------------------------------------------


def _equal(game: Floats) -> _Exact:
    return [Fraction(int(game[-1]), _players(game))] * _players(game)


def _by_inhabitants(game: Floats, inhabitants: Sequence[int | None] | None) -> _Exact:
    people = [p for p in inhabitants or () if p is not None and p >= 0]
    if len(people) != _players(game) or not sum(people):
        return message("The number of inhabitants is not known of all.")
    return _in_proportion(int(game[-1]), people)


def _stand_alone(game: Floats) -> _Exact:
    alone = _alone(game)
    if np.isnan(alone).any():
        return _NO_ALONE
    if not alone.any():
        return message("Alone, nobody would pay anything.")
    return _in_proportion(int(game[-1]), [int(c) for c in alone])


def _equal_saving(game: Floats) -> _Exact:
    alone = _alone(game)
    if np.isnan(alone).any():
        return _NO_ALONE
    saved = Fraction(int(alone.sum()) - int(game[-1]), len(alone))
    return [int(c) - saved for c in alone]


def _scrb(game: Floats) -> _Exact:
    alone, marginal = _alone(game), game[-1] - game[len(game) - 1 - (1 << np.arange(_players(game)))]
    if np.isnan(alone).any():
        return _NO_ALONE
    if np.isnan(marginal).any():
        return message("What each adds to the joint cost is not known of all.")
    separable, benefit = [int(m) for m in marginal], [int(b) for b in np.maximum(0, alone - marginal)]
    rest = _in_proportion(int(game[-1]) - sum(separable), benefit if any(benefit) else [1] * len(benefit))
    return [own + part for own, part in zip(separable, rest, strict=True)]


def _shapley(game: Floats) -> _Exact:
    """Return the Shapley value from sums of costs by size of coalition, once with and once without each player."""
    if np.isnan(game).any():
        return message("The cost of some subgroups is not known.")
    players = _players(game)
    size = _sizes(players)
    order = np.argsort(size, kind="stable")
    starts = np.searchsorted(size[order], np.arange(players + 1))
    cost = game.astype(np.int64)[order]
    of_size = np.add.reduceat(cost, starts).tolist()
    weight = [
        Fraction(math.factorial(s) * math.factorial(players - s - 1), math.factorial(players)) for s in range(players)
    ]
    shares = []
    for i in range(players):
        with_player = np.add.reduceat(cost * (order >> i & 1), starts).tolist()
        without = [a - b for a, b in zip(of_size, with_player, strict=True)]
        shares.append(sum((weight[s] * (with_player[s + 1] - without[s]) for s in range(players)), Fraction(0)))
    return shares


def _nucleolus(game: Floats) -> _Exact:
    """Return the nucleolus: linear programs find which coalitions bind, exact elimination the shares.

    Each program makes the largest excess of the coalitions that are still open as small as it can be. Coalitions with
    a positive dual value have that excess in every solution; they are fixed with one unknown excess ε for each
    program, and all whose share then follows are closed. The binding equations x(S) - ε = c(S), and x_i = a_i of who
    can pay no more, have one solution.
    """
    players = _players(game)
    if np.isnan(game).any():
        return message("The cost of some subgroups is not known.")
    everybody = len(game) - 1
    fixed: list[tuple[int, float]] = [(everybody, float(game[-1]))]
    rounds: list[list[int]] = []
    at_most_alone: set[int] = set()
    ceiling = _alone(game) if game[-1] <= _alone(game).sum() else None
    while (open_ := _open(players, [mask for mask, _ in fixed])).any():
        found = _least_excess(game, open_, fixed, ceiling)
        if found is None:
            raise ArithmeticError("a bounded linear program without a solution")
        rounds.append(found.binding)
        at_most_alone.update(found.at_ceiling)
        shares = [(mask, float(game[mask]) + found.excess) for mask in found.binding]
        for mask, value in (*((mask, float(game[mask])) for mask in found.at_ceiling), *shares):
            rows = [_membership(known, players) for known in (mask, *(known for known, _ in fixed))]
            if np.linalg.matrix_rank(rows) == len(rows):  # the others follow
                fixed.append((mask, value))
    none = [0] * len(rounds)
    equations = [[*_membership(mask, players), *none, int(game[mask])] for mask in (everybody, *sorted(at_most_alone))]
    for number, binding in enumerate(rounds):
        own_excess = [-int(place == number) for place in range(len(rounds))]
        equations += [[*_membership(mask, players), *own_excess, int(game[mask])] for mask in binding]
    return _solved(equations)[:players]


_RULES: Final[Mapping[str, Callable[[Floats], _Exact]]] = {
    "equal": _equal,
    "stand_alone": _stand_alone,
    "equal_saving": _equal_saving,
    "scrb": _scrb,
    "shapley": _shapley,
    "nucleolus": _nucleolus,
}


# Games ------------------------------------------------------------------------------------------------------


def _checked(cost: Floats) -> Floats:
    """Return a game as it is; raise `BadInput` where it is none."""
    game = np.asarray(cost, dtype=np.float64)
    players = max(0, game.size.bit_length() - 1)
    known = game[~np.isnan(game)]
    if game.ndim != 1 or game.size != 1 << players or not 2 <= players <= MAX_PLAYERS:  # noqa: PLR2004 - one cannot share
        rule = message("A cost is shared by 2 to {most} players, each coalition with one cost.", most=MAX_PLAYERS)
    elif np.isnan(game[-1]):
        rule = message("The joint cost is missing.")
    elif game[0] != 0 or (known < 0).any() or (known > MAX_CENTS).any() or (known % 1 > 0).any():
        rule = message("Costs must be whole cents from 0 to {most:number}; nobody costs nothing.", most=MAX_CENTS)
    else:
        return game
    raise BadInput(rule, where="cost")


def _players(game: Floats) -> int:
    return game.size.bit_length() - 1


def _alone(game: Floats) -> Floats:
    alone: Floats = game[1 << np.arange(_players(game))]
    return alone


def _sums(values: Floats) -> Floats:
    """Return the sum of values over every coalition, by bitmask; exact for whole numbers below 2^53."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums, sums + value))
    return sums


def _sizes(players: int) -> Ints:
    return _sums(np.ones(players)).astype(np.int64)


def _membership(mask: int, players: int) -> list[int]:
    return [mask >> i & 1 for i in range(players)]


def _in_proportion(total: int, weights: Sequence[int]) -> list[Fraction]:
    return [Fraction(total * weight, sum(weights)) for weight in weights]


def _whole_cents(exact: Sequence[Fraction]) -> tuple[int, ...]:
    """Round down, then give the missing cents to the largest remainders, first member first among equals."""
    whole = [share.numerator // share.denominator for share in exact]
    missing = int(sum(exact)) - sum(whole)
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[:missing]:
        whole[i] += 1
    return tuple(whole)


# Linear programs --------------------------------------------------------------------------------------------

_SCALE: Final = 1e4
"""Largest cost in a linear program: the tolerance of the solver, 1e-7, is then far below what costs differ by."""

_NEGLIGIBLE: Final = 1e-7

_ALL_AT_ONCE: Final = 64
"""Games up to this many coalitions are solved with all of them; larger ones begin with few and add what is violated."""


def _open(players: int, fixed: Sequence[int]) -> Bools:
    """Return the coalitions whose share does not follow from those of the fixed ones."""
    rows = np.array([_membership(mask, players) for mask in fixed], dtype=np.float64)
    _, singular, axes = np.linalg.svd(rows)
    free = axes[int((singular > _NEGLIGIBLE).sum()) :]
    undetermined = np.zeros(1 << players, dtype=np.bool_)
    for axis in free:
        undetermined |= np.abs(_sums(axis)) > _NEGLIGIBLE
    return undetermined


@dataclass(frozen=True, slots=True)
class _LeastExcess:
    """An excess in cents, the coalitions that have it in every solution, and the players who pay their most in all."""

    excess: float
    binding: list[int]
    at_ceiling: list[int]


def _least_excess(
    game: Floats, open_: Bools, fixed: Sequence[tuple[int, float]], ceiling: Floats | None = None
) -> _LeastExcess | None:
    """Make the largest excess of the open coalitions as small as it can be, the shares of the fixed ones given.

    ``ceiling`` is the most that each player may pay. Players are returned as coalitions of one. None where the
    excess has no bound.
    """
    from scipy.optimize import linprog  # noqa: PLC0415 - takes a while to load; only this rule needs it

    players = _players(game)
    scale = _SCALE / max(1.0, float(np.nanmax(game)))
    goal = [0.0] * players + [1.0]
    equal = [[*_membership(mask, players), 0] for mask, _ in fixed]
    given = [share * scale for _, share in fixed]
    single = 1 << np.arange(players)
    most_of_each: list[float | None] = [None] * players if ceiling is None else [float(c) * scale for c in ceiling]
    bounds = [(None, most) for most in (*most_of_each, None)]
    rows = np.flatnonzero(open_)
    if len(rows) > _ALL_AT_ONCE:
        rows = np.array([mask for mask in np.union1d(single, len(game) - 1 - single) if open_[mask]], dtype=np.int64)
    while True:
        complaints = np.column_stack(
            ((rows[:, None] >> np.arange(players) & 1).astype(np.float64), -np.ones(len(rows)))
        )
        solved = linprog(
            goal, A_ub=complaints, b_ub=game[rows] * scale, A_eq=equal, b_eq=given, bounds=bounds, method="highs-ds"
        )
        if solved.x is None:
            return None
        excess = np.where(open_, _sums(solved.x[:-1]) - game * scale, -np.inf)
        violated = np.flatnonzero(excess > solved.x[-1] + 10 * _NEGLIGIBLE)
        new = np.setdiff1d(violated[np.argsort(-excess[violated], kind="stable")[: 8 * players]], rows)
        if not len(new):
            break
        rows = np.concatenate((rows, new))
    binding = rows[np.asarray(solved.ineqlin.marginals) < -_NEGLIGIBLE]
    at_ceiling = single[np.asarray(solved.upper.marginals[:-1]) < -_NEGLIGIBLE]
    return _LeastExcess(float(solved.x[-1]) / scale, binding.tolist(), at_ceiling.tolist())


def _solved(equations: list[list[int]]) -> list[Fraction]:
    """Solve linear equations, the right side last, that have exactly one solution, by exact elimination."""
    rows = [[Fraction(value) for value in row] for row in equations]
    unknowns = len(rows[0]) - 1
    for column in range(unknowns):
        pivot = next(place for place in range(column, len(rows)) if rows[place][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        leading = rows[column][column]
        rows[column] = [value / leading for value in rows[column]]
        for place, row in enumerate(rows):
            if place != column and row[column]:
                factor = row[column]
                rows[place] = [a - factor * b for a, b in zip(row, rows[column], strict=True)]
    return [row[-1] for row in rows[:unknowns]]
