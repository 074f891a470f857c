"""What a plan looks like: projects, map, time, who is left out, other plans beside it; a table with each picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from matchmaker import plans, service
from matchmaker.dataset import Dataset
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.model import Municipality, Preferences
from matchmaker.plans import Variant
from matchmaker.portfolio import Plan
from matchmaker.portfolio.values import LeftOut, Setup, WayIn
from matchmaker.scenarios import Scenario
from matchmaker.ui import cache, downloads, maps, papers, pictures, planning, show, tables, wishes
from matchmaker.ui.maps import marked
from matchmaker.ui.pictures import COLOURS

_STEPS: Final = 3
"""Municipalities for which a plan without projects says what would help."""


def draw(scenario: Scenario, _: Language) -> None:
    """Draw one view of a plan; which one is chosen above it."""
    views: Mapping[str, tuple[str, Callable[[Scenario, Language], None]]] = {
        "projects": (_("Projects"), _projects),
        "map": (_("Map"), _map),
        "time": (_("Timeline"), _time),
        "out": (_("In no project ({count})").format(count=_.number(len(scenario.plan.left_out))), _left_out),
        "beside": (_("Comparison"), _beside),
    }
    chosen = st.segmented_control(
        _("View of the plan"), list(views), default="projects", required=True, format_func=lambda view: views[view][0],
        key="plan_view", persist_state="session",
    )  # fmt: skip
    views[chosen or "projects"][1](scenario, _)


def _projects(scenario: Scenario, _: Language) -> None:
    plan = scenario.plan
    if not plan.projects:
        _first_steps(scenario, _)
        return
    st.caption(_("Choose a row for its council papers, to fix the project, or to forbid its lead."))
    picked = tables.draw(_project_table(plan, _), "plan.csv", _, digits={_("Saving in euro"): 0,
                         _("Most that one pays, euro a year"): 0}, pick=_("Project"))  # fmt: skip
    make = partial(_workbook, scenario, cache.dataset(), _)
    downloads.button(_("Plan as XLSX, one row for each member"), make, "plan.xlsx", key="plan_xlsx")
    if picked and int(picked) <= len(plan.projects):
        _project(scenario, int(picked) - 1, _)


def _first_steps(scenario: Scenario, _: Language) -> None:
    """Say of a plan without projects what single change would bring the first one."""
    steps = []
    for one in _by_reason(scenario.plan)[:_STEPS]:
        ways = cache.ways_in(cache.workspace().version(), scenario, one.municipality.key)
        steps += [f"- **{show.escaped(marked(one.municipality, _))}** – {_way(way, _)}" for way in ways[:1]]
    if steps:
        st.markdown(_("No project yet. A first one would become possible with one of these changes:"))
        st.markdown("\n".join(steps))


def _way(way: WayIn, _: Language) -> str:
    """Return a change that brings a municipality into a plan as a sentence in Markdown."""
    return show.escaped(_.render(way.said(marked(way.lead, _))))


def _by_reason(plan: Plan) -> list[LeftOut]:
    """Return who is in no project; those with a rare reason first: they are the ones to talk to."""
    often = Counter(one.why.template for one in plan.left_out)
    return sorted(plan.left_out, key=lambda one: (not one.weak, often[one.why.template]))


def _project_table(plan: Plan, _: Language) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (number, _.label(p.title), round(p.saving_eur), marked(p.lead, _),
             ", ".join(marked(m, _) for m in p.members[1:]), round(max(p.pays_eur)))
            for number, p in enumerate(plan.projects, start=1)
        ],
        columns=[_("Project"), _("Use case"), _("Saving in euro"), _("Lead"), _("Members"),
                 _("Most that one pays, euro a year")],
    )  # fmt: skip


def _project(scenario: Scenario, place: int, _: Language) -> None:
    """Draw one project of a plan: who pays what, wishes about it, and council papers."""
    project = scenario.plan.projects[place]
    with st.container(border=True):
        st.markdown(f"#### {place + 1}. {show.escaped(_.label(project.title))}")
        paid = [
            f"{show.name(m, _)}: {show.escaped(_.eur(euro))}"
            for m, euro in zip(project.members, project.pays_eur, strict=True)
        ]
        st.markdown(_("A year, the plan reckons with:") + " " + "; ".join(paid))
        fixed, forbidden = st.columns(2)
        fixed.button(
            _("Fix this project"), icon=":material/lock:", on_click=wishes.fix, args=(project,), width="stretch"
        )
        forbidden.button(
            _("Another lead for this"), icon=":material/block:", on_click=wishes.forbid, args=(project,),
            width="stretch",
        )  # fmt: skip
        names = {m.key: m.name for m in project.members}
        key = st.selectbox(_("Council paper for"), list(names), format_func=names.__getitem__, key="plan_paper_of")
        try:
            data = cache.dataset()
            group = service.planned_group(data, project)
            options = service.project_options(data, key, group, Preferences())
        except MatchmakerError as error:
            show.failure(error, _)
            return
        papers.offer(group, options, place, data, _, key=key)
        st.caption(
            _("The plan splits what is common equally; the paper splits by the rule that it recommends. You decide.")
        )


def _workbook(scenario: Scenario, data: Dataset, _: Language) -> bytes:
    """Return a plan with its times and who is left out as one workbook; made outside the session that asks for it."""
    plan = scenario.plan
    return plans.plan_workbook(
        [
            ("plan", plans.plan_table(plan, _.label)),
            (_("Timeline"), _time_table(plans.schedule(data, plan), _)),
            (_("In no project"), _left_out_table(plan, _)),
        ]
    )


def _map(scenario: Scenario, _: Language) -> None:
    plan = scenario.plan
    leads = {p.lead.key: p.lead for p in plan.projects}
    members = {m.key: m for p in plan.projects for m in p.members if m.key not in leads}

    def dots(of: Sequence[Municipality], size: int) -> list[tuple[Municipality, float]]:
        return [(m, float(size)) for m in of]

    picture, beside = st.columns([1, 1])
    with picture:
        maps.map_of(
            {
                _("Lead"): dots(list(leads.values()), 10),
                _("Member"): dots(list(members.values()), 7),
                _("In no project"): dots([one.municipality for one in plan.left_out], 4),
            },
            {_("Project"): [(p.lead, m) for p in plan.projects for m in p.members[1:]]},
            _,
            key="plan_map",
            file="plan-karte",
            alt=_("Map of the plan; the table beside it has the same content."),
            width=maps.WIDE,
            close=True,
        )
    with beside:
        role = {**{key: _("Member") for key in members}, **{key: _("Lead") for key in leads}}
        frame = pd.DataFrame(
            [
                (marked(m, _), role[m.key], sum(m.key in {x.key for x in p.members} for p in plan.projects), m.key)
                for m in (*leads.values(), *members.values())
            ],
            columns=[_("Municipality"), _("Role"), _("Projects"), _("Key")],
        )  # fmt: skip
        tables.draw(frame, "teilnehmende.csv", _)


def _time(scenario: Scenario, _: Language) -> None:
    found = plans.schedule(cache.dataset(), scenario.plan)
    days = cache.dataset().catalogue.span("setup_days")
    posts = cache.dataset().catalogue.span("lead_fte").central
    rule = _(
        "Rule: each lead sets up its projects one after the other, the one that saves most first. Setting up takes "
        "{days} working days of one person (assumption, {low} to {high}). On it work the free posts that are left when "
        "{posts} posts are bound for each project that runs already, at most one post; where the free posts are "
        "unknown, {posts}."
    )
    st.markdown(
        rule.format(
            days=_.number(days.central), low=_.number(days.low), high=_.number(days.high), posts=_.number(posts, 1)
        )
    )
    if not found:
        return
    labels = [f"{marked(one.project.lead, _)}: {_.label(one.project.title)}" for one in found]
    hidden = {"itemStyle": {"color": "transparent"}, "silent": True, "tooltip": {"show": False}}
    pictures.draw(
        {
            "grid": {"left": 8, "right": 24, "top": 32, "bottom": 32, "containLabel": True},
            "legend": {"top": 0, "data": [_("setting up"), _("longer, if it takes long")]},
            "xAxis": {"type": "value", "min": 0, "name": _("weeks from the start"), "nameLocation": "middle",
                      "nameGap": 24},
            "yAxis": {"type": "category", "data": labels, "inverse": True,
                      "axisLabel": {"width": 240, "overflow": "break"}},
            "series": [
                {"type": "bar", "stack": "weeks", **hidden, "data": [one.first - 1 for one in found]},
                {"type": "bar", "stack": "weeks", "name": _("setting up"), "itemStyle": {"color": COLOURS[0]},
                 "data": [one.last - one.first + 1 for one in found]},
                {"type": "bar", "stack": "weeks", "name": _("longer, if it takes long"),
                 "itemStyle": {"color": COLOURS[1], "opacity": 0.5}, "data": [one.latest - one.last for one in found]},
            ],
        },
        _,
        height=90 + 26 * len(found),
        key="plan_time",
        file="zeitplan",
        alt=_("Weeks in which each project is set up; the table below has the same figures."),
    )  # fmt: skip
    tables.draw(_time_table(found, _), "zeitplan.csv", _, digits={_("Posts"): 1})


def _time_table(found: Sequence[Setup], _: Language) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (_.label(one.project.title), marked(one.project.lead, _), one.first, one.last, one.latest, one.posts,
             _("assumed") if one.assumed else "")
            for one in found
        ],
        columns=[_("Use case"), _("Lead"), _("Begins in week"), _("Runs after week"), _("at the latest after week"),
                 _("Posts"), _("Free posts unknown")],
    )  # fmt: skip


def _left_out(scenario: Scenario, _: Language) -> None:
    if not scenario.plan.left_out:
        st.markdown(_("Every participant of the region is in a project."))
        return
    st.caption(_("Choose a row to see what would bring it into the plan."))
    picked = tables.draw(_left_out_table(scenario.plan, _), "ohne-projekt.csv", _, pick=_("Key"))
    if not picked:
        return
    # Another plan may have been made since the row was chosen.
    chosen = next((one for one in scenario.plan.left_out if one.municipality.key == picked), None)
    if chosen is None:
        return
    try:
        with st.spinner(_("Trying changes …")):
            ways = cache.ways_in(cache.workspace().version(), scenario, picked)
    except MatchmakerError as error:
        show.failure(error, _)
        return
    st.markdown(
        "#### " + _("What would bring {name} into the plan?").format(name=show.escaped(chosen.municipality.name))
    )
    st.markdown(show.escaped(_.render(chosen.why)))
    if not ways:
        st.markdown(_("No single change of those tried is enough."))
        return
    st.markdown("\n".join(f"- {_way(way, _)}" for way in ways))
    st.caption(_("Each change alone, everything else as it is. Only the municipality itself knows what it needs."))


def _left_out_table(plan: Plan, _: Language) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (marked(one.municipality, _), one.municipality.key, _("yes") if one.weak else "", _.render(one.why))
            for one in _by_reason(plan)
        ],
        columns=[_("Municipality"), _("Key"), _("Of the weakest fifth"), _("Reason")],
    )  # fmt: skip


def _beside(scenario: Scenario, _: Language) -> None:
    run: planning.Run[tuple[tuple[Variant, ...], tuple[Plan, ...]]] | None = st.session_state.get("plan_study")
    if run is None:
        st.markdown(_("The same region under other limits, and what it costs to take the weakest fifth along."))
        if st.button(_("Compare with other limits"), icon=":material/balance:"):
            planning.compare(cache.dataset(), scenario)
            st.rerun()
        return
    if run.going:
        planning.watch(run, _)
        return
    if run.failed(_) or run.result is None:
        return
    beside, curve = run.result
    compared([(_.render(one.title), one.plan) for one in beside], "vergleich-plaene.csv", _)
    st.subheader(_("What does it cost to take the weakest fifth along?"))
    _curve(curve, _)


def compared(found: Sequence[tuple[str, Plan]], file: str, _: Language) -> None:
    """Draw plans side by side: a bar for what each saves, and a table."""
    pictures.draw(
        {
            "grid": {"left": 8, "right": 24, "top": 8, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "value", "axisLabel": {"show": False}},
            "yAxis": {"type": "category", "data": [name for name, _plan in found], "inverse": True},
            "series": [{"type": "bar", "itemStyle": {"color": COLOURS[0]},
                        "data": [_point(p.value_eur, p.value_eur, "insideRight", _) for _name, p in found]}],
        },
        _,
        height=50 + 34 * len(found),
        key=f"bars_{file}",
        file=file.removesuffix(".csv"),
        alt=_("Saving of each plan; the table below has the same figures."),
    )  # fmt: skip
    first = found[0][1].value_eur
    frame = pd.DataFrame(
        [
            (name, round(p.value_eur), round(p.value_eur - first), len(p.projects), p.participants,
             f"{p.weak_inside} / {p.weak}", planning.distance(p, _))
            for name, p in found
        ],
        columns=[_("Plan"), _("Saving in euro"), _("Difference in euro"), _("Projects"), _("Participants"),
                 _("Of the weakest fifth"), _("Distance from the best plan")],
    )  # fmt: skip
    tables.draw(frame, file, _, digits={_("Saving in euro"): 0, _("Difference in euro"): 0})


def _point(place: float | list[float], euro: float, where: str, _: Language) -> dict[str, Any]:
    """Return a point of a picture with its figure written as in the page's language, which the axes cannot."""
    return {"value": place, "label": {"show": True, "position": where, "formatter": _.eur(euro)}}


def _curve(curve: Sequence[Plan], _: Language) -> None:
    """Draw the saving against how many of the weakest fifth take part."""
    if len(curve) == 1:
        text = _("Nothing: the plan that saves most already has {count} of {weak}, and no plan can have more.")
        st.markdown(text.format(count=_.number(curve[0].weak_inside), weak=_.number(curve[0].weak)))
        return
    pictures.draw(
        {
            "grid": {"left": 48, "right": 48, "top": 32, "bottom": 32, "containLabel": True},
            "xAxis": {"type": "value", "name": _("of the weakest fifth in a project"), "nameLocation": "middle",
                      "nameGap": 24, "minInterval": 1, "scale": True},
            "yAxis": {"type": "value", "scale": True, "axisLabel": {"show": False}},
            "series": [{"type": "line", "symbolSize": 9, "itemStyle": {"color": COLOURS[0]},
                        "data": [_point([p.weak_inside, p.value_eur], p.value_eur, "top", _) for p in curve]}],
        },
        _,
        height=260,
        key="plan_curve",
        file="inklusion",
        alt=_("Saving by how many of the weakest fifth take part; the table below has the same figures."),
    )  # fmt: skip
    frame = pd.DataFrame(
        [
            (f"{p.weak_inside} / {p.weak}", round(p.value_eur), round(p.value_eur - curve[0].value_eur),
             planning.distance(p, _))
            for p in curve
        ],
        columns=[_("Of the weakest fifth"), _("Saving in euro"), _("Difference in euro"),
                 _("Distance from the best plan")],
    )  # fmt: skip
    tables.draw(frame, "beteiligung.csv", _, digits={_("Saving in euro"): 0, _("Difference in euro"): 0})
    st.caption(_("Each point is a plan that keeps all limits: at least this saving is possible."))
