"""Which joint projects a region should start, chosen together, with proof of how good the choice is.

Regions are solved exactly as a mixed-integer programme; what is too large for that gets a plan by search and a bound
by Lagrangian relaxation. Both keep the limits of `matchmaker.portfolio.problem`, where the formulas stand, and
`violations` judges any plan apart from the solvers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadInput
from matchmaker.message import Message, message
from matchmaker.portfolio import exact
from matchmaker.portfolio.entry import groups_of
from matchmaker.portfolio.problem import Group, Problem, build, fixed_groups, reachable
from matchmaker.portfolio.problem import violations as _broken
from matchmaker.portfolio.values import Binding, LeftOut, Limits, Plan, Progress, Project, gap_of
from matchmaker.portfolio.wishes import check_wishes
from matchmaker.profiles import Bools, Ints, Profiles

__all__ = ["Limits", "Plan", "Progress", "Project", "make_plan", "violations"]

_EXACT_COLUMNS: Final = 3_000
"""Columns up to which the programme alone is asked; measured: seconds at most."""

_COMBINED_COLUMNS: Final = 15_000
"""Columns up to which it is asked after the search, where time is left."""

_ROUNDS: Final = 100_000
_LISTED: Final = 10
"""Leads for which one more post is tried."""


def make_plan(
    profiles: Profiles,
    catalogue: Catalogue,
    limits: Limits,
    *,
    seconds: float = 60.0,
    gap: float = 0.001,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Return the joint projects of largest total saving within everybody's limits.

    Parameters
    ----------
    profiles
        The region: leads and members are looked for among these only.
    seconds
        Ends the search; the best plan so far is returned with its bound.
    gap
        Good enough: the search ends where the bound is proven to lie within this share of the value.
    progress, stop
        Told of the best plan and the bound every now and then; asked several times a second whether to end now.

    Raises
    ------
    BadInput
        Where a wish cannot be met; names it.
    """
    begun = time.monotonic()
    check_wishes(profiles, catalogue, limits)
    problem = build(profiles, catalogue, limits)
    # Who can be reached takes long to find out in a country: beforehand only where a wish depends on it.
    reach = reachable(problem) if limits.include_weak or limits.included or limits.together else None
    include = None if reach is None else _included(problem, reach)
    pinned = fixed_groups(problem, catalogue)
    together = _together(problem, reach) if reach is not None else []
    found = _Found(problem, begun, seconds, progress, stop)
    model = exact.model_of(problem, _COMBINED_COLUMNS)
    if model is None or model.columns > _EXACT_COLUMNS:
        pinned_wishes = (*pinned, *_seeds(problem, pinned, together))
        _search(found, pinned_wishes, include, gap, exact_follows=model is not None)
    if model is not None and not found.ended(gap):
        solved = exact.solve(
            problem, model, seconds=found.left(), gap=gap / 2, fixed=pinned, include=include, together=together,
            known=found.groups or (), stop=found.stops,
        )  # fmt: skip
        if solved.infeasible:
            raise BadInput(
                _unmet(problem, together),
                where=_listed(problem, together),
                remedy=message("Drop one of the wishes, or raise a limit."),
            )
        found.offer(solved.groups, solved.bound, include)
    taken = found.seconds()
    return _plan(found, catalogue, reachable(problem) if reach is None else reach, include, gap, taken)


def violations(profiles: Profiles, catalogue: Catalogue, limits: Limits, plan: Plan) -> tuple[Message, ...]:
    """Return every limit that a plan breaks; empty where all are kept.

    Counts anew from members and leads alone, apart from the solvers.
    """
    return _broken(build(profiles, catalogue, limits), groups_of(plan, profiles, catalogue))


class _Found:
    """The best groups and the best bound so far, from whichever solver, and the time that is left."""

    def __init__(
        self,
        problem: Problem,
        begun: float,
        seconds: float,
        progress: Callable[[Progress], None] | None,
        stop: Callable[[], bool] | None,
    ) -> None:
        self.problem, self._begun, self._seconds = problem, begun, seconds
        self._progress, self._stop = progress, stop
        self.groups: tuple[Group, ...] | None = None
        self.value, self.covered = 0.0, -1
        # No need saves more than the fixed cost.
        self.bound = float((problem.needs * problem.fixed).sum())
        self.stopped = False

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self._begun

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(0.5, self._seconds - self.seconds())

    def stops(self) -> bool:
        """Tell whether it was asked to end."""
        self.stopped = self.stopped or bool(self._stop and self._stop())
        return self.stopped

    def ended(self, gap: float) -> bool:
        """Tell whether to end: asked to, out of time, or good enough."""
        close = self.groups is not None and gap_of(self.value, self.bound) <= gap
        return self.stops() or self.seconds() >= self._seconds or close

    def offer(self, groups: tuple[Group, ...] | None, bound: float, include: Bools | None) -> None:
        """Take over what is better; more of those to be included come first."""
        if groups is not None:
            value = sum(map(self.problem.value, groups))
            rows = np.unique([row for group in groups for row in group.rows]).astype(np.int64)
            covered = 0 if include is None else int(include[rows].sum())
            if (covered, value) > (self.covered, self.value) or self.groups is None:
                self.groups, self.value, self.covered = groups, value, covered
        self.bound = min(self.bound, max(bound, 0.0))
        if self._progress is not None:
            self._progress(Progress(self.seconds(), self.value, max(self.value, self.bound)))


def _search(found: _Found, pinned: Sequence[Group], include: Bools | None, gap: float, *, exact_follows: bool) -> None:
    """Search with a bound; where the exact solver follows, leave it two thirds of the time."""
    from matchmaker.portfolio import bound  # noqa: PLC0415 - its compiled code takes half a second to load

    search = bound.Search(found.problem, pinned=pinned, include=include)
    until = found.seconds() + found.left() * (1 / 3 if exact_follows else 1)
    told = -1.0
    for _ in bound.run(
        search, lambda: found.ended(gap) or found.seconds() >= until, rounds=_ROUNDS, gap=gap, left=found.left
    ):
        if found.seconds() - told > 0.5:  # noqa: PLR2004 - twice a second is often enough for eyes
            found.offer(search.groups, search.bound, include)
            told = found.seconds()
    found.offer(search.groups, search.bound, include)


def _included(problem: Problem, reach: Bools) -> Bools | None:
    """Mark who has to be in a group, None for nobody; raise `BadInput` for one on request that cannot."""
    limits, profiles = problem.limits, problem.profiles
    wished = np.isin(profiles.key, sorted(limits.included))
    for row in np.flatnonzero(wished & ~reach).tolist():
        raise BadInput(
            message(
                "{name} must take part, but cannot: {why}",
                name=str(profiles.name[row]),
                why=_why(problem, row, problem.leads.sum(axis=0), reachable_row=False, asked=False),
            ),
            where=str(profiles.key[row]),
            remedy=message("Drop the wish, or enter what is missing."),
        )  # fmt: skip
    if limits.include_weak:
        return wished | problem.weak & reach
    return wished if wished.any() else None


def _together(problem: Problem, reach: Bools) -> list[tuple[int, int]]:
    """Return the pairs that must share a group as rows; raise `BadInput` for one that cannot."""
    pairs = []
    for keys in problem.limits.together:
        a, b = (problem.profiles.row(key) for key in keys)
        if not (reach[a] and reach[b] and _common_group(problem, (), (a, b))):
            raise BadInput(
                message(
                    "{a} and {b} must be together, but no capable lead within their staff and budget has both.",
                    a=str(problem.profiles.name[a]),
                    b=str(problem.profiles.name[b]),
                ),
                where=" ".join(keys),
                remedy=message("Drop the wish, or enter a common need, free staff or budget."),
            )
        pairs.append((a, b))
    return pairs


def _common_group(problem: Problem, taken: Sequence[Group], pair: tuple[int, int]) -> Group | None:
    """Return the best group with both of a pair that fits beside others, None where none does."""
    best: tuple[float, Group] | None = None
    for h, c in np.argwhere(problem.leads & (problem.slots > 0)[:, None]).tolist():
        asked = [row for row in pair if row != h]
        for size in problem.sizes:
            rows, cost = problem.arcs(h, c, size)
            if len(rows) < size - 1 or len(asked) > size - 1 or not np.isin(asked, rows).all():
                continue
            others = [int(row) for row in rows[np.argsort(cost, kind="stable")] if row not in asked]
            group = Group(c, h, tuple(sorted([*asked, *others[: size - 1 - len(asked)]])))
            value = problem.value(group)
            if (best is None or value > best[0]) and not _broken(problem, [*taken, group]):
                best = value, group
    return best[1] if best else None


def _seeds(problem: Problem, pinned: Sequence[Group], together: Sequence[tuple[int, int]]) -> tuple[Group, ...]:
    """Return a group for each pair that must be together, for the search to keep; pairs that share one already do."""
    seeds: list[Group] = []
    for pair in together:
        taken = [*pinned, *seeds]
        if any(set(pair) <= set(group.rows) for group in taken):
            continue
        group = _common_group(problem, taken, pair)
        if group is None:
            raise BadInput(
                _unmet(problem, together),
                where=_listed(problem, [pair]),
                remedy=message("Drop one of the wishes, or raise a limit."),
            )
        seeds.append(group)
    return tuple(seeds)


def _unmet(problem: Problem, pairs: Sequence[tuple[int, int]]) -> Message:
    return message(
        "The wishes cannot all be met together with everybody's staff and budget: {which}.",
        which=_listed(problem, pairs),
    )


def _listed(problem: Problem, pairs: Sequence[tuple[int, int]]) -> str:
    name = problem.profiles.name
    row = problem.profiles.row
    fixed = [f"{use_case} {name[row(lead)]}" for use_case, lead, _ in problem.limits.fixed]
    return ", ".join([*(f"{name[a]} + {name[b]}" for a, b in pairs), *fixed])


def _plan(found: _Found, catalogue: Catalogue, reach: Bools, include: Bools | None, gap: float, seconds: float) -> Plan:
    """Put the result into the form that people read."""
    problem, groups = found.problem, found.groups or ()
    profiles = problem.profiles
    value, bound = found.value, max(found.value, found.bound)
    ordered = sorted(groups, key=lambda group: (-problem.value(group), group))
    projects = []
    for group in ordered:
        people = tuple(profiles.municipality(row) for row in group.rows)
        projects.append(
            Project(
                use_case=catalogue.ids[group.use_case],
                title=catalogue.use_cases[group.use_case].title,
                lead=people[0],
                members=people,
                lead_operates=bool(problem.operates[group.lead, group.use_case]),
                saving_eur=problem.value(group),
                pays_eur=tuple(float(paid) for paid in problem.pays(group)),
            )
        )
    distance = gap_of(value, bound)
    close = "optimal" if distance <= gap else "feasible"
    return Plan(
        status="stopped" if found.stopped and distance > gap else close,
        value_eur=value,
        bound_eur=bound,
        gap=distance,
        projects=tuple(projects),
        left_out=_left_out(problem, groups, reach, include),
        binding=_binding(problem, groups),
        notes=_notes(problem, groups, ended_early=found.groups is None),
        weak=int(problem.weak.sum()),
        weak_inside=int(problem.weak[np.unique([r for g in groups for r in g.rows]).astype(np.int64)].sum()),
        seconds=seconds,
    )


def _left_out(problem: Problem, groups: Sequence[Group], reach: Bools, include: Bools | None) -> tuple[LeftOut, ...]:
    """Name every participant that is in no group, with the reason; the weakest fifth first."""
    profiles = problem.profiles
    inside = np.zeros(len(profiles), dtype=bool)
    inside[[row for group in groups for row in group.rows]] = True
    wanted = profiles.participates & ~inside & ~(profiles.simulated & (not problem.limits.simulated))
    leads = problem.leads.sum(axis=0)
    found = []
    for row in np.flatnonzero(wanted).tolist():
        asked = include is not None and bool(include[row])
        why = _why(problem, row, leads, reachable_row=bool(reach[row]), asked=asked)
        found.append(LeftOut(profiles.municipality(row), why, weak=bool(problem.weak[row])))
    return tuple(sorted(found, key=lambda one: (not one.weak, one.municipality.key)))


def _why(problem: Problem, row: int, leads: Ints, *, reachable_row: bool, asked: bool) -> Message:
    needs = problem.needs[row]
    if str(problem.profiles.key[row]) in problem.limits.excluded:
        return message("Excluded on request.")
    if problem.out[row]:
        return message("Inhabitants or place are unknown, so costs cannot be computed. Enter them.")
    if asked and str(problem.profiles.key[row]) in problem.limits.included:
        return message("Should take part on request, but staff and budgets are used up.")
    if asked:
        return message("Should take part as one of the weakest fifth, but staff and budgets are used up.")
    if reachable_row and not needs.any():
        return message("Could lead, but whoever needs what it can lead is better off with another lead.")
    if reachable_row:
        return message("Could take part, but others save more with the same leads, staff and budgets.")
    if not needs.any():
        return message("No open need is entered. Enter needs to be planned for.")
    if problem.staff[row] < problem.part_fte:
        return message("No free staff to take part; {fte:hundredths} posts are enough.", fte=problem.part_fte)
    others = leads - problem.leads[row] > 0
    if not (needs & others).any():
        return message("Nobody in the region can lead what it needs. A lead from elsewhere would help.")
    if problem.money[row] == problem.limits.most_paid_eur:
        return message("Its share of any project is above the limit set for what one pays.")
    return message("The free budget is too small for its share of any project.")


def _binding(problem: Problem, groups: Sequence[Group]) -> tuple[Binding, ...]:
    """Return which leads have no staff or load left, and what one more post would bring there at least."""
    staff, _, slots = problem.left(groups)
    served = np.zeros_like(problem.needs)
    for group in groups:
        served[list(group.rows), group.use_case] = True
    pairs = {(group.lead, group.use_case) for group in groups}
    value = dict.fromkeys((group.lead for group in groups), 0.0)
    for group in groups:
        value[group.lead] += problem.value(group)
    full = [h for h in value if slots[h] <= 0 or staff[h] < problem.lead_fte]
    found = []
    for h in sorted(full, key=lambda h: (-value[h], h))[:_LISTED]:
        by_load = sum(group.lead == h for group in groups) >= problem.limits.most_led
        gain = None if by_load else _one_more_post(problem, groups, h, served, pairs)
        found.append(Binding(problem.profiles.municipality(h), "load" if by_load else "staff", gain))
    return tuple(found)


def _one_more_post(
    problem: Problem, groups: Sequence[Group], h: int, served: Bools, pairs: set[tuple[int, int]]
) -> float:
    """Return the saving of the groups that a lead could add to the plan with one more post."""
    more = problem.staff.copy()
    more[h] += 1.0
    led = sum(group.lead == h for group in groups)
    slots = problem.slots.copy()
    slots[h] = min(problem.limits.most_led, int(more[h] / problem.lead_fte + 1e-6))
    richer = replace(problem, staff=more, slots=slots)
    gained, plan, taken = 0.0, list(groups), served.copy()
    for _ in range(int(slots[h]) - led):
        staff, money, _slots = richer.left(plan)
        best: tuple[float, Group] | None = None
        for c in np.flatnonzero(richer.leads[h]).tolist():
            if (h, c) in pairs or any(g.lead == h and g.use_case == c for g in plan) or taken[h, c]:
                continue
            for size in richer.sizes:
                rows, cost = richer.arcs(h, c, size)
                share = richer.share(c, size, operated=bool(richer.operates[h, c]))
                yearly = (share + richer.variable[rows, c] + cost) / richer.years
                fits = ~taken[rows, c] & (yearly <= money[rows]) & (staff[rows] >= richer.part_fte)
                chosen = rows[fits][np.argsort(cost[fits], kind="stable")][: size - 1]
                group = Group(c, h, tuple(sorted(chosen.tolist())))
                better = len(chosen) == size - 1 and (best is None or richer.value(group) > best[0])
                if better and not _broken(richer, [*plan, group]):
                    best = richer.value(group), group
        if best is None or best[0] <= 0:
            break
        gained += best[0]
        plan.append(best[1])
        taken[list(best[1].rows), best[1].use_case] = True
    return gained


def _notes(problem: Problem, groups: Sequence[Group], *, ended_early: bool) -> tuple[Message, ...]:
    """Say what has to be known when reading the plan."""
    rows = np.unique([row for group in groups for row in group.rows]).astype(np.int64)
    leads = np.unique([group.lead for group in groups]).astype(np.int64)
    notes = []
    missed = np.setdiff1d(np.flatnonzero(np.isin(problem.profiles.key, sorted(problem.limits.included))), rows)
    if len(missed):
        names = tuple(str(problem.profiles.name[row]) for row in missed)
        notes.append(message("Should take part on request, but no plan found has room: {names:list}.", names=names))
    if count := int(np.isnan(problem.profiles.budget_eur[rows]).sum()):
        notes.append(message("Members that have not stated their budget: {count}. Ask them first.", count=count))
    if count := int(np.isinf(problem.staff[leads]).sum()):
        notes.append(
            message("Leads that run the solution but have not stated free staff: {count}. Ask them first.", count=count)
        )
    if problem.profiles.simulated[rows].any():
        notes.append(message("The plan contains simulated participants, which do not exist."))
    if ended_early:
        notes.append(message("The search ended before it found a first plan. Give it more time."))
    elif not groups:
        notes.append(message("No joint project within these limits is expected to save anything."))
    return tuple(notes)
