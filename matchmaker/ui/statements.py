"""How an answer to a statement looks: verdict, figure, picture, and a table that says the same."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from matchmaker.i18n import Language
from matchmaker.insights import Insight, Picture, Verdict
from matchmaker.message import Label, Message
from matchmaker.ui import pictures, printing, show, tables
from matchmaker.ui.pictures import COLOURS

_BADGES: Final = {
    Verdict.SUPPORTED: ":green-badge[✓ {words}]",
    Verdict.NOT_SUPPORTED: ":red-badge[✗ {words}]",
    Verdict.TOO_FEW: ":gray-badge[? {words}]",
}
"""A symbol and words beside the colour, so that nobody has to tell colours apart."""

_LARGE: Final = 100
"""Figures from here on are shown without decimals."""


@st.fragment
def card(insight: Insight, number: int, _: Language) -> None:
    """Draw one statement with its verdict, figures, picture, table and test."""
    with st.container(border=True):
        st.markdown(f"#### {number}. {show.escaped(_.render(insight.statement))}")
        st.markdown(_BADGES[insight.verdict].format(words=_.render(insight.verdict.words)))
        said, drawn = st.columns([2, 3], gap="medium")
        with said:
            for figure in insight.figures:
                if figure.value is not None:
                    st.markdown(f"{show.escaped(_.render(figure.name))}: **{show.escaped(_.render(figure.written))}**")
            st.markdown(show.escaped(_.render(insight.explanation)))
            if insight.caveat:
                st.markdown(f":orange-badge[{_('simulated')}] {show.escaped(_.render(insight.caveat))}")
        with drawn:
            if insight.picture.rows:
                picture(insight, _)
            else:
                st.caption(_("There is nothing to draw yet."))
        with printing.fold(_("Table and test"), key=f"test_{number}") as fold:
            if not fold.open:
                return
            tested = " · ".join(_.render(part) for part in (insight.test, insight.chance) if part)
            st.caption(show.escaped(f"{tested} · n={_.number(insight.n)}"))
            if insight.picture.rows:
                shown = table(insight.picture, _)
                tables.draw(shown, f"these-{number}.csv", _, digits=_digits(shown))


def table(picture: Picture, _: Language) -> pd.DataFrame:
    """Return what a picture shows as a table."""
    return pd.DataFrame(
        [[_text(cell, _) for cell in row] for row in picture.rows],
        columns=[_.render(column) for column in picture.columns],
    )


def _text(cell: Message | Label | str | float, _: Language) -> str | float:
    if isinstance(cell, Message):
        return _.render(cell)
    return _.label(cell) if isinstance(cell, Label) else cell


def _digits(frame: pd.DataFrame) -> dict[str, int]:
    """Return the decimals of the columns of figures: none for counts and for large figures."""
    figures = frame.select_dtypes("number")
    whole = (figures % 1 == 0).all() | (figures.abs().max() >= _LARGE)
    return {str(name): 0 if without else 2 for name, without in whole.items()}


def picture(insight: Insight, _: Language) -> None:
    """Draw the picture of a statement; the table beside it has the same figures."""
    frame = table(insight.picture, _)
    draw = {"box": _box, "bars": _bars, "scatter": _scatter}[insight.picture.shape]
    options, height = draw(insight.picture, frame, _)
    pictures.draw(
        {"tooltip": {}, **options},
        _,
        key=f"picture_{insight.id}",
        file=f"these-{insight.id}",
        height=height,
        alt=_.render(insight.statement) + " " + _("The table below has the same figures."),
    )


def _box(_picture: Picture, frame: pd.DataFrame, _: Language) -> tuple[dict[str, Any], int]:
    return {
        "grid": {"left": 8, "right": 16, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": list(frame.iloc[:, 0]),
            "axisLabel": {"interval": 0, "fontSize": 10, "width": 64, "overflow": "break"},
        },
        "yAxis": {"type": "value", "name": frame.columns[0], "nameTextStyle": {"align": "left"}},
        "series": [
            {
                "type": "boxplot",
                "data": frame.iloc[:, -5:].round(3).to_numpy().tolist(),
                "itemStyle": {"color": "transparent", "borderColor": COLOURS[0], "borderWidth": 2},
            }
        ],
    }, 300


def _bars(picture: Picture, frame: pd.DataFrame, _: Language) -> tuple[dict[str, Any], int]:
    series: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": name,
            "data": frame[name].round(3).tolist(),
            "itemStyle": {"color": COLOURS[place], **({"decal": {"symbol": "rect", "dashArrayX": [1, 0],
                          "dashArrayY": [2, 5], "rotation": 0.8, "color": "rgba(0,0,0,0.35)"}} if place else {})},
        }
        for place, name in enumerate(frame.columns[-picture.drawn :])
    ]  # fmt: skip
    if picture.line is not None:
        series[0]["markLine"] = {
            "symbol": "none", "silent": True, "data": [{"xAxis": round(picture.line, 3)}],
            "lineStyle": {"type": "dashed", "color": COLOURS[5]}, "label": {"formatter": "{c}", "position": "start"},
        }  # fmt: skip
    return {
        # Two names need two lines where the window is narrow.
        "grid": {"left": 8, "right": 40, "top": 36 if picture.drawn == 1 else 56, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "type": "plain"},
        "xAxis": {"type": "value"},
        "yAxis": {
            "type": "category",
            "data": list(frame.iloc[:, 0]),
            "inverse": True,
            "axisLabel": {"width": 190, "overflow": "break"},
        },
        "series": series,
    }, 80 + (22 + 12 * (picture.drawn - 1)) * len(frame)


def _scatter(_picture: Picture, frame: pd.DataFrame, _: Language) -> tuple[dict[str, Any], int]:
    across, up = frame.columns[-2:]
    return {
        "grid": {"left": 8, "right": 24, "top": 36, "bottom": 32, "containLabel": True},
        "xAxis": {"type": "value", "name": across, "nameLocation": "middle", "nameGap": 28},
        "yAxis": {"type": "value", "name": up, "nameTextStyle": {"align": "left"}, "min": 0, "max": 5},
        "series": [
            {
                "type": "scatter",
                "data": frame[[across, up]].round(3).to_numpy().tolist(),
                "itemStyle": {"color": COLOURS[0], "opacity": 0.7},
            }
        ],
    }, 300
