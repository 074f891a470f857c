"""Who works with whom and who could: a `networkx` graph with layers, and what stands out in it.

The graph is a ``MultiGraph``; the attribute ``layer`` of an edge says what it means:

``cooperation``
    Both are in a running or agreed cooperation; ``titles`` lists them.
``contacted``
    One has asked the other, and there is no answer yet; ``titles`` lists about what.
``common_partner``
    They have no cooperation, but ``partners`` cooperate with both.
``suggestion``
    One is among the best partners of the other; ``score`` is the higher of the two scores.
``offer``
    ``giver`` runs or pilots ``use_cases`` that ``taker`` needs. The graph itself has no directions, so these two
    attributes carry it; only for pairs of the layers ``cooperation`` and ``suggestion``.
``centre``
    The nearest fitting competence centre of a municipality, with ``km``.

Nodes are keys of municipalities and ids of competence centres; ``type`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import networkx as nx
import numpy as np

from matchmaker.model import KINDS, LANDS, OFFER_QUARTERS, CompetenceCentre, Municipality, Stage
from matchmaker.network.centres import CentreMatch, nearest_centre, nearest_centres
from matchmaker.network.measures import betweenness, bridges, communities, cut_points, layout
from matchmaker.profiles import Ints, Profiles, Ranking

__all__ = [
    "CENTRE", "COMMON_PARTNER", "CONTACTED", "COOPERATION", "LAYERS", "OFFER", "SUGGESTION",
    "Bridge", "CentreMatch", "Landscape", "MissingLink", "Node", "build_graph", "layer", "layout", "nearest_centre",
    "survey_landscape",
]  # fmt: skip

COOPERATION: Final = "cooperation"
CONTACTED: Final = "contacted"
COMMON_PARTNER: Final = "common_partner"
SUGGESTION: Final = "suggestion"
OFFER: Final = "offer"
CENTRE: Final = "centre"
LAYERS: Final = (COOPERATION, CONTACTED, COMMON_PARTNER, SUGGESTION, OFFER)
"""Layers between municipalities; those to competence centres lie apart."""

_HIGH: Final = 0.5
"""A suggestion is worth making from this quantile of all drawn suggestions on."""

_MOST_MISSING: Final = 50
_RUNS: Final = OFFER_QUARTERS[Stage.PILOT]


@dataclass(frozen=True, slots=True)
class Node:
    """One municipality in the network.

    ``partners`` are the others it is linked with, ``betweenness`` the share of shortest ways between others that
    run through it, ``error`` its standard error (0 where exact). ``community`` is a number from 1 (largest).
    ``splits`` is the number of pieces its part of the network would fall into without it, 0 where it would not.
    ``cooperations`` are running or agreed ones, ``load`` how many there are for each free post (``fte``); None
    where the free posts are unknown or none.
    """

    municipality: Municipality
    partners: int
    betweenness: float
    community: int
    error: float = 0.0
    splits: int = 0
    cooperations: int = 0
    fte: float | None = None

    @property
    def load(self) -> float | None:
        """Cooperations for each free post, None where unknown."""
        return self.cooperations / self.fte if self.fte else None


@dataclass(frozen=True, slots=True)
class Bridge:
    """A link without which the network would fall apart; ``cuts_off`` is the size of the smaller piece."""

    a: Municipality
    b: Municipality
    cuts_off: int


@dataclass(frozen=True, slots=True)
class MissingLink:
    """Two that fit well, do not cooperate and belong to different communities of those who do.

    ``a_gives`` and ``b_gives`` are use cases that one runs or pilots and the other needs, ``shared`` are needs of
    both; ``km`` is None where a place is unknown.
    """

    a: Municipality
    b: Municipality
    score: float
    communities: tuple[int, int]
    a_gives: tuple[str, ...]
    b_gives: tuple[str, ...]
    shared: tuple[str, ...]
    km: float | None


@dataclass(frozen=True, slots=True)
class Landscape:
    """What stands out in some layers of the network, as a rule in that of real cooperations.

    ``nodes`` are in descending order of partners, ``bridges`` of what they would cut off, ``missing`` of score.
    ``alone`` are participants without any link in the layers; ``unsuggested`` are among nobody's drawn
    suggestions. ``sampled`` is the number of starting points that betweenness was estimated from, 0 where exact.
    """

    nodes: tuple[Node, ...]
    alone: tuple[Municipality, ...]
    cooperating: int
    links: int
    communities: int
    modularity: float
    participants: int
    bridges: tuple[Bridge, ...]
    missing: tuple[MissingLink, ...]
    unsuggested: tuple[Municipality, ...]
    sampled: int


def build_graph(
    profiles: Profiles,
    cooperations: Sequence[tuple[str, Ints]],
    ranking: Ranking | None = None,
    centres: Sequence[CompetenceCentre] = (),
    contacted: Sequence[tuple[str, Ints]] = (),
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
    centres
        Competence centres; every participant gets an edge to its nearest fitting one.
    contacted
        Title and member rows of each cooperation that is only asked for; they count as no cooperation.
    """
    graph: nx.MultiGraph[str] = nx.MultiGraph(name="matchmaker")
    count = np.bincount(np.concatenate([*(np.unique(rows) for _, rows in cooperations), []]).astype(np.int64),
                        minlength=len(profiles))  # fmt: skip
    participants = np.flatnonzero(profiles.participates)
    for row in participants:
        graph.add_node(str(profiles.key[row]), **_attributes(profiles, int(row)), cooperations=int(count[row]))
    for name, groups in ((COOPERATION, cooperations), (CONTACTED, contacted)):
        titles: dict[tuple[str, str], list[str]] = {}
        for title, members in groups:
            for pair in combinations(sorted(str(profiles.key[row]) for row in members), 2):
                titles.setdefault(pair, []).append(title)
        for pair, names in titles.items():
            graph.add_edge(*pair, key=name, layer=name, titles="; ".join(names))
    _add_common_partners(graph)
    if ranking is not None:
        _add_suggestions(graph, profiles, ranking)
    _add_offers(graph, profiles)
    if centres and len(participants):
        _add_centres(graph, profiles, participants, centres)
    return graph


def _add_common_partners(graph: nx.MultiGraph[str]) -> None:
    """Add an edge for every two who cooperate with the same others but not with each other."""
    real = layer(graph, COOPERATION)
    common: dict[tuple[str, str], int] = {}
    for node in real:
        for pair in combinations(sorted(real[node]), 2):
            if not real.has_edge(*pair):
                common[pair] = common.get(pair, 0) + 1
    for pair, partners in common.items():
        graph.add_edge(*pair, key=COMMON_PARTNER, layer=COMMON_PARTNER, partners=partners)


def _add_suggestions(graph: nx.MultiGraph[str], profiles: Profiles, ranking: Ranking) -> None:
    """Add an edge for every suggestion; where two suggest each other, the higher score counts."""
    asker, place = np.nonzero(ranking.partner >= 0)
    partner = ranking.partner[asker, place]
    for row in np.union1d(ranking.asker[asker], partner):
        if str(profiles.key[row]) not in graph:
            graph.add_node(str(profiles.key[row]), **_attributes(profiles, int(row)), cooperations=0)
    best: dict[tuple[str, str], float] = {}
    ends = zip(profiles.key[ranking.asker[asker]].tolist(), profiles.key[partner].tolist(), strict=True)
    for (a, b), score in zip(ends, ranking.score[asker, place].tolist(), strict=True):
        pair = (a, b) if a < b else (b, a)
        best[pair] = max(score, best.get(pair, 0.0))
    for (a, b), score in best.items():
        graph.add_edge(a, b, key=SUGGESTION, layer=SUGGESTION, score=score)
    wanted = np.bincount(partner, minlength=len(profiles))
    nx.set_node_attributes(graph, {key: int(wanted[profiles.row(key)]) for key in graph}, "suggested_by")


def _add_offers(graph: nx.MultiGraph[str], profiles: Profiles) -> None:
    """Add what one runs or pilots and the other needs, for all who cooperate or are suggested to each other."""
    pairs = {(a, b) for a, b, data in graph.edges(data=True) if data["layer"] in {COOPERATION, SUGGESTION}}
    if not pairs:
        return
    ends = np.array(sorted(pairs), dtype=profiles.key.dtype)
    rows = np.searchsorted(profiles.key, ends)
    ids = np.array(profiles.use_cases)
    for giver, taker in ((0, 1), (1, 0)):
        fits = (profiles.offer[rows[:, giver]] >= _RUNS) & (profiles.need[rows[:, taker]] > 0)
        for place in np.flatnonzero(fits.any(axis=1)):
            gives, takes = str(ends[place, giver]), str(ends[place, taker])
            graph.add_edge(
                gives, takes, key=f"{OFFER} {gives}",
                layer=OFFER, giver=gives, taker=takes, use_cases="; ".join(ids[fits[place]].tolist()),
            )  # fmt: skip


def _add_centres(
    graph: nx.MultiGraph[str], profiles: Profiles, rows: Ints, centres: Sequence[CompetenceCentre]
) -> None:
    for centre in centres:
        known = {"lat": centre.lat, "lon": centre.lon}
        graph.add_node(
            centre.id, type=CENTRE, name=centre.name, land=centre.land, simulated=False, host=centre.host,
            topics="; ".join(centre.topics), url=centre.url,
            **{name: value for name, value in known.items() if value is not None},
        )  # fmt: skip
    best, km = nearest_centres(profiles, rows, centres)
    for row, place, far in zip(rows, best, km, strict=True):
        distance = {} if np.isnan(far) else {"km": round(float(far), 1)}
        graph.add_edge(str(profiles.key[row]), centres[place].id, key=CENTRE, layer=CENTRE, **distance)


def survey_landscape(
    graph: nx.MultiGraph[str], profiles: Profiles, layers: Sequence[str] = (COOPERATION,), *, seed: int = 0
) -> Landscape:
    """Return hubs, bridges, communities, missing links and those left alone.

    ``layers`` are those in which partners, ways, bridges and communities are counted. Missing links are always
    those between communities of real cooperations. Measures as `matchmaker.network.measures` describes them.
    """
    layers = tuple(layers)
    real = layer(graph, *layers)
    between = betweenness(real)
    groups = communities(real, seed=seed)
    community = {key: number for number, group in enumerate(groups, start=1) for key in group}
    splits = cut_points(real)
    of = {key: profiles.municipality(profiles.row(key)) for key in real}
    nodes = [
        Node(
            municipality=of[key],
            partners=real.degree(key),
            betweenness=between.value[key],
            community=number,
            error=between.error[key],
            splits=splits.get(key, 0),
            cooperations=real.nodes[key]["cooperations"],
            fte=real.nodes[key].get("fte"),
        )
        for key, number in community.items()
    ]
    linked = real.subgraph(community)
    return Landscape(
        nodes=tuple(sorted(nodes, key=lambda node: (-node.partners, -node.betweenness, node.municipality.key))),
        alone=tuple(of[key] for key in sorted(set(real) - set(community))),
        cooperating=len(community),
        links=real.number_of_edges(),
        communities=len(groups),
        modularity=float(nx.community.modularity(linked, map(set, groups), weight=None)) if groups else 0.0,
        participants=len(real),
        bridges=tuple(Bridge(of[a], of[b], cut) for a, b, cut in bridges(real)),
        missing=_missing_links(graph, profiles, groups if layers == (COOPERATION,) else None, seed),
        unsuggested=tuple(of[key] for key in sorted(real) if real.nodes[key].get("suggested_by") == 0),
        sampled=between.sampled,
    )


def _missing_links(
    graph: nx.MultiGraph[str], profiles: Profiles, groups: Sequence[frozenset[str]] | None, seed: int
) -> tuple[MissingLink, ...]:
    """Return the best suggestions that would join two communities of real cooperations; None to find these first."""
    if groups is None:
        groups = communities(layer(graph, COOPERATION), seed=seed)
    community = {key: number for number, group in enumerate(groups, start=1) for key in group}
    scored = [(a, b, data["score"]) for a, b, data in graph.edges(data=True) if data["layer"] == SUGGESTION]
    if not scored:
        return ()
    least = float(np.quantile([score for _, _, score in scored], _HIGH))
    worth = [
        (-score, *sorted((a, b)))
        for a, b, score in scored
        if score >= least and community.get(a, 0) and community.get(b, 0) and community[a] != community[b]
    ]
    return tuple(
        _missing_link(profiles, profiles.row(a), profiles.row(b), -score, (community[a], community[b]))
        for score, a, b in sorted(worth)[:_MOST_MISSING]
    )


def _missing_link(profiles: Profiles, a: int, b: int, score: float, groups: tuple[int, int]) -> MissingLink:
    def named(chosen: Any) -> tuple[str, ...]:
        return tuple(u for u, is_chosen in zip(profiles.use_cases, chosen, strict=True) if is_chosen)

    km = float(profiles.km_between(a, b)[0, 0])
    need = {row: profiles.need[row] > 0 for row in (a, b)}
    runs = {row: profiles.offer[row] >= _RUNS for row in (a, b)}
    return MissingLink(
        profiles.municipality(a), profiles.municipality(b), score, groups,
        a_gives=named(runs[a] & need[b]), b_gives=named(runs[b] & need[a]), shared=named(need[a] & need[b]),
        km=None if np.isnan(km) else km,
    )  # fmt: skip


def layer(graph: nx.MultiGraph[str], *names: str) -> nx.Graph[str]:
    """Return some layers together as a simple graph on all municipalities."""
    simple: nx.Graph[str] = nx.Graph()
    simple.add_nodes_from((node, data) for node, data in graph.nodes(data=True) if data["type"] != CENTRE)
    simple.add_edges_from((a, b, data) for a, b, data in graph.edges(data=True) if data["layer"] in names)
    return simple


def _attributes(profiles: Profiles, row: int) -> dict[str, str | float | bool]:
    """Attributes of a node; unknown and closed ones are left out, since a graph file has no empty number."""
    attributes: dict[str, str | float | bool] = {
        "type": "municipality",
        "name": str(profiles.name[row]),
        "land": LANDS[profiles.land[row]],
        "simulated": bool(profiles.simulated[row]),
    }
    if profiles.kind[row] >= 0:
        attributes["kind"] = KINDS[profiles.kind[row]].value
    for name in ("lat", "lon", "population", "fte"):
        value = float(getattr(profiles, name)[row])
        if not np.isnan(value) and not (name == "fte" and profiles.is_closed(row, "capacity")):
            attributes[name] = value
    return attributes
