"""Page "Anfragen und Zusammenarbeit": what one asks others, is asked, and does together."""

from __future__ import annotations

import streamlit as st

from matchmaker import access
from matchmaker.ui import cache, dealings, inputs, login, show

_ = inputs.chosen_language()
st.title(_("Requests and cooperation"))
key = st.session_state.get("key", "")
data, user = cache.dataset(), login.user()
lives = cache.lives(cache.workspace().version())
if key:
    asker = data.profiles.municipality(data.profiles.row(key))
    st.markdown(
        _("What **{name}** asks others, is asked, and does together with them.").format(name=show.name(asker, _))
    )
    if access.may_edit(user, key) and not asker.simulated:
        dealings.requests(key, lives, data, _)
        dealings.together(key, lives, data, _)
        dealings.form(key, data, _)
    else:
        st.info(_("You may look at this municipality, not ask or answer for it."), icon=":material/lock:")
else:
    st.info(_("Choose your municipality on the left."), icon=":material/arrow_back:")
dealings.groups(key, lives, data, _)
if access.may_plan(user):
    dealings.overview(lives, data, _)
