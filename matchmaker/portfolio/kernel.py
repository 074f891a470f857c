"""The compiled part of the planner: the best group of a lead under prices, and a search that changes plans.

A lead's best joiners under prices are those of least cost, so they are found by looking at the others from near to
far and stopping as soon as nobody further away can be among the best: exact, and mostly after some dozens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from matchmaker.portfolio.problem import TOLERANCE
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints

KM_STEP: Final = 1 / 32
"""Places are ordered by distance in steps of this many kilometres."""

SCANNED: Final = 500
"""How many near ones the search for plans looks at; the bound looks at all."""

_ONE_CASE: Final = 0
_ANYWHERE: Final = 2
"""Which groups are taken out: of one use case near by, of all use cases near by (1), of leads anywhere."""

Compiled = TypeVar("Compiled", bound=Callable[..., Any])


def _compiled(function: Compiled) -> Compiled:
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


class Region(NamedTuple):
    """A problem as the compiled code reads it; n municipalities, u use cases, l leads, p pairs of lead and use case.

    ``near`` (l, m) lists who needs anything, from near to far of each lead; ``near_leads`` (l, k) other leads.
    ``pairs_of`` (l + 1,) are where the pairs of a lead begin. ``share`` (2, u, sizes) is the equal share of a group,
    the second plane for leads that operate. ``rank`` (n,) is a lead's number, -1 for others.
    """

    xyz: Floats
    land: Ints
    fixed: Floats
    variable: Floats
    needs: Bools
    operates: Bools
    staff: Floats
    money: Floats
    slots: Ints
    weak: Bools
    near: npt.NDArray[np.int32]
    near_leads: npt.NDArray[np.int32]
    lead: Ints
    rank: Ints
    pairs_of: Ints
    pair_lead: Ints
    pair_case: Ints
    share: Floats
    apart: Ints
    first_size: int
    base: float
    per_km: float
    other_land: float
    coordination: float
    years: float
    lead_fte: float
    part_fte: float


class Prices(NamedTuple):
    """Multipliers in euro: of each need (n, u), per post (n,), per euro a year (n,), and of each weak one (n,)."""

    need: Floats
    staff: Floats
    money: Floats
    weak: Floats


class State(NamedTuple):
    """A plan under construction: what is left of everybody, and the group of each pair (size 0 for none)."""

    free: Bools
    staff: Floats
    money: Floats
    slots: Ints
    cover: Ints
    size: Ints
    joiners: npt.NDArray[np.int32]
    value: Floats
    pinned: Bools


@_compiled
def _km(xyz: Floats, i: int, j: int) -> float:
    squared = (xyz[i, 0] - xyz[j, 0]) ** 2 + (xyz[i, 1] - xyz[j, 1]) ** 2 + (xyz[i, 2] - xyz[j, 2]) ** 2
    return 2.0 * EARTH_RADIUS_KM * float(np.arcsin(np.sqrt(min(1.0, squared / 4.0))))


@_compiled
def _best_group(
    g: Region, h: int, c: int, prices: Prices, scale: float, least: float, free: Bools, staff: Floats, money: Floats,
    cover: Ints, bonus: float, scanned: int, veto: Ints, cost: Floats, row: npt.NDArray[np.int32], count: Ints,
) -> tuple[float, int]:  # fmt: skip
    """Return value under ``scale`` times the prices and number of joiners of a lead's best group, -inf for none.

    ``least`` is at most the price of any need of this use case. The joiners stand in ``row[joiners - first]``.
    """
    operated = 1 if g.operates[h, c] else 0
    sizes = g.share.shape[2]
    open_sizes = 0
    for s in range(sizes):
        count[s] = 0
        payable = operated == 1 or (g.share[0, c, s] + g.variable[h, c]) / g.years <= money[h] + TOLERANCE
        if not payable:
            count[s] = -1
        else:
            open_sizes += 1
    if open_sizes == 0:
        return -np.inf, 0
    fixed = g.fixed[c]
    near = g.near[g.rank[h]]
    for place in range(min(len(near), scanned)):
        i = near[place]
        if i == h or not free[i, c] or staff[i] < g.part_fte - TOLERANCE:
            continue
        vetoed = False
        for v in veto:
            vetoed = vetoed or v == i
        if vetoed:
            continue
        km = _km(g.xyz, h, i)
        nearest = g.base + g.per_km * (km - KM_STEP)
        if nearest >= fixed:
            break
        worst = -np.inf
        for s in range(sizes):
            if count[s] >= 0:
                places = g.first_size + s - 1
                worst = max(worst, cost[s, places - 1] if count[s] == places else np.inf)
        if nearest + least >= worst:
            break
        k = g.base + g.per_km * km + (g.other_land if g.land[i] != g.land[h] else 0.0)
        if k >= fixed:
            continue
        per_euro = scale * prices.money[i] / g.years
        price = scale * (prices.need[i, c] + prices.staff[i] * g.part_fte - prices.weak[i])
        if g.weak[i] and cover[i] == 0:
            price -= bonus
        for s in range(sizes):
            if count[s] < 0:
                continue
            share = g.share[operated, c, s]
            if (share + g.variable[i, c] + k) / g.years > money[i] + TOLERANCE:
                continue
            total = k + price + per_euro * (share + g.variable[i, c] + k)
            places = g.first_size + s - 1
            if count[s] == places:
                if total >= cost[s, places - 1]:
                    continue
                at = places - 1
            else:
                at = count[s]
                count[s] += 1
            while at > 0 and cost[s, at - 1] > total:
                cost[s, at], row[s, at] = cost[s, at - 1], row[s, at - 1]
                at -= 1
            cost[s, at], row[s, at] = total, i
    own = scale * (prices.staff[h] * g.lead_fte - prices.weak[h])
    if g.weak[h] and cover[h] == 0:
        own -= bonus
    if operated == 0:
        own += scale * prices.need[h, c]
    best, joiners = -np.inf, 0
    for s in range(sizes):
        places = g.first_size + s - 1
        if count[s] != places:
            continue
        size = places + 1
        value = fixed * places - g.coordination * size * places / 2 - own
        for at in range(places):
            value -= cost[s, at]
        if operated == 0:
            value -= scale * prices.money[h] * (g.share[0, c, s] + g.variable[h, c]) / g.years
        if value > best:
            best, joiners = value, places
    return best, joiners


@_compiled
def relaxed(
    g: Region, prices: Prices, least: Floats, first: int, last: int, value: Floats, size: Ints,
    joiners: npt.NDArray[np.int32], taken: Bools,
) -> float:  # fmt: skip
    """Write the best group of each pair of some leads under prices, mark the best of each lead; return their sum."""
    sizes = g.share.shape[2]
    cost = np.empty((sizes, sizes + g.first_size))
    row = np.empty((sizes, sizes + g.first_size), dtype=np.int32)
    count, veto = np.zeros(sizes, dtype=np.int64), np.empty(0, dtype=np.int64)
    cover = np.ones(len(g.staff), dtype=np.int64)
    total = 0.0
    for lead in range(first, last):
        h = g.lead[lead]
        begin, end = g.pairs_of[lead], g.pairs_of[lead + 1]
        for p in range(begin, end):
            value[p], size[p] = _best_group(
                g, h, g.pair_case[p], prices, 1.0, least[g.pair_case[p]], g.needs, g.staff, g.money, cover, 0.0,
                g.near.shape[1], veto, cost, row, count,
            )  # fmt: skip
            for at in range(size[p]):
                joiners[p, at] = row[size[p] - g.first_size + 1, at]
            taken[p] = False
        for _ in range(g.slots[h]):
            best = -1
            for p in range(begin, end):
                if not taken[p] and value[p] > 0 and (best < 0 or value[p] > value[best]):
                    best = p
            if best < 0:
                break
            taken[best] = True
            total += value[best]
    return total


@_compiled
def affordable(price: Floats, use: Floats, money: Floats, chosen: Bools) -> float:
    """Choose for each municipality the needs of largest price that its money can pay for; return their sum.

    ``use`` (n, u) is the least a need costs a year, infinite where it cannot be served. Depth first over the needs
    by price per euro, cut off where even a part of the next need would not lead to more.
    """
    n, u = price.shape
    total = 0.0
    order, worth, cost = np.empty(u, dtype=np.int64), np.empty(u), np.empty(u)
    inside, best_inside = np.zeros(u, dtype=np.bool_), np.zeros(u, dtype=np.bool_)
    for i in range(n):
        chosen[i] = False
        ratio = np.full(u, np.inf)
        items, all_cost = 0, 0.0
        for c in range(u):
            if price[i, c] > 0 and use[i, c] <= money[i] + TOLERANCE:
                ratio[c] = -price[i, c] / use[i, c]
                all_cost += use[i, c]
                items += 1
        sorted_needs = np.argsort(ratio)
        for at in range(items):
            order[at] = sorted_needs[at]
            worth[at], cost[at] = price[i, order[at]], use[i, order[at]]
        if all_cost <= money[i] + TOLERANCE:
            for at in range(items):
                chosen[i, order[at]] = True
                total += worth[at]
            continue
        best, value, left, at = -1.0, 0.0, money[i] + TOLERANCE, 0
        inside[:] = False
        while True:
            # Go down: take what fits, and stop where the rest cannot lead to more.
            ahead, room, hopeless = value, left, False
            for k in range(at, items):
                if cost[k] <= room:
                    room -= cost[k]
                    ahead += worth[k]
                else:
                    ahead += worth[k] * room / cost[k]
                    break
            hopeless = ahead <= best * (1 + 1e-12)
            if not hopeless and at < items:
                if cost[at] <= left:
                    inside[at] = True
                    left -= cost[at]
                    value += worth[at]
                at += 1
                continue
            if not hopeless and value > best:
                best = value
                best_inside[:] = inside
            # Go back to the last need taken, and leave it out.
            at -= 1
            while at >= 0 and not inside[at]:
                at -= 1
            if at < 0:
                break
            inside[at] = False
            left += cost[at]
            value -= worth[at]
            at += 1
        for k in range(items):
            if best_inside[k]:
                chosen[i, order[k]] = True
        total += max(best, 0.0)
    return total


@_compiled
def change(g: Region, state: State, p: int, sign: int) -> None:
    """Put the group that stands at a pair into the plan (1), or take it out (-1): only what is left is changed."""
    h, c = g.pair_lead[p], g.pair_case[p]
    operated = 1 if g.operates[h, c] else 0
    joiners = state.size[p]
    share = g.share[operated, c, joiners + 1 - g.first_size]
    state.staff[h] -= sign * g.lead_fte
    state.slots[h] -= sign
    state.cover[h] += sign
    if operated == 0:
        state.free[h, c] = sign < 0
        state.money[h] -= sign * (share + g.variable[h, c]) / g.years
    for at in range(joiners):
        i = state.joiners[p, at]
        k = g.base + g.per_km * _km(g.xyz, h, i) + (g.other_land if g.land[i] != g.land[h] else 0.0)
        state.staff[i] -= sign * g.part_fte
        state.money[i] -= sign * (share + g.variable[i, c] + k) / g.years
        state.free[i, c] = sign < 0
        state.cover[i] += sign


@_compiled
def _true_value(g: Region, state: State, p: int) -> float:
    h, c, joiners = g.pair_lead[p], g.pair_case[p], state.size[p]
    value: float = g.fixed[c] * joiners - g.coordination * joiners * (joiners + 1) / 2
    for at in range(joiners):
        i = state.joiners[p, at]
        value -= g.base + g.per_km * _km(g.xyz, h, i) + (g.other_land if g.land[i] != g.land[h] else 0.0)
    return value


@_compiled
def _clash(g: Region, h: int, joiners: npt.NDArray[np.int32]) -> int:
    """Return a joiner that must not be with another member, -1 for none."""
    for pair in range(len(g.apart)):
        a, b = g.apart[pair, 0], g.apart[pair, 1]
        has_a, has_b = h == a, h == b
        for i in joiners:
            has_a, has_b = has_a or i == a, has_b or i == b
        if has_a and has_b:
            return int(b) if b != h else int(a)
    return -1


@_compiled
def _propose(
    g: Region, state: State, p: int, prices: Prices, scale: float, least: Floats, bonus: float, cost: Floats,
    row: npt.NDArray[np.int32], count: Ints,
) -> float:  # fmt: skip
    """Write the best group that still fits at a pair, without putting it into the plan; return its value."""
    h, c = g.pair_lead[p], g.pair_case[p]
    state.size[p] = 0
    if state.slots[h] <= 0 or state.staff[h] < g.lead_fte - TOLERANCE:
        return -np.inf
    if not g.operates[h, c] and not state.free[h, c]:
        return -np.inf
    veto = np.empty(0, dtype=np.int64)
    while True:
        value, joiners = _best_group(
            g, h, c, prices, scale, scale * least[c] - bonus, state.free, state.staff, state.money, state.cover,
            bonus, SCANNED, veto, cost, row, count,
        )  # fmt: skip
        if joiners == 0:
            return -np.inf
        clash = _clash(g, h, row[joiners - g.first_size + 1, :joiners])
        if clash < 0:
            break
        veto = np.append(veto, clash)
    for at in range(joiners):
        state.joiners[p, at] = row[joiners - g.first_size + 1, at]
    state.size[p] = joiners
    return value


@_compiled
def fill(
    g: Region, state: State, pairs: Ints, prices: Prices, least: Floats, scale: float, noise: float, bonus: float
) -> None:
    """Add groups at some pairs, best first under ``scale`` times the prices, as long as one is worth it."""
    sizes = g.share.shape[2]
    cost = np.empty((sizes, sizes + g.first_size))
    row = np.empty((sizes, sizes + g.first_size), dtype=np.int32)
    count = np.zeros(sizes, dtype=np.int64)
    score, shake = np.full(len(pairs), -np.inf), np.ones(len(pairs))
    for at in range(len(pairs)):
        p = pairs[at]
        if state.size[p] == 0:
            shake[at] = 1 + noise * np.random.random()
            score[at] = shake[at] * _propose(g, state, p, prices, scale, least, bonus, cost, row, count)
            state.size[p] = 0
    order = np.argsort(-score)
    # A proposal only gets worse as others are added: the first that stays ahead after looking again is the best.
    heap = [(-score[at], at) for at in order if score[at] > 0]
    if len(heap) == 0:
        return
    _heapify(heap)
    while len(heap) > 0:
        _, at = _heappop(heap)
        p = pairs[at]
        now = shake[at] * _propose(g, state, p, prices, scale, least, bonus, cost, row, count)
        if now > 0 and (len(heap) == 0 or now >= -heap[0][0] - 1e-9):
            value = _true_value(g, state, p)
            if value > 0 or bonus > 0:
                state.value[p] = value
                change(g, state, p, 1)
                continue
        state.size[p] = 0
        if now > 0 and len(heap) > 0:
            _heappush(heap, (-now, at))


@_compiled
def _heapify(heap: list[tuple[float, int]]) -> None:
    heap.sort()


@_compiled
def _heappop(heap: list[tuple[float, int]]) -> tuple[float, int]:
    top, last = heap[0], heap.pop()
    if len(heap) == 0:
        return top
    at, size = 0, len(heap)
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last
    return top


@_compiled
def _heappush(heap: list[tuple[float, int]], item: tuple[float, int]) -> None:
    heap.append(item)
    at = len(heap) - 1
    while at > 0:
        parent = (at - 1) // 2
        if heap[parent] <= item:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = item


@_compiled
def seed_random(seed: int) -> None:
    """Begin the random numbers of the search anew."""
    np.random.seed(seed)


@_compiled
def improve(g: Region, state: State, prices: Prices, least: Floats, rounds: int, bonus: float) -> float:
    """Take some groups out and fill anew, many times; keep what is not worse. Return the gain, bonus included."""
    gained = 0.0
    leads, kept = len(g.lead), np.empty_like(state.joiners)
    kept_size, kept_value = np.empty_like(state.size), np.empty_like(state.value)
    chosen = np.empty(len(g.pair_lead), dtype=np.int64)
    for _ in range(rounds):
        p0 = np.random.randint(len(g.pair_lead))
        h0, c0 = g.pair_lead[p0], g.pair_case[p0]
        around = g.near_leads[g.rank[h0]]
        kind = np.random.randint(3)
        wide = len(around) if kind == _ONE_CASE else 2 + np.random.randint(6)
        number = 0
        for place in range(min(wide, len(around))):
            lead = around[place] if kind != _ANYWHERE else (g.rank[h0] if place == 0 else np.random.randint(leads))
            for p in range(g.pairs_of[lead], g.pairs_of[lead + 1]):
                if not state.pinned[p] and (kind != _ONE_CASE or g.pair_case[p] == c0):
                    seen = False
                    if kind == _ANYWHERE:
                        for at in range(number):
                            seen = seen or chosen[at] == p
                    if not seen:
                        chosen[number] = p
                        number += 1
        pairs = chosen[:number]
        before = _worth(g, state, pairs, bonus)
        for p in pairs:
            kept_size[p], kept_value[p] = state.size[p], state.value[p]
            kept[p] = state.joiners[p]
            if state.size[p] > 0:
                change(g, state, p, -1)
                state.size[p] = 0
        scale = (0.0, 0.5, 1.0)[np.random.randint(3)]
        fill(g, state, pairs, prices, least, scale, 0.1, bonus)
        fill(g, state, pairs, prices, least, 0.0, 0.0, bonus)
        after = _worth(g, state, pairs, bonus)
        # The bonus counts who is in a group, which others outside these pairs may already be in: compare whole.
        if after >= before - 1e-9:
            gained += after - before
            continue
        for p in pairs:
            if state.size[p] > 0:
                change(g, state, p, -1)
                state.size[p] = 0
        for p in pairs:
            if kept_size[p] > 0:
                state.size[p], state.value[p] = kept_size[p], kept_value[p]
                state.joiners[p] = kept[p]
                change(g, state, p, 1)
    return gained


@_compiled
def _worth(g: Region, state: State, pairs: Ints, bonus: float) -> float:
    """Return the value of the groups at some pairs, and the bonus of all weak ones that are in a group."""
    total = 0.0
    for p in pairs:
        if state.size[p] > 0:
            total += state.value[p]
    if bonus > 0:
        for i in range(len(g.weak)):
            if g.weak[i] and state.cover[i] > 0:
                total += bonus
    return total
