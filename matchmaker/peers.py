"""Statistical neighbours: who resembles whom in a table of indicators, as statistics offices compute it.

The method is the one the Office for National Statistics describes for its statistical nearest neighbours of local
authorities (2025). Every column is clipped at its 1st and 99th percentile (linear interpolation), gaps take the
median, and the column is standardised with the standard deviation of the population. A weight multiplies the
standardised column. The distance of two rows is the Euclidean one: √ Σ_c (w_c (z_ic − z_jc))².

A column whose values are all equal once clipped distinguishes nobody and one without any value says nothing: both
add 0 to every distance and are named in the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from matchmaker.errors import BadInput, BadPreference
from matchmaker.message import message
from matchmaker.profiles import Bools, Floats, Ints

TAILS: Final = (1, 99)
"""Percentiles at which a column is clipped, so that one odd value does not set the scale for all."""

_TIE_DECIMALS: Final = 9
"""Distances, in standard deviations times the weight relative to the largest, are told apart to this many decimals."""

_BLOCK_CELLS: Final = 2_000_000
"""Distances computed at a time: some 16 MB an array."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest rows of some rows, nearest first.

    Attributes
    ----------
    row : (r,) int
        Rows of the table that were asked for.
    neighbour : (r, k) int
        Rows of the table; -1 where there are fewer than k. Never the row itself, never an excluded one.
    distance : (r, k)
        Distance in weighted standard deviations, to nine decimals of the largest weight; NaN where there is none.
    constant, empty : int
        Columns that add nothing: all values equal once clipped, or no value known.
    """

    row: Ints
    neighbour: Ints
    distance: Floats
    constant: Ints
    empty: Ints


def find_peers(
    values: Floats,
    k: int,
    *,
    weights: npt.ArrayLike | None = None,
    excluded: npt.ArrayLike | None = None,
    rows: npt.ArrayLike | None = None,
) -> Neighbours:
    """Return the exact k nearest rows of a table of indicators.

    Works in blocks of rows, so that memory is bounded by the blocks plus the result. Rows at the same distance
    (to nine decimals) stand in the order of the table; equal rows are at distance 0.

    Parameters
    ----------
    values : (n, m)
        One row per municipality, one column per indicator, in any unit; NaN where unknown.
    k
        How many neighbours at most, at least 1.
    weights : (m,)
        Weight of each column, at least 0, not all 0; None for 1 each.
    excluded : (p, 2) int
        Pairs of rows that are never neighbours of each other, in either direction.
    rows : (r,) int
        Rows whose neighbours are wanted; None for all.

    Raises
    ------
    BadInput
        For a table without rows or columns, an infinite value, no known value in any column with a weight, a
        weight, number or row that cannot be used.
    """
    table, scale = _weighted(values, weights)
    n = len(table)
    if k < 1:
        raise BadPreference(
            message("The number of peers must be at least 1."),
            where=f"top={k}",
            remedy=message("Ask for 20, for example."),
        )
    wanted = np.arange(n) if rows is None else _rows_of(n, rows)
    pairs = _rows_of(n, np.empty((0, 2)) if excluded is None else excluded)
    if pairs.ndim != 2 or pairs.shape[1] != 2:  # noqa: PLR2004 - a pair has two
        raise BadInput(message("Exclusions must be pairs of rows."), where="excluded")
    neighbour, distance = _nearest(table, wanted, min(k, n), _barred(n, pairs))
    missing = ((0, 0), (0, k - neighbour.shape[1]))
    silent, empty = _silent(values)
    return Neighbours(
        row=wanted,
        neighbour=np.pad(neighbour, missing, constant_values=-1),
        distance=np.pad(distance * scale, missing, constant_values=np.nan),
        constant=np.flatnonzero(silent & ~empty),
        empty=np.flatnonzero(empty),
    )


def contributions(values: Floats, row: int, others: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Floats:
    """Return the share of each indicator in the squared distance from one row to others, shape (len(others), m).

    Each row adds up to 1, or is all 0 where the distance is 0. Parameters and errors as `find_peers`.
    """
    table, _scale = _weighted(values, weights)
    here, there = _rows_of(len(table), [row]), _rows_of(len(table), others)
    squared = (table[there] - table[here]) ** 2
    total = squared.sum(axis=1, keepdims=True)
    apart = np.round(np.sqrt(total), _TIE_DECIMALS) > 0
    return np.where(apart, squared / np.where(apart, total, 1), 0.0)


def standardised(values: Floats) -> Floats:
    """Return what distances are computed from, unweighted: clipped, filled, mean 0, standard deviation 1; (n, m).

    Constant and empty columns are 0. Raises `BadInput` as `find_peers` does for the table.
    """
    return _standardised(_checked(values))


def _checked(values: Floats) -> Floats:
    if values.ndim != 2 or 0 in values.shape:  # noqa: PLR2004 - rows and columns
        raise BadInput(
            message("A table of indicators needs at least one row and one indicator."),
            where="values",
            remedy=message("Give one row per municipality and one column per indicator."),
        )
    if np.isinf(values).any():
        raise BadInput(message("An indicator has an infinite value."), where="values")
    return values


def _weighted(values: Floats, weights: npt.ArrayLike | None) -> tuple[Floats, float]:
    """Return the standardised table times the weights relative to the largest, and the largest weight."""
    table = _checked(values)
    weight = np.ones(table.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != table.shape[1:]:
        raise BadPreference(
            message("There must be one weight for each indicator; there are {count}.", count=weight.size),
            where="weights",
            remedy=message("Give a weight of zero to what shall not count."),
        )
    if not (np.isfinite(weight) & (weight >= 0)).all():
        wrong = int(np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))[0])
        raise BadPreference(
            message("The weight of an indicator must be a number of at least zero."),
            where=f"weights[{wrong}]={weight[wrong]}",
            remedy=message("Give a weight such as 1, or zero for what shall not count."),
        )
    if not weight.any():
        raise BadPreference(
            message("All weights are zero, so nothing could be compared."),
            where="weights",
            remedy=message("Give at least one indicator a weight above zero."),
        )
    if np.isnan(table[:, weight > 0]).all():
        raise BadInput(
            message("No indicator with a weight has any known value."),
            where="values",
            remedy=message("Choose indicators with values."),
        )
    return _standardised(table) * (weight / weight.max()), float(weight.max())


def _rows_of(n: int, rows: npt.ArrayLike) -> Ints:
    """Return row numbers as integers; raise `BadInput` for one the table does not have."""
    chosen = np.asarray(rows)
    if ((chosen < 0) | (chosen >= n) | (chosen != np.floor(chosen))).any():
        raise BadInput(message("The table of indicators has no such row."), where="rows")
    return chosen.astype(np.int64)


def _filled(values: Floats) -> Floats:
    """Clip at the tails and fill gaps with the median; 0 in empty columns.

    Each column is first divided by a power of two, which is exact and keeps squares from overflowing.
    """
    present = np.where(np.isnan(values).all(axis=0), 0.0, values)
    scaled = np.ldexp(present, -np.frexp(np.nanmax(np.abs(present), axis=0))[1])
    clipped = np.clip(scaled, *np.nanpercentile(scaled, TAILS, axis=0))
    filled: Floats = np.where(np.isnan(clipped), np.nanmedian(clipped, axis=0), clipped)
    return filled


def _standardised(values: Floats) -> Floats:
    filled = _filled(values)
    spread = filled.std(axis=0)
    same = (filled.min(axis=0) == filled.max(axis=0)) | (spread == 0)
    return np.where(same, 0.0, (filled - filled.mean(axis=0)) / np.where(same, 1, spread))


def _silent(values: Floats) -> tuple[Bools, Bools]:
    """Return which columns tell nobody apart, and which of them are empty, shape (m,) each."""
    return np.asarray(~_standardised(values).any(axis=0)), np.asarray(np.isnan(values).all(axis=0))


def _barred(n: int, pairs: Ints) -> sparse.csr_array[Any]:
    """Return who is never a neighbour of whom, the own row included; symmetric (n, n)."""
    everyone = np.arange(n)
    here = np.concatenate((everyone, pairs[:, 0], pairs[:, 1]))
    there = np.concatenate((everyone, pairs[:, 1], pairs[:, 0]))
    return sparse.csr_array((np.ones(len(here), dtype=bool), (here, there)), shape=(n, n))


def _nearest(table: Floats, rows: Ints, k: int, barred: sparse.csr_array[Any]) -> tuple[Ints, Floats]:
    """Return the nearest rows and their distances, shape (len(rows), k); -1 and NaN where there are fewer."""
    from scipy.spatial.distance import cdist  # noqa: PLC0415 - takes a tenth of a second to load

    neighbour = np.full((len(rows), k), -1, dtype=np.int64)
    found = np.full(neighbour.shape, np.nan)
    size = max(1, _BLOCK_CELLS // len(table))
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        # From differences, not from a product of matrices: equal rows are at distance 0 exactly.
        distance = np.round(cdist(table[block], table), _TIE_DECIMALS)
        distance[barred[block].nonzero()] = np.inf
        last = np.partition(distance, k - 1, axis=1)[:, k - 1 :]
        asker, other = np.nonzero((distance <= last[:, :1]) & np.isfinite(distance))
        # Stable: rows at the same distance stay in the order of the table.
        order = np.lexsort((distance[asker, other], asker))
        asker, other = asker[order], other[order]
        place = np.arange(len(asker)) - np.searchsorted(asker, asker)
        best = place < k
        asker, other, place = asker[best], other[best], place[best]
        neighbour[start + asker, place] = other
        found[start + asker, place] = distance[asker, other]
    return neighbour, found
