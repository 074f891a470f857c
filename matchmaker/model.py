"""Value types that people read, and the words everybody shares.

What exists once per municipality or per pair is a column (`matchmaker.profiles`); what stands here is what
one person looks at: at most some hundred values at a time. All types are frozen and hashable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from matchmaker.errors import BadPreference
from matchmaker.message import Label, Message, Value, message

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
class Weights:
    """Weight of each part of the score, in the order of the parts; none negative, not all zero.

    The score is the plain weighted sum; the default weights add up to one.
    """

    shared_needs: float = 0.22
    reuse: float = 0.20
    teach: float = 0.10
    learn: float = 0.15
    ties: float = 0.08
    near: float = 0.10
    similar_size: float = 0.05
    same_land: float = 0.06
    capacity: float = 0.04

    def __post_init__(self) -> None:
        for part in PARTS:
            weight = getattr(self, part)
            if not math.isfinite(weight) or weight < 0:
                raise BadPreference(
                    message("The weight of {part} must be a number of at least zero.", part=part),
                    where=f"{part}={weight}",
                    remedy=message("Give a weight such as near=0.1."),
                )
        if sum(self.values()) == 0:
            raise BadPreference(
                message("All weights are zero, so nothing could be ranked."),
                remedy=message("Give at least one part a weight above zero."),
            )

    def values(self) -> tuple[float, ...]:
        """Return the nine weights in the order of `PARTS`."""
        return tuple(getattr(self, part) for part in PARTS)


PARTS: Final = tuple(field.name for field in fields(Weights))
"""Parts of the score, in the order of design and output."""

PART_TITLES: Final = dict(
    zip(
        PARTS,
        (
            message("Shared needs"),
            message("They have what we need"),
            message("We have what they need"),
            message("Learn from their strengths"),
            message("Cooperated before"),
            message("Near"),
            message("Similar size"),
            message("Same Land"),
            message("Free staff"),
        ),
        strict=True,
    )
)
PART_MEANINGS: Final = dict(
    zip(
        PARTS,
        (
            message("Do both need the same? Urgency counts."),
            message("Does the other run, pilot or plan what we need? Running counts fully, a plan a quarter."),
            message("Do we run, pilot or plan what the other needs?"),
            message("Is the other ahead in dimensions in which we are below 2.5?"),
            message("Do we work together already (1), or do we share a partner (0.5)?"),
            message("How near is the other? At 60 kilometres half, at 180 kilometres a tenth."),
            message("How alike are the numbers of inhabitants? The smaller by the larger."),
            message("Same Land, so the same municipal law and funding rules?"),
            message("Free posts of both together; four are enough."),
        ),
        strict=True,
    )
)
"""What a reader is told about each part: its name, and the question that it answers."""

PRESETS: Final = {
    "officer": Weights(),
    "network": Weights(
        shared_needs=0.30, reuse=0.15, teach=0.15, learn=0.10, ties=0.0, near=0.05, similar_size=0.05, same_land=0.10,
        capacity=0.10,
    ),
    "centre": Weights(
        shared_needs=0.30, reuse=0.25, teach=0.15, learn=0.05, ties=0.05, near=0.05, similar_size=0.0, same_land=0.05,
        capacity=0.10,
    ),
}  # fmt: skip
"""Weights to begin with: an officer looks for a partner to learn from and to take over from; the viewer of the network
for links that do not exist yet, so that earlier ties count nothing; a competence centre for groups that need the same
and can carry it. They are choices, not findings: everybody can move them."""

STABLE_FROM: Final = 0.8
FRAGILE_BELOW: Final = 0.5
"""Shares of draws from which a suggestion is called stable, and below which it is called fragile."""

COMPLEMENTARITY: Final = ("reuse", "teach", "learn")
LIKENESS: Final = ("shared_needs", "similar_size")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What an asker wants of partners: weights and hard limits. The limits are applied before the ranking.

    Parameters
    ----------
    lands, kinds
        Only these; empty means all.
    max_km
        Only candidates whose great-circle distance is known and at most this; None means any distance.
    exclude
        Keys never suggested.
    simulated
        Whether demonstration participants, which do not exist, may be suggested.
    participants_only
        Whether to leave out municipalities of which nothing is known beyond the register: no profile, no
        need, no offer, no cooperation. Nobody can say anything about them as partners.
    assessed_only
        Whether to leave out municipalities without any maturity value.
    use_case
        Only candidates that need or offer this use case; empty means any.
    """

    weights: Weights = Weights()
    lands: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    max_km: float | None = None
    exclude: frozenset[str] = frozenset()
    simulated: bool = True
    participants_only: bool = True
    assessed_only: bool = False
    use_case: str = ""

    def __post_init__(self) -> None:
        if self.max_km is not None and not (math.isfinite(self.max_km) and self.max_km >= 0):
            raise BadPreference(
                message("The largest distance must be a number of kilometres of at least zero."),
                where=f"max_km={self.max_km}",
                remedy=message("Give a distance such as 60, or none."),
            )
        if unknown := self.lands - set(LANDS):
            raise BadPreference(
                message("{land} is no Land.", land=min(unknown)),
                where="land",
                remedy=message("Use the two letters of a Land: {lands:list}.", lands=LANDS),
            )


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


@dataclass(frozen=True, slots=True)
class Evidence:
    """A published activity or cooperation behind a statement, with the address where it can be read."""

    title: Label
    url: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: value in [0, 1], its weight, and whether it rests on reported data."""

    name: str
    value: float
    weight: float
    known: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A ranked other municipality with everything that speaks for and against it.

    ``km`` is the great-circle distance, None where a place is unknown. ``score`` is the weighted sum of the
    parts, ``coverage`` the share of weight that rests on reported data, ``stability`` the share of repeated
    draws in which the partner stays among the best (None where it was not asked for).
    """

    rank: int
    partner: Municipality
    km: float | None
    score: float
    coverage: float
    parts: tuple[Part, ...]
    reasons: tuple[Message, ...]
    against: tuple[Message, ...]
    lift: Message | None
    evidence: tuple[Evidence, ...]
    stability: float | None = None

    @property
    def steadiness(self) -> Message | None:
        """What the stability means, in a word; None where it was not asked for."""
        if self.stability is None:
            return None
        if self.stability >= STABLE_FROM:
            return message("stable")
        return message("fairly stable") if self.stability >= FRAGILE_BELOW else message("fragile")

    def mean_of(self, names: tuple[str, ...]) -> float:
        """Return the weighted mean of some parts in [0, 1], such as `LIKENESS` or `COMPLEMENTARITY`.

        Plain mean where all their weights are zero.
        """
        chosen = [part for part in self.parts if part.name in names]
        total = sum(part.weight for part in chosen)
        if total == 0:
            return sum(part.value for part in chosen) / len(chosen)
        return sum(part.value * part.weight for part in chosen) / total


@dataclass(frozen=True, slots=True)
class Shift:
    """Who enters and who leaves a list of partners when the weight of one part is multiplied by a factor."""

    part: str
    factor: float
    enters: tuple[Municipality, ...]
    leaves: tuple[Municipality, ...]


_CASES: Final = ("low", "central", "high")


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with its range. ``low`` and ``high`` are the cautious and the favourable case."""

    low: float
    central: float
    high: float


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


@dataclass(frozen=True, slots=True)
class CostShare:
    """What one member would pay alone and pays in the group, over the years of the project.

    The cents are those of the central case; the euros have the cautious and the favourable case too, with the rule of
    the split applied to the costs of each.
    """

    member: Municipality
    alone_cents: int
    pays_cents: int
    alone_eur: Span
    pays_eur: Span

    @property
    def saves_eur(self) -> Span:
        """What the member saves: its cost alone minus what it pays."""
        return Span(*(getattr(self.alone_eur, case) - getattr(self.pays_eur, case) for case in _CASES))


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a calculation: what it takes when everybody is alone, and what it takes together.

    ``quantity`` is ``eur`` (over the years), ``fte`` (posts a year) or ``days`` (of work, once). Low, central and high
    are the cautious, central and favourable case, so coordination is highest in ``low``. The sum of ``alone`` minus
    ``together`` over all lines of a quantity is what the group saves. ``rests_on`` names the assumptions and costs
    used, by their ids.
    """

    quantity: Literal["eur", "fte", "days"]
    title: Message
    alone: Span
    together: Span
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consortium:
    """A lead and its members (lead first) for one use case, with what the group saves over the years.

    ``saving_eur`` is stand-alone cost minus joint cost; a negative value is a loss and is shown as such.
    ``alone_cents`` and ``joint_cents`` are the central case, the former per member. ``fte_saved`` (a year) and
    ``staff_days_saved`` (once) compare running the solution once with running it everywhere, after the hours of
    coordination; the hours that the use case itself frees are not in them. ``access`` names members that could
    not do it alone. ``curve`` is the central saving of the best group of each size. ``years`` is the period of
    all money, ``terms`` are the lines that the savings add up from. ``evidence``, ``shares`` and
    ``rule`` are empty until they have been added: what is published about it, and the split of the joint cost.
    ``coalition_cents`` is what each coalition of members would pay at best, see `matchmaker.sharing`; it has the two
    other cases beside it.
    """

    use_case: str
    title: Label
    lead: Municipality
    members: tuple[Municipality, ...]
    lead_operates: bool
    saving_eur: Span
    saving_pct: float
    alone_cents: tuple[int, ...]
    joint_cents: int
    fte_saved: Span
    staff_days_saved: Span
    access: tuple[Municipality, ...]
    curve: tuple[tuple[int, float], ...]
    notes: tuple[Message, ...]
    evidence: tuple[Evidence, ...] = ()
    shares: tuple[CostShare, ...] = ()
    rule: str = ""
    coalition_cents: tuple[int, ...] = ()
    years: float = 5.0
    terms: tuple[Term, ...] = ()
    coalition_cents_low: tuple[int, ...] = ()
    coalition_cents_high: tuple[int, ...] = ()

    @property
    def saving_a_year_eur(self) -> Span:
        """The saving in euro per year of the period."""
        return Span(*(getattr(self.saving_eur, case) / self.years for case in _CASES))

    @property
    def best_size(self) -> int:
        """Number of members from which one more partner no longer pays."""
        return max(self.curve, key=lambda point: point[1])[0]


OptionKind: TypeAlias = Literal["alone", "new", "smaller", "other_lead", "join", "open_source", "new_open_source"]


@dataclass(frozen=True, slots=True)
class Option:
    """One way for a municipality to get a use case, with what it would pay over the years.

    Low, central and high are the cautious, central and favourable case. ``saving_eur`` is its cost alone minus
    ``cost_eur``; for doing it alone it is zero. ``partners`` counts the others. ``assumed`` says what has to hold,
    ``rests_on`` names the assumptions used beside those of the group. ``group`` is the new group, None where there
    is none.
    """

    kind: OptionKind
    title: Message
    cost_eur: Span
    saving_eur: Span
    partners: int
    assumed: tuple[Message, ...]
    rests_on: tuple[str, ...]
    group: Consortium | None = None
    evidence: tuple[Evidence, ...] = ()


def least_cost(options: Sequence[Option], name: str) -> Message:
    """Say which of the ways, the cheapest first, costs a municipality least, or that none saves anything."""
    best = options[0]
    if best.kind == "alone":
        return message(
            "No saving expected for {name}: every other way would cost it more than doing it alone.", name=name
        )
    cost = best.cost_eur.central
    return message(
        "Least cost for {name}: {title}, {cost:eur} instead of {alone:eur} alone.",
        name=name, title=best.title, cost=cost, alone=cost + best.saving_eur.central,
    )  # fmt: skip


QUANTITY_NAMES: Final = {"eur": message("euro"), "fte": message("posts a year"), "days": message("working days")}
"""What the quantities of the lines of a calculation are called."""

Verdict: TypeAlias = Literal["met", "not met", "unknown"]

VERDICT_NAMES: Final = {"met": message("met"), "not met": message("not met"), "unknown": message("unknown")}

NO_ADVICE: Final = message("Information from published sources, no legal advice: check with the issuer.")
"""Stands wherever grants and law are shown."""


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One condition of a programme: what it asks for, whether a project meets it, and the facts behind that."""

    asks: Message
    verdict: Verdict
    detail: Message


@dataclass(frozen=True, slots=True)
class GrantCheck:
    """A funding programme tested line by line. Information, never advice: check with the issuer.

    ``verdict`` is ``not met`` where any line is, else ``unknown``: no programme can be promised from data.
    ``grant_eur`` is the most that the published rule gives this group, None where it gives no figure.
    """

    id: str
    title: Label
    state: Label
    lines: tuple[GrantLine, ...]
    verdict: Verdict
    grant_eur: float | None
    amount_rule: Label
    conditions: Label
    source: str
    url: str
    year: int | None


@dataclass(frozen=True, slots=True)
class SavingTest:
    """Whether one member, or the whole group where ``member`` is None, saves the share that grant rules ask for."""

    member: Municipality | None
    alone_cents: int
    pays_cents: int
    saving_pct: float | None
    reached: bool | None


@dataclass(frozen=True, slots=True)
class FittingForm:
    """A legal form that fits the members of a group, or that may fit: then ``sure`` is False and ``why`` says why."""

    id: str
    title: Label
    law: str
    use: Label
    sure: bool
    why: Message
    across: Label
    note: Label
    status: str
    source: str
    url: str
    year: int | None


SPLIT_RULES: Final = ("equal", "inhabitants", "stand_alone", "equal_saving", "scrb", "shapley", "nucleolus")
"""Rules that split a joint cost, the simplest first."""

SPLIT_TITLES: Final = dict(
    zip(
        SPLIT_RULES,
        (
            message("Equal parts"),
            message("By inhabitants"),
            message("By cost alone"),
            message("Equal saving"),
            message("Own extra cost, rest by benefit"),
            message("Mean extra cost (Shapley)"),
            message("Least complaint (nucleolus)"),
        ),
        strict=True,
    )
)
SPLIT_MEANINGS: Final = dict(
    zip(
        SPLIT_RULES,
        (
            message("Everybody pays the same."),
            message("Everybody pays the same per inhabitant."),
            message("Everybody pays the same part of what it would pay alone, so all save the same percentage."),
            message("Everybody saves the same amount."),
            message(
                "Everybody pays what its joining adds to the cost; the rest is split by what each still saves "
                "(separable costs, remaining benefits)."
            ),
            message("Everybody pays what its joining adds to the cost, as the mean of all orders of joining."),
            message("The subgroup with most reason to leave has as little reason as can be, then the next, and so on."),
        ),
        strict=True,
    )
)
"""What a reader is told about each rule: its name, and what it does."""


@dataclass(frozen=True, slots=True)
class Split:
    """A joint cost split by one rule, with who would object. Players are numbers in the order of the game.

    ``cents`` are the amounts; ``adds_up`` says whether their sum is the joint cost. ``pays_more`` are the players who
    pay more than alone. ``worst`` is the subgroup that would do better by itself, by most: ``gain_cents``; empty and 0
    where no subgroup is known that would. ``in_core`` says that no subgroup would do better by itself; None where
    the costs of too few subgroups are known to say so.
    """

    rule: str
    cents: tuple[int, ...]
    adds_up: bool
    pays_more: tuple[int, ...]
    worst: tuple[int, ...]
    gain_cents: int
    in_core: bool | None


@dataclass(frozen=True, slots=True)
class Sharing:
    """Everything that can be said about splitting one joint cost.

    ``alone_cents`` are None where unknown. ``splits`` has one entry for each rule that can be computed, ``missing``
    says of each other one why it cannot be. ``least_core_cents`` is the least amount by which, whatever the split, the
    subgroup with most reason to leave does better by itself: negative where even that one loses by leaving, None where
    it cannot be said; ``core_empty`` says that some subgroup always does better by itself, None where it cannot be
    said. ``recommended`` is a rule, or empty where none can be recommended; ``reason`` says why in both cases.
    """

    players: tuple[str, ...]
    total_cents: int
    alone_cents: tuple[int | None, ...]
    splits: tuple[Split, ...]
    missing: tuple[tuple[str, Message], ...]
    least_core_cents: int | None
    core_empty: bool | None
    recommended: str
    reason: Message

    def of(self, rule: str) -> Split | None:
        """Return the split by a rule; None where it cannot be computed."""
        return next((one for one in self.splits if one.rule == rule), None)

    def objections(self, split: Split, names: Sequence[Value] = (), *, euro: bool = True) -> tuple[Message, ...]:
        """Say who would object to a split: who pays more than alone, and which subgroup would do better by itself.

        ``names`` stand in for the players where they are shown in another way; ``euro`` says that the unit is known.
        """
        called = names or self.players

        def who(places: Iterable[int]) -> tuple[Value, ...]:
            return tuple(called[place] for place in places)

        said = []
        if split.pays_more:
            said.append(message("More than alone: {names:list}.", names=who(split.pays_more)))
        elif None in self.alone_cents:
            said.append(message("Nobody whose cost alone is known pays more than alone."))
        else:
            said.append(message("Nobody pays more than alone."))
        if paid := [place for place, cents in enumerate(split.cents) if cents < 0]:
            said.append(message("Would be paid by the others: {names:list}.", names=who(paid)))
        gain, leaving = split.gain_cents / 100, who(split.worst)
        if split.worst and euro:
            text = message(
                "Would do better by themselves, by EUR {gain:hundredths}: {names:list}.", gain=gain, names=leaving
            )
            said.append(text)
        elif split.worst:
            said.append(
                message("Would do better by themselves, by {gain:hundredths}: {names:list}.", gain=gain, names=leaving)
            )
        elif split.in_core:
            said.append(message("No subgroup would do better by itself."))
        else:
            said.append(message("Of the subgroups whose cost is known, none would do better by itself."))
        return tuple(said)
