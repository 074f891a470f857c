"""Parts of the page of the network: groups of dots, tables of what stands out, and one municipality."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import networkx as nx
import pandas as pd
import streamlit as st

from matchmaker import network
from matchmaker.catalogue import Catalogue
from matchmaker.i18n import Language
from matchmaker.model import Municipality
from matchmaker.network import Landscape
from matchmaker.ui import inputs, maps, tables

_NAMED_COMMUNITIES: Final = 5
"""More colours and symbols than this and two for the rest cannot be told apart."""


def layer_names(_: Language) -> Mapping[str, str]:
    """Return the names of the layers on screen."""
    return {
        network.COOPERATION: _("Known cooperation"),
        network.COMMON_PARTNER: _("Common partner"),
        network.SUGGESTION: _("Suggestion"),
        network.OFFER: _("One has what the other needs"),
    }


def groups_of(landscape: Landscape, _: Language) -> Mapping[str, Sequence[tuple[Municipality, float]]]:
    """Return the dots of a picture by community, the largest by name; the more partners, the larger a dot."""
    groups: dict[str, list[tuple[Municipality, float]]] = {}
    for node in sorted(landscape.nodes, key=lambda node: node.community):
        named = node.community <= _NAMED_COMMUNITIES
        label = _("Community {number}").format(number=node.community) if named else _("Smaller communities")
        groups.setdefault(label, []).append((node.municipality, 5 + 1.5 * min(8, node.partners)))
    if landscape.alone:
        groups[_("Without partners")] = [(m, 5) for m in landscape.alone]
    return groups


def look_at(key: str, source: str) -> None:
    """Take up a click in a picture or table, once: what is chosen elsewhere afterwards stays."""
    if st.session_state.get(f"clicked_{source}", "") != key:
        st.session_state[f"clicked_{source}"] = key
        if key:
            st.session_state["ego"] = key


def hubs(landscape: Landscape, _: Language) -> pd.DataFrame:
    """Return who has most partners, how much leads through each and what it carries."""
    return pd.DataFrame(
        [
            (n.municipality.name, n.municipality.land, n.partners, n.betweenness,
             n.error if landscape.sampled else math.nan, n.splits or math.nan, n.community, n.cooperations,
             math.nan if n.fte is None else n.fte, math.nan if n.load is None else n.load,
             _("simulated") if n.municipality.simulated else "", n.municipality.key)
            for n in landscape.nodes
        ],
        columns=[_("Municipality"), _("Land"), _("Partners"), _("Way between others"), _("± standard error"),
                 _("Falls into parts without it"), _("Community"), _("Cooperations"), _("Free posts"),
                 _("Cooperations per free post"), _("Simulated"), _("Key")],
    )  # fmt: skip


def bridges(landscape: Landscape, _: Language) -> pd.DataFrame:
    """Return the links without which the network would fall apart."""
    return pd.DataFrame(
        [(b.a.name, b.b.name, b.cuts_off, b.a.key, b.b.key) for b in landscape.bridges],
        columns=[_("Municipality"), _("Partner"), _("Cut off without it"), _("Key"), _("Key of the partner")],
    )


def missing(landscape: Landscape, catalogue: Catalogue, _: Language) -> pd.DataFrame:
    """Return the links worth making, with what each would bring."""

    def titles(ids: Sequence[str]) -> str:
        return ", ".join(_.label(catalogue.use_case(u).title) for u in ids)

    return pd.DataFrame(
        [
            (m.a.name, m.b.name, round(m.score, 3), math.nan if m.km is None else m.km,
             f"{m.communities[0]} – {m.communities[1]}", titles(m.a_gives), titles(m.b_gives), titles(m.shared),
             _("simulated") if m.a.simulated or m.b.simulated else "", m.a.key, m.b.key)
            for m in landscape.missing
        ],
        columns=[_("Municipality"), _("Partner"), _("Score"), _("km"), _("Communities joined"),
                 _("It has what the partner needs"), _("The partner has what it needs"), _("Both need"),
                 _("Simulated"), _("Key"), _("Key of the partner")],
    )  # fmt: skip


def members(found: Sequence[Municipality], _: Language) -> pd.DataFrame:
    """Return municipalities as a plain list."""
    return pd.DataFrame(
        [(m.name, m.land, _(m.kind.value) if m.kind else "", _("simulated") if m.simulated else "", m.key)
         for m in found],
        columns=[_("Municipality"), _("Land"), _("Kind"), _("Simulated"), _("Key")],
    )  # fmt: skip


def one(graph: nx.MultiGraph[str], of: Mapping[str, Municipality], _: Language) -> None:
    """Show one municipality and its partners, with the way to its profile and its partner search."""
    st.subheader(_("One municipality and its partners"))
    keys = sorted(of)
    if st.session_state.get("ego") not in of:
        own = st.session_state.get("key", "")
        st.session_state["ego"] = own if own in of else next(iter(of))
    looked_at = st.selectbox(
        _("Municipality"), keys, format_func=lambda key: f"{of[key].name} · {of[key].land} · {key}", key="ego"
    )
    maps.ego_graph(graph, looked_at, of, _)
    tables.draw(tables.neighbours(graph, looked_at, of, _), "partnerschaften.csv", _, digits={_("Score"): 2})
    with st.container(horizontal=True):
        for page, label in (("municipality", _("Open its profile")), ("partners", _("Find partners for it"))):
            if st.button(label, key=f"open_{page}", icon=":material/arrow_forward:"):
                inputs.choose(looked_at)
                st.switch_page(f"matchmaker/ui/pages/{page}.py")
