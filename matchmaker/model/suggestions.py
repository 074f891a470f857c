"""What a search for partners asks for and what it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from matchmaker.errors import BadPreference
from matchmaker.message import Message, message
from matchmaker.model.municipalities import LANDS, Evidence, Kind, Municipality


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
