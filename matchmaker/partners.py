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
higher coverage, then to the smaller key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy import sparse
from threadpoolctl import threadpool_limits

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadPreference
from matchmaker.message import Label, Message, message
from matchmaker.model import (
    KINDS,
    LANDS,
    PARTS,
    WEAK_BELOW,
    Evidence,
    Part,
    Preferences,
    Suggestion,
)
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints, Profiles, Ranking

HALF_SCORE_KM: Final = 60
FULL_CAPACITY_FTE: Final = 4
_TIE_DECIMALS: Final = 9
_BLOCK_CELLS: Final = 2_000_000
"""Pairs scored at a time in one thread: some 16 MB an array, so that a block stays in the caches' reach."""

_STABILITY_SE: Final = 0.5
_STABILITY_DROP: Final = 0.1
_STABILITY_CONCENTRATION: Final = 100
"""Draws of `stability`: error of a maturity without a known one, chance that a need or offer is dropped, and
how closely the drawn weights keep to the chosen ones (about ±4 points at a weight of 0.2)."""

_FAR_KM: Final = 150
_UNLIKE_SIZE: Final = 0.1
_THIN_COVERAGE: Final = 0.5
_WORTH_NAMING: Final = {**dict.fromkeys(PARTS, 0.05), "near": 0.25, "similar_size": 0.5, "capacity": 0.25}
"""When an argument is worth naming to a reader; these limits shape words, never the score. Near is told up to
some 100 km, similar size up to a factor of two, free staff from one post on."""


@dataclass(frozen=True, eq=False)
class _Columns:
    """What the score reads, in the forms it is computed from; one row per municipality."""

    need: npt.NDArray[np.float32]
    offer: npt.NDArray[np.float32]
    need_known: Bools
    offer_known: Bools
    maturity: Floats
    place: Floats
    population: Floats
    fte: Floats
    land: Ints
    ties: sparse.csr_array[Any]

    @classmethod
    def of(cls, profiles: Profiles) -> _Columns:
        return cls(
            need=profiles.need.astype(np.float32),
            offer=profiles.offer.astype(np.float32) / np.float32(4),
            need_known=profiles.need_known,
            offer_known=profiles.offer_known,
            maturity=profiles.maturity,
            place=profiles.unit_vector,
            population=profiles.population,
            fte=profiles.fte,
            land=profiles.land,
            ties=profiles.ties,
        )


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
    return _rank_rows(_Columns.of(profiles), profiles, np.array([asker]), preferences, _checked(k))


def rank_all(
    profiles: Profiles, preferences: Preferences, k: int, *, progress: Callable[[float], None] | None = None
) -> Ranking:
    """Return the exact best k partners of every municipality, shape (n, k).

    Works in blocks of rows on all cores; memory is bounded by the blocks plus the result. ``progress`` is
    called with the share done, in (0, 1]. Equal to calling `rank` for each row.
    """
    _checked(k)
    n = len(profiles)
    columns = _Columns.of(profiles)
    size = max(1, _BLOCK_CELLS // max(1, n))
    blocks = [np.arange(start, min(n, start + size)) for start in range(0, n, size)]
    # The blocks share the cores among themselves; a second pool of threads inside each would fight with them.
    with threadpool_limits(limits=1):
        tasks = (delayed(_rank_rows)(columns, profiles, rows, preferences, k) for rows in blocks)
        finished = cast("Iterator[Ranking]", Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks))
        results = []
        for done, result in enumerate(finished, start=1):
            results.append(result)
            if progress is not None:
                progress(done / len(blocks))
    return Ranking(
        asker=np.arange(n),
        partner=np.concatenate([r.partner for r in results] or [np.empty((0, k), dtype=np.int64)]),
        score=np.concatenate([r.score for r in results] or [np.empty((0, k))]),
        coverage=np.concatenate([r.coverage for r in results] or [np.empty((0, k))]),
    )


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
    found = ranking.partner[0] >= 0
    rows, weights = ranking.partner[0][found], preferences.weights.values()
    allowed = _allowed(profiles, np.array([asker]), preferences)
    columns = _Columns.of(profiles)
    parts = [
        (value[0], known[0], float(_neutral(value, known & allowed)[0]))
        for value, known in _parts(columns, np.array([asker]))
    ]
    km = profiles.km_between(asker, rows)[0]
    suggestions = []
    for place, row in enumerate(rows):
        values = tuple(
            Part(name, float(value[row]) if known[row] else neutral, weight, bool(known[row]))
            for name, weight, (value, known, neutral) in zip(PARTS, weights, parts, strict=True)
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
                parts=values,
                reasons=_reasons(profiles, catalogue, asker, int(row), values, distance),
                against=_against(profiles, asker, int(row), values, distance, coverage),
                lift=_lift(profiles, asker, int(row), values),
                evidence=tuple((evidence or {}).get(int(row), ())),
                stability=(stability or {}).get(int(row)),
            )
        )
    return tuple(suggestions)


def stability(
    profiles: Profiles, asker: int, preferences: Preferences, k: int, *, draws: int = 100, seed: int = 0
) -> dict[int, float]:
    """Return how often each of the asker's best k stays among the best k when the data are shaken.

    In every draw each maturity moves by its standard error (0.5 where none is known, kept within 0-5), the
    weights come from a Dirichlet distribution around the chosen ones, and each known need and offer is
    dropped with a chance of one in ten. Keys of the result are rows; values lie in [0, 1].
    """
    rng = np.random.default_rng(seed)
    chosen = rank(profiles, asker, preferences, k).partner[0]
    chosen = chosen[chosen >= 0]
    allowed = _allowed(profiles, np.array([asker]), preferences)
    # Only candidates and the asker matter: the rest of the register need not be shaken.
    rows = np.union1d(np.flatnonzero(allowed[0]), [asker])
    part = profiles.take(rows)
    columns, here = _Columns.of(part), int(np.searchsorted(rows, asker))
    se = np.where(np.isnan(part.maturity_se), _STABILITY_SE, part.maturity_se)
    weights = np.array(preferences.weights.values())
    stays = np.zeros(len(rows))
    for _ in range(draws):
        drawn = np.zeros(len(PARTS))
        drawn[weights > 0] = rng.dirichlet(_STABILITY_CONCENTRATION * weights[weights > 0] / weights.sum())
        shaken = replace(
            columns,
            maturity=np.clip(part.maturity + rng.normal(size=se.shape) * se, 0, 5),
            need=columns.need * (rng.random(columns.need.shape) >= _STABILITY_DROP),
            offer=columns.offer * (rng.random(columns.offer.shape) >= _STABILITY_DROP),
        )
        score, coverage = _scores(shaken, np.array([here]), drawn, allowed[:, rows])
        stays[_best(score[0], coverage[0], k)] += 1
    return {int(row): float(stays[np.searchsorted(rows, row)] / draws) for row in chosen}


def _checked(k: int) -> int:
    if k < 1:
        raise BadPreference(
            message("The number of suggestions must be at least 1."),
            where=f"top={k}",
            remedy=message("Ask for 10, for example."),
        )
    return k


def _allowed(profiles: Profiles, rows: Ints, preferences: Preferences) -> Bools:
    """Return which candidates the hard limits leave to each asker, shape (len(rows), n)."""
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
    allowed = np.repeat(candidate[None, :], len(rows), axis=0)
    if preferences.max_km is not None:
        with np.errstate(invalid="ignore"):
            allowed &= profiles.km_between(rows, np.arange(len(profiles))) <= preferences.max_km
    allowed[np.arange(len(rows)), rows] = False
    return allowed


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; a denominator of 0 gives 0."""
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below != 0)


def _parts(columns: _Columns, rows: Ints) -> Iterator[tuple[Floats, Bools]]:
    """Yield value and known-mask of each part in the order of `PARTS`, both of shape (len(rows), n)."""
    need, offer = columns.need[rows], columns.offer[rows]
    need_sum = columns.need.sum(axis=1, dtype=np.float64)
    everybody = np.ones(len(columns.need), dtype=bool)

    # Σ min(u_i, u_j) counts the levels that both reach; sums of small integers are exact in float32.
    smaller = np.zeros((len(rows), len(columns.need)))
    for level in (1, 2, 3):
        mine, theirs = (need >= level).astype(np.float32), (columns.need >= level).astype(np.float32)
        smaller += mine @ theirs.T
    larger = need_sum[rows][:, None] + need_sum[None, :] - smaller
    yield _ratio(smaller, larger), columns.need_known[rows][:, None] & columns.need_known[None, :]

    reuse = (need @ columns.offer.T).astype(np.float64)
    yield _ratio(reuse, need_sum[rows][:, None]), columns.need_known[rows][:, None] & columns.offer_known[None, :]

    teach = (offer @ columns.need.T).astype(np.float64)
    yield _ratio(teach, need_sum[None, :]), columns.offer_known[rows][:, None] & columns.need_known[None, :]

    maturity = columns.maturity[rows]
    with np.errstate(invalid="ignore"):
        weak = maturity < WEAK_BELOW
    ahead, unknown = np.zeros(smaller.shape), np.zeros(smaller.shape, dtype=bool)
    unknown[np.isnan(maturity).any(axis=1)] = True
    for d in range(maturity.shape[1]):
        asking = np.flatnonzero(weak[:, d])
        if len(asking):
            gain = columns.maturity[None, :, d] - maturity[asking, d][:, None]
            unknown[asking] |= np.isnan(gain)
            ahead[asking] += np.fmax(gain, 0)
    room = np.where(weak, 5 - maturity, 0).sum(axis=1)
    yield _ratio(ahead, room[:, None]), ~unknown

    yield columns.ties[rows].toarray(), everybody[rows, None] & everybody[None, :]

    # From the chord between the places: (km/60)² with km = 2 R arcsin(chord / 2).
    squared = np.maximum(2 - 2 * (columns.place[rows] @ columns.place.T), 0)
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(squared / 4, 1)))
    yield 1 / (1 + (km / HALF_SCORE_KM) ** 2), ~np.isnan(km)

    people, others = columns.population[rows][:, None], columns.population[None, :]
    yield np.minimum(people, others) / np.maximum(people, others), ~np.isnan(people) & ~np.isnan(others)

    same = columns.land[rows][:, None] == columns.land[None, :]
    yield same.astype(np.float64), everybody[rows, None] & everybody[None, :]

    staff = columns.fte[rows][:, None] + columns.fte[None, :]
    yield np.minimum(1, staff / FULL_CAPACITY_FTE), ~np.isnan(staff)


def _neutral(value: Floats, known: Bools) -> Floats:
    """Mean of a part over the candidates for which it is known, 0.5 if for none; shape (rows,)."""
    count = known.sum(axis=1)
    total = np.where(known, value, 0).sum(axis=1)
    neutral: Floats = np.divide(total, count, out=np.full(len(value), 0.5), where=count > 0)
    return neutral


def _scores(columns: _Columns, rows: Ints, weights: Floats, allowed: Bools) -> tuple[Floats, Floats]:
    """Return score and coverage, both (len(rows), n); -inf where a candidate is not allowed."""
    score, coverage = np.zeros(allowed.shape), np.zeros(allowed.shape)
    for weight, (value, known) in zip(weights, _parts(columns, rows), strict=True):
        neutral = _neutral(value, known & allowed)
        score += weight * np.where(known, value, neutral[:, None])
        coverage += weight * known
    coverage /= weights.sum()
    score[~allowed] = -np.inf
    return score, coverage


def _best(score: Floats, coverage: Floats, k: int) -> Ints:
    """Return the best k candidates of one asker, ordered by score, coverage and key."""
    k = min(k, int(np.isfinite(score).sum()))
    if k == 0:
        return np.empty(0, dtype=np.int64)
    last = np.round(np.partition(score, len(score) - k)[len(score) - k], _TIE_DECIMALS)
    near = np.flatnonzero(score >= last - 10.0**-_TIE_DECIMALS)
    order = np.lexsort((near, -np.round(coverage[near], _TIE_DECIMALS), -np.round(score[near], _TIE_DECIMALS)))
    return near[order[:k]]


def _rank_rows(columns: _Columns, profiles: Profiles, rows: Ints, preferences: Preferences, k: int) -> Ranking:
    allowed = _allowed(profiles, rows, preferences)
    score, coverage = _scores(columns, rows, np.array(preferences.weights.values()), allowed)
    partner = np.full((len(rows), k), -1, dtype=np.int64)
    best_score, best_coverage = np.full(partner.shape, np.nan), np.full(partner.shape, np.nan)
    for place in range(len(rows)):
        best = _best(score[place], coverage[place], k)
        partner[place, : len(best)] = best
        best_score[place, : len(best)] = score[place, best]
        best_coverage[place, : len(best)] = coverage[place, best]
    return Ranking(asker=rows, partner=partner, score=best_score, coverage=best_coverage)


def _titles(catalogue: Catalogue, strength: Floats, limit: int = 3) -> tuple[Label, ...]:
    """Titles of the use cases with the greatest strength, strongest first."""
    order = np.argsort(-strength, kind="stable")
    return tuple(catalogue.use_cases[c].title for c in order[:limit] if strength[c] > 0)


def _reasons(
    profiles: Profiles, catalogue: Catalogue, asker: int, row: int, parts: Sequence[Part], km: float | None
) -> tuple[Message, ...]:
    """Return the three strongest known parts in words, strongest first."""
    strongest = sorted(parts, key=lambda part: -part.weight * part.value)
    told = [part for part in strongest if part.known and part.weight > 0 and part.value >= _WORTH_NAMING[part.name]]
    return tuple(_reason(profiles, catalogue, asker, row, part, km) for part in told[:3])


def _reason(profiles: Profiles, catalogue: Catalogue, asker: int, row: int, part: Part, km: float | None) -> Message:
    """Say in one sentence what a part rests on."""
    name = str(profiles.name[row])
    need, offer = profiles.need.astype(np.float64), profiles.offer.astype(np.float64)
    if part.name == "shared_needs":
        return message("Both need: {titles:items}.", titles=_titles(catalogue, np.minimum(need[asker], need[row])))
    if part.name == "reuse":
        titles = _titles(catalogue, need[asker] * offer[row])
        best = offer[row][need[asker] > 0].max()
        if best == 4:  # noqa: PLR2004 - quarters of an offer: 4 is operation
            return message("{name} already runs what you need: {titles:items}.", name=name, titles=titles)
        if best == 2:  # noqa: PLR2004 - 2 is a pilot
            return message("{name} is trying out what you need: {titles:items}.", name=name, titles=titles)
        return message("{name} plans what you need: {titles:items}.", name=name, titles=titles)
    if part.name == "teach":
        return message(
            "{name} needs what you have: {titles:items}.",
            name=name,
            titles=_titles(catalogue, need[row] * offer[asker]),
        )
    if part.name == "learn":
        mine, theirs = profiles.maturity[asker], profiles.maturity[row]
        gain = np.where(mine < WEAK_BELOW, theirs - mine, 0)
        ahead = [d for d in np.argsort(-gain, kind="stable")[:3] if gain[d] > 0]
        return message(
            "{name} is ahead where you are weak: {fields:items}.",
            name=name,
            fields=tuple(
                message(
                    "{title} ({theirs:decimal} against {mine:decimal})",
                    title=catalogue.dimensions[d].title,
                    theirs=float(theirs[d]),
                    mine=float(mine[d]),
                )
                for d in ahead
            ),
        )
    if part.name == "ties":
        if part.value == 1:
            return message("You already work together.")
        return message("You have a common partner.")
    if part.name == "near":
        return message("Near: {km:number} km apart.", km=km if km is not None else 0.0)
    if part.name == "similar_size":
        return message(
            "Similar size: {mine:number} and {theirs:number} inhabitants.",
            mine=float(profiles.population[asker]),
            theirs=float(profiles.population[row]),
        )
    if part.name == "same_land":
        return message("Same Land: the same municipal law and funding rules.")
    return message(
        "Together {fte:decimal} full-time posts are free for AI.",
        fte=float(profiles.fte[asker] + profiles.fte[row]),
    )


def _against(
    profiles: Profiles, asker: int, row: int, parts: Sequence[Part], km: float | None, coverage: float
) -> tuple[Message, ...]:
    """Return up to three arguments against, the gravest first."""
    by_name = {part.name: part for part in parts}
    found = []
    if profiles.simulated[row]:
        found.append(message("This participant is simulated and does not exist."))
    if coverage < _THIN_COVERAGE:
        found.append(message("Only {share:percent} of the score rests on reported data.", share=coverage))
    if by_name["reuse"].known and by_name["reuse"].value == 0:
        found.append(message("Has nothing published or reported that you need."))
    if by_name["shared_needs"].known and by_name["shared_needs"].value == 0:
        found.append(message("No need in common."))
    if km is not None and km >= _FAR_KM:
        found.append(message("{km:number} km apart: meetings by video, few on site.", km=km))
    if by_name["same_land"].value == 0:
        found.append(
            message("Another Land ({land}): other municipal law, other funding rules.", land=LANDS[profiles.land[row]])
        )
    if by_name["similar_size"].known and by_name["similar_size"].value < _UNLIKE_SIZE:
        found.append(
            message(
                "Very different size: {mine:number} and {theirs:number} inhabitants.",
                mine=float(profiles.population[asker]),
                theirs=float(profiles.population[row]),
            )
        )
    return tuple(found[:3])


def _lift(profiles: Profiles, asker: int, row: int, parts: Sequence[Part]) -> Message | None:
    """Say which missing statement would let most of the score rest on data; None where nothing is missing."""
    weight = {part.name: part.weight for part in parts if not part.known}
    partner = str(profiles.name[row])
    gaps: list[tuple[float, Message]] = []
    for who, is_asker in ((asker, True), (row, False)):
        needs = (
            0
            if profiles.need_known[who]
            else weight.get("shared_needs", 0) + weight.get("reuse" if is_asker else "teach", 0)
        )
        offers = 0 if profiles.offer_known[who] else weight.get("teach" if is_asker else "reuse", 0)
        maturity = weight.get("learn", 0) if np.isnan(profiles.maturity[who]).any() else 0
        staff = weight.get("capacity", 0) if np.isnan(profiles.fte[who]) else 0
        if is_asker:
            gaps += [
                (needs, message("Enter your needs: then the match can be judged much better.")),
                (offers, message("Enter what you already run: then it shows what you can pass on.")),
                (maturity, message("Assess your maturity: then it shows what you can learn.")),
                (staff, message("Enter your free staff: then it shows whether it is enough together.")),
            ]
        else:
            gaps += [
                (needs, message("Ask {name} about its needs: nothing is reported yet.", name=partner)),
                (offers, message("Ask {name} what it already runs: nothing is reported yet.", name=partner)),
                (maturity, message("Ask {name} to assess its maturity: nothing is reported yet.", name=partner)),
                (staff, message("Ask {name} about free staff: nothing is reported yet.", name=partner)),
            ]
    share, advice = max(gaps, key=lambda gap: gap[0])
    return advice if share > 0 else None
