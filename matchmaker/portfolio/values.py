"""What is asked of a plan, and what people read of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from matchmaker.errors import BadInput
from matchmaker.message import Label, Message, message
from matchmaker.model import Municipality

_LEAST_SIZE: Final = 2
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan has to keep to.

    Parameters
    ----------
    max_size
        Most members of a group, the lead among them; at least 2.
    most_led
        Most groups one municipality leads, whatever staff it has.
    include_weak
        Whether every municipality of the weakest fifth that can be reached has to be in at least one group.
    simulated
        Whether demonstration participants, which do not exist, take part.
    most_paid_eur
        Most that one municipality pays a year for all its groups, whatever its budget; above 0, infinite for no limit.
    budget_share
        Share of the stated free budgets that may be planned with, above 0 and at most 1.
    excluded
        Keys that take no part.
    included
        Keys that have to be in at least one group.
    together, apart
        Pairs of keys that must share at least one group, and pairs that must not share any.
    fixed
        Groups that are decided already: use case, key of the lead, keys of the other members.
    forbidden
        Use case and key of a municipality that must not lead it.
    seed
        Same seed, same plan, unless time ends the search.
    """

    max_size: int = 5
    most_led: int = 3
    include_weak: bool = False
    simulated: bool = True
    most_paid_eur: float = math.inf
    budget_share: float = 1.0
    excluded: frozenset[str] = frozenset()
    included: frozenset[str] = frozenset()
    together: tuple[tuple[str, str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    forbidden: tuple[tuple[str, str], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_size < _LEAST_SIZE or self.most_led < 1:
            raise BadInput(
                message("A group has at least two members, and a lead leads at least one group."),
                where=f"max_size={self.max_size}, most_led={self.most_led}",
                remedy=message("Give a largest size of 2 or more."),
            )
        if not self.most_paid_eur > 0:
            raise BadInput(
                message("What one municipality pays a year at most must be an amount above zero."),
                where=f"most_paid_eur={self.most_paid_eur}",
                remedy=message("Give an amount in euro such as 10000, or no limit."),
            )
        if not 0 < self.budget_share <= 1:
            raise BadInput(
                message("The share of the free budgets must be above zero and at most one."),
                where=f"budget_share={self.budget_share}",
                remedy=message("Give a share such as 0.5, or 1 for the whole budget."),
            )

    @property
    def wished(self) -> frozenset[str]:
        """Keys that a wish names."""
        pairs = {key for pair in (*self.together, *self.apart) for key in pair}
        groups = {key for _use_case, lead, members in self.fixed for key in (lead, *members)}
        return self.excluded | self.included | pairs | groups | {key for _use_case, key in self.forbidden}


@dataclass(frozen=True, slots=True)
class Project:
    """One joint project of a plan: members with the lead first, and its central saving over the years in euro.

    ``pays_eur`` is what the plan reckons each member to pay a year, in the order of the members.
    """

    use_case: str
    title: Label
    lead: Municipality
    members: tuple[Municipality, ...]
    lead_operates: bool
    saving_eur: float
    pays_eur: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A municipality in no project of the plan, and why; ``weak`` says that it is of the weakest fifth."""

    municipality: Municipality
    why: Message
    weak: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """A limit that is used up: whose, which (``staff``, ``budget``, ``load``), and what one more post brings.

    ``one_more_fte_eur`` is a saving that a plan with one more free post there really reaches, so at least this
    much; None for other limits.
    """

    municipality: Municipality
    limit: str
    one_more_fte_eur: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Joint projects chosen together for a region.

    ``value_eur`` is the central saving over the years of all projects; no plan within the same limits saves more than
    ``bound_eur``. ``gap`` is (bound - value) / value, 0 where nothing can be saved at all. ``status`` is ``optimal``,
    ``feasible`` (limit of time or rounds) or ``stopped``. ``notes`` say what has to be known when reading it.
    ``weak`` counts the weakest fifth, ``weak_inside`` those of it that are in a project.
    """

    status: str
    value_eur: float
    bound_eur: float
    gap: float
    projects: tuple[Project, ...]
    left_out: tuple[LeftOut, ...]
    binding: tuple[Binding, ...]
    notes: tuple[Message, ...]
    weak: int
    weak_inside: int
    seconds: float

    @property
    def participants(self) -> int:
        """How many municipalities are in at least one project."""
        return len({member.key for project in self.projects for member in project.members})


@dataclass(frozen=True, slots=True)
class WayIn:
    """One change that brings a municipality into a plan, and how that was checked.

    It then takes part in the project ``title`` under ``lead``, and the plan saves ``gain_eur`` more (less where that
    is negative). ``checked`` is ``insertion`` where the
    plan as it is takes the municipality up and keeps every limit, ``plan`` where a new plan was made. ``certain``
    says that no plan without it would then be as good.
    """

    change: Message
    title: Label
    lead: Municipality
    gain_eur: float
    checked: str
    certain: bool

    def said(self, lead: str) -> Message:
        """Return the change as a sentence; ``lead`` is how the lead is called."""
        if self.checked == "plan":
            how = message("a new plan was made")
        elif self.certain:
            how = message("put into this plan; without it no plan is as good")
        else:
            how = message("put into this plan, every limit is kept")
        named = ("title", self.title) in self.change.values
        text = (
            message("{change}: led by {lead}; the plan would save {gain:eur} more ({how}).")
            if named
            else message("{change}: in “{title}”, led by {lead}; the plan would save {gain:eur} more ({how}).")
        )
        return message(text.template, change=self.change, title=self.title, lead=lead, gain=self.gain_eur, how=how)


@dataclass(frozen=True, slots=True)
class Setup:
    """When a project is set up: whole weeks from the start, the first is 1, in the central case.

    ``latest`` is the last week where setting up takes long. ``posts`` work on it; ``assumed`` where the lead has not
    stated its free staff.
    """

    project: Project
    first: int
    last: int
    latest: int
    posts: float
    assumed: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the search is: seconds, best value, proven bound and gap (infinite before the first)."""

    seconds: float
    value_eur: float
    bound_eur: float

    @property
    def gap(self) -> float:
        """Distance of the best plan from the bound, as a share of its value."""
        return gap_of(self.value_eur, self.bound_eur)


def gap_of(value: float, bound: float) -> float:
    """Return (bound - value) / value; 0 where both are zero, infinite where only the value is."""
    apart = max(0.0, bound - value)
    if apart <= _ROUNDING * max(1.0, abs(value)):
        return 0.0
    return apart / value if value > 0 else float("inf")
