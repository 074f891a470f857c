"""The address of a page: it says what is looked at, so that a link leads others to the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from matchmaker.i18n import Language


def asked(name: str) -> str:
    """Return what the address said when it was opened; empty where it said nothing."""
    link = st.session_state.setdefault("link", st.query_params.to_dict())
    return str(link.get(name, ""))


def method(_: Language, section: str) -> str:
    """Return a link to a section of the page on the method; it opens beside the page, so that no entry is lost."""
    return f"[{_('How it is computed')}](methode?lang={_.code}#{section})"


def ask(others: Sequence[str], label: str, **more: str) -> None:
    """Draw the way to the page on which others are asked to work together."""
    st.page_link(
        "matchmaker/ui/pages/cooperation.py", label=label, icon=":material/mail:",
        query_params={"with": ",".join(others), **{name: value for name, value in more.items() if value}},
    )  # fmt: skip


def say(**values: str) -> None:
    """Put values into the address; empty ones are left out of it."""
    for name, value in values.items():
        if not value:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value
