"""What it costs to take more of the weakest fifth along: plans between the one that saves most and the one with all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from matchmaker.catalogue import Catalogue
from matchmaker.portfolio.entry import groups_of, insertion
from matchmaker.portfolio.problem import build
from matchmaker.portfolio.values import Limits, Plan
from matchmaker.profiles import Profiles


def inclusion_curve(
    profiles: Profiles,
    catalogue: Catalogue,
    limits: Limits,
    make: Callable[[Limits], Plan],
    *,
    between: int = 3,
) -> tuple[Plan, ...]:
    """Return plans with more and more of the weakest fifth, none both worse and with fewer of them than another.

    The first saves most, the last has everybody of the fifth that can be reached. In between, those that the first
    plan leaves out have to take part one after the other, first whoever costs least to insert into it. Each is a plan
    that keeps all limits, so at least this saving is possible; a better choice of whom to take along may exist.

    Parameters
    ----------
    make
        Makes a plan of the region within limits.
    between
        Most plans between the first and the last.
    """
    first, last = make(replace(limits, include_weak=False)), make(replace(limits, include_weak=True))
    problem = build(profiles, catalogue, limits)
    groups = groups_of(first, profiles, catalogue)
    weak = set(profiles.key[problem.weak].tolist())
    inside, along = ({m.key for p in plan.projects for m in p.members} & weak for plan in (first, last))

    def gain(key: str) -> float:
        found = insertion(problem, groups, profiles.row(key))
        return -np.inf if found is None else found.gain

    extra = sorted(along - inside, key=lambda key: (-gain(key), key))
    steps = sorted({round(step) for step in np.linspace(0, len(extra), between + 2)[1:-1]} - {0, len(extra)})
    kept = limits.included | (inside & along)
    plans = [make(replace(limits, include_weak=False, included=kept | set(extra[:step]))) for step in steps]
    return _front([first, *plans, last])


def _front(plans: list[Plan]) -> tuple[Plan, ...]:
    """Return the plans that no other beats in both saving and inclusion, by inclusion."""
    front: list[Plan] = []
    for plan in sorted(plans, key=lambda plan: (-plan.weak_inside, -plan.value_eur)):
        if not front or plan.value_eur > front[-1].value_eur:
            front.append(plan)
    return tuple(reversed(front))
