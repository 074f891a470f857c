"""What the comparison of figures asks and draws: uploads, names and weights of indicators, and shares as bars."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from matchmaker import indicators
from matchmaker.catalogue import Catalogue
from matchmaker.i18n import Language
from matchmaker.indicators import IndicatorTable
from matchmaker.profiles import Floats, Profiles
from matchmaker.ui import pictures
from matchmaker.ui.pictures import COLOURS

_Read = TypeVar("_Read")

_COLOURED: Final = len(COLOURS) - 1
"""Indicators with a colour of their own; the last colour stands for all others together."""


def read(uploaded: IO[bytes], reader: Callable[[Path], _Read]) -> _Read:
    """Return what a reader of files makes of an upload; raises what the reader raises."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(uploaded.name).name
        uploaded.seek(0)  # a former run of the page may have read it
        file.write_bytes(uploaded.read())
        return reader(file)


def own_titles(catalogue: Catalogue, _: Language) -> dict[str, str]:
    """Return the names on screen of the indicators that the data themselves have."""
    return {
        indicators.POPULATION: _("Inhabitants (decimal logarithm)"),
        indicators.DENSITY: _("Inhabitants per km² (decimal logarithm)"),
        indicators.NEEDS: _("Number of needs"),
        indicators.FTE: _("Free posts per 10,000 inhabitants"),
        indicators.BUDGET: _("Free euros a year per inhabitant"),
        **{dimension.id: f"{dimension.id} {_.label(dimension.title)}" for dimension in catalogue.dimensions},
    }


def weights(names: Sequence[str], _: Language, *, key: str) -> Floats:
    """Ask for the weight of each indicator, 1 unless changed; NaN where the cell was emptied."""
    edited = st.data_editor(
        pd.DataFrame({"indicator": names, "weight": 1.0}),
        hide_index=True,
        height=300,
        disabled=["indicator"],
        column_config={
            "indicator": _("Indicator"),
            "weight": st.column_config.NumberColumn(
                _("Weight"),
                min_value=0.0,
                required=True,
                help=_("How much a difference in this indicator counts. Zero leaves the indicator out."),
            ),
        },
        key=key,
    )
    return edited["weight"].to_numpy(dtype=np.float64)


def listed(table: IndicatorTable, rows: Sequence[int], profiles: Profiles, _: Language) -> pd.DataFrame:
    """Return the first columns of every table: who stands in a row. The first row is not ranked.

    Name and Land are those of the register; a key it does not have stands for itself.
    """
    registered = set(profiles.key)
    lines = []
    for rank, row in enumerate(rows):
        key = table.keys[row]
        m = profiles.municipality(profiles.row(key)) if key in registered else None
        about = (m.name, m.land, _("simulated") if m.simulated else "", key) if m else (key, "", "", key)
        lines.append((str(rank or ""), *about))
    return pd.DataFrame(lines, columns=heads(_)[:5])


def heads(_: Language) -> tuple[str, ...]:
    """Return the names of columns that stand beside indicators."""
    return _("Rank"), _("Municipality"), _("Land"), _("Simulated"), _("Key"), _("All others")


def side_by_side(who: pd.DataFrame, figures: pd.DataFrame, _: Language) -> pd.DataFrame:
    """Return a municipality, the median of its peers and each peer, one line each; the first line is the own one."""
    median = pd.DataFrame([["", _("Median of the peers"), "", "", "", *figures[1:].median()]])
    beside = pd.concat([who, figures], axis=1)
    median.columns = beside.columns
    return pd.concat([beside[:1], median, beside[1:]], ignore_index=True)


def share_bars(labels: Sequence[str], share: pd.DataFrame, _: Language) -> None:
    """Draw what sets each peer apart as a bar of shares in per cent, what matters most on average first."""
    order = share.mean().sort_values(ascending=False, kind="stable").index
    shown = share[order[:_COLOURED]]
    if len(order) > _COLOURED:
        shown = shown.assign(**{_("All others"): share[order[_COLOURED:]].sum(axis=1)})
    series = [
        {
            "type": "bar",
            "name": name,
            "stack": "share",
            "itemStyle": {"color": COLOURS[place]},
            "data": [round(value, 1) for value in shown[name]],
        }
        for place, name in enumerate(shown)
    ]
    pictures.draw(
        {
            "grid": {"left": 8, "right": 16, "top": 136, "bottom": 8, "containLabel": True},
            "legend": {"top": 0, "type": "plain"},
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "valueFormatter": "%.0f %%"},
            "xAxis": {"type": "value", "min": 0, "max": 100},
            "yAxis": {"type": "category", "data": list(labels), "inverse": True},
            "series": series,
        },
        _,
        key="share_bars",
        file="vergleich-anteile",
        height=170 + 34 * len(labels),
        alt=_("Share of each indicator in the distance of each peer; the table below has the same figures."),
    )
