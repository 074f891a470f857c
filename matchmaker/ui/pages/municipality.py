"""Page "Meine Kommune": what a municipality says about itself."""

from __future__ import annotations

import streamlit as st

from matchmaker import access
from matchmaker.entries import own_profile
from matchmaker.model import Stage
from matchmaker.ui import cache, inputs, login, past, printing, profile, sheet, show, standing, steps

_ = inputs.chosen_language()
st.title(_("My municipality"))
key = st.session_state.get("key", "")
data = cache.dataset()

if not key:
    st.markdown(
        _(
            "Differences within a size class are larger than between town and country. So partners are found by "
            "profile here: by what you need, what you already have and what you can learn from each other."
        )
    )
    st.info(_("Choose your municipality on the left."), icon=":material/arrow_back:")
    st.markdown(
        _(
            "1. **My municipality**: choose yours on the left and say what bothers you. That is enough to begin.\n"
            "2. **Find partners**: who fits, why, and where it can be read.\n"
            "3. **Joint projects**: what a group saves, who could lead and who pays what."
        )
    )
    show.stock(data, _)
    if login.user().role is access.Role.ADMIN:
        profile.enter_by_hand(_)
    st.stop()

row = data.profiles.row(key)
own = own_profile(data, key)
st.subheader(show.name(own.municipality, _))
st.caption(show.facts(own.municipality, _) + f" · {key}")
if own.municipality.simulated:
    st.warning(_("This participant is simulated. It can be looked at, not edited."), icon=":material/science:")
show.cooperations(data.cooperations_of(row), _)
if not access.may_edit(login.user(), key):
    st.info(_("You may look at this municipality, not change what is entered about it."), icon=":material/lock:")
    sheet.draw(own, data, _)
    if access.may_moderate(login.user(), key):
        past.show_history(key, _, locked=False)
    st.stop()

read = profile.begun(own)
edited, readable = profile.entered(read, data.catalogue)
if printing.printing():
    sheet.draw(edited, data, _, mine=True)
    if any(level is not None for level in edited.maturity):
        standing.draw(edited.maturity, key, data, _)
else:
    needs, offers, maturity, means = st.tabs(
        [_("1 What bothers you"), _("2 What already runs"), _("3 Maturity"), _("4 Staff, money, contact")],
        on_change="rerun", key="steps",
    )  # fmt: skip
    if needs.open:
        with needs:
            steps.needs(read, data.catalogue, _)
    if offers.open:
        with offers:
            steps.offers(read, data.catalogue, _)
    if maturity.open:
        with maturity:
            steps.maturity(read, data.catalogue, _)
            standing.draw(edited.maturity, key, data, _)
    if means.open:
        with means:
            steps.means(read, _)

said = st.container()
with st.container(horizontal=True, vertical_alignment="center"):
    if unsaved := profile.saving(edited, own, said, _, readable=readable):
        st.markdown(f":orange[{_('There are unsaved changes.')}]")
        if not readable:
            st.markdown(_("A number under Staff and money cannot be read yet."))
    elif any(stage.stage is not Stage.ENDED for stage in own.offers) or own.needs:
        st.page_link("matchmaker/ui/pages/partners.py", label=_("Find partners"), icon=":material/group:")
        st.page_link("matchmaker/ui/pages/projects.py", label=_("Joint projects"), icon=":material/savings:")
sheet.openness(key, _)
past.show_history(key, _, locked=unsaved)
