"""The plan as a mixed-integer programme for HiGHS: exact, for regions.

One binary variable for each possible group size of a lead and use case, one for each joiner of it; with the size
fixed, coordination and everybody's share are constants, so nothing has to be linearised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import sparse

from matchmaker.portfolio.problem import TIER_UNITS, TIERS, TOLERANCE, UNITS, Group, Prices, Problem, tiers
from matchmaker.profiles import Bools, Floats, Ints

_ON: Final = 0.5
_SOME: Final = 1e-6
_LOOKED_AFTER: Final = 0.1
"""Seconds after which it is asked again whether to end."""

_TOGETHER_AT_MOST: Final = {-(-UNITS // (parts * TIER_UNITS)): parts - 1 for parts in (2, 3, 4)}
"""How many uses of money in a tier or above one municipality can carry: more than a half once, a third twice, …"""


class Solved(NamedTuple):
    """The best groups found (None without any), a bound on the value, whether it is proven that nothing fits."""

    groups: tuple[Group, ...] | None
    bound: float
    infeasible: bool


@dataclass(frozen=True, eq=False)
class Model:
    """Columns of the programme: first the sizes, then the joiners, then one per weak municipality left out.

    ``size_of`` (a,) is the size column of each joiner column.
    """

    lead: Ints
    use_case: Ints
    size: Ints
    size_of: Ints
    joiner: Ints
    cost: Floats

    @property
    def columns(self) -> int:
        """Columns without those of the weak."""
        return len(self.lead) + len(self.joiner)


def model_of(problem: Problem, most: int) -> Model | None:
    """Return all columns of the programme; None where there would be more than ``most``."""
    chosen: list[tuple[int, int, int]] = []
    joiner: list[Ints] = []
    columns = 0
    for h, c in np.argwhere(problem.leads & (problem.slots > 0)[:, None]).tolist():
        for s in problem.sizes:
            rows, _ = problem.arcs(h, c, s)
            if len(rows) < s - 1:
                continue
            chosen.append((h, c, s))
            joiner.append(rows)
            columns += 1 + len(rows)
            if columns > most:
                return None
    size_of = np.repeat(np.arange(len(chosen)), [len(rows) for rows in joiner])
    lead, use_case, size = np.array(chosen, dtype=np.int64).reshape(-1, 3).T
    return columns_of(problem, lead, use_case, size, size_of, np.concatenate([np.empty(0, dtype=np.int64), *joiner]))


def columns_of(problem: Problem, lead: Ints, use_case: Ints, size: Ints, size_of: Ints, joiner: Ints) -> Model:
    """Return the programme of some columns only."""
    return Model(lead, use_case, size, size_of, joiner, problem.cost_of_joining(lead[size_of], joiner))


class Relaxed(NamedTuple):
    """The programme where groups may be started in part.

    What needs, groups led and money are worth, the value, and the share of the groups started that are started in
    part only: where it is large, the programme says little about whole groups.
    """

    prices: Prices
    value: float
    in_part: float


def relax(problem: Problem, model: Model, *, stop: Callable[[], bool] | None = None) -> Relaxed | None:
    """Solve the programme where groups may be started in part; None where HiGHS gives up or has to ``stop``."""
    rows = _Rows(problem, model, [], [])
    solved = rows.run(rows.objective(), None, np.inf, 0.0, stop=stop, whole=False)
    if solved.x is None:
        return None
    worth = -solved.marginals
    n, u = problem.needs.shape
    staff = rows.dual(worth, "staff", n)
    need = rows.dual(worth, "need", n * u).reshape(n, u) + staff[:, None] * problem.part_fte
    alone = np.zeros(n * u)
    alone[rows.alone] = rows.dual(worth, "alone", len(rows.alone))
    alone = alone.reshape(n, u)
    rises = np.zeros((n, TIERS))
    for tier in _TOGETHER_AT_MOST:
        rises[:, tier] = rows.dual(worth, f"tier {tier}", n)
    tier_of = np.zeros((problem.scarce.max(initial=0) + 1, TIERS))
    tier_of[problem.scarce] = np.maximum(0, rises).cumsum(axis=1)[:, None]
    tier_of[0] = 0
    prices = Prices(
        need=np.maximum(0, need + alone),
        lead=np.maximum(0, rows.dual(worth, "slots", n) + staff * problem.lead_fte + alone.sum(axis=1)),
        money=np.maximum(0, rows.dual(worth, "money", n)),
        tier=tier_of,
    )
    started = solved.x[: len(model.lead)]
    started = started[started > _SOME]
    return Relaxed(prices, -solved.value, float((started < 1 - _SOME).sum() / max(1, len(started))))


def solve(
    problem: Problem,
    model: Model,
    *,
    seconds: float,
    gap: float = 0.0,
    fixed: Sequence[Group] = (),
    include: Bools | None = None,
    together: Sequence[tuple[int, int]] = (),
    known: Sequence[Group] = (),
    stop: Callable[[], bool] | None = None,
) -> Solved:
    """Return the groups of largest value within ``seconds``.

    ``include`` marks municipalities of which as many as possible have to be in a group, before anything else
    counts. Ends early where the bound is proven to lie within ``gap``, and a moment after ``stop`` says so, with the
    best groups so far. ``known`` groups that keep all limits are where it begins.
    """
    if not len(model.lead):
        return Solved(None if fixed or together else (), 0.0, infeasible=bool(fixed or together))
    rows = _Rows(problem, model, [] if include is None else np.flatnonzero(include).tolist(), list(together))
    lower = rows.columns_of(fixed)
    if lower is None:
        return Solved(None, 0.0, infeasible=True)
    lower[model.columns :] = 0
    start = rows.columns_of(known) if known else None
    if len(rows.include):
        missing = np.zeros(rows.width)
        missing[model.columns : model.columns + len(rows.include)] = 1
        found = rows.run(missing, lower, seconds / 2, 0.0, start=start, stop=stop)
        if found.x is None:
            return Solved(None, np.inf, infeasible=found.infeasible)
        rows.at_most(missing, float(round(found.value)))
        start = found.x
    found = rows.run(rows.objective(), lower, seconds, gap, start=start, stop=stop)
    x = start if found.x is None and len(rows.include) else found.x
    return Solved(None if x is None else _groups(model, x), -found.bound, infeasible=found.infeasible)


class _Run(NamedTuple):
    """What HiGHS found: the columns (None for nothing), their objective, its bound, the marginals of the rows."""

    x: Floats | None
    value: float
    bound: float
    infeasible: bool
    marginals: Floats


def _groups(model: Model, x: Floats) -> tuple[Group, ...]:
    groups = []
    joins = x[len(model.lead) : model.columns] > _ON
    for at in np.flatnonzero(x[: len(model.lead)] > _ON):
        joiners = np.sort(model.joiner[joins & (model.size_of == at)])
        groups.append(Group(int(model.use_case[at]), int(model.lead[at]), tuple(joiners.tolist())))
    return tuple(groups)


class _Rows:
    """The constraints, collected block by block."""

    def __init__(self, problem: Problem, model: Model, include: list[int], together: list[tuple[int, int]]) -> None:
        self.model, self.include = model, include
        self._blocks: list[Any] = []
        self._low: list[Floats] = []
        self._high: list[Floats] = []
        sizes, n, u = len(model.lead), len(problem.profiles), len(problem.fixed)
        pairs = self._pairs()
        self._common = [(pair, group) for pair in together for group in self._groups_with(pair)]
        self.width = model.columns + len(include) + len(self._common)
        self._problem, self._first = problem, dict[str, int]()
        h, c, s = model.lead, model.use_case, model.size
        a: Ints = model.size_of
        x: Ints = sizes + np.arange(len(model.joiner), dtype=np.int64)
        i, z = model.joiner, np.arange(sizes, dtype=np.int64)
        one_x: Floats = np.ones(len(x))
        one_z: Floats = np.ones(sizes)
        # As many joiners as the size says, and none without it.
        self._add(sizes, (a, x, one_x), (z, z, (1 - s).astype(np.float64)), low=np.zeros(sizes), high=np.zeros(sizes))
        each: Ints = np.arange(len(x), dtype=np.int64)
        self._add(len(x), (each, x, one_x), (each, a, -one_x), high=np.zeros(len(x)))
        # Each need once; a lead has one group for a use case.
        self._add(n * u, (i * u + c[a], x, one_x), (h * u + c, z, one_z), high=np.ones(n * u), name="need")
        self._add(n, (h, z, one_z), high=problem.slots.astype(np.float64), name="slots")
        staff = (i, x, np.full(len(x), problem.part_fte)), (h, z, np.full(sizes, problem.lead_fte))
        self._add(n, *staff, high=problem.staff, name="staff")
        # Who leads as often as it can may have no staff left for joining.
        alone = problem.slots * problem.lead_fte + problem.part_fte > problem.staff + TOLERANCE
        both = alone[i] & np.isin(i, h)
        self.alone, at = np.unique((i * u + c[a])[both], return_inverse=True)
        by_lead: Ints = np.argsort(h, kind="stable")
        begin, end = (np.searchsorted(h[by_lead], self.alone // u, side=side) for side in ("left", "right"))
        led = np.repeat(np.arange(len(self.alone)), end - begin)
        own_z = by_lead[np.arange(len(led)) - np.repeat(np.cumsum(end - begin) - end, end - begin)]
        slots = problem.slots[self.alone // u].astype(np.float64)
        self._add(len(slots), (at, x[both], one_x[both]), (led, own_z, one_z[own_z]), high=slots, name="alone")
        shares: Floats = np.array([
            problem.share(case, size, operated=bool(problem.operates[lead, case]))
            for lead, case, size in zip(h.tolist(), c.tolist(), s.tolist(), strict=True)
        ])  # fmt: skip
        paid: Floats = (shares[a] + problem.variable[i, c[a]] + model.cost) / problem.years
        own: Floats = np.where(problem.operates[h, c], 0.0, (shares + problem.variable[h, c]) / problem.years)
        self._add(n, (i, x, paid), (h, z, own), high=problem.money, name="money")
        for tier, most in _TOGETHER_AT_MOST.items():
            big_x, big_z = tiers(paid, problem.money[i]) >= tier, tiers(own, problem.money[h]) >= tier
            few = np.full(n, float(most))
            self._add(n, (i[big_x], x[big_x], one_x[big_x]), (h[big_z], z[big_z], one_z[big_z]), high=few,
                      name=f"tier {tier}")  # fmt: skip
        for place, row in enumerate(include):
            inside = np.concatenate((x[i == row], z[h == row], [model.columns + place]))
            self._add(1, (np.zeros(len(inside), dtype=np.int64), inside, np.ones(len(inside))), low=np.ones(1))
        self._pairs_apart(problem, pairs)
        self._pairs_together(together)

    def objective(self) -> Floats:
        """Return minus the saving of each column."""
        model, problem = self.model, self._problem
        pairs = problem.coordination * model.size * (model.size - 1) / 2
        cost = np.zeros(self.width)
        cost[: len(model.lead)] = pairs - problem.fixed[model.use_case] * (model.size - 1)
        cost[len(model.lead) : model.columns] = model.cost
        return cost

    def dual(self, worth: Floats, name: str, rows: int) -> Floats:
        """Return the values of the constraints of one kind."""
        return worth[self._first[name] : self._first[name] + rows]

    def _pairs(self) -> dict[tuple[int, int], list[int]]:
        found: dict[tuple[int, int], list[int]] = {}
        for at, (lead, case) in enumerate(zip(self.model.lead.tolist(), self.model.use_case.tolist(), strict=True)):
            found.setdefault((lead, case), []).append(at)
        return found

    def _membership(self, row: int, at: int) -> Ints:
        """Return the columns that put a row into the group of a size column; never more than one."""
        if self.model.lead[at] == row:
            return np.array([at])
        inside = (self.model.size_of == at) & (self.model.joiner == row)
        return np.asarray(len(self.model.lead) + np.flatnonzero(inside), dtype=np.int64)

    def _groups_with(self, pair: tuple[int, int]) -> list[int]:
        return [at for at in range(len(self.model.lead)) if all(len(self._membership(row, at)) for row in pair)]

    def _pairs_apart(self, problem: Problem, pairs: dict[tuple[int, int], list[int]]) -> None:
        for a, b in ((problem.profiles.row(x), problem.profiles.row(y)) for x, y in problem.limits.apart):
            for columns in pairs.values():
                for at in columns:
                    inside = np.concatenate((self._membership(a, at), self._membership(b, at)))
                    if len(inside) == 2:  # noqa: PLR2004 - both of the pair
                        self._add(1, (np.zeros(2, dtype=np.int64), inside, np.ones(2)), high=np.ones(1))

    def _pairs_together(self, together: list[tuple[int, int]]) -> None:
        first = self.model.columns + len(self.include)
        for place, (pair, at) in enumerate(self._common):
            for row in pair:
                self._add(
                    1,
                    (np.zeros(1, dtype=np.int64), np.array([first + place]), np.ones(1)),
                    (np.zeros(1, dtype=np.int64), self._membership(row, at), -np.ones(1)),
                    high=np.zeros(1),
                )
        for pair in together:
            mine = np.array([first + p for p, (other, _) in enumerate(self._common) if other == pair], dtype=np.int64)
            self._add(1, (np.zeros(len(mine), dtype=np.int64), mine, np.ones(len(mine))), low=np.ones(1))

    def _add(
        self, rows: int, *parts: tuple[Ints, Ints, Floats], low: Floats | None = None, high: Floats | None = None,
        name: str = "",
    ) -> None:  # fmt: skip
        self._first[name] = sum(map(len, self._low))
        row, column, value = (np.concatenate([part[k] for part in parts]) for k in range(3))
        self._blocks.append(sparse.csr_array((value, (row, column)), shape=(rows, self.width)))
        self._low.append(np.full(rows, -np.inf) if low is None else low)
        self._high.append(np.full(rows, np.inf) if high is None else high)

    def at_most(self, coefficients: Floats, most: float) -> None:
        """Add a constraint on all columns."""
        self._add(1, (np.zeros(self.width, dtype=np.int64), np.arange(self.width), coefficients), high=np.array([most]))

    def columns_of(self, groups: Sequence[Group]) -> Floats | None:
        """Return the columns of some groups as 1, all others as 0; None where a group is no column."""
        model, x = self.model, np.zeros(self.width)
        inside = np.zeros(len(self._problem.profiles), dtype=bool)
        for group in groups:
            at = np.flatnonzero(
                (model.lead == group.lead) & (model.use_case == group.use_case) & (model.size == len(group.rows))
            )
            joins = np.flatnonzero((model.size_of == at[0]) & np.isin(model.joiner, group.joiners)) if len(at) else at
            if len(joins) < len(group.joiners):
                return None
            x[at] = 1
            x[len(model.lead) + joins] = 1
            inside[list(group.rows)] = True
        x[model.columns : model.columns + len(self.include)] = ~inside[self.include]
        return x

    def matrix(self) -> tuple[Any, Floats, Floats]:
        """Return all constraints, and what they may come to at least and at most."""
        return sparse.vstack(self._blocks, format="csr"), np.concatenate(self._low), np.concatenate(self._high)

    def run(
        self, objective: Floats, lower: Floats | None, seconds: float, gap: float, *, start: Floats | None = None,
        stop: Callable[[], bool] | None = None, whole: bool = True,
    ) -> _Run:  # fmt: skip
        """Minimise an objective; columns are ``whole`` or any share between 0 and 1."""
        import highspy  # noqa: PLC0415 - takes time to load

        matrix, low, high = self.matrix()
        highs = highspy.Highs()  # type: ignore[no-untyped-call]  # the only one of highspy without types
        programme = highspy.HighsLp()
        highs.silent()
        programme.num_col_, programme.num_row_ = self.width, len(low)
        programme.col_cost_, programme.row_lower_, programme.row_upper_ = objective, low, high
        programme.col_lower_, programme.col_upper_ = (
            np.zeros(self.width) if lower is None else lower,
            np.ones(self.width),
        )
        rows = programme.a_matrix_
        rows.format_ = highspy.MatrixFormat.kRowwise
        rows.start_, rows.index_, rows.value_ = matrix.indptr, matrix.indices, matrix.data
        if whole:
            programme.integrality_ = [highspy.HighsVarType.kInteger] * self.width
            highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("time_limit", max(0.1, seconds))
        highs.passModel(programme)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = start.tolist()
            highs.setSolution(known)
        _run(highs, stop)
        status, info, solution = highs.getModelStatus(), highs.getInfo(), highs.getSolution()
        some = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible and (
            whole or status == highspy.HighsModelStatus.kOptimal
        )
        return _Run(
            np.array(solution.col_value) if some else None,
            info.objective_function_value,
            info.mip_dual_bound if whole else info.objective_function_value,
            status == highspy.HighsModelStatus.kInfeasible,
            np.array(solution.row_dual),
        )


def _run(highs: Any, stop: Callable[[], bool] | None) -> None:
    """Let HiGHS run until it is done or has to stop; beside this thread, for only here Ctrl-C can arrive."""
    ended = threading.Event()

    def asked(event: Any) -> None:
        if ended.is_set():
            event.interrupt()

    for interrupt in (highs.cbSimplexInterrupt, highs.cbIpmInterrupt, highs.cbMipInterrupt):
        interrupt.subscribe(asked)
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(highs.run)
        try:
            while not wait([running], _LOOKED_AFTER).done:
                if stop is not None and stop():
                    ended.set()
        finally:
            ended.set()
        running.result()
