"""Where a municipality stands: its maturity beside the means of its kind and of its type."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.i18n import Language
from matchmaker.profiles import Bools, Profiles
from matchmaker.ui import cache, inputs, links, pictures, tables
from matchmaker.ui.pictures import COLOURS


def draw(levels: Sequence[float | None], key: str, data: Dataset, _: Language) -> None:
    """Draw the levels of a municipality, as entered now, beside the means of others; say it where there are none."""
    st.subheader(_("Compared with others"))
    if all(level is None for level in levels):
        st.caption(_("As soon as a level is chosen above, it is compared here with others of your kind."))
        return
    profiles, row = data.profiles, data.profiles.row(key)
    counted = np.ones(len(profiles), dtype=bool) if inputs.shows_simulated() else ~profiles.simulated
    counted[row] = False
    means = [_mean(profiles, counted & (profiles.kind == profiles.kind[row]), _("Mean of your kind ({count})"), _)]
    if st.toggle(_("Also compare with my type"), key="standing_type", help=_("Types are looked for in all profiles.")):
        means += _of_type(key, _)
    frame = pd.DataFrame(
        {
            _("Dimension"): [f"{d.id} {_.label(d.title)}" for d in data.catalogue.dimensions],
            _("Your municipality"): [math.nan if level is None else level for level in levels],
            **dict(mean for mean in means if mean is not None),
        }
    )
    _picture(frame, _)
    tables.draw(frame, "reifegrad.csv", _, digits=dict.fromkeys(map(str, frame.columns[1:]), 1))
    if inputs.shows_simulated() and profiles.simulated[counted].any():
        st.caption(_("The means contain simulated municipalities. Hide them on the left to see real ones only."))
    st.caption(_("Level 0 to 5, from self-assessments and surveys.") + " " + links.method(_, "words"))


def _mean(profiles: Profiles, who: Bools, title: str, _: Language) -> tuple[str, list[float]] | None:
    """Return the mean level of some in each dimension with its title; None where nobody has entered any."""
    known = profiles.maturity[who & ~np.isnan(profiles.maturity).all(axis=1)]
    if len(known) == 0:
        return None
    sums, counts = np.nansum(known, axis=0), (~np.isnan(known)).sum(axis=0)
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return title.format(count=_.number(len(known))), means.tolist()


def _of_type(key: str, _: Language) -> list[tuple[str, list[float]] | None]:
    """Return the mean of the type of a municipality; empty, with the reason on the page, where it has none."""
    try:
        with st.spinner(_("Looking for types …")):
            found, profiles = cache.types(cache.workspace().version(), inputs.shows_simulated())
    except BadInput:
        found = None
    label = 0 if found is None or key not in set(profiles.key) else int(found.label[profiles.row(key)])
    if found is None or len(found.types) < 2 or label == 0:  # noqa: PLR2004 - one type is none
        st.caption(_("There is no type to compare with: see the page Types for the reason."))
        return []
    return [_mean(profiles, found.label == label, _("Mean of your type ({count})"), _)]


def _picture(frame: pd.DataFrame, _: Language) -> None:
    dimensions, own, *others = frame.columns
    series: list[dict[str, Any]] = [
        {"type": "bar", "name": own, "barWidth": 12, "itemStyle": {"color": COLOURS[0]},
         "data": [None if math.isnan(level) else level for level in frame[own]]},
        *(
            {"type": "scatter", "name": other, "symbol": symbol, "symbolSize": 15,
             "itemStyle": {"color": colour, "borderColor": "#333", "borderWidth": 1},
             "data": [[round(level, 2), name] for level, name in zip(frame[other], frame[dimensions], strict=True)
                      if not math.isnan(level)]}
            for other, symbol, colour in zip(others, ("diamond", "triangle"), (COLOURS[1], COLOURS[5]), strict=False)
        ),
    ]  # fmt: skip
    pictures.draw(
        {
            "grid": {"left": 8, "right": 24, "top": 40, "bottom": 8, "containLabel": True},
            "legend": {"top": 0},
            "xAxis": {"type": "value", "min": 0, "max": 5, "interval": 1},
            "yAxis": {"type": "category", "data": frame[dimensions].tolist(), "inverse": True},
            "series": series,
        },
        _,
        key="standing",
        file="reifegrad",
        height=80 + 34 * len(frame),
        alt=_("Maturity in each dimension beside the means of others; the table below has the same figures."),
    )
