"""How types look: what they are made of as a heat map, how their number was found, and who belongs to them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from matchmaker.catalogue import Catalogue
from matchmaker.clusters import TRIAL_SAMPLE, Types, feature_names, known_features
from matchmaker.i18n import Language
from matchmaker.profiles import Profiles
from matchmaker.ui import links, pictures, tables
from matchmaker.ui.pictures import COLOURS
from matchmaker.ui.show import escaped

_BETWEEN: Final = 0.1
"""Below this strength a municipality lies about as near to a second type."""

_MOST: Final = 2
"""Standard deviations with the full colour."""

_SHADES: Final = ("#f0a35e", "#f5f5f5", "#74b3de")
"""From below to above the mean: told apart with any kind of colour vision, and black figures stay readable."""

_HINGES: Final = 0.6
"""Below this adjusted Rand index other types come out without a feature."""


def trust(found: Types, _: Language) -> None:
    """Say in words first, then in figures, how many types there are and how far they can be trusted."""
    shown = st.success if not found.weak else st.warning if found.structured else st.info
    shown(escaped(_.render(found.verdict)), icon=":material/category:")
    hint = " " + links.method(_, "types")
    with st.container(horizontal=True, gap="large"):
        for label, figure, meaning in (
            (_("Types"), _.number(len(found.types)), None),
            (
                _("Separation"),
                _.number(found.silhouette, 2),
                _("Silhouette: how much nearer to the own type than to the next, from −1 to 1; below 0.25 weak.")
                + hint,
            ),
            (
                _("Stability"),
                _.number(found.stability, 2),
                _("How alike the types are when municipalities are drawn anew: 1 means the same; below 0.6 unsteady.")
                + hint,
            ),
            (_("Fully assessed"), _.number((found.label > 0).sum()), None),
            (_("without a type"), _.number((found.label == 0).sum()), _("Something is not known of them.")),
        ):
            st.metric(label, figure, help=meaning, width="content")
    if len(found.types) == 1:
        st.caption(_("Separation and stability are those of the best division, which is not good enough."))


def missing(profiles: Profiles, catalogue: Catalogue, _: Language) -> None:
    """Say of how many municipalities each feature is known, where that is too few for types."""
    known = pd.DataFrame(
        {
            _("Feature"): [_.label(name) for name in feature_names(catalogue)],
            _("known of"): known_features(profiles),
        }
    )
    st.subheader(_("What is missing"))
    tables.draw(known, "typen-bekannt.csv", _, digits={_("known of"): 0})
    st.caption(_("A type needs all of these. No published data say how mature a real municipality is."))


def own(found: Types, profiles: Profiles, key: str, _: Language) -> None:
    """Say to which type a municipality belongs, and how clearly."""
    if not key or key not in set(profiles.key.tolist()):
        return
    row = profiles.row(key)
    label, second = int(found.label[row]), int(found.membership.second[row])
    names = {t.id: _.render(t.name) for t in found.types}
    if label == 0:
        text = _("**{name}** has no type yet: enter maturity, needs, staff and money under My municipality.").format(
            name=escaped(str(profiles.name[row]))
        )
    elif second == 0:
        return
    else:
        told = (
            _("**{name}** lies between the types **{type}** and **{second}**.")
            if found.membership.strength[row] < _BETWEEN
            else _("**{name}** belongs to the type **{type}**; next comes **{second}**.")
        )
        text = told.format(
            name=escaped(str(profiles.name[row])), type=escaped(names[label]), second=escaped(names[second])
        )
    st.markdown(text)


def heat_map(found: Types, _: Language) -> None:
    """Draw the centre of each type as a column of colours, with the same figures in a table."""
    features = [_.label(name) for name in found.features]
    names = [f"{t.id} {_.render(t.name)}" for t in found.types]
    cells = [
        [column, row, round(value, 2)] for column, t in enumerate(found.types) for row, value in enumerate(t.centre)
    ]
    pictures.draw(
        {
            "grid": {"left": 8, "right": 16, "top": 64, "bottom": 48, "containLabel": True},
            "xAxis": {"type": "category", "data": names, "position": "top",
                      "axisLabel": {"interval": 0, "width": 560 // len(names), "overflow": "break"}},
            "yAxis": {"type": "category", "data": features, "inverse": True},
            "visualMap": {"min": -_MOST, "max": _MOST, "orient": "horizontal", "left": "center", "bottom": 0,
                          "precision": 1, "text": [_("above the mean"), _("below the mean")],
                          "inRange": {"color": _SHADES}},
            "series": [{"type": "heatmap", "data": cells, "label": {"show": True, "color": "#000000"}}],
        },
        _,
        key="type_centres",
        file="typen",
        height=120 + 32 * len(features),
        alt=_("Mean of each feature in each type; the table below has the same figures."),
    )  # fmt: skip
    centres = pd.DataFrame([t.centre for t in found.types], columns=features)
    tables.draw(
        pd.concat([pd.DataFrame({_("Type"): names, _("Size"): [t.size for t in found.types]}), centres], axis=1),
        "typen.csv", _, digits={_("Size"): 0, **dict.fromkeys(features, 2)},
    )  # fmt: skip
    st.caption(_("In standard deviations above or below the mean of all. Differences below 0.5 say little."))


def members(found: Types, profiles: Profiles, _: Language) -> pd.DataFrame:
    """Return the municipalities with their type, the clearest of each type first."""
    rows = np.flatnonzero(found.label)
    rows = rows[np.lexsort((-np.nan_to_num(found.membership.strength[rows]), found.label[rows]))]
    names = {0: "", **{t.id: f"{t.id} {_.render(t.name)}" for t in found.types}}
    listed = [profiles.municipality(row) for row in rows.tolist()]
    return pd.DataFrame(
        {
            _("Municipality"): [m.name for m in listed],
            _("Land"): [m.land for m in listed],
            _("Type"): [names[t] for t in found.label[rows].tolist()],
            _("Strength"): found.membership.strength[rows],
            _("Next type"): [names[t] for t in found.membership.second[rows].tolist()],
            _("Simulated"): [_("simulated") if m.simulated else "" for m in listed],
            _("Key"): [m.key for m in listed],
        }
    )


def numbers_tried(found: Types, _: Language) -> None:
    """Draw separation against number of types beside data without groups, with the same figures in a table."""
    table = pd.DataFrame(found.tried, columns=[_("Types"), _("Separation"), _("Stability")])
    table[_("Without groups, mean")] = found.reference.mean(axis=0)
    table[_("Without groups, highest")] = found.reference.max(axis=0)
    drawn = (_("Separation"), _("Without groups, mean"), _("Without groups, highest"))
    series: list[dict[str, Any]] = [
        {
            "type": "line", "name": name, "data": table[name].round(3).tolist(), "itemStyle": {"color": colour},
            "lineStyle": {"color": colour, "type": line}, "symbol": symbol, "symbolSize": 8,
        }
        for name, colour, line, symbol in zip(
            drawn, (COLOURS[0], COLOURS[5], COLOURS[7]), ("solid", "dashed", "dotted"),
            ("circle", "triangle", "diamond"), strict=True,
        )
    ]  # fmt: skip
    pictures.draw(
        {
            "grid": {"left": 8, "right": 16, "top": 40, "bottom": 24, "containLabel": True},
            "legend": {"top": 0},
            "xAxis": {"type": "category", "data": table[_("Types")].tolist(), "name": _("Number of types"),
                      "nameLocation": "middle", "nameGap": 26},
            "yAxis": {"type": "value", "min": 0},
            "series": series,
        },
        _,
        key="types_tried",
        file="typen-anzahl",
        height=280,
        alt=_("Separation for each number of types; the table below has the same figures."),
    )  # fmt: skip
    tables.draw(table, "typen-anzahl.csv", _, digits={_("Types"): 0, **dict.fromkeys(table.columns[1:], 2)})
    if (found.label > 0).sum() > TRIAL_SAMPLE:
        st.caption(
            _("Of so many municipalities, random samples were enough for these figures; all of them have a type.")
        )


def without_features(found: Types, _: Language) -> None:
    """Say which features the types hinge on."""
    features = [_.label(name) for name in found.features]
    hinges = [name for name, same in zip(features, found.without, strict=True) if same < _HINGES]
    if hinges:
        st.markdown(_("Other types come out without:") + " " + escaped("; ".join(hinges)) + ".")
    else:
        st.markdown(_("No single feature decides: left out one at a time, much the same types come out."))
    tables.draw(
        pd.DataFrame({_("Left out"): features, _("Agreement"): found.without}),
        "typen-merkmale.csv", _, digits={_("Agreement"): 2},
    )  # fmt: skip
    st.caption(_("Agreement (adjusted Rand index): 1 means the same types, 0 no more than chance."))
