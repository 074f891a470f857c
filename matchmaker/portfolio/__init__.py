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
from matchmaker.portfolio.problem import Group, Problem, build, fixed_groups, reachable
from matchmaker.portfolio.problem import violations as _broken
from matchmaker.portfolio.values import Binding, LeftOut, Limits, Plan, Progress, Project, gap_of
from matchmaker.profiles import Bools, Profiles

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
        Told of the best plan and the bound every now and then; asked whether to end now. The exact solver of small
        regions answers in one piece.

    Raises
    ------
    BadInput
        Where a wish cannot be met; names it.
    """
    begun = time.monotonic()
    problem = build(profiles, catalogue, limits)
    reach = reachable(problem)
    include = problem.weak & reach if limits.include_weak else None
    pinned = fixed_groups(problem, catalogue)
    together = _together(problem, reach)
    found = _Found(problem, begun, seconds, progress, stop)
    model = exact.model_of(problem, _COMBINED_COLUMNS)
    if model is None or model.columns > _EXACT_COLUMNS:
        pinned_wishes = (*pinned, *_seeds(problem, pinned, together))
        _search(found, pinned_wishes, include, gap, exact_follows=model is not None)
    if model is not None and not found.ended(gap):
        solved = exact.solve(
            problem, model, seconds=found.left(), gap=gap / 2, fixed=pinned, include=include, together=together
        )
        if solved.infeasible:
            raise BadInput(
                message("The wishes cannot all be met together with everybody's staff and budget."),
                where=_listed(problem, together),
                remedy=message("Drop one of the wishes, or raise a limit."),
            )
        found.offer(solved.groups, solved.bound, include)
    return _plan(found, catalogue, reach, include, gap)


def violations(profiles: Profiles, catalogue: Catalogue, limits: Limits, plan: Plan) -> tuple[str, ...]:
    """Return every limit that a plan breaks, in plain English; empty where all are kept.

    Counts anew from members and leads alone, apart from the solvers.
    """
    problem = build(profiles, catalogue, limits)
    row = profiles.row
    groups = [
        Group(catalogue.ids.index(p.use_case), row(p.lead.key), tuple(sorted(row(m.key) for m in p.members[1:])))
        for p in plan.projects
    ]
    return _broken(problem, groups)


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
        self.value, self.covered, self.bound = 0.0, -1, np.inf
        self.stopped = False

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self._begun

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(0.5, self._seconds - self.seconds())

    def ended(self, gap: float) -> bool:
        """Tell whether to end: asked to, out of time, or good enough."""
        self.stopped = self.stopped or bool(self._stop and self._stop())
        close = self.groups is not None and gap_of(self.value, self.bound) <= gap
        return self.stopped or self.seconds() >= self._seconds or close

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


def _search(
    found: _Found, pinned: Sequence[Group], include: Bools | None, gap: float, *, exact_follows: bool
) -> None:
    """Search with a bound; where the exact solver follows, leave it two thirds of the time."""
    from matchmaker.portfolio import bound  # noqa: PLC0415 - its compiled code takes half a second to load

    search = bound.Search(found.problem, pinned=pinned, include=include)
    until = found.seconds() + found.left() * (1 / 3 if exact_follows else 1)
    told = -1.0
    for _ in bound.run(
        search, lambda: found.ended(gap) or found.seconds() >= until, rounds=_ROUNDS, gap=gap
    ):
        if found.seconds() - told > 0.5:  # noqa: PLR2004 - twice a second is often enough for eyes
            found.offer(search.groups, search.bound, include)
            told = found.seconds()
    found.offer(search.groups, search.bound, include)
