"""Competence centres, entered or imported; ids of such may be longer than keys of municipalities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXTS = ("name", "place", "place_status", "land", "topics", "host", "url", "source")


def upgrade() -> None:
    """Make the table, and room for its ids among what is stated."""
    op.create_table(
        "competence_centres",
        sa.Column("id", sa.String(40), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        *(sa.Column(name, sa.Float) for name in ("lat", "lon")),
        sa.PrimaryKeyConstraint("id", name="pk_competence_centres"),
    )
    with op.batch_alter_table("stated") as table:
        table.alter_column("key", type_=sa.String(40), existing_type=sa.String(8), existing_nullable=False)
