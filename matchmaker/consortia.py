"""The best group for a use case and what it saves, over five years.

With C_c the cost of a use case over the years at the reference population, φ the fixed share, P inhabitants::

    F_c      = φ · C_c                                   setting up, procurement, data protection, base system
    v_c(i)   = (1 - φ) · C_c · P_i / reference           grows with inhabitants
    alone(i) = F_c · (1 - ρ·[i already operates it]) + v_c(i)
    joint(S) = F_c · (1 - ρ·[lead already operates it]) + Σ v_c(i) + Σ_{i≠lead} k(i, lead) + η·|S|(|S|-1)/2
    k(i, h)  = k0 + k1 · km + k2 · [other Land]
    saving   = Σ alone - joint

Who already operates the use case has paid part ρ of its fixed cost; that money is counted neither as a cost
nor as a saving, so a running solution never makes a saving look larger than it is.

The low case takes low costs and high coordination, the high case the opposite; all figures are assumptions of
the catalogue with low, central and high. The saving of a group with a given lead is a sum over its joiners, so
for each lead and size the cheapest joiners are the best ones and the best group is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from matchmaker.catalogue import CASES, Catalogue, UseCase
from matchmaker.message import Message, message
from matchmaker.model import Consortium, Preferences, Span
from matchmaker.profiles import Bools, Floats, Ints, Profiles

_OPERATION: Final = 4
_OPPOSITE: Final[Mapping[str, Literal["low", "central", "high"]]] = {"low": "high", "central": "central", "high": "low"}


@dataclass(frozen=True, slots=True)
class _Terms:
    """The figures of one use case in one case (low, central, high), in euro over the years."""

    fixed: float
    variable_per_head: float
    rho: float
    joining: float
    per_km: float
    other_land: float
    coordination: float

    @classmethod
    def of(cls, catalogue: Catalogue, use_case: UseCase, case: str) -> _Terms:
        def value(assumption_id: str, which: str) -> float:
            return float(getattr(catalogue.span(assumption_id), which))

        (one_low, one_high), (year_low, year_high) = use_case.one_off_eur, use_case.yearly_eur
        one_off = {"low": one_low, "central": (one_low + one_high) / 2, "high": one_high}[case]
        yearly = {"low": year_low, "central": (year_low + year_high) / 2, "high": year_high}[case]
        cost = one_off + yearly * value("years", "central")
        share = value("fixed_share", case)
        burden = _OPPOSITE[case]
        return cls(
            fixed=share * cost,
            variable_per_head=(1 - share) * cost / value("reference_population", "central"),
            rho=value("rho", case),
            joining=value("joining_eur", burden),
            per_km=value("joining_eur_per_km", burden),
            other_land=value("other_land_eur", burden),
            coordination=value("coordination_eur", burden),
        )


def best_group(
    profiles: Profiles,
    catalogue: Catalogue,
    asker: int,
    use_case_id: str,
    preferences: Preferences,
) -> Consortium | None:
    """Return the group with the largest central saving that contains the asker, or None where there is none.

    Members need the use case and do not operate it yet; the asker may be without a stated need. The lead
    operates it, or reaches the least maturity with the free staff a lead needs; a lead that operates it and
    has not stated its staff is accepted with a note. Municipalities whose place or inhabitants are unknown
    cannot be reckoned with and are left out. A group that saves nothing is returned too, with a note that
    says so: no saving is an answer.

    Only ``simulated`` and ``exclude`` of the preferences limit who takes part: distance costs, it never
    forbids.
    """
    use_case = catalogue.use_case(use_case_id)
    if np.isnan((*use_case.one_off_eur, *use_case.yearly_eur)).any():
        return None
    column = profiles.use_cases.index(use_case_id)
    usable = ~np.isnan(profiles.population) & ~np.isnan(profiles.lat) & ~np.isnan(profiles.lon)
    if not usable[asker]:
        return None
    eligible = usable & (preferences.simulated | ~profiles.simulated)
    eligible &= ~np.isin(profiles.key, sorted(preferences.exclude))
    eligible[asker] = True
    operates = profiles.offer[:, column] == _OPERATION
    leads = np.flatnonzero(eligible & _capable(profiles, catalogue, column, operates))
    joiners = eligible & (profiles.need[:, column] > 0) & ~operates
    joiners[asker] = not operates[asker]
    members = np.flatnonzero(joiners)
    found = _search(profiles, _Terms.of(catalogue, use_case, "central"), asker, leads, members, catalogue)
    if found is None:
        return None
    group, curve = found
    return _consortium(profiles, catalogue, use_case, group, operates, curve)


def _capable(profiles: Profiles, catalogue: Catalogue, column: int, operates: Bools) -> Bools:
    """Return who can lead: runs it, or has the maturity and the free staff it takes."""
    staff = catalogue.span("lead_fte").central
    levels = catalogue.levels[column]
    with np.errstate(invalid="ignore"):
        mature = ((profiles.maturity >= levels) | np.isnan(levels)).all(axis=1)
        enough, too_few = profiles.fte >= staff, profiles.fte < staff
    capable: Bools = (operates & ~too_few) | (mature & enough)
    return capable


def _joining_cost(profiles: Profiles, terms: _Terms, leads: Ints, members: Ints) -> Floats:
    """Return k(i, h) in euro, shape (leads, members)."""
    other_land = profiles.land[leads][:, None] != profiles.land[members][None, :]
    cost: Floats = terms.joining + terms.per_km * profiles.km_between(leads, members) + terms.other_land * other_land
    return cost


def _search(
    profiles: Profiles, terms: _Terms, asker: int, leads: Ints, members: Ints, catalogue: Catalogue
) -> tuple[Ints, tuple[tuple[int, float], ...]] | None:
    """Return the best group (lead first) and the best central saving for each size; None without any group.

    The asker joins every lead but itself; the other places go to the joiners that cost least. Equal savings
    go to the lead first in the order of keys.
    """
    least, most = int(catalogue.span("min_group").central), int(catalogue.span("max_group").central)
    if not len(leads):
        return None
    cost = _joining_cost(profiles, terms, leads, members)
    cost[leads[:, None] == members[None, :]] = np.inf
    fixed_place = np.flatnonzero(members == asker)
    own = np.where(leads == asker, 0.0, cost[:, fixed_place[0]] if len(fixed_place) else np.inf)
    cost[:, fixed_place] = np.inf
    joins = (leads != asker).astype(np.int64)
    free = min(most - 1, cost.shape[1])
    cheapest = np.argsort(cost, axis=1, kind="stable")[:, :free]
    spent = np.concatenate(
        (np.zeros((len(leads), 1)), np.cumsum(np.take_along_axis(cost, cheapest, axis=1), axis=1)), axis=1
    )
    best: tuple[float, int, int] | None = None
    curve = []
    for size in range(least, most + 1):
        others = size - 1 - joins
        total = np.full(len(leads), np.inf)
        reachable = (others >= 0) & (others <= free)
        total[reachable] = spent[reachable, others[reachable]] + own[reachable]
        saving = terms.fixed * (size - 1) - total - terms.coordination * size * (size - 1) / 2
        place = int(np.argmax(saving))
        if not np.isfinite(saving[place]):
            continue
        curve.append((size, float(saving[place])))
        if best is None or saving[place] > best[0]:
            best = (float(saving[place]), place, int(others[place]))
    if best is None:
        return None
    _, place, count = best
    lead = leads[place]
    group = [int(lead), *([asker] if lead != asker else []), *(int(members[m]) for m in cheapest[place, :count])]
    return np.array(group), tuple(curve)


def _consortium(
    profiles: Profiles,
    catalogue: Catalogue,
    use_case: UseCase,
    group: Ints,
    operates: Bools,
    curve: tuple[tuple[int, float], ...],
) -> Consortium:
    """Work out money and staff of a group, lead first, in all three cases."""
    alone, joint = {}, {}
    for case in CASES:
        terms = _Terms.of(catalogue, use_case, case)
        variable = terms.variable_per_head * profiles.population[group]
        alone[case] = terms.fixed * (1 - terms.rho * operates[group]) + variable
        joint[case] = (
            terms.fixed * (1 - terms.rho * bool(operates[group[0]]))
            + float(variable.sum())
            + float(_joining_cost(profiles, terms, group[:1], group[1:]).sum())
            + terms.coordination * len(group) * (len(group) - 1) / 2
        )
    saving = {case: float(alone[case].sum() - joint[case]) for case in CASES}
    people = [profiles.municipality(row) for row in group]
    levels = catalogue.levels[profiles.use_cases.index(use_case.id)]
    with np.errstate(invalid="ignore"):
        too_weak = (profiles.maturity[group] < levels).any(axis=1) & ~operates[group]
    return Consortium(
        use_case=use_case.id,
        title=use_case.title,
        lead=people[0],
        members=tuple(people),
        lead_operates=bool(operates[group[0]]),
        saving_eur=Span(**saving),
        saving_pct=100 * saving["central"] / float(alone["central"].sum()),
        alone_cents=tuple(round(100 * float(euro)) for euro in alone["central"]),
        joint_cents=round(100 * joint["central"]),
        fte_saved=_staff(catalogue, len(group)),
        staff_days_saved=Span(*(float(getattr(catalogue.span("setup_days"), c)) * (len(group) - 1) for c in CASES)),
        access=tuple(people[i] for i in np.flatnonzero(too_weak)),
        curve=curve,
        notes=_notes(profiles, group, operates, saving, curve),
        coalition_cents=_coalition_cents(profiles, catalogue, use_case, group, operates, joint["central"]),
    )


def _coalition_cents(
    profiles: Profiles, catalogue: Catalogue, use_case: UseCase, group: Ints, operates: Bools, joint: float
) -> tuple[int, ...]:
    """Return what every coalition of a group would pay by itself, by bitmask over the members, central case, in cents.

    That is its joint cost under the cheapest of its members who can lead, or the sum of what they pay alone where
    this is less or nobody can lead. The whole group pays its joint cost.
    """
    terms = _Terms.of(catalogue, use_case, "central")
    capable = _capable(profiles, catalogue, profiles.use_cases.index(use_case.id), operates)[group]
    inside = (np.arange(1 << len(group))[:, None] >> np.arange(len(group)) & 1).astype(np.bool_)
    size = inside.sum(axis=1)
    variable = terms.variable_per_head * profiles.population[group]
    best = inside @ (terms.fixed * (1 - terms.rho * operates[group]) + variable)
    joining = _joining_cost(profiles, terms, group, group)
    np.fill_diagonal(joining, 0.0)
    for lead in np.flatnonzero(capable):
        shared = inside @ (variable + joining[lead]) + terms.coordination * size * (size - 1) / 2
        led = terms.fixed * (1 - terms.rho * operates[group[lead]]) + shared
        best = np.where(inside[:, lead], np.minimum(best, led), best)
    best[-1] = joint
    return tuple(round(100 * float(euro)) for euro in best)


def _staff(catalogue: Catalogue, size: int) -> Span:
    """Return the posts saved a year: run once instead of everywhere, minus the hours of coordination."""
    run, hours, year = (catalogue.span(i) for i in ("running_fte", "coordination_hours", "hours_per_fte"))
    return Span(
        *(getattr(run, case) * (size - 1) - size * getattr(hours, _OPPOSITE[case]) / year.central for case in CASES)
    )


def _notes(
    profiles: Profiles, group: Ints, operates: Bools, saving: Mapping[str, float], curve: tuple[tuple[int, float], ...]
) -> tuple[Message, ...]:
    """Say what a reader of the figures has to know."""
    lead = str(profiles.name[group[0]])
    notes = []
    if saving["central"] <= 0:
        notes.append(message("No saving expected: coordination would cost more than doing it together saves."))
    elif saving["low"] <= 0:
        notes.append(message("In the cautious case there is no saving."))
    if operates[group[0]]:
        notes.append(message("{name} already runs it; the others join a working solution.", name=lead))
    if np.isnan(profiles.fte[group[0]]):
        notes.append(message("Whether {name} has free staff to lead is unknown: ask first.", name=lead))
    if profiles.simulated[group].any():
        notes.append(message("The group contains simulated participants, which do not exist."))
    largest = max(curve, key=lambda point: point[1])[0]
    if largest < max(size for size, _ in curve):
        notes.append(message("From {size} members on, one more partner no longer pays.", size=largest))
    return tuple(notes)
