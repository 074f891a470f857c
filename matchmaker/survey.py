"""Employees' answers to the questionnaire: the maturity of each municipality with its standard error.

A respondent's level in a dimension is the mean of the answers to its items (1-5, turned round where agreement
speaks for a low level), mapped to 0-5 by (mean - 1) · 5/4. It counts where at least two items were answered. The
level of a municipality is the mean over its respondents, the standard error their standard deviation (n - 1)
divided by √n: all employees are taken as the population, without a correction for its size. Where fewer than ten
respondents count, nothing is shown, so that nobody's answers can be guessed.

The sums are whole numbers, so the result does not depend on the order of the answers, not even in its last digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.model import DIMENSIONS, LEAST_RESPONDENTS
from matchmaker.profiles import Bools, Floats, Ints

LEAST_ANSWERED: Final = 2
"""Items of a dimension that a respondent must have answered to count in it."""

_LOWEST: Final = 1
_HIGHEST: Final = 5
_LEVELS_PER_STEP: Final = 5 / (_HIGHEST - _LOWEST)


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the answers say about ``g`` municipalities.

    Attributes
    ----------
    level, level_se : (g, 8)
        Level 0-5 and its standard error in levels; NaN where nobody or too few count.
    counted : (g, 8) int
        Respondents who answered enough items of the dimension.
    respondents : (g,) int
        Respondents who count in at least one dimension that is shown.
    sheets : (g,) int
        All answer sheets, those without enough answers too.
    """

    level: Floats
    level_se: Floats
    counted: Ints
    respondents: Ints
    sheets: Ints

    @property
    def suppressed(self) -> Bools:
        """Where there are respondents, but fewer than ten; shape (g, 8)."""
        return (self.counted > 0) & (self.counted < LEAST_RESPONDENTS)

    @property
    def half_steps(self) -> Floats:
        """Level in the half steps that profiles are kept in, a quarter rounded upwards; NaN where not shown."""
        rounded: Floats = np.floor(self.level * 2 + 0.5) / 2
        return rounded


def assess(
    group: Ints, sheet: Ints, item: Ints, answer: Ints, *, groups: int, dimension: Ints, reverse: Bools
) -> Assessment:
    """Return maturity from answers, one row of ``sheet``, ``item`` and ``answer`` per answer given.

    Parameters
    ----------
    group : (s,)
        Municipality of each answer sheet, 0 to ``groups`` - 1.
    sheet, item, answer : (m,)
        Answer sheet, row of the questionnaire, and answer from 1 (does not apply at all) to 5 (applies fully).
        What was not answered has no row.
    dimension, reverse : (q,)
        Place of each item's dimension in `DIMENSIONS`, and whether agreement speaks for a low level.

    Raises
    ------
    BadInput
        For an answer outside 1-5, or two answers to one item on one sheet.
    """
    q, d = len(dimension), len(DIMENSIONS)
    if len(answer) and not _LOWEST <= int(answer.min()) <= int(answer.max()) <= _HIGHEST:
        raise BadInput(message("Answers must lie between {low} and {high}.", low=_LOWEST, high=_HIGHEST))
    if np.bincount(sheet * q + item, minlength=1).max() > 1:
        raise BadInput(message("An item is answered twice on one answer sheet."))

    shape = (len(group), d)
    cell = sheet * d + dimension[item]
    agreed = np.where(reverse[item], _HIGHEST - answer, answer - _LOWEST)
    answered = np.bincount(cell, minlength=shape[0] * d).reshape(shape)
    total = np.bincount(cell, weights=agreed, minlength=shape[0] * d).astype(np.int64).reshape(shape)
    counts = answered >= LEAST_ANSWERED
    # A mean of two or three answers is no whole number, but a whole number of sixths.
    unit = math.lcm(*range(1, int(answered.max(initial=1)) + 1))
    mean = np.where(counts, total * (unit // np.maximum(answered, 1)), 0)

    def summed(values: Ints) -> Ints:
        place = (group[:, None] * d + np.arange(d)).ravel()
        sums = np.bincount(place, weights=values.ravel(), minlength=groups * d)
        return sums.astype(np.int64).reshape(groups, d)

    n, first, second = summed(counts.astype(np.int64)), summed(mean), summed(mean**2)
    shown = n >= LEAST_RESPONDENTS
    enough = np.where(shown, n, LEAST_RESPONDENTS)
    variance = (enough * second - first**2) / (enough * (enough - 1))
    scale = _LEVELS_PER_STEP / unit
    return Assessment(
        level=np.where(shown, 5 * first / (4 * unit * enough), np.nan),
        level_se=np.where(shown, scale * np.sqrt(np.maximum(variance, 0) / enough), np.nan),
        counted=n,
        respondents=np.bincount(group[(counts & shown[group]).any(axis=1)], minlength=groups),
        sheets=np.bincount(group, minlength=groups),
    )
