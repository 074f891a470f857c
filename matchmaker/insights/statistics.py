"""The tests behind the answers: numbers in, numbers out, the same for the same numbers in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy  # its part for statistics takes a second to load and does so when first used

from matchmaker.profiles import Floats, Ints

ALPHA: Final = 0.05
"""What counts as chance: one in twenty, by convention. Intervals hold 1 - ALPHA."""

LEAST_ALL: Final = 10
"""Least number for a correlation or a share: below it the formulas of the intervals are not to be trusted."""

DRAWS: Final = 1_999
"""Random draws of a test: the least probability that can come out is one in two thousand."""


def depends(demand: Ints, size: Ints, rng: np.random.Generator) -> bool:
    """Return whether the demand for one use case depends on the kind beyond chance.

    ``demand`` are the municipalities of each kind that need it, ``size`` all of the kind. The chi-square statistic is
    compared with draws that keep both sums.
    """
    total = int(demand.sum())
    expected = total * size / size.sum()
    drawn = rng.multivariate_hypergeometric(size, total, size=DRAWS, method="marginals")
    # The cells of those without the need change the statistic by the same factor in each column.
    weight = 1 / np.maximum(expected * (1 - total / size.sum()), np.finfo(float).tiny)
    observed = float((weight * (demand - expected) ** 2).sum())
    as_clear = ((weight * (drawn - expected) ** 2).sum(axis=1) >= observed * (1 - 1e-9)).sum()
    return bool((1 + as_clear) / (1 + DRAWS) < ALPHA)


def eta_squared(values: Sequence[Floats]) -> float:
    """Return the share of the variance that lies between groups; not all values may be equal."""
    everybody = np.concatenate(values)
    between = sum(len(group) * (group.mean() - everybody.mean()) ** 2 for group in values)
    return min(1.0, float(between / ((everybody - everybody.mean()) ** 2).sum()))


def eta_interval(eta: float, groups: int, n: int) -> tuple[float, float]:
    """Return the interval of eta squared: noncentralities at which the F found is just not too extreme.

    After Steiger (2004), Psychological Methods 9, 164-182.
    """
    if eta >= 1 - 1e-9:
        return eta, 1.0
    free = (groups - 1, n - groups)
    f = eta / (1 - eta) * free[1] / free[0]

    def bound(chance: float) -> float:
        def excess(noncentrality: float) -> float:
            return float(scipy.stats.ncf.cdf(f, *free, noncentrality)) - chance

        if scipy.stats.f.cdf(f, *free) <= chance:
            return 0.0
        upper = 10.0 + 2 * n * eta / (1 - eta)
        while excess(upper) > 0:
            upper *= 2
        noncentrality = float(scipy.optimize.brentq(excess, 1e-9, upper))
        return noncentrality / (noncentrality + n)

    return bound(1 - ALPHA / 2), bound(ALPHA / 2)


def kinds_by_chance(values: Sequence[Floats]) -> float:
    """Return how often a random order of kinds sets them apart as clearly."""
    everybody = np.concatenate([np.sort(group) for group in values])
    centred = everybody - everybody.mean()
    ends = np.cumsum([len(group) for group in values])
    sizes = np.diff(ends, prepend=0)

    def between(order: Floats) -> float:
        return float((np.add.reduceat(order, ends - sizes) ** 2 / sizes).sum())

    rng = np.random.default_rng(0)
    observed = between(centred) * (1 - 1e-9)
    return (1 + sum(between(rng.permutation(centred)) >= observed for _ in range(DRAWS))) / (1 + DRAWS)


def lowest_by_chance(share: float, tied: Ints, dimensions: int) -> float:
    """Return how often chance makes one dimension the lowest in at least this share of municipalities.

    ``tied`` says per municipality how many dimensions share its lowest level; each of them counts in parts. Exact
    binomial where nothing is tied, otherwise by draws.
    """
    sizes, counts = np.unique(tied, return_counts=True)
    if sizes.tolist() == [1]:
        lowest = round(share * len(tied))
        return float(scipy.stats.binomtest(lowest, len(tied), 1 / dimensions, alternative="greater").pvalue)
    rng = np.random.default_rng(0)
    draws = 100 * DRAWS
    drawn = (rng.binomial(counts, sizes / dimensions, size=(draws, len(sizes))) / sizes).sum(axis=1)
    return float((1 + (drawn >= share * len(tied) - 1e-9).sum()) / (1 + draws))


def spread_by_chance(first: Floats, second: Floats) -> float:
    """Return how probable so different a spread would be by chance (Brown–Forsythe)."""
    return float(scipy.stats.levene(first, second, center="median").pvalue)


def columns_by_chance(table: Floats) -> float:
    """Return how probable columns so different would be by chance, each row being one judge (Friedman)."""
    return float(scipy.stats.friedmanchisquare(*table.T).pvalue)


def share_of(hits: int, n: int, expected: float) -> tuple[float, float, float, float]:
    """Return a share, its exact interval, and how probable one so far from the expected would be by chance."""
    test = scipy.stats.binomtest(hits, n, expected)
    interval = test.proportion_ci(1 - ALPHA)
    return hits / n, float(interval.low), float(interval.high), float(test.pvalue)


def welch(first: Floats, second: Floats) -> tuple[float, float, float]:
    """Return the difference of two means with its interval, without assuming equal variances."""
    difference = float(first.mean() - second.mean())
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return difference, difference, difference
    interval = scipy.stats.ttest_ind(first, second, equal_var=False).confidence_interval(1 - ALPHA)
    return difference, float(interval.low), float(interval.high)


def welch_chance(first: Floats, second: Floats) -> float:
    """Return how probable so large a lead of the first would be by chance."""
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return 0.0 if first[0] > second[0] else 1.0
    return float(scipy.stats.ttest_ind(first, second, equal_var=False, alternative="greater").pvalue)


def holm(chances: Sequence[float]) -> list[float]:
    """Return probabilities corrected for their number (Holm 1979), in the same order."""
    order = np.argsort(chances, kind="stable")
    raised = np.asarray(chances)[order] * np.arange(len(chances), 0, -1)
    corrected = np.empty(len(chances))
    corrected[order] = np.minimum(1, np.maximum.accumulate(raised))
    return [float(chance) for chance in corrected]


def correlation(x: Floats, y: Floats, *constant: Floats) -> tuple[float, float, float, float] | None:
    """Return Spearman's correlation, its interval and how probable so large a one would be by chance.

    With further columns the partial correlation: of what their ranks leave of the ranks of x and y. None for fewer than
    `LEAST_ALL`, or where nothing differs. Interval by Fisher's z with the standard error of Bonett and Wright (2000,
    Psychometrika 65, 23-28).
    """
    if len(x) < LEAST_ALL or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    a, b = (scipy.stats.rankdata(column) for column in (x, y))
    if constant:
        held = np.column_stack([np.ones(len(x)), *(scipy.stats.rankdata(column) for column in constant)])
        a, b = (ranks - held @ np.linalg.lstsq(held, ranks)[0] for ranks in (a, b))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    # What is left of ranks that the columns held constant explain entirely is rounding.
    if size < 1e-9 * len(x) ** 3:
        return None
    free = len(x) - 2 - len(constant)
    r = float(np.clip(a @ b / size, -1, 1))
    if abs(r) > 1 - 1e-12:
        return r, r, r, 0.0
    reach = float(scipy.stats.norm.ppf(1 - ALPHA / 2)) * _correlation_error(r, len(x) - len(constant))
    chance = 2 * float(scipy.stats.t.sf(abs(r) * np.sqrt(free / (1 - r * r)), free))
    return r, float(np.tanh(np.arctanh(r) - reach)), float(np.tanh(np.arctanh(r) + reach)), chance


def _correlation_error(r: float, n: int) -> float:
    return float(np.sqrt((1 + r * r / 2) / (n - 3)))


def correlation_against(r: float, n: int, other: float) -> float:
    """Return how probable a correlation so far from another value would be by chance, two-sided."""
    if abs(r) > 1 - 1e-12:
        return 0.0
    return 2 * float(scipy.stats.norm.sf(abs(np.arctanh(r) - np.arctanh(other)) / _correlation_error(r, n)))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, also for a share of parts."""
    z = float(scipy.stats.norm.ppf(1 - ALPHA / 2))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, middle - reach), min(1.0, middle + reach)
