"""Saved plans in the database: each has a name of its own, and what it holds is a text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.store.tables import scenarios

_LONGEST: Final = 80
_TOO_MANY_DIGITS: Final = 10
"""No database takes a larger number."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved scenario: its number, its name, when it was saved (UTC) and what it holds."""

    id: int
    name: str
    saved_at: datetime
    document: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The saved scenarios of an account, or all of a database where ``owner`` is None.

    Saving one is no change of the data: caches stay as they are. A name belongs to one scenario of all.
    """

    reading: Callable[[], AbstractContextManager[sa.Connection]]
    changing: Callable[[], AbstractContextManager[sa.Connection]]
    owner: str | None = None

    @property
    def _own(self) -> sa.ColumnElement[bool]:
        return sa.true() if self.owner is None else scenarios.c.owner == self.owner

    def all(self) -> tuple[Saved, ...]:
        """Return every scenario, the one saved last first."""
        with self.reading() as connection:
            found = connection.execute(sa.select(scenarios).where(self._own).order_by(scenarios.c.id.desc())).all()
        return tuple(_saved(row) for row in found)

    def get(self, wanted: str) -> Saved:
        """Return the scenario of a name, or else of a number; raise `BadInput` where there is none."""
        number = int(wanted) if wanted.isdecimal() and len(wanted) < _TOO_MANY_DIGITS else -1
        with self.reading() as connection:
            for same in (scenarios.c.name == wanted, scenarios.c.id == number):
                row = connection.execute(sa.select(scenarios).where(same & self._own)).first()
                if row is not None:
                    return _saved(row)
        raise _missing(wanted)

    def check(self, name: str) -> None:
        """Raise `BadInput` where a name is taken or cannot be one, before a long search is begun for it."""
        with self.reading() as connection:
            if connection.execute(sa.select(scenarios.c.id).where(scenarios.c.name == _checked(name))).first():
                raise _taken(_checked(name))

    def add(self, name: str, document: str) -> int:
        """Save a scenario and return its number; raise `BadInput` where the name is taken or cannot be one."""
        plain = _checked(name)
        values = {"name": plain, "saved_at": datetime.now(UTC), "document": document, "owner": self.owner or ""}
        with self.changing() as connection:
            try:
                key = connection.execute(sa.insert(scenarios), values).inserted_primary_key
            except IntegrityError:
                raise _taken(plain) from None
        return int(key[0]) if key else -1

    def rename(self, number: int, name: str) -> None:
        """Give a scenario another name; raises as `add` and `get` do."""
        changed = sa.update(scenarios).where((scenarios.c.id == number) & self._own).values(name=_checked(name))
        with self.changing() as connection:
            try:
                count = connection.execute(changed).rowcount
            except IntegrityError:
                raise _taken(_checked(name)) from None
            if not count:
                raise _missing(str(number))

    def delete(self, number: int) -> None:
        """Delete a scenario; raise `BadInput` where there is none."""
        with self.changing() as connection:
            if not connection.execute(sa.delete(scenarios).where((scenarios.c.id == number) & self._own)).rowcount:
                raise _missing(str(number))


def _saved(row: sa.Row[tuple[int, str, datetime, str]]) -> Saved:
    at = row.saved_at
    return Saved(row.id, row.name, at if at.tzinfo else at.replace(tzinfo=UTC), row.document)


def _checked(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > _LONGEST or not plain.isprintable():
        raise BadInput(
            message("A scenario needs a name of 1 to {most} characters.", most=_LONGEST),
            where=plain[:_LONGEST] if plain.isprintable() else "",
            remedy=message("Choose a name such as Bavaria 2027."),
        )
    return plain


def _taken(name: str) -> BadInput:
    return BadInput(
        message("There is already a scenario with the name {name}.", name=name),
        where=name,
        remedy=message("Choose another name, or delete that scenario first."),
    )


def _missing(wanted: str) -> BadInput:
    return BadInput(
        message("There is no saved scenario {wanted}.", wanted=wanted),
        where=wanted,
        remedy=message("Look at the list of saved scenarios; it may have been renamed or deleted."),
    )
