"""Page "Start": what a visitor may want to do, and what there is to do it with."""

from __future__ import annotations

import streamlit as st

from matchmaker.ui import cache, dealings, inputs, profile, show

_ = inputs.chosen_language()
st.title(_("What do you want to do?"))
st.markdown(_("Find partners for artificial intelligence in German municipalities, and projects that pay together."))
dealings.remind(_)

pages = "matchmaker/ui/pages"
officer, viewer, centre = st.columns(3)
with officer.container(border=True, height="stretch"):
    st.markdown(f"#### {_('Find partners for my municipality')}")
    st.markdown(_("Say what bothers your staff. You see who fits and why, and what a joint project would save."))
    st.page_link(f"{pages}/municipality.py", label=_("1. Describe my municipality"), icon=":material/home:")
    st.page_link(f"{pages}/partners.py", label=_("2. Find partners"), icon=":material/group:")
    st.page_link(f"{pages}/projects.py", label=_("3. See projects"), icon=":material/savings:")
with viewer.container(border=True, height="stretch"):
    st.markdown(f"#### {_('See who works with whom')}")
    st.markdown(
        _("Cooperations that are published or entered, who is a hub, who is still alone, and what types there are.")
    )
    st.page_link(f"{pages}/network.py", label=_("Cooperation network"), icon=":material/hub:")
    st.page_link(f"{pages}/types.py", label=_("Types"), icon=":material/category:")
    st.page_link(f"{pages}/insights.py", label=_("Situation and statements"), icon=":material/fact_check:")
with centre.container(border=True, height="stretch"):
    st.markdown(f"#### {_('Plan projects for a region')}")
    st.markdown(_("Which projects to start together, within the staff and money there are, and how good the plan is."))
    st.page_link(f"{pages}/plan.py", label=_("Competence centre"), icon=":material/checklist:")
    st.page_link(f"{pages}/peers.py", label=_("Peer municipalities"), icon=":material/balance:")
    st.page_link(f"{pages}/method.py", label=_("How it is computed"), icon=":material/calculate:")

if not st.session_state.get("key"):
    profile.first_visit(_)

st.subheader(_("What is known so far"))
data = cache.dataset()
show.stock(data, _)
simulated = int(data.profiles.simulated.sum())
if inputs.shows_simulated() and simulated:
    st.info(
        _(
            "Besides real municipalities there are {count} simulated ones. They do not exist, are marked wherever they "
            "appear, and can be hidden on the left. They show what is possible once real profiles are entered."
        ).format(count=_.number(simulated)),
        icon=":material/science:",
    )
st.caption(_("Nobody is shown with a maturity that it did not enter itself. Unknown stays unknown."))
