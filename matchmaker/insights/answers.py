"""What an answer to a statement consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

import numpy as np

from matchmaker.insights.statistics import LEAST_ALL
from matchmaker.message import Label, Message, message
from matchmaker.model import Kind
from matchmaker.profiles import Bools, Floats, Profiles

LEAST_PER_GROUP: Final = 5
"""Fewer municipalities in a group say more about themselves than about their kind."""

LEAST_KINDS: Final = 3
"""Nobody would say "every kind" or "between kinds" of two."""

_LEAST_WRITTEN: Final = 0.01
"""A smaller probability is written as smaller than this."""

_MOST_POINTS: Final = 1_000
"""Dots drawn at most; of more municipalities every second, third … is drawn."""


class Verdict(StrEnum):
    """What the data at hand say about a statement."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    TOO_FEW = "too few data"

    @property
    def words(self) -> Message:
        """The verdict as people read it."""
        return {
            Verdict.SUPPORTED: message("Supported by these data"),
            Verdict.NOT_SUPPORTED: message("Not supported by these data"),
            Verdict.TOO_FEW: message("Cannot be said from these data"),
        }[self]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its range, all None where it cannot be computed.

    ``unit`` is ``share`` (0-1), ``levels`` (of maturity, 0-5) or ``correlation`` (-1 to 1).
    """

    name: Message
    unit: Literal["share", "levels", "correlation"]
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def written(self) -> Message:
        """The figure with its range as people read it."""
        if self.value is None:
            return message("unknown")
        known = {"value": self.value}
        if self.low is None or self.high is None:
            return (
                message("{value:percent}", **known) if self.unit == "share" else message("{value:hundredths}", **known)
            )
        known |= {"low": self.low, "high": self.high}
        if self.unit == "share":
            return message("{value:percent} (from {low:percent} to {high:percent})", **known)
        if self.unit == "levels":
            return message("{value:hundredths} levels (from {low:hundredths} to {high:hundredths})", **known)
        return message("{value:hundredths} (from {low:hundredths} to {high:hundredths})", **known)


Cell: TypeAlias = Message | Label | str | float


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of a statement, and the table beside it.

    ``box`` draws the last five columns (least, quarter, median, three quarters, most), ``bars`` the last ``drawn``
    columns, ``scatter`` the last two (across, up). The first column names a row; ``line`` is a value to compare with.
    """

    shape: Literal["box", "bars", "scatter"]
    columns: tuple[Message, ...]
    rows: tuple[tuple[Cell, ...], ...]
    drawn: int = 1
    line: float | None = None


@dataclass(frozen=True, slots=True)
class Insight:
    """One statement with the figure it rests on, the test, the verdict and a picture.

    ``p`` is how probable so clear a figure would be by chance, under what ``test`` says; None without a test. ``n`` is
    the number of municipalities (of joint projects for ``saving``) behind it, ``simulated`` how many of these are
    simulated. The first of ``figures`` is the main one.
    """

    id: str
    statement: Message
    figures: tuple[Figure, ...]
    test: Message
    p: float | None
    n: int
    simulated: int
    verdict: Verdict
    explanation: Message
    picture: Picture

    @property
    def chance(self) -> Message | None:
        """What ``p`` is, as people read it; None without a test."""
        if self.p is None:
            return None
        if self.p < _LEAST_WRITTEN:
            return message("p below {p:hundredths}", p=_LEAST_WRITTEN)
        return message("p={p:hundredths}", p=self.p)

    @property
    def caveat(self) -> Message | None:
        """What to know where the answer rests on simulated data; None where it does not."""
        if not self.simulated:
            return None
        if self.simulated == self.n:
            return message("On simulated data this only shows what the data were drawn to show.")
        return message(
            "{simulated} of {n} are simulated; these only show what they were drawn to show.",
            simulated=self.simulated,
            n=self.n,
        )


def kind_names(kinds: Sequence[Kind]) -> tuple[Message, ...]:
    """Return kinds as they are written on screen."""
    return tuple(Message(kind.value) for kind in kinds)


def too_few(n: int) -> Message:
    """Say that there are too few municipalities."""
    return message(
        "This takes at least {least} municipalities whose figures differ; here are {n}.", least=LEAST_ALL, n=n
    )


def too_few_projects(n: int) -> Message:
    """Say that there are too few joint projects."""
    return message("This takes at least {least} joint projects; here are {n}.", least=LEAST_ALL, n=n)


def too_few_kinds(kinds: Sequence[Kind]) -> Message:
    """Say that there are too few kinds with enough municipalities."""
    return message(
        "This takes at least {least} kinds with {size} municipalities each that differ; here are {n}.",
        least=LEAST_KINDS,
        size=LEAST_PER_GROUP,
        n=len(kinds),
    )


def too_few_in(group: Message, ours: int, others: int) -> Message:
    """Say that there are too few municipalities in a group or outside it."""
    return message(
        "This takes at least {least} {group} and as many others that differ; here are {ours} and {others}.",
        least=LEAST_PER_GROUP,
        group=group,
        ours=ours,
        others=others,
    )


def boxes(kinds: Sequence[Kind], values: Sequence[Floats], name: Message) -> Picture:
    """Return one box for each kind."""

    def summary(kind: Kind, group: Floats) -> tuple[Cell, ...]:
        return Message(kind.value), float(len(group)), *(float(v) for v in np.percentile(group, [0, 25, 50, 75, 100]))

    return Picture(
        "box",
        (
            name,
            message("Municipalities"),
            message("Least"),
            message("A quarter below"),
            message("Half below"),
            message("Three quarters below"),
            message("Most"),
        ),
        tuple(summary(kind, group) for kind, group in zip(kinds, values, strict=True)),
        drawn=5,
    )


def dots(profiles: Profiles, known: Bools, names: Sequence[Message], columns: Sequence[Floats]) -> Picture:
    """Return one dot for each known municipality; ``columns`` are values of all, the last two are drawn."""
    rows = np.flatnonzero(known)
    rows = rows[:: 1 + len(rows) // _MOST_POINTS]
    marks = [message("simulated") if simulated else "" for simulated in profiles.simulated[rows]]
    return Picture(
        "scatter",
        (message("Municipality"), message("Simulated"), *names),
        tuple(
            (str(profiles.name[row]), mark, *(float(column[row]) for column in columns))
            for row, mark in zip(rows, marks, strict=True)
        ),
        drawn=2,
    )
