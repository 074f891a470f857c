"""First tables: what users enter or import, in the columns of the data package."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out rather than taken from the tables of today: a migration stays as it was when later ones follow.
_DIMENSIONS = [f"D{d}" for d in range(1, 9)]


def _key() -> sa.Column[str]:
    return sa.Column("key", sa.String(8), nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "register",
        _key(),
        *_texts("name", "land"),
        *_numbers("lat", "lon", "population", "area_km2"),
        *_texts("parent_key", "source"),
        sa.PrimaryKeyConstraint("key", name="pk_register"),
    )
    op.create_table(
        "profiles",
        _key(),
        *_numbers(*_DIMENSIONS, *(f"{d}_se" for d in _DIMENSIONS), "respondents", "fte", "budget_eur"),
        *_texts("provenance", "as_of"),
        sa.PrimaryKeyConstraint("key", name="pk_profiles"),
    )
    op.create_table(
        "needs",
        _key(),
        sa.Column("use_case", sa.String(5), nullable=False),
        *_numbers("urgency"),
        *_texts("provenance", "source_url"),
        sa.PrimaryKeyConstraint("key", "use_case", name="pk_needs"),
    )
    op.create_table(
        "offers",
        _key(),
        sa.Column("position", sa.Integer, nullable=False),
        *_texts("use_case", "stage", "title", "title_en"),
        *_numbers("year"),
        *_texts("provenance", "source_url"),
        sa.PrimaryKeyConstraint("key", "position", name="pk_offers"),
    )
    op.create_table(
        "cooperations",
        sa.Column("id", sa.String(40), nullable=False),
        *_texts("title", "topic", "topic_en", "use_cases", "legal_form", "legal_form_en"),
        *_numbers("start_year"),
        *_texts("status", "source_url"),
        sa.PrimaryKeyConstraint("id", name="pk_cooperations"),
    )
    op.create_table(
        "cooperation_members",
        sa.Column("cooperation_id", sa.String(40), nullable=False),
        _key(),
        sa.PrimaryKeyConstraint("cooperation_id", "key", name="pk_cooperation_members"),
    )
    op.create_table(
        "stated",
        _key(),
        sa.Column("block", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("key", "block", name="pk_stated"),
    )
    op.create_table(
        "revision",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_texts("what"),
        sa.PrimaryKeyConstraint("number", name="pk_revision"),
    )
