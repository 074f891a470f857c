"""Searches for plans that run beside the page, and the plan that it shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import streamlit as st

from matchmaker import plans
from matchmaker.dataset import Dataset
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.plans import Region, Variant
from matchmaker.portfolio import Limits, Plan, Progress
from matchmaker.scenarios import Scenario
from matchmaker.ui import cache, links, show

T = TypeVar("T")

_SECONDS_BESIDE = 3
"""A plan to compare with gets one part in so many of the time for the plan itself."""


class Run(Generic[T]):
    """A search in a thread of its own, so that the page can show how far it is and stop it.

    ``work`` is given what to tell its progress to and what says whether to end. ``result`` is None until it is there.
    """

    def __init__(self, work: Callable[[Callable[[Progress], None], Callable[[], bool]], T]) -> None:
        self.progress: Progress | None = None
        self.result: T | None = None
        self.error: Exception | None = None
        self._stop = threading.Event()

        def run() -> None:
            try:
                self.result = work(self._tell, self._stop.is_set)
            except Exception as error:  # noqa: BLE001 - raised again by the page, which alone can show it
                self.error = error

        self._thread = threading.Thread(target=run, daemon=True)
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

    def failed(self, _: Language) -> bool:
        """Say what went wrong, if anything did."""
        if self.error is None:
            return False
        if not isinstance(self.error, MatchmakerError):
            raise self.error
        show.failure(self.error, _)
        return True


def start(data: Dataset, region: Region, limits: Limits, seconds: float) -> None:
    """Begin to look for a plan; a search that still runs ends."""

    def work(tell: Callable[[Progress], None], stopped: Callable[[], bool]) -> Scenario:
        plan = plans.plan_region(data, limits, region, seconds=seconds, progress=tell, stop=stopped)
        return Scenario(region, limits, seconds, plan, plans.fingerprint(data, region))

    _begin("plan_run", Run(work))
    forget()


def compare(data: Dataset, shown: Scenario) -> None:
    """Begin to look for the plans that stand beside the one shown."""

    def work(
        tell: Callable[[Progress], None], stopped: Callable[[], bool]
    ) -> tuple[tuple[Variant, ...], tuple[Plan, ...]]:
        most = max(2.0, shown.seconds / _SECONDS_BESIDE)
        region, limits = shown.region, shown.limits
        beside = plans.variants(data, limits, region, shown.plan, seconds=most, progress=tell, stop=stopped)
        curve = plans.inclusion(data, limits, region, seconds=most, progress=tell, stop=stopped)
        return beside, curve

    _begin("plan_study", Run(work))


def _begin(name: str, run: Run[T]) -> None:
    _end(name)
    st.session_state[name] = run


def _end(name: str) -> None:
    earlier: Run[object] | None = st.session_state.pop(name, None)
    if earlier is not None:
        earlier.stop()


def forget() -> None:
    """Show no plan until the next one is found or opened."""
    _end("plan_study")
    for name in ("plan_shown", "plan_name"):
        st.session_state.pop(name, None)
    st.query_params.pop("scenario", None)


def take_up(scenario: Scenario, *, name: str = "") -> None:
    """Show a plan; ``name`` is that of a saved one."""
    _end("plan_study")
    st.session_state["plan_shown"], st.session_state["plan_name"] = scenario, name


def shown(_: Language) -> Scenario:
    """Return the plan to show; while there is none, say why and end the page here."""
    run: Run[Scenario] | None = st.session_state.pop("plan_run", None)
    if run is not None:
        if run.going:
            st.session_state["plan_run"] = run
            watch(run, _)
            st.stop()
        if run.failed(_):
            st.stop()
        if run.result is not None:
            take_up(run.result)
    found: Scenario | None = st.session_state.get("plan_shown")
    if found is None:
        st.info(_("Choose a region and make a plan."), icon=":material/arrow_upward:")
        st.stop()
    return found


@st.fragment(run_every=0.5)
def watch(run: Run[T], _: Language) -> None:
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


def distance(plan: Plan, _: Language) -> str:
    """Return how far a plan can be from the best one within its limits."""
    return f"≤ {_.number(100 * plan.gap, 2)} %" if plan.value_eur > 0 else "–"


def summary(plan: Plan, _: Language) -> None:
    """Say what a plan saves and how far it can be from the best one."""
    saving, projects, people, gap = st.columns(4)
    saving.metric(
        _("Saving over five years"), _.eur(plan.value_eur),
        help=_("Sum of the central savings of all projects of the plan.") + " " + links.method(_, "saving"),
    )  # fmt: skip
    projects.metric(_("Projects"), _.number(len(plan.projects)))
    people.metric(_("Participants"), _.number(plan.participants))
    gap.metric(
        _("Distance from the best plan"), distance(plan, _),
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


def warn(scenario: Scenario, region: Region, limits: Limits, _: Language) -> None:
    """Say where the plan shown no longer fits the data or what is asked above."""
    name = st.session_state.get("plan_name", "")
    if name:
        st.markdown(_("Saved scenario: **{name}**").format(name=show.escaped(name)))
    if not plans.rests_on(cache.dataset(), scenario.region, scenario.fingerprint):
        keys = {m.key for project in scenario.plan.projects for m in project.members}
        gone = sorted(keys - set(cache.dataset().profiles.key.tolist()))
        text = _("The data have changed since this plan was made. Make it anew to see what that means.")
        if gone:
            text += " " + _("No longer in the register: {keys}.").format(keys=", ".join(gone))
        st.warning(text)
    if (region, limits) != (scenario.region, scenario.limits):
        st.warning(_("Region, limits or wishes above are not those of this plan. Make the plan anew to apply them."))
