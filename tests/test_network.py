"""The network: layers, hubs and communities against planted ones and networkx's own measures."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, pairwise

import igraph
import networkx as nx
import numpy as np
import pytest

from matchmaker.errors import BadInput
from matchmaker.exchange import write_text
from matchmaker.model import CompetenceCentre, Preferences
from matchmaker.network import (
    CENTRE,
    COMMON_PARTNER,
    COOPERATION,
    LAYERS,
    OFFER,
    SUGGESTION,
    build_graph,
    layer,
    nearest_centre,
    survey_landscape,
)
from matchmaker.network.measures import betweenness, bridges, communities, cut_points, layout
from matchmaker.partners import rank_all
from matchmaker.profiles import Ranking
from matchmaker.service import draw_network, graph_text, suggest, suggest_pair
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
    assert {data["layer"] for _, _, data in graph.edges(data=True)} <= set(LAYERS)
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
    assert "KZ01" in graph
    assert landscape.participants == sum(data["type"] == "municipality" for _, data in graph.nodes(data=True))
    assert landscape.cooperating > 100


def suggested(*pairs: tuple[int, int, float]) -> Ranking:
    """Return a ranking in which the first of each pair is suggested the second."""
    asker, partner, score = (np.array(column) for column in zip(*pairs, strict=True))
    return Ranking(asker, partner[:, None], score[:, None], np.ones((len(pairs), 1)))


def random_graphs():
    """Return 50 random graphs of different density, some in several pieces."""
    for seed in range(50):
        graph = nx.gnp_random_graph(30, (0.03, 0.06, 0.1, 0.3)[seed % 4], seed=seed)
        yield nx.relabel_nodes(graph, {node: f"{node:02}" for node in graph})


def test_measures_equal_those_of_networkx_on_fifty_random_graphs():
    for graph in random_graphs():
        found = betweenness(graph)
        assert found.sampled == 0
        assert found.value == pytest.approx(nx.betweenness_centrality(graph), abs=1e-12)
        assert {frozenset(pair[:2]) for pair in bridges(graph)} == {frozenset(pair) for pair in nx.bridges(graph)}
        assert set(cut_points(graph)) == set(nx.articulation_points(graph))


def test_bridges_and_cut_points_say_what_their_loss_would_do():
    for graph in random_graphs():
        whole = nx.number_connected_components(graph)
        for a, b, cuts_off in bridges(graph):
            rest = nx.restricted_view(graph, [], [(a, b)])
            assert cuts_off == min(len(nx.node_connected_component(rest, end)) for end in (a, b))
        for node, pieces in cut_points(graph).items():
            assert nx.number_connected_components(nx.restricted_view(graph, [node], [])) == whole - 1 + pieces


def test_sampled_betweenness_is_right_on_average_and_its_error_is_as_stated():
    graph = nx.relabel_nodes(nx.connected_watts_strogatz_graph(120, 6, 0.2, seed=3), str)
    exact = np.array(list(nx.betweenness_centrality(graph).values()))
    draws = [betweenness(graph, exact_up_to=50, starts=40, seed=seed) for seed in range(60)]
    assert {draw.sampled for draw in draws} == {40}
    off = np.array([[draw.value[node] for node in graph] for draw in draws]) - exact
    stated = np.array([[draw.error[node] for node in graph] for draw in draws])
    assert np.abs(off.mean(axis=0)).max() < 0.1 * exact.max()
    assert np.sqrt((off**2).mean()) == pytest.approx(np.sqrt((stated**2).mean()), rel=0.1)
    assert not any(betweenness(graph, exact_up_to=50, starts=120).error.values())


def test_planted_communities_are_found_and_each_gets_a_disc_of_its_own():
    planted = [{f"{group}{i:03}" for i in range(80 if group == 0 else 20)} for group in range(4)]
    graph = nx.Graph()
    for members in planted:
        graph.add_edges_from(combinations(sorted(members), 2))
    ring = [min(members) for members in planted]
    graph.add_edges_from(pairwise(ring))
    found = communities(graph)
    assert {frozenset(members) for members in planted} == set(found)
    assert found == communities(nx.Graph(reversed(list(graph.edges))))
    places = layout(graph, found)
    assert set(places) == set(graph)
    middle = [np.mean([places[node] for node in group], axis=0) for group in found]
    assert all(np.linalg.norm(a - b) > 3 for a, b in combinations(middle, 2))


def test_a_planted_missing_link_is_found_with_its_reasons():
    profiles = everybody(12)
    need, offer = np.zeros_like(profiles.need), np.zeros_like(profiles.offer)
    offer[0, 2], need[5, 2], need[[0, 5], 3] = 4, 3, 1
    profiles = replace(profiles, need=need, offer=offer)
    ranking = suggested((0, 5, 0.9), (1, 2, 0.8), (0, 11, 0.85), (3, 6, 0.1), (2, 1, 0.2))
    graph = build_graph(profiles, [("West", np.arange(4)), ("Ost", np.arange(4, 8))], ranking)
    landscape = survey_landscape(graph, profiles)
    assert [(m.a.key, m.b.key) for m in landscape.missing] == [("00000000", "00000005")]
    link = landscape.missing[0]
    assert (link.score, link.a_gives, link.b_gives, link.shared) == (0.9, ("UC03",), (), ("UC04",))
    assert link.communities[0] != link.communities[1]
    assert {m.key for m in landscape.unsuggested} == {f"{i:08d}" for i in (0, 3, 4, 7, 8, 9, 10)}
    offers = [data for _, _, data in graph.edges(data=True) if data["layer"] == OFFER]
    assert offers == [{"layer": OFFER, "giver": "00000000", "taker": "00000005", "use_cases": "UC03"}]


def test_load_is_counted_in_cooperations_for_each_free_post():
    profiles = replace(everybody(3), fte=np.array([0.5, np.nan, 0.0]))
    graph = build_graph(profiles, [("A", np.array([0, 1])), ("B", np.array([0, 1, 2]))])
    nodes = {node.municipality.key[-1]: node for node in survey_landscape(graph, profiles).nodes}
    assert (nodes["0"].cooperations, nodes["0"].load) == (2, 4.0)
    assert nodes["1"].load is None
    assert nodes["2"].load is None


def test_common_partners_are_those_of_the_ties():
    profiles = everybody(30)
    rng = np.random.default_rng(1)
    groups = [rng.choice(30, 3, replace=False) for _ in range(8)]
    graph = build_graph(profiles, [("", rows) for rows in groups])
    own = nx.to_numpy_array(layer(graph, COOPERATION), sorted(graph), weight=None)
    expected = (own @ own) * (own == 0) * (1 - np.eye(30))
    found = nx.to_numpy_array(layer(graph, COMMON_PARTNER), sorted(graph), weight="partners")
    assert found == pytest.approx(expected)


def centre(name: str, lat: float | None, *topics: str) -> CompetenceCentre:
    return CompetenceCentre(name, f"Zentrum {name}", "NW", lat, 10.0, topics, "", "https://example.org", "")


def test_the_nearest_fitting_centre_goes_by_needs_and_then_by_distance():
    profiles = replace(everybody(2), lat=np.array([50.0, np.nan]), lon=np.array([10.0, 10.0]))
    need = np.zeros_like(profiles.need)
    need[0, [0, 1]] = 2
    profiles = replace(profiles, need=need)
    near, far, fitting = centre("A", 50.0), centre("B", 54.0, "UC01"), centre("C", 51.0, "UC01", "UC09")
    found = nearest_centre(profiles, 0, (near, far, fitting))
    assert found is not None
    assert (found.centre.id, found.topics) == ("C", ("UC01",))
    assert found.km == pytest.approx(111.195, abs=0.01)  # one degree of latitude
    by_distance = nearest_centre(profiles, 0, (centre("A", 52.0), near, centre("Z", None)))
    assert by_distance is not None
    assert (by_distance.centre, by_distance.km) == (near, 0.0)
    unknown = nearest_centre(profiles, 1, (near,))
    assert unknown is not None
    assert unknown.km is None
    assert nearest_centre(profiles, 0, ()) is None


def exported_graph() -> nx.MultiGraph:
    """Return a network with every layer and with characters that files like to spoil."""
    profiles = everybody(8)
    names = profiles.name.astype("U60")
    names[:3] = ['Süderbrarup „Straße" & <Co>', "L'Île-Łódź; 東京", "Tab\tund Zeile"]
    offer, need = np.zeros_like(profiles.offer), np.zeros_like(profiles.need)
    offer[[0, 5], 1], need[[0, 5], 1] = 4, 2
    profiles = replace(profiles, name=names, offer=offer, need=need)
    cooperations = [('Ä & "B" <c>', np.array([0, 1, 2])), ("Zwei", np.array([2, 3]))]
    ranking = suggested((0, 5, 0.75), (0, 1, 0.5))
    centres = (centre("ÄÖ", None, "UC01"), centre("B", 50.0))
    return build_graph(profiles, cooperations, ranking, centres, [("Anfrage", np.array([0, 6]))])


def described(graph: nx.MultiGraph) -> list[tuple]:
    return sorted(
        (*sorted((str(a), str(b))), json.dumps({k: v for k, v in data.items() if k != "id"}, sort_keys=True))
        for a, b, data in graph.edges(data=True)
    )


@pytest.mark.parametrize(
    ("suffix", "load"),
    [
        (".graphml", lambda path: nx.read_graphml(path, force_multigraph=True)),
        (".json", lambda path: nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges")),
        (".gexf", nx.read_gexf),
    ],
)
def test_networkx_opens_an_exported_network_with_all_that_was_in_it(tmp_path, suffix, load):
    graph = exported_graph()
    assert {data["layer"] for _, _, data in graph.edges(data=True)} == {*LAYERS, CENTRE}
    write_text(graph_text(graph, suffix), tmp_path / f"netz{suffix}")
    opened = load(tmp_path / f"netz{suffix}")
    assert described(opened) == described(graph)
    for key, attributes in graph.nodes(data=True):
        assert attributes.items() <= opened.nodes[key].items()


def test_igraph_opens_an_exported_network_with_all_that_was_in_it(tmp_path):
    graph = exported_graph()
    write_text(graph_text(graph, ".graphml"), tmp_path / "netz.graphml")
    opened = igraph.Graph.Read_GraphML(str(tmp_path / "netz.graphml"))
    nodes = {node["id"]: node.attributes() for node in opened.vs}
    for key, attributes in graph.nodes(data=True):
        assert attributes.items() <= nodes[key].items()
    ids = opened.vs["id"]
    edges = [(*sorted((ids[edge.source], ids[edge.target])), edge.attributes()) for edge in opened.es]
    assert len(edges) == graph.number_of_edges()
    for a, b, data in graph.edges(data=True):
        assert any(
            (one, other) == tuple(sorted((a, b))) and data.items() <= found.items() for one, other, found in edges
        )


def test_a_file_holds_the_chosen_layers_and_the_links_to_centres():
    graph = exported_graph()
    for chosen in ((COOPERATION,), (SUGGESTION, OFFER), ()):
        found = nx.node_link_graph(json.loads(graph_text(graph, ".json", chosen)), edges="edges")
        assert {data["layer"] for _, _, data in found.edges(data=True)} == {*chosen, CENTRE}
        assert set(found) == set(graph)


def test_a_pair_has_the_score_and_the_rank_that_the_search_gives_it(shipped):
    everybody = suggest(shipped, "01059083", Preferences(), top=400, with_stability=False)
    for place in (0, 7, len(everybody) - 1):
        found = suggest_pair(shipped, "01059083", everybody[place].partner.key, Preferences())
        assert found == everybody[place]
    with pytest.raises(BadInput):
        suggest_pair(shipped, "01059083", "01059083", Preferences())
    unknown = suggest_pair(shipped, "01059083", "01001000", Preferences(lands=frozenset({"TH"})))
    assert unknown.partner.key == "01001000"
