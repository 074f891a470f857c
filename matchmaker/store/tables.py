"""Tables of the database: what users entered or imported, in the columns of the data package."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from matchmaker.model import DIMENSIONS

metadata: Final = sa.MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}
)


def _key() -> sa.Column[str]:
    return sa.Column("key", sa.String(8), primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, default="")


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float)


def _order() -> sa.Column[int]:
    return sa.Column("position", sa.Integer, primary_key=True)


register = sa.Table(
    "register", metadata, _key(), _text("name"), _text("land"), _number("lat"), _number("lon"),
    _number("population"), _number("area_km2"), _text("parent_key"), _text("source"),
)  # fmt: skip
profiles = sa.Table(
    "profiles", metadata, _key(), *map(_number, DIMENSIONS), *(_number(f"{d}_se") for d in DIMENSIONS),
    _number("respondents"), _number("fte"), _number("budget_eur"), _text("contact"), _text("provenance"),
    _text("as_of"),
)  # fmt: skip
needs = sa.Table(
    "needs", metadata, _key(), sa.Column("use_case", sa.String(5), primary_key=True),
    _number("urgency"), _text("provenance"), _text("source_url"),
)  # fmt: skip
offers = sa.Table(
    "offers", metadata, _key(), _order(), _text("use_case"), _text("stage"), _text("title"), _text("title_en"),
    _number("year"), _text("provenance"), _text("source_url"), _text("software"), _text("software_url"),
    _text("licence"),
)  # fmt: skip
cooperations = sa.Table(
    "cooperations", metadata, sa.Column("id", sa.String(40), primary_key=True), _text("title"), _text("topic"),
    _text("topic_en"), _text("use_cases"), _text("legal_form"), _text("legal_form_en"), _number("start_year"),
    _text("status"), _text("source_url"),
)  # fmt: skip
cooperation_members = sa.Table(
    "cooperation_members", metadata, sa.Column("cooperation_id", sa.String(40), primary_key=True), _key(),
)  # fmt: skip

competence_centres = sa.Table(
    "competence_centres", metadata, sa.Column("id", sa.String(40), primary_key=True), _text("name"), _text("place"),
    _text("place_status"), _number("lat"), _number("lon"), _text("land"), _text("topics"), _text("host"), _text("url"),
    _text("source"),
)  # fmt: skip

STORED: Final = {
    table.name: table
    for table in (register, profiles, needs, offers, cooperations, cooperation_members, competence_centres)
}
"""Tables of a data package that the database holds."""

OWNER: Final = {"cooperations": "id", "cooperation_members": "cooperation_id", "competence_centres": "id"}
"""Column whose rows are replaced together; the key of the municipality where not named here."""

stated = sa.Table(
    "stated", metadata, sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("block", sa.String(40), primary_key=True),
)  # fmt: skip
"""Blocks that a municipality has entered itself, even when nothing is left in them: they replace what is
published about it."""

revision = sa.Table(
    "revision", metadata, sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False), _text("what"), _text("who"), _text("origin"),
)  # fmt: skip
"""One row per change; the largest number is the version of the data."""

scenarios = sa.Table(
    "scenarios", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, unique=True),
    sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False), _text("document"), _text("owner"),
    sqlite_autoincrement=True,
)  # fmt: skip
"""Saved plans of a region. The number of a deleted one is never given again: links stay honest."""

history = sa.Table(
    "history", metadata, _key(), sa.Column("number", sa.Integer, primary_key=True), _text("state"),
)  # fmt: skip
"""What a municipality had entered after the change of that number, as JSON; rows are only ever added."""

account = sa.Table(
    "account", metadata, sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True), _text("role"), _text("scope"),
)  # fmt: skip
"""Who may log in, by what the identity provider calls them, and for what; nothing else about the person."""

openness = sa.Table(
    "openness", metadata, _key(), sa.Column("block", sa.String(40), primary_key=True), _text("level"),
)  # fmt: skip
"""To whom a municipality opens what it says about itself, where it has chosen."""

step = sa.Table(
    "step", metadata, sa.Column("cooperation", sa.String(40), primary_key=True), _order(),
    sa.Column("number", sa.Integer, nullable=False), _text("act"),
    sa.Column("key", sa.String(8), nullable=False), sa.Column("other", sa.String(8), nullable=False),
    _text("use_case"), _text("text"), _text("reason"), _number("value"),
)  # fmt: skip
"""What was done in the life of a cooperation, by the number of the change; rows are only ever added."""

alias = sa.Table(
    "alias", metadata, _key(), sa.Column("alias", sa.String(8), nullable=False, unique=True),
)  # fmt: skip
"""The number under which a municipality appears to those who may not see its name; drawn by chance."""
