"""The assumptions on screen: every one can be changed, and what depends on it follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from matchmaker.catalogue import CASES, Catalogue, Change
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput, EntryRejected, RowIssue
from matchmaker.i18n import Language
from matchmaker.message import message
from matchmaker.service import with_assumptions
from matchmaker.ui import downloads, inputs, show, tables

_KEPT: Final = "own_values"


def own_values(data: Dataset, use_cases: Sequence[str], _: Language) -> tuple[Change, ...]:
    """Let the user change the costs of some use cases and the assumptions; return the own values of this session.

    Values that cannot be used are explained and the last ones that can stay in force; those for costs that are not
    shown stay too.
    """
    kept: tuple[Change, ...] = st.session_state.get(_KEPT, ())
    try:
        begins_with = with_assumptions(data, kept).catalogue
    except EntryRejected:
        # The data have changed meanwhile, and the values no longer fit them.
        kept, begins_with = (), data.catalogue
    title = _("Change the figures these results rest on")
    with st.expander(title, icon=":material/tune:", key="fold_own_values", on_change="rerun") as fold:
        changes = _asked(data.catalogue, begins_with, kept, use_cases, _) if fold.open else kept
    if changes:
        st.caption(_.plural("{count} own value in force", "{count} own values in force", len(changes)))
    st.session_state[_KEPT] = changes
    return changes


def _asked(
    catalogue: Catalogue, begins_with: Catalogue, kept: tuple[Change, ...], use_cases: Sequence[str], _: Language
) -> tuple[Change, ...]:
    """Draw the editor and return what it asks for; where that cannot be used, say so and return what is in force."""
    st.markdown(_("Projects and papers follow at once. Nothing is saved: download your figures to use them again."))
    try:
        edited = _edited(begins_with, use_cases, _)
        elsewhere = tuple(change for change in kept if change.id not in edited.index)
        changes = (*elsewhere, *changed(catalogue, edited))
        catalogue.with_assumptions(changes)
    except EntryRejected as error:
        for issue in error.issues:
            name, __, column = issue.column.partition(", ")
            field = _.render(catalogue.assumption(name).title) + (f", {_(column)}" if column else "")
            st.error(f"**{show.escaped(field)}**: {show.escaped(f'{issue.value} – {_.render(issue.rule)}')}")
        st.caption(_("Until that is corrected, the last usable figures stay in force."))
        return kept
    own = pd.DataFrame([(c.id, c.low, c.central, c.high) for c in changes], columns=["id", *CASES])
    downloads.button(
        _("My figures as CSV"), partial(tables.exported, own), "annahmen_eigene.csv", key="download_own_values",
        mime="text/csv", disabled=not changes,
        help=_("On the command line: projects KEY --assumptions FILE.csv, and the same with report and plan"),
    )  # fmt: skip
    return changes


def changed(catalogue: Catalogue, edited: pd.DataFrame) -> tuple[Change, ...]:
    """Return what differs from the catalogue in a table of texts, with the ids as index and a column for each case.

    Raises `EntryRejected` with every text that is no number.
    """
    issues, changes = [], []
    for name, texts in zip(edited.index, edited[list(CASES)].fillna("").to_numpy(dtype=object), strict=True):
        span, values = catalogue.span(name), []
        if not catalogue.assumption(name).known and not any(texts):
            continue
        for case, text in zip(CASES, texts, strict=True):
            try:
                values.append(_number(text, catalogue.limits(name)[1]))
            except BadInput as error:
                issues.append(RowIssue("assumptions", None, f"{name}, {case}", text, error.what))
        if len(values) == len(CASES) and values != [getattr(span, case) for case in CASES]:
            changes.append(Change(name, *values))
    if issues:
        raise EntryRejected("assumptions", tuple(issues), len(issues))
    return tuple(changes)


def _number(text: str, most: float) -> float:
    value = inputs.number_from(text, most=most)
    if value is None:
        raise BadInput(message("Must not be empty."))
    return value


def _edited(catalogue: Catalogue, use_cases: Sequence[str], _: Language) -> pd.DataFrame:
    """Draw the editor of the costs of some use cases and all assumptions, and return what stands in it.

    What it begins with must not change while it is drawn, and its edits are forgotten with the page: so it begins
    anew, with the values kept, whenever the page is opened. Numbers are texts, because the editor's own would take
    "0,5" for 5 where the browser speaks English.
    """
    begun, key = f"assumptions_begun_{_.code}", "_".join(("assumptions", _.code, *use_cases))
    names = [*(cost.id for name in use_cases for cost in catalogue.use_case(name).costs), *catalogue.assumptions]
    if key not in st.session_state or list(st.session_state[begun].index) != names:
        st.session_state[begun] = pd.DataFrame(
            [(_.render(a.title), *(_text(getattr(a, case), _) for case in CASES), _(a.unit), _(a.status), a.source,
              "" if a.year is None else str(a.year))
             for a in map(catalogue.assumption, names)],
            columns=["title", *CASES, "unit", "status", "source", "year"],
            index=names,
        )  # fmt: skip
    columns = {"title": _("Figure"), "low": _("low"), "central": _("central"), "high": _("high"), "unit": _("Unit"),
             "status": _("Status"), "source": _("Source"), "year": _("Year")}  # fmt: skip
    drawn: pd.DataFrame = st.data_editor(
        st.session_state[begun],
        hide_index=True,
        disabled=[name for name in columns if name not in CASES],
        column_config={name: st.column_config.TextColumn(label) for name, label in columns.items()},
        key=key,
    )
    return drawn


def _text(value: float, _: Language) -> str:
    return inputs.number_text(None if math.isnan(value) else float(value), _)
