"""Types of starting position: how many there are, how far they can be trusted, what each means.

Features are maturity, needs and capacity per head, never size, place or Land: whether types follow size is a
question to the result. Only municipalities with every feature known are clustered; the others keep no type.
Partner search is never limited to the own type.

Steps: standardise, cut at three standard deviations, k-means for 2 to 8 types. The best division is compared with
the best divisions of clouds without any groups; where those do as well, there is one type and no structure.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadInput
from matchmaker.message import Label, Message, message
from matchmaker.model import DIMENSIONS
from matchmaker.profiles import Floats, Ints, Profiles

if TYPE_CHECKING:
    from sklearn.cluster import KMeans
    from sklearn.pipeline import Pipeline

LEAST: Final = 12
"""Fewest fully assessed municipalities for which types are sought."""

WEAK_SILHOUETTE: Final = 0.25
"""Below this mean silhouette there is no substantial structure (Kaufman and Rousseeuw 1990)."""

STABLE: Final = 0.6
"""Least mean adjusted Rand index under resampling for a number of types to be preferred."""

MOST_TYPES: Final = 8

REFERENCES: Final = 19
"""Sets of data without groups; to beat all of them happens by chance in one of twenty cases."""

_FEWEST_PER_TYPE: Final = 4
_RESAMPLES: Final = 20
_STARTS: Final = 10
_TRIAL_STARTS: Final = 3
_FAR: Final = 3.0
"""Standard deviations at which a value is cut, so that a single outlier does not become a type."""

_SILHOUETTE_SAMPLE: Final = 2_000
"""The silhouette takes every pair; beyond this number of rows a sample with the same seed is used."""

TRIAL_SAMPLE: Final = 1_000
"""Most rows of a resample or a reference: more change the second decimal only, but take seconds."""

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
    """One type: its number, a short name, its size and its portrait in plain words.

    ``centre`` is the mean of each feature (in the order of `feature_names`) in standard deviations above or below
    the mean of all, values cut at three.
    """

    id: int
    name: Message
    size: int
    portrait: Message
    centre: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Membership:
    """Which type each of ``n`` municipalities belongs to, and how clearly.

    ``label`` is the id of the nearest type and ``second`` that of the next one; 0 where a feature is unknown or
    there is none. ``strength`` is 1 − (distance to the own centre ÷ distance to the next one): 1 at the own centre,
    0 halfway between two, NaN where there are not two.
    """

    label: Ints
    second: Ints
    strength: Floats


@dataclass(frozen=True, eq=False)
class Types:
    """The types found.

    ``silhouette`` is the mean silhouette of the best division on the standardised data really clustered, and
    ``stability`` the mean adjusted Rand index between its types and those found in resampled rows; both are told
    even where that division is not good enough to be called types, and NaN where all municipalities are the same.
    ``tried`` lists number of types, silhouette and stability for every number tried; ``reference`` has the
    silhouettes of data without groups, shape (references, numbers tried). ``structured`` says that no reference comes
    near the silhouette, by the rule of `find_types`; ``weak`` that one does, or that silhouette or stability are low.
    """

    types: tuple[MunicipalityType, ...]
    features: tuple[Label, ...]
    membership: Membership
    silhouette: float
    stability: float
    structured: bool
    weak: bool
    tried: tuple[tuple[int, float, float], ...]
    reference: Floats
    model: Pipeline
    searched: Search

    @property
    def label(self) -> Ints:
        """Type of each row of the profiles, 0 where a feature is unknown."""
        return self.membership.label

    @cached_property
    def without(self) -> tuple[float, ...]:
        """Adjusted Rand index between the types and those found without each feature, in their order.

        Empty for one type. Computed when first asked for: it takes as long as finding the types.
        """
        k, searched = len(self.types), self.searched
        with _one_thread():
            return _without(searched.data, searched.divisions[k], searched.seed) if k > 1 else ()

    @property
    def verdict(self) -> Message:
        """Say how far the types can be trusted."""
        if not self.structured:
            return message(
                "There is no structure worth naming: data without any groups divide as well. The differences between "
                "municipalities are gradual."
            )
        if self.weak:
            return message("The types are weakly separated: take them as a rough order, not as groups.")
        return message("The types are clearly separated, and they come out again when municipalities are drawn anew.")

    def assign(self, profiles: Profiles) -> Membership:
        """Return the types of other or changed profiles, without finding types anew."""
        return _membership(self.model, [t.id for t in self.types], _features(profiles))


@dataclass(frozen=True, eq=False)
class Search:
    """Divisions of the same municipalities into every possible number of types, to choose from.

    ``data`` are the fully known rows of ``features`` (n, 11), standardised by ``prepare``; ``divisions`` are by number
    of types. The other fields are those of `Types`.
    """

    features: Floats
    data: Floats
    prepare: Pipeline
    divisions: Mapping[int, KMeans]
    tried: tuple[tuple[int, float, float], ...]
    reference: Floats
    seed: int


def feature_names(catalogue: Catalogue) -> tuple[Label, ...]:
    """Return the names of the eleven features: the eight dimensions, needs, staff and money."""
    return (*(dimension.title for dimension in catalogue.dimensions[: len(DIMENSIONS)]), *_OTHER_FEATURES)


def known_features(profiles: Profiles) -> tuple[int, ...]:
    """Return of how many municipalities each feature is known, in the order of `feature_names`."""
    return tuple(int(count) for count in (~np.isnan(_features(profiles))).sum(axis=0))


def search(profiles: Profiles, *, seed: int = 0) -> Search:
    """Divide municipalities into every possible number of types, as `find_types` describes; this takes seconds.

    Raises `BadInput` below twelve fully assessed municipalities.
    """
    features = _features(profiles)
    rows = np.flatnonzero(~np.isnan(features).any(axis=1))
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
    prepare = _preparation()
    data: Floats = prepare.fit_transform(features[rows])
    with _one_thread():
        numbers = range(2, min(MOST_TYPES, len(rows) // _FEWEST_PER_TYPE, _distinct(data)) + 1)
        divisions = {k: _cluster(data, k, seed) for k in (1, *numbers)}
        tried = tuple(
            (k, _silhouette(data, divisions[k].labels_, seed), _stability(data, divisions[k], seed)) for k in numbers
        )
        reference = _references(data, numbers, seed)
    return Search(features, data, prepare, divisions, tried, reference, seed)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Solve hundreds of small problems: waking threads and checking parameters for each costs more than solving it."""
    from sklearn import config_context  # noqa: PLC0415 - takes most of a second to load; only types need it

    with threadpool_limits(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
        yield


def find_types(
    profiles: Profiles,
    catalogue: Catalogue,
    *,
    number: int | None = None,
    previous: Types | None = None,
    seed: int = 0,
) -> Types:
    """Find types of starting position by k-means on standardised features.

    Rule for the number of types: the mean silhouette of each number from 2 to 8 (at least four municipalities each
    on average) is compared with that of 19 sets of data without groups. Chosen is the largest lead over their mean
    among the numbers whose stability under resampling is at least 0.6, or among all where none is that stable.
    There is one type only, where any of the 19 sets has as large a lead over their mean at any number. These sets
    are drawn evenly from a box along the principal components (Tibshirani, Walther and Hastie 2001), which keeps
    extent and correlation. They do not tell a heap at the end of a scale from a group. ``number`` asks for that
    many types whatever the rule says.

    Types are numbered by size. Those whose centre is nearest to one of the ``previous`` types, and nearer than half
    the way between any two of these, keep its number and name. Same data and seed, same types. Beyond 1,000 rows
    resamples and references have 1,000, and beyond 2,000 the silhouette is that of a sample.

    Raises `BadInput` below twelve fully assessed municipalities, and for a ``number`` that they do not allow.
    """
    return chosen_types(search(profiles, seed=seed), catalogue, number=number, previous=previous)


def chosen_types(
    searched: Search, catalogue: Catalogue, *, number: int | None = None, previous: Types | None = None
) -> Types:
    """Return the types that a search has found, as `find_types` does."""
    tried, reference = searched.tried, searched.reference
    if number is not None and number not in (k for k, _, _ in tried):
        raise BadInput(
            message("These profiles cannot be divided into {number} types.", number=number),
            where="number",
            remedy=message("Ask for 2 to {most} types, or load more profiles.", most=MOST_TYPES),
        )
    lead = np.array([silhouette for _, silhouette, _ in tried]) - reference.mean(axis=0)
    by_chance = (reference - reference.mean(axis=0)).max(initial=0)
    wanted = [place for place, (k, _, _) in enumerate(tried) if number in (None, k)]
    best = max(wanted, key=lambda place: (tried[place][2] >= STABLE, lead[place]), default=None)
    k, silhouette, stability = (1, np.nan, np.nan) if best is None else tried[best]
    structured = best is not None and bool(lead[best] > by_chance)
    if not structured and number is None:
        k = 1
    chosen = copy.copy(searched.divisions[k])
    kept = _kept(searched.prepare, chosen, previous)
    model, ids = _numbered(searched.prepare, chosen, kept)
    membership = _membership(model, ids, searched.features)
    names = feature_names(catalogue)
    return Types(
        types=_described(membership.label, model, ids, {t.id: t.name for t in kept.values()}, names),
        features=names,
        membership=membership,
        silhouette=silhouette,
        stability=stability,
        structured=structured,
        weak=not (structured and silhouette >= WEAK_SILHOUETTE and stability >= STABLE),
        tried=tried,
        reference=reference,
        model=model,
        searched=searched,
    )


def fingerprint(profiles: Profiles) -> str:
    """Return a hash of all that types depend on: equal ones have the same types, whatever else has changed."""
    features = _features(profiles)
    features[np.isnan(features).any(axis=1)] = np.nan
    return hashlib.sha256(f"{features.shape}".encode() + np.ascontiguousarray(features).tobytes()).hexdigest()


def _features(profiles: Profiles) -> Floats:
    """Return maturity, need and capacity per head, shape (n, 11); NaN where unknown."""
    need = np.where(profiles.need_known, profiles.need.sum(axis=1, dtype=np.float64), np.nan)
    people = np.where(profiles.population > 0, profiles.population, np.nan)
    return np.column_stack(
        (
            profiles.maturity,
            need,
            np.log1p(1e4 * profiles.fte / people),
            np.log1p(profiles.budget_eur / people),
        )
    )


def _preparation() -> Pipeline:
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - as in `_one_thread`
    from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: PLC0415 - as in `_one_thread`

    return make_pipeline(StandardScaler(), FunctionTransformer(np.clip, kw_args={"a_min": -_FAR, "a_max": _FAR}))


def _cluster(data: Floats, k: int, seed: int, starts: int = _STARTS) -> KMeans:
    """Return k-means with ``k`` centres, or fewer where there are not as many different rows."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - as in `_one_thread`

    return KMeans(n_clusters=min(k, _distinct(data)), n_init=starts, random_state=seed).fit(data)


def _distinct(data: Floats) -> int:
    return len(np.unique(data, axis=0))


def _silhouette(data: Floats, labels: Ints, seed: int) -> float:
    from sklearn.metrics import silhouette_score  # noqa: PLC0415 - as in `_one_thread`

    rows = np.arange(len(data))
    if len(data) > _SILHOUETTE_SAMPLE:
        rows = np.random.default_rng(seed).choice(len(data), _SILHOUETTE_SAMPLE, replace=False)
    # A group so small that the sample misses it separates nothing that could be measured.
    return float(silhouette_score(data[rows], labels[rows])) if len(np.unique(labels[rows])) > 1 else 0.0


def _stability(data: Floats, found: KMeans, seed: int) -> float:
    """Mean adjusted Rand index between the types of all rows and those that resampled rows lead to."""
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - as in `_one_thread`

    rng = np.random.default_rng(seed)
    agreement = []
    for _ in range(_RESAMPLES):
        rows = np.unique(rng.integers(len(data), size=min(len(data), TRIAL_SAMPLE)))
        again = _cluster(data[rows], found.n_clusters, seed, _TRIAL_STARTS)
        agreement.append(adjusted_rand_score(found.labels_, again.predict(data)))
    return float(np.mean(agreement))


def _without(data: Floats, found: KMeans, seed: int) -> tuple[float, ...]:
    """Return the adjusted Rand index between the types and those found without each feature in turn."""
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - as in `_one_thread`

    k, starts = found.n_clusters, _STARTS if len(data) <= TRIAL_SAMPLE else _TRIAL_STARTS
    again = (_cluster(np.delete(data, feature, axis=1), k, seed, starts) for feature in range(data.shape[1]))
    return tuple(float(adjusted_rand_score(found.labels_, other.labels_)) for other in again)


def _references(data: Floats, numbers: Sequence[int], seed: int) -> Floats:
    """Silhouettes of data drawn evenly from a box along the principal components, for every number of types."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.svd(data - data.mean(axis=0), full_matrices=False)[2]
    along = data @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    silhouettes = np.empty((REFERENCES, len(numbers)))
    for reference in silhouettes:
        drawn = rng.uniform(low, high, (min(len(data), TRIAL_SAMPLE), len(low))) @ axes
        reference[:] = [_silhouette(drawn, _cluster(drawn, k, seed, _TRIAL_STARTS).labels_, seed) for k in numbers]
    silhouettes.flags.writeable = False
    return silhouettes


def _kept(prepare: Pipeline, found: KMeans, previous: Types | None) -> dict[int, MunicipalityType]:
    """Return the earlier type of each centre that is still the same, by place of the centre."""
    if previous is None or len(previous.types) == 1:
        return {}
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - as in `_one_thread`

    # Means and deviations have changed with the data, so both are compared as they are measured today.
    earlier = prepare.transform(previous.model[0].inverse_transform(previous.model[-1].cluster_centers_))
    distance = np.linalg.norm(found.cluster_centers_[:, None] - earlier[None], axis=2)
    between = np.linalg.norm(earlier[:, None] - earlier[None], axis=2)
    near = between[np.triu_indices(len(earlier), 1)].min() / 2
    pairs = zip(*linear_sum_assignment(distance), strict=True)
    return {int(now): previous.types[before] for now, before in pairs if distance[now, before] < near}


def _numbered(prepare: Pipeline, found: KMeans, kept: dict[int, MunicipalityType]) -> tuple[Pipeline, tuple[int, ...]]:
    """Return all steps as one pipeline with the centres in the order of their ids, and these ids."""
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - as in `_one_thread`

    id_of = {place: earlier.id for place, earlier in kept.items()}
    free = (t for t in range(1, 2 * MOST_TYPES + 1) if t not in id_of.values())
    for place in np.argsort(-np.bincount(found.labels_), kind="stable").tolist():
        if place not in id_of:
            id_of[place] = next(free)
    order = sorted(id_of, key=id_of.__getitem__)
    found.cluster_centers_ = found.cluster_centers_[order]
    return make_pipeline(*(step for _, step in prepare.steps), found), tuple(id_of[place] for place in order)


def _membership(model: Pipeline, ids: Sequence[int], features: Floats) -> Membership:
    """Return nearest type, next type and strength of every row."""
    n = len(features)
    label, second, strength = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, np.nan)
    rows = np.flatnonzero(~np.isnan(features).any(axis=1))
    if len(rows):
        distance: Floats = model.transform(features[rows])
        order = np.argsort(distance, axis=1, kind="stable")
        label[rows] = np.array(ids)[order[:, 0]]
        if len(ids) > 1:
            second[rows] = np.array(ids)[order[:, 1]]
            own, other = np.take_along_axis(distance, order[:, :2], axis=1).T
            strength[rows] = 1 - own / other
    for column in (label, second, strength):
        column.flags.writeable = False
    return Membership(label, second, strength)


def _described(
    label: Ints, model: Pipeline, ids: Sequence[int], given: dict[int, Message], features: Sequence[Label]
) -> tuple[MunicipalityType, ...]:
    """Give every type a portrait, and a name that no other has."""
    centres: Floats = model[-1].cluster_centers_
    name = dict(given)
    for id_, centre in zip(ids, centres, strict=True):
        if id_ not in name:
            name[id_] = next(n for n in _names(features, centre, len(ids)) if n not in name.values())
    return tuple(
        MunicipalityType(
            id=id_,
            name=name[id_],
            size=int((label == id_).sum()),
            portrait=_portrait(features, centre),
            centre=tuple(centre.tolist()),
        )
        for id_, centre in zip(ids, centres, strict=True)
    )


def _names(features: Sequence[Label], centre: Floats, count: int) -> Iterator[Message]:
    """Yield names for a type, the most telling first: how far it is, then what else sets it apart."""
    if count == 1:
        yield message("All municipalities")
        return
    level = centre[: len(DIMENSIONS)].mean()
    if level >= _DISTINCT:
        stage = message("Far ahead")
    elif level <= -_DISTINCT:
        stage = message("At the beginning")
    else:
        stage = message("In the middle")
    beyond = np.concatenate((centre[: len(DIMENSIONS)] - level, centre[len(DIMENSIONS) :]))
    order = np.argsort(-np.abs(beyond), kind="stable")
    if abs(beyond[order[0]]) < _DISTINCT:
        yield stage
    for feature in order:
        yield message("{stage}, with {trait}", stage=stage, trait=_trait(features, int(feature), beyond[feature]))


def _trait(features: Sequence[Label], feature: int, deviation: float) -> Message:
    """Return in a few words that a feature is high or low."""
    if feature < len(DIMENSIONS):
        what = features[feature]
        return (
            message("a strength in {what}", what=what) if deviation > 0 else message("a weakness in {what}", what=what)
        )
    need, staff, money = (
        (message("many needs"), message("much free staff"), message("much free money"))
        if deviation > 0
        else (message("few needs"), message("little free staff"), message("little free money"))
    )
    return (need, staff, money)[feature - len(DIMENSIONS)]


def _portrait(features: Sequence[Label], centre: Floats) -> Message:
    """Describe a type by the features in which it lies farthest from the mean of all."""
    order = np.argsort(-np.abs(centre), kind="stable")
    telling = [i for i in order if abs(centre[i]) >= _DISTINCT][:_NAMED_FEATURES]
    high = tuple(features[i] for i in telling if centre[i] > 0)
    low = tuple(features[i] for i in telling if centre[i] < 0)
    if high and low:
        return message("Above average: {high:items}. Below average: {low:items}.", high=high, low=low)
    if high:
        return message("Above average: {high:items}.", high=high)
    if low:
        return message("Below average: {low:items}.", low=low)
    return message("Close to the average in everything.")
