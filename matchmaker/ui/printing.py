"""The view for paper: tables whole, everything unfolded. What must not be printed at all, `browser` takes away."""

from __future__ import annotations

import streamlit as st
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

from matchmaker.i18n import Language
from matchmaker.ui import links


def switch(_: Language) -> None:
    """Draw the switch to the view for paper."""
    st.session_state.setdefault("print", bool(links.asked("print")))
    st.toggle(
        _("View for printing"),
        key="print",
        help=_("Shows tables whole and unfolds everything. Then print with your browser or save as PDF."),
    )
    links.say(print="1" if printing() else "")


def printing() -> bool:
    """Return whether the page is shown as it goes on paper."""
    return bool(st.session_state.get("print", False))


def fold(label: str, *, key: str = "", icon: str | None = None) -> ExpanderContainer:
    """Return a container that can be unfolded; on paper it is.

    With a key its attribute ``open`` tells whether it is unfolded: what takes time is drawn only then.
    """
    if not key:
        return st.expander(label, icon=icon, expanded=printing())
    # A fold has its state from its first run on: another key lets the view for printing begin with all unfolded.
    key = f"fold_{key}_paper" if printing() else f"fold_{key}"
    return st.expander(label, icon=icon, expanded=printing(), key=key, on_change="rerun")
