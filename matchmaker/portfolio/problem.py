"""The planning problem as arrays: who needs what, who can lead it, what joining costs, what everybody can carry.

One group is a lead h, a use case c and joiners J. With S = J and the lead, its value is the central saving of
`matchmaker.consortia`, in which the members' own variable costs cancel::

    value = Σ_{i in J} (F_c - k(i, h)) - η·|S|(|S|-1)/2

Staff: a lead needs ``lead_fte`` for each group, a joiner its hours of coordination. Money: what a group pays for
together, F_c·(1 - ρ·[lead operates it]) + η·|S|(|S|-1)/2, is shared equally by those who begin (a lead that runs the
solution already pays nothing more); each pays its own variable cost and its own joining; a year's part of the sum
must fit into the free budget. Unknown staff or budget is no limit that could be checked, but without known staff
nobody leads what it does not operate. Nobody joins where coming together costs more than the fixed cost it saves, and
nobody leads what it neither needs nor operates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from matchmaker.catalogue import Catalogue
from matchmaker.errors import BadInput
from matchmaker.message import Message, message
from matchmaker.portfolio.values import Limits
from matchmaker.profiles import EARTH_RADIUS_KM, Bools, Floats, Ints, Profiles

_OPERATION: Final = 4
_WEAK_SHARE: Final = 0.2
_CENT: Final = 0.01
UNITS: Final = 120
TIER_UNITS: Final = 4
TIERS: Final = 30
"""Uses of money are counted in 120ths of what a municipality has, and tier t holds those of more than 4·t of these:
of uses in tier 15 or above nobody carries two, in tier 10 three. More tiers make the bound closer and slower."""

TOLERANCE: Final = 1e-6
"""How far staff (posts) or money (euro) may seem exceeded by rounding."""


def tiers(use: Floats, money: Floats) -> Ints:
    """Return the tier of each use of a municipality's money; 0 where the money is unknown or none."""
    known = np.isfinite(money) & (money > 0)
    units = np.minimum(UNITS, use * UNITS / np.where(known, money, np.inf)).astype(np.int64)
    tier: Ints = np.maximum(0, units - 1) // TIER_UNITS
    return tier


class Group(NamedTuple):
    """Rows of one group: column of the use case, lead, joiners in ascending order."""

    use_case: int
    lead: int
    joiners: tuple[int, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """Members, the lead first."""
        return (self.lead, *self.joiners)


class Prices(NamedTuple):
    """Multipliers in euro, each at least 0.

    Of each need (n, u), of each group led (n,), of a euro a year (n,), and what a use of money in each tier costs on
    top, rising: the row of a need is ``Problem.scarce``.
    """

    need: Floats
    lead: Floats
    money: Floats
    tier: Floats


@dataclass(frozen=True, eq=False)
class Problem:
    """A region's planning problem; n municipalities, u use cases, money in euro, staff in posts.

    ``fixed`` (u,) is F_c, ``variable`` (n, u) v_c(i). ``needs``, ``operates``, ``leads`` (n, u) say who needs, runs and
    can lead what. ``staff`` and ``money`` (n,) are infinite where unknown; ``slots`` (n,) is how many groups one can
    lead. ``weak`` (n,) marks the weakest fifth of those with known maturity, ``out`` (n,) those that cannot be
    reckoned with or are not wanted.
    """

    profiles: Profiles
    limits: Limits
    fixed: Floats
    variable: Floats
    needs: Bools
    operates: Bools
    leads: Bools
    staff: Floats
    money: Floats
    slots: Ints
    weak: Bools
    out: Bools
    joining: tuple[float, float, float]
    coordination: float
    rho: float
    lead_fte: float
    part_fte: float
    years: float
    sizes: range

    @cached_property
    def scarce(self) -> Ints:
        """Number each need (n, u) of whoever cannot pay for all it needs at once, from 1; 0 for all other needs."""
        sizes = [(s, operated) for s in self.sizes for operated in (False, True)]
        dearest = np.array([
            max((self.share(c, s, operated=operated) for s, operated in sizes), default=0.0) + fixed
            for c, fixed in enumerate(self.fixed)
        ])  # fmt: skip
        most = (self.needs * (dearest + self.variable)).sum(axis=1) / self.years
        found = self.needs & (np.isfinite(self.money) & (most > self.money))[:, None]
        return np.where(found, found.cumsum().reshape(found.shape), 0)

    def cost_of_joining(self, lead: int | Ints, rows: Ints | Sequence[int]) -> Floats:
        """Return k(i, h) in euro for some rows, each with the same lead or with one of its own."""
        base, per_km, other_land = self.joining
        profiles, members = self.profiles, np.asarray(rows, dtype=np.int64)
        squared = ((profiles.unit_vector[lead] - profiles.unit_vector[members]) ** 2).sum(axis=-1)
        km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(squared / 4, 1)))
        cost: Floats = base + per_km * km + other_land * (profiles.land[members] != profiles.land[lead])
        return cost

    def value(self, group: Group) -> float:
        """Return the central saving of a group in euro."""
        size = len(group.joiners) + 1
        spent = self.cost_of_joining(group.lead, group.joiners)
        return float(self.fixed[group.use_case] * (size - 1) - spent.sum() - self.coordination * size * (size - 1) / 2)

    def share(self, use_case: int, size: int, *, operated: bool) -> float:
        """Return the equal share of what a group pays together, in euro over the years."""
        fixed = self.fixed[use_case] * (1 - self.rho * operated)
        return float(fixed + self.coordination * size * (size - 1) / 2) / (size - operated)

    def pays(self, group: Group) -> Floats:
        """Return what each member pays a year, the lead first."""
        c, operated = group.use_case, bool(self.operates[group.lead, group.use_case])
        rows = np.array(group.rows)
        joining = np.concatenate(([0.0], self.cost_of_joining(group.lead, group.joiners)))
        yearly = (self.share(c, len(rows), operated=operated) + self.variable[rows, c] + joining) / self.years
        yearly[0] *= not operated
        paid: Floats = yearly
        return paid

    def left(self, groups: Sequence[Group]) -> tuple[Floats, Floats, Ints]:
        """Return the staff, the money and the groups to lead that are left beside some groups."""
        staff, money, slots = self.staff.copy(), self.money.copy(), self.slots.copy()
        for group in groups:
            staff[list(group.joiners)] -= self.part_fte
            staff[group.lead] -= self.lead_fte
            money[list(group.rows)] -= self.pays(group)
            slots[group.lead] -= 1
        return staff, money, slots

    def lead_can_pay(self, lead: int, use_case: int, size: int) -> bool:
        """Tell whether a lead can pay its part of a group of this size."""
        if self.operates[lead, use_case]:
            return True
        yearly = (self.share(use_case, size, operated=False) + self.variable[lead, use_case]) / self.years
        return bool(yearly <= self.money[lead] + TOLERANCE)

    def arcs(self, lead: int, use_case: int, size: int, among: Bools | None = None) -> tuple[Ints, Floats]:
        """Return who can join a group of this size, and what joining costs; empty where the lead cannot pay."""
        none = np.empty(0, dtype=np.int64), np.empty(0)
        if not self.leads[lead, use_case] or not self.lead_can_pay(lead, use_case, size):
            return none
        able = self.needs[:, use_case] & (self.staff >= self.part_fte - TOLERANCE)
        rows = np.flatnonzero(able if among is None else able & among)
        rows = rows[rows != lead]
        cost = self.cost_of_joining(lead, rows)
        share = self.share(use_case, size, operated=bool(self.operates[lead, use_case]))
        yearly = (share + self.variable[rows, use_case] + cost) / self.years
        keep = (cost < self.fixed[use_case]) & (yearly <= self.money[rows] + TOLERANCE)
        return rows[keep], cost[keep]


def build(profiles: Profiles, catalogue: Catalogue, limits: Limits) -> Problem:
    """Return the problem of a region; use cases without known costs are left out of it."""

    def value(assumption: str) -> float:
        return catalogue.span(assumption).central

    for key in {*limits.excluded, *(k for pair in (*limits.together, *limits.apart) for k in pair)}:
        profiles.row(key)
    years = value("years")
    cost = np.array([u.one_off.central + years * u.yearly.central for u in catalogue.use_cases])
    known_cost = ~np.isnan(cost)
    cost = np.where(known_cost, cost, 0.0)
    share = value("fixed_share")
    people = profiles.population
    out = np.isnan(people) | np.isnan(profiles.lat) | np.isnan(profiles.lon)
    out |= np.isin(profiles.key, sorted(limits.excluded)) | (profiles.simulated & (not limits.simulated))
    operates = (profiles.offer == _OPERATION) & known_cost
    needs = (profiles.need > 0) & ~operates & known_cost & ~out[:, None]
    staff_of_lead = value("lead_fte")
    with np.errstate(invalid="ignore"):
        mature = ((profiles.maturity[:, None, :] >= catalogue.levels) | np.isnan(catalogue.levels)).all(axis=2)
        enough, too_few = profiles.fte >= staff_of_lead, profiles.fte < staff_of_lead
    # As in `consortia`: runs it (staff enough or unknown), or has the maturity and the staff it takes.
    leads = (operates & ~too_few[:, None]) | (mature & enough[:, None] & needs)
    leads &= ~out[:, None] & known_cost
    for use_case, key in limits.forbidden:
        leads[profiles.row(key), catalogue.ids.index(catalogue.use_case(use_case).id)] = False
    staff = np.where(np.isnan(profiles.fte), np.inf, profiles.fte)
    slots = np.minimum(limits.most_led, np.floor(np.minimum(staff, 1e6) / staff_of_lead + TOLERANCE)).astype(np.int64)
    return Problem(
        profiles=profiles,
        limits=limits,
        fixed=share * cost,
        variable=np.where(out, 0, people)[:, None] * (1 - share) * cost / value("reference_population"),
        needs=needs,
        operates=operates,
        leads=leads,
        staff=staff,
        money=np.fmin(profiles.budget_eur * limits.budget_share, limits.most_paid_eur),
        slots=slots,
        weak=_weakest(profiles, out),
        out=out,
        joining=(value("joining_eur"), value("joining_eur_per_km"), value("other_land_eur")),
        coordination=value("coordination_eur"),
        rho=value("rho"),
        lead_fte=staff_of_lead,
        part_fte=value("coordination_hours") / value("hours_per_fte"),
        years=years,
        sizes=range(int(value("min_group")), min(limits.max_size, int(value("max_group"))) + 1),
    )


def _weakest(profiles: Profiles, out: Bools) -> Bools:
    """Mark the fifth with the lowest mean maturity among those of whom all dimensions are known."""
    mean = profiles.maturity.mean(axis=1)
    assessed = np.flatnonzero(~np.isnan(mean) & ~out)
    count = int(np.ceil(_WEAK_SHARE * len(assessed)))
    weak = np.zeros(len(profiles), dtype=bool)
    weak[assessed[np.argsort(mean[assessed], kind="stable")[:count]]] = True
    return weak


def reachable(problem: Problem) -> Bools:
    """Return who could be in some group if it were alone in the world with the others' full capacity."""
    found = np.zeros(len(problem.profiles), dtype=bool)
    for c in np.flatnonzero(problem.needs.any(axis=0) & problem.leads.any(axis=0)).tolist():
        least = min(problem.share(c, s, operated=o) for s in problem.sizes for o in (False, True))
        yearly = (least + problem.variable[:, c] + problem.joining[0]) / problem.years
        able = problem.needs[:, c] & (problem.staff >= problem.part_fte) & (yearly <= problem.money + TOLERANCE)
        for lead in np.flatnonzero(problem.leads[:, c] & (problem.slots > 0)).tolist():
            for size in problem.sizes:
                # Most are found early: only who is still missing is asked first.
                missing = able & ~found
                if not found[lead] or len(problem.arcs(lead, c, size, missing)[0]):
                    rows, _ = problem.arcs(lead, c, size)
                    if len(rows) >= size - 1:
                        found[rows] = True
                        found[lead] = True
    return found


def fixed_groups(problem: Problem, catalogue: Catalogue) -> tuple[Group, ...]:
    """Return the groups that are decided already as rows; raise `BadInput` where one cannot be."""
    groups: list[Group] = []
    for use_case, lead, members in problem.limits.fixed:
        rows = sorted({problem.profiles.row(key) for key in members} - {problem.profiles.row(lead)})
        group = Group(catalogue.ids.index(catalogue.use_case(use_case).id), problem.profiles.row(lead), tuple(rows))
        if broken := violations(problem, [*groups, group]):
            raise BadInput(
                message(
                    "The fixed project {use_case} led by {lead} cannot be: {why}.",
                    use_case=use_case, lead=str(problem.profiles.name[group.lead]), why=broken[0],
                ),
                where=f"{use_case} {lead}",
                remedy=message("Change its members or its lead, or raise a limit."),
            )  # fmt: skip
        groups.append(group)
    return tuple(groups)


def violations(problem: Problem, groups: Sequence[Group]) -> tuple[Message, ...]:
    """Return every limit that some groups break; empty where all are kept.

    Counts anew from the groups alone, so that it can judge any solver. Wishes that ask for something to be in the
    plan (together, fixed, the weak) are no limits.
    """
    found: list[Message] = []
    names, cases, n = problem.profiles.name, problem.profiles.use_cases, len(problem.profiles)
    served: dict[tuple[int, int], int] = {}
    staff, money, led = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
    apart = [tuple(problem.profiles.row(key) for key in pair) for pair in problem.limits.apart]
    for group in groups:
        c, lead = group.use_case, group.lead
        size = len(set(group.rows))
        if size not in problem.sizes or size != len(group.rows):
            found.append(message("a group of {size} is too small or too large", size=size))
            continue
        if not problem.leads[lead, c]:
            found.append(message("{name} cannot lead {use_case}", name=str(names[lead]), use_case=cases[c]))
        found += [
            message("{name} takes no part or does not need {use_case}", name=str(names[row]), use_case=cases[c])
            for row in group.joiners
            if not problem.needs[row, c]
        ]
        if (problem.cost_of_joining(lead, group.joiners) >= problem.fixed[c]).any():
            found.append(message("joining costs a member more than it saves"))
        for row in group.rows:
            served[row, c] = served.get((row, c), 0) + 1
        staff[list(group.joiners)] += problem.part_fte
        staff[lead] += problem.lead_fte
        money[list(group.rows)] += problem.pays(group)
        led[lead] += 1
        found += [
            message("{a} and {b} share a group", a=str(names[a]), b=str(names[b]))
            for a, b in apart
            if {a, b} <= set(group.rows)
        ]
    found += [
        message("{name} is served more than once with {use_case}", name=str(names[row]), use_case=cases[c])
        for (row, c), count in served.items()
        if count > 1
    ]
    for template, broken in (
        (message("{name} has too little free staff"), staff > problem.staff + TOLERANCE),
        (message("{name} has too little budget"), money > problem.money + _CENT),
        (message("{name} leads too many groups"), led > problem.limits.most_led),
    ):
        found += [message(template.template, name=str(names[row])) for row in np.flatnonzero(broken)]
    return tuple(found)
