"""The page of the competence centre: a search that runs beside the page, and what its plans look like."""

from __future__ import annotations

import threading
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from matchmaker import service
from matchmaker.dataset import Dataset
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.model import LANDS, Municipality
from matchmaker.portfolio import Limits, Plan, Progress
from matchmaker.ui import links, maps, show

_LISTS: Final = {"land": "plan_lands", "kreis": "plan_districts"}
_FIGURES: Final = {"size": ("plan_size", 2, 7), "load": ("plan_load", 1, 10), "seconds": ("plan_seconds", 5, 600)}
"""What the address of a plan says, the field that has it, and its limits."""


def from_link(districts: Container[str]) -> bool:
    """Fill the form with what the address said when it was opened, once; return whether it asks for a plan."""
    if "plan_size" in st.session_state or not any(links.asked(name) for name in (*_LISTS, *_FIGURES)):
        return False
    for name, field in _LISTS.items():
        known: Container[str] = LANDS if name == "land" else districts
        st.session_state[field] = [value for value in links.asked(name).split(",") if value in known]
    for name, (field, least, most) in _FIGURES.items():
        if (text := links.asked(name)).isdecimal():
            st.session_state[field] = min(max(int(text), least), most)
    st.session_state["plan_weak"] = bool(links.asked("weak"))
    return True


def to_link() -> dict[str, str]:
    """Return what the address of the plan in the form has to say."""
    state = st.session_state
    return {
        **{name: ",".join(state[field]) for name, field in _LISTS.items()},
        **{name: str(state[field]) for name, (field, *_limits) in _FIGURES.items()},
        "weak": "1" if state["plan_weak"] else "",
    }


class Run:
    """A search in a thread of its own, so that the page can show how far it is and stop it.

    ``plans`` are the plan asked for and the same with or without the weakest fifth; None until both are there.
    """

    def __init__(
        self, data: Dataset, limits: Limits, lands: Sequence[str], districts: Sequence[str], seconds: float
    ) -> None:
        self.progress: Progress | None = None
        self.plans: tuple[Plan, Plan] | None = None
        self.error: MatchmakerError | None = None
        self.limits = limits
        self._stop = threading.Event()

        def work() -> None:
            def plan(wanted: Limits, most: float) -> Plan:
                return service.plan_region(
                    data, wanted, lands=lands, districts=districts, seconds=most, progress=self._tell,
                    stop=self._stop.is_set,
                )  # fmt: skip

            try:
                first = plan(limits, seconds)
                other = plan(replace(limits, include_weak=not limits.include_weak), seconds / 2)
                self.plans = first, other
            except MatchmakerError as error:
                self.error = error

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def _tell(self, progress: Progress) -> None:
        self.progress = progress

    @property
    def going(self) -> bool:
        """Whether the search still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the search with the best plan so far."""
        self._stop.set()


@st.fragment(run_every=0.5)
def watch(run: Run, _: Language) -> None:
    """Show how far a search is, with a button that ends it; draw the page anew when it has ended."""
    if not run.going:
        st.rerun()
    now = run.progress
    with st.container(border=True):
        st.markdown(_("Looking for the best plan …"))
        if now is not None:
            text = _("After {seconds} seconds: saving {value}, at most {bound} is possible.")
            st.caption(
                text.format(seconds=_.number(now.seconds), value=_.eur(now.value_eur), bound=_.eur(now.bound_eur))
            )
        st.button(_("Stop and show the best plan so far"), on_click=run.stop, icon=":material/stop:")


def summary(plan: Plan, _: Language) -> None:
    """Say what a plan saves and how far it can be from the best one."""
    saving, projects, distance = st.columns(3)
    saving.metric(
        _("Saving over five years"), _.eur(plan.value_eur),
        help=_("Sum of the central savings of all projects of the plan.") + " " + links.method(_, "saving"),
    )  # fmt: skip
    projects.metric(_("Projects"), _.number(len(plan.projects)))
    proven = plan.value_eur > 0
    distance.metric(
        _("Distance from the best plan"), f"≤ {_.number(100 * plan.gap, 2)} %" if proven else "–",
        help=_("No plan within these limits can save more than this share in addition.")
        + " " + links.method(_, "plan"),
    )  # fmt: skip
    if plan.status == "optimal":
        st.markdown(_("No plan within these limits saves noticeably more: that is proven."))
    else:
        text = _("No plan within these limits saves more than {bound}. More time may find a better one.")
        st.markdown(text.format(bound=_.eur(plan.bound_eur)))
    for note in plan.notes:
        st.markdown(f":blue[**→**] {show.escaped(_.render(note))}")
    for binding in plan.binding[:3]:
        if binding.one_more_fte_eur:
            text = _("One more free post at {name} would save at least {saving} more.")
            line = text.format(name=binding.municipality.name, saving=_.eur(binding.one_more_fte_eur))
            st.markdown(f":green[**+**] {show.escaped(line)}")


def table(plan: Plan, _: Language) -> pd.DataFrame:
    """Return the projects of a plan."""
    return pd.DataFrame(
        [
            (number, _.label(p.title), p.lead.name, ", ".join(m.name for m in p.members[1:]), round(p.saving_eur),
             round(max(p.pays_eur)), _("simulated") if any(m.simulated for m in p.members) else "")
            for number, p in enumerate(plan.projects, start=1)
        ],
        columns=[_("Project"), _("Use case"), _("Lead"), _("Members"), _("Saving in euro"),
                 _("Most that one pays, euro a year"), _("Simulated")],
    )  # fmt: skip


def left_out(plan: Plan, _: Language) -> pd.DataFrame:
    """Return who is in no project, and why."""
    return pd.DataFrame(
        [
            (one.municipality.name, _.render(one.why), _("yes") if one.weak else "",
             _("simulated") if one.municipality.simulated else "", one.municipality.key)
            for one in plan.left_out
        ],
        columns=[_("Municipality"), _("Reason"), _("Of the weakest fifth"), _("Simulated"), _("Key")],
    )  # fmt: skip


def comparison(limits: Limits, plans: tuple[Plan, Plan], _: Language) -> pd.DataFrame:
    """Return what it costs to take the weakest fifth along."""
    without, along = plans[::-1] if limits.include_weak else plans
    return pd.DataFrame(
        [
            (name, round(p.value_eur), len(p.projects), len({m.key for one in p.projects for m in one.members}),
             f"{p.weak_inside} / {p.weak}")
            for name, p in ((_("Largest saving"), without), (_("Weakest fifth first"), along))
        ],
        columns=[_("Plan"), _("Saving in euro"), _("Projects"), _("Participants"), _("Of the weakest fifth")],
    )  # fmt: skip


def draw_map(plan: Plan, _: Language) -> None:
    """Draw leads, members and those left out on the map."""
    leads = {p.lead.key: p.lead for p in plan.projects}
    members = {m.key: m for p in plan.projects for m in p.members if m.key not in leads}

    def dots(of: Sequence[Municipality], size: int) -> list[tuple[Municipality, float]]:
        return [(m, float(size)) for m in of]

    maps.map_of(
        {
            _("Lead"): dots(list(leads.values()), 10),
            _("Member"): dots(list(members.values()), 7),
            _("In no project"): dots([one.municipality for one in plan.left_out], 4),
        },
        {_("Project"): [(p.lead, m) for p in plan.projects for m in p.members[1:]]},
        _,
        key="plan_map",
        alt=_("Map of the plan; the tables on this page have the same content."),
        width=maps.WIDE,
    )
