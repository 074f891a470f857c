"""Large plans with a proven bound: prices for needs and capacities, and a search for plans under these prices.

Whoever breaks the rule "each need once, nobody beyond its staff and budget" pays a price instead; then each lead
chooses for itself, and what all would gain plus what the prices pay for is at least the value of any plan (Lagrangian
relaxation). The prices are moved against the violations (subgradient), the plans are built and changed under them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from matchmaker.portfolio import exact, kernel, moves
from matchmaker.portfolio.kernel import Region
from matchmaker.portfolio.moves import State
from matchmaker.portfolio.problem import TIERS, Group, Prices, Problem, tiers
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints

_THREADS: Final = 2
_NEAR, _NEAR_LEADS, _CELL = 500, 25, 64
_NOWHERE: Final = 1e-9
_ROUNDING_KM: Final = 1e-6

_MEMORY: Final = 0.95
"""How much of the direction of the prices is kept."""

_PATIENCE: Final = 10
"""Rounds without a better bound after which the steps are made smaller."""

_REMEMBERED: Final = 300_000
"""Groups remembered for the programme."""

_NEARLY: Final = 0.005
"""Share of the largest fixed cost that may be missing for a group to be remembered."""

_FIRST_STEP: Final = 0.005
_TIGHTENED: Final = 10
_HEAT, _HEAT_OF_PARTS = 0.03, 0.01
"""Share of the value of a group that is often lost at the beginning of a cycle of cooling: less where a region is so
large that it is branched in parts, since it then gets through few steps."""

_FIRST_CYCLES: Final = (16, 32)
_LONGER: Final = 4
"""Steps of the first cycle of each plan worked on, and how much longer the next one is: whenever time ends, one of
the plans has cooled down for a good part of it."""

_FIRST_BRANCH: Final = 8
_RELAXED: Final = 12
_RELAXED_GAP: Final = 3e-4
_RESTART_EVERY: Final = 8
_MISSES: Final = 4
_MOST_IN_PART: Final = 0.5
_SETTLED: Final = 1e-4
_BRANCH_SECONDS: Final = 12.0
_BRANCH_GAP: Final = 1e-4
_BRANCH_PAIRS: Final = 800


def region_of(problem: Problem) -> Region:
    """Return a problem in the form of the compiled code."""
    profiles = problem.profiles
    leads = problem.leads & (problem.slots > 0)[:, None]
    lead = np.flatnonzero(leads.any(axis=1))
    rank = np.full(len(profiles), -1)
    rank[lead] = np.arange(len(lead))
    pair_lead, pair_case = np.nonzero(leads)
    asking = np.flatnonzero(problem.needs.any(axis=1) & (problem.staff >= problem.part_fte) & (problem.money > 0))
    xyz = np.nan_to_num(profiles.unit_vector)
    near = asking[_nearest(xyz[asking], xyz[lead], _NEAR)].astype(np.int32)
    cells = _cells(xyz[asking], np.ones(len(asking)), _CELL) if len(asking) else []
    asking = np.concatenate([asking[cell] for cell in cells]) if cells else asking
    cell_at = np.cumsum([0, *map(len, cells)])
    apart_km = np.full((len(lead), len(cells)), np.inf)
    for cell in range(len(cells)):
        inside = xyz[asking[cell_at[cell] : cell_at[cell + 1]]]
        middle = inside.mean(axis=0)
        middle /= max(float(np.linalg.norm(middle)), _NOWHERE)
        radius = _km(inside, middle).max()
        apart_km[:, cell] = np.maximum(0, _km(xyz[lead], middle) - radius - _ROUNDING_KM)
    near_cells = np.argsort(apart_km, axis=1, kind="stable")
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
        scarce=problem.scarce,
        staff=problem.staff,
        money=problem.money,
        slots=problem.slots,
        weak=np.zeros(len(profiles), dtype=bool),
        asking=asking,
        cell_at=cell_at,
        near_cells=near_cells,
        cell_km=np.take_along_axis(apart_km, near_cells, axis=1),
        near=near,
        near_leads=_nearest(xyz[lead], xyz[lead], _NEAR_LEADS).astype(np.int32),
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


def _cells(places: Floats, weight: Floats, most: float) -> list[Ints]:
    """Split places into neighbourhoods, each of at most so much weight."""
    open_cells, done = [np.arange(len(places))], []
    while open_cells:
        cell = open_cells.pop()
        if len(cell) < 2 or weight[cell].sum() <= most:  # noqa: PLR2004 - one cannot be split
            done.append(cell)
            continue
        order = cell[np.argsort(places[cell, np.argmax(np.ptp(places[cell], axis=0))], kind="stable")]
        half = int(np.clip(np.searchsorted(np.cumsum(weight[order]), weight[cell].sum() / 2), 1, len(cell) - 1))
        open_cells += [np.sort(order[half:]), np.sort(order[:half])]
    return done


def _km(places: Floats, of: Floats) -> Floats:
    km: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1, np.linalg.norm(places - of, axis=1) / 2))
    return km


def _nearest(places: Floats, of: Floats, most: int) -> Ints:
    """Return the nearest places of some others, from near to far."""
    count = min(most, len(places))
    if not count or not len(of):
        return np.zeros((len(of), count), dtype=np.int64)
    found: Ints = cKDTree(places).query(of, k=count, workers=_THREADS)[1].reshape(len(of), count)
    return found


def _least_use(problem: Problem, region: Region) -> Floats:
    """Return the least that joining for a need can cost a municipality a year, infinite where nobody leads it."""
    use = np.full(problem.needs.shape, np.inf)
    base, per_km, _ = problem.joining
    for c in np.flatnonzero(problem.needs.any(axis=0)):
        rows = np.flatnonzero(problem.needs[:, c])
        for operated in (0, 1):
            leads = region.pair_lead[region.pair_case == c]
            leads = leads[problem.operates[leads, c] == bool(operated)]
            if not len(leads):
                continue
            # A lead does not join itself: the second nearest is looked at as well.
            found: Any = cKDTree(region.xyz[leads]).query(region.xyz[rows], k=2)
            chord, place = found
            chord = np.where(leads[np.minimum(place[:, 0], len(leads) - 1)] == rows, chord[:, 1], chord[:, 0])
            km = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1, chord / 2))
            least = (region.share[operated, c].min() + base + per_km * km + problem.variable[rows, c]) / problem.years
            use[rows, c] = np.minimum(use[rows, c], np.where(np.isfinite(chord), least, np.inf))
    return use


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
    """Prices, bound and best plan of one problem.

    Attributes
    ----------
    value, bound
        Saving of the best plan so far, and what no plan can exceed, in euro.
    groups
        The best plan.
    states
        The plans worked on, side by side.
    """

    def __init__(self, problem: Problem, *, pinned: Sequence[Group] = (), include: Bools | None = None) -> None:
        (n, u), scarce = problem.needs.shape, int(problem.scarce.max(initial=0)) + 1
        self.problem, self.pinned = problem, tuple(pinned)
        self.include = np.zeros(n, dtype=bool) if include is None else include
        self.region = region_of(problem)._replace(weak=self.include)
        self.bonus = float(10 * problem.fixed.max(initial=1.0) * problem.sizes.stop) if self.include.any() else 0.0
        pairs = len(self.region.pair_lead)
        numbered = zip(self.region.pair_lead.tolist(), self.region.pair_case.tolist(), strict=True)
        self._pair = {pair: p for p, pair in enumerate(numbered)}
        self._value, self._size = np.zeros(pairs), np.zeros(pairs, dtype=np.int64)
        self._joiners = np.zeros((pairs, problem.sizes.stop), dtype=np.int32)
        self._taken = np.zeros(pairs, dtype=bool)
        self._served, self._led, self._tiers = np.zeros((n, u)), np.zeros(n), np.zeros((scarce, TIERS))
        self._known_money = np.where(np.isfinite(problem.money) & (problem.money > 0), problem.money, 1.0)
        self._use = _least_use(problem, self.region)
        self._best = Prices(np.zeros((n, u)), np.zeros(n), np.zeros(n), np.zeros((scarce, TIERS)))
        self._next, self._center = self._best, self._vector(self._best)
        self._direction: Floats | None = None
        self._step, self._idle = _FIRST_STEP, 0
        self._seen: deque[Ints] = deque(maxlen=max(20, _REMEMBERED // max(1, pairs)))
        self.bound = np.inf
        self.groups: tuple[Group, ...] = ()
        self.value, self.covered = 0.0, -1
        self._random = np.random.default_rng(problem.limits.seed)
        self.take(self.pinned)

    # Plans

    def take(self, groups: Sequence[Group]) -> None:
        """Go on from a plan."""
        self.states = [self._state_of(groups) for _ in _FIRST_CYCLES]
        self._keep()

    def _state_of(self, groups: Sequence[Group]) -> State:
        state = empty_state(self.problem, self.region)
        pairs = np.array([self._pair[group.lead, group.use_case] for group in groups], dtype=np.int64)
        for p, group in zip(pairs.tolist(), groups, strict=True):
            state.size[p] = len(group.joiners)
            state.joiners[p, : len(group.joiners)] = group.joiners
        state.pinned[[self._pair[group.lead, group.use_case] for group in self.pinned]] = True
        moves.put(self.region, state, pairs)
        return state

    def _keep(self) -> None:
        """Keep a plan worked on where it is the best so far: more of the weak first, then value."""
        for state in self.states:
            covered, value = int((self.include & (state.cover > 0)).sum()), float(state.value[state.size > 0].sum())
            if (covered, value) > (self.covered, self.value):
                self.covered, self.value, self.groups = covered, value, groups_of(self.region, state)

    def fill(self, scale: float = 1.0) -> None:
        """Add groups to the plan under the prices, then for their value alone."""
        pairs = np.arange(len(self.region.pair_lead))
        least = self._least(self._best)
        for times in (scale, 0.0) if scale else (0.0,):
            moves.fill(self.region, self.states[0], pairs, self._best, least, times, 0.0, self.bonus)
        self.take(groups_of(self.region, self.states[0]))

    def restart(self) -> None:
        """Build a plan anew under the best prices, and go on from it where it is the best so far."""
        old, best = self.states, (self.covered, self.value)
        self.take(self.pinned)
        self.fill()
        if (self.covered, self.value) == best:
            self.states = old

    def improve(self, rounds: int, heats: Sequence[float]) -> None:
        """Change the plans worked on in some rounds; ``heats`` in euro are the losses that often pass in each."""
        if not len(self.region.pair_lead):
            return
        least, seeds = self._least(self._best), self._random.integers(2**32, size=len(heats)).tolist()

        def change(state: State, heat: float, seed: int) -> None:
            moves.improve(self.region, state, self._best, least, rounds, self.bonus, heat, seed)

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(change, self.states, heats, seeds))
        self._keep()

    def branch(self, part: Ints, seconds: float, stop: Callable[[], bool]) -> bool:
        """Choose the best groups of some leads among the members that prices brought together, all else kept.

        Tell whether that makes a better plan.
        """
        kept = [group for group in self.groups if not np.isin(group.lead, part)]
        rest = self._state_of(kept)
        problem = replace(self.problem, needs=rest.free, staff=rest.staff, money=rest.money, slots=rest.slots)
        fixed = [group for group in self.pinned if np.isin(group.lead, part)]
        include = self.include & (rest.cover == 0)
        solved = exact.solve(
            problem, self._model(problem, part), seconds=seconds, gap=_BRANCH_GAP, fixed=fixed,
            include=include if include.any() else None,
            known=[group for group in self.groups if np.isin(group.lead, part)], stop=stop,
        )  # fmt: skip
        if solved.groups is None:
            return False
        old, best = self.states, (self.covered, self.value)
        self.take([*kept, *solved.groups])
        if (self.covered, self.value) > best:
            return True
        self.states = old
        return False

    def _model(self, problem: Problem, part: Ints) -> exact.Model:
        """Return the columns seen in good groups lately, and those of the best plan."""
        region, sizes, n = self.region, problem.sizes, len(problem.profiles)
        best = self._state_of(self.groups)
        own = [self._codes(np.flatnonzero(best.size), best.size, best.joiners)]
        code = np.unique(np.concatenate([*self._seen, *own]))
        at, joiner = np.divmod(code, n)
        pair, size = at // len(sizes), at % len(sizes) + sizes.start
        lead, case = region.pair_lead[pair], region.pair_case[pair]
        open_lead = problem.operates[lead, case] | problem.needs[lead, case]
        use = open_lead & problem.needs[joiner, case] & np.isin(lead, part) & (problem.slots[lead] > 0)
        chosen, size_of = np.unique(at[use], return_inverse=True)
        first = np.searchsorted(at[use], chosen)
        return exact.columns_of(problem, lead[use][first], case[use][first], size[use][first], size_of, joiner[use])

    def _codes(self, pairs: Ints, size: Ints, joiners: npt.NDArray[np.int32]) -> Ints:
        """Return a number for each pair, size and joiner of some groups."""
        at, row = _members(pairs, size, joiners)
        sizes, n = self.problem.sizes, len(self.problem.profiles)
        code: Ints = (pairs[at] * len(sizes) + size[pairs[at]] + 1 - sizes.start) * n + row
        return code

    # Bounds

    def relax(self, stop: Callable[[], bool]) -> exact.Relaxed | None:
        """Try prices from the linear programme of the columns seen lately; None where it says little."""
        model = self._model(self.problem, self.region.lead)
        relaxed = exact.relax(self.problem, model, stop=stop) if len(model.lead) else None
        if relaxed is None or relaxed.in_part > _MOST_IN_PART:
            return None
        self.tighten(prices=relaxed.prices)
        return relaxed

    def tighten(self, times: int = 1, prices: Prices | None = None) -> None:
        """Compute the bound under the prices, and move them (volume algorithm of Barahona and Anbil)."""
        if prices is not None:
            self._next = prices
        for _ in range(times):
            self._tighten()

    def _tighten(self) -> None:
        region, prices, problem = self.region, self._next, self.problem
        parts, asked = 8 * _THREADS, np.where(problem.needs, prices.need, np.inf)[region.asking]
        least = np.minimum.reduceat(asked, region.cell_at[:-1]) if len(asked) else asked
        leads, rows = (np.linspace(0, m, parts + 1).astype(int) for m in (len(region.lead), len(problem.profiles)))

        def part(at: int) -> float:
            grouped: float = kernel.relaxed(
                region, prices, least, leads[at], leads[at + 1], self._value, self._size, self._joiners, self._taken
            )
            carried: float = kernel.carried(
                region, prices, self._use, rows[at], rows[at + 1], self._served, self._led, self._tiers
            )
            return grouped + carried

        with ThreadPoolExecutor(_THREADS) as pool:
            total = sum(pool.map(part, range(parts)))
        total += float(prices.money @ np.where(np.isfinite(problem.money), problem.money, 0.0))
        good = np.flatnonzero(self._value > -_NEARLY * problem.fixed.max(initial=0.0))
        self._seen.append(np.unique(self._codes(good, self._size, self._joiners)))
        slack = self._slack()
        if total < self.bound:
            self.bound, self._best, self._center, self._idle = total, prices, self._vector(prices), 0
            if self._direction is not None and self._direction @ slack > 0:
                self._step = min(2.0, self._step * 1.1)
        else:
            self._idle += 1
            if self._idle >= _PATIENCE:
                self._step, self._idle = self._step * 0.8, 0
        before = slack if self._direction is None else self._direction
        self._direction = _MEMORY * before + (1 - _MEMORY) * slack
        down = np.where((self._center <= 0) & (self._direction > 0), 0.0, self._direction)
        norm = float(down @ down)
        if norm > 0:
            length = self._step * max(self.bound - self.value, 1e-4 * abs(self.bound)) / norm
            self._next = self._prices(np.maximum(0.0, self._center - length * down))

    @property
    def settled(self) -> bool:
        """Whether the prices hardly move any more."""
        return self._step < _SETTLED

    def _least(self, prices: Prices) -> Floats:
        least: Floats = np.where(self.problem.needs, prices.need, np.inf).min(axis=0, initial=np.inf)
        return least

    def _vector(self, prices: Prices) -> Floats:
        """Return prices as one vector: money in shares of what there is, tiers as rises from one to the next."""
        rises = np.diff(prices.tier, axis=1, prepend=0.0)
        return np.concatenate((prices.need.ravel(), prices.lead, prices.money * self._known_money, rises.ravel()))

    def _prices(self, vector: Floats) -> Prices:
        n, u = self.problem.needs.shape
        need, lead, money, rises = np.split(vector, np.cumsum((n * u, n, n)))
        return Prices(need.reshape(n, u), lead, money / self._known_money, rises.reshape(-1, TIERS).cumsum(axis=1))

    def _slack(self) -> Floats:
        """Return how much of each need, lead and money is left between the groups and what is carried."""
        problem, region = self.problem, self.region
        n, u = problem.needs.shape
        taken = np.flatnonzero(self._taken)
        lead, case = region.pair_lead[taken], region.pair_case[taken]
        begins = ~problem.operates[lead, case]
        share = region.share[np.where(begins, 0, 1), case, self._size[taken] + 1 - region.first_size]
        at, row = _members(taken, self._size, self._joiners)
        who, what = np.concatenate((row, lead[begins])), np.concatenate((case[at], case[begins]))
        common = np.concatenate((share[at] + problem.cost_of_joining(lead[at], row), share[begins]))
        use = (common + problem.variable[who, what]) / problem.years
        served = np.bincount(who * u + what, minlength=n * u)
        spent = np.bincount(who, use, n) / self._known_money
        tier = problem.scarce[who, what] * TIERS + tiers(use, problem.money[who])
        above = np.bincount(tier, minlength=self._tiers.size).reshape(-1, TIERS)[:, ::-1].cumsum(axis=1)[:, ::-1]
        above[0] = 0
        return np.concatenate((
            self._served.ravel() - served,
            self._led - np.bincount(lead, minlength=n),
            np.where(np.isfinite(problem.money), 1 - spent, 0.0),
            (self._tiers - above).ravel(),
        ))  # fmt: skip


def _members(pairs: Ints, size: Ints, joiners: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return the joiners of some groups, and the place of the group of each."""
    count = size[pairs]
    at: Ints = np.repeat(np.arange(len(pairs)), count)
    place = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    row: Ints = joiners[pairs[at], place].astype(np.int64)
    return at, row


def run(
    search: Search, done: Callable[[], bool], *, rounds: int, gap: float, left: Callable[[], float] = lambda: np.inf
) -> Iterator[None]:
    """Move bound and plan in turns until the gap is reached, the rounds are used up or ``done``; yield after each.

    ``left`` tells the seconds that are left.
    """

    def ended() -> bool:
        return done() or search.bound - search.value <= gap * search.value

    search.fill(0.0)
    yield
    pairs = np.bincount(search.region.pair_lead, minlength=len(search.problem.profiles)).astype(np.float64)
    parts = _cells(search.region.xyz, pairs, _BRANCH_PAIRS)
    apt = len(parts) > 1 or (yield from _relaxed(search, ended, done))
    cycles, places = list(_FIRST_CYCLES), [0] * len(_FIRST_CYCLES)
    next_branch = _FIRST_BRANCH if len(parts) == 1 else 4 * _FIRST_BRANCH
    for number in range(1, rounds + 1):
        if not search.settled:
            yield from _tightened(search, ended)
            if number % _RESTART_EVERY == 1:
                search.restart()
        if ended():
            return
        heat = (_HEAT if len(parts) == 1 else _HEAT_OF_PARTS) * search.value / max(1, len(search.groups))
        heats = [heat * (1 - place / cycle) ** 2 for place, cycle in zip(places, cycles, strict=True)]
        search.improve(max(50, len(search.region.pair_lead)), heats)
        for at, cycle in enumerate(cycles):
            places[at] += 1
            if places[at] == cycle:
                cycles[at], places[at] = _LONGER * cycle, 0
        yield
        if apt and number == next_branch:
            next_branch *= 4
            misses = 0
            for part in parts:
                if ended():
                    return
                misses = 0 if search.branch(part, min(left(), _BRANCH_SECONDS), done) else misses + 1
                yield
                if misses == _MISSES:
                    break


def _relaxed(search: Search, ended: Callable[[], bool], done: Callable[[], bool]) -> Generator[None, None, bool]:
    """Take prices from the programme until it knows the columns it needs; return whether it says anything."""
    for _ in range(_RELAXED):
        yield from _tightened(search, ended)
        if ended() or (relaxed := search.relax(done)) is None:
            return False
        search.restart()
        yield
        if search.bound <= relaxed.value * (1 + _RELAXED_GAP):
            break
    return True


def _tightened(search: Search, ended: Callable[[], bool]) -> Iterator[None]:
    for _ in range(_TIGHTENED):
        if ended():
            return
        search.tighten()
        yield
