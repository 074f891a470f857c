"""Municipalities as columns: one read-only array per property, all in the same row order.

Scoring one municipality against a million others takes milliseconds on columns and seconds on objects, so
whatever exists once per municipality lives here and whatever a person reads is a value type of
`matchmaker.model`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from matchmaker.errors import BadInput, UnknownKey
from matchmaker.message import message
from matchmaker.model import KIND_FROM, KINDS, LANDS, Kind, Municipality

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Bools: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.str_]

Block: TypeAlias = Literal["maturity", "needs", "offers", "capacity"]
BLOCKS: Final[tuple[Block, ...]] = ("maturity", "needs", "offers", "capacity")
"""What a municipality says about itself, as it can be closed to others."""

_DISTRICT_KEY_LENGTH: Final = 5

EARTH_RADIUS_KM: Final = 6371.0088
"""Mean radius of the earth (IUGG), as the score asks for."""


@dataclass(frozen=True, eq=False)
class Profiles:
    """What is known of ``n`` municipalities; NaN and False stand for unknown.

    Attributes
    ----------
    key, name : (n,) text
        Unique keys in ascending order, names as people write them.
    land : (n,) int
        Index into `matchmaker.model.LANDS`.
    lat, lon : (n,) degrees, NaN unknown
    population : (n,) inhabitants, NaN unknown
    area_km2 : (n,) square kilometres, NaN unknown
    parent : (n,) int
        Row of the Landkreis that contains the municipality, -1 for none.
    simulated : (n,) bool
        Fictional demonstration participant.
    maturity, maturity_se : (n, 8) level 0-5 in half steps and its standard error, NaN unknown
    fte, budget_eur : (n,) free staff and money a year, NaN unknown
    need : (n, u) uint8
        Urgency 0-3 of each use case; 0 where ``need_known`` is False.
    offer : (n, u) uint8
        Weight of each offer in quarters (planned 1, pilot 2, operation 4).
    need_known, offer_known : (n,) bool
        Whether the municipality has reported any need or offer at all. Silence is not zero.
    ties : (n, n) sparse float
        1 for a running or agreed cooperation, 0.5 for a common partner, symmetric, empty diagonal.
    participates : (n,) bool
        Whether anything beyond the register is known: a profile, a need, an offer or a cooperation.
    closed : (n, 4) bool
        Which of `BLOCKS` are closed to who looks at these columns: of maturity and capacity only the middle of a band
        (`matchmaker.bands`) stands in them then, needs and offers are left out unless published.
    use_cases : tuple of str
        Ids of the ``u`` columns of ``need`` and ``offer``.
    """

    key: Texts
    name: Texts
    land: Ints
    lat: Floats
    lon: Floats
    population: Floats
    area_km2: Floats
    parent: Ints
    simulated: Bools
    maturity: Floats
    maturity_se: Floats
    fte: Floats
    budget_eur: Floats
    need: Bytes
    offer: Bytes
    need_known: Bools
    offer_known: Bools
    ties: sparse.csr_array[Any]
    participates: Bools
    closed: Bools
    use_cases: tuple[str, ...]

    def __post_init__(self) -> None:
        n, u = len(self.key), len(self.use_cases)
        shapes = {
            "maturity": (n, 8),
            "maturity_se": (n, 8),
            "need": (n, u),
            "offer": (n, u),
            "ties": (n, n),
            "closed": (n, len(BLOCKS)),
        }
        for field in fields(self):
            column = getattr(self, field.name)
            if field.name == "use_cases":
                continue
            if column.shape != shapes.get(field.name, (n,)):
                raise BadInput(message("The columns of the profiles do not have the same length."), where=field.name)
            for array in (column.data, column.indices, column.indptr) if field.name == "ties" else (column,):
                array.flags.writeable = False
        if n > 1 and not bool(np.all(self.key[1:] > self.key[:-1])):
            raise BadInput(message("Keys must be unique and in ascending order."), where="key")

    def __len__(self) -> int:
        return len(self.key)

    def is_closed(self, row: int, block: Block) -> bool:
        """Return whether a block of a municipality is closed to who looks at these columns."""
        return bool(self.closed[row, BLOCKS.index(block)])

    def rows(self, keys: Texts) -> Ints:
        """Return the rows of keys that are all there."""
        found: Ints = np.searchsorted(self.key, keys)
        return found

    def row(self, key: str) -> int:
        """Return the row of a key; raise `UnknownKey` where there is none."""
        row = int(np.searchsorted(self.key, key))
        if row == len(self) or self.key[row] != key:
            raise UnknownKey(key)
        return row

    def needed(self, row: int) -> tuple[str, ...]:
        """Return the use cases that a municipality needs, in the order of the catalogue; empty where unknown, too."""
        return tuple(u for u, urgency in zip(self.use_cases, self.need[row], strict=True) if urgency)

    @cached_property
    def kind(self) -> Ints:
        """Index into `KINDS` per municipality, from key and inhabitants; -1 where these are unknown."""
        known = ~np.isnan(self.population)
        population = np.where(known, self.population, 0)
        kind = np.full(len(self), -1, dtype=np.int64)
        for index, name in reversed(list(enumerate(KINDS))):
            if name in KIND_FROM:
                kind[known & (population >= KIND_FROM[name])] = index
        kind[np.char.str_len(self.key) == _DISTRICT_KEY_LENGTH] = KINDS.index(Kind.DISTRICT)
        kind.flags.writeable = False
        return kind

    @cached_property
    def in_bands(self) -> Bools:
        """Whether maturity or capacity of a municipality is known as a band only to who looks, shape (n,)."""
        maturity, capacity = (self.closed[:, BLOCKS.index(block)] for block in ("maturity", "capacity"))
        means = ~np.isnan(self.fte) | ~np.isnan(self.budget_eur)
        found: Bools = (maturity & ~np.isnan(self.maturity).all(axis=1)) | (capacity & means)
        return found

    @cached_property
    def unit_vector(self) -> Floats:
        """Place on the unit sphere, shape (n, 3); NaN where unknown."""
        lat, lon = np.radians(self.lat), np.radians(self.lon)
        xyz = np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)
        xyz.flags.writeable = False
        return xyz

    def km_between(self, rows: npt.ArrayLike, others: npt.ArrayLike) -> Floats:
        """Return great-circle distances in kilometres, shape (len(rows), len(others)); NaN where unknown.

        From the chord between the places, which is exact also for near ones.
        """
        here, there = self.unit_vector[np.atleast_1d(rows)], self.unit_vector[np.atleast_1d(others)]
        squared = np.zeros((len(here), len(there)))
        for axis in range(3):
            squared += (here[:, axis, None] - there[None, :, axis]) ** 2
        return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(squared / 4, 1)))

    def municipality(self, row: int) -> Municipality:
        """Return one row of the register as a value that people read."""

        def known(value: np.float64) -> float | None:
            return None if np.isnan(value) else float(value)

        population = known(self.population[row])
        return Municipality(
            key=str(self.key[row]),
            name=str(self.name[row]),
            land=LANDS[self.land[row]],
            kind=KINDS[self.kind[row]] if self.kind[row] >= 0 else None,
            population=None if population is None else int(population),
            lat=known(self.lat[row]),
            lon=known(self.lon[row]),
            simulated=bool(self.simulated[row]),
        )

    def take(self, rows: npt.ArrayLike) -> Profiles:
        """Return the chosen rows (ascending row numbers or a mask) as profiles of their own."""
        chosen = np.asarray(rows)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        position = np.full(len(self) + 1, -1, dtype=np.int64)
        position[chosen] = np.arange(len(chosen))
        columns: dict[str, Any] = {
            field.name: getattr(self, field.name)[chosen]
            for field in fields(self)
            if field.name not in {"ties", "parent", "use_cases"}
        }
        return Profiles(
            **columns,
            parent=position[self.parent[chosen]],
            ties=sparse.csr_array(self.ties[chosen][:, chosen]),
            use_cases=self.use_cases,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every column: equal data give an equal fingerprint; used as key of caches."""
        digest = hashlib.sha256(";".join(self.use_cases).encode())
        for field in fields(self):
            if field.name == "use_cases":
                continue
            column = getattr(self, field.name)
            for array in (column.data, column.indices, column.indptr) if field.name == "ties" else (column,):
                digest.update(f"{field.name}{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best k candidates of each asker, best first; shape (askers, k).

    ``partner`` holds rows of the profiles, -1 where an asker has fewer than k candidates; ``score`` and
    ``coverage`` are NaN there.
    """

    asker: Ints
    partner: Ints
    score: Floats
    coverage: Floats


def ties_of(n: int, cooperations: list[Ints]) -> sparse.csr_array[Any]:
    """Return who has worked with whom, from the member rows of each running or agreed cooperation.

    1 for a common cooperation, 0.5 for two who share a partner but no cooperation; symmetric, (n, n).
    """
    member = np.concatenate([*cooperations, np.empty(0, dtype=np.int64)])
    group = np.repeat(np.arange(len(cooperations)), [len(rows) for rows in cooperations])
    # The stubs of SciPy know only one-dimensional products of arrays; these are two-dimensional.
    belongs: Any = sparse.csr_array((np.ones(len(member)), (member, group)), shape=(n, max(1, len(cooperations))))
    direct = _between_others(belongs @ belongs.T)
    common = _between_others(direct @ direct)
    ties = sparse.csr_array(direct.maximum(common * 0.5))
    ties.sort_indices()
    return ties


def _between_others(counts: Any) -> Any:
    """Turn counts into 1, without the diagonal: nobody is a partner of itself."""
    linked = sparse.csr_array(counts > 0, dtype=np.float64)
    linked.setdiag(0)
    linked.eliminate_zeros()
    return linked
