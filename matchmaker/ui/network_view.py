"""What the page of the network keeps between clicks: what stands out, and the strongest links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matchmaker import network, service
from matchmaker.model import Municipality
from matchmaker.network import Landscape

_MOST_LINKS: Final = 3_000
"""More lines than this cannot be told apart and slow the drawing; the strongest are drawn first."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is drawn, with what the network knows about it."""

    a: Municipality
    b: Municipality
    about: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class View:
    """A network as the page shows it in some layers: what stands out, who is in it, which links are drawn, where.

    ``of`` are all municipalities by key, in ascending order. ``links`` are the drawn ones by layer, ``left_out`` is
    the number of the others.
    """

    landscape: Landscape
    of: Mapping[str, Municipality]
    links: Mapping[str, Sequence[Link]]
    left_out: int
    places: Mapping[str, tuple[float, float]]


def view(drawn: service.Network, layers: Sequence[str]) -> View:
    """Return what the page shows in some layers: at most 3,000 links, real ones before the best suggestions."""
    found = service.survey_layers(drawn, layers)
    everybody = [*(n.municipality for n in found.nodes), *found.alone]
    of = {m.key: m for m in sorted(everybody, key=lambda m: m.key)}
    links: dict[str, Sequence[Link]] = {}
    room, total = _MOST_LINKS, 0
    for layer in (name for name in network.LAYERS if name in layers):
        edges = list(network.layer(drawn.graph, layer).edges(data=True))
        edges.sort(key=lambda edge: (-edge[2].get("score", edge[2].get("partners", 0)), edge[0], edge[1]))
        links[layer] = [Link(of[a], of[b], about) for a, b, about in edges[:room]]
        room -= len(links[layer])
        total += len(edges)
    groups: dict[int, set[str]] = {}
    for node in found.nodes:
        groups.setdefault(node.community, set()).add(node.municipality.key)
    places = network.layout(network.layer(drawn.graph, *layers), [frozenset(groups[c]) for c in sorted(groups)])
    return View(found, of, links, total + room - _MOST_LINKS, places)
