"""Municipalities brought into the forms that the score is computed from: bits and figures, in rows and in tiles."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from matchmaker.model import DIMENSIONS
from matchmaker.partners.forms import Columns, Shorts, Tiles, Words
from matchmaker.partners.scoring import (
    FAR,
    FIGURES,
    FTE,
    MATURITY,
    NEED_PLANES,
    NEED_SHARE,
    NEED_SUM,
    NO_STAFF,
    OFFERS,
    PLANES,
    POPULATION,
    SHORT,
    TILE,
    WORD,
    X,
    Y,
    Z,
)
from matchmaker.profiles import Floats, Ints, Profiles

Frozen = TypeVar("Frozen", Columns, Tiles)


def columns_of(profiles: Profiles) -> Columns:
    """Return the columns of municipalities."""
    need, offer = profiles.need, profiles.offer
    levels = (need >= 1, need >= 2, need == 3, need & 1 == 1)  # noqa: PLR2004 - urgencies
    planes = (*levels, offer == 1, offer == 2, offer == 4)  # noqa: PLR2004 - quarters
    total = np.where(profiles.need_known, need.sum(axis=1, dtype=np.float64), np.nan)
    return _frozen(
        Columns(
            bits=np.ascontiguousarray(np.stack([_words(plane) for plane in planes], axis=2)),
            figures=np.column_stack(
                (
                    total,
                    _share(total),
                    np.where(profiles.offer_known, 1.0, np.nan),
                    profiles.unit_vector,
                    profiles.population,
                    profiles.fte,
                    profiles.land,
                    profiles.maturity,
                )
            ),
            tie_start=profiles.ties.indptr.astype(np.int32),
            tie_row=profiles.ties.indices.astype(np.int32),
            tie=profiles.ties.data.astype(np.float64),
        )
    )


def _share(total: Floats) -> Floats:
    return np.divide(1, total, out=np.zeros(len(total)), where=total > 0)


def shaken(columns: Columns, se: Floats, rng: np.random.Generator) -> Columns:
    """Return the columns with each level moved by its standard error, shape (n, 8), within 0-5, and thinned out.

    Each need and offer is dropped with a chance of one in ten.
    """
    keep = np.stack([_mostly_ones(columns.bits.shape[:2], rng) for _ in range(2)], axis=2)
    bits = columns.bits & np.repeat(keep, (NEED_PLANES, PLANES - NEED_PLANES), axis=2)
    figures = columns.figures.copy()
    # The urgency is the number of planes "1 or more", "2 or more" and "3" in which a need stands.
    total = np.bitwise_count(bits[:, :, :3]).sum(axis=(1, 2)) + 0 * figures[:, NEED_SUM]
    figures[:, NEED_SUM], figures[:, NEED_SHARE] = total, _share(total)
    moved = figures[:, MATURITY:] + rng.standard_normal(se.shape, dtype=np.float32) * se
    figures[:, MATURITY:] = np.clip(moved, 0, 5)
    return _frozen(columns._replace(bits=bits, figures=figures))


def _mostly_ones(shape: tuple[int, ...], rng: np.random.Generator) -> Words:
    """Return words of which each bit is one with a chance of 922 in 1,024, nine in ten: 64 draws at once."""
    words = np.zeros(shape, dtype=np.uint64)
    for digit, flips in enumerate(rng.integers(0, 2**64, (10, *shape), dtype=np.uint64)):
        words = words | flips if 922 >> digit & 1 else words & flips
    return words


def _words(bits: npt.NDArray[np.bool_]) -> Words:
    """Pack flags of shape (n, u) into words of shape (n, w)."""
    n, u = bits.shape
    padded = np.zeros((n, -(-max(u, 1) // WORD) * WORD), dtype=bool)
    padded[:, :u] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def _shortened_words(bits: Words) -> Shorts:
    """Cut words (n, w, 7) into shorts, (n, s, 7), without those at the end that nobody uses."""
    shifts = np.arange(0, WORD, SHORT, dtype=np.uint64)
    anybody = np.bitwise_or.reduce(bits, axis=(0, 2))
    used = np.flatnonzero((anybody[:, None] >> shifts).astype(np.uint16)).max(initial=0) + 1
    cut = (bits[:, :, None, :] >> shifts[:, None]).astype(np.uint16)
    return np.ascontiguousarray(cut.reshape(len(bits), bits.shape[1] * len(shifts), PLANES)[:, :used])


def neighbours_together(columns: Columns, rows: Ints) -> Ints:
    """Return rows in an order in which those of a tile are neighbours: from south to north in strips, west to east."""
    north, east = columns.figures[rows, Z], np.arctan2(columns.figures[rows, Y], columns.figures[rows, X])
    strips = round(np.sqrt(len(rows) / TILE)) or 1
    strip = np.empty(len(rows), dtype=np.int64)
    strip[np.argsort(north)] = np.arange(len(rows)) * strips // max(1, len(rows))
    return rows[np.lexsort((east, strip))]


def tiles_of(columns: Columns, rows: Ints) -> Tiles:
    """Return the candidates in these rows as tiles."""
    tiles, shorts = -(-len(rows) // TILE), _shortened_words(columns.bits)

    def tiled(column: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Gather, pad with zeros and bring (m, …) into (tiles, …·256)."""
        padded = np.zeros((tiles * TILE, *column.shape[1:]), dtype=dtype)
        padded[: len(rows)] = column[rows]
        return np.ascontiguousarray(np.moveaxis(padded.reshape(tiles, TILE, *column.shape[1:]), 1, -1))

    unknown = np.isnan(columns.figures)
    if_unknown = np.zeros(FIGURES)
    if_unknown[X : Z + 1], if_unknown[FTE] = FAR, NO_STAFF
    figures = np.where(unknown, if_unknown, columns.figures)
    people = figures[:, POPULATION, None]
    share = np.divide(1, people, out=np.zeros_like(people), where=people > 0)
    tiled_unknown = tiled(unknown[:, (NEED_SUM, OFFERS, X, POPULATION, FTE)], np.float32)
    tiled_gaps = tiled(unknown[:, MATURITY:] @ (1 << np.arange(len(DIMENSIONS))), np.int32)
    return _frozen(
        Tiles(
            row=rows,
            bits=tiled(shorts, np.uint16).reshape(tiles, shorts.shape[1], PLANES * TILE),
            figures=tiled(np.concatenate((figures, share), axis=1), np.float32).reshape(tiles, (FIGURES + 1) * TILE),
            unknown=tiled_unknown.reshape(tiles, 5 * TILE),
            gaps=tiled_gaps,
            complete=np.asarray(~(tiled_unknown.any(axis=(1, 2)) | tiled_gaps.any(axis=1))),
        )
    )


def part_of(tiles: Tiles, begin: int, end: int) -> Tiles:
    """Return some of the tiles, one after the other."""
    some = slice(begin, end)
    return Tiles(
        tiles.row[begin * TILE : end * TILE],
        tiles.bits[some],
        tiles.figures[some],
        tiles.unknown[some],
        tiles.gaps[some],
        tiles.complete[some],
    )


def _frozen(arrays: Frozen) -> Frozen:
    """Make arrays that threads share read-only; compiled code has one form for them, here and on other machines."""
    for array in arrays:
        array.flags.writeable = False
    return arrays
