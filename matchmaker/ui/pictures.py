"""Pictures: drawn by Streamlit's chart, told in words, and saved as PNG; the table beside each has its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import streamlit as st

from matchmaker.i18n import Language

# Okabe and Ito's colours, told apart with any kind of colour vision; in the order of the parts of the score.
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#666666", "#999999")

_save_button = st.components.v2.component(
    "save_picture",
    html="<button type='button'></button>",
    css="""
    button { font: inherit; font-size: 14px; color: var(--st-text-color); background: transparent; cursor: pointer;
             border: 1px solid var(--st-border-color); border-radius: 8px; padding: 6px 12px }
    button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-link-color) }
    button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 1px }
    @media print { button { display: none } }
    """,
    js=Path(__file__).with_name("picture.js").read_text(encoding="utf-8"),
)


def draw(
    options: Mapping[str, Any],
    _: Language,
    *,
    key: str,
    alt: str,
    height: int,
    file: str,
    width: int | Literal["stretch"] = "stretch",
    pick: bool = False,
) -> Any:
    """Draw a picture of the chart library's options with a button that saves it, and return what was clicked in it.

    ``alt`` says in words what is to be seen, and which table has the same content; ``file`` is the name of the saved
    picture, without its ending. Nothing moves: that would be lost on paper and disturbs those who asked their
    computer for calm.
    """
    state = st.echarts_chart(
        {**options, "animation": False},
        height=height,
        width=width,
        key=key,
        on_select="rerun" if pick else "ignore",
        alt=alt,
    )
    _save_button(
        data={"key": key, "file": f"{file}.png", "label": _("Picture as PNG"), "alt": alt}, key=f"save_{key}",
        width="content", height="content",
    )  # fmt: skip
    return state
