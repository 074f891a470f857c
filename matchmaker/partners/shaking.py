"""Columns of the score, shaken at random: how `stability` asks what holds when the data are a little wrong."""

from __future__ import annotations

import numpy as np

from matchmaker.partners.scoring import (
    _MATURITY,
    _NEED_PLANES,
    _NEED_SHARE,
    _NEED_SUM,
    _PLANES,
    Columns,
    Words,
    frozen,
    share,
)
from matchmaker.profiles import Floats


def shaken(columns: Columns, se: Floats, rng: np.random.Generator) -> Columns:
    """Return the columns with each level moved by its standard error, shape (n, 8), within 0-5, and thinned out.

    Each need and offer is dropped with a chance of one in ten.
    """
    keep = np.stack([_mostly_ones(columns.bits.shape[:2], rng) for _ in range(2)], axis=2)
    bits = columns.bits & np.repeat(keep, (_NEED_PLANES, _PLANES - _NEED_PLANES), axis=2)
    figures = columns.figures.copy()
    # The urgency is the number of planes "1 or more", "2 or more" and "3" in which a need stands.
    total = np.bitwise_count(bits[:, :, :3]).sum(axis=(1, 2)) + 0 * figures[:, _NEED_SUM]
    figures[:, _NEED_SUM], figures[:, _NEED_SHARE] = total, share(total)
    moved = figures[:, _MATURITY:] + rng.standard_normal(se.shape, dtype=np.float32) * se
    figures[:, _MATURITY:] = np.clip(moved, 0, 5)
    return frozen(columns._replace(bits=bits, figures=figures))


def _mostly_ones(shape: tuple[int, ...], rng: np.random.Generator) -> Words:
    """Return words of which each bit is one with a chance of 922 in 1,024, nine in ten: 64 draws at once."""
    words = np.zeros(shape, dtype=np.uint64)
    for digit in range(10):
        flips = rng.integers(0, 2**64, shape, dtype=np.uint64)
        words = words | flips if 922 >> digit & 1 else words & flips
    return words
