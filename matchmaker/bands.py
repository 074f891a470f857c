"""Low, medium, high: what is said of a value that is closed to who asks.

A band is all that anything computes with then: the middle of the band takes the place of the value before any score is
reckoned. Whoever may move weights and filters could otherwise read a hidden value off a score, however it is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from matchmaker.message import Message, message
from matchmaker.profiles import Floats, Ints

NAMES: Final = (message("low"), message("medium"), message("high"))


@dataclass(frozen=True, slots=True)
class Bands:
    """Three bands of a quantity: below ``edges[0]``, from there to below ``edges[1]``, and from there on.

    ``middles`` are the values that stand for the bands in every computation.
    """

    edges: tuple[float, float]
    middles: tuple[float, float, float]

    def middle(self, values: Floats) -> Floats:
        """Return the middle of the band of each value; NaN, unknown, stays NaN."""
        found = np.array(self.middles)[np.digitize(values, self.edges)]
        return np.where(np.isnan(values), np.nan, found)

    def name(self, value: float) -> Message:
        """Return what the band of a known value is called."""
        return NAMES[int(np.digitize(value, self.edges))]


MATURITY: Final = Bands((2.0, 3.5), (1.0, 2.5, 4.0))
"""Levels 0 to 1.5, 2 to 3, and 3.5 to 5."""

FTE: Final = Bands((0.5, 2.0), (0.25, 1.0, 3.0))
"""Free posts: too few to lead a group (half a post), up to two, and more."""

BUDGET: Final = Bands((20_000.0, 100_000.0), (10_000.0, 50_000.0, 150_000.0))
"""Free euros a year."""

SIZES: Final = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Edges of the bands of inhabitants that are told of a municipality without a name; the last band is open."""


def size(population: Floats) -> Ints:
    """Return the number of the band of inhabitants of each municipality, from 0; that of NaN means nothing."""
    found: Ints = np.digitize(population, SIZES)
    return found


def size_name(population: float) -> str:
    """Return a known band of inhabitants as names in the register are written, in German: ``20.000–50.000``."""
    place = int(np.digitize(population, SIZES))
    edges = [f"{edge:,}".replace(",", ".") for edge in SIZES]
    if place == 0:
        return f"unter {edges[0]}"
    return f"über {edges[-1]}" if place == len(edges) else f"{edges[place - 1]}–{edges[place]}"
