"""The network: layers, hubs and communities against planted ones and networkx's own measures."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from matchmaker.model import Preferences
from matchmaker.network import COOPERATION, LAYERS, SUGGESTION, build_graph, layer, survey_landscape
from matchmaker.partners import rank_all
from matchmaker.service import draw_network
from tests.strategies import make_profiles


def everybody(n: int):
    return replace(make_profiles(0, n), participates=np.ones(n, bool))


def test_two_planted_groups_and_the_bridge_between_them_are_found():
    profiles = everybody(12)
    graph = build_graph(
        profiles,
        [("West", np.array([0, 1, 2, 3])), ("Ost", np.array([4, 5, 6, 7])), ("Brücke & Co. <1>", np.array([3, 4]))],
    )
    landscape = survey_landscape(graph, profiles)
    assert landscape.communities == 2
    community = {node.municipality.key: node.community for node in landscape.nodes}
    assert len({community[f"{i:08d}"] for i in range(4)}) == 1
    assert community["00000000"] != community["00000007"]
    assert {node.municipality.key for node in landscape.nodes[:2]} == {"00000003", "00000004"}
    assert [node.partners for node in landscape.nodes[:2]] == [4, 4]
    assert (landscape.cooperating, landscape.links) == (8, 13)
    assert [m.key for m in landscape.alone] == [f"{i:08d}" for i in range(8, 12)]
    assert graph.edges["00000003", "00000004", COOPERATION]["titles"] == "Brücke & Co. <1>"


def test_betweenness_equals_that_of_networkx_on_random_graphs():
    for seed in range(20):
        profiles = everybody(25)
        random = nx.gnp_random_graph(25, 0.12, seed=seed)
        graph = build_graph(profiles, [("", np.array(edge)) for edge in random.edges])
        expected = nx.betweenness_centrality(random)
        for node in survey_landscape(graph, profiles).nodes:
            assert node.betweenness == pytest.approx(expected[int(node.municipality.key)])
            assert node.partners == random.degree(int(node.municipality.key))


def test_suggestions_are_a_layer_of_their_own_with_the_higher_score():
    profiles = everybody(20)
    ranking = rank_all(profiles, Preferences(), 3)
    graph = build_graph(profiles, [("A", np.array([0, 1]))], ranking)
    assert {data["layer"] for _, _, data in graph.edges(data=True)} == set(LAYERS)
    assert layer(graph, COOPERATION).number_of_edges() == 1
    for a, b, data in layer(graph, SUGGESTION).edges(data=True):
        scores = [
            ranking.score[i, place]
            for i, j in ((int(a), int(b)), (int(b), int(a)))
            for place in range(3)
            if ranking.partner[i, place] == j
        ]
        assert data["score"] == pytest.approx(max(scores))


def test_a_network_without_any_cooperation_is_told_as_such():
    profiles = everybody(5)
    landscape = survey_landscape(build_graph(profiles, []), profiles)
    assert (landscape.nodes, landscape.links, landscape.communities, landscape.modularity) == ((), 0, 0, 0.0)
    assert len(landscape.alone) == 5


def test_unknown_values_are_left_out_of_the_nodes_not_set_to_zero():
    profiles = replace(everybody(2), population=np.array([np.nan, 5000.0]), lat=np.array([np.nan, 50.0]))
    graph = build_graph(profiles, [])
    assert "population" not in graph.nodes["00000000"]
    assert "lat" not in graph.nodes["00000000"]
    assert "kind" not in graph.nodes["00000000"]
    assert graph.nodes["00000001"]["population"] == 5000


def test_real_cooperations_are_drawn_as_published(shipped):
    drawn = draw_network(shipped, Preferences(simulated=False))
    graph, landscape = drawn.graph, drawn.landscape
    assert graph.has_edge("16053000", "01059083", COOPERATION)
    assert not any(data["simulated"] for _, data in graph.nodes(data=True))
    assert landscape.cooperating > 100
