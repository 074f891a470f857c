"""Page "Partner finden": who fits, why, and where it can be read."""

from __future__ import annotations

import streamlit as st

from matchmaker import service
from matchmaker.ui import cache, inputs, maps, printing, show, tables

SHOWN = 5
"""Partners shown as cards at once; all others are in pictures and tables, and their cards unfold."""

_ = inputs.chosen_language()
st.title(_("Find partners"))
key = st.session_state.get("key", "")
if not key:
    st.info(_("Choose your municipality on the left."), icon=":material/arrow_back:")
    st.stop()

data = cache.dataset()
asker = data.profiles.municipality(data.profiles.row(key))
st.markdown(_("Partners for **{name}**").format(name=show.name(asker, _)))
show.centre(service.nearest_centre(data, key), {u.id: _.label(u.title) for u in data.catalogue.use_cases}, _)
st.page_link("matchmaker/ui/pages/projects.py", label=_("Joint projects"), icon=":material/savings:")
preferences, top = inputs.preferences(_)
show.both(data, key, st.query_params.get("with", ""), preferences, _)
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
st.caption(
    _(
        "The score lies between 0 and 1. What counts is the order: hardly anybody is near, similar and complementary "
        "at once. Plus signs speak for a partner, minus signs against, arrows say what would help."
    )
)
everything = st.container(horizontal=True, gap="medium")
with everything.container(width=420):
    for suggestion in found[:SHOWN]:
        show.suggestion(suggestion, _)
    if rest := found[SHOWN:]:
        with printing.fold(_.plural("{count} more partner", "{count} more partners", len(rest)), key="more") as more:
            for suggestion in rest if more.open else ():
                show.suggestion(suggestion, _)
with everything.container(width=maps.NARROW):
    st.subheader(_("Where the score comes from"))
    show.score_bars(found, _)
    st.subheader(_("On the map"))
    maps.map_of(
        {
            _("Your municipality"): [(asker, 16)],
            _("Real partner"): [(s.partner, 11) for s in found if not s.partner.simulated],
            **({_("Simulated partner"): [(s.partner, 11) for s in found if s.partner.simulated]}
               if any(s.partner.simulated for s in found) else {}),
        },
        {_("Suggestion"): [(asker, s.partner) for s in found]},
        _,
        key="partner_map",
        file="partner-karte",
        alt=_("Map of the partners; the table below has the same places."),
        width=maps.NARROW,
    )  # fmt: skip
with printing.fold(_("All figures"), key="figures", icon=":material/table:") as figures:
    if figures.open:
        table = tables.scores(found, _)
        digits = {str(column): 0 if column == _("km") else 2 for column in table.select_dtypes("number")}
        tables.draw(table, "partner.csv", _, digits={**digits, _("Rank"): 0})
        st.caption(_("All parts lie between 0 and 1. An empty cell means: nothing is reported."))
with printing.fold(_("What if something counted more or less?"), key="shifts", icon=":material/tune:") as shifts:
    if shifts.open:
        changes = tables.shifts(cache.weight_shifts(cache.workspace().version(), key, preferences, top), _)
        if changes.empty:
            st.markdown(_("The list holds: no single weight, left out or doubled, brings in anybody else."))
        else:
            st.markdown(
                _("Who would come in and who would drop out if one weight alone were left out or counted twice.")
            )
            tables.draw(changes, "gewichte.csv", _)
