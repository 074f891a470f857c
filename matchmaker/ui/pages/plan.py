"""Page "Kompetenzzentrum": which joint projects a region should start, with proof of how good the choice is."""

from __future__ import annotations

import streamlit as st

from matchmaker import access, service
from matchmaker.model import KINDS, LAND_NAMES, LANDS, Kind
from matchmaker.portfolio import Limits
from matchmaker.ui import cache, inputs, login, maps, planning, show, tables

_ = inputs.chosen_language()
st.title(_("Competence centre"))
st.markdown(
    _("Which joint projects should start in the region, within everybody's staff and budget? All are chosen together.")
)
profiles, user = cache.dataset().profiles, login.user()
if not access.may_plan(user):
    st.info(_("Only a competence centre may plan a region."), icon=":material/lock:")
    st.stop()
everywhere = user.role is access.Role.ADMIN
if not everywhere:
    st.caption(_("Your region is planned where you choose nothing: {region}").format(region=", ".join(user.scope)))
districts = {
    str(profiles.key[row]): f"{profiles.name[row]} · {profiles.key[row]}"
    for row in (profiles.kind == KINDS.index(Kind.DISTRICT)).nonzero()[0]
    if not profiles.simulated[row] and (everywhere or access.in_region(user, str(profiles.key[row])))
}
with st.form("plan", border=True):
    left, right = st.columns(2)
    lands = left.multiselect(
        _("Land"), [land for land in LANDS if everywhere or land in user.scope], select_all=False, key="plan_lands",
        format_func=lambda code: _(LAND_NAMES[LANDS.index(code)]), placeholder=_("All Länder"),
    )  # fmt: skip
    chosen = right.multiselect(
        _("Districts"), list(districts), format_func=districts.__getitem__, placeholder=_("All districts"),
        select_all=False, key="plan_districts",
    )  # fmt: skip
    size = left.slider(_("Most members of a group"), 2, 7, 5, key="plan_size")
    load = right.slider(_("Most groups that one municipality leads"), 1, 10, 3, key="plan_load")
    seconds = left.slider(_("Time for the search in seconds"), 5, 600, 30, 5, key="plan_seconds")
    weak = right.toggle(
        _("Take the weakest fifth along"), key="plan_weak",
        help=_("Whoever of the fifth with the lowest maturity can be reached takes part in at least one project."),
    )  # fmt: skip
    asked = st.form_submit_button(_("Make a plan"), type="primary", icon=":material/play_arrow:")
asked_for = (cache.workspace().version(), inputs.shows_simulated())
if asked:
    limits = Limits(max_size=size, most_led=load, include_weak=weak, simulated=inputs.shows_simulated())
    if (earlier := st.session_state.get("plan_run")) is not None:
        earlier[0].stop()
    st.session_state["plan_run"] = (
        planning.Run(cache.dataset(), limits, lands, chosen, float(seconds)), asked_for,
    )  # fmt: skip
run, found_for = st.session_state.get("plan_run", (None, None))
if run is None:
    st.info(_("Choose a region and make a plan."), icon=":material/arrow_upward:")
    st.stop()
if run.going:
    planning.watch(run, _)
    st.stop()
if run.error is not None:
    show.failure(run.error, _)
    st.stop()
if found_for != asked_for:
    st.warning(_("The data or the choice of participants have changed since. Make the plan anew."))

plan, other = run.plans
planning.summary(plan, _)
if plan.projects:
    st.subheader(_("Projects"))
    tables.draw(planning.table(plan, _), "plan.csv", _, digits={_("Saving in euro"): 0})
    st.download_button(
        _("Plan as XLSX, one row for each member"),
        data=lambda: service.plan_workbook(service.plan_table(plan, _.label)),
        file_name="plan.xlsx",
        key="plan_xlsx",
        icon=":material/download:",
    )
with st.container(horizontal=True, gap="medium"):
    with st.container(width=maps.WIDE):
        planning.draw_map(plan, _)
    with st.container():
        st.subheader(_("What does it cost to take the weakest fifth along?"))
        compared = planning.comparison(run.limits, (plan, other), _)
        tables.draw(compared, "vergleich-plaene.csv", _, digits={_("Saving in euro"): 0})
with st.expander(_("Who is in no project, and why ({count})").format(count=_.number(len(plan.left_out)))):
    tables.draw(planning.left_out(plan, _), "ohne-projekt.csv", _)
