"""The history: what each municipality had entered after every change, by whom, from where; nothing is ever rewritten.

A state is the rows of one municipality by table, as JSON, with only what is known in them. Whoever reads the history
compares one state with the one before; whoever restores writes an earlier state as a new change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from matchmaker.store.tables import STORED, history, revision, stated

State: TypeAlias = Mapping[str, Sequence[Any]]
"""Rows of one municipality by table, without its key, and under ``stated`` the blocks that it has entered."""

BLOCKS: Final = ("profiles", "needs", "offers")
"""Tables whose former states are kept: what municipalities enter about themselves."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, and from where.

    ``who`` is the account, empty for the one user of a desk. ``origin`` is ``page`` or ``command``.
    """

    who: str
    origin: str


PROGRAM: Final = Author("", "")
"""Author of what nobody in particular asked for."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a municipality had entered after a change.

    ``what`` names the change as the store was told it: ``profile KEY``, ``import FILE``, ``restore NUMBER``.
    """

    number: int
    at: datetime
    what: str
    by: Author
    state: State


def versions(connection: sa.Connection, key: str) -> tuple[Version, ...]:
    """Return the kept states of a municipality, newest first."""
    rows = connection.execute(
        sa.select(history.c.number, revision.c.at, revision.c.what, revision.c.who, revision.c.origin, history.c.state)
        .join(revision, revision.c.number == history.c.number)
        .where(history.c.key == key)
        .order_by(history.c.number.desc())
    )
    return tuple(
        Version(number, _in_utc(at), what, Author(who, origin), json.loads(state))
        for number, at, what, who, origin, state in rows
    )


def keep(connection: sa.Connection, keys: Sequence[str], number: int) -> None:
    """Keep the present states of municipalities under the number of a change, where they are others than the last."""
    newest = (
        sa.select(history.c.key, sa.func.max(history.c.number).label("number"))
        .where(history.c.key.in_(keys))
        .group_by(history.c.key)
        .subquery()
    )
    same = (history.c.key == newest.c.key) & (history.c.number == newest.c.number)
    last = connection.execute(sa.select(history.c.key, history.c.state).join(newest, same))
    before = {row.key: row.state for row in last}
    new = [
        {"number": number, "key": key, "state": text}
        for key, state in _states(connection, keys).items()
        if (text := _text(state)) != before.get(key, "{}")
    ]
    if new:
        connection.execute(sa.insert(history), new)


def write(connection: sa.Connection, key: str, state: State) -> None:
    """Replace what a municipality has entered by a state."""
    for name in BLOCKS:
        table = STORED[name]
        connection.execute(sa.delete(table).where(table.c.key == key))
        # Left out of a state is what is unknown: NULL for a number, empty for a text.
        unknown = {c.name: "" if isinstance(c.type, sa.String) else None for c in table.columns}
        rows = [
            {**unknown, "key": key, **({"position": place} if "position" in unknown else {}), **row}
            for place, row in enumerate(state.get(name, ()))
        ]
        known = [{name: value for name, value in row.items() if name in unknown} for row in rows]
        if known:
            connection.execute(sa.insert(table), known)
    connection.execute(sa.delete(stated).where((stated.c.key == key) & stated.c.block.in_(BLOCKS)))
    if blocks := [{"key": key, "block": block} for block in state.get("stated", ())]:
        connection.execute(sa.insert(stated), blocks)


def prune(connection: sa.Connection, before: datetime) -> int:
    """Delete states from before a moment but the last of each municipality, and who made changes then."""
    later = history.alias()
    overtaken = sa.exists().where((later.c.key == history.c.key) & (later.c.number > history.c.number))
    old = sa.select(revision.c.number).where(revision.c.at < before)
    gone = connection.execute(sa.delete(history).where(history.c.number.in_(old) & overtaken)).rowcount
    connection.execute(sa.update(revision).where(revision.c.at < before).values(who=""))
    return gone


def _states(connection: sa.Connection, keys: Sequence[str]) -> Mapping[str, Mapping[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = {key: {} for key in keys}
    for name in BLOCKS:
        table = STORED[name]
        rows = connection.execute(sa.select(table).where(table.c.key.in_(keys)))
        for row in sorted(rows.mappings(), key=lambda row: [row[c.name] for c in table.primary_key]):
            known = {n: value for n, value in row.items() if n not in {"key", "position"} and value not in {None, ""}}
            found[row["key"]].setdefault(name, []).append(known)
    entered = connection.execute(sa.select(stated).where(stated.c.key.in_(keys) & stated.c.block.in_(BLOCKS)))
    for entry in sorted(entered, key=lambda entry: entry.block):
        found[entry.key].setdefault("stated", []).append(entry.block)
    return found


def _text(state: State) -> str:
    return json.dumps(state, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _in_utc(at: datetime) -> datetime:
    """Return a moment with its zone: SQLite keeps none, and what is written there is UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
