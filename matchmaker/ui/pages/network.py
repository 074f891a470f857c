"""Page "Kooperationsnetz": who works with whom, and who could."""

from __future__ import annotations

import streamlit as st

from matchmaker import network
from matchmaker.model import Preferences
from matchmaker.ui import cache, inputs, maps, tables

_MOST_LINKS = 3_000
"""More lines than this cannot be told apart and slow the drawing; the strongest are drawn first."""

_ = inputs.chosen_language()
st.title(_("Cooperation network"))
data = cache.dataset()
drawn_network = cache.network(cache.workspace().version(), Preferences(simulated=inputs.shows_simulated()))
graph, landscape = drawn_network.graph, drawn_network.landscape
st.markdown(_("Who already works together, and who would fit. The dots are all participants."))

participants, cooperating, links, communities = st.columns(4)
participants.metric(
    _("Participants"), _.number(graph.number_of_nodes()), help=_("All of whom more is known than the register says.")
)
cooperating.metric(_("of these cooperating"), _.number(landscape.cooperating))
links.metric(_("Pairs that work together"), _.number(landscape.links))
communities.metric(
    _("Communities"), _.number(landscape.communities), help=_("Groups that work together more than with others.")
)

words = {network.COOPERATION: _("Known cooperation"), network.SUGGESTION: _("Suggestion")}
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
dots = [(m, 5 + 1.5 * min(8, partners.get(m.key, 0))) for m in of.values()]
real = [dot for dot in dots if not dot[0].simulated]
simulated = [dot for dot in dots if dot[0].simulated]
with st.container(horizontal=True, gap="medium"):
    with st.container(width=maps.WIDE):
        maps.map_of(
            {_("Real participant"): real, **({_("Simulated participant"): simulated} if simulated else {})},
            drawn,
            _,
            key="network_map",
            alt=_("Map of the cooperations; the tables on this page have the same content."),
            width=maps.WIDE,
        )
        st.caption(_("The larger a dot, the more partners."))
    with st.container(width=360):
        st.subheader(_("Most partners"))
        tables.draw(tables.hubs(landscape, _), "netz.csv", _, digits={_("Bridge"): 3})
        st.caption(_("Bridge: share of the shortest ways between others that lead through this municipality."))

st.subheader(_("Cooperations"))
listed = (c for c in data.cooperations if inputs.shows_simulated() or c.url)
tables.draw(tables.cooperations(listed, of, _), "kooperationen.csv", _)

st.subheader(_("One municipality and its partners"))
own = st.session_state.get("key", "")
keys = sorted(of, key=lambda key: (key != own, -partners.get(key, 0), key))
looked_at = st.selectbox(
    _("Municipality"), keys, format_func=lambda key: f"{of[key].name} · {of[key].land} · {key}", key="ego"
)
if looked_at:
    maps.ego_graph(graph, looked_at, of, _)
    tables.draw(tables.neighbours(graph, looked_at, of, _), "partnerschaften.csv", _, digits={_("Score"): 2})

with st.expander(_("Participants without any cooperation")):
    st.caption(_("Known cooperations are those that were published or entered; there may be more."))
    tables.draw(tables.alone(landscape, _), "ohne-kooperation.csv", _)
