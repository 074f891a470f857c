"""The life of a cooperation step by step; contact of a municipality; under what number it appears without its name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and a column; what is there stays as it is."""
    op.create_table(
        "step",
        sa.Column("cooperation", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("other", sa.String(8), nullable=False),
        sa.Column("use_case", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("value", sa.Float),
        sa.PrimaryKeyConstraint("cooperation", "position", name="pk_step"),
    )
    op.create_table(
        "alias",
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("alias", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_alias"),
        sa.UniqueConstraint("alias", name="uq_alias_alias"),
    )
    op.add_column("profiles", sa.Column("contact", sa.Text, nullable=False, server_default=""))
