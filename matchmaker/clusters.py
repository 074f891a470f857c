"""Types of starting position: how many there are, how far they can be trusted, what each means.

Features are maturity, needs and capacity per head, never size, place or Land: whether types follow size is a
question to the result. Only municipalities with every feature known are clustered; the others keep no type.
Partner search is never limited to the own type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadInput
from matchmaker.message import Label, Message, message
from matchmaker.model import DIMENSIONS
from matchmaker.profiles import Floats, Ints, Profiles

LEAST: Final = 12
"""Fewest fully assessed municipalities for which types are sought."""

WEAK_SILHOUETTE: Final = 0.25
"""Below this mean silhouette there is no substantial structure (Kaufman and Rousseeuw 1990)."""

STABLE: Final = 0.6
"""Least mean adjusted Rand index under resampling for a number of types to be preferred."""

_MOST_TYPES: Final = 8
_FEWEST_PER_TYPE: Final = 4
_RESAMPLES: Final = 20
_SILHOUETTE_SAMPLE: Final = 5_000
"""The silhouette takes every pair; beyond this number of rows a sample with the same seed is used."""

_NAMED_FEATURES: Final = 3
_DISTINCT: Final = 0.5
"""A feature describes a type when its mean lies at least this many standard deviations off the mean of all."""

_OTHER_FEATURES: Final = (
    Label("Zahl und Dringlichkeit der Bedarfe", "number and urgency of needs"),
    Label("freies Personal je Einwohner", "free staff per inhabitant"),
    Label("freies Geld je Einwohner", "free money per inhabitant"),
)


@dataclass(frozen=True, slots=True)
class MunicipalityType:
    """One type: its number (1 = largest), its size and its portrait in plain words."""

    id: int
    size: int
    portrait: Message


@dataclass(frozen=True, eq=False)
class Types:
    """The types found.

    ``label`` is the type of each row of the profiles, 0 where a feature is unknown. ``silhouette`` is the mean
    silhouette on the standardised data really clustered, ``stability`` the mean adjusted Rand index between
    the types of all and of resampled rows. ``weak`` says that neither is enough to call it structure.
    ``tried`` lists number of types, silhouette and stability for every number tried.
    """

    label: Ints
    types: tuple[MunicipalityType, ...]
    silhouette: float
    stability: float
    weak: bool
    tried: tuple[tuple[int, float, float], ...]


def find_types(profiles: Profiles, catalogue: Catalogue, *, seed: int = 0) -> Types:
    """Find types of starting position by k-means on standardised features.

    Rule for the number of types: among 2 to 8 (at least four municipalities each on average) the largest mean
    silhouette of those whose stability under resampling is at least 0.6; the largest silhouette where none is
    that stable. Same data and seed, same types. Raises `BadInput` below twelve fully assessed municipalities.
    """
    features = _features(profiles)
    complete = ~np.isnan(features).any(axis=1)
    rows = np.flatnonzero(complete)
    if len(rows) < LEAST:
        raise BadInput(
            message(
                "Types need at least {least} fully assessed municipalities; there are {count}.",
                least=LEAST,
                count=len(rows),
            ),
            where="profiles",
            remedy=message("Load more profiles or show the demonstration participants."),
        )
    data = features[rows]
    spread = data.std(axis=0)
    data = (data - data.mean(axis=0)) / np.where(spread > 0, spread, 1)
    # Hundreds of small problems: waking threads for each costs many times what they save.
    with threadpool_limits(limits=1):
        return _choose(profiles, catalogue, rows, data, seed)


def _choose(profiles: Profiles, catalogue: Catalogue, rows: Ints, data: Floats, seed: int) -> Types:
    """Try every number of types on the standardised features of the complete rows and keep the best."""
    numbers = range(2, min(_MOST_TYPES, len(rows) // _FEWEST_PER_TYPE) + 1)
    labels = {k: _cluster(data, k, seed) for k in numbers}
    tried = tuple((k, _silhouette(data, labels[k], seed), _stability(data, labels[k], k, seed)) for k in numbers)
    k, silhouette, stability = max(tried, key=lambda t: (t[2] >= STABLE, t[1]))
    order = np.argsort(-np.bincount(labels[k]), kind="stable")
    number = np.empty(k, dtype=np.int64)
    number[order] = np.arange(1, k + 1)
    label = np.zeros(len(profiles), dtype=np.int64)
    label[rows] = number[labels[k]]
    types = tuple(
        MunicipalityType(
            id=int(t),
            size=int((label == t).sum()),
            portrait=_portrait(catalogue, data[label[rows] == t].mean(axis=0)),
        )
        for t in range(1, k + 1)
    )
    return Types(
        label=label,
        types=types,
        silhouette=silhouette,
        stability=stability,
        weak=silhouette < WEAK_SILHOUETTE or stability < STABLE,
        tried=tried,
    )


def _features(profiles: Profiles) -> Floats:
    """Return maturity, need and capacity per head, shape (n, 11); NaN where unknown."""
    need = np.where(profiles.need_known, profiles.need.sum(axis=1, dtype=np.float64), np.nan)
    return np.column_stack(
        (
            profiles.maturity,
            need,
            np.log1p(1e4 * profiles.fte / profiles.population),
            np.log1p(profiles.budget_eur / profiles.population),
        )
    )


def _cluster(data: Floats, k: int, seed: int) -> Ints:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - takes most of a second to load; only types need it

    labels: Ints = KMeans(n_clusters=k, n_init=10, random_state=seed).fit_predict(data).astype(np.int64)
    return labels


def _silhouette(data: Floats, labels: Ints, seed: int) -> float:
    from sklearn.metrics import silhouette_score  # noqa: PLC0415 - as above

    size = min(len(data), _SILHOUETTE_SAMPLE)
    return float(silhouette_score(data, labels, sample_size=size, random_state=seed))


def _stability(data: Floats, labels: Ints, k: int, seed: int) -> float:
    """Mean adjusted Rand index between the types of all rows and those of a resample, on the rows of both."""
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - as above

    rng = np.random.default_rng(seed)
    agreement = []
    for _ in range(_RESAMPLES):
        rows = np.unique(rng.integers(len(data), size=len(data)))
        agreement.append(adjusted_rand_score(labels[rows], _cluster(data[rows], k, seed)))
    return float(np.mean(agreement))


def _portrait(catalogue: Catalogue, centre: Floats) -> Message:
    """Describe a type by the features in which it lies farthest from the mean of all."""
    names: list[Label] = [dimension.title for dimension in catalogue.dimensions[: len(DIMENSIONS)]]
    names += _OTHER_FEATURES
    order = np.argsort(-np.abs(centre), kind="stable")
    telling = [i for i in order if abs(centre[i]) >= _DISTINCT][:_NAMED_FEATURES]
    high = tuple(names[i] for i in telling if centre[i] > 0)
    low = tuple(names[i] for i in telling if centre[i] < 0)
    if high and low:
        return message("Above average: {high:items}. Below average: {low:items}.", high=high, low=low)
    if high:
        return message("Above average: {high:items}.", high=high)
    if low:
        return message("Below average: {low:items}.", low=low)
    return message("Close to the average in everything.")
