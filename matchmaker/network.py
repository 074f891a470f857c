"""Who works with whom and who could: a `networkx` graph with layers, and what stands out in it.

The graph is a ``MultiGraph``; the key of an edge is its layer, ``cooperation`` (a running or agreed
cooperation) or ``suggestion`` (one is among the best partners of the other). Nodes are keys of
municipalities with name, Land, kind, place and whether they are simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import networkx as nx
import numpy as np

from matchmaker.model import KINDS, LANDS, Municipality
from matchmaker.profiles import Ints, Profiles, Ranking

COOPERATION: Final = "cooperation"
SUGGESTION: Final = "suggestion"
LAYERS: Final = (COOPERATION, SUGGESTION)


@dataclass(frozen=True, slots=True)
class Node:
    """One municipality in the network: partners it has, and the share of shortest ways that run through it.

    ``community`` is a number from 1 (largest); 0 for a municipality without any cooperation.
    """

    municipality: Municipality
    partners: int
    betweenness: float
    community: int


@dataclass(frozen=True, slots=True)
class Landscape:
    """What stands out in the layer of real cooperations.

    ``nodes`` are in descending order of partners. ``alone`` are participants without any cooperation.
    """

    nodes: tuple[Node, ...]
    alone: tuple[Municipality, ...]
    cooperating: int
    links: int
    communities: int
    modularity: float


def build_graph(
    profiles: Profiles, cooperations: Sequence[tuple[str, Ints]], ranking: Ranking | None = None
) -> nx.MultiGraph[str]:
    """Return the network of all participants as a ``networkx.MultiGraph``.

    Parameters
    ----------
    profiles
        Municipalities; those that take part in nothing are left out.
    cooperations
        Title and member rows of each running or agreed cooperation: every pair of members gets an edge that
        lists the titles.
    ranking
        Suggestions to draw, with their score; None for no such layer.
    """
    graph: nx.MultiGraph[str] = nx.MultiGraph(name="matchmaker")
    for row in np.flatnonzero(profiles.participates):
        graph.add_node(str(profiles.key[row]), **_attributes(profiles, int(row)))
    titles: dict[tuple[str, str], list[str]] = {}
    for title, members in cooperations:
        for pair in combinations(sorted(str(profiles.key[row]) for row in members), 2):
            titles.setdefault(pair, []).append(title)
    for pair, names in titles.items():
        graph.add_edge(*pair, key=COOPERATION, layer=COOPERATION, titles="; ".join(names))
    if ranking is not None:
        _add_suggestions(graph, profiles, ranking)
    return graph


def _add_suggestions(graph: nx.MultiGraph[str], profiles: Profiles, ranking: Ranking) -> None:
    """Add an edge for every suggestion; where two suggest each other, the higher score counts."""
    asker, place = np.nonzero(ranking.partner >= 0)
    for a, b, score in zip(
        ranking.asker[asker], ranking.partner[asker, place], ranking.score[asker, place], strict=True
    ):
        ends = str(profiles.key[a]), str(profiles.key[b])
        for end, row in zip(ends, (a, b), strict=True):
            if end not in graph:
                graph.add_node(end, **_attributes(profiles, int(row)))
        known = graph.get_edge_data(*ends, key=SUGGESTION, default={"score": 0.0})
        graph.add_edge(*ends, key=SUGGESTION, layer=SUGGESTION, score=max(float(score), known["score"]))


def survey_landscape(graph: nx.MultiGraph[str], profiles: Profiles, *, seed: int = 0) -> Landscape:
    """Return hubs, communities and those left alone in the layer of real cooperations.

    Betweenness is Freeman's, normalised to [0, 1]; communities maximise modularity by the Louvain method
    with a fixed seed (Blondel et al. 2008).
    """
    real = layer(graph, COOPERATION)
    busy = [node for node in real if real.degree(node)]
    linked = real.subgraph(busy)
    between = nx.betweenness_centrality(real)
    groups = nx.community.louvain_communities(linked, seed=seed) if busy else []
    groups = sorted(groups, key=lambda group: (-len(group), min(group)))
    community = {key: number for number, group in enumerate(groups, start=1) for key in group}
    nodes = [
        Node(
            municipality=profiles.municipality(profiles.row(key)),
            partners=real.degree(key),
            betweenness=float(between[key]),
            community=community.get(key, 0),
        )
        for key in busy
    ]
    return Landscape(
        nodes=tuple(sorted(nodes, key=lambda node: (-node.partners, -node.betweenness, node.municipality.key))),
        alone=tuple(profiles.municipality(profiles.row(key)) for key in sorted(set(real) - set(busy))),
        cooperating=len(busy),
        links=real.number_of_edges(),
        communities=len(groups),
        modularity=float(nx.community.modularity(linked, groups)) if groups else 0.0,
    )


def layer(graph: nx.MultiGraph[str], name: str) -> nx.Graph[str]:
    """Return one layer as a simple graph on all nodes."""
    simple: nx.Graph[str] = nx.Graph()
    simple.add_nodes_from(graph.nodes(data=True))
    simple.add_edges_from((a, b, data) for a, b, key, data in graph.edges(keys=True, data=True) if key == name)
    return simple


def _attributes(profiles: Profiles, row: int) -> dict[str, str | float | bool]:
    """Attributes of a node; unknown ones are left out, since a graph file has no empty number."""
    attributes: dict[str, str | float | bool] = {
        "name": str(profiles.name[row]),
        "land": LANDS[profiles.land[row]],
        "simulated": bool(profiles.simulated[row]),
    }
    if profiles.kind[row] >= 0:
        attributes["kind"] = KINDS[profiles.kind[row]].value
    for name in ("lat", "lon", "population"):
        value = float(getattr(profiles, name)[row])
        if not np.isnan(value):
            attributes[name] = value
    return attributes
