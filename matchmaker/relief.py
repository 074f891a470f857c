"""The hours that taking minutes with AI frees, from a published case; kept apart from what cooperation saves.

A district reports two to three working days of a person by hand and half a day with AI for each set of minutes::

    hours a year = (days by hand - days with AI) · hours of a day · sessions a year · municipalities
    posts        = hours a year / working hours of a full post

All figures are assumptions of the catalogue with source, year and range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matchmaker.catalogue import CASES, Catalogue
from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.model import Span

MINUTES: Final = "UC01"
"""The use case that the published figures are about."""

PUBLISHED_FOR: Final = (1, 11)
"""Numbers of municipalities that the example is told for: one alone, and a district with ten municipalities."""

RESTS_ON: Final = ("minutes_days_by_hand", "minutes_days_with_ai", "hours_per_day", "hours_per_fte")
"""Assumptions the figures rest on."""

_MOST_SESSIONS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Relief:
    """Hours and posts freed a year by a number of sessions in each of some municipalities."""

    sessions: int
    municipalities: int
    hours: Span
    fte: Span


def free_hours(catalogue: Catalogue, sessions: int, municipalities: int) -> Relief:
    """Return what taking minutes with AI frees a year.

    The low case takes the least time by hand and the most with AI, the high case the opposite. Never below zero.
    Raises `BadInput` for a number of sessions below 1 or above 2,000, or for no municipality, and where the catalogue
    lacks one of the figures.
    """
    if not 1 <= sessions <= _MOST_SESSIONS:
        raise BadInput(
            message("The number of sessions a year must be from 1 to {most:number}.", most=_MOST_SESSIONS),
            where=f"sessions={sessions}",
            remedy=message("Count the meetings of the council and its committees that need minutes."),
        )
    if municipalities < 1:
        raise BadInput(message("There must be at least one municipality."), where=f"municipalities={municipalities}")
    by_hand, with_ai, day, post = (catalogue.span(name) for name in RESTS_ON)
    opposite = dict(zip(CASES, reversed(CASES), strict=True))
    hours = Span(
        *(
            max(0.0, getattr(by_hand, case) - getattr(with_ai, opposite[case]))
            * getattr(day, case)
            * sessions
            * municipalities
            for case in CASES
        )
    )
    return Relief(sessions, municipalities, hours, Span(*(getattr(hours, case) / post.central for case in CASES)))
