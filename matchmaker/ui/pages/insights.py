"""Page "Lage und Thesen": what is said about town, country and cooperation, tried on the data at hand."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from matchmaker.errors import MatchmakerError
from matchmaker.insights import Verdict
from matchmaker.ui import cache, inputs, links, printing, show, statements

_ = inputs.chosen_language()
st.title(_("Situation and statements"))
st.markdown(
    _("Eight statements about town, country and cooperation, tried on the data that are loaded. Where too little is "
      "known, the answer is that nothing can be said.")
)  # fmt: skip
try:
    with st.spinner(_("Trying the statements …")):
        found = cache.insights(cache.workspace().version(), inputs.shows_simulated())
except MatchmakerError as error:
    show.failure(error, _)
    st.stop()

count = Counter(insight.verdict for insight in found)
with st.container(horizontal=True, gap="large"):
    for verdict in Verdict:
        st.metric(_.render(verdict.words), _.number(count[verdict]), width="content")
if count[Verdict.TOO_FEW] == len(found):
    st.info(
        _("No statement can be tried yet. Each municipality that enters its maturity, needs and means helps."),
        icon=":material/edit:",
    )
for number, insight in enumerate(found, start=1):
    statements.card(insight, number, _)
with printing.fold(_("How a verdict is reached")):
    st.markdown(
        _("**Supported**: the figure lies on the side that the statement claims, more clearly than chance would make "
          "it (5 %), and it is large enough to matter. **Not supported**: it is not, although a strong effect would "
          "have shown. **Cannot be said**: the data are so few that a strong effect could hide, or none could be "
          "there. Ranges hold the true value in 95 of 100 samples.")
        + " " + links.method(_, "statements")
    )  # fmt: skip
