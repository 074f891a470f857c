"""The compiled part of the bound: the best group of a lead under prices, and the best roles of a municipality.

A lead's best joiners under prices are those of least cost, so they are found by looking at the others from near to
far. The search for plans looks at the nearest only; the bound looks at all, cell by cell of the country, and skips a
cell where neither place nor prices can put anybody among the best.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from matchmaker.portfolio.problem import TIER_UNITS, TIERS, TOLERANCE, UNITS, Prices
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints

Compiled = TypeVar("Compiled", bound=Callable[..., Any])


def compiled(function: Compiled) -> Compiled:
    """Compile a function on its first call, once for all later runs."""
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


class Region(NamedTuple):
    """A problem as the compiled code reads it; n municipalities, u use cases, l leads, p pairs of lead and use case.

    ``asking`` (m,) lists who needs anything, cell by cell; ``cell_at`` (cells + 1,) is where each begins.
    ``near_cells`` (l, cells) are these from near to far of each lead, ``cell_km`` how near at least; ``near`` (l, k)
    the nearest of those who need anything, and ``near_leads`` (l, q) the nearest other leads.
    ``pairs_of`` (l + 1,) are where the pairs of a lead begin. ``share`` (2, u, sizes) is the equal share of a group,
    the second plane for leads that operate. ``rank`` (n,) is a lead's number, -1 for others.
    """

    xyz: Floats
    land: Ints
    fixed: Floats
    variable: Floats
    needs: Bools
    operates: Bools
    scarce: Ints
    staff: Floats
    money: Floats
    slots: Ints
    weak: Bools
    asking: Ints
    cell_at: Ints
    near_cells: Ints
    cell_km: Floats
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


@compiled
def km_between(xyz: Floats, i: int, j: int) -> float:
    """Return the distance of two rows."""
    squared = (xyz[i, 0] - xyz[j, 0]) ** 2 + (xyz[i, 1] - xyz[j, 1]) ** 2 + (xyz[i, 2] - xyz[j, 2]) ** 2
    return 2.0 * EARTH_RADIUS_KM * float(np.arcsin(np.sqrt(min(1.0, squared / 4.0))))


@compiled
def _units(use: float, money: float) -> int:
    return int(min(float(UNITS), use * UNITS / money)) if 0 < money < np.inf else 0


@compiled
def tier_of(use: float, money: float) -> int:
    """Return the tier of a use of money, as `matchmaker.portfolio.problem.tiers`."""
    return max(0, _units(use, money) - 1) // TIER_UNITS


@compiled
def _begin(g: Region, h: int, c: int, money: Floats, count: Ints) -> bool:
    """Mark the sizes of a group that a lead can pay for with 0, others with -1; tell whether there is any."""
    some = False
    for s in range(len(count)):
        open_size = g.operates[h, c] or (g.share[0, c, s] + g.variable[h, c]) / g.years <= money[h] + TOLERANCE
        count[s] = 0 if open_size else -1
        some = some or open_size
    return some


@compiled
def _worst(g: Region, cost: Floats, count: Ints) -> float:
    """Return what a joiner has to cost less than to be among the best of any size."""
    worst = -np.inf
    for s in range(len(count)):
        places = g.first_size + s - 1
        if count[s] >= 0:
            worst = max(worst, cost[s, places - 1] if count[s] == places else np.inf)
    return worst


@compiled
def _offer(
    g: Region, h: int, c: int, i: int, km: float, prices: Prices, scale: float, reward: float, money: float,
    cost: Floats, row: npt.NDArray[np.int32], count: Ints,
) -> None:  # fmt: skip
    """Put a joiner where it is among the best so far of a size; ``reward`` is what it is worth besides."""
    k = g.base + g.per_km * km + (g.other_land if g.land[i] != g.land[h] else 0.0)
    if k >= g.fixed[c]:
        return
    operated = 1 if g.operates[h, c] else 0
    price = scale * prices.need[i, c] - reward
    for s in range(len(count)):
        if count[s] < 0:
            continue
        use = (g.share[operated, c, s] + g.variable[i, c] + k) / g.years
        if use > money + TOLERANCE:
            continue
        total = k + price + scale * (prices.money[i] * use + prices.tier[g.scarce[i, c], tier_of(use, g.money[i])])
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


@compiled
def _choose(
    g: Region, h: int, c: int, prices: Prices, scale: float, cost: Floats, count: Ints
) -> tuple[float, int]:  # fmt: skip
    """Return value under the prices and number of joiners of the best size, -inf where none has enough joiners."""
    best, joiners = -np.inf, 0
    for s in range(len(count)):
        places = g.first_size + s - 1
        if count[s] != places:
            continue
        value = g.fixed[c] * places - g.coordination * (places + 1) * places / 2 - scale * prices.lead[h]
        for at in range(places):
            value -= cost[s, at]
        if not g.operates[h, c]:
            use = (g.share[0, c, s] + g.variable[h, c]) / g.years
            tier = prices.tier[g.scarce[h, c], tier_of(use, g.money[h])]
            value -= scale * (prices.need[h, c] + prices.money[h] * use + tier)
        if value > best:
            best, joiners = value, places
    return best, joiners


@compiled
def best_that_fits(
    g: Region, h: int, c: int, prices: Prices, scale: float, least: float, free: Bools, staff: Floats, money: Floats,
    cover: Ints, bonus: float, veto: Ints, cost: Floats, row: npt.NDArray[np.int32], count: Ints,
) -> tuple[float, int]:  # fmt: skip
    """Return value under ``scale`` times the prices and number of joiners of a lead's best group, -inf for none.

    Only those who are near and free are looked at, from near to far. ``least`` is at most what any costs beside
    coming together. The joiners stand in ``row[joiners - first]``.
    """
    if not _begin(g, h, c, money, count):
        return -np.inf, 0
    for i in g.near[g.rank[h]]:
        if i == h or not free[i, c] or staff[i] < g.part_fte - TOLERANCE:
            continue
        vetoed = False
        for v in veto:
            vetoed = vetoed or v == i
        if vetoed:
            continue
        km = km_between(g.xyz, h, i)
        nearest = g.base + g.per_km * km
        if nearest >= g.fixed[c] or nearest + least >= _worst(g, cost, count):
            break
        reward = bonus if g.weak[i] and cover[i] == 0 else 0.0
        _offer(g, h, c, i, km, prices, scale, reward, money[i], cost, row, count)
    value, joiners = _choose(g, h, c, prices, scale, cost, count)
    return value + (bonus if g.weak[h] and cover[h] == 0 else 0.0), joiners


@compiled
def _best_of_all(
    g: Region, h: int, c: int, prices: Prices, least: Floats, cost: Floats, row: npt.NDArray[np.int32], count: Ints
) -> tuple[float, int]:
    """Return value under the prices and number of joiners of a lead's best group, all municipalities considered."""
    if not _begin(g, h, c, g.money, count):
        return -np.inf, 0
    rank = g.rank[h]
    for place in range(g.near_cells.shape[1]):
        cell = g.near_cells[rank, place]
        nearest = g.base + g.per_km * g.cell_km[rank, place]
        if nearest >= g.fixed[c]:
            break
        if nearest + least[cell, c] >= _worst(g, cost, count):
            continue
        for at in range(g.cell_at[cell], g.cell_at[cell + 1]):
            i = g.asking[at]
            if i != h and g.needs[i, c] and g.staff[i] >= g.part_fte - TOLERANCE:
                _offer(g, h, c, i, km_between(g.xyz, h, i), prices, 1.0, 0.0, g.money[i], cost, row, count)
    return _choose(g, h, c, prices, 1.0, cost, count)


@compiled
def relaxed(
    g: Region, prices: Prices, least: Floats, first: int, last: int, value: Floats, size: Ints,
    joiners: npt.NDArray[np.int32], taken: Bools,
) -> float:  # fmt: skip
    """Write the best group of each pair of some leads under prices, mark the best of each lead; return their sum.

    ``least`` (cells, u) is the lowest price of a need in each cell, infinite where nobody has it.
    """
    sizes = g.share.shape[2]
    cost = np.empty((sizes, sizes + g.first_size))
    row = np.empty((sizes, sizes + g.first_size), dtype=np.int32)
    count = np.zeros(sizes, dtype=np.int64)
    total = 0.0
    for lead in range(first, last):
        h = g.lead[lead]
        begin, end = g.pairs_of[lead], g.pairs_of[lead + 1]
        for p in range(begin, end):
            value[p], size[p] = _best_of_all(g, h, g.pair_case[p], prices, least, cost, row, count)
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


@compiled
def carried(
    g: Region, prices: Prices, cheapest: Floats, first: int, last: int, served: Floats, led: Floats, tiers: Floats
) -> float:
    """Choose for some municipalities the roles of largest price that their staff and money carry; return the sum.

    ``cheapest`` (n, u) is the least that joining costs a year, infinite where nobody leads. Money counts in whole
    units, rounded down, so nothing that could be carried is left out. Writes who is served with what, how many groups
    each leads, and in each tier the scarce needs whose use of money lies in it or above.
    """
    u, sizes = g.needs.shape[1], g.share.shape[2]
    most = int(g.slots.max())
    unit, gain = np.zeros((u, TIERS + sizes), dtype=np.int64), np.zeros((u, TIERS + sizes))
    tier, leading = np.zeros_like(unit), np.zeros_like(unit)
    count, case = np.zeros(u, dtype=np.int64), np.zeros(u, dtype=np.int64)
    value = np.zeros((u + 1, most + 1, UNITS + 1))
    choice = np.zeros((u + 1, most + 1, UNITS + 1), dtype=np.int64)
    can_lead = np.zeros(u, dtype=np.bool_)
    total = 0.0
    for i in range(first, last):
        served[i], led[i] = 0, 0
        for c in range(u):
            tiers[g.scarce[i, c]] = 0
        money, slots, rank = g.money[i], 0, g.rank[i]
        can_lead[:] = False
        if rank >= 0:
            slots = g.slots[i]
            for p in range(g.pairs_of[rank], g.pairs_of[rank + 1]):
                can_lead[g.pair_case[p]] = True
        running, items, widest = 0, 0, 0
        for c in range(u):
            running += can_lead[c] and g.operates[i, c]
            if not g.needs[i, c]:
                continue
            n = 0
            if cheapest[i, c] <= money + TOLERANCE and g.staff[i] >= g.part_fte - TOLERANCE:
                lowest = tier_of(cheapest[i, c], money)
                for t in range(lowest, TIERS):
                    worth = prices.need[i, c] + prices.tier[g.scarce[i, c], t]
                    # Who uses more money than it has to does so for a higher price only.
                    if worth > 0 and (
                        t == lowest or prices.tier[g.scarce[i, c], t] > prices.tier[g.scarce[i, c], t - 1]
                    ):
                        least = _units(cheapest[i, c], money) if t == lowest else t * TIER_UNITS + 1
                        unit[items, n], gain[items, n], tier[items, n], leading[items, n] = least, worth, t, 0
                        n += 1
            if can_lead[c]:
                for s in range(sizes):
                    use = (g.share[0, c, s] + g.variable[i, c]) / g.years
                    if use <= money + TOLERANCE:
                        t = tier_of(use, money)
                        unit[items, n], tier[items, n], leading[items, n] = _units(use, money), t, 1
                        gain[items, n] = prices.need[i, c] + prices.tier[g.scarce[i, c], t] + prices.lead[i]
                        n += 1
            if n > 0:
                count[items], case[items] = n, c
                widest += unit[items, :n].max()
                items += 1
        if widest <= UNITS:
            unit[:items], widest = 0, 0
        else:
            widest = UNITS
        # Leading as often as possible may leave no staff for joining.
        joining = slots
        while joining > 0 and joining * g.lead_fte + g.part_fte > g.staff[i] + TOLERANCE:
            joining -= 1
        best = -1.0
        for only_leads in range(1 + (joining < slots)):
            cap = slots if only_leads else joining
            value[0, : cap + 1, : widest + 1] = 0.0
            for q in range(items):
                for k in range(cap + 1):
                    for m in range(widest + 1):
                        top, which = value[q, k, m], -1
                        for o in range(count[q]):
                            if unit[q, o] > m or leading[q, o] > k or only_leads > leading[q, o]:
                                continue
                            now = value[q, k - leading[q, o], m - unit[q, o]] + gain[q, o]
                            if now > top:
                                top, which = now, o
                        value[q + 1, k, m], choice[q + 1, k, m] = top, which
            best_k, before = -1, best
            for k in range(cap + 1):
                # What it runs already can be led besides.
                now = value[items, k, widest] + min(cap - k, running) * prices.lead[i]
                if now > best:
                    best, best_k = now, k
            if best <= before:
                continue
            served[i] = 0
            for c in range(u):
                tiers[g.scarce[i, c]] = 0
            led[i] = best_k + min(cap - best_k, running)
            m = widest
            for q in range(items, 0, -1):
                o = choice[q, best_k, m]
                if o >= 0:
                    served[i, case[q - 1]] = 1
                    if g.scarce[i, case[q - 1]] > 0:
                        tiers[g.scarce[i, case[q - 1]], : tier[q - 1, o] + 1] = 1
                    m -= unit[q - 1, o]
                    best_k -= leading[q - 1, o]
        total += best
    return total
