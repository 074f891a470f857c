"""A profile to read, for those who may not change it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker.catalogue import Catalogue
from matchmaker.i18n import Language
from matchmaker.ui import show
from matchmaker.workspace import OwnProfile


def draw(own: OwnProfile, catalogue: Catalogue, _: Language) -> None:
    """Show needs, offers, maturity and capacity as far as they are open to whoever reads them."""
    titles = {use_case.id: _.label(use_case.title) for use_case in catalogue.use_cases}
    words = {1: _("would help"), 2: _("important"), 3: _("pressing")}
    st.subheader(_("Needs"))
    needs = [f"{titles[use_case]} ({words[urgency]})" for use_case, urgency in own.needs]
    _listed(needs, _)
    st.subheader(_("Offers"))
    for activity in own.offers:
        stage = _(activity.stage.value) if activity.stage else _("stage not stated")
        st.markdown(f"- {show.escaped(f'{_.label(activity.title)} ({stage})')}{show.link(activity.url, _)}")
    if not own.offers:
        _listed([], _)
    st.subheader(_("Maturity"))
    levels = pd.DataFrame(
        [
            (_.label(dimension.title), _("unknown") if level is None else _.number(level, 1))
            for dimension, level in zip(catalogue.dimensions, own.maturity, strict=True)
        ],
        columns=[_("Dimension"), _("Level")],
    )
    st.table(levels.set_index(_("Dimension")))
    st.subheader(_("Staff and money"))
    fte = _("unknown") if own.fte is None else _.number(own.fte, 2)
    budget = _("unknown") if own.budget_eur is None else _.eur(own.budget_eur)
    st.markdown(f"- {_('Staff free for AI')}: {show.escaped(fte)}\n- {_('Money free for AI')}: {show.escaped(budget)}")


def _listed(lines: list[str], _: Language) -> None:
    st.markdown("\n".join(f"- {show.escaped(line)}" for line in lines) or _("Nothing is known."))
