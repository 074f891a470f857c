"""Page "Kompetenzzentrum": which joint projects a region should start, with proof of how good the choice is."""

from __future__ import annotations

import streamlit as st

from matchmaker import access
from matchmaker.ui import cache, inputs, login, plan_inputs, plan_views, planning, scenarios, wishes

_ = inputs.chosen_language()
st.title(_("Competence centre"))
st.markdown(
    _("Which joint projects should start in the region, within everybody's staff and budget? All are chosen together.")
)
if not access.may_plan(user := login.user()):
    st.info(_("Only a competence centre may plan a region."), icon=":material/lock:")
    st.stop()
if user.scope:
    st.caption(_("Your region is planned where you choose nothing: {region}").format(region=", ".join(user.scope)))
scenarios.open_linked(_)
region, limits, seconds = plan_inputs.ask(_)
limits = wishes.draw(region, limits, _)
if st.button(_("Make a plan"), type="primary", icon=":material/play_arrow:", key="plan_make"):
    planning.start(cache.dataset(), region, limits, seconds)
scenarios.shelf(_)
shown = planning.shown(_)
planning.warn(shown, region, limits, _)
planning.summary(shown.plan, _)
plan_views.draw(shown, _)
scenarios.keep(shown, _)
