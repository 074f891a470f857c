"""Accounts: who may log in, for what; to whom municipalities open what they say; whose a saved plan is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; whoever has opened the database so far needs no account."""
    op.create_table(
        "account",
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_account"),
    )
    op.add_column("scenarios", sa.Column("owner", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "openness",
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("block", sa.String(40), nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", "block", name="pk_openness"),
    )
