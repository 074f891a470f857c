"""The door of the app where people log in, and the line that says as whom one is in."""

from __future__ import annotations

import streamlit as st

from matchmaker.access import LOCAL, ROLE_NAMES, User
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.ui import cache, show


def door(refusal: MatchmakerError | None, _: Language) -> None:
    """Ask a visitor to log in, or say why he cannot be let in."""
    st.title(_("Matchmaker: partners for AI"))
    if refusal is not None:
        show.failure(refusal, _)
        if st.user.get("is_logged_in"):
            st.button(_("Log out"), on_click=st.logout, icon=":material/logout:")
        return
    st.markdown(
        _("Find partners for artificial intelligence in German municipalities, and projects that pay together.")
    )
    st.markdown(_("What municipalities enter here is shown only to those who log in."))
    st.button(_("Log in"), on_click=st.login, type="primary", icon=":material/login:")
    st.caption(_("Kept of you are only the identifier that your login service gives you, and your role."))


def line(user: User, _: Language) -> None:
    """Say as whom one is in, with the way out; on a desk, where entries are kept."""
    if user == LOCAL:
        if place := cache.workspace().place:
            st.caption(_("Entries are saved here:") + f" `{place}`")
        return
    st.caption(" · ".join([_.render(ROLE_NAMES[user.role]), *user.scope]))
    st.button(_("Log out"), on_click=st.logout, icon=":material/logout:")
    if count := int(cache.dataset().profiles.in_bands.sum()):
        st.caption(
            _.plural(
                "Maturity or means of {count} municipality are known to you in bands only (low, medium, high).",
                "Maturity or means of {count} municipalities are known to you in bands only (low, medium, high).",
                count,
            )
        )
