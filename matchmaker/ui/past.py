"""The history of a profile: what was entered when, what each change changed, and the way back."""

from __future__ import annotations

from datetime import timedelta, timezone

import streamlit as st

from matchmaker.changes import occasion
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.ui import cache, inputs, profile, show
from matchmaker.workspace import Past

_SHOWN = 10
"""Versions shown on the page; all of them are listed on the command line."""


def show_history(key: str, _: Language, *, locked: bool) -> None:
    """Show what was entered when, quietly; ``locked`` while there are unsaved changes that a way back would discard."""
    found = cache.history(cache.workspace().version(), key)
    if not found:
        return
    with st.expander(_("History"), icon=":material/history:"):
        if locked:
            st.caption(_("To bring an earlier version back, save your changes first or discard them."))
        for entry in found[:_SHOWN]:
            _version(key, entry, found[0].version.number, _, locked=locked)
        if (rest := len(found) - _SHOWN) > 0:
            st.caption(_.plural("{count} earlier version is kept.", "{count} earlier versions are kept.", rest))
        st.markdown(_("Before: nothing entered; what is published applies."))
        _way_back(key, 0, found[0].version.number, _("Take back all entries"), _, locked=locked)


def _version(key: str, entry: Past, last: int, _: Language, *, locked: bool) -> None:
    version = entry.version
    # Browsers say how many minutes they are behind UTC.
    zone = timezone(-timedelta(minutes=st.context.timezone_offset or 0))
    line = [_.moment(version.at.astimezone(zone)), _.render(occasion(version.what)), _origin(version.by.origin, _)]
    line += [version.by.who] if version.by.who else []
    st.markdown(f"**{show.escaped(' · '.join(filter(None, line)))}**")
    words = [show.escaped(_.render(said)) for said in entry.words]
    st.markdown("\n".join(f"- {said}" for said in words) or _("No change of needs, offers, maturity or capacity."))
    if version.number != last:
        _way_back(key, version.number, last, _("Bring this version back"), _, locked=locked)


def _way_back(key: str, number: int, last: int, label: str, _: Language, *, locked: bool) -> None:
    # With the last version in its name, a click on a page that others have overtaken reaches nothing.
    field = f"restore_{key}_{number}_{last}"
    if not st.button(label, icon=":material/undo:", key=field, disabled=locked, type="tertiary"):
        return
    try:
        cache.workspace().restore(key, number, by=inputs.author(), over=last)
    except MatchmakerError as error:
        show.failure(error, _)
        return
    profile.start_over(key)
    st.toast(_("Saved."), icon=":material/check:")
    st.rerun()


def _origin(origin: str, _: Language) -> str:
    return {"page": _("on the page"), "command": _("on the command line")}.get(origin, "")
