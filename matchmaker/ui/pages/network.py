"""Page "Kooperationsnetz": who works with whom, and who could."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker import network
from matchmaker.model import Preferences
from matchmaker.ui import cache, inputs, show

_MOST_LINKS = 3_000
"""More lines than this cannot be told apart and slow the drawing; the strongest are drawn first."""

_ = inputs.chosen_language()
st.title(_("Cooperation network"))
data = cache.dataset()
graph, landscape = cache.network(cache.workspace().version(), Preferences(simulated=inputs.shows_simulated()))
st.markdown(_("Who already works together, and who would fit. The dots are all participants."))

participants, cooperating, links, communities = st.columns(4)
participants.metric(_("Participants"), _.number(graph.number_of_nodes()))
cooperating.metric(_("of these cooperating"), _.number(landscape.cooperating))
links.metric(_("Links between two"), _.number(landscape.links))
communities.metric(
    _("Communities"), _.number(landscape.communities), help=_("Groups that work together more than with others.")
)

words = {network.COOPERATION: _("Real cooperation"), network.SUGGESTION: _("Suggestion")}
layers = st.pills(
    _("Show"), list(words), selection_mode="multi", default=[network.COOPERATION], format_func=words.__getitem__,
    key="layers",
)  # fmt: skip
of = {key: data.profiles.municipality(data.profiles.row(key)) for key in graph}
drawn = {}
for layer in layers:
    edges = sorted(network.layer(graph, layer).edges(data=True), key=lambda edge: -edge[2].get("score", 1.0))[
        :_MOST_LINKS
    ]
    drawn[words[layer]] = [(of[a], of[b]) for a, b, _data in edges]

partners = {node.municipality.key: node.partners for node in landscape.nodes}
real = [(m, 5 + 2.0 * min(8, partners.get(m.key, 0))) for m in of.values() if not m.simulated]
simulated = [(m, 5 + 2.0 * min(8, partners.get(m.key, 0))) for m in of.values() if m.simulated]
picture, tables = st.columns([1, 1])
with picture:
    show.map_of(
        {_("Real participant"): real, **({_("Simulated participant"): simulated} if simulated else {})},
        drawn,
        _,
        key="network_map",
        alt=_("Map of the cooperations; the tables beside it have the same content."),
    )
with tables:
    st.subheader(_("Most partners"))
    hubs = pd.DataFrame(
        [
            (n.municipality.name, n.municipality.land, n.partners, round(n.betweenness, 3), n.community,
             n.municipality.simulated, n.municipality.key)
            for n in landscape.nodes
        ],
        columns=[_("Municipality"), _("Land"), _("Partners"), _("Bridge"), _("Community"), _("Simulated"), _("Key")],
    )  # fmt: skip
    st.dataframe(hubs, hide_index=True, height=320)
    show.download(hubs, "netz.csv", _)
    st.subheader(_("Cooperations"))
    rows = [
        (c.title, _(c.status), c.start_year, _.label(c.topic), ", ".join(of[k].name for k in c.members if k in of),
         c.url or None)
        for c in data.cooperations
        if inputs.shows_simulated() or c.url
    ]  # fmt: skip
    listed = pd.DataFrame(rows, columns=[_("Title"), _("Status"), _("Since"), _("Topic"), _("Members"), _("Source")])
    st.dataframe(
        listed, hide_index=True, height=320,
        column_config={_("Source"): st.column_config.LinkColumn(display_text=_("Source")),
                       _("Since"): st.column_config.NumberColumn(format="plain")},
    )  # fmt: skip
    show.download(listed, "kooperationen.csv", _)
st.subheader(_("One municipality and its partners"))
own = st.session_state.get("key", "")
keys = sorted(of, key=lambda key: (key != own, -partners.get(key, 0), key))
looked_at = st.selectbox(
    _("Municipality"), keys, format_func=lambda key: f"{of[key].name} · {of[key].land} · {key}", key="ego"
)
if looked_at:
    st.dataframe(show.ego_graph(graph, looked_at, of, _), hide_index=True)

with st.expander(_("Participants without any cooperation")):
    st.caption(_("Known cooperations are those that were published or entered; there may be more."))
    alone = pd.DataFrame(
        [(m.name, m.land, _(m.kind.value) if m.kind else "", m.simulated, m.key) for m in landscape.alone],
        columns=[_("Municipality"), _("Land"), _("Kind"), _("Simulated"), _("Key")],
    )
    st.dataframe(alone, hide_index=True)
