"""Page "Typen": which starting positions are alike, and how far that can be trusted."""

from __future__ import annotations

import streamlit as st

from matchmaker.clusters import MOST_TYPES
from matchmaker.errors import BadInput
from matchmaker.ui import cache, inputs, printing, show, tables, typology

_ = inputs.chosen_language()
st.title(_("Types"))
st.markdown(
    _("Which starting positions are alike? Maturity, needs, free staff and free money per inhabitant count; size, "
      "place and Land do not. Partners are sought across all types.")
)  # fmt: skip
data = cache.dataset()
simulated = inputs.shows_simulated()
number = st.selectbox(
    _("Number of types"), (None, *range(2, MOST_TYPES + 1)), key="types_number", width=320,
    format_func=lambda k: _("as the data say") if k is None else _.number(k),
)  # fmt: skip
try:
    with st.spinner(_("Looking for types …")):
        found, profiles = cache.types(cache.workspace().version(), simulated, number)
except BadInput as error:
    remedy = " " + _.render(error.remedy) if error.remedy else ""
    st.warning(show.escaped(_.render(error.what) + remedy), icon=":material/edit:")
    everyone = data.profiles
    typology.missing(everyone if simulated else everyone.take(~everyone.simulated), data.catalogue, _)
    st.stop()

typology.trust(found, _)
typed = found.label > 0
if made_up := int((typed & profiles.simulated).sum()):
    st.warning(
        _("{simulated} of the {all} fully assessed municipalities are simulated: the types describe the demonstration, "
          "not Germany.").format(simulated=_.number(made_up), all=_.number(typed.sum())),
        icon=":material/science:",
    )  # fmt: skip
typology.own(found, profiles, st.session_state.get("key", ""), _)

if len(found.types) > 1:
    st.subheader(_("What the types are"))
    for t in found.types:
        size = _.plural("{count} municipality", "{count} municipalities", t.size)
        st.markdown(f"**{t.id} {show.escaped(_.render(t.name))}** ({size}): {show.escaped(_.render(t.portrait))}")
    typology.heat_map(found, _)
    st.subheader(_("Who belongs to which"))
    members = typology.members(found, profiles, _)
    chosen = tables.draw(members, "typen-kommunen.csv", _, digits={_("Strength"): 2}, pick=_("Key"))
    st.caption(_("Strength: 1 at the centre of the own type, 0 halfway to the next one."))
    if chosen and st.button(_("Open its profile"), icon=":material/arrow_forward:"):
        inputs.choose(chosen)
        st.switch_page("matchmaker/ui/pages/municipality.py")

st.subheader(_("How the number was found"))
st.markdown(
    _("Municipalities are divided into two to eight types. Chosen is the number whose separation leads farthest over "
      "that of 19 sets of data without groups, among the steady ones. Where one of these sets has as large a lead by "
      "chance, there are no types.")
)  # fmt: skip
if found.tried:
    typology.numbers_tried(found, _)
if len(found.types) > 1:
    with printing.fold(_("What the types hinge on"), key="hinges", icon=":material/key:") as hinges:
        if hinges.open:
            with st.spinner(_("Looking for types …")):
                typology.without_features(found, _)
