"""Eight statements about town, country and cooperation, tried on the data at hand.

How a verdict is reached, the same way for every statement. Each statement says that some quantity is large (or, for
two of them, small). It is *supported* where the figure lies on the claimed side beyond chance (`ALPHA`) and is large
enough to matter, *not supported* where it is not and the data would have shown a strong effect had there been one, and
otherwise there are *too few data*: absence of evidence is no evidence of absence. A statement of several parts is
supported where every part is, and not supported as soon as one part is not.

Intervals hold the true value in 95 of 100 samples. Draws start from a fixed seed and do not depend on the order of
rows: equal data give equal answers. Unknown values (NaN) leave out the municipality that has them, never count as zero.
Only municipalities with all eight dimensions count where a mean of dimensions is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from matchmaker.catalogue import Catalogue
from matchmaker.insights import statistics
from matchmaker.insights.answers import (
    LEAST_KINDS,
    LEAST_PER_GROUP,
    Figure,
    Insight,
    Picture,
    Verdict,
    boxes,
    dots,
    kind_names,
    too_few,
    too_few_in,
    too_few_kinds,
    too_few_projects,
)
from matchmaker.insights.statistics import ALPHA, LEAST_ALL
from matchmaker.message import Label, message
from matchmaker.model import DIMENSIONS, KINDS, Consortium, Kind
from matchmaker.profiles import Bools, Floats, Profiles

__all__ = ["Figure", "Insight", "Picture", "Verdict", "examine"]

LEAST_DEMAND: Final = 0.05
"""A use case is needed in a kind from this share on, and by one at least: one in a thousand is an exception."""

HALF: Final = 0.5
"""What "most" and "larger part" mean."""

NAMED_LEVELS: Final = 0.25
"""Differences in maturity below half a step of the scale are not worth a statement, however certain they are."""

STRONG_SPREAD: Final = 0.5
STRONG_GAP: Final = 1.0
"""Levels of a strong difference in spread (one step of the scale) and in the mean (a whole level)."""

NAMED_CORRELATION: Final = 0.3
STRONG_CORRELATION: Final = 0.5
"""Medium and large correlation by the convention of Cohen (1988), chapter 3."""

SAID_TO_LAG: Final = tuple(DIMENSIONS.index(dimension) for dimension in ("D2", "D3", "D4"))
"""Data, processes and change: where small towns are said to be behind."""

COMMON_SHARE: Final = 0.25
STRONG_SHARE: Final = 0.5
"""A dimension is a common bottleneck where it is lowest in a quarter, twice what chance gives; strong is half."""


def examine(
    profiles: Profiles, catalogue: Catalogue, projects: Sequence[Consortium], *, planned: bool
) -> tuple[Insight, ...]:
    """Try the eight statements on the data at hand.

    Parameters
    ----------
    profiles
        The municipalities to look at, simulated ones included or not.
    catalogue
        For the relevance of use cases and for titles.
    projects
        Different joint projects with their saving in the cautious, central and favourable case.
    planned
        Whether these projects stand in a plan; otherwise they are the best ones of single municipalities.

    Returns
    -------
    tuple of Insight
        ``needs``, ``kinds``, ``towns``, ``small_towns``, ``data``, ``means``, ``strategy``, ``saving``, in this order.
    """
    return (
        _needs(profiles, catalogue),
        _kinds(profiles),
        _towns(profiles),
        _small_towns(profiles, catalogue),
        _data(profiles, catalogue),
        _means(profiles),
        _strategy(profiles, catalogue),
        _saving(projects, planned=planned),
    )


def _judge(effect: float, high: float, *, significant: bool, least: float, strong: float) -> Verdict:
    """Return the verdict on "the effect is at least ``least``"; ``high`` is the upper end of its interval."""
    if significant:
        return Verdict.SUPPORTED if effect >= least else Verdict.NOT_SUPPORTED
    return Verdict.NOT_SUPPORTED if high < strong else Verdict.TOO_FEW


def _against(bound: float, low: float, high: float) -> Verdict:
    """Return the verdict on "the value lies below ``bound``" from its interval."""
    if high < bound:
        return Verdict.SUPPORTED
    return Verdict.NOT_SUPPORTED if low > bound else Verdict.TOO_FEW


def _all(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a statement of several parts."""
    if Verdict.NOT_SUPPORTED in verdicts:
        return Verdict.NOT_SUPPORTED
    return Verdict.TOO_FEW if Verdict.TOO_FEW in verdicts else Verdict.SUPPORTED


def _needs(profiles: Profiles, catalogue: Catalogue) -> Insight:
    """Share of use cases that every kind needs.

    A use case that some kind lacks counts as special where its demand depends on the kind beyond chance (chi-square
    statistic against draws with fixed margins), and as open where nobody can tell. The range of the share takes all
    open ones as special, or all as common.
    """
    kinds, member = _groups(profiles, profiles.need_known)
    size = member.sum(axis=1)
    demand = (member.astype(np.int64) @ (profiles.need > 0)).T  # use cases x kinds
    demand = demand[demand.sum(axis=1) > 0]
    present = demand >= np.maximum(1, LEAST_DEMAND * size)
    common = present.all(axis=1)
    rng = np.random.default_rng(0)
    special = np.array(
        [not c and statistics.depends(row, size, rng) for c, row in zip(common, demand, strict=True)], dtype=bool
    )
    asked, every, some = len(demand), int(common.sum()), int(special.sum())
    enough = len(kinds) >= LEAST_KINDS and asked >= LEAST_PER_GROUP
    name = message("Share of the needed use cases that every kind needs")
    figure = Figure(name, "share", every / asked, every / asked, 1 - some / asked) if enough else Figure(name, "share")
    relevance = [use_case.relevance == "all" for use_case in catalogue.use_cases]
    described = Figure(
        message("Share that the catalogue describes as useful to all"),
        "share",
        sum(relevance) / len(relevance) if relevance else None,
    )
    explained = message(
        "Of {asked} use cases that anybody needs, {every} are needed in each of these kinds: {kinds:list}. {some} are "
        "clearly needed in some kinds only; of {rest} this cannot be told yet. Most means: more than half.",
        asked=asked,
        every=every,
        kinds=kind_names(kinds),
        some=some,
        rest=asked - every - some,
    )
    verdict = Verdict.TOO_FEW
    if enough and every / asked > HALF:
        verdict = Verdict.SUPPORTED
    elif enough and 1 - some / asked <= HALF:
        verdict = Verdict.NOT_SUPPORTED
    counts = np.bincount(present.sum(axis=1), minlength=len(kinds) + 1)
    return Insight(
        id="needs",
        statement=message("Most use cases matter to every kind of municipality."),
        figures=(figure, described),
        test=message("For each use case: does its demand depend on the kind (chi-square, 1,999 random draws)?"),
        p=None,
        n=int(size.sum()),
        simulated=_simulated(profiles, member.any(axis=0)),
        verdict=verdict,
        explanation=explained if enough else too_few_kinds(kinds),
        picture=Picture(
            "bars",
            (message("Number of kinds that need it"), message("Use cases")),
            tuple(
                (message("{count} of {all} kinds", count=k, all=len(kinds)), float(count))
                for k, count in enumerate(counts)
            ),
        ),
    )


def _kinds(profiles: Profiles) -> Insight:
    """Share of the variance of mean maturity that lies between kinds (eta squared)."""
    level = profiles.maturity.mean(axis=1)
    kinds, member = _groups(profiles, ~np.isnan(level))
    values = [level[rows] for rows in member]
    name = message("Share of the differences that lies between the kinds")
    figure, p, verdict, explained = Figure(name, "share"), None, Verdict.TOO_FEW, too_few_kinds(kinds)
    if len(kinds) >= LEAST_KINDS and np.ptp(np.concatenate(values)) > 0:
        eta = statistics.eta_squared(values)
        low, high = statistics.eta_interval(eta, len(kinds), sum(map(len, values)))
        figure = Figure(name, "share", eta, low, high)
        p, verdict = statistics.kinds_by_chance(values), _against(HALF, low, high)
        explained = message(
            "{between:percent} of the differences in mean maturity lie between the kinds {kinds:list}, the other "
            "{within:percent} lie within them. The statement holds where the whole range is below one half.",
            between=eta,
            within=1 - eta,
            kinds=kind_names(kinds),
        )
    return Insight(
        id="kinds",
        statement=message("Municipalities of the same kind differ more than the kinds do."),
        figures=(figure,),
        test=message(
            "Analysis of variance (eta squared); p: would a random order of kinds set them apart as clearly? "
            "(1,999 permutations)"
        ),
        p=p,
        n=int(member.sum()),
        simulated=_simulated(profiles, member.any(axis=0)),
        verdict=verdict,
        explanation=explained,
        picture=boxes(kinds, values, message("Mean maturity")),
    )


def _towns(profiles: Profiles) -> Insight:
    """Spread of mid-size towns against others, and whether best and worst are mid-size.

    Spread is the mean distance from the median of the own kind, so that differences between kinds do not count.
    """
    level = profiles.maturity.mean(axis=1)
    assessed = ~np.isnan(level) & (profiles.kind >= 0)
    kinds, member = _groups(profiles, assessed)
    apart = np.full(len(profiles), np.nan)
    for rows in member:
        apart[rows] = level[rows] - np.median(level[rows])
    known, town = ~np.isnan(apart), profiles.kind == KINDS.index(Kind.TOWN)
    ours, others = apart[known & town], apart[known & ~town]
    name = message("How much wider mid-size towns spread than others do")
    figure, p, verdict = Figure(name, "levels"), None, Verdict.TOO_FEW
    explained = too_few_in(message("mid-size towns"), int((assessed & town).sum()), int((assessed & ~town).sum()))
    if min(len(ours), len(others)) >= LEAST_PER_GROUP and np.ptp(apart[known]) > 0:
        wider, low, high = statistics.welch(abs(ours - np.median(ours)), abs(others - np.median(others)))
        p = statistics.spread_by_chance(ours, others)
        figure = Figure(name, "levels", wider, low, high)
        extremes = (level[assessed].max(), level[assessed].min())
        ends = [bool((level[assessed & town] == end).any()) for end in extremes]
        spread = _judge(wider, high, significant=p < ALPHA and wider > 0, least=NAMED_LEVELS, strong=STRONG_SPREAD)
        verdict = _all([spread, Verdict.SUPPORTED if all(ends) else Verdict.NOT_SUPPORTED])
        words = {True: message("a mid-size town"), False: message("no mid-size town")}
        explained = message(
            "Mid-size towns lie {ours:hundredths} levels from the middle of their kind on average, others "
            "{others:hundredths}. The best is {best}, the worst is {worst}. Both parts have to hold.",
            ours=float(abs(ours - np.median(ours)).mean()),
            others=float(abs(others - np.median(others)).mean()),
            best=words[ends[0]],
            worst=words[ends[1]],
        )
    return Insight(
        id="towns",
        statement=message("Mid-size towns differ most; the best and the worst are among them."),
        figures=(figure,),
        test=message("Brown–Forsythe: is the distance from the median of the own kind larger?"),
        p=p,
        n=int(assessed.sum()),
        simulated=_simulated(profiles, assessed),
        verdict=verdict,
        explanation=explained,
        picture=boxes(kinds, [apart[rows] for rows in member], message("Mean maturity above the median of the kind")),
    )


def _small_towns(profiles: Profiles, catalogue: Catalogue) -> Insight:
    """Difference of small towns from all others in D2, D3 and D4 (Welch, one-sided, Holm over the three)."""
    small, known = profiles.kind == KINDS.index(Kind.SMALL_TOWN), profiles.kind >= 0
    titles, gaps, chances, rows = _titles(catalogue), [], [], []
    least_ours, least_others, seen = len(profiles), len(profiles), np.zeros(len(profiles), dtype=bool)
    for column in SAID_TO_LAG:
        level = profiles.maturity[:, column]
        told = known & ~np.isnan(level)
        seen |= told
        ours, others = level[told & small], level[told & ~small]
        least_ours, least_others = min(least_ours, len(ours)), min(least_others, len(others))
        if min(len(ours), len(others)) < LEAST_PER_GROUP:
            continue
        gap = statistics.welch(others, ours)
        gaps.append(gap)
        chances.append(statistics.welch_chance(others, ours))
        rows.append((titles[column], *gap, float(ours.mean()), float(others.mean())))
    parts = statistics.holm(chances)
    name = message("How far small towns are behind")
    figures = [Figure(name, "levels")]
    p, verdict = None, Verdict.TOO_FEW
    explained = too_few_in(message("small towns"), least_ours, least_others)
    if len(gaps) == len(SAID_TO_LAG):
        p = max(parts)
        verdict = _all(
            [
                _judge(gap, high, significant=part < ALPHA, least=NAMED_LEVELS, strong=STRONG_GAP)
                for (gap, _, high), part in zip(gaps, parts, strict=True)
            ]
        )
        figures = [
            Figure(message("{dimension}: small towns behind by", dimension=row[0]), "levels", *gap)
            for row, gap in zip(rows, gaps, strict=True)
        ]
        explained = message(
            "Small towns have to be behind all others together in each of {dimensions:list}, by a quarter of a level "
            "at least; clearly so they are in {count} of 3.",
            dimensions=tuple(row[0] for row in rows),
            count=sum(
                part < ALPHA and gap[0] >= NAMED_LEVELS for gap, part in zip(gaps, parts, strict=True)
            ),
        )  # fmt: skip
    return Insight(
        id="small_towns",
        statement=message("Small towns are behind in data, processes and change."),
        figures=tuple(figures),
        test=message("Welch's t-test, one-sided, with Holm's correction for three dimensions; p is the largest."),
        p=p,
        n=int(seen.sum()),
        simulated=_simulated(profiles, seen),
        verdict=verdict,
        explanation=explained,
        picture=Picture(
            "bars",
            (
                message("Dimension"), message("Behind by"), message("at least"), message("at most"),
                message("Small towns"), message("All others"),
            ),
            tuple(rows),
            drawn=2,
        ),
    )  # fmt: skip


def _data(profiles: Profiles, catalogue: Catalogue) -> Insight:
    """Share of municipalities whose lowest dimension is D2; a shared last place counts in parts.

    Under chance each dimension is equally often the lowest, and t tied ones hold D2 with probability t/8.
    """
    rows = np.flatnonzero(~np.isnan(profiles.maturity).any(axis=1))
    level = profiles.maturity[rows]
    titles = _titles(catalogue)
    lowest = level == level.min(axis=1, keepdims=True) if len(rows) else np.zeros((0, len(DIMENSIONS)), dtype=bool)
    tied = lowest.sum(axis=1)
    share = (lowest / np.maximum(tied, 1)[:, None]).mean(axis=0) if len(rows) else np.zeros(len(DIMENSIONS))
    name = message("Share of municipalities whose weakest dimension is data")
    figure, p, verdict, explained = Figure(name, "share"), None, Verdict.TOO_FEW, too_few(len(rows))
    if len(rows) >= LEAST_ALL and np.ptp(level) > 0:
        own = float(share[1])
        low, high = statistics.wilson(own, len(rows))
        p = statistics.lowest_by_chance(own, tied, len(DIMENSIONS))
        found = _judge(own, high, significant=p < ALPHA, least=COMMON_SHARE, strong=STRONG_SHARE)
        first = own >= share.max() - 1e-9
        verdict = Verdict.NOT_SUPPORTED if found == Verdict.SUPPORTED and not first else found
        figure = Figure(name, "share", own, low, high)
        friedman = statistics.columns_by_chance(level)
        differ = message("differ beyond chance") if friedman < ALPHA else message("do not differ beyond chance")
        explained = message(
            "By chance each dimension would be the weakest in one municipality of eight. Common means: in a quarter at "
            "least, and more often than any other; most often it is {first}. All eight together {differ} (Friedman).",
            first=titles[int(share.argmax())],
            differ=differ,
        )
    return Insight(
        id="data",
        statement=message("Data management is the common bottleneck."),
        figures=(figure,),
        test=message("Is it the weakest more often than one in eight? (binomial test, ties drawn by lot, one-sided)"),
        p=p,
        n=len(rows),
        simulated=_simulated(profiles, rows),
        verdict=verdict,
        explanation=explained,
        picture=Picture(
            "bars",
            (message("Dimension"), message("Mean level"), message("Share in which it is the weakest")),
            tuple((titles[d], float(level[:, d].mean()), float(share[d])) for d in range(len(DIMENSIONS)) if len(rows)),
            line=1 / len(DIMENSIONS),
        ),
    )


def _means(profiles: Profiles) -> Insight:
    """Money and staff per inhabitant against mean maturity.

    Shown the way equivalence is shown: the whole interval of both correlations has to lie below a strong one. Money or
    staff decides where its correlation is strong and beyond chance (Holm over the two).
    """
    level = profiles.maturity.mean(axis=1)
    money, staff = _per_head(profiles)
    names = (
        message("Correlation of money per inhabitant with maturity"),
        message("Correlation of posts per inhabitant with maturity"),
    )
    told = [~np.isnan(level) & ~np.isnan(x) for x in (money, staff)]
    found = [statistics.correlation(x[rows], level[rows]) for x, rows in zip((money, staff), told, strict=True)]
    figures = tuple(Figure(name, "correlation", *(f or ())[:3]) for name, f in zip(names, found, strict=True))
    fewest = min(told, key=sum)
    p, verdict, explained = None, Verdict.TOO_FEW, too_few(int(fewest.sum()))
    measured = [f for f in found if f is not None]
    if len(measured) == len(found):
        related = statistics.holm([f[3] for f in measured])
        decides = any(f[0] >= STRONG_CORRELATION and q < ALPHA for f, q in zip(measured, related, strict=True))
        weak = all(f[2] < STRONG_CORRELATION for f in measured)
        verdict = Verdict.NOT_SUPPORTED if decides else Verdict.SUPPORTED if weak else Verdict.TOO_FEW
        p = max(
            statistics.correlation_against(f[0], sum(rows), STRONG_CORRELATION)
            for f, rows in zip(measured, told, strict=True)
        )
        explained = message(
            "To decide, means would have to go with maturity strongly: a correlation of 0.5. The statement holds where "
            "the whole range of both correlations is below that; that no relation was found would not be enough."
        )
    both = told[0] & told[1]
    return Insight(
        id="means",
        statement=message("More money or staff alone does not decide how mature a municipality is."),
        figures=figures,
        test=message("Rank correlation (Spearman) tested against a strong one of 0.5; p is the larger of two."),
        p=p,
        n=int(fewest.sum()),
        simulated=_simulated(profiles, fewest),
        verdict=verdict,
        explanation=explained,
        picture=dots(
            profiles,
            both,
            (message("Posts per 10,000 inhabitants"), message("Euros per inhabitant"), message("Mean maturity")),
            (10_000 * staff, money, level),
        ),
    )


def _strategy(profiles: Profiles, catalogue: Catalogue) -> Insight:
    """D1 against the mean of the other dimensions, also with money and staff per inhabitant held constant."""
    strategy, others = profiles.maturity[:, 0], profiles.maturity[:, 1:].mean(axis=1)
    money, staff = _per_head(profiles)
    known = ~np.isnan(others) & ~np.isnan(strategy)
    means = known & ~np.isnan(money) & ~np.isnan(staff)
    plain = statistics.correlation(strategy[known], others[known])
    partial = statistics.correlation(strategy[means], others[means], money[means], staff[means])
    names = (
        message("Correlation of strategy with the mean of the other dimensions"),
        message("The same with money and staff held constant"),
    )
    figures = tuple(
        Figure(name, "correlation", *(f or ())[:3]) for name, f in zip(names, (plain, partial), strict=True)
    )
    p, verdict, explained = None, Verdict.TOO_FEW, too_few(int(known.sum()))
    ranks = [statistics.correlation(profiles.maturity[known, d], _rest(profiles.maturity[known], d)) for d in range(8)]
    if plain is not None:
        p = plain[3]
        verdict = _all(
            [
                _judge(r, high, significant=q < ALPHA and r > 0, least=NAMED_CORRELATION, strong=STRONG_CORRELATION)
                for r, _, high, q in (f for f in (plain, partial) if f is not None)
            ]
        )
        place = 1 + sum(rank is not None and rank[0] > plain[0] for rank in ranks[1:])
        explained = message(
            "Where strategy is ahead, the rest is ahead too if the correlation is 0.3 at least, also with money and "
            "staff held constant where these are known. Every dimension goes with the rest to some degree: strategy "
            "takes place {place} of 8. This does not say what causes what.",
            place=place,
        )
    return Insight(
        id="strategy",
        statement=message("Municipalities with a strategy are more mature in everything else."),
        figures=figures,
        test=message("Rank correlation (Spearman), two-sided, and partial rank correlation"),
        p=p,
        n=int(known.sum()),
        simulated=_simulated(profiles, known),
        verdict=verdict,
        explanation=explained,
        picture=Picture(
            "bars",
            (message("Dimension"), message("Correlation with the mean of the others")),
            tuple(
                (title, rank[0])
                for title, rank in zip(_titles(catalogue), ranks, strict=True)
                if rank is not None
            ),
            line=NAMED_CORRELATION,
        ),
    )  # fmt: skip


def _saving(projects: Sequence[Consortium], *, planned: bool) -> Insight:
    """Share of joint projects that save money even in the cautious case (exact binomial interval)."""
    low = np.array([project.saving_eur.low for project in projects], dtype=np.float64)
    central = np.array([project.saving_eur.central for project in projects], dtype=np.float64)
    name = message("Share of joint projects that save money even in the cautious case")
    figure, p, verdict, explained = Figure(name, "share"), None, Verdict.TOO_FEW, too_few_projects(len(projects))
    if len(projects) >= LEAST_ALL:
        share, least, most, p = statistics.share_of(int((low > 0).sum()), len(projects), HALF)
        figure = Figure(name, "share", share, least, most)
        # "The share of those that do not save lies below one half" is the same statement.
        verdict = _against(HALF, 1 - most, 1 - least)
        explained = message(
            "{basis} In the central case the middle one saves {median:eur} over five years. The costs behind this are "
            "assumptions or published figures with a range. Projects share members, so the range is rather too narrow.",
            basis=message("These are the projects of the plan.")
            if planned
            else message("No plan is made yet: this looks at the best joint project for each stated need."),
            median=float(np.median(central)),
        )
    by_use_case = {project.use_case: project.title for project in projects}
    columns = np.array([project.use_case for project in projects], dtype=object)
    return Insight(
        id="saving",
        statement=message("Most joint projects save money even when reckoned cautiously."),
        figures=(figure,),
        test=message("Do more than half save? (binomial test, two-sided)"),
        p=p,
        n=len(projects),
        simulated=sum(any(member.simulated for member in project.members) for project in projects),
        verdict=verdict,
        explanation=explained,
        picture=Picture(
            "bars",
            (
                message("Use case"),
                message("Projects"),
                message("Cautious saving in euros (median)"),
                message("Central saving in euros (median)"),
            ),
            tuple(
                (
                    by_use_case[id_],
                    float((columns == id_).sum()),
                    float(np.median(low[columns == id_])),
                    float(np.median(central[columns == id_])),
                )
                for id_ in sorted(by_use_case)
            ),
            drawn=2,
        ),
    )


def _groups(profiles: Profiles, known: Bools) -> tuple[tuple[Kind, ...], Bools]:
    """Return the kinds with enough known municipalities, and who belongs to each, shape (kinds, n)."""
    member = np.array([known & (profiles.kind == index) for index in range(len(KINDS))])
    enough = member.sum(axis=1) >= LEAST_PER_GROUP
    return tuple(kind for kind, chosen in zip(KINDS, enough, strict=True) if chosen), member[enough]


def _per_head(profiles: Profiles) -> tuple[Floats, Floats]:
    """Return free money and free posts per inhabitant, NaN where either or the inhabitants are unknown."""
    people = np.where(profiles.population > 0, profiles.population, np.nan)
    return profiles.budget_eur / people, profiles.fte / people


def _rest(maturity: Floats, dimension: int) -> Floats:
    mean: Floats = np.delete(maturity, dimension, axis=1).mean(axis=1)
    return mean


def _simulated(profiles: Profiles, rows: Any) -> int:
    return int(profiles.simulated[rows].sum())


def _titles(catalogue: Catalogue) -> tuple[Label, ...]:
    titles = {dimension.id: dimension.title for dimension in catalogue.dimensions}
    return tuple(titles.get(id_, Label(id_, id_)) for id_ in DIMENSIONS)
