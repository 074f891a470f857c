"""Page "Kooperationsnetz": who works with whom, and who could."""

from __future__ import annotations

import streamlit as st

from matchmaker import network
from matchmaker.model import Preferences
from matchmaker.ui import cache, inputs, landscape, maps, tables

_ = inputs.chosen_language()
st.title(_("Cooperation network"))
st.markdown(_("Who already works together, and who would fit. The dots are all participants."))
names = landscape.layer_names(_)
chosen = st.pills(
    _("Show and measure"), list(names), selection_mode="multi", default=[network.COOPERATION],
    format_func=names.__getitem__, key="layers", help=_("Partners, bridges and communities are those of these links."),
)  # fmt: skip
version, preferences = cache.workspace().version(), Preferences(simulated=inputs.shows_simulated())
data = cache.dataset()
with st.spinner(_("Measuring the network …")):
    graph = cache.network(version, preferences).graph
    shown = cache.network_view(version, preferences, tuple(name for name in names if name in chosen))
found, of = shown.landscape, shown.of
if not of:
    st.info(_("There are no participants yet."), icon=":material/group_off:")
    st.stop()

figures = st.columns(5)
figures[0].metric(
    _("Participants"), _.number(found.participants), help=_("All of whom more is known than the register says.")
)
figures[1].metric(_("of these with partners"), _.number(found.cooperating))
figures[2].metric(_("Pairs"), _.number(found.links))
figures[3].metric(
    _("Communities"), _.number(found.communities), help=_("Groups that work together more than with others.")
)
figures[4].metric(_("Bridges"), _.number(len(found.bridges)), help=_("Links without which the network falls apart."))

groups, links = landscape.groups_of(found, _), {names[name]: pairs for name, pairs in shown.links.items()}
on_map, as_graph = st.tabs([_("On the map"), _("As a graph")])
with on_map:
    alt = _("Map of the cooperations; the tables on this page have the same content.")
    landscape.look_at(
        maps.map_of(groups, links, _, key="network_map", alt=alt, width=maps.WIDE, pick=True), "network_map"
    )
with as_graph:
    alt = _("Graph of the communities; the tables on this page have the same content.")
    landscape.look_at(
        maps.community_graph(groups, links, shown.places, _, key="network_graph", alt=alt), "network_graph"
    )
st.caption(_("The larger a dot, the more partners. A click on a dot or a row looks at one municipality below."))
if shown.left_out:
    st.caption(_("{count} weaker links are not drawn.").format(count=_.number(shown.left_out)))
st.download_button(
    _("Network as GraphML"), data=lambda: cache.graphml(version, preferences), file_name="netz.graphml",
    mime="application/graphml+xml", icon=":material/download:", key="download_graphml",
)  # fmt: skip

tabs = st.tabs([_("Hubs"), _("Bridges"), _("Missing links"), _("Left behind"), _("Cooperations")])
with tabs[0]:
    digits = {_("Way between others"): 4, _("± standard error"): 4, _("Falls into parts without it"): 0,
              _("Free posts"): 1, _("Cooperations per free post"): 1}  # fmt: skip
    table = landscape.hubs(found, _)
    landscape.look_at(tables.draw(table, "netz.csv", _, digits=digits, pick=_("Key")), "hubs")
    st.caption(_("Way between others: share of the shortest ways between two others that lead through it."))
    st.caption(
        _("Estimated from {count} starting points drawn at random.").format(count=_.number(found.sampled))
        if found.sampled
        else _("Counted exactly, from all starting points.")
    )
with tabs[1]:
    landscape.look_at(tables.draw(landscape.bridges(found, _), "bruecken.csv", _, pick=_("Key")), "bridges")
with tabs[2]:
    st.caption(_("Good suggestions, not yet working together, that would join two communities of known cooperations."))
    table = landscape.missing(found, data.catalogue, _)
    digits = {_("Score"): 2, _("km"): 0}
    landscape.look_at(tables.draw(table, "fehlende-verbindungen.csv", _, digits=digits, pick=_("Key")), "missing")
with tabs[3]:
    st.caption(_("Known cooperations are those that were published or entered; there may be more."))
    st.subheader(_("Without any partner"))
    landscape.look_at(tables.draw(landscape.members(found.alone, _), "ohne-partner.csv", _, pick=_("Key")), "alone")
    st.subheader(_("Among nobody's best suggestions"))
    table = landscape.members(found.unsuggested, _)
    landscape.look_at(tables.draw(table, "nicht-vorgeschlagen.csv", _, pick=_("Key")), "unsuggested")
with tabs[4]:
    listed = (c for c in data.cooperations if inputs.shows_simulated() or c.url)
    tables.draw(tables.cooperations(listed, of, _), "kooperationen.csv", _)
landscape.one(graph, of, _)
