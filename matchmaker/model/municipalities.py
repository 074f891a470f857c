"""Municipalities, what they have and whom they work with, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from matchmaker.message import Label

LANDS: Final = ("SH", "HH", "NI", "HB", "NW", "HE", "RP", "BW", "BY", "SL", "BE", "BB", "MV", "SN", "ST", "TH")
"""The sixteen Länder in the order of the official key: the first two digits of a key are index + 1."""


LAND_NAMES: Final = (
    "Schleswig-Holstein",
    "Hamburg",
    "Niedersachsen",
    "Bremen",
    "Nordrhein-Westfalen",
    "Hessen",
    "Rheinland-Pfalz",
    "Baden-Württemberg",
    "Bayern",
    "Saarland",
    "Berlin",
    "Brandenburg",
    "Mecklenburg-Vorpommern",
    "Sachsen",
    "Sachsen-Anhalt",
    "Thüringen",
)


DIMENSIONS: Final = ("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8")
"""Strategy, data, processes, change, skills, technology, law and ethics, use of resources."""


UNNAMED: Final = "99"
"""A key that begins so stands for a municipality whose name is not open to who looks; no Land has this number."""


WEAK_BELOW: Final = 2.5
"""A dimension below this level (of 5) counts as weak: half of the scale."""


LEAST_RESPONDENTS: Final = 10
"""Respondents of a survey from which on a level is shown: among fewer, single answers could be guessed."""


class Kind(StrEnum):
    """Kind of a municipality, derived from key and inhabitants (design of the source study)."""

    CITY = "Großstadt"
    TOWN = "Mittelstadt"
    SMALL_TOWN = "Kleinstadt"
    RURAL = "Landgemeinde"
    DISTRICT = "Landkreis"


KINDS: Final = tuple(Kind)


KIND_FROM: Final = {Kind.CITY: 100_000, Kind.TOWN: 20_000, Kind.SMALL_TOWN: 5_000, Kind.RURAL: 0}
"""Least number of inhabitants of each kind; a five-digit key is a Landkreis whatever its size."""


class Provenance(StrEnum):
    """How a value was obtained."""

    SELF_ASSESSED = "self-assessed"
    SURVEY = "survey"
    PUBLISHED = "published"
    SIMULATED = "simulated"
    REGISTER = "register"


class Stage(StrEnum):
    """How far a municipality is with a use case."""

    PLANNED = "planned"
    PILOT = "pilot"
    OPERATION = "operation"
    ENDED = "ended"


OFFER_QUARTERS: Final = {Stage.PLANNED: 1, Stage.PILOT: 2, Stage.OPERATION: 4, Stage.ENDED: 0}
"""Weight of an offer in quarters: planned 0.25, pilot 0.5, operation 1. A stage the source does not state
counts as planned, the least that a published activity can be."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """One row of the register, as a person reads it. None means unknown."""

    key: str
    name: str
    land: str
    kind: Kind | None
    population: int | None
    lat: float | None
    lon: float | None
    simulated: bool

    @property
    def is_unnamed(self) -> bool:
        """Whether its name is not open to who looks."""
        return self.key.startswith(UNNAMED)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A published activity or cooperation behind a statement, with the address where it can be read."""

    title: Label
    url: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Software:
    """An open-source solution that others can take over; named as in the ``publiccode.yml`` of its repository.

    ``licence`` is an SPDX identifier. What is not known is empty.
    """

    name: str
    url: str
    licence: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Something a municipality plans, pilots, runs or has ended; published ones carry their source.

    ``use_case`` is empty where the activity fits none of the catalogue, ``stage`` None where it is not stated.
    """

    use_case: str
    stage: Stage | None
    title: Label
    year: int | None
    provenance: Provenance
    url: str
    software: Software | None = None


@dataclass(frozen=True, slots=True)
class Cooperation:
    """An agreement between municipalities; ``members`` are keys."""

    id: str
    title: str
    topic: Label
    use_cases: tuple[str, ...]
    legal_form: Label
    start_year: int | None
    status: str
    url: str
    members: tuple[str, ...]

    @property
    def binds(self) -> bool:
        """Whether it counts as working together: agreed or running."""
        return self.status in {"agreed", "running"}


@dataclass(frozen=True, slots=True)
class CompetenceCentre:
    """A place that helps municipalities with AI; ``topics`` are use cases it has published work on.

    ``place`` is the town of its seat; ``place_status`` says whether that is published or an assumption, and is empty
    where somebody entered it. ``host`` runs it, a university for example.
    """

    id: str
    name: str
    land: str
    lat: float | None
    lon: float | None
    topics: tuple[str, ...]
    host: str
    url: str
    source: str
    place: str = ""
    place_status: str = ""
