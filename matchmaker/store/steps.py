"""The steps of cooperations in the database: rows are only ever added, and those of one act belong to one change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from matchmaker.store.tables import STORED, revision, step


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step as it is kept: ``content`` are the columns of the table that say what was done, ``at`` is in UTC."""

    cooperation: str
    at: datetime
    content: Mapping[str, Any]


def all_of(connection: sa.Connection) -> tuple[StepRow, ...]:
    """Return the steps of all cooperations, each in its order."""
    rows = connection.execute(
        sa.select(step, revision.c.at)
        .join(revision, revision.c.number == step.c.number)
        .order_by(step.c.cooperation, step.c.position)
    ).mappings()
    found = []
    for row in rows:
        content = {name: row[name] for name in row if name not in {"cooperation", "position", "number", "at"}}
        at = row["at"].replace(tzinfo=UTC) if row["at"].tzinfo is None else row["at"].astimezone(UTC)
        found.append(StepRow(row["cooperation"], at, content))
    return tuple(found)


def count(connection: sa.Connection, cooperation: str) -> int:
    """Return how many steps a cooperation has."""
    counted = sa.select(sa.func.count()).select_from(step).where(step.c.cooperation == cooperation)
    return int(connection.execute(counted).scalar_one())


def add(
    connection: sa.Connection, cooperation: str, after: int, number: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add steps after the first so many, under the number of the change they belong to."""
    places = range(after, after + len(rows))
    new = [
        {**row, "cooperation": cooperation, "position": place, "number": number}
        for place, row in zip(places, rows, strict=True)
    ]
    connection.execute(sa.insert(step), new)


def tell(connection: sa.Connection, cooperation: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Replace what the tables of a data package say about a cooperation; without rows it is taken out of them."""
    for name, column in (("cooperation_members", "cooperation_id"), ("cooperations", "id")):
        table = STORED[name]
        connection.execute(sa.delete(table).where(table.c[column] == cooperation))
        if rows.get(name):
            connection.execute(sa.insert(table), list(rows[name]))


def forget(connection: sa.Connection, before: datetime) -> None:
    """Delete what was written in steps from before a moment; what was done stays."""
    old = sa.select(revision.c.number).where(revision.c.at < before)
    connection.execute(sa.update(step).where(step.c.number.in_(old)).values(text=""))
