"""When the projects of a plan are set up, by a rule that can be said in two sentences.

Each lead sets up its projects one after the other, the one that saves most first. Setting up takes the working days
of the assumption ``setup_days``; on it work the free posts that are left when ``lead_fte`` posts are bound for each
project of the same lead that runs already, at most one post::

    weeks = setup_days / (5 · min(1, max(fte - lead_fte · running, lead_fte)))

A lead that has not stated its free staff is reckoned with ``lead_fte``. Where a lead has the staff it needs for the
plan, no less than ``lead_fte`` is ever left.
"""

from __future__ import annotations

import math
from typing import Final

from matchmaker.catalogue import Catalogue
from matchmaker.portfolio.values import Plan, Setup
from matchmaker.profiles import Profiles

_DAYS_A_WEEK: Final = 5
_ROUNDING: Final = 1e-9


def schedule(plan: Plan, profiles: Profiles, catalogue: Catalogue) -> tuple[Setup, ...]:
    """Return when each project of a plan is set up, in the order of the plan's projects by lead.

    A lead that is no longer among the profiles counts as one that has not stated its free staff.
    """
    days, bound = catalogue.span("setup_days"), catalogue.span("lead_fte").central
    fte = dict(zip(profiles.key.tolist(), profiles.fte.tolist(), strict=True))
    begun: dict[str, tuple[int, float, float]] = {}
    found = []
    for project in sorted(plan.projects, key=lambda one: -one.saving_eur):
        lead = project.lead.key
        running, soon, late = begun.get(lead, (0, 0.0, 0.0))
        free = fte.get(lead, math.nan)
        assumed = math.isnan(free)
        posts = bound if assumed else min(1.0, max(free - bound * running, bound))
        end, latest = soon + days.central / posts / _DAYS_A_WEEK, late + days.high / posts / _DAYS_A_WEEK
        first, last = int(soon + _ROUNDING) + 1, math.ceil(end - _ROUNDING)
        found.append(Setup(project, first, last, math.ceil(latest - _ROUNDING), posts, assumed))
        begun[lead] = running + 1, end, latest
    return tuple(sorted(found, key=lambda one: (one.first, one.last, -one.project.saving_eur)))
