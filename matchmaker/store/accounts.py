"""Accounts: what the identity provider calls somebody, a role and a scope; nothing else about a person is kept."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from matchmaker.store.tables import account


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in.

    ``issuer`` and ``subject`` are the claims ``iss`` and ``sub`` of the identity provider, which together name one
    person for good. ``scope`` says for which municipalities or region the role holds.
    """

    issuer: str
    subject: str
    role: str
    scope: tuple[str, ...] = ()


def all_of(connection: sa.Connection) -> tuple[Account, ...]:
    """Return all accounts, by issuer and subject."""
    found = [_account(row) for row in connection.execute(sa.select(account))]
    return tuple(sorted(found, key=lambda one: (one.issuer, one.subject)))


def one(connection: sa.Connection, issuer: str, subject: str) -> Account | None:
    """Return one account; None where there is none."""
    row = connection.execute(sa.select(account).where(_is(issuer, subject))).one_or_none()
    return None if row is None else _account(row)


def add(connection: sa.Connection, new: Account) -> None:
    """Add an account that is not there yet."""
    values = {"issuer": new.issuer, "subject": new.subject, "role": new.role, "scope": " ".join(new.scope)}
    connection.execute(sa.insert(account), values)


def remove(connection: sa.Connection, issuer: str, subject: str) -> bool:
    """Remove an account and return whether there was one."""
    return connection.execute(sa.delete(account).where(_is(issuer, subject))).rowcount > 0


def _is(issuer: str, subject: str) -> sa.ColumnElement[bool]:
    return (account.c.issuer == issuer) & (account.c.subject == subject)


def _account(row: sa.Row[tuple[str, str, str, str]]) -> Account:
    return Account(row.issuer, row.subject, row.role, tuple(row.scope.split()))
