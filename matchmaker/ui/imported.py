"""The preview of an import: what would be added, changed and taken away, table by table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from matchmaker.i18n import Language
from matchmaker.preview import Difference

_SHOWN = 500
"""Rows shown of each kind; all are counted."""


def round_() -> int:
    """Return how many files were taken over: a new field for the next one is empty."""
    return int(st.session_state.get("imports", 0))


def start_over() -> None:
    """Begin with an empty field."""
    st.session_state["imports"] = round_() + 1


def draw(found: Mapping[str, Difference], _: Language) -> None:
    """Show what an import would change: one line of counts for each table, and the rows behind them."""
    counts = pd.DataFrame(
        [(name, len(d.added), d.changed_rows, len(d.removed), d.unchanged) for name, d in found.items()],
        columns=[_("Table"), _("added"), _("changed"), _("removed"), _("unchanged")],
    )
    st.dataframe(counts, hide_index=True, width="content")
    for name, d in found.items():
        kinds = ((_("added"), d.added), (_("changed"), d.changed), (_("removed"), d.removed))
        for kind, rows in kinds:
            if not len(rows):
                continue
            label = f"{name}: {_.plural('{count} row', '{count} rows', len(rows))} {kind}"
            if kind == _("changed"):
                label = f"{name}: {_.plural('{count} value', '{count} values', len(rows))} {kind}"
            with st.expander(label):
                st.dataframe(rows.head(_SHOWN), hide_index=True)
                if len(rows) > _SHOWN:
                    st.caption(_("… and {count} more.").format(count=_.number(len(rows) - _SHOWN)))
