"""Papers about a joint project to take along: Word, PDF and Excel, made when they are asked for."""

from __future__ import annotations

import datetime as dt
from functools import partial

import streamlit as st

from matchmaker import reports, service
from matchmaker.dataset import Dataset
from matchmaker.i18n import Language
from matchmaker.model import Consortium
from matchmaker.ui import cache


def offer(group: Consortium, number: int, _: Language) -> None:
    """Offer the council paper of the chosen municipality about a project in each format.

    ``number`` tells the projects of a page apart.
    """
    # Taken here: a paper is made outside the session, where nobody is logged in.
    data, key = cache.dataset(), str(st.session_state.get("key", ""))
    for column, (ending, form) in zip(st.columns(len(reports.FORMATS)), reports.FORMATS.items(), strict=True):
        column.download_button(
            _.render(form.title),
            data=partial(_made, data, group, key, ending, _),
            file_name=f"{key}-{group.use_case}{ending}",
            mime=form.mime,
            key=f"paper_{number}{ending}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )


def _made(data: Dataset, group: Consortium, key: str, ending: str, _: Language) -> bytes:
    today = dt.date.today()  # noqa: DTZ011 - a paper bears the date of the place where it is written
    return reports.FORMATS[ending].document(service.paper_about(data, key, group, today), _)
