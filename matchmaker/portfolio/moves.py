"""The compiled search for plans: groups are added best first, some are taken out, and the gap is filled anew."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matchmaker.portfolio.kernel import Region, best_that_fits, compiled, km_between
from matchmaker.portfolio.problem import TOLERANCE, Prices
from matchmaker.profiles import Bools, Floats, Ints

_ONE_CASE: Final = 0
_ANYWHERE: Final = 2
"""Which groups are taken out: of one use case near by, of all use cases near by (1), of leads anywhere."""


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


@compiled
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
        k = g.base + g.per_km * km_between(g.xyz, h, i) + (g.other_land if g.land[i] != g.land[h] else 0.0)
        state.staff[i] -= sign * g.part_fte
        state.money[i] -= sign * (share + g.variable[i, c] + k) / g.years
        state.free[i, c] = sign < 0
        state.cover[i] += sign


@compiled
def _true_value(g: Region, state: State, p: int) -> float:
    h, c, joiners = g.pair_lead[p], g.pair_case[p], state.size[p]
    value: float = g.fixed[c] * joiners - g.coordination * joiners * (joiners + 1) / 2
    for at in range(joiners):
        i = state.joiners[p, at]
        value -= g.base + g.per_km * km_between(g.xyz, h, i) + (g.other_land if g.land[i] != g.land[h] else 0.0)
    return value


@compiled
def put(g: Region, state: State, pairs: Ints) -> None:
    """Put the groups that stand at some pairs into a plan."""
    for p in pairs:
        state.value[p] = _true_value(g, state, p)
        change(g, state, p, 1)


@compiled
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


@compiled
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
        value, joiners = best_that_fits(
            g, h, c, prices, scale, scale * least[c] - bonus, state.free, state.staff, state.money, state.cover,
            bonus, veto, cost, row, count,
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


@compiled
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
    heapify(heap)
    while len(heap) > 0:
        _, at = heappop(heap)
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
            heappush(heap, (-now, at))


@compiled
def improve(
    g: Region, state: State, prices: Prices, least: Floats, rounds: int, bonus: float, heat: float, seed: int
) -> float:
    """Take some groups out and fill anew, many times; keep what is not worse than ``heat`` lets pass by chance.

    Return the gain, bonus included. Each thread has random numbers of its own, hence the ``seed`` for each call.
    """
    np.random.seed(seed)
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
        if after - before >= heat * np.log(np.random.random()) - 1e-9:
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


@compiled
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
