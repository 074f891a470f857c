"""Measures of a simple undirected graph: betweenness, bridges, cut points, communities, and places to draw them.

`networkx` does what it does fast enough: on 10,750 nodes and 130,000 edges bridges, cut points and Louvain
communities take seconds. Its betweenness would take half an hour there and its layouts minutes, so these two
are computed on columns here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import networkx as nx
import numpy as np
from scipy import sparse

from matchmaker.profiles import Floats, Ints

_EXACT_UP_TO: Final = 1_500
"""With more linked nodes than this, exact betweenness takes longer than somebody waits for a page."""

_SAMPLED: Final = 256
_BLOCK: Final = 64
"""Starting points computed at once: more need more memory and are no faster."""

_SPRING_UP_TO: Final = 60
_GOLDEN_ANGLE: Final = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class Betweenness:
    """Share of the shortest ways between two others that lead through each node, in [0, 1].

    ``error`` is the standard error of each value, 0 where all ways were counted. ``sampled`` is the number of
    starting points that were drawn; 0 where all were used, so that the values are exact.
    """

    value: Mapping[str, float]
    error: Mapping[str, float]
    sampled: int


def betweenness(
    graph: nx.Graph[str], *, exact_up_to: int = _EXACT_UP_TO, starts: int = _SAMPLED, seed: int = 0
) -> Betweenness:
    """Return Freeman's betweenness, normalised by the pairs of other nodes (Brandes 2001).

    Exact up to ``exact_up_to`` nodes with a link; beyond, the mean over ``starts`` starting points drawn without
    replacement, which is unbiased (Brandes and Pich 2007), with its standard error.
    """
    nodes = list(graph)
    pairs = (len(nodes) - 1) * (len(nodes) - 2)
    value, error = np.zeros(len(nodes)), np.zeros(len(nodes))
    # Nodes without a link are on no way and start none.
    linked = np.array([place for place, node in enumerate(nodes) if graph.degree(node)], dtype=np.int64)
    exact = len(linked) <= exact_up_to or len(linked) <= starts
    if pairs > 0 and len(linked):
        m = len(linked)
        adjacency = _adjacency(graph, [nodes[p] for p in linked])
        chosen = np.arange(m) if exact else np.sort(np.random.default_rng(seed).choice(m, starts, replace=False))
        total, squares = np.zeros(m), np.zeros(m)
        for first in range(0, len(chosen), _BLOCK):
            through = _dependencies(adjacency, chosen[first : first + _BLOCK])
            total += through.sum(axis=1)
            squares += (through**2).sum(axis=1)
        mean = total / len(chosen)
        value[linked] = m * mean / pairs
        if not exact:
            variance = np.maximum(squares / len(chosen) - mean**2, 0) * len(chosen) / (len(chosen) - 1)
            error[linked] = m * np.sqrt(variance / len(chosen) * (1 - len(chosen) / m)) / pairs
    return Betweenness(
        dict(zip(nodes, value.tolist(), strict=True)),
        dict(zip(nodes, error.tolist(), strict=True)),
        0 if exact else starts,
    )


def _adjacency(graph: nx.Graph[str], nodes: Sequence[str]) -> Any:
    place = {node: number for number, node in enumerate(nodes)}
    ends = np.array([(place[a], place[b]) for a, b in graph.edges if a != b]).reshape(-1, 2)
    both = np.concatenate([ends, ends[:, ::-1]])
    return sparse.csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(len(nodes), len(nodes)))


def _dependencies(adjacency: Any, starts: Ints) -> Floats:
    """Return how much each start depends on each node, shape (nodes, starts): Brandes' sums, all starts at once."""
    ways = np.zeros((adjacency.shape[0], len(starts)))
    ways[starts, np.arange(len(starts))] = 1
    rings = [ways.copy()]
    while True:
        ring = adjacency @ rings[-1]
        ring[ways > 0] = 0
        if not ring.any():
            break
        ways += ring
        rings.append(ring)
    depends = np.zeros_like(ways)
    for nearer, ring in zip(rings[-2::-1], rings[:0:-1], strict=True):
        share = np.divide(1 + depends, ring, out=np.zeros_like(ways), where=ring > 0)
        depends += (adjacency @ share) * nearer
    depends[starts, np.arange(len(starts))] = 0
    return depends


def bridges(graph: nx.Graph[str]) -> tuple[tuple[str, str, int], ...]:
    """Return each link whose loss would split the graph, with the number of nodes in the smaller piece.

    The largest smaller piece first, then by key; ends in ascending order.
    """
    found = [(min(pair), max(pair)) for pair in nx.bridges(graph)]
    if not found:
        return ()
    rest: nx.Graph[str] = nx.Graph()
    rest.add_edges_from(graph.edges)
    rest.remove_edges_from(found)
    block = {node: number for number, part in enumerate(nx.connected_components(rest)) for node in sorted(part)}
    size = Counter(block.values())
    # Without the bridges in them the blocks hang together like a tree: what is below a bridge adds up.
    tree: nx.Graph[int] = nx.Graph([(block[a], block[b]) for a, b in found])
    cut: dict[frozenset[int], int] = {}
    for part in nx.connected_components(tree):
        root, whole = min(part), sum(size[b] for b in part)
        parent = nx.dfs_predecessors(tree, root)
        below = {b: size[b] for b in part}
        for b in nx.dfs_postorder_nodes(tree, root):
            if b != root:
                below[parent[b]] += below[b]
                cut[frozenset((b, parent[b]))] = min(below[b], whole - below[b])
    pieces = [(a, b, cut[frozenset((block[a], block[b]))]) for a, b in found]
    return tuple(sorted(pieces, key=lambda bridge: (-bridge[2], bridge[0], bridge[1])))


def cut_points(graph: nx.Graph[str]) -> Mapping[str, int]:
    """Return each node whose loss would split the graph, with the number of pieces its part would fall into."""
    # The stubs take the components for sets of sets.
    parts: Any = nx.biconnected_components(graph)
    pieces = Counter(node for part in parts for node in part)
    return {node: count for node, count in pieces.items() if count > 1}


def communities(graph: nx.Graph[str], *, seed: int = 0) -> tuple[frozenset[str], ...]:
    """Return the groups of linked nodes that maximise modularity by the Louvain method (Blondel et al. 2008).

    Largest first, then by smallest key; nodes without a link are in none. The seed is fixed, and so is the order
    in which nodes are visited: the same graph gives the same groups.
    """
    linked: nx.Graph[str] = nx.Graph()
    linked.add_nodes_from(sorted(node for node in graph if graph.degree(node)))
    linked.add_edges_from(sorted((min(edge), max(edge)) for edge in graph.edges))
    if not linked:
        return ()
    groups = nx.community.louvain_communities(linked, weight=None, seed=seed)
    return tuple(sorted((frozenset(group) for group in groups), key=lambda group: (-len(group), min(group))))


def layout(
    graph: nx.Graph[str], groups: Sequence[frozenset[str]], *, seed: int = 1
) -> Mapping[str, tuple[float, float]]:
    """Return a place for every linked node: each community a disc, the largest in the middle.

    The area of a disc grows with its nodes, so that nodes keep about the distance 1 of each other. In a small
    community linked nodes attract each other (Fruchterman and Reingold 1991); in a large one those with most
    links stand in the centre.
    """
    places: dict[str, tuple[float, float]] = {}
    taken = 0.0
    for number, group in enumerate(groups):
        radius = 0.6 * math.sqrt(len(group)) + 1
        out = math.sqrt(taken + radius**2) * 1.15 if number else 0.0
        taken += radius**2
        centre = out * np.array([math.cos(number * _GOLDEN_ANGLE), math.sin(number * _GOLDEN_ANGLE)])
        members = sorted(group, key=lambda node: (-graph.degree(node), node))
        if len(members) <= _SPRING_UP_TO:
            small: nx.Graph[str] = nx.Graph()
            small.add_edges_from(graph.subgraph(members).edges)
            found = nx.spring_layout(small, seed=seed)
            inner = np.array([found[node] for node in members])
        else:
            step = np.arange(len(members))
            inner = np.sqrt((step + 0.5) / len(members))[:, None] * np.stack(
                (np.cos(step * _GOLDEN_ANGLE), np.sin(step * _GOLDEN_ANGLE)), axis=1
            )
        for node, (x, y) in zip(members, centre + 0.8 * radius * inner, strict=True):
            places[node] = (float(x), float(y))
    return places
