"""The view for paper: tables whole, everything unfolded. What must not be printed at all, `browser` takes away."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

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


def fold(label: str, *, icon: str | None = None) -> DeltaGenerator:
    """Return a container that can be unfolded; on paper it is."""
    return st.expander(label, icon=icon, expanded=printing())
