"""Large plans with a proven bound: prices for needs and capacities, and a search for plans under these prices.

Whoever breaks the rule "each need once, nobody beyond its staff and budget" pays a price instead; then each lead
chooses for itself, and what all would gain plus what the prices pay for is at least the value of any plan (Lagrangian
relaxation). The prices are moved against the violations (subgradient), the plans are built and changed under them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from matchmaker.portfolio import kernel
from matchmaker.portfolio.kernel import Prices, Region, State
from matchmaker.portfolio.problem import Group, Problem
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats

_THREADS: Final = 2
_NEAR_LEADS: Final = 25
_PATIENCE: Final = 25
"""Rounds without a better bound after which the steps are made smaller."""

_MOMENTUM: Final = 0.6
_SETTLED: Final = 1e-3
_RESTART_EVERY: Final = 10


def region_of(problem: Problem) -> Region:
    """Return a problem in the form of the compiled code."""
    profiles = problem.profiles
    leads = problem.leads & (problem.slots > 0)[:, None]
    lead = np.flatnonzero(leads.any(axis=1))
    rank = np.full(len(profiles), -1)
    rank[lead] = np.arange(len(lead))
    pair_lead, pair_case = np.nonzero(leads)
    asking = np.flatnonzero(problem.needs.any(axis=1) & (problem.staff >= problem.part_fte) & (problem.money > 0))
    near = np.empty((len(lead), len(asking)), dtype=np.int32)

    def order(first: int) -> None:
        for at in range(first, len(lead), _THREADS):
            km = profiles.km_between(lead[at : at + 1], asking)[0]
            steps = (km / kernel.KM_STEP).astype(np.uint16)
            near[at] = asking[np.argsort(steps, kind="stable")]

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(order, range(_THREADS)))
    count = min(_NEAR_LEADS, len(lead))
    xyz = np.nan_to_num(profiles.unit_vector)
    near_leads = (
        cKDTree(xyz[lead]).query(xyz[lead], k=count)[1].reshape(len(lead), count) if len(lead) else np.empty((0, 0))
    )
    sizes = problem.sizes
    share = np.array([
        [[problem.share(c, s, operated=operated) for s in sizes] for c in range(len(problem.fixed))]
        for operated in (False, True)
    ]).reshape(2, len(problem.fixed), len(sizes))  # fmt: skip
    base, per_km, other_land = problem.joining
    return Region(
        xyz=xyz,
        land=profiles.land.astype(np.int64),
        fixed=problem.fixed,
        variable=problem.variable,
        needs=problem.needs,
        operates=problem.operates,
        staff=problem.staff,
        money=problem.money,
        slots=problem.slots,
        weak=np.zeros(len(profiles), dtype=bool),
        near=near,
        near_leads=near_leads.astype(np.int32),
        lead=lead,
        rank=rank,
        pairs_of=np.searchsorted(pair_lead, np.append(lead, len(profiles))).astype(np.int64),
        pair_lead=pair_lead,
        pair_case=pair_case,
        share=share,
        apart=np.array(
            [[profiles.row(a), profiles.row(b)] for a, b in problem.limits.apart], dtype=np.int64
        ).reshape(-1, 2),
        first_size=sizes.start,
        base=base,
        per_km=per_km,
        other_land=other_land,
        coordination=problem.coordination,
        years=problem.years,
        lead_fte=problem.lead_fte,
        part_fte=problem.part_fte,
    )  # fmt: skip


def empty_state(problem: Problem, region: Region) -> State:
    """Return a plan without groups."""
    pairs = len(region.pair_lead)
    return State(
        free=problem.needs.copy(),
        staff=problem.staff.copy(),
        money=problem.money.copy(),
        slots=problem.slots.copy(),
        cover=np.zeros(len(problem.profiles), dtype=np.int64),
        size=np.zeros(pairs, dtype=np.int64),
        joiners=np.zeros((pairs, max(1, problem.sizes.stop)), dtype=np.int32),
        value=np.zeros(pairs),
        pinned=np.zeros(pairs, dtype=bool),
    )


def groups_of(region: Region, state: State) -> tuple[Group, ...]:
    """Return the groups of a plan."""
    return tuple(
        Group(
            int(region.pair_case[p]),
            int(region.pair_lead[p]),
            tuple(sorted(state.joiners[p, : state.size[p]].tolist())),
        )
        for p in np.flatnonzero(state.size)
    )


class Search:
    """Prices, bound and best plan of one problem; every call of `step` moves all three.

    Attributes
    ----------
    value, bound
        Saving of the best plan so far, and what no plan can exceed, in euro.
    state
        The plan worked on.
    """

    def __init__(self, problem: Problem, *, pinned: Sequence[Group] = (), include: Bools | None = None) -> None:
        self.problem, self.region = problem, region_of(problem)
        n, u = problem.needs.shape
        region = self.region
        self.include = np.zeros(n, dtype=bool) if include is None else include
        self.region = region = region._replace(weak=self.include)
        self.bonus = float(10 * problem.fixed.max(initial=1.0) * problem.sizes.stop) if self.include.any() else 0.0
        self.prices = Prices(np.zeros((n, u)), np.zeros(n), np.zeros(n), np.zeros(n))
        self._best_prices = self.prices
        self.state = empty_state(problem, region)
        for group in pinned:
            p = self._pair(group)
            self.state.size[p] = len(group.joiners)
            self.state.joiners[p, : len(group.joiners)] = group.joiners
            self.state.value[p] = problem.value(group)
            self.state.pinned[p] = True
            kernel.change(region, self.state, p, 1)
        pairs = len(region.pair_lead)
        self._value, self._size = np.zeros(pairs), np.zeros(pairs, dtype=np.int64)
        self._joiners = np.zeros((pairs, problem.sizes.stop), dtype=np.int32)
        self._taken = np.zeros(pairs, dtype=bool)
        self.bound = np.inf
        self.groups: tuple[Group, ...] = groups_of(region, self.state)
        self.value, self.covered = self._worth()
        self._step, self._idle = 1.0, 0
        self._direction: tuple[Floats, ...] = tuple(np.zeros_like(a) for a in self.prices)
        self._use = self._least_use()
        self._chosen = np.zeros((n, u), dtype=bool)
        kernel.seed_random(problem.limits.seed)

    def _least_use(self) -> Floats:
        """Return the least that serving a need can cost a municipality a year, infinite where nobody can."""
        problem, region = self.problem, self.region
        use = np.full(problem.needs.shape, np.inf)
        xyz = region.xyz
        for c in np.flatnonzero(problem.needs.any(axis=0)):
            share = region.share[:, c].min(axis=1)
            rows = np.flatnonzero(problem.needs[:, c])
            for operated in (0, 1):
                leads = region.pair_lead[region.pair_case == c]
                leads = leads[problem.operates[leads, c] == bool(operated)]
                if not len(leads):
                    continue
                chord = cKDTree(xyz[leads]).query(xyz[rows])[0]
                near = problem.joining[0] + problem.joining[1] * 2 * EARTH_RADIUS_KM * np.arcsin(
                    np.minimum(1, chord / 2)
                )
                use[rows, c] = np.minimum(
                    use[rows, c], (share[operated] + near + problem.variable[rows, c]) / problem.years
                )
                if not operated:
                    use[leads, c] = (share[0] + problem.variable[leads, c]) / problem.years
        return use

    def _pair(self, group: Group) -> int:
        region = self.region
        at = np.flatnonzero((region.pair_lead == group.lead) & (region.pair_case == group.use_case))
        return int(at[0])

    def _worth(self) -> tuple[float, int]:
        value = float(self.state.value[self.state.size > 0].sum())
        return value, int((self.include & (self.state.cover > 0)).sum())

    def _keep(self) -> None:
        """Keep the plan worked on where it is the best so far: more of the weak first, then value."""
        value, covered = self._worth()
        if (covered, value) > (self.covered, self.value):
            self.value, self.covered, self.groups = value, covered, groups_of(self.region, self.state)

    def fill(self, scale: float = 1.0) -> None:
        """Add groups to the plan under the prices, then for their value alone."""
        pairs = np.arange(len(self.region.pair_lead))
        least = self._least(self._best_prices)
        for times in (scale, 0.0) if scale else (0.0,):
            kernel.fill(self.region, self.state, pairs, self._best_prices, least, times, 0.0, self.bonus)
        self._keep()

    def restart(self) -> None:
        """Build a plan anew under the best prices; the one worked on goes on where that is worse."""
        old = self.state
        self.state = old._replace(**{name: array.copy() for name, array in old._asdict().items()})
        for p in np.flatnonzero((self.state.size > 0) & ~self.state.pinned):
            kernel.change(self.region, self.state, int(p), -1)
            self.state.size[p] = 0
        before = self.value, self.covered
        self.fill()
        if (self.value, self.covered) == before:
            self.state = old

    def improve(self, rounds: int) -> None:
        """Change the plan in some rounds."""
        if len(self.region.pair_lead):
            kernel.improve(
                self.region, self.state, self._best_prices, self._least(self._best_prices), rounds, self.bonus
            )
            self._keep()

    def _least(self, prices: Prices) -> Floats:
        asked = np.where(self.problem.needs, prices.need, np.inf)
        least: Floats = asked.min(axis=0, initial=np.inf) - prices.weak.max(initial=0.0)
        return least

    def tighten(self) -> None:
        """Compute the bound under the prices and move them."""
        region, prices, problem = self.region, self.prices, self.problem
        cuts = np.linspace(0, len(region.lead), 8 * _THREADS + 1).astype(int)
        least = self._least(prices)

        def part(at: int) -> float:
            return kernel.relaxed(
                region, prices, least, cuts[at], cuts[at + 1], self._value, self._size, self._joiners, self._taken
            )

        with ThreadPoolExecutor(_THREADS) as pool:
            total = sum(pool.map(part, range(8 * _THREADS)))
        staff, money = (np.where(np.isfinite(a), a, 0.0) for a in (problem.staff, problem.money))
        total += kernel.affordable(prices.need, self._use, problem.money, self._chosen)
        total += float(prices.staff @ staff + prices.money @ money - prices.weak.sum())
        if total < self.bound * (1 - 1e-5):
            self._idle = 0
        else:
            self._idle += 1
            if self._idle >= _PATIENCE:
                self._step, self._idle = self._step * 0.75, 0
        if total < self.bound:
            self.bound, self._best_prices = total, prices
        self._move(total)

    def _move(self, total: float) -> None:
        problem, region = self.problem, self.region
        n, u = problem.needs.shape
        served, staff, money = np.zeros((n, u)), np.zeros(n), np.zeros(n)
        taken = np.flatnonzero(self._taken)
        lead, case, joiners = region.pair_lead[taken], region.pair_case[taken], self._size[taken]
        begins = ~problem.operates[lead, case]
        share = region.share[np.where(begins, 0, 1), case, joiners + 1 - region.first_size]
        np.add.at(staff, lead, problem.lead_fte)
        np.add.at(served, (lead[begins], case[begins]), 1)
        np.add.at(money, lead[begins], ((share + problem.variable[lead, case]) / problem.years)[begins])
        at = np.repeat(np.arange(len(taken)), joiners)
        place = np.arange(len(at)) - np.repeat(np.cumsum(joiners) - joiners, joiners)
        row = self._joiners[taken[at], place]
        chord = ((region.xyz[row] - region.xyz[lead[at]]) ** 2).sum(axis=1)
        km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1, chord / 4)))
        base, per_km, other = problem.joining
        cost = base + per_km * km + other * (region.land[row] != region.land[lead[at]])
        np.add.at(served, (row, case[at]), 1)
        np.add.at(staff, row, problem.part_fte)
        np.add.at(money, row, (share[at] + problem.variable[row, case[at]] + cost) / problem.years)
        # Staff and money are measured in shares of what there is, so that all prices are in euro.
        known_staff, known_money = (np.where(np.isfinite(a) & (a > 0), a, 1.0) for a in (problem.staff, problem.money))
        one = np.ones(1)
        unit = (one, known_staff, known_money, one)
        slack = (
            self._chosen - served,
            np.where(np.isfinite(problem.staff), 1 - staff / known_staff, 0.0),
            np.where(np.isfinite(problem.money), 1 - money / known_money, 0.0),
            # Not all of the weak may fit in; a bound that took them for granted would be none.
            np.zeros(n),
        )
        direction = []
        for price, rest, before in zip(self.prices, slack, self._direction, strict=True):
            moved = np.where((price <= 0) & (rest > 0), 0.0, rest)
            direction.append(moved + _MOMENTUM * before)
        norm = sum(float((d * d).sum()) for d in direction)
        if norm == 0:
            self._step = 0.0
            return
        target = max(self.value, 0.0)
        length = self._step * max(total - target, 1e-4 * abs(total)) / norm
        self._direction = tuple(direction)
        self.prices = Prices(
            *(
                np.maximum(0, price * each - length * d) / each
                for price, d, each in zip(self.prices, direction, unit, strict=True)
            )
        )

    @property
    def settled(self) -> bool:
        """Whether the prices hardly move any more."""
        return self._step < _SETTLED


def run(search: Search, done: Callable[[], bool], *, rounds: int, gap: float) -> Iterator[None]:
    """Move bound and plan in turns until the gap is reached, the rounds are used up or ``done``; yield after each."""
    search.fill(0.0)
    yield
    for number in range(rounds):
        if done() or search.bound - search.value <= gap * search.value:
            return
        if not search.settled:
            for _ in range(5):
                search.tighten()
        if number % _RESTART_EVERY == _RESTART_EVERY // 2:
            search.restart()
        search.improve(max(20, len(search.region.pair_lead) // 20))
        yield
