"""Page "Kooperationsnetz": who works with whom, and who could."""

from __future__ import annotations

import streamlit as st

from matchmaker import network, service
from matchmaker.model import Preferences
from matchmaker.ui import cache, centres, inputs, landscape

_ = inputs.chosen_language()
st.title(_("Cooperation network"))
st.markdown(_("Who already works together, and who would fit. The dots are all participants."))
names = landscape.layer_names(_)
chosen = st.pills(
    _("Show and measure"), list(names), selection_mode="multi", default=[network.COOPERATION],
    format_func=names.__getitem__, key="layers",
    help=_("Partners, bridges and communities are those of these links."),
)  # fmt: skip
suggestions = st.segmented_control(
    _("Suggestions for each"), (service.SUGGESTIONS_DRAWN, 5, 10, 20), default=service.SUGGESTIONS_DRAWN,
    required=True, key="suggestions",
)  # fmt: skip
wanted = (
    cache.workspace().version(),
    Preferences(simulated=inputs.shows_simulated()),
    suggestions or service.SUGGESTIONS_DRAWN,
    tuple(name for name in names if name in chosen),
)
with st.spinner(_("Measuring the network …")):
    shown = cache.network_view(*wanted)
if not shown.of:
    st.info(_("There are no participants yet."), icon=":material/group_off:")
    st.subheader(_("Competence centres"))
    centres.section(cache.dataset(), _)
else:
    landscape.figures(shown.landscape, _)
    landscape.explore(wanted, _)
    landscape.details(wanted, _)
    landscape.files(wanted, _)
