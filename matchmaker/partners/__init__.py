"""Who fits whom: the exact score of every pair, its best k, and the reasons for the few that are shown.

For an asker i and a candidate j every part lies in [0, 1]; u is urgency 0-3, o the weight of an offer
(planned 0.25, pilot 0.5, operation 1), m maturity, P inhabitants:

=============  =========================================================================
shared_needs   Σ min(u_i, u_j) / Σ max(u_i, u_j)
reuse          Σ u_i o_j / Σ u_i
teach          Σ u_j o_i / Σ u_j
learn          Σ_d max(0, m_jd - m_id) [m_id < 2.5] / Σ_d (5 - m_id) [m_id < 2.5]
ties           1 in a running or agreed cooperation together, 1/2 through a common partner
near           1 / (1 + (km/60)²)
similar_size   min(P_i, P_j) / max(P_i, P_j)
same_land      1 or 0
capacity       min(1, (fte_i + fte_j) / 4)
=============  =========================================================================

A denominator of 0 gives a part of 0. The score is Σ weight · part. A part that rests on unknown data takes its
neutral value, the mean of that part over the candidates for which it is known (0.5 if for none), and lowers
the coverage, the share of weight that rests on reported data. Equal scores (to nine decimals) go to the
higher coverage, then to the smaller key. `columns` and `scoring` compute this, `reasons` puts it into words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

import numpy as np
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadPreference
from matchmaker.message import message
from matchmaker.model import KINDS, LANDS, PARTS, Evidence, Part, Preferences, Shift, Suggestion
from matchmaker.partners import reasons, scoring
from matchmaker.partners.columns import columns_of, neighbours_together, part_of, shaken, tiles_of
from matchmaker.partners.forms import Asking, Best, Columns, Search, Tiles
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints, Profiles, Ranking

_LEAST_BLOCK, _MOST_BLOCK, _BLOCKS = 32, 1024, 64
"""Askers ranked together: few enough that progress shows and all cores stay busy to the end."""

_MANY: Final = 1024
_MOST_TILES: Final = 64
"""From so many on municipalities meet in groups, and so large is a group at most, so that progress shows."""

_STABILITY_SE: Final = 0.5
_STABILITY_CONCENTRATION: Final = 100
"""Draws of `stability`: error of a maturity without a known one, and how closely the drawn weights keep to the
chosen ones (about ±4 points at a weight of 0.2)."""

_WORTH_THREADS: Final = 2_000
"""Municipalities up to which handing the draws to threads takes longer than drawing them one by one."""

FACTORS: Final = (0.0, 2.0)
"""What `sensitivity` does to a weight: leave it out, double it."""


class _Prepared(NamedTuple):
    """Columns of some profiles in the form the score is computed from, and which rows lack anything."""

    columns: Columns
    incomplete: Bools


_PREPARED: WeakKeyDictionary[Profiles, _Prepared] = WeakKeyDictionary()
"""Prepared once for all searches in the same profiles, and forgotten with them."""


def rank(profiles: Profiles, asker: int, preferences: Preferences, k: int) -> Ranking:
    """Return the exact best k partners of one municipality.

    Parameters
    ----------
    profiles
        All municipalities; the asker is one of them and never its own candidate.
    asker
        Row of the asker.
    preferences
        Weights and hard limits; the limits take candidates out before anything is computed.
    k
        How many at most, at least 1.

    Returns
    -------
    Ranking
        One row; entries beyond the number of candidates are -1 and NaN.
    """
    rows = np.flatnonzero(_candidates(profiles, preferences))
    weights, max_km = _figures(preferences)
    neutral = _neutral(profiles, asker, rows, max_km)
    best = scoring.best_of_one(_prepared(profiles).columns, asker, rows, weights, neutral, max_km, _checked(k))
    return Ranking(np.array([asker]), best.row[None], best.score[None], best.coverage[None])


def rank_of(profiles: Profiles, asker: int, partner: int, preferences: Preferences) -> tuple[int, Ranking]:
    """Return the place of one candidate among all, 1 for the best, and a ranking of it alone: as in a list of all.

    Raises `ValueError` where the limits leave the partner out.
    """
    rows = np.flatnonzero(_candidates(profiles, preferences))
    weights, max_km = _figures(preferences)
    neutral = _neutral(profiles, asker, rows, max_km)
    found = scoring.scores_of_one(_prepared(profiles).columns, asker, rows, weights, neutral, max_km)
    (place,) = np.flatnonzero((rows == partner) & ~np.isnan(found[0]))
    score, coverage = scoring.rounded(found)
    even = score == score[place]
    better = (score > score[place]) | (even & (coverage > coverage[place]))
    better |= even & (coverage == coverage[place]) & (rows < partner)
    here = [place]
    return 1 + int(better.sum()), Ranking(np.array([asker]), rows[None, here], found[:1, here], found[1:, here])


def rank_all(
    profiles: Profiles, preferences: Preferences, k: int, *, progress: Callable[[float], None] | None = None
) -> Ranking:
    """Return the exact best k partners of every municipality, shape (n, k).

    Works in blocks of askers on all cores, or wherever `joblib.parallel_config` says (see README for Dask); memory
    grows with n, time with n². ``progress`` is called with the share done, in (0, 1]. Equal to calling `rank` for
    each row.
    """
    return _ranked(profiles, np.arange(len(profiles)), preferences, _checked(k), progress)


def update(ranking: Ranking, before: Profiles, after: Profiles, preferences: Preferences) -> Ranking:
    """Return what `rank_all` returns for the profiles ``after``, from its result for those ``before``.

    Where nothing is unknown, only the lists of changed municipalities and those that one of them enters or leaves
    are touched. Unknown values are filled with a mean over all candidates, which any change moves for everybody: then,
    and where the register itself is another one, everything is ranked anew.
    """
    k = ranking.partner.shape[1]
    candidate = _candidates(after, preferences)
    columns, incomplete = _prepared(after)
    old_columns, old_incomplete = _prepared(before)
    if not np.array_equal(before.key, after.key) or (incomplete | old_incomplete).any():
        return rank_all(after, preferences, k)
    changed = (columns.bits != old_columns.bits).any(axis=(1, 2))
    changed |= (columns.figures != old_columns.figures).any(axis=1)
    changed |= candidate != _candidates(before, preferences)
    changed[np.unique(abs(before.ties - after.ties).nonzero())] = True
    best = Best(
        scoring.rounded(ranking.score),
        scoring.rounded(ranking.coverage),
        ranking.partner.copy(),
        ranking.score.copy(),
        ranking.coverage.copy(),
    )
    again = scoring.move(columns, np.flatnonzero(changed), changed, candidate, *_figures(preferences), best)
    rows = np.flatnonzero(again)
    anew = _ranked(after, rows, preferences, k, None)
    best.row[rows], best.score[rows], best.coverage[rows] = anew.partner, anew.score, anew.coverage
    return Ranking(ranking.asker, best.row, best.score, best.coverage)


def explain(
    profiles: Profiles,
    catalogue: Catalogue,
    ranking: Ranking,
    preferences: Preferences,
    evidence: Mapping[int, Sequence[Evidence]] | None = None,
    stability: Mapping[int, float] | None = None,
) -> tuple[Suggestion, ...]:
    """Turn the ranking of one asker into suggestions with parts, reasons, arguments against and what would lift it.

    ``evidence`` and ``stability`` are given per row of the partner. Every reason states the facts it rests on;
    a part that rests on unknown data is never given as a reason.
    """
    asker = int(ranking.asker[0])
    rows = ranking.partner[0][ranking.partner[0] >= 0]
    columns, weights = _prepared(profiles).columns, preferences.weights.values()
    values = scoring.parts_of(columns, asker, rows)
    unknown = np.isnan(values)
    if unknown.any():
        candidates = np.flatnonzero(_candidates(profiles, preferences))
        neutral = scoring.neutral_of(columns, asker, candidates, _figures(preferences)[1])
        values = np.where(unknown, neutral, values)
    km = profiles.km_between(asker, rows)[0]
    suggestions = []
    for place, row in enumerate(rows.tolist()):
        parts = tuple(
            Part(name, float(values[place, p]), weights[p], not unknown[place, p]) for p, name in enumerate(PARTS)
        )
        coverage = float(ranking.coverage[0, place])
        distance = None if np.isnan(km[place]) else float(km[place])
        suggestions.append(
            Suggestion(
                rank=place + 1,
                partner=profiles.municipality(row),
                km=distance,
                score=float(ranking.score[0, place]),
                coverage=coverage,
                parts=parts,
                reasons=reasons.reasons_for(profiles, catalogue, asker, row, parts, distance),
                against=reasons.reasons_against(profiles, asker, row, parts, distance, coverage),
                lift=reasons.smallest_change(profiles, catalogue, asker, row, parts),
                evidence=tuple((evidence or {}).get(row, ())),
                stability=(stability or {}).get(row),
            )
        )
    return tuple(suggestions)


def stability(
    profiles: Profiles, asker: int, preferences: Preferences, k: int, *, draws: int = 100, seed: int = 0
) -> dict[int, float]:
    """Return how often each of the asker's best k stays among the best k when the data are shaken.

    In every draw each maturity moves by its standard error (0.5 where none is known, kept within 0-5), the
    weights come from a Dirichlet distribution around the chosen ones, and each known need and offer is
    dropped with a chance of one in ten. What stands in for unknown values stays. Keys of the result are rows; values
    lie in [0, 1].
    """
    chosen = rank(profiles, asker, preferences, k).partner[0]
    # Only candidates and the asker matter: the rest of the register need not be shaken.
    candidate = _candidates(profiles, preferences)
    rows = np.union1d(np.flatnonzero(candidate), [asker])
    weights, max_km = _figures(preferences)
    neutral = _neutral(profiles, asker, np.flatnonzero(candidate), max_km)
    part = profiles.take(rows)
    columns = _prepared(part).columns
    here, candidates = int(np.searchsorted(rows, asker)), np.flatnonzero(_candidates(part, preferences))
    se = np.where(np.isnan(part.maturity_se), _STABILITY_SE, part.maturity_se)

    def draw(rng: np.random.Generator) -> Ints:
        drawn = np.zeros(len(PARTS))
        drawn[weights > 0] = rng.dirichlet(_STABILITY_CONCENTRATION * weights[weights > 0] / weights.sum())
        return scoring.best_of_one(shaken(columns, se, rng), here, candidates, drawn, neutral, max_km, k).row

    jobs = -1 if len(rows) > _WORTH_THREADS else 1
    found = Parallel(n_jobs=jobs, prefer="threads")(map(delayed(draw), np.random.default_rng(seed).spawn(draws)))
    best = np.concatenate(found)
    stays = np.bincount(best[best >= 0], minlength=len(rows)) / draws
    return {int(row): float(stays[np.searchsorted(rows, row)]) for row in chosen[chosen >= 0]}


def sensitivity(profiles: Profiles, asker: int, preferences: Preferences, k: int) -> tuple[Shift, ...]:
    """Return who enters and who leaves an asker's best k when one weight is left out or doubled.

    Two entries for each part whose weight is not zero, in the order of the parts; a part that is the only one with
    a weight cannot be left out.
    """
    chosen = rank(profiles, asker, preferences, k).partner[0]
    shifts = []
    for part in PARTS:
        weight = getattr(preferences.weights, part)
        for factor in FACTORS:
            if weight == 0 or (factor == 0 and weight == sum(preferences.weights.values())):
                continue
            moved = replace(preferences, weights=replace(preferences.weights, **{part: factor * weight}))
            found = rank(profiles, asker, moved, k).partner[0]
            enters = [int(row) for row in found if row >= 0 and row not in chosen]
            leaves = [int(row) for row in chosen if row >= 0 and row not in found]
            shifts.append(
                Shift(
                    part, factor, tuple(map(profiles.municipality, enters)), tuple(map(profiles.municipality, leaves))
                )
            )
    return tuple(shifts)


def _checked(k: int) -> int:
    if k < 1:
        raise BadPreference(
            message("The number of suggestions must be at least 1."),
            where=f"top={k}",
            remedy=message("Ask for 10, for example."),
        )
    return k


def _figures(preferences: Preferences) -> tuple[Floats, float]:
    """Return the weights and the largest distance as they are computed with."""
    # Always a float: whole kilometres would be compiled for a second time.
    return np.array(preferences.weights.values()), np.inf if preferences.max_km is None else float(preferences.max_km)


def _neutral(profiles: Profiles, asker: int, rows: Ints, max_km: float) -> Floats:
    """Return what stands in for unknown parts; any number where nothing is unknown about these and the asker."""
    columns, incomplete = _prepared(profiles)
    if incomplete[asker] or incomplete[rows].any():
        return scoring.neutral_of(columns, asker, rows, max_km)
    return np.full(len(PARTS), 0.5)


def _prepared(profiles: Profiles) -> _Prepared:
    if profiles not in _PREPARED:
        columns = columns_of(profiles)
        _PREPARED[profiles] = _Prepared(columns, np.asarray(np.isnan(columns.figures).any(axis=1)))
    return _PREPARED[profiles]


def _candidates(profiles: Profiles, preferences: Preferences) -> Bools:
    """Return who can be suggested to anybody, shape (n,): the hard limits but for distance."""
    candidate = np.ones(len(profiles), dtype=bool)
    if preferences.participants_only:
        candidate &= profiles.participates
    if preferences.assessed_only:
        candidate &= ~np.isnan(profiles.maturity).all(axis=1)
    if not preferences.simulated:
        candidate &= ~profiles.simulated
    if preferences.lands:
        candidate &= np.isin(profiles.land, [LANDS.index(land) for land in preferences.lands])
    if preferences.kinds:
        candidate &= np.isin(profiles.kind, [KINDS.index(kind) for kind in preferences.kinds])
    if preferences.exclude:
        candidate &= ~np.isin(profiles.key, sorted(preferences.exclude))
    if preferences.use_case:
        if preferences.use_case not in profiles.use_cases:
            raise BadPreference(
                message("There is no use case {id} in the catalogue.", id=preferences.use_case),
                where=preferences.use_case,
            )
        column = profiles.use_cases.index(preferences.use_case)
        candidate &= (profiles.need[:, column] > 0) | (profiles.offer[:, column] > 0)
    candidate.flags.writeable = False
    return candidate


def _ranked(
    profiles: Profiles, askers: Ints, preferences: Preferences, k: int, progress: Callable[[float], None] | None
) -> Ranking:
    """Return the best k of these askers, whose rows ascend."""
    columns, incomplete = _prepared(profiles)
    candidate = _candidates(profiles, preferences)
    rows, find = np.flatnonzero(candidate), _search(preferences, k)
    gaps = bool(incomplete[candidate].any() or incomplete[askers].any())
    ranking = Ranking(askers, np.full((len(askers), k), -1), *np.full((2, len(askers), k), np.nan))
    backend, _ = get_active_backend(prefer="threads")
    if len(askers) == len(rows) == len(profiles) >= _MANY and not gaps and backend.supports_sharedmem:
        tiles, cores = tiles_of(columns, neighbours_together(columns, rows)), backend.effective_n_jobs(-1)
        steps = _in_meetings(columns, tiles, find, ranking, cores)
    else:
        steps = _in_blocks(columns, tiles_of(columns, rows), candidate, find, ranking, gaps=gaps)
    for done in steps:
        if progress is not None:
            progress(done)
    return ranking


def _search(preferences: Preferences, k: int) -> Search:
    weights, max_km = _figures(preferences)
    chord = 2 * np.sin(min(max_km / EARTH_RADIUS_KM, np.pi) / 2)
    return Search(
        k=k,
        weights=weights,
        max_km=max_km,
        quick=weights.astype(np.float32),
        # A little beyond the limit: whoever comes that near is looked at exactly.
        furthest=np.float32(chord**2 + 1e-5 if max_km < np.inf else 1e9),
        margin=np.float32(scoring.MARGIN * weights.sum()),
    )


def _in_blocks(
    columns: Columns, tiles: Tiles, candidate: Bools, find: Search, ranking: Ranking, *, gaps: bool
) -> Iterator[float]:
    """Rank askers block by block, on all cores or wherever joblib sends the blocks; yield the share done."""
    count = len(ranking.asker)
    size = min(_MOST_BLOCK, max(_LEAST_BLOCK, -(-count // _BLOCKS)))
    blocks = [slice(begin, begin + size) for begin in range(0, count, size)]
    tasks = (delayed(_rank_block)(columns, ranking.asker[block], tiles, candidate, find, gaps) for block in blocks)
    found = cast("Iterator[Best]", Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks))
    for done, (block, best) in enumerate(zip(blocks, found, strict=True), start=1):
        _write(ranking, block, best)
        yield done / len(blocks)


def _rank_block(*arguments: Any) -> Best:
    """Rank some askers; a function of Python, so that another machine finds its own compiled code by this name."""
    return scoring.best_of_many(*arguments)


def _in_meetings(columns: Columns, tiles: Tiles, find: Search, ranking: Ranking, cores: int) -> Iterator[float]:
    """Rank everybody among everybody, of whom nothing may be unknown; yield the share done.

    Groups meet two by two, as many pairs at once as there are cores, and enter what they find in the lists of both:
    so each is in one meeting at a time.
    """
    count = len(tiles.complete)
    groups = 2 * max(1, min(max(cores, -(-count // (2 * _MOST_TILES))), count // 2))
    edges = np.linspace(0, count, groups + 1).astype(int).tolist()
    part = [part_of(tiles, begin, end) for begin, end in pairwise(edges)]
    work, done = groups * (groups + 1), 0
    # joblib would look every ten milliseconds only whether a round has ended: a tenth of all the time.
    with ThreadPoolExecutor(cores) as pool:
        asking: list[Asking] = []
        for mine in pool.map(lambda tiles: scoring.begin(columns, tiles, find), part):
            asking.append(mine)
            done += 1
            yield done / work
        for pairs in _rounds(groups):
            meetings = [(columns, asking[g], part[g], asking[h], part[h], find) for g, h in pairs]
            for _ in pool.map(scoring.meet, *zip(*meetings, strict=True)):
                done += 2
                yield done / work
        candidate = np.ones(len(tiles.row), dtype=bool)
        for mine, best in zip(
            asking, pool.map(lambda m: scoring.settle(columns, m, candidate, find), asking), strict=True
        ):
            _write(ranking, mine.row, best)
            done += 1
            yield done / work


def _rounds(groups: int) -> Iterator[list[tuple[int, int]]]:
    """Yield who meets whom in each round: an even number of groups, each with each other once, as in a tournament."""
    others = list(range(1, groups))
    for _ in range(1, groups):
        order = [0, *others]
        yield [(order[place], order[-1 - place]) for place in range(groups // 2)]
        others = others[1:] + others[:1]


def _write(ranking: Ranking, here: slice | Ints, best: Best) -> None:
    ranking.partner[here], ranking.score[here], ranking.coverage[here] = best.row, best.score, best.coverage
