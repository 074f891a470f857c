"""The score of every pair and everybody's exact best k, compiled.

Needs and offers are sets of bits, one bit per use case, so that a sum of minima is a count of common bits
(thermometer code: urgency at least 1, at least 2, 3) and a sum of products a weighted count of common bits.

`best_of_one` scores every candidate by definition. `best_of_many` first estimates: in single precision, for many
candidates at once, and never further than `MARGIN` per unit of weight from the score. Only candidates whose estimate
comes that close to the asker's k-th best are scored by definition and ranked. So both give the same exact result, and
the estimate decides about nothing but time. Where everybody asks everybody, `begin`, `meet` and `settle` do the same
with half the work: most of what two municipalities are to each other is the same from either side.

All that is compiled stands in one file for a reason: compiled code is kept on disk until its own file changes, and
would outlive a change of what it calls, or of a constant, in another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from matchmaker.model import DIMENSIONS, PARTS, WEAK_BELOW
from matchmaker.partners.forms import Asking, Best, Columns, Rows, Search, Singles, Tiles, Words
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints

HALF_SCORE_KM: Final = 60.0
FULL_CAPACITY_FTE: Final = 4.0
TIE_DECIMALS: Final = 9

MARGIN: Final = 3e-5
"""Bound on the error of an estimate per unit of weight. Most of it is the place, which single precision rounds to
half a metre or so."""

_SHARED_NEEDS, _REUSE, _TEACH, _LEARN, _TIES, _NEAR, _SIMILAR_SIZE, _SAME_LAND, _CAPACITY = range(len(PARTS))
"""Parts of the score in the order of `PARTS`."""

_ROUNDED: Final = 10.0**TIE_DECIMALS
WORD: Final = 64
SHORT: Final = 16
_MOST_COUNTED: Final = 2**15 - 1
_MOST_QUARTERS: Final = 12
"""An estimate counts in 16 bits; an urgency of 3 and an offer of four quarters are the most that one use case adds."""

PLANES, NEED_PLANES = 7, 4
"""Bits of a municipality: urgency at least 1, at least 2, 3, and odd; offers of one, two and four quarters."""

NEED_SUM, NEED_SHARE, OFFERS, X, Y, Z, POPULATION, FTE, LAND, MATURITY = range(10)
FIGURES: Final = MATURITY + len(DIMENSIONS)
PEOPLE_SHARE: Final = FIGURES
"""Figures of a municipality: Σ urgency and one by it, whether offers are known (1), place, inhabitants, staff, Land,
levels; of a candidate also one by the inhabitants."""

_BASE, _REUSED, _LEARNED, _LEVELS, _BAR = range(FIGURES, FIGURES + 5)
ASKED: Final = _BAR + 1
"""Further figures of an asker: the score that everybody gets, what a quarter of a need met and a level ahead add, Σ
levels, and the bar: the least estimate of a candidate that may still be among the best."""

_LONGEST: Final = 4.0
"""Squared chord between opposite places of the unit sphere."""

TILE: Final = 128
"""Municipalities estimated together: what is read of them, some 25 kB, stays in the processor's nearest cache."""

_SPARE = 16
"""A list of candidates that may be among the best k has room for 2k and so many more, all as good as the last."""

# Constants of the estimate in single precision: a double among them would make everything double.
_ZERO, _QUARTER, _ONE, _TWO = np.float32(0), np.float32(0.25), np.float32(1), np.float32(2)
_ASIN_1, _ASIN_2 = np.float32(1 / 12), np.float32(1 / 90)
_SQUARED_KM = np.float32((EARTH_RADIUS_KM / HALF_SCORE_KM) ** 2)
_STAFF = np.float32(1 / FULL_CAPACITY_FTE)
_HIGHEST = np.float32(5 * len(DIMENSIONS))
FAR, NO_STAFF = np.float32(100), np.float32(-1e9)
"""An unknown place and unknown staff in an estimate: both give a part of zero."""

_OUT, _OPEN, _CLOSED = np.float32(-1e9), np.float32(-1), np.float32(1e9)
"""Estimate of a candidate that is too far away, a bar that every other reaches, and one that none does. Infinity is no
number where operations may be reordered, and next to a far lower bar an estimate would lose its digits."""

_HALVINGS: Final = 12
"""So often the interval in which the bar lies is halved: to a four-thousandth of all weights."""

_LAST_BIT: Final = np.uint64(1)
_TRUE: Final = ir.Constant(ir.IntType(1), 1)

Compiled = TypeVar("Compiled", bound=Callable[..., Any])


def _compiled(function: Compiled) -> Compiled:
    """Compile exact arithmetic; the machine code is kept on disk, and threads run it side by side."""
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def _inlined(function: Compiled) -> Compiled:
    """Write exact arithmetic out where it is called, inside a loop over candidates."""
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))


def _estimating(function: Compiled) -> Compiled:
    """Compile an estimate, whose operations may be reordered so that many candidates are computed at once."""
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)(function))


def _count_ones(_context: Any, _word: Any) -> Any:
    signature = numba.types.int64(numba.types.uint64)
    return signature, lambda _codegen, builder, _signature, arguments: builder.ctpop(arguments[0])


def _count_ones_of_short(_context: Any, _word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        short = builder.trunc(arguments[0], context.get_value_type(numba.types.uint16))
        return builder.zext(builder.ctpop(short), context.get_value_type(signature.return_type))

    return numba.types.int64(numba.types.uint64), generate


def _count_trailing_zeros(_context: Any, _word: Any) -> Any:
    signature = numba.types.int64(numba.types.uint64)
    return signature, lambda _codegen, builder, _signature, arguments: builder.cttz(arguments[0], _TRUE)


def _compare_many(_context: Any, figure: Any, _at: Any, _bar: Any) -> Any:
    signature = numba.types.uint64(figure, numba.types.int64, numba.types.float32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        begin = builder.gep(context.make_array(signature.args[0])(context, builder, arguments[0]).data, arguments[1:2])
        many = ir.VectorType(ir.FloatType(), WORD)
        bars = ir.Constant(many, ir.Undefined)
        for lane in range(WORD):
            bars = builder.insert_element(bars, arguments[2], ir.Constant(ir.IntType(32), lane))
        figures = builder.load(builder.bitcast(begin, many.as_pointer()), align=4)
        return builder.bitcast(builder.fcmp_ordered(">=", figures, bars), ir.IntType(WORD))

    return signature, generate


_ones: Callable[[Any], int] = cast("Any", intrinsic(_count_ones))
"""Count the ones of a word, in one instruction where the processor has it."""

_ones_of_short: Callable[[Any], int] = cast("Any", intrinsic(_count_ones_of_short))
"""Count the ones among the last 16 bits of a word; counts this short are computed for most candidates at once."""

_first: Callable[[Any], int] = cast("Any", intrinsic(_count_trailing_zeros))
"""Tell which bit of a word is the first that is one."""

_reaching: Callable[[Any, int, Any], Any] = cast("Any", intrinsic(_compare_many))
"""Compare the 64 figures from a place on with a bar; the word returned has a bit for each that reaches it. Written as
a loop this is not computed at once."""


@_inlined
def _write_parts(
    bits: Words, figures: Floats, tie_start: Rows, tie_row: Rows, tie: Floats, i: int, j: int, part: Floats
) -> None:
    """Write the nine parts of the score of candidate j for asker i, NaN where unknown; see `matchmaker.partners`.

    The columns come one by one: taken out of their tuple for each candidate, each counting a reference, they would
    cost more than the score.
    """
    me, them = figures[i], figures[j]
    common, reuse, teach = 0, 0, 0
    for w in range(bits.shape[1]):
        common += _ones(bits[i, w, 0] & bits[j, w, 0])
        common += _ones(bits[i, w, 1] & bits[j, w, 1])
        common += _ones(bits[i, w, 2] & bits[j, w, 2])
        reuse += _quarters(bits, w, i, j)
        teach += _quarters(bits, w, j, i)
    larger = me[NEED_SUM] + them[NEED_SUM] - common
    part[_SHARED_NEEDS] = common / larger if larger != 0 else 0.0
    # Known times unknown is unknown: NaN comes through products and sums by itself.
    part[_REUSE] = reuse / 4 * me[NEED_SHARE] * them[OFFERS] + 0 * me[NEED_SUM]
    part[_TEACH] = teach / 4 * them[NEED_SHARE] * me[OFFERS] + 0 * them[NEED_SUM]
    ahead, room = 0.0, 0.0
    for d in range(MATURITY, FIGURES):
        if np.isnan(me[d]):
            ahead = np.nan
        elif me[d] < WEAK_BELOW:
            room += 5 - me[d]
            ahead += 0.0 if them[d] <= me[d] else them[d] - me[d]
    part[_LEARN] = ahead / room if room > 0 else 0 * ahead
    part[_TIES] = 0.0
    for at in range(tie_start[i], tie_start[i + 1]):
        if tie_row[at] == j:
            part[_TIES] = tie[at]
    part[_NEAR] = 1 / (1 + (_km(figures, i, j) / HALF_SCORE_KM) ** 2)
    mine, theirs = me[POPULATION], them[POPULATION]
    part[_SIMILAR_SIZE] = mine / theirs if mine < theirs else theirs / mine
    part[_SAME_LAND] = 1.0 if me[LAND] == them[LAND] else 0.0
    staff = me[FTE] + them[FTE]
    part[_CAPACITY] = 1.0 if staff > FULL_CAPACITY_FTE else staff / FULL_CAPACITY_FTE


@_compiled
def _quarters(bits: Words, w: int, i: int, j: int) -> int:
    """Σ u_i o_j in quarters, from one word of use cases."""
    two, odd, first, second, fourth = bits[i, w, 1], bits[i, w, 3], bits[j, w, 4], bits[j, w, 5], bits[j, w, 6]
    # A use case is offered with one weight only: what "or" joins is never set twice.
    count: int = _ones(odd & first) + 2 * _ones((odd & second) | (two & first))
    return count + 4 * _ones((odd & fourth) | (two & second)) + 8 * _ones(two & fourth)


@_compiled
def _km(figures: Floats, i: int, j: int) -> float:
    """Great-circle distance, NaN where a place is unknown; from the chord, which is exact for near places too."""
    squared = 0.0
    for axis in range(X, Z + 1):
        squared += (figures[i, axis] - figures[j, axis]) ** 2
    # Written so that NaN stays NaN.
    return 2.0 * EARTH_RADIUS_KM * float(np.arcsin(np.sqrt(1.0 if squared > _LONGEST else squared / _LONGEST)))


@_compiled
def _candidate(figures: Floats, i: int, j: int, max_km: float) -> bool:
    """Tell whether j is a candidate of i at all: another one, and not too far away."""
    return j != i and (max_km == np.inf or _km(figures, i, j) <= max_km)


@_compiled
def parts_of(columns: Columns, i: int, rows: Ints) -> Floats:
    """Return every part of the score of some candidates, (len(rows), 9), NaN where unknown."""
    bits, figures, tie_start, tie_row, tie = columns
    parts = np.empty((len(rows), len(PARTS)))
    for place in range(len(rows)):
        _write_parts(bits, figures, tie_start, tie_row, tie, i, rows[place], parts[place])
    return parts


@_compiled
def neutral_of(columns: Columns, i: int, rows: Ints, max_km: float) -> Floats:
    """Return the mean of each part over the candidates for which it is known, 0.5 if for none; shape (9,).

    ``rows`` are candidates; the asker is none of its own, and so are those beyond ``max_km``.
    """
    bits, figures, tie_start, tie_row, tie = columns
    part, total, count = np.empty(len(PARTS)), np.zeros(len(PARTS)), np.zeros(len(PARTS))
    for j in rows:
        if not _candidate(figures, i, j, max_km):
            continue
        _write_parts(bits, figures, tie_start, tie_row, tie, i, j, part)
        for p in range(len(PARTS)):
            if not np.isnan(part[p]):
                total[p] += part[p]
                count[p] += 1
    return np.where(count > 0, total / count, 0.5)


@_inlined
def _score(part: Floats, weights: Floats, neutral: Floats) -> float:
    score = 0.0
    for p in range(len(PARTS)):
        score += weights[p] * (neutral[p] if np.isnan(part[p]) else part[p])
    return score


@_inlined
def _coverage(part: Floats, weights: Floats) -> float:
    """Return the share of the weights whose part is known."""
    covered, total = 0.0, 0.0
    for p in range(len(PARTS)):
        covered += 0.0 if np.isnan(part[p]) else weights[p]
        total += weights[p]
    return covered / total


@_compiled
def _consider(
    columns: Columns, i: int, rows: Ints, max_km: float, weights: Floats, neutral: Floats, best: Best
) -> None:
    """Score candidates by definition and enter them among the best where they belong."""
    bits, figures, tie_start, tie_row, tie = columns
    rounded, rounded_coverage, row, best_score, best_coverage = best
    part, last = np.empty(len(PARTS)), len(rounded) - 1
    for j in rows:
        if not _candidate(figures, i, j, max_km):
            continue
        _write_parts(bits, figures, tie_start, tie_row, tie, i, j, part)
        score = _score(part, weights, neutral)
        if np.rint(score * _ROUNDED) >= rounded[last]:
            covered = _coverage(part, weights)
            _enter(rounded, rounded_coverage, row, best_score, best_coverage, score, covered, j)


@_compiled
def scores_of_one(columns: Columns, i: int, rows: Ints, weights: Floats, neutral: Floats, max_km: float) -> Floats:
    """Return score and coverage of some candidates for one asker, shape (2, len(rows)); NaN for who is none."""
    bits, figures, tie_start, tie_row, tie = columns
    part, found = np.empty(len(PARTS)), np.full((2, len(rows)), np.nan)
    for place in range(len(rows)):
        if not _candidate(figures, i, rows[place], max_km):
            continue
        _write_parts(bits, figures, tie_start, tie_row, tie, i, rows[place], part)
        found[0, place], found[1, place] = _score(part, weights, neutral), _coverage(part, weights)
    return found


@_compiled
def _nobody(k: int) -> Best:
    return Best(np.full(k, -np.inf), np.full(k, -np.inf), np.full(k, -1), np.full(k, np.nan), np.full(k, np.nan))


@_inlined
def _enter(
    rounded: Floats, rounded_coverage: Floats, row: Ints, score: Floats, coverage: Floats, found: float, covered: float,
    j: int,
) -> None:  # fmt: skip
    """Put a candidate in its place among the best: by score, coverage, and row, so that the order of calls is free."""
    first, second, place = np.rint(found * _ROUNDED), np.rint(covered * _ROUNDED), len(row)
    while place > 0 and row[place - 1] < 0:
        place -= 1
    while place > 0 and (
        first > rounded[place - 1]
        or (
            first == rounded[place - 1]
            and (second > rounded_coverage[place - 1] or (second == rounded_coverage[place - 1] and j < row[place - 1]))
        )
    ):
        place -= 1
        if place + 1 < len(row):
            rounded[place + 1], rounded_coverage[place + 1] = rounded[place], rounded_coverage[place]
            row[place + 1], score[place + 1], coverage[place + 1] = row[place], score[place], coverage[place]
    if place < len(row):
        rounded[place], rounded_coverage[place] = first, second
        row[place], score[place], coverage[place] = j, found, covered


@_compiled
def rounded(figure: Floats) -> Floats:
    """Return scores or coverages as they are compared: whole multiples of the last decimal; NaN as the least."""
    result = np.rint(figure * _ROUNDED)
    for row in range(len(result)):
        for place in range(result.shape[1]):
            if np.isnan(result[row, place]):
                result[row, place] = -np.inf
    return result


@_compiled
def move(
    columns: Columns, changed: Ints, is_changed: Bools, candidate: Bools, weights: Floats, max_km: float, best: Best
) -> Bools:
    """Move changed candidates to where they belong in everybody's best, which is altered; nothing may be unknown.

    Returns who has to be ranked anew: those changed themselves, and those whose list a candidate may have left for
    one that is not in it.
    """
    again, moved, neutral = is_changed.copy(), changed[candidate[changed]], np.full(len(PARTS), 0.5)
    k = best.row.shape[1]
    for i in range(len(again)):
        if again[i]:
            continue
        mine = Best(best.rounded[i], best.rounded_coverage[i], best.row[i], best.score[i], best.coverage[i])
        last = k - 1
        full = mine.row[last] >= 0
        bar, bar_coverage, bar_row = mine.rounded[last], mine.rounded_coverage[last], mine.row[last]
        kept = 0
        for place in range(k):
            if mine.row[place] >= 0 and not is_changed[mine.row[place]]:
                mine.rounded[kept], mine.rounded_coverage[kept] = mine.rounded[place], mine.rounded_coverage[place]
                mine.row[kept], mine.score[kept], mine.coverage[kept] = (
                    mine.row[place], mine.score[place], mine.coverage[place],
                )  # fmt: skip
                kept += 1
        left = kept < k and full
        mine.rounded[kept:], mine.rounded_coverage[kept:], mine.row[kept:] = -np.inf, -np.inf, -1
        mine.score[kept:], mine.coverage[kept:] = np.nan, np.nan
        _consider(columns, i, moved, max_km, weights, neutral, mine)
        # Whoever was not in the list was no better than its last: so is the new last, or the list is complete.
        again[i] = left and (
            mine.row[last] < 0
            or mine.rounded[last] < bar
            or (
                mine.rounded[last] == bar
                and (
                    mine.rounded_coverage[last] < bar_coverage
                    or (mine.rounded_coverage[last] == bar_coverage and mine.row[last] > bar_row)
                )
            )
        )
    return again


@_compiled
def best_of_one(columns: Columns, i: int, rows: Ints, weights: Floats, neutral: Floats, max_km: float, k: int) -> Best:
    """Return the best k of one asker among the candidates in these rows, every one scored by definition.

    ``neutral`` stands in for what is unknown, as `neutral_of` gives it.
    """
    best = _nobody(k)
    _consider(columns, i, rows, max_km, weights, neutral, best)
    return best


@_estimating
def _scan(
    figures: Floats, here: Asking, own: Tiles, i: int, there: Asking, tiles: Tiles, j: int, both: bool, find: Search
) -> None:
    """Estimate each candidate of tile j for each asker of tile i, and list those that may be among the best of one.

    ``both`` says that the candidates ask in their turn, as ``there``, and that the askers are candidates too, as
    ``own``; nothing may be unknown about them. What is the same from either side is then computed once. The loops over
    a tile are kept plain, so that the compiler computes many candidates at once.
    """
    # Taken out of the tuples once: every access would count a reference, which costs more than a candidate.
    rows, own_rows, bits, f, complete = tiles.row, own.row, tiles.bits[j], tiles.figures[j], tiles.complete[j]
    unknown, gaps, count = tiles.unknown[j], tiles.gaps[j], min(TILE, len(tiles.row) - j * TILE)
    askers, asked_bits, weak_in, instead_of = here.row, here.bits, here.weak, here.instead
    listed, estimate, length = here.listed, here.estimate, here.length
    their_listed, their_estimate, their_length = there.listed, there.estimate, there.length
    me, them, own_f = here.figures[i], there.figures[j if both else 0], own.figures[i if both else 0]
    k, max_km, w, furthest, margin = find.k, find.max_km, find.quick, find.furthest, find.margin
    shared, teach, near = w[_SHARED_NEEDS], w[_TEACH] * _QUARTER, w[_NEAR]
    size, same, capacity, highest = w[_SIMILAR_SIZE], w[_SAME_LAND], w[_CAPACITY], w.sum()
    counts, even = np.empty(3 * TILE, dtype=np.int16), np.empty(TILE, dtype=np.float32)
    out, over = np.empty(TILE, dtype=np.float32), np.empty(TILE, dtype=np.float32)
    for a in range(min(TILE, len(askers) - i * TILE)):
        asker = i * TILE + a
        for word in range(len(bits)):
            mine, of = asked_bits[asker, word], bits[word]
            u1, u2, u3, odd, o1, o2, o4 = mine[0], mine[1], mine[2], mine[3], mine[4], mine[5], mine[6]
            before = np.int16(0) if word == 0 else np.int16(-1)
            # Σ min(u_i, u_j), then Σ u_i o_j and Σ u_j o_i in quarters.
            for t in range(TILE):
                n1, n2, n3, n_odd = of[t], of[TILE + t], of[2 * TILE + t], of[3 * TILE + t]
                p1, p2, p4 = of[4 * TILE + t], of[5 * TILE + t], of[6 * TILE + t]
                fours = _ones_of_short((odd & p4) | (u2 & p2)) + 2 * _ones_of_short(u2 & p4)
                reuse = _ones_of_short(odd & p1) + 2 * (_ones_of_short((odd & p2) | (u2 & p1)) + 2 * fours)
                fours = _ones_of_short((n_odd & o4) | (n2 & o2)) + 2 * _ones_of_short(n2 & o4)
                taught = _ones_of_short(n_odd & o1) + 2 * (_ones_of_short((n_odd & o2) | (n2 & o1)) + 2 * fours)
                common = _ones_of_short(u1 & n1) + _ones_of_short(u2 & n2) + _ones_of_short(u3 & n3)
                counts[t] = np.int16((counts[t] & before) + np.int16(common))
                counts[TILE + t] = np.int16((counts[TILE + t] & before) + np.int16(reuse))
                counts[2 * TILE + t] = np.int16((counts[2 * TILE + t] & before) + np.int16(taught))
        x, y, z = me[X * TILE + a], me[Y * TILE + a], me[Z * TILE + a]
        fte, land, people = me[FTE * TILE + a], me[LAND * TILE + a], me[POPULATION * TILE + a]
        need_sum, people_share = me[NEED_SUM * TILE + a], _ONE / max(people, _ONE)
        for t in range(TILE):
            shares = np.float32(counts[t])
            larger = max(need_sum + f[NEED_SUM * TILE + t] - shares, _ONE)
            dx, dy, dz = x - f[X * TILE + t], y - f[Y * TILE + t], z - f[Z * TILE + t]
            chord = dx * dx + dy * dy + dz * dz
            # The squared angle: arcsin² as a series, close wherever the part is not near zero anyway.
            angle = chord * (_ONE + chord * (_ASIN_1 + chord * _ASIN_2))
            away = _ONE + angle * _SQUARED_KM
            # Two fractions with one division, which costs as much as all the rest.
            score = (shared * shares * away + near * larger) / (larger * away)
            score += size * min(people * f[PEOPLE_SHARE * TILE + t], f[POPULATION * TILE + t] * people_share)
            score += same if f[LAND * TILE + t] == land else _ZERO
            score += capacity * max(_ZERO, min(_ONE, (fte + f[FTE * TILE + t]) * _STAFF))
            even[t] = score if chord <= furthest else _OUT
        base, reused, untold, weak = me[_BASE * TILE + a], me[_REUSED * TILE + a], instead_of[asker, 5], weak_in[asker]
        learned, levels, level = me[_LEARNED * TILE + a], me[_LEVELS * TILE + a], _levels(me, a)
        for t in range(TILE):
            score = base + even[t] + reused * np.float32(counts[TILE + t])
            score += teach * np.float32(counts[2 * TILE + t]) * f[NEED_SHARE * TILE + t]
            out[t] = score + (learned * (_higher(f, t, level) - levels) if gaps[t] & weak == 0 else untold)
        if not complete:
            for figure in range(5):
                instead = instead_of[asker, figure]
                for t in range(TILE):
                    out[t] += unknown[figure * TILE + t] * instead
        if length[asker] == 0 and count == TILE and furthest > _LONGEST:
            # How good the best k of this tile are, by halves; one of those counted may be the asker itself.
            low, high = -margin, highest
            for _ in range(_HALVINGS):
                middle, reach = (low + high) / _TWO, 0
                for begin in range(0, TILE, WORD):
                    reach += _ones(_reaching(out, begin, middle))
                low, high = (middle, high) if reach > k else (low, middle)
            me[_BAR * TILE + a] = max(me[_BAR * TILE + a], low - margin - margin)
        for begin in range(0, TILE, WORD):
            reached = _reaching(out, begin, me[_BAR * TILE + a])
            while reached != 0:
                t = begin + _first(reached)
                reached &= reached - _LAST_BIT
                if (
                    t < count
                    and out[t] >= me[_BAR * TILE + a]
                    and _candidate(figures, askers[asker], rows[j * TILE + t], max_km)
                ):
                    _list(listed, estimate, length, me, asker, a, rows[j * TILE + t], out[t], k, margin)
        if not both:
            continue
        taught_share, level = teach * own_f[NEED_SHARE * TILE + a], _levels(own_f, a)
        for t in range(TILE):
            score = them[_BASE * TILE + t] + even[t] + them[_REUSED * TILE + t] * np.float32(counts[2 * TILE + t])
            score += taught_share * np.float32(counts[TILE + t])
            score += them[_LEARNED * TILE + t] * (_higher(them, t, level) - them[_LEVELS * TILE + t])
            over[t] = score - them[_BAR * TILE + t]
        for begin in range(0, TILE, WORD):
            reached = _reaching(over, begin, _ZERO)
            while reached != 0:
                t = begin + _first(reached)
                reached &= reached - _LAST_BIT
                if _candidate(figures, rows[j * TILE + t], own_rows[asker], max_km):
                    score = over[t] + them[_BAR * TILE + t]
                    _list(
                        their_listed, their_estimate, their_length, them, j * TILE + t, t, own_rows[asker], score, k,
                        margin,
                    )  # fmt: skip


@_estimating
def _levels(f: Singles, t: int) -> tuple[np.float32, ...]:
    """Return the levels of one municipality of a tile."""
    m = MATURITY * TILE + t
    return (
        f[m], f[m + TILE], f[m + 2 * TILE], f[m + 3 * TILE], f[m + 4 * TILE], f[m + 5 * TILE], f[m + 6 * TILE],
        f[m + 7 * TILE],
    )  # fmt: skip


@_estimating
def _higher(f: Singles, t: int, level: tuple[np.float32, ...]) -> np.float32:
    """Return Σ of the higher levels of two municipalities."""
    m = MATURITY * TILE + t
    total: np.float32 = max(f[m], level[0]) + max(f[m + TILE], level[1]) + max(f[m + 2 * TILE], level[2])
    total += max(f[m + 3 * TILE], level[3]) + max(f[m + 4 * TILE], level[4]) + max(f[m + 5 * TILE], level[5])
    total += max(f[m + 6 * TILE], level[6]) + max(f[m + 7 * TILE], level[7])
    return total


@_inlined
def _list(
    listed: Rows, estimate: Singles, length: Rows, figures: Singles, asker: int, a: int, j: int, score: np.float32,
    k: int, margin: np.float32,
) -> None:  # fmt: skip
    """Enter a candidate in an asker's list, and drop who can no longer be among the best k."""
    left, bar = length[asker], figures[_BAR * TILE + a]
    place = left
    while place > 0 and estimate[asker, place - 1] < score:
        estimate[asker, place], listed[asker, place] = estimate[asker, place - 1], listed[asker, place - 1]
        place -= 1
    estimate[asker, place], listed[asker, place] = score, j
    left += 1
    if left >= k:
        # The k-th best estimate may be too high by one margin, and that of a candidate as good too low by one.
        bar = max(bar, estimate[asker, k - 1] - margin - margin)
        while estimate[asker, left - 1] < bar:
            left -= 1
    length[asker], figures[_BAR * TILE + a] = left, bar if left < listed.shape[1] else _CLOSED


@_compiled
def _ask(columns: Columns, find: Search, a: int, asking: Asking) -> None:
    """Write what the estimates need of asker a.

    What is unknown about the asker gives every candidate the same neutral value: that is the base.
    """
    i, t = asking.row[a], a % TILE
    figures, mine = columns.figures[i], asking.figures[a // TILE]
    needs, offers = not np.isnan(figures[NEED_SUM]), not np.isnan(figures[OFFERS])
    place, people = not np.isnan(figures[X]), not np.isnan(figures[POPULATION])
    staff, assessed = not np.isnan(figures[FTE]), not np.isnan(figures[MATURITY:]).any()
    for f in range(MATURITY):
        mine[f * TILE + t] = 0.0 if np.isnan(figures[f]) else figures[f]
    if not place:
        for axis in range(X, Z + 1):
            mine[axis * TILE + t] = -FAR
    if not staff:
        mine[FTE * TILE + t] = NO_STAFF
    for word in range(asking.bits.shape[1]):
        for plane in range(PLANES):
            shift = np.uint64(word * SHORT % WORD)
            asking.bits[a, word, plane] = np.uint16(columns.bits[i, word * SHORT // WORD, plane] >> shift)
    levels = 0.0
    for d in range(len(DIMENSIONS)):
        weak = assessed and figures[MATURITY + d] < WEAK_BELOW
        mine[(MATURITY + d) * TILE + t] = figures[MATURITY + d] if weak else 5.0
        levels += figures[MATURITY + d] if weak else 5.0
        asking.weak[a] |= int(weak) << d
    known = (needs, needs, offers, assessed, True, place, people, True, staff)
    base, value = 0.0, find.weights * asking.neutral[a]
    for p in range(len(PARTS)):
        base += 0.0 if known[p] else value[p]
        value[p] = value[p] if known[p] else 0.0
    instead = asking.instead[a]
    instead[0], instead[1] = value[_SHARED_NEEDS] + value[_TEACH], value[_REUSE]
    instead[2], instead[3], instead[4] = value[_NEAR], value[_SIMILAR_SIZE], value[_CAPACITY]
    instead[5] = value[_LEARN]
    mine[_BASE * TILE + t], mine[_LEVELS * TILE + t] = base, levels
    mine[_REUSED * TILE + t] = find.weights[_REUSE] * mine[NEED_SHARE * TILE + t] / 4
    mine[_LEARNED * TILE + t] = find.weights[_LEARN] / (_HIGHEST - levels) if levels < _HIGHEST else 0.0


@_compiled
def _asking(columns: Columns, askers: Ints, shorts: int, rows: Ints, find: Search, gaps: bool) -> Asking:
    """Return what the estimates need of some askers, whose candidates are in these rows, ascending, and empty lists.

    ``gaps`` says whether anything is unknown about an asker or a candidate; without, no neutral value is needed.
    """
    count, room = len(askers), 2 * find.k + _SPARE
    asking = Asking(
        askers, np.empty((count, shorts, PLANES), dtype=np.uint16),
        np.zeros((-(-count // TILE), ASKED * TILE), dtype=np.float32), np.zeros(count, dtype=np.int32),
        np.full((count, len(PARTS)), 0.5), np.empty((count, 6), dtype=np.float32),
        np.empty((count, room), dtype=np.int32), np.empty((count, room), dtype=np.float32),
        np.zeros(count, dtype=np.int32),
    )  # fmt: skip
    # Where the tile is not full there is nobody to list anything for.
    asking.figures[:, _BAR * TILE :] = _CLOSED
    counted = shorts * SHORT * _MOST_QUARTERS <= _MOST_COUNTED
    for a in range(count):
        if gaps:
            # In ascending order, as `best_of_one` sums them up.
            asking.neutral[a] = neutral_of(columns, askers[a], rows, find.max_km)
        _ask(columns, find, a, asking)
        if counted:
            asking.figures[a // TILE, _BAR * TILE + a % TILE] = _OPEN
        else:
            asking.length[a] = room
    return asking


@_compiled
def settle(columns: Columns, asking: Asking, candidate: Bools, find: Search) -> Best:
    """Score by definition who is listed, and return the best k of each asker, each field of shape (a, k).

    ``candidate`` (n,) marks the rows of all candidates.
    """
    askers, listed, length, neutral, k = asking.row, asking.listed, asking.length, asking.neutral, find.k
    tie_start, tie_row, shape = columns.tie_start, columns.tie_row, (len(askers), k)
    found = Best(
        np.full(shape, -np.inf), np.full(shape, -np.inf), np.full(shape, -1), np.full(shape, np.nan),
        np.full(shape, np.nan),
    )  # fmt: skip
    for a in range(len(askers)):
        i = askers[a]
        best = Best(found.rounded[a], found.rounded_coverage[a], found.row[a], found.score[a], found.coverage[a])
        if length[a] == listed.shape[1]:
            _consider(columns, i, np.flatnonzero(candidate), find.max_km, find.weights, neutral[a], best)
            continue
        # Ties are few, so estimates leave them out: those candidates are scored in any case.
        ties = tie_row[tie_start[i] : tie_start[i + 1]]
        close, count = np.empty(length[a] + len(ties), dtype=np.int64), 0
        for j in ties:
            close[count] = j
            count += 1 if candidate[j] else 0
        for j in listed[a, : length[a]]:
            close[count] = j
            count += 0 if j in ties else 1
        _consider(columns, i, close[:count], find.max_km, find.weights, neutral[a], best)
    return found


@_compiled
def best_of_many(columns: Columns, askers: Ints, tiles: Tiles, candidate: Bools, find: Search, gaps: bool) -> Best:
    """Return the best k of some askers among the candidates in the tiles, each field of shape (len(askers), k).

    ``candidate`` (n,) marks the rows in the tiles; ``gaps`` says whether anything is unknown about an asker or a
    candidate.
    """
    asking = _asking(columns, askers, tiles.bits.shape[1], np.flatnonzero(candidate), find, gaps)
    for j in range(len(tiles.complete)):
        for i in range(len(asking.figures)):
            _scan(columns.figures, asking, tiles, i, asking, tiles, j, False, find)
    return settle(columns, asking, candidate, find)


@_compiled
def begin(columns: Columns, tiles: Tiles, find: Search) -> Asking:
    """Let the municipalities in some tiles ask each other; nothing may be unknown about them.

    Each tile asks itself first: where those in it are neighbours, that soon shows how good the best are.
    """
    asking = _asking(columns, tiles.row, tiles.bits.shape[1], tiles.row, find, False)
    for j in range(len(tiles.complete)):
        _scan(columns.figures, asking, tiles, j, asking, tiles, j, False, find)
    for j in range(len(tiles.complete)):
        for i in range(j):
            _scan(columns.figures, asking, tiles, i, asking, tiles, j, True, find)
    return asking


@_compiled
def meet(columns: Columns, here: Asking, own: Tiles, there: Asking, tiles: Tiles, find: Search) -> None:
    """Let two groups of municipalities ask each other; nothing may be unknown about them."""
    for j in range(len(tiles.complete)):
        for i in range(len(own.complete)):
            _scan(columns.figures, here, own, i, there, tiles, j, True, find)
