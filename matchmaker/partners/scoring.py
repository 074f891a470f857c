"""The score of every pair and everybody's exact best k, compiled.

Needs and offers are sets of bits, one bit per use case, so that a sum of minima is a count of common bits
(thermometer code: urgency at least 1, at least 2, 3) and a sum of products a weighted count of common bits.

`best_of_one` scores every candidate by definition. `best_of_many` first estimates: in single precision, for many
candidates at once, and never further than `MARGIN` per unit of weight from the score. Only candidates whose estimate
comes that close to the asker's k-th best are scored by definition and ranked. So both give the same exact result, and
the estimate decides about nothing but time.

All of it stands in one file for a reason: compiled code is kept on disk until its own file changes, and would outlive
a change of what it calls in another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import intrinsic

from matchmaker.model import DIMENSIONS, PARTS, WEAK_BELOW
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints, Profiles

HALF_SCORE_KM: Final = 60.0
FULL_CAPACITY_FTE: Final = 4.0
TIE_DECIMALS: Final = 9

MARGIN: Final = 3e-5
"""Bound on the error of an estimate per unit of weight. Most of it is the place, which single precision rounds to
half a metre or so."""

_SHARED_NEEDS, _REUSE, _TEACH, _LEARN, _TIES, _NEAR, _SIMILAR_SIZE, _SAME_LAND, _CAPACITY = range(len(PARTS))
"""Parts of the score in the order of `PARTS`."""

_ROUNDED: Final = 10.0**TIE_DECIMALS
_WORD: Final = 64
_SHORT: Final = 16
_MOST_COUNTED: Final = 2**15 - 1
_MOST_QUARTERS: Final = 12
"""An estimate counts in 16 bits; an urgency of 3 and an offer of four quarters are the most that one use case adds."""

_PLANES, _NEED_PLANES = 7, 4
"""Bits of a municipality: urgency at least 1, at least 2, 3, and odd; offers of one, two and four quarters."""

_NEED_SUM, _NEED_SHARE, _OFFERS, _X, _Y, _Z, _POPULATION, _FTE, _LAND, _MATURITY = range(10)
_FIGURES: Final = _MATURITY + len(DIMENSIONS)
_PEOPLE_SHARE: Final = _FIGURES
"""Figures of a municipality: Σ urgency and one by it, whether offers are known (1), place, inhabitants, staff, Land,
levels."""

_LONGEST: Final = 4.0
"""Squared chord between opposite places of the unit sphere."""

_TILE: Final = 256
"""Candidates estimated together: what is read of them, some 30 kB, stays in the processor's nearest cache."""

_CHUNK: Final = 16
_ROOM: Final = 4
"""Candidates kept for each place among the best before the list is shortened."""

# Constants of the estimate in single precision: a double among them would make everything double.
_ZERO, _ONE, _QUARTER = np.float32(0), np.float32(1), np.float32(0.25)
_ASIN_1, _ASIN_2 = np.float32(1 / 12), np.float32(1 / 90)
_SQUARED_KM = np.float32((EARTH_RADIUS_KM / HALF_SCORE_KM) ** 2)
_STAFF = np.float32(1 / FULL_CAPACITY_FTE)
_HIGHEST = np.float32(5 * len(DIMENSIONS))
_FAR, _NO_STAFF = np.float32(100), np.float32(-1e9)
"""An unknown place and unknown staff in an estimate: both give a part of zero."""

_OUT = np.float32(-1e9)
"""Estimate of a candidate that is too far away, below that of any other."""

Words: TypeAlias = npt.NDArray[np.uint64]
Shorts: TypeAlias = npt.NDArray[np.uint16]
Singles: TypeAlias = npt.NDArray[np.float32]
Frozen = TypeVar("Frozen", "Columns", "Tiles")
Compiled = TypeVar("Compiled", bound=Callable[..., Any])


class Columns(NamedTuple):
    """What the score reads of n municipalities, in the forms it is computed from.

    ``bits`` (n, w, 7) holds the planes of needs and offers in w words, ``figures`` (n, 17) everything else, NaN for
    unknown. ``tie`` are the ties of i with ``tie_row``, ascending, from ``tie_start[i]`` to ``tie_start[i + 1]``.
    """

    bits: Words
    figures: Floats
    tie_start: npt.NDArray[np.int32]
    tie_row: npt.NDArray[np.int32]
    tie: Floats


class Tiles(NamedTuple):
    """Candidates, 256 to a tile, each figure of a tile in one piece; for estimates.

    ``row`` (m,) is where a candidate stands in the columns, ``bits`` (tiles, s, 7·256) in words of 16 bits and
    ``figures`` (tiles, 18·256) are theirs, the last figure being one by the inhabitants; unknown figures are such that
    they give a part of zero. ``unknown`` (tiles, 5·256) is 1 where needs, offers, place, inhabitants or staff are
    unknown, ``gaps`` (tiles, 256) has a bit for each unknown level, and ``complete`` says that a tile has neither.
    """

    row: Ints
    bits: Shorts
    figures: Singles
    unknown: Singles
    gaps: npt.NDArray[np.int32]
    complete: Bools


class Asking(NamedTuple):
    """What the estimates need of some askers, and what they have found for them; one row per asker.

    ``figures`` (a, 17) are theirs, with levels of 5 where they are not weak, so that nobody is ahead there; ``weak``
    has a bit for each dimension in which they are. ``base`` is the score that everybody gets, ``instead`` (a, 6) what
    stands in for unknown needs, offers, place, inhabitants, staff and levels of a candidate.

    ``row`` and ``estimate`` (a, room) list ``length`` candidates that may be among the best: those whose estimate
    reaches ``threshold``. Where too many are equal to tell them apart by estimates, ``crowded`` is True.
    """

    bits: Shorts
    figures: Singles
    weak: npt.NDArray[np.int32]
    base: Singles
    instead: Singles
    row: Ints
    estimate: Singles
    length: Ints
    threshold: Singles
    crowded: Bools


class Best(NamedTuple):
    """The best k of one asker found so far, best first: rounded score and coverage, row, and the exact figures."""

    rounded: Floats
    rounded_coverage: Floats
    row: Ints
    score: Floats
    coverage: Floats


def columns_of(profiles: Profiles) -> Columns:
    """Return the columns of municipalities."""
    need, offer = profiles.need, profiles.offer
    levels = (need >= 1, need >= 2, need == 3, need & 1 == 1)  # noqa: PLR2004 - urgencies
    planes = (*levels, offer == 1, offer == 2, offer == 4)  # noqa: PLR2004 - quarters
    total = np.where(profiles.need_known, need.sum(axis=1, dtype=np.float64), np.nan)
    offers_known = np.where(profiles.offer_known, 1.0, np.nan)
    place, people = profiles.unit_vector, profiles.population
    figures = (total, share(total), offers_known, place, people, profiles.fte, profiles.land, profiles.maturity)
    bits = np.ascontiguousarray(np.stack([_words(plane) for plane in planes], axis=2))
    start, row = profiles.ties.indptr.astype(np.int32), profiles.ties.indices.astype(np.int32)
    return frozen(Columns(bits, np.column_stack(figures), start, row, profiles.ties.data.astype(np.float64)))


def share(total: Floats) -> Floats:
    """Return one by each sum, 0 where there is none."""
    return np.divide(1, total, out=np.zeros(len(total)), where=total > 0)


def _words(bits: npt.NDArray[np.bool_]) -> Words:
    """Pack flags of shape (n, u) into words of shape (n, w)."""
    n, u = bits.shape
    padded = np.zeros((n, -(-max(u, 1) // _WORD) * _WORD), dtype=bool)
    padded[:, :u] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def _shortened_words(bits: Words) -> Shorts:
    """Cut words (n, w, 7) into shorts, (n, s, 7), without those at the end that nobody uses."""
    shifts = np.arange(0, _WORD, _SHORT, dtype=np.uint64)
    cut = (bits[:, :, None, :] >> shifts[:, None]).astype(np.uint16)
    shorts = cut.reshape(len(bits), bits.shape[1] * len(shifts), _PLANES)
    used = np.flatnonzero(shorts.any(axis=(0, 2))).max(initial=0) + 1
    return np.ascontiguousarray(shorts[:, :used])


def most_wanted_first(columns: Columns, rows: Ints, askers: Ints, weights: Floats) -> Ints:
    """Return candidates in the order of what these askers think of them on average.

    Where the best come first, fewer of the others come close to everybody's best so far. Unknown parts count half.
    """
    wanted = np.zeros(len(rows))
    for i in askers:
        wanted += np.nan_to_num(parts_of(columns, i, rows), nan=0.5) @ weights
    return rows[np.argsort(-wanted, kind="stable")]


def tiles_of(columns: Columns, rows: Ints) -> Tiles:
    """Return the candidates in these rows as tiles."""
    tiles, shorts = -(-len(rows) // _TILE), _shortened_words(columns.bits)

    def tiled(column: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Gather, pad with zeros and bring (m, …) into (tiles, …·256)."""
        padded = np.zeros((tiles * _TILE, *column.shape[1:]), dtype=dtype)
        padded[: len(rows)] = column[rows]
        return np.ascontiguousarray(np.moveaxis(padded.reshape(tiles, _TILE, *column.shape[1:]), 1, -1))

    unknown = np.isnan(columns.figures)
    if_unknown = np.zeros(_FIGURES)
    if_unknown[_X : _Z + 1], if_unknown[_FTE] = _FAR, _NO_STAFF
    figures = np.where(unknown, if_unknown, columns.figures)
    people = figures[:, _POPULATION, None]
    share = np.divide(1, people, out=np.zeros_like(people), where=people > 0)
    tiled_unknown = tiled(unknown[:, (_NEED_SUM, _OFFERS, _X, _POPULATION, _FTE)], np.float32)
    tiled_gaps = tiled(unknown[:, _MATURITY:] @ (1 << np.arange(len(DIMENSIONS))), np.int32)
    return frozen(
        Tiles(
            row=rows,
            bits=tiled(shorts, np.uint16).reshape(tiles, shorts.shape[1], _PLANES * _TILE),
            figures=tiled(np.concatenate((figures, share), axis=1), np.float32).reshape(tiles, (_FIGURES + 1) * _TILE),
            unknown=tiled_unknown.reshape(tiles, 5 * _TILE),
            gaps=tiled_gaps,
            complete=np.asarray(~(tiled_unknown.any(axis=(1, 2)) | tiled_gaps.any(axis=1))),
        )
    )


def frozen(arrays: Frozen) -> Frozen:
    """Make arrays that threads share read-only; compiled code has one form for them, here and on other machines."""
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _compiled(function: Compiled) -> Compiled:
    """Compile exact arithmetic; the machine code is kept on disk, and threads run it side by side."""
    return cast("Compiled", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


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


_ones: Callable[[Any], int] = cast("Any", intrinsic(_count_ones))
"""Count the ones of a word, in one instruction where the processor has it."""

_ones_of_short: Callable[[Any], int] = cast("Any", intrinsic(_count_ones_of_short))
"""Count the ones among the last 16 bits of a word; counts this short are computed for most candidates at once."""


@_compiled
def _write_parts(columns: Columns, i: int, j: int, part: Floats) -> None:
    """Write the nine parts of the score of candidate j for asker i, NaN where unknown; see `matchmaker.partners`."""
    bits, me, them = columns.bits, columns.figures[i], columns.figures[j]
    common, reuse, teach = 0, 0, 0
    for w in range(bits.shape[1]):
        common += _ones(bits[i, w, 0] & bits[j, w, 0])
        common += _ones(bits[i, w, 1] & bits[j, w, 1])
        common += _ones(bits[i, w, 2] & bits[j, w, 2])
        reuse += _quarters(bits, w, i, j)
        teach += _quarters(bits, w, j, i)
    larger = me[_NEED_SUM] + them[_NEED_SUM] - common
    part[_SHARED_NEEDS] = common / larger if larger != 0 else 0.0
    # Known times unknown is unknown: NaN comes through products and sums by itself.
    part[_REUSE] = reuse / 4 * me[_NEED_SHARE] * them[_OFFERS] + 0 * me[_NEED_SUM]
    part[_TEACH] = teach / 4 * them[_NEED_SHARE] * me[_OFFERS] + 0 * them[_NEED_SUM]
    ahead, room = 0.0, 0.0
    for d in range(_MATURITY, _FIGURES):
        if np.isnan(me[d]):
            ahead = np.nan
        elif me[d] < WEAK_BELOW:
            room += 5 - me[d]
            ahead += 0.0 if them[d] <= me[d] else them[d] - me[d]
    part[_LEARN] = ahead / room if room > 0 else 0 * ahead
    part[_TIES] = 0.0
    for at in range(columns.tie_start[i], columns.tie_start[i + 1]):
        if columns.tie_row[at] == j:
            part[_TIES] = columns.tie[at]
    part[_NEAR] = 1 / (1 + (_km(columns.figures, i, j) / HALF_SCORE_KM) ** 2)
    mine, theirs = me[_POPULATION], them[_POPULATION]
    part[_SIMILAR_SIZE] = mine / theirs if mine < theirs else theirs / mine
    part[_SAME_LAND] = 1.0 if me[_LAND] == them[_LAND] else 0.0
    staff = me[_FTE] + them[_FTE]
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
    for axis in range(_X, _Z + 1):
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
    parts = np.empty((len(rows), len(PARTS)))
    for place in range(len(rows)):
        _write_parts(columns, i, rows[place], parts[place])
    return parts


@_compiled
def neutral_of(columns: Columns, i: int, rows: Ints, max_km: float) -> Floats:
    """Return the mean of each part over the candidates for which it is known, 0.5 if for none; shape (9,).

    ``rows`` are candidates; the asker is none of its own, and so are those beyond ``max_km``.
    """
    part, total, count = np.empty(len(PARTS)), np.zeros(len(PARTS)), np.zeros(len(PARTS))
    for j in rows:
        if not _candidate(columns.figures, i, j, max_km):
            continue
        _write_parts(columns, i, j, part)
        for p in range(len(PARTS)):
            if not np.isnan(part[p]):
                total[p] += part[p]
                count[p] += 1
    for p in range(len(PARTS)):
        total[p] = total[p] / count[p] if count[p] > 0 else 0.5
    return total


@_compiled
def _score(columns: Columns, i: int, j: int, weights: Floats, neutral: Floats, part: Floats) -> tuple[float, float]:
    """Return score and coverage of a candidate by definition; ``part`` is room to work in."""
    _write_parts(columns, i, j, part)
    score, covered, total = 0.0, 0.0, 0.0
    for p in range(len(PARTS)):
        known = not np.isnan(part[p])
        score += weights[p] * (part[p] if known else neutral[p])
        covered += weights[p] if known else 0.0
        total += weights[p]
    return score, covered / total


@_compiled
def _consider(
    columns: Columns, i: int, j: int, max_km: float, weights: Floats, neutral: Floats, part: Floats, best: Best
) -> None:
    """Score a candidate and enter it among the best where it belongs; ``part`` is room to work in."""
    if _candidate(columns.figures, i, j, max_km):
        score, coverage = _score(columns, i, j, weights, neutral, part)
        _enter(best, j, score, coverage)


@_compiled
def scores_of_one(columns: Columns, i: int, rows: Ints, weights: Floats, neutral: Floats, max_km: float) -> Floats:
    """Return score and coverage of some candidates for one asker, shape (2, len(rows)); NaN for who is none."""
    part, found = np.empty(len(PARTS)), np.full((2, len(rows)), np.nan)
    for place in range(len(rows)):
        if _candidate(columns.figures, i, rows[place], max_km):
            found[0, place], found[1, place] = _score(columns, i, rows[place], weights, neutral, part)
    return found


@_compiled
def _nobody(k: int) -> Best:
    return Best(np.full(k, -np.inf), np.full(k, -np.inf), np.full(k, -1), np.full(k, np.nan), np.full(k, np.nan))


@_compiled
def _enter(best: Best, j: int, score: float, coverage: float) -> None:
    """Put a candidate in its place among the best: by score, coverage, and row, so that the order of calls is free."""
    rounded, rounded_coverage = np.rint(score * _ROUNDED), np.rint(coverage * _ROUNDED)
    place = len(best.row)
    while place > 0 and (
        rounded > best.rounded[place - 1]
        or (
            rounded == best.rounded[place - 1]
            and (
                rounded_coverage > best.rounded_coverage[place - 1]
                or (rounded_coverage == best.rounded_coverage[place - 1] and j < best.row[place - 1])
            )
        )
    ):
        place -= 1
    if place == len(best.row):
        return
    for after in range(len(best.row) - 1, place, -1):
        best.rounded[after] = best.rounded[after - 1]
        best.rounded_coverage[after] = best.rounded_coverage[after - 1]
        best.row[after] = best.row[after - 1]
        best.score[after] = best.score[after - 1]
        best.coverage[after] = best.coverage[after - 1]
    best.rounded[place], best.rounded_coverage[place] = rounded, rounded_coverage
    best.row[place], best.score[place], best.coverage[place] = j, score, coverage


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
    again, part, neutral = is_changed.copy(), np.empty(len(PARTS)), np.full(len(PARTS), 0.5)
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
        for j in changed:
            if candidate[j]:
                _consider(columns, i, j, max_km, weights, neutral, part, mine)
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
    best, part = _nobody(k), np.empty(len(PARTS))
    for j in rows:
        _consider(columns, i, j, max_km, weights, neutral, part, best)
    return best


@_estimating
def _scan(
    figures: Floats, askers: Ints, max_km: float, asking: Asking, row: Ints, bits: Words, f: Singles, unknown: Singles,
    gaps: npt.NDArray[np.int32], complete: bool, w: Singles, furthest: np.float32, k: int, margin: np.float32,
) -> None:  # fmt: skip
    """Estimate the candidates of a tile for all askers, and list those that may be among the best of one.

    ``w`` are the weights, ``furthest`` is the largest squared chord. The loops over a tile are kept plain, so that
    the compiler computes many candidates at once.
    """
    shared, teach, near = w[_SHARED_NEEDS], w[_TEACH] * _QUARTER, w[_NEAR]
    size, same, capacity = w[_SIMILAR_SIZE], w[_SAME_LAND], w[_CAPACITY]
    counts, out = np.empty(3 * _TILE, dtype=np.int16), np.empty(_TILE, dtype=np.float32)
    # Taken out of the tuples once: every access would count a reference, which costs more than a candidate.
    asked_bits, asked, weak_in, base_of, instead_of = (
        asking.bits, asking.figures, asking.weak, asking.base, asking.instead,
    )  # fmt: skip
    listed, estimate, length, threshold, crowded = (
        asking.row, asking.estimate, asking.length, asking.threshold, asking.crowded,
    )  # fmt: skip
    for a in range(len(base_of)):
        for word in range(len(bits)):
            mine, of = asked_bits[a, word], bits[word]
            u1, u2, u3, odd, o1, o2, o4 = mine[0], mine[1], mine[2], mine[3], mine[4], mine[5], mine[6]
            before = np.int16(0) if word == 0 else np.int16(-1)
            # Σ min(u_i, u_j), then Σ u_i o_j and Σ u_j o_i in quarters.
            for t in range(_TILE):
                n1, n2, n3, n_odd = of[t], of[_TILE + t], of[2 * _TILE + t], of[3 * _TILE + t]
                p1, p2, p4 = of[4 * _TILE + t], of[5 * _TILE + t], of[6 * _TILE + t]
                fours = _ones_of_short((odd & p4) | (u2 & p2)) + 2 * _ones_of_short(u2 & p4)
                reuse = _ones_of_short(odd & p1) + 2 * (_ones_of_short((odd & p2) | (u2 & p1)) + 2 * fours)
                fours = _ones_of_short((n_odd & o4) | (n2 & o2)) + 2 * _ones_of_short(n2 & o4)
                taught = _ones_of_short(n_odd & o1) + 2 * (_ones_of_short((n_odd & o2) | (n2 & o1)) + 2 * fours)
                common = _ones_of_short(u1 & n1) + _ones_of_short(u2 & n2) + _ones_of_short(u3 & n3)
                counts[t] = np.int16((counts[t] & before) + np.int16(common))
                counts[_TILE + t] = np.int16((counts[_TILE + t] & before) + np.int16(reuse))
                counts[2 * _TILE + t] = np.int16((counts[2 * _TILE + t] & before) + np.int16(taught))
        me = asked[a]
        need_sum, reused = me[_NEED_SUM], w[_REUSE] * me[_NEED_SHARE] * _QUARTER
        x, y, z, fte, land = me[_X], me[_Y], me[_Z], me[_FTE], me[_LAND]
        people, people_share = me[_POPULATION], _ONE / max(me[_POPULATION], _ONE)
        m1, m2, m3, m4 = me[_MATURITY], me[_MATURITY + 1], me[_MATURITY + 2], me[_MATURITY + 3]
        m5, m6, m7, m8 = me[_MATURITY + 4], me[_MATURITY + 5], me[_MATURITY + 6], me[_MATURITY + 7]
        levels = m1 + m2 + m3 + m4 + m5 + m6 + m7 + m8
        learn = w[_LEARN] / (_HIGHEST - levels) if levels < _HIGHEST else _ZERO
        base, weak, untold = base_of[a], weak_in[a], instead_of[a, 5]
        for t in range(_TILE):
            both = np.float32(counts[t])
            larger = max(need_sum + f[_NEED_SUM * _TILE + t] - both, _ONE)
            score = base
            score += reused * np.float32(counts[_TILE + t])
            score += teach * np.float32(counts[2 * _TILE + t]) * f[_NEED_SHARE * _TILE + t]
            dx, dy, dz = x - f[_X * _TILE + t], y - f[_Y * _TILE + t], z - f[_Z * _TILE + t]
            chord = dx * dx + dy * dy + dz * dz
            # The squared angle: arcsin² as a series, close wherever the part is not near zero anyway.
            angle = chord * (_ONE + chord * (_ASIN_1 + chord * _ASIN_2))
            away = _ONE + angle * _SQUARED_KM
            # Two fractions with one division, which costs as much as all the rest.
            score += (shared * both * away + near * larger) / (larger * away)
            score += size * min(people * f[_PEOPLE_SHARE * _TILE + t], f[_POPULATION * _TILE + t] * people_share)
            score += same if f[_LAND * _TILE + t] == land else _ZERO
            score += capacity * max(_ZERO, min(_ONE, (fte + f[_FTE * _TILE + t]) * _STAFF))
            m = _MATURITY * _TILE + t
            ahead = max(f[m], m1) + max(f[m + _TILE], m2) + max(f[m + 2 * _TILE], m3) + max(f[m + 3 * _TILE], m4)
            ahead += max(f[m + 4 * _TILE], m5) + max(f[m + 5 * _TILE], m6) + max(f[m + 6 * _TILE], m7)
            ahead += max(f[m + 7 * _TILE], m8) - levels
            score += learn * ahead if gaps[t] & weak == 0 else untold
            out[t] = score if chord <= furthest else _OUT
        if not complete:
            for figure in range(5):
                instead = instead_of[a, figure]
                for t in range(_TILE):
                    out[t] += unknown[figure * _TILE + t] * instead
        bar, reached = threshold[a], np.int32(0)
        for t in range(_TILE):
            reached += np.int32(1) if out[t] >= bar else np.int32(0)
        if reached == 0 or crowded[a]:
            continue
        for chunk in range(0, _TILE, _CHUNK):
            reached = np.int32(0)
            for t in range(chunk, chunk + _CHUNK):
                reached += np.int32(1) if out[t] >= bar else np.int32(0)
            if reached == 0:
                continue
            for t in range(chunk, min(chunk + _CHUNK, len(row))):
                if out[t] < threshold[a] or not _candidate(figures, askers[a], row[t], max_km):
                    continue
                listed[a, length[a]], estimate[a, length[a]] = row[t], out[t]
                length[a] += 1
                if length[a] == listed.shape[1]:
                    length[a], threshold[a] = _shortened(listed[a], estimate[a], k, margin)
                    crowded[a] = crowded[a] or length[a] > listed.shape[1] // 2
                    length[a] = 0 if crowded[a] else length[a]


@_estimating
def _shortened(listed: Ints, estimate: Singles, k: int, margin: np.float32) -> tuple[int, float]:
    """Keep of a full list what can be among the best k; return how many are left and what an estimate must reach."""
    # The k-th best estimate may be too high by one margin, and that of a candidate as good too low by one.
    threshold = np.partition(estimate, len(estimate) - k)[len(estimate) - k] - 2 * margin
    left = 0
    for place in range(len(listed)):
        if estimate[place] >= threshold:
            listed[left], estimate[left] = listed[place], estimate[place]
            left += 1
    return left, threshold


@_compiled
def _ask(columns: Columns, i: int, weights: Floats, neutral: Floats, a: int, asking: Asking) -> None:
    """Write what the estimates need of asker i into row a.

    What is unknown about the asker gives every candidate the same neutral value: that is the base.
    """
    figures, mine = columns.figures[i], asking.figures[a]
    needs, offers = not np.isnan(figures[_NEED_SUM]), not np.isnan(figures[_OFFERS])
    place, people = not np.isnan(figures[_X]), not np.isnan(figures[_POPULATION])
    staff, assessed = not np.isnan(figures[_FTE]), not np.isnan(figures[_MATURITY:]).any()
    for f in range(_MATURITY):
        mine[f] = 0.0 if np.isnan(figures[f]) else figures[f]
    if not place:
        mine[_X : _Z + 1] = -_FAR
    if not staff:
        mine[_FTE] = _NO_STAFF
    for word in range(asking.bits.shape[1]):
        for plane in range(_PLANES):
            shift = np.uint64(word * _SHORT % _WORD)
            asking.bits[a, word, plane] = np.uint16(columns.bits[i, word * _SHORT // _WORD, plane] >> shift)
    asking.weak[a] = 0
    for d in range(len(DIMENSIONS)):
        weak = assessed and figures[_MATURITY + d] < WEAK_BELOW
        mine[_MATURITY + d] = figures[_MATURITY + d] if weak else 5.0
        asking.weak[a] |= int(weak) << d
    known = (needs, needs, offers, assessed, True, place, people, True, staff)
    base, value = 0.0, weights * neutral
    for p in range(len(PARTS)):
        base += 0.0 if known[p] else value[p]
        value[p] = value[p] if known[p] else 0.0
    asking.base[a], instead = base, asking.instead[a]
    instead[0], instead[1] = value[_SHARED_NEEDS] + value[_TEACH], value[_REUSE]
    instead[2], instead[3], instead[4] = value[_NEAR], value[_SIMILAR_SIZE], value[_CAPACITY]
    instead[5] = value[_LEARN]


@_compiled
def _tied(columns: Columns, i: int, j: int) -> bool:
    """Tell whether i and j have cooperated before."""
    tied = False
    for at in range(columns.tie_start[i], columns.tie_start[i + 1]):
        tied = tied or columns.tie_row[at] == j
    return tied


@_compiled
def best_of_many(
    columns: Columns, askers: Ints, tiles: Tiles, candidate: Bools, weights: Floats, max_km: float, k: int,
    gaps: bool,
) -> Best:  # fmt: skip
    """Return the best k of many askers among the candidates, each field of shape (len(askers), k).

    ``candidate`` (n,) marks the rows in the tiles; ``gaps`` says whether anything is unknown about an asker or a
    candidate; without, no neutral value is needed.
    """
    count, room = len(askers), max(_ROOM * k, _CHUNK)
    asking = Asking(
        np.empty((count, tiles.bits.shape[1], _PLANES), dtype=np.uint16), np.empty((count, _FIGURES), dtype=np.float32),
        np.empty(count, dtype=np.int32), np.empty(count, dtype=np.float32), np.empty((count, 6), dtype=np.float32),
        np.empty((count, room), dtype=np.int64), np.empty((count, room), dtype=np.float32),
        np.zeros(count, dtype=np.int64), np.full(count, _OUT / 2, dtype=np.float32), np.zeros(count, dtype=np.bool_),
    )  # fmt: skip
    asking.crowded[:] = tiles.bits.shape[1] * _SHORT * _MOST_QUARTERS > _MOST_COUNTED
    neutral, rows = np.full((count, len(PARTS)), 0.5), np.flatnonzero(candidate)
    for a in range(count):
        if gaps:
            # In ascending order, as `best_of_one` sums them up.
            neutral[a] = neutral_of(columns, askers[a], rows, max_km)
        _ask(columns, askers[a], weights, neutral[a], a, asking)
    quick_weights, margin = weights.astype(np.float32), np.float32(MARGIN * weights.sum())
    angle = min(max_km / EARTH_RADIUS_KM, np.pi)
    furthest = np.float32((2 * np.sin(angle / 2)) ** 2 + 1e-5 if max_km < np.inf else 1e9)
    for tile in range(len(tiles.complete)):
        _scan(
            columns.figures, askers, max_km, asking, tiles.row[tile * _TILE : (tile + 1) * _TILE], tiles.bits[tile],
            tiles.figures[tile], tiles.unknown[tile], tiles.gaps[tile], tiles.complete[tile], quick_weights, furthest,
            k, margin,
        )  # fmt: skip
    found = Best(
        np.full((count, k), -np.inf), np.full((count, k), -np.inf), np.full((count, k), -1),
        np.full((count, k), np.nan), np.full((count, k), np.nan),
    )  # fmt: skip
    part = np.empty(len(PARTS))
    for a in range(count):
        i = askers[a]
        best = Best(found.rounded[a], found.rounded_coverage[a], found.row[a], found.score[a], found.coverage[a])
        if asking.crowded[a]:
            for j in tiles.row:
                _consider(columns, i, j, max_km, weights, neutral[a], part, best)
            continue
        first, last = columns.tie_start[i], columns.tie_start[i + 1]
        # What was listed before the bar rose is left out by one more shortening.
        if asking.length[a] > k:
            asking.length[a], asking.threshold[a] = _shortened(
                asking.row[a, : asking.length[a]], asking.estimate[a, : asking.length[a]], k, margin
            )
        for place in range(asking.length[a]):
            j = asking.row[a, place]
            if asking.estimate[a, place] >= asking.threshold[a] and not _tied(columns, i, j):
                _consider(columns, i, j, max_km, weights, neutral[a], part, best)
        # Ties are few, so estimates leave them out: those candidates are scored in any case.
        for j in columns.tie_row[first:last]:
            if candidate[j]:
                _consider(columns, i, j, max_km, weights, neutral[a], part, best)
    return found
