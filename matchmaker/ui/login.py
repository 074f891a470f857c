"""Who uses a session: the one user of a desk, or whoever an identity provider names (OpenID Connect).

Streamlit logs in and keeps a signed cookie; what the cookie says is checked here anew with every click, and so is
the account, which may be removed at any time. Whatever is not clearly in order lets nobody in.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from matchmaker import access
from matchmaker.access import LOCAL, Role, User
from matchmaker.errors import Forbidden
from matchmaker.message import message
from matchmaker.workspace import Workspace

_SETTINGS: Final = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_LEAST_SECRET: Final = 32
"""Characters of the secret that signs cookies: whoever guesses it is anybody."""


def user() -> User:
    """Return who uses this session; raise `Forbidden` where nobody has been let in."""
    found: User | None = st.session_state.get("user")
    if found is None:
        raise Forbidden(message("Nobody is logged in."), remedy=message("Log in first."))
    return found


def own_key() -> str:
    """Return the municipality that an officer begins with, once in a session; empty for others."""
    if st.session_state.get("begun") or user().role is not Role.OFFICER:
        return ""
    st.session_state["begun"] = True
    return user().scope[0]


def enter(workspace: Workspace) -> User | None:
    """Find out who uses this session and keep it for this run; None where somebody has to log in first.

    Raises `Forbidden` where a login cannot be accepted, and where the settings of the login are not in order.
    """
    before = st.session_state.pop("user", None)
    now = LOCAL if (settings := _settings()) is None else _logged_in(workspace, settings)
    if before is not None and before != now:
        # What somebody else has begun is none of the newcomer's business.
        st.session_state.clear()
    if now is not None:
        st.session_state["user"] = now
    return now


def _logged_in(workspace: Workspace, settings: Mapping[str, Any]) -> User | None:
    if not st.user.get("is_logged_in"):
        return None
    issuer, subject = access.identified(st.user.to_dict(), str(settings["client_id"]), time.time())
    found = workspace.user_of(issuer, subject)
    if found is None:
        raise Forbidden(
            message("There is no account for you yet."),
            where=subject,
            remedy=message(
                "Tell whoever looks after the accounts your subject {subject} and issuer {issuer}.",
                subject=subject, issuer=issuer,
            ),
        )  # fmt: skip
    return found


def _settings() -> Mapping[str, Any] | None:
    """Return the settings of the login; None where there are none, as on a desk."""
    try:
        found: Mapping[str, Any] | None = st.secrets.get("auth")
    except FileNotFoundError:
        # Streamlit raises the same for a file that is not there and for one that cannot be read.
        if any(Path(file).exists() for file in st.get_option("secrets.files")):
            raise _not_in_order("secrets.toml") from None
        return None
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise _not_in_order("auth")
    for name in _SETTINGS:
        if not found.get(name) or (name == "cookie_secret" and len(str(found[name])) < _LEAST_SECRET):
            raise _not_in_order(f"auth.{name}")
    if importlib.util.find_spec("authlib") is None:
        raise Forbidden(
            message("The login needs the Python package Authlib."),
            where="Authlib",
            remedy=message("Install it: pip install 'authlib>=1.9,<2' 'httpx>=0.28,<1'"),
        )
    return found


def _not_in_order(where: str) -> Forbidden:
    return Forbidden(
        message("The login is not set up rightly ({where}), so nobody is let in.", where=where),
        where=where,
        remedy=message("Correct the file .streamlit/secrets.toml as the manual of the server says, and start again."),
    )
