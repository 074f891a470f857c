"""History: who made each change from where, and what was entered after it; open-source solutions behind offers."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Written out rather than taken from the store of today, as in 0001; both must agree on the form of a state.
_BLOCKS = {"profiles": ("key",), "needs": ("key", "use_case"), "offers": ("key", "position")}
_FORM: Any = {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")}


def upgrade() -> None:
    """Add the tables and columns, and begin the history with what has been entered so far."""
    for table, columns in (("revision", ("who", "origin")), ("offers", ("software", "software_url", "licence"))):
        for name in columns:
            op.add_column(table, sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_table(
        "history",
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", "number", name="pk_history"),
    )
    connection = op.get_bind()
    states = _states(connection)
    if not states:
        return
    number = (connection.execute(sa.text("SELECT max(number) FROM revision")).scalar() or 0) + 1
    # Texts and moments are bound with their types: SQLite has none of its own.
    changes = sa.table(
        "revision", sa.column("number"), sa.column("at", sa.DateTime(timezone=True)), sa.column("what"),
    )  # fmt: skip
    connection.execute(sa.insert(changes), {"number": number, "at": datetime.now(UTC), "what": "begin"})
    history = sa.table("history", sa.column("key"), sa.column("number"), sa.column("state"))
    rows = [{"key": key, "number": number, "state": json.dumps(state, **_FORM)} for key, state in states.items()]
    connection.execute(sa.insert(history), rows)


def _states(connection: sa.Connection) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for name, order in _BLOCKS.items():
        rows = connection.execute(sa.text(f"SELECT * FROM {name}"))  # noqa: S608 - names from above
        for row in sorted(rows.mappings(), key=lambda row: [row[column] for column in order]):
            known = {n: value for n, value in row.items() if n not in {"key", "position"} and value not in {None, ""}}
            found[row["key"]].setdefault(name, []).append(known)
    entered = connection.execute(sa.text("SELECT key, block FROM stated"))
    for entry in sorted(entered, key=lambda entry: entry.block):
        if entry.block in _BLOCKS:
            found[entry.key].setdefault("stated", []).append(entry.block)
    return found
