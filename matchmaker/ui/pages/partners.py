"""Page "Partner finden": who fits, why, and where it can be read."""

from __future__ import annotations

import streamlit as st

from matchmaker.ui import cache, inputs, show

_ = inputs.chosen_language()
st.title(_("Find partners"))
key = st.session_state.get("key", "")
if not key:
    st.info(_("Choose your municipality on the left."), icon=":material/arrow_back:")
    st.stop()

data = cache.dataset()
asker = data.profiles.municipality(data.profiles.row(key))
st.markdown(_("Partners for **{name}**").format(name=show.name(asker, _)))
preferences, top = inputs.preferences(_)
with st.spinner(_("Comparing with all participants …")):
    found = cache.suggestions(cache.workspace().version(), key, preferences, top)
if not found:
    st.warning(_("No municipality is left within these limits. Widen the filters."), icon=":material/filter_alt:")
    st.stop()
if not data.profiles.need_known[data.profiles.row(key)]:
    st.info(
        _("No needs are entered yet, so much of the score is estimated. Enter what bothers you under My municipality."),
        icon=":material/edit:",
    )

cards, pictures = st.columns([3, 2])
with cards:
    for suggestion in found:
        show.suggestion(suggestion, _)
with pictures:
    st.subheader(_("Where the score comes from"))
    show.score_bars(found, _)
    st.subheader(_("On the map"))
    show.map_of(
        {
            _("Your municipality"): [(asker, 16)],
            _("Real partner"): [(s.partner, 11) for s in found if not s.partner.simulated],
            **({_("Simulated partner"): [(s.partner, 11) for s in found if s.partner.simulated]}
               if any(s.partner.simulated for s in found) else {}),
        },
        {_("Suggestion"): [(asker, s.partner) for s in found]},
        _,
        key="partner_map",
        alt=_("Map of the partners; the table below has the same places."),
    )  # fmt: skip
table = show.score_table(found, _)
st.subheader(_("All figures"))
st.dataframe(table, hide_index=True)
show.download(table, "partner.csv", _)
