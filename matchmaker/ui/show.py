"""How results look: maps, bars, cards and tables. Every picture has a table or text that says the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import networkx as nx
import pandas as pd
import streamlit as st

from matchmaker import network
from matchmaker.errors import ImportRejected, MatchmakerError
from matchmaker.exchange import guarded
from matchmaker.i18n import Language
from matchmaker.model import LAND_NAMES, LANDS, PARTS, Consortium, Evidence, Municipality, Suggestion
from matchmaker.ui import cache

ATTRIBUTION: Final = "© GeoBasis-DE / BKG (Daten verändert)"

# Okabe and Ito's colours, told apart with any kind of colour vision; in the order of the parts of the score.
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#666666", "#999999")
_LAND_LINE: Final = "#9aa7af"
_MAP_WIDTH: Final = 440
_MAP_HEIGHT: Final = 618
"""Such that a kilometre is as long from west to east as from south to north."""

_MOST_PARTNERS: Final = 60
_SQUEEZE: Final = math.cos(math.radians(51.2))
_MAP_SCALE: Final = 100
"""Coordinates are drawn times 100: the chart library snaps lines to whole units."""


def part_names(_: Language) -> dict[str, str]:
    """Return the names of the parts of the score on screen."""
    names = (
        _("Shared needs"), _("They have what we need"), _("We have what they need"), _("Learn from their strengths"),
        _("Cooperated before"), _("Near"), _("Similar size"), _("Same Land"), _("Free staff"),
    )  # fmt: skip
    return dict(zip(PARTS, names, strict=True))


def failure(error: MatchmakerError, _: Language) -> None:
    """Explain an error: what happened, where, and what to do next."""
    text = _.render(error.what) + (" " + _.render(error.remedy) if error.remedy else "")
    st.error(text, icon=":material/error:")
    if isinstance(error, ImportRejected):
        st.dataframe(
            pd.DataFrame(
                [(i.file, i.row, i.column, i.value, _.render(i.rule)) for i in error.issues],
                columns=[_("File"), _("Row"), _("Column"), _("Value"), _("Rule")],
            ),
            hide_index=True,
        )


def facts(municipality: Municipality, _: Language) -> str:
    """Return one line about a municipality: kind, Land, inhabitants."""
    people = (
        _("inhabitants unknown")
        if municipality.population is None
        else _("{count} inhabitants").format(count=_.number(municipality.population))
    )
    kind = _(municipality.kind.value) if municipality.kind else _("kind unknown")
    land = _(LAND_NAMES[LANDS.index(municipality.land)])
    return f"{kind} · {land} · {people}"


def name(municipality: Municipality, _: Language) -> str:
    """Return the name, with a mark where the municipality is simulated."""
    return f"{municipality.name} :orange-badge[{_('simulated')}]" if municipality.simulated else municipality.name


def sources(evidence: Sequence[Evidence], _: Language, limit: int = 5) -> None:
    """List published evidence with links to where it can be read."""
    for item in evidence[:limit]:
        year = f" ({item.year})" if item.year else ""
        st.markdown(f"- {escaped(_.label(item.title))}{year}: [{_('Source')}]({item.url})")
    if len(evidence) > limit:
        st.caption(_("{count} more published sources").format(count=len(evidence) - limit))


def escaped(text: str) -> str:
    """Return a text of the data that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|$<>:~" else c for c in text)


def _position(lon: float, lat: float) -> list[float]:
    return [round(lon * _SQUEEZE * _MAP_SCALE, 1), round(lat * _MAP_SCALE, 1)]


def map_of(
    groups: Mapping[str, Sequence[tuple[Municipality, float]]],
    links: Mapping[str, Sequence[tuple[Municipality, Municipality]]],
    _: Language,
    *,
    key: str,
    alt: str,
) -> None:
    """Draw municipalities on the outlines of the Länder, without any map service.

    ``groups`` are dots by name of the group with their size in pixels, ``links`` lines between municipalities.
    Those without a known place are left out; the table beside the map has them.
    """
    symbols = ("circle", "diamond", "triangle", "rect", "pin")
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
                "lineStyle": {"color": COLOURS[place], "width": 2 - place, "opacity": 0.75, "curveness": 0.1,
                              "type": "solid" if place == 0 else "dashed"},
                "data": [
                    {"coords": [_position(a.lon, a.lat), _position(b.lon, b.lat)]}
                    for a, b in pairs
                    if a.lon is not None and a.lat is not None and b.lon is not None and b.lat is not None
                ],
            }
        )  # fmt: skip
    for place, (label, dots) in enumerate(groups.items()):
        series.append(
            {
                "type": "scatter",
                "name": label,
                "symbol": symbols[place % len(symbols)],
                "itemStyle": {"color": COLOURS[(place + 5) % len(COLOURS)], "borderColor": "#fff", "borderWidth": 0.5},
                "data": [
                    {"name": m.name, "value": _position(m.lon, m.lat), "symbolSize": size}
                    for m, size in dots
                    if m.lon is not None and m.lat is not None
                ],
            }
        )
    hidden = {"type": "value", "show": False, "splitLine": {"show": False}}
    st.echarts_chart(
        {
            "grid": {"left": 4, "right": 4, "top": 32, "bottom": 4},
            "xAxis": {**hidden, **_bounds((5.6, 15.3), _SQUEEZE)},
            "yAxis": {**hidden, **_bounds((47.1, 55.2), 1)},
            "legend": {"top": 0, "data": [*groups, *links]},
            "tooltip": {"trigger": "item", "formatter": "{b}"},
            "dataZoom": [{"type": "inside", "xAxisIndex": 0}, {"type": "inside", "yAxisIndex": 0}],
            "series": series,
            "animation": False,
        },
        width=_MAP_WIDTH,
        height=_MAP_HEIGHT,
        key=key,
        alt=alt,
    )
    st.caption(ATTRIBUTION)


def ego_graph(graph: nx.MultiGraph[str], key: str, of: Mapping[str, Municipality], _: Language) -> pd.DataFrame:
    """Draw a municipality with its partners and their links among each other; return the same as a table.

    At most 60 partners, those of real cooperations first: more cannot be told apart.
    """
    real = set(network.layer(graph, network.COOPERATION)[key])
    others = sorted(set(graph[key]), key=lambda other: (other not in real, other))[:_MOST_PARTNERS]
    ego: nx.Graph[str] = nx.Graph(graph.subgraph([key, *others]))
    places = nx.spring_layout(ego, seed=1)
    groups = (_("Your municipality") if key == st.session_state.get("key") else of[key].name,
              _("Works together"), _("Suggested partner"))  # fmt: skip
    nodes = [
        {
            "name": other,
            "value": of[other].name,
            "x": float(places[other][0]) * _MAP_SCALE,
            "y": float(places[other][1]) * _MAP_SCALE,
            "category": 0 if other == key else 1 if other in real else 2,
            "symbolSize": 22 if other == key else 13,
            "label": {"show": True, "formatter": "{c}", "position": "right", "color": "inherit"},
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
    symbols = ("circle", "diamond", "triangle")
    st.echarts_chart(
        {
            "legend": {"top": 0, "data": list(groups)},
            "tooltip": {"formatter": "{c}"},
            "series": [
                {
                    "type": "graph",
                    "layout": "none",
                    "roam": True,
                    "categories": [
                        {"name": group, "symbol": symbols[i], "itemStyle": {"color": COLOURS[(5, 0, 2)[i]]}}
                        for i, group in enumerate(groups)
                    ],
                    "data": nodes,
                    "links": lines,
                    "right": 160,
                    "labelLayout": {"hideOverlap": True},
                }
            ],
            "animation": False,
        },
        height=460,
        key="ego_graph",
        alt=_("Graph of {name} and its partners; the table below has the same content.").format(name=of[key].name),
    )
    rows = []
    for other in others:
        edges = graph.get_edge_data(key, other)
        rows.append(
            (
                of[other].name,
                groups[1] if other in real else groups[2],
                edges.get(network.COOPERATION, {}).get("titles", ""),
                edges.get(network.SUGGESTION, {}).get("score"),
                of[other].simulated,
                other,
            )
        )
    return pd.DataFrame(
        rows, columns=[_("Partner"), _("Relation"), _("Cooperations"), _("Score"), _("Simulated"), _("Key")]
    )


def _bounds(span: tuple[float, float], factor: float) -> dict[str, float]:
    return {"min": span[0] * factor * _MAP_SCALE, "max": span[1] * factor * _MAP_SCALE}


def score_bars(suggestions: Sequence[Suggestion], _: Language) -> None:
    """Draw the score of each partner as a bar made of its parts; pale pieces are estimated."""
    names = part_names(_)
    labels = [f"{s.rank}. {s.partner.name}" for s in suggestions]
    series = []
    for place, part in enumerate(PARTS):
        data = []
        for s in suggestions:
            found = s.parts[place]
            style = {} if found.known else {"itemStyle": {"opacity": 0.35}}
            data.append({"value": round(found.value * found.weight, 4), **style})
        series.append(
            {"type": "bar", "name": names[part], "stack": "score", "itemStyle": {"color": COLOURS[place]}, "data": data}
        )
    st.echarts_chart(
        {
            "grid": {"left": 8, "right": 16, "top": 136, "bottom": 8, "containLabel": True},
            "legend": {"top": 0, "type": "plain"},
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "valueFormatter": "%.2f"},
            "xAxis": {"type": "value", "min": 0},
            "yAxis": {"type": "category", "data": labels, "inverse": True},
            "series": series,
            "animation": False,
        },
        height=170 + 34 * len(suggestions),
        key="score_bars",
        alt=_("Score of each partner, divided into its parts; the table below has the same figures."),
    )
    st.caption(_("Pale pieces are estimated because nothing is reported: the mean of all others stands in for them."))


def score_table(suggestions: Sequence[Suggestion], _: Language) -> pd.DataFrame:
    """Return the suggestions as a table: what the bars and the map show."""
    names = part_names(_)
    return pd.DataFrame(
        [
            {
                _("Rank"): s.rank,
                _("Partner"): s.partner.name,
                _("Key"): s.partner.key,
                _("Land"): s.partner.land,
                _("km"): None if s.km is None else round(s.km),
                _("Score"): round(s.score, 3),
                _("On reported data"): round(s.coverage, 2),
                _("Stability"): s.stability,
                _("Simulated"): s.partner.simulated,
                **{names[part.name]: round(part.value, 2) if part.known else None for part in s.parts},
            }
            for s in suggestions
        ]
    )


def suggestion(s: Suggestion, _: Language) -> None:
    """Draw one partner as a card: who, how well, why, what speaks against, and what is published."""
    with st.container(border=True):
        st.markdown(f"#### {s.rank}. {name(s.partner, _)}")
        far = _("distance unknown") if s.km is None else _("{km} km away").format(km=_.number(s.km))
        st.caption(f"{facts(s.partner, _)} · {far} · {s.partner.key}")
        fit, reported, stays = st.columns(3)
        fit.metric(_("Score"), _.number(s.score, 2), help=_("Weighted sum of nine parts between 0 and 1."))
        reported.metric(
            _("On reported data"), _.percent(s.coverage), help=_("Share of the score that rests on reported data.")
        )
        if s.stability is not None:
            stays.metric(
                _("Stability"),
                _.percent(s.stability),
                help=_("How often this partner stays in your list when data and weights are shaken 100 times."),
            )
        for text in s.reasons:
            st.markdown(f":green[**+**] {escaped(_.render(text))}")
        if not s.reasons:
            st.markdown(_("Nothing reported speaks for this partner yet."))
        for text in s.against:
            st.markdown(f":red[**–**] {escaped(_.render(text))}")
        if s.lift:
            st.markdown(f":blue[**→**] {escaped(_.render(s.lift))}")
        if s.evidence:
            with st.expander(_.plural("{count} published source", "{count} published sources", len(s.evidence))):
                sources(s.evidence, _, limit=20)


def project(group: Consortium, number: int, _: Language) -> None:
    """Draw one joint project: who, what it saves, who pays what, and what to know."""
    with st.container(border=True):
        st.markdown(f"#### {number}. {escaped(_.label(group.title))}")
        members = _.list([name(m, _) for m in group.members])
        st.markdown(_("**{lead}** leads. Together: {members}.").format(lead=group.lead.name, members=members))
        saving, staff, days = st.columns(3)
        saving.metric(
            _("Saving over five years"),
            _.eur(group.saving_eur.central) if group.saving_eur.central > 0 else _("none expected"),
            help=_("Cost of everyone alone minus cost together, for the whole group."),
        )
        saving.caption(
            _("from {low} to {high}").format(low=_.eur(group.saving_eur.low), high=_.eur(group.saving_eur.high))
        )
        staff.metric(
            _("Posts saved a year"),
            _.number(group.fte_saved.central, 2),
            help=_("Running it once instead of everywhere, minus the hours of coordination."),
        )
        staff.caption(
            _("from {low} to {high}").format(
                low=_.number(group.fte_saved.low, 2), high=_.number(group.fte_saved.high, 2)
            )
        )
        days.metric(_("Working days saved at the start"), _.number(group.staff_days_saved.central))
        days.caption(
            _("from {low} to {high}").format(
                low=_.number(group.staff_days_saved.low), high=_.number(group.staff_days_saved.high)
            )
        )
        st.markdown(
            _("Together {joint} instead of {alone}: {percent} less.").format(
                joint=_.eur(group.joint_cents / 100),
                alone=_.eur(sum(group.alone_cents) / 100),
                percent=_.percent(group.saving_pct / 100),
            )
            if group.saving_eur.central > 0
            else _("Together {joint} instead of {alone}.").format(
                joint=_.eur(group.joint_cents / 100), alone=_.eur(sum(group.alone_cents) / 100)
            )
        )
        for note in group.notes:
            st.markdown(f":blue[**→**] {escaped(_.render(note))}")
        with st.expander(_("Who pays what, and how large should the group be?")):
            st.dataframe(_shares(group, _), hide_index=True)
            st.caption(_("Split in proportion to what each would pay alone, over five years."))
            _size_curve(group, number, _)
        if group.access:
            weak = _.list([m.name for m in group.access])
            st.markdown(_("Gains access to what it could hardly do alone: {names}.").format(names=weak))
        if group.evidence:
            with st.expander(_.plural("{count} published source", "{count} published sources", len(group.evidence))):
                sources(group.evidence, _, limit=20)


def _shares(group: Consortium, _: Language) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (share.member.name, _.eur(share.alone_cents / 100), _.eur(share.pays_cents / 100),
             _.eur((share.alone_cents - share.pays_cents) / 100))
            for share in group.shares
        ],
        columns=[_("Member"), _("Alone"), _("Together"), _("Saves")],
    )  # fmt: skip


def _size_curve(group: Consortium, number: int, _: Language) -> None:
    """Draw the saving against the size of the group, and say it in a table."""
    sizes, savings = zip(*group.curve, strict=True)
    st.echarts_chart(
        {
            "grid": {"left": 8, "right": 16, "top": 24, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "category", "data": list(sizes), "name": _("members"), "nameLocation": "middle",
                      "nameGap": 24},
            "yAxis": {"type": "value"},
            "tooltip": {"trigger": "axis", "valueFormatter": "%,.0f €"},
            "series": [{"type": "line", "data": [round(s) for s in savings], "itemStyle": {"color": COLOURS[0]}}],
            "animation": False,
        },
        height=220,
        key=f"curve_{number}",
        alt=_("Saving of the best group of each size; the table below has the same figures."),
    )  # fmt: skip
    st.dataframe(pd.DataFrame([[_.eur(s) for s in savings]], columns=[str(size) for size in sizes]), hide_index=True)


def download(frame: pd.DataFrame, file: str, _: Language) -> None:
    """Offer a table as CSV, safe from being read as formulas."""
    st.download_button(
        _("Table as CSV"),
        data=lambda: exported(frame),
        file_name=file,
        mime="text/csv",
        key=f"download_{file}",
        icon=":material/download:",
    )


def exported(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV that a spreadsheet opens with the right characters and without formulas."""
    safe = frame.map(lambda value: guarded(value) if isinstance(value, str) else value)
    return safe.to_csv(index=False).encode("utf-8-sig")
