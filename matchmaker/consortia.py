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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from matchmaker.catalogue import CASES, Catalogue, UseCase
from matchmaker.message import Label, Message, message
from matchmaker.model import Consortium, Cooperation, Evidence, Option, OptionKind, Preferences, Span, Term
from matchmaker.profiles import Bools, Floats, Ints, Profiles

_OPERATION: Final = 4
_FIRST_LEADS: Final = 16
"""Leads looked at in the first round of the search; each further round takes twice as many."""
_ROUNDING_EUR: Final = 1e-6
_OPPOSITE: Final[Mapping[str, Literal["low", "central", "high"]]] = {"low": "high", "central": "central", "high": "low"}


_GROUP_TITLES: Final[Mapping[OptionKind, Message]] = {
    "new": message("New group of {size}, led by {lead}"),
    "smaller": message("Smaller group of {size}, led by {lead}"),
    "other_lead": message("Group of {size} with another lead: {lead}"),
}


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

        once, yearly = (float(getattr(cost, case)) for cost in use_case.costs)
        cost = once + yearly * value("years", "central")
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
    *,
    largest: int | None = None,
    other_leads: frozenset[str] = frozenset(),
) -> Consortium | None:
    """Return the group with the largest central saving that contains the asker, or None where there is none.

    Members need the use case and do not operate it yet; the asker may be without a stated need. The lead
    operates it, or reaches the least maturity with the free staff a lead needs; a lead that operates it and
    has not stated its staff is accepted with a note. Municipalities whose place or inhabitants are unknown
    cannot be reckoned with and are left out. A group that saves nothing is returned too, with a note that
    says so: no saving is an answer.

    Only ``simulated`` and ``exclude`` of the preferences limit who takes part: distance costs, it never
    forbids. ``largest`` limits the size below that of the catalogue; who is in ``other_leads`` may take part but
    not lead.
    """
    use_case = catalogue.use_case(use_case_id)
    if not all(cost.known for cost in use_case.costs):
        return None
    column = profiles.use_cases.index(use_case_id)
    usable = ~np.isnan(profiles.population) & ~np.isnan(profiles.lat) & ~np.isnan(profiles.lon)
    if not usable[asker]:
        return None
    eligible = usable & (preferences.simulated | ~profiles.simulated)
    eligible &= ~np.isin(profiles.key, sorted(preferences.exclude))
    eligible[asker] = True
    operates = profiles.offer[:, column] == _OPERATION
    may_lead = eligible & ~np.isin(profiles.key, sorted(other_leads))
    leads = np.flatnonzero(may_lead & _capable(profiles, catalogue, column, operates))
    joiners = eligible & (profiles.need[:, column] > 0) & ~operates
    joiners[asker] = not operates[asker]
    members = np.flatnonzero(joiners)
    least, most = int(catalogue.span("min_group").central), int(catalogue.span("max_group").central)
    sizes = range(least, (most if largest is None else min(most, largest)) + 1)
    if not sizes:
        return None
    found = _search(profiles, _Terms.of(catalogue, use_case, "central"), asker, leads, members, sizes)
    if found is None:
        return None
    group, curve = found
    return _consortium(profiles, catalogue, use_case, group, operates, curve)


def given_group(profiles: Profiles, catalogue: Catalogue, use_case_id: str, members: Sequence[int]) -> Consortium:
    """Return a group that is decided already, worked out like any other; ``members`` are rows, the lead first.

    Its curve has one point, its own size. Place and inhabitants of all members must be known, and so must the cost.
    """
    use_case = catalogue.use_case(use_case_id)
    group = np.array(members, dtype=np.int64)
    operates = profiles.offer[:, profiles.use_cases.index(use_case_id)] == _OPERATION
    terms = _Terms.of(catalogue, use_case, "central")
    spent = float(_joining_cost(profiles, terms, group[:1], group[1:]).sum())
    size = len(group)
    saving = terms.fixed * (size - 1) - spent - terms.coordination * size * (size - 1) / 2
    return _consortium(profiles, catalogue, use_case, group, operates, ((size, saving),))


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
    profiles: Profiles, terms: _Terms, asker: int, leads: Ints, members: Ints, sizes: range
) -> tuple[Ints, tuple[tuple[int, float], ...]] | None:
    """Return the best group (lead first) and the best central saving for each size; None without any group.

    The asker joins every lead but itself; the other places go to the joiners that cost least. Equal savings
    go to the lead first in the order of keys, and to the smaller group.

    What the asker pays to join a lead bounds what any group of that lead can save, since every other joiner costs
    at least the fixed part. So leads are looked at from the cheapest for the asker on, until none of those left
    can reach the best group of any size.
    """
    if not len(leads):
        return None
    place = np.flatnonzero(members == asker)
    own = _joining_cost(profiles, terms, leads, np.array([asker]))[:, 0] if len(place) else np.full(len(leads), np.inf)
    own[leads == asker] = 0.0
    joins = (leads != asker).astype(np.int64)
    size = np.arange(sizes.start, sizes.stop)
    gain = terms.fixed * (size - 1) - terms.coordination * size * (size - 1) / 2
    bound = gain - own[:, None] - terms.joining * np.maximum(size - 1 - joins[:, None], 0)
    best, best_lead = np.full(len(size), -np.inf), np.full(len(size), -1)
    best_joiners: dict[int, Ints] = {}
    order = np.argsort(own - terms.joining * (1 - joins), kind="stable")
    done, width = 0, _FIRST_LEADS
    while done < len(order):
        rest = order[done:]
        # A hair of tolerance, because both sides are rounded differently.
        if not (bound[rest].max(axis=0) >= best - _ROUNDING_EUR).any():
            break
        chunk, done, width = rest[:width], done + width, 2 * width
        saving, cheapest = _savings(profiles, terms, asker, leads[chunk], members, own[chunk], size)
        for s in range(len(size)):
            top = saving[:, s].max()
            if not np.isfinite(top) or top < best[s]:
                continue
            first = np.flatnonzero(saving[:, s] == top)
            winner = first[np.argmin(leads[chunk[first]])]
            if top > best[s] or leads[chunk[winner]] < best_lead[s]:
                best[s], best_lead[s] = top, leads[chunk[winner]]
                best_joiners[s] = members[cheapest[winner, : size[s] - 1 - joins[chunk[winner]]]]
    found = np.flatnonzero(np.isfinite(best))
    if not len(found):
        return None
    s = int(found[np.argmax(best[found])])
    lead = int(best_lead[s])
    group = np.array([lead, *([asker] if lead != asker else []), *best_joiners[s].tolist()], dtype=np.int64)
    return group, tuple((int(size[f]), float(best[f])) for f in found)


def _savings(
    profiles: Profiles, terms: _Terms, asker: int, leads: Ints, members: Ints, own: Floats, size: Ints
) -> tuple[Floats, Ints]:
    """Return the central saving of the best group of each lead and size, -inf where there is none, and the joiners.

    Shapes (leads, sizes) and (leads, m): places among the members, cheapest first.
    """
    cost = _joining_cost(profiles, terms, leads, members)
    cost[leads[:, None] == members[None, :]] = np.inf
    cost[:, members == asker] = np.inf
    cheapest = np.argsort(cost, axis=1, kind="stable")[:, : size[-1] - 1]
    spent = np.concatenate(
        (np.zeros((len(leads), 1)), np.cumsum(np.take_along_axis(cost, cheapest, axis=1), axis=1)), axis=1
    )
    others = size[None, :] - 1 - (leads != asker)[:, None]
    reachable = (others >= 0) & (others < spent.shape[1])
    total = np.where(reachable, np.take_along_axis(spent, np.clip(others, 0, spent.shape[1] - 1), axis=1), np.inf)
    saving: Floats = terms.fixed * (size - 1) - (total + own[:, None]) - terms.coordination * size * (size - 1) / 2
    return saving, cheapest


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
    coalitions = {
        case: _coalition_cents(profiles, catalogue, use_case, group, operates, case, joint[case]) for case in CASES
    }
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
        coalition_cents=coalitions["central"],
        coalition_cents_low=coalitions["low"],
        coalition_cents_high=coalitions["high"],
        years=catalogue.span("years").central,
        terms=_lines(profiles, catalogue, use_case, group, operates),
    )


def _coalition_cents(
    profiles: Profiles, catalogue: Catalogue, use_case: UseCase, group: Ints, operates: Bools, case: str, joint: float
) -> tuple[int, ...]:
    """Return what every coalition of a group would pay by itself, by bitmask over the members, in one case, in cents.

    That is its joint cost under the cheapest of its members who can lead, or the sum of what they pay alone where
    this is less or nobody can lead. The whole group pays its joint cost.
    """
    terms = _Terms.of(catalogue, use_case, case)
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


def _lines(
    profiles: Profiles, catalogue: Catalogue, use_case: UseCase, group: Ints, operates: Bools
) -> tuple[Term, ...]:
    """Return every line of the calculation of a group, lead first, with the assumptions it rests on."""
    by_case = [_Terms.of(catalogue, use_case, case) for case in CASES]
    people, others = len(group), len(group) - 1
    fixed = Span(*(terms.fixed for terms in by_case))
    cost = (*(one.id for one in use_case.costs), "years", "fixed_share")
    nothing = Span(0, 0, 0)
    lines = [
        Term(
            "eur",
            message("Fixed cost: once instead of {count} times", count=people),
            _times(fixed, people),
            fixed,
            cost,
        )
    ]
    if operates[group].any():
        spared = Span(*(-terms.fixed * terms.rho for terms in by_case))
        lines.append(
            Term(
                "eur",
                message("Already paid by who runs it"),
                _times(spared, int(operates[group].sum())),
                spared if operates[group[0]] else nothing,
                (*cost, "rho"),
            )
        )
    for row in group:
        variable = Span(*(terms.variable_per_head * float(profiles.population[row]) for terms in by_case))
        lines.append(
            Term(
                "eur",
                message("Grows with inhabitants: {name}", name=str(profiles.name[row])),
                variable,
                variable,
                (*cost, "reference_population"),
            )
        )
    km = profiles.km_between(group[:1], group[1:])[0]
    joining = [_joining_cost(profiles, terms, group[:1], group[1:])[0] for terms in by_case]
    for place, row in enumerate(group[1:]):
        across = profiles.land[row] != profiles.land[group[0]]
        lines.append(
            Term(
                "eur",
                message("Joining: {name}, {km:number} km", name=str(profiles.name[row]), km=float(km[place])),
                nothing,
                Span(*(float(cost[place]) for cost in joining)),
                ("joining_eur", "joining_eur_per_km", *(["other_land_eur"] if across else [])),
            )
        )
    pairs = people * others / 2
    together = Span(*(terms.coordination * pairs for terms in by_case))
    lines.append(
        Term(
            "eur", message("Coordination: {count:number} pairs", count=pairs), nothing, together, ("coordination_eur",)
        )
    )
    run, days, hours, year = (
        catalogue.span(i) for i in ("running_fte", "setup_days", "coordination_hours", "hours_per_fte")
    )
    meetings = Span(*(people * getattr(hours, _OPPOSITE[case]) / year.central for case in CASES))
    lines += [
        Term("fte", message("Running it"), _times(run, people), run, ("running_fte",)),
        Term("fte", message("Coordination"), nothing, meetings, ("coordination_hours", "hours_per_fte")),
        Term("days", message("Setting it up"), _times(days, people), days, ("setup_days",)),
    ]
    return tuple(lines)


def _times(span: Span, factor: float) -> Span:
    return Span(*(getattr(span, case) * factor for case in CASES))


def options(
    profiles: Profiles,
    catalogue: Catalogue,
    asker: int,
    groups: Mapping[OptionKind, Consortium],
    cooperations: Sequence[Cooperation],
) -> tuple[Option, ...]:
    """Return the ways for one municipality to get a use case, the cheapest in the central case first.

    With m the members of a cooperation that runs it, h the nearest of them, and all else as above::

        alone       = F·(1 - ρ·[asker operates it]) + v
        new group   = the asker's part of the joint cost
        joining     = v + k(asker, h) + η·m + F·(1 - ρ)/(m + 1)
        open source = F·(1 - ρ) + v            alone
                    = the asker's part of the joint cost - ρ·F      in a group

    A newcomer bears all that its joining adds, and an equal part of the fixed cost that is left: a cautious reading.

    Parameters
    ----------
    groups
        New groups for the same use case, at least one, with the shares of their cost; each contains the asker.
    cooperations
        Those that run, are published, are about the use case and have a member whose place is known are options
        for an asker who is not a member and does not operate the use case.

    Returns
    -------
    tuple of Option
        Doing it alone is always one of them. Where it comes first, nothing is saved.
    """
    use_case = catalogue.use_case(next(iter(groups.values())).use_case)
    column = profiles.use_cases.index(use_case.id)
    operates = bool(profiles.offer[asker, column] == _OPERATION)
    by_case = {case: _Terms.of(catalogue, use_case, case) for case in CASES}
    variable = {case: terms.variable_per_head * float(profiles.population[asker]) for case, terms in by_case.items()}
    alone = {case: terms.fixed * (1 - terms.rho * operates) + variable[case] for case, terms in by_case.items()}
    base = (*(one.id for one in use_case.costs), "years", "fixed_share", "reference_population")

    def option(
        kind: OptionKind, title: Message, cost: Mapping[str, float], partners: int, assumed: Sequence[Message],
        rests_on: Sequence[str] = (), group: Consortium | None = None, evidence: tuple[Evidence, ...] = (),
    ) -> Option:  # fmt: skip
        saving = Span(*(alone[case] - cost[case] for case in CASES))
        return Option(kind, title, Span(**cost), saving, partners, tuple(assumed), (*base, *rests_on), group, evidence)

    found = [option("alone", message("Alone"), alone, 0, (), ("rho",) if operates else ())]
    key = str(profiles.key[asker])
    takes_part = message("Everybody in the group takes part.")
    spares = message("The open-source solution spares as much as a running one.")
    for kind, group in groups.items():
        pays = next(share for share in group.shares if share.member.key == key).pays_eur
        used = {i for term in group.terms if term.quantity == "eur" for i in term.rests_on} - set(base)
        title = _GROUP_TITLES[kind]
        names = message(title.template, size=len(group.members), lead=group.lead.name)
        others = len(group.members) - 1
        found.append(
            option(
                kind, names, {case: getattr(pays, case) for case in CASES}, others, (takes_part,), sorted(used), group
            )
        )
        if kind == "new" and use_case.open_source and not group.lead_operates:
            joint = {case: sum(getattr(share.pays_eur, case) for share in group.shares) for case in CASES}
            spared = {case: by_case[case].rho * by_case[case].fixed / max(0.01, joint[case]) for case in CASES}
            cost = {case: getattr(pays, case) * (1 - spared[case]) for case in CASES}
            titled = message("New group of {size} on open source: {name}", size=others + 1, name=use_case.open_source)
            found.append(
                option("new_open_source", titled, cost, others, (takes_part, spares), sorted(used | {"rho"}), group)
            )
    if use_case.open_source and not operates:
        cost = {case: terms.fixed * (1 - terms.rho) + variable[case] for case, terms in by_case.items()}
        titled = message("Alone on open source: {name}", name=use_case.open_source)
        found.append(option("open_source", titled, cost, 0, (spares,), ("rho",)))
    for cooperation in cooperations if not operates else ():
        if cooperation.status != "running" or not cooperation.url or use_case.id not in cooperation.use_cases:
            continue
        rows = np.flatnonzero(np.isin(profiles.key, cooperation.members))
        km = profiles.km_between([asker], rows)[0]
        if asker in rows or np.isnan(km).all():
            continue
        nearest, count = rows[[int(np.nanargmin(km))]], len(cooperation.members)
        cost = {
            case: variable[case]
            + float(_joining_cost(profiles, terms, nearest, np.array([asker]))[0, 0])
            + terms.coordination * count
            + terms.fixed * (1 - terms.rho) / (count + 1)
            for case, terms in by_case.items()
        }
        across = ["other_land_eur"] if profiles.land[nearest[0]] != profiles.land[asker] else []
        found.append(
            option(
                "join",
                message("Join: {title}", title=cooperation.title),
                cost,
                count,
                (
                    message("The cooperation takes in new members and its solution runs: ask first."),
                    message("The newcomer bears all that its joining adds."),
                ),
                ("rho", "joining_eur", "joining_eur_per_km", *across, "coordination_eur"),
                evidence=(
                    Evidence(Label(cooperation.title, cooperation.title), cooperation.url, cooperation.start_year),
                ),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.cost_eur.central, one.kind)))


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
    if roughly := [str(profiles.name[row]) for row in group if profiles.in_bands[row]]:
        notes.append(message("Of {names:list} maturity or means are known in bands only.", names=tuple(roughly)))
    if profiles.simulated[group].any():
        notes.append(message("The group contains simulated participants, which do not exist."))
    largest = max(curve, key=lambda point: point[1])[0]
    if largest < max(size for size, _ in curve):
        notes.append(message("From {size} members on, one more partner no longer pays.", size=largest))
    return tuple(notes)
