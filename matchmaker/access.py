"""Who may do what: users, their roles and their rights. Pure: who somebody is, is found out elsewhere.

=========  ==================================  ==============================================================
role       scope                               rights beside reading what is open to it
=========  ==================================  ==============================================================
officer    keys of municipalities              edits these, sees their history and brings back earlier states
centre     Länder (``SH``), keys of districts  plans this region, reads what is not hidden there, brings back
           or municipalities                   earlier states of its municipalities (moderates)
viewer     none                                none
admin      none                                everything
=========  ==================================  ==============================================================

Whoever can open the database, such as the one user of a desk and the command line, is `LOCAL` and may do everything:
the rights of the file or of the database account protect it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from matchmaker.errors import Forbidden
from matchmaker.message import Message, message
from matchmaker.model import LANDS

_DISTRICT: Final = 5
"""Digits of the key of a district; a municipality's own key begins with it."""

_ASK_ADMIN: Final = message("Ask whoever looks after the accounts for the right to do this.")


class Role(StrEnum):
    """What an account is for."""

    OFFICER = "officer"
    CENTRE = "centre"
    VIEWER = "viewer"
    ADMIN = "admin"


ROLE_NAMES: Final = {
    Role.OFFICER: message("Officer of a municipality"),
    Role.CENTRE: message("Competence centre"),
    Role.VIEWER: message("Viewer"),
    Role.ADMIN: message("Administrator"),
}


@dataclass(frozen=True, slots=True)
class User:
    """Whoever asks.

    ``scope`` are the keys of an officer, or the Länder and keys of a centre. ``name`` stands in the history beside
    what the user changes: the account, empty for the local user.
    """

    role: Role
    scope: tuple[str, ...] = ()
    name: str = ""

    @property
    def unnamed(self) -> User:
        """The same rights without the name: whoever has them may do and see the same."""
        return replace(self, name="")


_HOURS: Final = 12
"""How long a login holds: a working day. The browser keeps the cookie for thirty."""

_LEEWAY: Final = 120
"""Seconds by which two clocks may differ."""

LOCAL: Final = User(Role.ADMIN)
"""Who opens the database without any login."""


def identified(claims: Mapping[str, Any], client_id: str, now: float) -> tuple[str, str]:
    """Return issuer and subject of a login from the claims of its token, whose signature was checked before.

    Raises `Forbidden` for a token that names nobody, was made for another application (``aud``, ``azp``), was issued
    later than ``now`` (seconds since 1970), or more than twelve hours before. The token's own ``exp`` says until when
    it may be handed in at the login, often minutes; it was checked there.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        raise _refused(message("This login names nobody."))
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise _refused(message("This login was made for another application."))
    if claims.get("azp", client_id) != client_id:
        raise _refused(message("This login was made for another application."))
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise _refused(message("This login does not say when it was made."))
    if not now - _HOURS * 3600 < issued <= now + _LEEWAY:
        raise _refused(message("This login has expired."))
    return issuer, subject


def _refused(what: Message) -> Forbidden:
    return Forbidden(what, where="login", remedy=message("Log out and in again."))


def may_edit(user: User, key: str) -> bool:
    """Return whether a user may change what a municipality says about itself."""
    return user.role is Role.ADMIN or (user.role is Role.OFFICER and key in user.scope)


def may_moderate(user: User, key: str) -> bool:
    """Return whether a user may bring back an earlier state of a municipality."""
    return may_edit(user, key) or in_region(user, key)


def in_region(user: User, key: str) -> bool:
    """Return whether a user is the centre of the region in which a municipality lies."""
    return user.role is Role.CENTRE and bool({_land(key), key[:_DISTRICT], key} & set(user.scope))


def may_plan(user: User) -> bool:
    """Return whether a user may plan any region at all."""
    return user.role in {Role.ADMIN, Role.CENTRE}


def require_edit(user: User, keys: Iterable[str]) -> None:
    """Raise `Forbidden` for the first of some municipalities that a user may not change."""
    for key in keys:
        if not may_edit(user, key):
            raise Forbidden(
                message("You may not change what is entered about {key}.", key=key), where=key, remedy=_ASK_ADMIN
            )


def require_moderate(user: User, key: str) -> None:
    """Raise `Forbidden` where a user may not bring back earlier states of a municipality."""
    if not may_moderate(user, key):
        raise Forbidden(
            message("You may not see or bring back earlier versions of {key}.", key=key), where=key, remedy=_ASK_ADMIN
        )


def require_admin(user: User) -> None:
    """Raise `Forbidden` for everybody who is no admin."""
    if user.role is not Role.ADMIN:
        raise Forbidden(message("Only an administrator may do this."), where=user.role, remedy=_ASK_ADMIN)


def require_plan(user: User) -> None:
    """Raise `Forbidden` for whoever may not plan any region."""
    if not may_plan(user):
        raise Forbidden(message("Only a competence centre may plan a region."), where=user.role, remedy=_ASK_ADMIN)


def planned_region(
    user: User, lands: Sequence[str], districts: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the Länder and keys that a user plans for: those asked for, the own region where none is named.

    Raises `Forbidden` for anybody but a centre in its own region and an admin.
    """
    if user.role is Role.ADMIN:
        return tuple(lands), tuple(districts)
    require_plan(user)
    if not (lands or districts):
        lands = [part for part in user.scope if part in LANDS]
        districts = [part for part in user.scope if part not in LANDS]
    outside = [land for land in lands if land not in user.scope]
    outside += [key for key in districts if not in_region(user, key)]
    if outside:
        raise Forbidden(
            message("{place} is not part of your region.", place=outside[0]),
            where=outside[0],
            remedy=message("Your region is: {region:list}.", region=user.scope),
        )
    return tuple(lands), tuple(districts)


def _land(key: str) -> str:
    """Return the Land in which a key lies; empty for keys of participants that do not exist."""
    number = int(key[:2]) if key[:2].isdecimal() else 0
    return LANDS[number - 1] if 1 <= number <= len(LANDS) else ""
