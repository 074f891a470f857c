"""Papers about a joint project to take along: Word, PDF and Excel, made when they are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

import streamlit as st

from matchmaker import reports, service
from matchmaker.dataset import Dataset
from matchmaker.i18n import Language
from matchmaker.model import Consortium, Option
from matchmaker.ui import downloads


def offer(
    group: Consortium, options: Sequence[Option], number: int, data: Dataset, _: Language, *, key: str = ""
) -> None:
    """Offer the council paper of a municipality about a project in each format; of the chosen one by default.

    ``options`` are the ways that compete with it, ``data`` hold the own values that it was computed with; ``number``
    tells the projects of a page apart.
    """
    key = key or str(st.session_state.get("key", ""))
    for column, (ending, form) in zip(st.columns(len(reports.FORMATS)), reports.FORMATS.items(), strict=True):
        downloads.button(
            _.render(form.title),
            partial(_made, group, options, data, key, ending, _),
            f"{key}-{group.use_case}{ending}",
            key=f"paper_{number}{ending}",
            mime=form.mime,
            place=column,
            width="stretch",
        )


def _made(group: Consortium, options: Sequence[Option], data: Dataset, key: str, ending: str, _: Language) -> bytes:
    today = dt.date.today()  # noqa: DTZ011 - a paper bears the date of the place where it is written
    return reports.FORMATS[ending].document(service.paper_about(data, key, group, options, today), _)
