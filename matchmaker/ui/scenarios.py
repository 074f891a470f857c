"""Saved plans on the page: keep, open, compare, rename, delete."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker import scenarios
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.scenarios import Scenario
from matchmaker.store import Saved, Shelf
from matchmaker.ui import cache, plan_inputs, plan_views, planning, show, tables, wishes

_SHOWN = 50
"""So many of the last saved scenarios are read for the list."""


def open_linked(_: Language) -> None:
    """Show the scenario that the address of the page names, once; before any field is drawn."""
    wanted = st.query_params.get("scenario", "")
    if not wanted or st.session_state.get("plan_linked") == wanted:
        return
    st.session_state["plan_linked"] = wanted
    try:
        saved = cache.workspace().scenarios.get(wanted)
        scenario = scenarios.read(saved.document)
    except MatchmakerError as error:
        show.failure(error, _)
        st.query_params.pop("scenario", None)
        return
    plan_inputs.take_up(scenario)
    wishes.take_up(scenario.limits)
    planning.take_up(scenario, name=saved.name)


def keep(scenario: Scenario, _: Language) -> None:
    """Ask for a name and save the plan shown."""
    if not cache.workspace().place:
        return
    with st.form("plan_keep", border=False):
        field, button = st.columns([5, 1], vertical_alignment="bottom")
        name = field.text_input(_("Keep this plan as"), placeholder=_("Name of the scenario"), max_chars=80)
        asked = button.form_submit_button(_("Save"), icon=":material/save:", width="stretch")
    if st.session_state.pop("plan_saved", False):
        st.success(_("Saved. The address of this page leads back to it."))
    if not asked:
        return
    try:
        number = cache.workspace().scenarios.add(name, scenarios.written(scenario))
    except MatchmakerError as error:
        show.failure(error, _)
        return
    st.session_state.update(plan_linked=str(number), plan_name=" ".join(name.split()))
    st.query_params["scenario"] = str(number)
    # The list above is drawn already.
    st.session_state["plan_saved"] = True
    st.rerun()


def shelf(_: Language) -> None:
    """Draw the list of saved plans with what can be done with them."""
    if not cache.workspace().place:
        return
    kept = cache.workspace().scenarios
    found = _read(kept.all()[:_SHOWN])
    with st.expander(_("Saved scenarios ({count})").format(count=_.number(len(found))), key="plan_shelf"):
        if not found:
            st.markdown(_("No scenario is saved yet."))
            return
        frame = pd.DataFrame(
            [
                (saved.id, saved.name, _.date(saved.saved_at.date()),
                 ", ".join(one.region.named) or _("all of Germany"), round(one.plan.value_eur),
                 len(one.plan.projects), one.plan.participants)
                for saved, one in found.values()
            ],
            columns=[_("Number"), _("Name"), _("Saved on"), _("Region"), _("Saving in euro"), _("Projects"),
                     _("Participants")],
        )  # fmt: skip
        tables.draw(frame, "szenarien.csv", _, digits={_("Saving in euro"): 0})
        names = {number: saved.name for number, (saved, _one) in found.items()}
        _edit(kept, names, _)
        beside = st.multiselect(
            _("Compare"), list(names), format_func=names.__getitem__, placeholder=_("Choose two or more"),
            select_all=False, key="plan_beside",
        )  # fmt: skip
        if len(beside) > 1:
            plan_views.compared([(names[n], found[n][1].plan) for n in beside], "vergleich-szenarien.csv", _)


def _read(kept: tuple[Saved, ...]) -> dict[int, tuple[Saved, Scenario]]:
    """Return what can be read; what cannot says so when it is opened by its address."""
    found = {}
    for saved in kept:
        try:
            found[saved.id] = saved, scenarios.read(saved.document)
        except MatchmakerError:
            continue
    return found


def _edit(kept: Shelf, names: dict[int, str], _: Language) -> None:
    """Open, rename or delete one of the saved plans."""
    field, opens, renames, deletes = st.columns([4, 2, 2, 2], vertical_alignment="bottom")
    number = field.selectbox(_("Scenario"), list(names), format_func=names.__getitem__, key="plan_one")
    if opens.button(_("Open"), icon=":material/folder_open:", width="stretch"):
        st.query_params["scenario"] = str(number)
        st.session_state.pop("plan_linked", None)
        st.rerun()
    with renames.popover(_("Rename"), icon=":material/edit:", width="stretch"):
        name = st.text_input(_("New name"), names[number], max_chars=80, key=f"rename_{number}")
        renamed = st.button(_("Rename it"), key="plan_rename")
    with deletes.popover(_("Delete"), icon=":material/delete:", width="stretch"):
        st.markdown(_("Delete {name} for good? This cannot be undone.").format(name=show.escaped(names[number])))
        deleted = st.button(_("Delete it"), type="primary", key="plan_delete")
    try:
        if renamed:
            kept.rename(number, name)
        if deleted:
            kept.delete(number)
    except MatchmakerError as error:
        show.failure(error, _)
        return
    if renamed or deleted:
        st.rerun()
