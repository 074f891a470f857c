"""What would bring a municipality into a plan: single changes, each tried on the plan itself or on a new one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from matchmaker.catalogue import Catalogue
from matchmaker.message import Message, message
from matchmaker.model import LANDS
from matchmaker.portfolio.problem import TOLERANCE, Group, Problem, build, violations
from matchmaker.portfolio.values import Limits, Plan, WayIn
from matchmaker.profiles import Bools, Profiles

_URGENCY: Final = 2
_TRIED: Final = 40
"""Best groups that are checked against every limit before giving up."""

_LEADS_ELSEWHERE: Final = 3
"""Nearest leads outside the region that are tried for each need."""

_REPLANNED: Final = 3
_NEEDS_TOLD: Final = 3
_ROUNDING_EUR: Final = 1.0
_BUDGET_STEP: Final = 100
"""A budget that is enough is told in whole hundreds of euro."""


class Insertion(NamedTuple):
    """A group that takes a municipality up, in place of ``former`` or new, and what the plan then saves more."""

    gain: float
    group: Group
    former: Group | None


@dataclass(frozen=True, eq=False)
class _Change:
    """A changed region; ``own`` where only the municipality itself has changed.

    ``use_case`` and ``lead`` (key) are the only ones for which the change can matter, None where it can for any.
    """

    text: Message
    profiles: Profiles
    limits: Limits
    own: bool
    use_case: int | None = None
    lead: str | None = None


def groups_of(plan: Plan, profiles: Profiles, catalogue: Catalogue) -> tuple[Group, ...]:
    """Return the projects of a plan as rows of profiles; raise `UnknownKey` for a member that is not there."""
    row = profiles.row
    return tuple(
        Group(catalogue.ids.index(p.use_case), row(p.lead.key), tuple(sorted(row(m.key) for m in p.members[1:])))
        for p in plan.projects
    )


def insertion(
    problem: Problem,
    groups: Sequence[Group],
    row: int,
    *,
    use_case: int | None = None,
    lead: int | None = None,
    least_paid: bool = False,
) -> Insertion | None:
    """Return the way to take a municipality into some groups that saves most, None where none keeps all limits.

    It joins a group, or begins a new one with others whose need is open; every other group stays as it is. With
    ``use_case`` or ``lead`` only groups with these are looked at; with ``least_paid`` the group for which the
    municipality itself pays least among those that save something, instead of the one that saves most.
    """
    wanted = np.ones_like(problem.leads)
    if use_case is not None:
        wanted[:, np.arange(wanted.shape[1]) != use_case] = False
    if lead is not None:
        wanted[np.arange(len(wanted)) != lead] = False
    found = list(_insertions(problem, groups, row, wanted))
    if least_paid:
        saving = [one for one in found if one.gain > 0]
        found = sorted(saving, key=lambda one: (_paid(problem, one.group, row), one.group))
    else:
        found.sort(key=lambda one: (-one.gain, one.group))
    for one in found[:_TRIED]:
        if not violations(problem, [*(g for g in groups if g is not one.former), one.group]):
            return one
    return None


def _paid(problem: Problem, group: Group, row: int) -> float:
    return float(problem.pays(group)[group.rows.index(row)])


def _insertions(problem: Problem, groups: Sequence[Group], row: int, wanted: Bools) -> Iterator[Insertion]:
    taken = np.zeros_like(problem.needs)
    staff, money, slots = problem.left(groups)
    for group in groups:
        taken[list(group.rows), group.use_case] = True
        open_ = wanted[group.lead, group.use_case] and len(group.rows) < problem.sizes.stop - 1
        if open_ and problem.needs[row, group.use_case] and row not in group.rows:
            joined = Group(group.use_case, group.lead, tuple(sorted((*group.joiners, row))))
            yield Insertion(problem.value(joined) - problem.value(group), joined, group)
    concerned = problem.needs[row] | problem.leads[row]
    free_to_lead = problem.leads & wanted & ~taken & (slots > 0)[:, None]
    for h, c in np.argwhere(free_to_lead & concerned).tolist():
        if staff[h] < problem.lead_fte - TOLERANCE or (h != row and (taken[row, c] or not problem.needs[row, c])):
            continue
        for size in problem.sizes:
            rows, cost = problem.arcs(h, c, size)
            share = problem.share(c, size, operated=bool(problem.operates[h, c]))
            yearly = (share + problem.variable[rows, c] + cost) / problem.years
            free = ~taken[rows, c] & (staff[rows] >= problem.part_fte - TOLERANCE) & (yearly <= money[rows] + TOLERANCE)
            rows = rows[free][np.argsort(cost[free], kind="stable")]
            if h != row and row not in rows:
                continue
            first = [] if h == row else [row]
            joiners = [*first, *(int(other) for other in rows if other != row)][: size - 1]
            if len(joiners) == size - 1:
                group = Group(c, h, tuple(sorted(joiners)))
                yield Insertion(problem.value(group), group, None)


def ways_in(
    profiles: Profiles,
    inside: Bools,
    catalogue: Catalogue,
    limits: Limits,
    plan: Plan,
    key: str,
    *,
    replan: Callable[[Profiles, Limits], Plan] | None = None,
) -> tuple[WayIn, ...]:
    """Return single changes that would bring a municipality into a plan, those that save most first.

    Further needs come last, at most three: only the municipality knows whether it has them.

    Parameters
    ----------
    profiles, inside
        Everybody, and who of them is in the region.
    plan
        A plan of that region within ``limits`` in which the municipality is not.
    replan
        Makes a new plan, for changes under which the plan as it is cannot take the municipality up; None for none.

    Returns
    -------
    tuple of WayIn
        Empty where nothing tried helps, and where its inhabitants or place are unknown.

    Raises
    ------
    UnknownKey
        Where a municipality of the plan, or this one, is not there any more.
    """
    region = profiles.take(inside)
    row = region.row(key)
    if np.isnan((region.population[row], region.lat[row], region.lon[row])).any():
        return ()
    found: dict[str, WayIn] = {}
    needs: list[WayIn] = []
    failed: list[_Change] = []
    planned = groups_of(plan, region, catalogue)
    for kind, change in _changes(profiles, inside, region, catalogue, limits, row):
        problem = build(change.profiles, catalogue, change.limits)
        here = change.profiles.row(key)
        same_rows = change.profiles.key is region.key
        groups = planned if same_rows else groups_of(plan, change.profiles, catalogue)
        lead = None if change.lead is None else change.profiles.row(change.lead)
        one = insertion(
            problem, groups, here, use_case=change.use_case, lead=lead, least_paid=kind in {"budget", "limit"}
        )
        if one is None or one.gain <= 0:
            failed.append(change)
            continue
        text = change.text
        if kind == "budget":
            paid = _paid(problem, one.group, here) / limits.budget_share
            text = message(text.template, budget=float(math.ceil(paid / _BUDGET_STEP) * _BUDGET_STEP))
        certain = change.own and one.gain > plan.bound_eur - plan.value_eur + _ROUNDING_EUR
        leader = change.profiles.municipality(one.group.lead)
        way = WayIn(text, catalogue.use_cases[one.group.use_case].title, leader, one.gain, "insertion", certain)
        if kind == "need":
            needs.append(way)
        elif kind not in found or way.gain_eur > found[kind].gain_eur:
            found[kind] = way
    if not (found or needs) and replan is not None:
        for number, change in enumerate(failed[-_REPLANNED:]):
            new = replan(change.profiles, change.limits)
            for project in new.projects:
                if key in {m.key for m in project.members}:
                    gain = new.value_eur - plan.value_eur
                    found[str(number)] = WayIn(change.text, project.title, project.lead, gain, "plan", certain=False)
                    break
    return (
        *sorted(found.values(), key=lambda way: -way.gain_eur),
        *sorted(needs, key=lambda way: -way.gain_eur)[:_NEEDS_TOLD],
    )


def _changes(
    profiles: Profiles, inside: Bools, region: Profiles, catalogue: Catalogue, limits: Limits, row: int
) -> Iterator[tuple[str, _Change]]:
    """Yield single changes by kind, those of the municipality itself first."""
    key = str(region.key[row])
    problem = build(region, catalogue, limits)

    def own(**columns: object) -> Profiles:
        changed = {}
        for name, value in columns.items():
            column = getattr(region, name).copy()
            column[row] = value
            changed[name] = column
        return replace(region, **changed)

    if key in limits.excluded:
        yield (
            "excluded",
            _Change(message("No longer excluded"), region, replace(limits, excluded=limits.excluded - {key}), own=True),
        )
        return
    if problem.staff[row] < problem.part_fte:
        text = message("{fte:hundredths} free posts, enough to take part", fte=problem.part_fte)
        yield "staff", _Change(text, own(fte=problem.part_fte), limits, own=True)
    if not region.fte[row] >= problem.lead_fte:
        text = message("{fte:decimal} free posts, enough to lead a project itself", fte=problem.lead_fte)
        yield "leads", _Change(text, own(fte=problem.lead_fte), limits, own=True)
    if math.isfinite(region.budget_eur[row]):
        text = message("A free budget of {budget:eur} a year")
        yield "budget", _Change(text, own(budget_eur=math.nan), limits, own=True)
    if math.isfinite(limits.most_paid_eur):
        text = message("No limit for what one municipality pays")
        yield "limit", _Change(text, region, replace(limits, most_paid_eur=math.inf), own=False)
    for c in np.flatnonzero(~problem.needs[row] & ~problem.operates[row] & (problem.fixed > 0)).tolist():
        need = region.need[row].copy()
        need[c] = _URGENCY
        text = message("A need for “{title}”", title=catalogue.use_cases[c].title)
        yield "need", _Change(text, own(need=need, need_known=True), limits, own=True, use_case=c)
    yield from _others(profiles, inside, catalogue, problem, row)


def _others(
    profiles: Profiles, inside: Bools, catalogue: Catalogue, problem: Problem, row: int
) -> Iterator[tuple[str, _Change]]:
    """Yield changes of others than the municipality itself: leads and limits."""
    region, limits = problem.profiles, problem.limits
    needed = np.flatnonzero(problem.needs[row])
    for h in np.flatnonzero(problem.leads[:, needed].any(axis=1)).tolist():
        if h != row and math.isfinite(region.fte[h]):
            staff = region.fte.copy()
            staff[h] += problem.lead_fte
            text = message("{fte:decimal} more free posts at {name}", fte=problem.lead_fte, name=str(region.name[h]))
            changed = replace(region, fte=staff)
            yield "post", _Change(text, changed, limits, own=False, lead=str(region.key[h]))
    more = limits.most_led + 1
    text = message("Up to {count} groups for each lead", count=more)
    yield "load", _Change(text, region, replace(limits, most_led=more), own=False)
    more = limits.max_size + 1
    if problem.sizes.stop == more:
        text = message("Groups of up to {count}", count=more)
        yield "size", _Change(text, region, replace(limits, max_size=more), own=False)
    everybody = build(profiles, catalogue, replace(limits, fixed=(), together=(), apart=(), forbidden=()))
    here = profiles.row(str(region.key[row]))
    for c in needed.tolist():
        leads = np.flatnonzero(everybody.leads[:, c] & ~inside & (everybody.slots > 0))
        nearest = leads[np.argsort(profiles.km_between([here], leads)[0], kind="stable")][:_LEADS_ELSEWHERE]
        for h in nearest.tolist():
            larger = inside.copy()
            larger[h] = True
            text = message(
                "{name} ({land}) as lead from elsewhere, {km:number} km away",
                name=str(profiles.name[h]), land=LANDS[profiles.land[h]],
                km=float(profiles.km_between([here], [h])[0, 0]),
            )  # fmt: skip
            changed = profiles.take(larger)
            yield "elsewhere", _Change(text, changed, limits, own=False, use_case=c, lead=str(profiles.key[h]))
