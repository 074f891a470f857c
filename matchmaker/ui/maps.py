"""Municipalities on a map and in a graph, drawn without any map service; a table beside says the same."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import networkx as nx
import streamlit as st

from matchmaker import network
from matchmaker.i18n import Language
from matchmaker.model import CompetenceCentre, Municipality
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

_COUNTRY: Final = ((_WEST, _EAST), (_SOUTH, _NORTH))
_MARGIN: Final = 1.5
_LEAST_HEIGHT: Final = 0.8
"""Degrees of latitude: closer the borders would say nothing."""

_SCALE: Final = 100
"""Coordinates are drawn times 100: the chart library snaps lines to whole units."""

_LEGEND: Final = 48
"""Height of the legend above a map in pixels."""

_SYMBOLS: Final = ("circle", "diamond", "triangle", "rect", "pin", "roundRect", "emptyCircle")
"""One for each group of dots, so that they differ without colour."""

_CENTRE: Final = "arrow"
"""Symbol of competence centres."""

_LINES: Final = ("path://M0,4h26v3h-26z", *["path://M0,4h6v3h-6zM10,4h6v3h-6zM20,4h6v3h-6z"] * 3)
"""How a solid and the dashed lines look in the legend."""

_DOTS: Final = (5, 2, 7, 0, 3, 4, 8)
"""Colours of the groups of dots."""

_QUICK: Final = {"progressive": 0, "emphasis": {"disabled": True}}
"""All dots at once: drawn in portions, thousands of them would take longer, and again at every move of the mouse."""

_LAND_LINE: Final = "#9aa7af"
_GREY: Final = "#7d8b94"
"""Can be read on the light and on the dark page."""

_MOST_PARTNERS: Final = 60


def _position(lon: float, lat: float) -> list[float]:
    return [round(lon * _SQUEEZE * _SCALE, 1), round(lat * _SCALE, 1)]


@functools.cache
def _outlines() -> list[dict[str, list[list[float]]]]:
    """Return the outlines of the Länder as every map draws them; shared, so they are only read."""
    return [{"coords": [_position(*point) for point in line]} for line in cache.land_outlines()]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be drawn: options of the chart library, size, and the keys behind its dots by series.

    It may be kept and shared, so it is only read.
    """

    options: Mapping[str, Any]
    width: int | Literal["stretch"]
    height: int
    keys: Mapping[int, Sequence[str]]


def draw(picture: Picture, _: Language, *, key: str, alt: str, file: str, pick: bool = True) -> tuple[str, ...]:
    """Draw a picture; with ``pick`` dots can be chosen by a click, one of each group. Return the keys behind them."""
    state = pictures.draw(
        picture.options, _, width=picture.width, height=picture.height, key=key, alt=alt, file=file, pick=pick
    )
    return _picked(state, picture.keys) if pick else ()


def map_of(
    groups: Mapping[str, Sequence[tuple[Municipality, float]]],
    links: Mapping[str, Sequence[tuple[Municipality, Municipality]]],
    _: Language,
    *,
    key: str,
    alt: str,
    file: str,
    width: int,
    close: bool = False,
) -> None:
    """Draw municipalities on the outlines of the Länder, as `map_picture` describes."""
    draw(map_picture(groups, links, _, width=width, close=close), _, key=key, alt=alt, file=file, pick=False)
    map_note(_)


def map_note(_: Language) -> None:
    """Say below a map how to zoom and whose borders it shows."""
    st.caption(_("Ctrl and the mouse wheel zoom.") + f" {ATTRIBUTION}")


def map_picture(
    groups: Mapping[str, Sequence[tuple[Municipality, float]]],
    links: Mapping[str, Sequence[tuple[Municipality, Municipality]]],
    _: Language,
    *,
    width: int,
    pick: bool = False,
    close: bool = False,
    centres: Sequence[CompetenceCentre] = (),
) -> Picture:
    """Return municipalities on the outlines of the Länder, without any map service.

    ``groups`` are dots by name of the group with their size in pixels, ``links`` lines between municipalities.
    Those without a known place are left out; the table beside the map has them. With ``pick`` the dots of
    municipalities can be clicked. ``close`` shows where the dots are instead of the whole country.
    """
    shown: dict[int, list[str]] = {}
    series: list[dict[str, Any]] = [
        {
            "type": "lines",
            "coordinateSystem": "cartesian2d",
            "polyline": True,
            "silent": True,
            "lineStyle": {"color": _LAND_LINE, "width": 1, "opacity": 0.9},
            "data": _outlines(),
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
                **_QUICK,
                "z": 3 + len(groups) - place,  # the first groups lie on top
                "symbol": _SYMBOLS[place],
                "itemStyle": {"color": COLOURS[_DOTS[place]], "borderColor": "#fff", "borderWidth": 0.5},
                "data": [
                    {"name": marked(m, _), "value": _position(m.lon, m.lat), "symbolSize": size}
                    for m, size in dots
                    if m.lon is not None and m.lat is not None
                ],
            }
        )
    named = _("Competence centre")
    if centres:
        series.append(
            {
                "type": "scatter",
                "name": named,
                "z": 4 + len(groups),
                "symbol": _CENTRE,
                "symbolSize": 14,
                "itemStyle": {"color": COLOURS[1], "borderColor": "#000", "borderWidth": 1},
                "data": [
                    {"name": c.name, "value": _position(c.lon, c.lat)}
                    for c in centres
                    if c.lon is not None and c.lat is not None
                ],
            }
        )
    hidden = {"type": "value", "show": False, "splitLine": {"show": False}}
    across, up = _around([m for dots in groups.values() for m, _size in dots]) if close else _COUNTRY
    top = _LEGEND + 24 * max(0, (len(groups) + len(links) + bool(centres) - 3) // 2)
    return Picture(
        {
            "grid": {"left": 0, "top": top, "width": width, "height": round(width * _RATIO)},
            "xAxis": {**hidden, **_bounds(across, _SQUEEZE)},
            "yAxis": {**hidden, **_bounds(up, 1)},
            "legend": {
                "top": 0,
                "data": [
                    *({"name": label, "icon": icon} for label, icon in zip(groups, _SYMBOLS, strict=False)),
                    *({"name": label, "icon": icon} for label, icon in zip(links, _LINES, strict=False)),
                    *([{"name": named, "icon": _CENTRE}] if centres else []),
                ],
            },
            "tooltip": {"trigger": "item", "formatter": "{b}"},
            # Turning the wheel scrolls the page; with Ctrl it zooms the map.
            "dataZoom": [
                {"type": "inside", axis: 0, "zoomOnMouseWheel": "ctrl"} for axis in ("xAxisIndex", "yAxisIndex")
            ],
            "series": series,
        },
        width,
        top + round(width * _RATIO),
        shown,
    )  # fmt: skip


def marked(municipality: Municipality, _: Language) -> str:
    """Return the name, with a word where the municipality is simulated."""
    return f"{municipality.name} ({_('simulated')})" if municipality.simulated else municipality.name


def _picked(state: Any, shown: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    """Return the keys behind the dots that were clicked; the picture may have changed since."""
    return tuple(
        keys[index]
        for chosen in state.selection.selected
        if (keys := shown.get(chosen["series_index"]))
        for index in chosen["data_indices"]
        if index < len(keys)
    )


def graph_picture(
    groups: Mapping[str, Sequence[tuple[Municipality, float]]],
    links: Mapping[str, Sequence[tuple[Municipality, Municipality]]],
    places: Mapping[str, tuple[float, float]],
    _: Language,
) -> Picture:
    """Return all who have partners as a graph, each community a disc; every dot can be clicked."""
    dots = [(m, size, place) for place, members in enumerate(groups.values()) for m, size in members if m.key in places]
    return Picture(
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
                    **_QUICK,
                    "selectedMode": "single",
                    "categories": [
                        {"name": label, "symbol": _SYMBOLS[i], "itemStyle": {"color": COLOURS[_DOTS[i]]}}
                        for i, label in enumerate(groups)
                    ],
                    "data": [
                        {"name": m.key, "value": marked(m, _), "x": round(places[m.key][0] * _SCALE),
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
        "stretch",
        560,
        {0: [m.key for m, _size, _place in dots]},
    )  # fmt: skip


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
                    "preserveAspect": True,
                    "roam": "move",
                    "categories": [
                        {"name": group, "symbol": _SYMBOLS[i], "itemStyle": {"color": COLOURS[(5, 0, 2)[i]]}}
                        for i, group in enumerate(groups)
                    ],
                    "data": nodes,
                    "links": lines,
                    "left": 40,
                    "right": 130,
                    "top": _LEGEND + 24,
                    "bottom": 16,
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


def _around(shown: Sequence[Municipality]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the degrees from west to east and from south to north around some places, in the shape of the map."""
    lons, lats = [m.lon for m in shown if m.lon is not None], [m.lat for m in shown if m.lat is not None]
    if not lons or not lats:
        return _COUNTRY
    middle_lon, middle_lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    height = max(max(lats) - min(lats), (max(lons) - min(lons)) * _SQUEEZE * _RATIO, _LEAST_HEIGHT) * _MARGIN
    width = height / _RATIO / _SQUEEZE
    return (
        (middle_lon - width / 2, middle_lon + width / 2),
        (middle_lat - height / 2, middle_lat + height / 2),
    )


def _bounds(span: tuple[float, float], factor: float) -> dict[str, float]:
    return {"min": span[0] * factor * _SCALE, "max": span[1] * factor * _SCALE}
