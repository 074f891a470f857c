"""Tables: figures written as in the page's language on the screen, and as plain numbers in the CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

import networkx as nx
import pandas as pd
import streamlit as st

from matchmaker import network
from matchmaker.catalogue import Assumption
from matchmaker.i18n import Language
from matchmaker.model import COMPLEMENTARITY, LIKENESS, Consortium, Cooperation, Municipality, Shift, Suggestion
from matchmaker.sheets import csv_text
from matchmaker.ui import downloads, maps, printing, show

_MOST_ROWS: Final = 300
"""More rows than this nobody reads on a screen, and formatting them takes seconds; the CSV has all."""

_WRITE_ALIKE: Final = {"de": ("de", "de-DE"), "en": ("en", "en-US", "en-GB")}
"""Browsers that write figures as a page in this language does; for others they are written here, which takes longer."""


def draw(
    frame: pd.DataFrame, file: str, _: Language, *, digits: Mapping[str, int] | None = None, pick: str = "",
    link: str = "", about: str = "",
) -> str:  # fmt: skip
    """Draw a table and offer it as CSV.

    ``digits`` are the decimals of the columns that have any; empty cells stand for what is unknown. Addresses of
    sources become links. With ``pick``, the name of a column, rows can be chosen: returns that column's value of
    the chosen one, empty while none is; where ``about`` changes, what was chosen is forgotten. ``link`` names a column
    of addresses in this app.
    """
    digits = {column: number for column, number in (digits or {}).items() if column in frame}
    formats = {column: partial(_written, _, number) for column, number in digits.items()}
    source = _("Source")
    links = [source] if source in frame and frame[source].astype(str).str.startswith("https:").any() else []
    links += [link] if link else []
    shown = frame.head(_MOST_ROWS)
    if len(shown) < len(frame):
        st.caption(_("The first {count} rows; the CSV has all.").format(count=_.number(len(shown))))
    if printing.printing():
        written = shown.map(partial(_on_paper, _)).rename(columns=show.escaped)
        st.table(
            written.style.format({show.escaped(column): form for column, form in formats.items()}, na_rep="").hide(
                axis="index"
            )
        )
        return ""
    config: dict[Any, Any] = {column: st.column_config.LinkColumn(display_text=column) for column in links}
    written_here = bool(digits) and st.context.locale not in _WRITE_ALIKE[_.code]
    if not written_here:
        localized = {c: st.column_config.NumberColumn(format="localized", step=10**-n) for c, n in digits.items()}
        config.update(localized)
    state: Any = st.dataframe(
        shown.style.format(cast("Any", formats), na_rep="") if written_here else shown,
        hide_index=True,
        column_config=config,
        placeholder="",
        height=min(38 + 35 * len(shown), 400),
        key=f"table_{file}{about}" if pick else None,
        on_select="rerun" if pick else "ignore",
        selection_mode="single-row",
    )
    make = partial(exported, frame.drop(columns=link) if link else frame)
    downloads.button(_("Table as CSV"), make, file, key=f"download_{file}", mime="text/csv")
    chosen = [row for row in state.selection.rows if row < len(shown)] if pick else []
    return str(shown[pick].iloc[chosen[0]]) if chosen else ""


def _on_paper(_: Language, cell: object) -> object:
    """Return a cell so that what users entered stays text: tables on paper are Markdown."""
    return (show.link(cell, _, whole=True) or show.escaped(cell)) if isinstance(cell, str) else cell


def _written(_: Language, digits: int, value: float) -> str:
    return _.number(value, digits)


def exported(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV that a spreadsheet opens with the right characters and without formulas."""
    return csv_text(frame).encode("utf-8-sig")


def scores(suggestions: Sequence[Suggestion], _: Language) -> pd.DataFrame:
    """Return suggested partners: what the bars and the map show."""
    names = show.part_names(_)
    return pd.DataFrame(
        [
            {
                _("Rank"): s.rank,
                _("Partner"): s.partner.name,
                _("Land"): s.partner.land,
                _("Simulated"): _mark(s.partner, _),
                _("km"): math.nan if s.km is None else round(s.km),
                _("Score"): round(s.score, 3),
                _("On reported data"): round(s.coverage, 2),
                _("Stability"): s.stability,
                _("Likeness"): round(s.mean_of(LIKENESS), 2),
                _("Complementarity"): round(s.mean_of(COMPLEMENTARITY), 2),
                **{names[part.name]: round(part.value, 2) if part.known else math.nan for part in s.parts},
                _("Key"): s.partner.key,
            }
            for s in suggestions
        ]
    )


def shifts(found: Iterable[Shift], _: Language) -> pd.DataFrame:
    """Return who comes and who goes when one weight is left out or doubled; only what changes anything."""
    names = show.part_names(_)
    return pd.DataFrame(
        [
            (names[s.part], _("left out") if s.factor == 0 else _("counts twice"),
             ", ".join(m.name for m in s.enters), ", ".join(m.name for m in s.leaves))
            for s in found
            if s.enters or s.leaves
        ],
        columns=[_("Part"), _("Weight"), _("Comes in"), _("Drops out")],
    )  # fmt: skip


def _mark(municipality: Municipality, _: Language) -> str:
    """Return what a table says about a simulated municipality."""
    return _("simulated") if municipality.simulated else ""


def neighbours(graph: nx.MultiGraph[str], key: str, of: Mapping[str, Municipality], _: Language) -> pd.DataFrame:
    """Return the partners that the graph of one municipality shows."""
    rows = []
    for other, real in maps.neighbours(graph, key).items():
        edges = graph.get_edge_data(key, other)
        rows.append(
            (
                of[other].name,
                _("Works together") if real else _("Suggested partner"),
                edges.get(network.COOPERATION, {}).get("titles", ""),
                edges.get(network.SUGGESTION, {}).get("score", math.nan),
                _mark(of[other], _),
                other,
            )
        )
    return pd.DataFrame(
        rows, columns=[_("Partner"), _("Relation"), _("Cooperations"), _("Score"), _("Simulated"), _("Key")]
    )


def cooperations(found: Iterable[Cooperation], of: Mapping[str, Municipality], _: Language) -> pd.DataFrame:
    """Return cooperations with their members and where they are published."""
    return pd.DataFrame(
        [
            (c.title, _(c.status), "" if c.start_year is None else str(c.start_year), c.url, _.label(c.topic),
             ", ".join(of[key].name for key in c.members if key in of))
            for c in found
        ],
        columns=[_("Title"), _("Status"), _("Since"), _("Source"), _("Topic"), _("Members")],
    )  # fmt: skip


def savings(groups: Iterable[Consortium], _: Language) -> pd.DataFrame:
    """Return what each project saves in the three cases, and for how many."""
    return pd.DataFrame(
        [(f"{number}. {_.label(g.title)}", g.saving_eur.low, g.saving_eur.central, g.saving_eur.high, len(g.members))
         for number, g in enumerate(groups, start=1)],
        columns=[_("Project"), _("Saving in €, cautious case"), _("Saving in €, central case"),
                 _("Saving in €, favourable case"), _("Members")],
    )  # fmt: skip


def assumptions(found: Iterable[Assumption], _: Language) -> pd.DataFrame:
    """Return the figures that all costs rest on."""
    return pd.DataFrame(
        [
            (_.render(a.title), a.low, a.central, a.high, _(a.unit), _(a.status), a.source,
             "" if a.year is None else str(a.year), _.label(a.note))
            for a in found
        ],
        columns=[_("Figure"), _("low"), _("central"), _("high"), _("Unit"), _("Status"), _("Source"), _("Year"),
                 _("Reason")],
    )  # fmt: skip
