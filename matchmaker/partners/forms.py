"""The forms in which the score reads municipalities, and in which it gives an answer: arrays side by side.

They stand apart from `matchmaker.partners.scoring`, which is compiled and may only rest on itself.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from matchmaker.profiles import Bools, Floats, Ints

Words: TypeAlias = npt.NDArray[np.uint64]
Shorts: TypeAlias = npt.NDArray[np.uint16]
Singles: TypeAlias = npt.NDArray[np.float32]
Rows: TypeAlias = npt.NDArray[np.int32]


class Columns(NamedTuple):
    """What the score reads of n municipalities, in the forms it is computed from.

    ``bits`` (n, w, 7) holds the planes of needs and offers in w words, ``figures`` (n, 17) everything else, NaN for
    unknown. ``tie`` are the ties of i with ``tie_row``, ascending, from ``tie_start[i]`` to ``tie_start[i + 1]``.
    """

    bits: Words
    figures: Floats
    tie_start: Rows
    tie_row: Rows
    tie: Floats


class Tiles(NamedTuple):
    """Candidates, 128 to a tile, each figure of a tile in one piece; for estimates.

    ``row`` (m,) is where a candidate stands in the columns, ``bits`` (tiles, s, 7·128) in words of 16 bits and
    ``figures`` (tiles, 18·128) are theirs, the last figure being one by the inhabitants; unknown figures are such that
    they give a part of zero. ``unknown`` (tiles, 5·128) is 1 where needs, offers, place, inhabitants or staff are
    unknown, ``gaps`` (tiles, 128) has a bit for each unknown level, and ``complete`` says that a tile has neither.
    """

    row: Ints
    bits: Shorts
    figures: Singles
    unknown: Singles
    gaps: Rows
    complete: Bools


class Asking(NamedTuple):
    """What the estimates need of some askers, and what they have found for them.

    ``row`` (a,) are the askers, ``bits`` (a, s, 7) theirs in words of 16 bits, ``figures`` (tiles, 22·128) theirs in
    tiles, with levels of 5 where they are not weak, so that nobody is ahead there; ``weak`` (a,) has a bit for each
    dimension in which they are. ``neutral`` (a, 9) stands in for unknown parts, ``instead`` (a, 6) for unknown needs,
    offers, place, inhabitants, staff and levels of a candidate.

    ``listed`` and ``estimate`` (a, room) hold the ``length`` (a,) candidates found so far whose estimate reaches the
    bar, best first. A list without room is given up: so many are equal that estimates cannot tell them apart.
    """

    row: Ints
    bits: Shorts
    figures: Singles
    weak: Rows
    neutral: Floats
    instead: Singles
    listed: Rows
    estimate: Singles
    length: Rows


class Search(NamedTuple):
    """What is looked for: the best ``k`` by these ``weights``, at most ``max_km`` away.

    For the estimates the same in single precision: ``quick`` weights, the ``furthest`` squared chord, and ``margin``,
    the most that an estimate differs from the score.
    """

    k: int
    weights: Floats
    max_km: float
    quick: Singles
    furthest: np.float32
    margin: np.float32


class Best(NamedTuple):
    """The best k of one asker found so far, best first: rounded score and coverage, row, and the exact figures."""

    rounded: Floats
    rounded_coverage: Floats
    row: Ints
    score: Floats
    coverage: Floats
