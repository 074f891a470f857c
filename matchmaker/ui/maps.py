"""Municipalities on a map and in a graph, drawn without any map service; a table beside says the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import networkx as nx
import streamlit as st

from matchmaker import network
from matchmaker.i18n import Language
from matchmaker.model import Municipality
from matchmaker.ui import cache, pictures
from matchmaker.ui.pictures import COLOURS

ATTRIBUTION: Final = "© GeoBasis-DE / BKG (Daten verändert)"
NARROW: Final = 350
WIDE: Final = 420
"""Widths of the maps in pixels."""

_WEST, _EAST, _SOUTH, _NORTH = 5.6, 15.3, 47.1, 55.2
_SQUEEZE: Final = math.cos(math.radians(51.2))
_RATIO: Final = (_NORTH - _SOUTH) / ((_EAST - _WEST) * _SQUEEZE)
"""Height of the map by its width: a kilometre is as long from west to east as from south to north."""

_SCALE: Final = 100
"""Coordinates are drawn times 100: the chart library snaps lines to whole units."""

_LEGEND: Final = 48
"""Height of the legend above a map in pixels."""

_SYMBOLS: Final = ("circle", "diamond", "triangle", "rect", "pin", "roundRect", "emptyCircle")
"""One for each group of dots, so that they differ without colour."""

_LINES: Final = ("path://M0,4h26v3h-26z", *["path://M0,4h6v3h-6zM10,4h6v3h-6zM20,4h6v3h-6z"] * 3)
"""How a solid and the dashed lines look in the legend."""

_DOTS: Final = (5, 2, 7, 0, 3, 4, 8)
"""Colours of the groups of dots."""

_FILES: Final = {
    "partner_map": "partner-karte",
    "network_map": "netz-karte",
    "network_graph": "netz-graph",
    "plan_map": "plan-karte",
}
"""Names of the saved pictures."""

_LAND_LINE: Final = "#9aa7af"
_GREY: Final = "#7d8b94"
"""Can be read on the light and on the dark page."""

_MOST_PARTNERS: Final = 60


def _position(lon: float, lat: float) -> list[float]:
    return [round(lon * _SQUEEZE * _SCALE, 1), round(lat * _SCALE, 1)]


def map_of(
    groups: Mapping[str, Sequence[tuple[Municipality, float]]],
    links: Mapping[str, Sequence[tuple[Municipality, Municipality]]],
    _: Language,
    *,
    key: str,
    alt: str,
    width: int,
    pick: bool = False,
) -> str:
    """Draw municipalities on the outlines of the Länder, without any map service.

    ``groups`` are dots by name of the group with their size in pixels, ``links`` lines between municipalities.
    Those without a known place are left out; the table beside the map has them. With ``pick`` a click on a dot
    returns the key of its municipality; empty while none is chosen.
    """
    shown: dict[int, list[str]] = {}
    series: list[dict[str, Any]] = [
        {
            "type": "lines",
            "coordinateSystem": "cartesian2d",
            "polyline": True,
            "silent": True,
            "lineStyle": {"color": _LAND_LINE, "width": 1, "opacity": 0.9},
            "data": [{"coords": [_position(*point) for point in line]} for line in cache.land_outlines()],
        }
    ]
    for place, (label, pairs) in enumerate(links.items()):
        series.append(
            {
                "type": "lines",
                "name": label,
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "lineStyle": {"color": COLOURS[place], "width": max(1, 2 - place), "opacity": 0.75, "curveness": 0.1,
                              "type": "solid" if place == 0 else "dashed"},
                "data": [
                    {"coords": [_position(a.lon, a.lat), _position(b.lon, b.lat)]}
                    for a, b in pairs
                    if a.lon is not None and a.lat is not None and b.lon is not None and b.lat is not None
                ],
            }
        )  # fmt: skip
    for place, (label, dots) in enumerate(groups.items()):
        shown[len(series)] = [m.key for m, _size in dots if m.lon is not None and m.lat is not None]
        series.append(
            {
                "type": "scatter",
                "name": label,
                "selectedMode": "single" if pick else False,
                "symbol": _SYMBOLS[place],
                "itemStyle": {"color": COLOURS[_DOTS[place]], "borderColor": "#fff", "borderWidth": 0.5},
                "data": [
                    {"name": _marked(m, _), "value": _position(m.lon, m.lat), "symbolSize": size}
                    for m, size in dots
                    if m.lon is not None and m.lat is not None
                ],
            }
        )
    hidden = {"type": "value", "show": False, "splitLine": {"show": False}}
    top = _LEGEND + 24 * max(0, (len(groups) + len(links) - 3) // 2)
    state = pictures.draw(
        {
            "grid": {"left": 0, "top": top, "width": width, "height": round(width * _RATIO)},
            "xAxis": {**hidden, **_bounds((_WEST, _EAST), _SQUEEZE)},
            "yAxis": {**hidden, **_bounds((_SOUTH, _NORTH), 1)},
            "legend": {
                "top": 0,
                "data": [
                    *({"name": label, "icon": icon} for label, icon in zip(groups, _SYMBOLS, strict=False)),
                    *({"name": label, "icon": icon} for label, icon in zip(links, _LINES, strict=False)),
                ],
            },
            "tooltip": {"trigger": "item", "formatter": "{b}"},
            # Turning the wheel scrolls the page; with Ctrl it zooms the map.
            "dataZoom": [
                {"type": "inside", axis: 0, "zoomOnMouseWheel": "ctrl"} for axis in ("xAxisIndex", "yAxisIndex")
            ],
            "series": series,
        },
        _,
        key=key,
        file=_FILES[key],
        width=width,
        height=top + round(width * _RATIO),
        pick=pick,
        alt=alt,
    )
    st.caption(_("Ctrl and the mouse wheel zoom.") + f" {ATTRIBUTION}")
    return _picked(state, shown) if pick else ""


def _marked(municipality: Municipality, _: Language) -> str:
    return f"{municipality.name} ({_('simulated')})" if municipality.simulated else municipality.name


def _picked(state: Any, shown: Mapping[int, Sequence[str]]) -> str:
    """Return the key behind the dot that was clicked; the picture may have changed since."""
    for chosen in state.selection.selected:
        keys = shown.get(chosen["series_index"], ())
        for index in chosen["data_indices"]:
            if index < len(keys):
                return str(keys[index])
    return ""


def community_graph(
    groups: Mapping[str, Sequence[tuple[Municipality, float]]],
    links: Mapping[str, Sequence[tuple[Municipality, Municipality]]],
    places: Mapping[str, tuple[float, float]],
    _: Language,
    *,
    key: str,
    alt: str,
) -> str:
    """Draw all who have partners as a graph, each community a disc; return the key of a clicked municipality."""
    dots = [(m, size, place) for place, members in enumerate(groups.values()) for m, size in members if m.key in places]
    state = pictures.draw(
        {
            "legend": {
                "top": 0,
                "data": [{"name": label, "icon": icon} for label, icon in zip(groups, _SYMBOLS, strict=False)],
            },
            "tooltip": {"formatter": "{c}"},
            "series": [
                {
                    "type": "graph",
                    "layout": "none",
                    "roam": "move",
                    "top": _LEGEND * 2,
                    "selectedMode": "single",
                    "categories": [
                        {"name": label, "symbol": _SYMBOLS[i], "itemStyle": {"color": COLOURS[_DOTS[i]]}}
                        for i, label in enumerate(groups)
                    ],
                    "data": [
                        {"name": m.key, "value": _marked(m, _), "x": round(places[m.key][0] * _SCALE),
                         "y": round(places[m.key][1] * _SCALE), "category": place, "symbolSize": size}
                        for m, size, place in dots
                    ],
                    "links": [
                        {"source": a.key, "target": b.key, "lineStyle": {"type": "solid" if number == 0 else "dashed"}}
                        for number, pairs in enumerate(links.values())
                        for a, b in pairs
                    ],
                }
            ],
        },
        _,
        key=key,
        file=_FILES[key],
        height=560,
        pick=True,
        alt=alt,
    )  # fmt: skip
    return _picked(state, {0: [m.key for m, _size, _place in dots]})


def neighbours(graph: nx.MultiGraph[str], key: str) -> Mapping[str, bool]:
    """Return the partners of a municipality and whether they work together already; those first.

    At most 60: more cannot be told apart.
    """
    layers = {other: {data["layer"] for data in edges.values()} for other, edges in graph[key].items()}
    real = {other for other, names in layers.items() if network.COOPERATION in names}
    others = {other for other, names in layers.items() if network.SUGGESTION in names} | real
    shown = sorted(others, key=lambda other: (other not in real, other))[:_MOST_PARTNERS]
    return {other: other in real for other in shown}


def ego_graph(graph: nx.MultiGraph[str], key: str, of: Mapping[str, Municipality], _: Language) -> None:
    """Draw a municipality with its partners and their links among each other."""
    real = neighbours(graph, key)
    ego: nx.Graph[str] = nx.Graph(graph.subgraph([key, *real]))
    places = nx.spring_layout(ego, seed=1)
    groups = (_("Your municipality") if key == st.session_state.get("key") else of[key].name,
              _("Works together"), _("Suggested partner"))  # fmt: skip
    nodes = [
        {
            "name": other,
            "value": of[other].name,
            "x": float(places[other][0]) * _SCALE,
            "y": float(places[other][1]) * _SCALE,
            "category": 0 if other == key else 1 if real[other] else 2,
            "symbolSize": 22 if other == key else 13,
            "label": {"show": True, "formatter": "{c}", "position": "right", "color": _GREY},
        }
        for other in ego
    ]
    lines = [
        {
            "source": a,
            "target": b,
            "lineStyle": {"type": "solid" if graph.has_edge(a, b, network.COOPERATION) else "dashed", "width": 1.5},
        }
        for a, b in ego.edges
    ]
    pictures.draw(
        {
            "legend": {
                "top": 0,
                "data": [{"name": group, "icon": icon} for group, icon in zip(groups, _SYMBOLS, strict=False)],
            },
            "tooltip": {"formatter": "{c}"},
            "series": [
                {
                    "type": "graph",
                    "layout": "none",
                    "roam": "move",
                    "categories": [
                        {"name": group, "symbol": _SYMBOLS[i], "itemStyle": {"color": COLOURS[(5, 0, 2)[i]]}}
                        for i, group in enumerate(groups)
                    ],
                    "data": nodes,
                    "links": lines,
                    "right": 160,
                    "labelLayout": {"hideOverlap": True},
                }
            ],
        },
        _,
        key="ego_graph",
        file="partnerschaften",
        height=400,
        alt=_("Graph of {name} and its partners; the table below has the same content.").format(name=of[key].name),
    )


def _bounds(span: tuple[float, float], factor: float) -> dict[str, float]:
    return {"min": span[0] * factor * _SCALE, "max": span[1] * factor * _SCALE}
