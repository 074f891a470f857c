"""The life of a cooperation: what was done step by step, where it stands, and what each side may do next. Pure.

::

    suggested ── ask ──► contacted ── accept ──► agreed ── start ──► running ── leave ──► ended
                             └─ decline, withdraw ─► ended

A cooperation is what its steps make of it: it has no other memory. *Suggested* is what the search for partners says and
nobody has asked for yet, so it has no steps. It is *agreed* as soon as two municipalities are in it, and *ended* when
fewer than two are left: each leaves for itself, nobody ends it for others. Members can open it for more partners; then
others ask to join.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from matchmaker.errors import BadInput
from matchmaker.message import Message, message

UNANSWERED: Final = timedelta(days=14)
"""A request that waits longer than this is brought to mind."""

MOST_MEMBERS: Final = 7
"""Members of a group and those asked together: published groups have two to seven."""

_LONGEST: Final = 2000
_MOST_EUR: Final = 1e10


class Act(StrEnum):
    """What a municipality does in the life of a cooperation."""

    ASK = "ask"
    JOIN = "join"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    START = "start"
    OPEN = "open"
    CLOSE = "close"
    REPORT = "report"
    LEAVE = "leave"


class Status(StrEnum):
    """Where a cooperation stands, in the words of the table ``cooperations``."""

    CONTACTED = "contacted"
    AGREED = "agreed"
    RUNNING = "running"
    ENDED = "ended"


class Reason(StrEnum):
    """Why a request was declined or a cooperation left: a fixed list, so that it can be counted."""

    NO_STAFF = "no staff"
    NO_MONEY = "no money"
    OTHER_PRIORITIES = "other priorities"
    OTHER_PARTNERS = "other partners"
    DOES_NOT_FIT = "does not fit"
    LAW = "law"
    NO_BENEFIT = "no benefit"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"


REASON_NAMES: Final[Mapping[Reason, Message]] = {
    Reason.NO_STAFF: message("no staff for it"),
    Reason.NO_MONEY: message("no money for it"),
    Reason.OTHER_PRIORITIES: message("other tasks come first"),
    Reason.OTHER_PARTNERS: message("other partners were found"),
    Reason.DOES_NOT_FIT: message("aims or systems do not fit"),
    Reason.LAW: message("law, procurement or data protection stand against it"),
    Reason.NO_BENEFIT: message("it brought less than expected"),
    Reason.FINISHED: message("the aim is reached"),
    Reason.WITHDRAWN: message("the request was withdrawn"),
}
DECLINES: Final = (
    Reason.NO_STAFF, Reason.NO_MONEY, Reason.OTHER_PRIORITIES, Reason.OTHER_PARTNERS, Reason.DOES_NOT_FIT, Reason.LAW,
)  # fmt: skip
"""Reasons for which a request is declined."""
LEAVES: Final = (*DECLINES, Reason.NO_BENEFIT, Reason.FINISHED)
"""Reasons for which a cooperation is left."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    ``key`` did it, about ``other`` (who is asked, or whose request is answered or taken back). ``value`` are euros a
    year, saved by all members together: expected with `Act.ASK`, real with `Act.REPORT`; None is unknown. ``at`` is
    None until the step is kept.
    """

    act: Act
    key: str
    other: str = ""
    use_case: str = ""
    text: str = ""
    reason: Reason | None = None
    value: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits for an answer.

    ``key`` is who wants to come in: whoever a member (``by``) has asked, or who asks to join (``by`` is the same then).
    """

    key: str
    by: str
    text: str
    at: datetime | None

    @property
    def joins(self) -> bool:
        """Whether the members answer, rather than who is asked."""
        return self.key == self.by

    def waits(self, now: datetime) -> bool:
        """Return whether there has been no answer for too long."""
        return self.at is not None and now - self.at >= UNANSWERED


@dataclass(frozen=True, slots=True)
class Life:
    """Where a cooperation stands.

    ``members`` are those who are in it, of an ended one those who were last. ``expected_eur`` and ``real_eur`` are
    savings a year of all members together. ``reason`` says why it ended. ``taken`` counts the steps; ``steps`` are all
    of them, none for who looks from outside.
    """

    id: str
    use_case: str
    status: Status
    members: tuple[str, ...]
    requests: tuple[Request, ...]
    is_open: bool
    was_agreed: bool
    since: datetime | None
    expected_eur: float | None
    real_eur: float | None
    reason: Reason | None
    taken: int
    steps: tuple[Step, ...]

    @property
    def binds(self) -> bool:
        """Whether the members work together: agreed or running."""
        return self.status in {Status.AGREED, Status.RUNNING}

    def concerns(self, key: str) -> bool:
        """Return whether a municipality is in it, or takes part in a request that waits."""
        return key in self.members or any(request.key == key for request in self.requests)

    def may(self, act: Act, key: str, other: str = "") -> bool:
        """Return whether a municipality can do something, about another, where things stand."""
        request = next((r for r in self.requests if r.key == other), None)
        has_room = len(self.members) + len(self.requests) < MOST_MEMBERS
        is_in = key in self.members and self.status is not Status.ENDED
        match act:
            case Act.ASK:
                return is_in and bool(other) and not self.concerns(other) and has_room
            case Act.JOIN:
                return self.binds and self.is_open and not self.concerns(key) and other == key and has_room
            case Act.ACCEPT | Act.DECLINE:
                return request is not None and (is_in and key != other if request.joins else key == other)
            case Act.WITHDRAW:
                return request is not None and (key == other if request.joins else is_in)
            case Act.START:
                return is_in and self.status is Status.AGREED
            case Act.OPEN:
                return is_in and self.binds and not self.is_open
            case Act.CLOSE:
                return is_in and self.is_open
            case Act.REPORT:
                return key in self.members and self.status in {Status.RUNNING, Status.ENDED} and self.was_agreed
            case Act.LEAVE:
                return is_in and self.binds


def told(id_: str, steps: Sequence[Step]) -> Life:
    """Return where a cooperation stands after some steps, at least one, the first of which is `Act.ASK`."""
    first = steps[0]
    now = Life(
        id_, first.use_case, Status.CONTACTED, (first.key,), (), False, False, first.at, first.value, None, None,
        len(steps), tuple(steps),
    )  # fmt: skip
    for step in steps:
        now = _after(now, step)
    return now


def begun(id_: str, steps: Sequence[Step]) -> Life:
    """Return a new cooperation from its first steps, one for each who is asked; raise `BadInput` where it cannot be."""
    asked = [step.other for step in steps]
    if not asked or len({*asked, steps[0].key}) <= len(asked):
        raise _impossible(message("A request goes to others, each named once."))
    if len(asked) >= MOST_MEMBERS:
        raise _impossible(message("A group has at most {most} members.", most=MOST_MEMBERS))
    for step in steps:
        _check(step)
    return told(id_, steps)


def followed(now: Life, step: Step) -> Life:
    """Return where a cooperation stands after one more step; raise `BadInput` where that cannot be done."""
    if not now.may(step.act, step.key, step.other):
        raise _impossible(message("This can no longer be done: the cooperation stands elsewhere by now."))
    _check(step)
    return told(now.id, (*now.steps, step))


def _after(now: Life, step: Step) -> Life:
    others = tuple(request for request in now.requests if request.key != step.other)
    match step.act:
        case Act.ASK | Act.JOIN:
            return replace(now, requests=(*others, Request(step.other, step.key, step.text, step.at)))
        case Act.ACCEPT:
            agreed = now if now.was_agreed else replace(now, status=Status.AGREED, was_agreed=True, since=step.at)
            return replace(agreed, members=(*now.members, step.other), requests=others)
        case Act.DECLINE | Act.WITHDRAW:
            rest = replace(now, requests=others)
            if now.was_agreed or others:
                return rest
            return replace(rest, status=Status.ENDED, reason=step.reason, since=step.at)
        case Act.START:
            return replace(now, status=Status.RUNNING, since=step.at)
        case Act.OPEN | Act.CLOSE:
            return replace(now, is_open=step.act is Act.OPEN)
        case Act.REPORT:
            return replace(now, real_eur=step.value)
        case Act.LEAVE:
            left = tuple(key for key in now.members if key != step.key)
            if len(left) > 1:
                return replace(now, members=left)
            # Who was last in it stays in the record; nobody is left to answer.
            return replace(now, status=Status.ENDED, reason=step.reason, since=step.at, is_open=False, requests=())


def _check(step: Step) -> None:
    """Raise `BadInput` for a text, reason or figure that cannot be kept."""
    asks = step.act in {Act.ASK, Act.JOIN}
    readable = all(character.isprintable() or character == "\n" for character in step.text)
    if len(step.text) > _LONGEST or not readable or (asks and not step.text.strip()):
        raise _impossible(message("A request needs a text of 1 to {most:number} readable characters.", most=_LONGEST))
    if step.reason not in _REASONS.get(step.act, (None,)):
        raise _impossible(message("A reason of the list is needed."))
    if step.value is not None and not (math.isfinite(step.value) and abs(step.value) <= _MOST_EUR):
        raise _impossible(message("The saving must be a number of euros a year."))
    if step.act is Act.REPORT and step.value is None:
        raise _impossible(message("The saving must be a number of euros a year."))


_REASONS: Final[Mapping[Act, tuple[Reason | None, ...]]] = {
    Act.DECLINE: DECLINES,
    Act.LEAVE: LEAVES,
    Act.WITHDRAW: (Reason.WITHDRAWN,),
}


def _impossible(what: Message) -> BadInput:
    return BadInput(what, remedy=message("Nothing was changed. Look at the page again."))


def reminders(found: Sequence[Life], own: Collection[str], now: datetime) -> tuple[Message, ...]:
    """Return what the officer of some municipalities has to think of: requests to answer, and those unanswered."""
    asked = [
        request
        for cooperation in found
        for request in cooperation.requests
        if any(cooperation.may(Act.ACCEPT, key, request.key) for key in own)
    ]
    silent = [
        request
        for cooperation in found
        for request in cooperation.requests
        if request.by in own and request not in asked and request.waits(now)
    ]
    said = []
    if asked:
        said.append(message("Requests that wait for your answer: {count}.", count=len(asked)))
    if late := sum(request.waits(now) for request in asked):
        said.append(message("Of these, for more than {days} days: {count}.", days=UNANSWERED.days, count=late))
    if silent:
        said.append(
            message(
                "Your requests without an answer for {days} days: {count}.", days=UNANSWERED.days, count=len(silent)
            )
        )
    return tuple(said)
