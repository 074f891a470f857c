"""Competence centres on the page of the network: which there are, and a form to enter, change or take out one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from matchmaker import access
from matchmaker.dataset import Dataset
from matchmaker.entries import HAND_ENTERED, centre_at
from matchmaker.errors import EntryRejected, MatchmakerError
from matchmaker.i18n import Language
from matchmaker.ui import cache, inputs, login, printing, show, tables

_NEW: Final = ""


def section(data: Dataset, _: Language) -> None:
    """List the competence centres and let them be entered."""
    st.caption(_("Each municipality is told the one that works on most of its needs, the nearer of equals."))
    if data.centres:
        tables.draw(_table(data, _), "kompetenzzentren.csv", _)
    else:
        st.markdown(_("No competence centre is known yet."))
    if printing.printing() or not access.may_plan(login.user()):
        return
    fold = printing.fold(_("Enter or change a competence centre"), key="centre")
    if not fold.open:
        return
    with fold:
        if cache.workspace().place:
            _form(data, _)
        else:
            st.markdown(_("This package is only looked at: nothing can be saved in it."))


def _table(data: Dataset, _: Language) -> pd.DataFrame:
    titles = {use_case.id: _.label(use_case.title) for use_case in data.catalogue.use_cases}
    return pd.DataFrame(
        [
            (c.name, c.place, c.land, _(c.place_status) if c.place_status else "",
             ", ".join(titles.get(topic, topic) for topic in c.topics), c.host, c.url, c.id)
            for c in data.centres
        ],
        columns=[_("Name"), _("Seat"), _("Land"), _("Seat is"), _("Topics"), _("Who is behind it"), _("Source"),
                 _("Number")],
    )  # fmt: skip


def _form(data: Dataset, _: Language) -> None:
    known = {centre.id: centre for centre in data.centres}
    chosen = st.selectbox(
        _("Which one?"), [_NEW, *known], key="centre_chosen",
        format_func=lambda id_: f"{known[id_].name} · {id_}" if id_ in known else _("a new one"),
    )  # fmt: skip
    now = known.get(chosen)
    labels = cache.choices(cache.workspace().version(), inputs.shows_simulated(), _("simulated"))
    titles = {use_case.id: _.label(use_case.title) for use_case in data.catalogue.use_cases}
    with st.form(f"centre_{chosen}", border=False, enter_to_submit=False):
        name = st.text_input(_("Name"), now.name if now else "", key=f"centre_name_{chosen}")
        seat = st.selectbox(
            _("Seat"), list(labels), index=None, format_func=lambda key: labels.get(key, key),
            key=f"centre_seat_{chosen}",
            placeholder=_("stays as it is: {place}").format(place=now.place) if now else _("Type a name or key"),
        )  # fmt: skip
        topics = st.multiselect(
            _("Use cases it works on"), list(titles), [t for t in now.topics if t in titles] if now else [],
            format_func=titles.__getitem__, placeholder=_("Choose use cases"), select_all=False,
            key=f"centre_topics_{chosen}",
        )  # fmt: skip
        host = st.text_input(
            _("Who is behind it"),
            now.host if now else "",
            key=f"centre_host_{chosen}",
            help=_("For example a university."),
        )
        url = st.text_input(_("Page on the web"), now.url if now else "", key=f"centre_url_{chosen}")
        with st.container(horizontal=True):
            saved = st.form_submit_button(_("Save"), icon=":material/save:")
            removed = bool(now) and st.form_submit_button(_("Remove"), icon=":material/delete:")
    try:
        if removed:
            cache.workspace().remove_centre(chosen, by=inputs.author())
        elif saved and seat:
            entered = centre_at(data, seat, name=name, topics=topics, host=host, url=url, id_=chosen)
            cache.workspace().enter_centre(entered, new=now is None, by=inputs.author())
        elif saved and now:
            entered = replace(
                now, name=name.strip(), topics=tuple(topics), host=host.strip(), url=url.strip(), source=HAND_ENTERED
            )
            cache.workspace().enter_centre(entered, new=False, by=inputs.author())
        elif saved:
            st.error(_("Choose the seat: the distance is counted from there."))
            return
        else:
            return
    except EntryRejected as error:
        show.entries(error, {"name": _("Name"), "host": _("Who is behind it"), "url": _("Page on the web")}, _)
        return
    except MatchmakerError as error:
        show.failure(error, _)
        return
    st.toast(_("Saved."), icon=":material/check:")
    st.rerun()
