"""What municipalities have to do with each other: who may ask, answer and end, and what each side may know of it.

A cooperation is kept as the steps that were taken (`matchmaker.cooperations`). What follows from them for everybody
also stands in the tables ``cooperations`` and ``cooperation_members``, which the search, the network and the exports
read. A municipality whose name is not open is asked under its number and asks under it; who it is, is seen from the
moment on in which both sides have agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from matchmaker import access, cooperations
from matchmaker.access import Role, User
from matchmaker.cooperations import Act, Life, Reason, Step
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.sight import Openness
from matchmaker.store import PROGRAM, Author
from matchmaker.workspace import Workspace


@dataclass(frozen=True)
class Dealings:
    """The cooperations in a workspace, as its user may see and change them."""

    workspace: Workspace

    def all(self) -> tuple[Life, ...]:
        """Return every cooperation that the user may see, the one changed last first.

        Members see all of it, who is asked or asks to join its own request, all others open groups; the centre of the
        region and administrators see each that was ever agreed, with what it saved. Names are those the user may know.
        """
        lives, names = self._lives(), self._names()
        seen = [found for life in lives.values() if (found := names.of(life)) is not None]
        return tuple(sorted(seen, key=lambda life: (str(life.since), life.id), reverse=True))

    def ask(
        self, key: str, others: Sequence[str], use_case: str, text: str, *, expected_eur: float | None = None,
        by: Author = PROGRAM,
    ) -> str:  # fmt: skip
        """Ask others to work together on a use case; return the id of the cooperation that begins with it.

        ``expected_eur`` is what all together may save a year. Raises `Forbidden` for a municipality that is not the
        user's, `UnknownKey` for one that does not exist, and `BadInput` for a use case that is not in the catalogue,
        for simulated participants, for a request of the same kind that waits, and as `cooperations.begun` does.
        """
        access.require_edit(self.workspace.user, [key])
        data, names = self.workspace.load(), self._names()
        entry = data.catalogue.use_case(use_case)
        for other in (key, *others):
            _require_real(data, other)
        for life in self.all():
            same = life.use_case == entry.id and life.reason is None and life.concerns(key)
            if same and (again := next((other for other in others if life.concerns(other)), None)):
                raise _asked_already(data, again)
        if any(names.real(other) == key for other in others):
            raise _to_itself(key)
        now = datetime.now(UTC)
        steps = [
            Step(Act.ASK, names.own(key), other, use_case=use_case, text=text.strip(), value=expected_eur, at=now)
            for other in others
        ]
        begun = cooperations.begun(uuid4().hex[:12], steps)
        self._keep(data, names, begun, steps, seen=0, by=by)
        return begun.id

    def take(
        self, id_: str, act: Act, key: str, *, other: str = "", text: str = "", reason: Reason | None = None,
        value: float | None = None, seen: int | None = None, by: Author = PROGRAM,
    ) -> None:  # fmt: skip
        """Do something in a cooperation for one's own municipality ``key``, about ``other``.

        ``seen`` is how many steps the user has seen taken: `ChangedMeanwhile` is raised where there are others. Raises
        `Forbidden` for a municipality that is not the user's and `BadInput` for a cooperation that the user does not
        see, and as `cooperations.followed` does; nothing is changed then.
        """
        access.require_edit(self.workspace.user, [key])
        data, names, life = self.workspace.load(), self._names(), self._lives().get(id_)
        shown = None if life is None else names.of(life)
        if life is None or shown is None:
            raise BadInput(
                message("There is no cooperation {id} that you may see.", id=id_),
                where=id_,
                remedy=message("Look at the list of cooperations."),
            )
        if act is Act.ASK:
            _require_real(data, other)
            if names.real(other) == key:
                raise _to_itself(key)
        kept = names.kept(life)
        about = kept.get(other, names.own(other) if act is Act.JOIN and other == key else other)
        # Who is asked answers as it was asked, by its name or its number; all others act as what they are in it.
        doer = about if about and names.real(about) == key else kept.get(key, names.own(key))
        step = Step(act, doer, about, text=text.strip(), reason=reason, value=value, at=datetime.now(UTC))
        followed = cooperations.followed(life, step)
        self._keep(data, names, followed, [step], seen=life.taken if seen is None else seen, by=by)

    def _lives(self) -> Mapping[str, Life]:
        """Return all cooperations as they are kept, by id."""
        steps: dict[str, list[Step]] = {}
        for row in self.workspace.store.steps() if self.workspace.store else ():
            content = dict(row.content)
            act, reason = Act(content.pop("act")), content.pop("reason")
            step = Step(act, reason=Reason(reason) if reason else None, at=row.at, **content)
            steps.setdefault(row.cooperation, []).append(step)
        return {id_: cooperations.told(id_, taken) for id_, taken in steps.items()}

    def _names(self) -> _Names:
        return _Names(self.workspace, self.workspace.aliases(), self.workspace.hidden())

    def _keep(self, data: Dataset, names: _Names, life: Life, new: Sequence[Step], *, seen: int, by: Author) -> None:
        rows = [
            {"act": step.act.value, "key": step.key, "other": step.other, "use_case": step.use_case, "text": step.text,
             "reason": step.reason.value if step.reason else "", "value": step.value}
            for step in new
        ]  # fmt: skip
        self.workspace.writable().take_steps(life.id, rows, _told(data, names, life), seen=seen, by=by)


@dataclass(frozen=True)
class _Names:
    """Which municipality stands behind a number, and what the user may know of a cooperation.

    ``aliases`` are the numbers of all by key, ``hidden`` those of municipalities whose name is not open to the user.
    """

    workspace: Workspace
    aliases: Mapping[str, str]
    hidden: Mapping[str, str]

    @property
    def user(self) -> User:
        """Who looks."""
        return self.workspace.user

    def real(self, party: str) -> str:
        """Return the key behind a number; a key is its own."""
        return next((key for key, number in self.aliases.items() if number == party), party)

    def own(self, key: str) -> str:
        """Return under what a municipality of the user asks: its number where its name is not open to all."""
        opened = self.workspace.openness(key)["name"] is Openness.PUBLIC
        return key if opened else self.aliases.get(key, key)

    def shown(self, life: Life) -> Callable[[str], str]:
        """Return what says what the user may know of a party; whom it has asked by name, it goes on seeing so."""
        own = {step.other for step in life.steps if step.act is Act.ASK and self.real(step.key) in self.user.scope}

        def known(party: str) -> str:
            key = self.real(party)
            return party if party in own and key in self.hidden else self.hidden.get(key, key)

        return known

    def kept(self, life: Life) -> Mapping[str, str]:
        """Return the parties of a cooperation as they are kept, by what the user sees of them."""
        known = self.shown(life)
        return {known(party): party for party in (*(r.key for r in reversed(life.requests)), *life.members)}

    def of(self, life: Life) -> Life | None:
        """Return as much of a cooperation as the user may see; None where that is nothing."""
        user, known = self.user, self.shown(life)
        parties = {self.real(party) for party in life.members}
        if user.role is Role.ADMIN or (user.role is Role.OFFICER and parties & set(user.scope)):
            return _renamed(life, known)
        outside = replace(life, steps=(), requests=(), expected_eur=None, real_eur=None)
        own = tuple(r for r in life.requests if user.role is Role.OFFICER and self.real(r.key) in user.scope)
        if own:
            return _renamed(replace(outside, requests=own, expected_eur=life.expected_eur), known)
        if life.was_agreed and any(access.in_region(user, key) for key in parties):
            return _renamed(replace(outside, expected_eur=life.expected_eur, real_eur=life.real_eur), known)
        return _renamed(outside, known) if life.is_open and life.binds else None


def _renamed(life: Life, known: Callable[[str], str]) -> Life:
    return replace(
        life,
        members=tuple(dict.fromkeys(map(known, life.members))),
        requests=tuple(replace(r, key=known(r.key), by=known(r.by)) for r in life.requests),
        steps=tuple(replace(step, key=known(step.key), other=step.other and known(step.other)) for step in life.steps),
    )


def _told(data: Dataset, names: _Names, life: Life) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return what the tables say about a cooperation; nothing about one that never came to be."""
    if life.reason is not None and not life.was_agreed:
        return {}
    title = data.catalogue.use_case(life.use_case).title
    year = life.since.year if life.was_agreed and life.since else None
    members = {names.real(party) for party in life.members} if life.was_agreed else {
        *life.members, *(request.key for request in life.requests)
    }  # fmt: skip
    return {
        "cooperations": [
            {"id": life.id, "title": title.de, "topic": title.de, "topic_en": title.en, "use_cases": life.use_case,
             "start_year": year, "status": life.status.value}
        ],
        "cooperation_members": [{"cooperation_id": life.id, "key": key} for key in sorted(members)],
    }  # fmt: skip


def _require_real(data: Dataset, key: str) -> None:
    """Raise for a municipality that does not exist or is only simulated."""
    if data.profiles.simulated[data.profiles.row(key)]:
        raise BadInput(
            message("{key} is simulated: nobody is there to be asked.", key=key),
            where=key,
            remedy=message("Hide simulated participants and choose a real one."),
        )


def _asked_already(data: Dataset, key: str) -> BadInput:
    return BadInput(
        message(
            "With {name} there is a request or cooperation on this use case already.",
            name=data.profiles.municipality(data.profiles.row(key)).name,
        ),
        where=key,
        remedy=message("Look at the list of cooperations."),
    )


def _to_itself(key: str) -> BadInput:
    return BadInput(
        message("A request goes to others, each named once."), where=key, remedy=message("Choose somebody else.")
    )
