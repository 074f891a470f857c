"""Joint projects: what they cost and save, who pays what, and which grants and forms fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from matchmaker.message import Label, Message, Value, message
from matchmaker.model.municipalities import Evidence, Municipality

_CASES: Final = ("low", "central", "high")


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with its range. ``low`` and ``high`` are the cautious and the favourable case."""

    low: float
    central: float
    high: float


@dataclass(frozen=True, slots=True)
class CostShare:
    """What one member would pay alone and pays in the group, over the years of the project.

    The cents are those of the central case; the euros have the cautious and the favourable case too, with the rule of
    the split applied to the costs of each.
    """

    member: Municipality
    alone_cents: int
    pays_cents: int
    alone_eur: Span
    pays_eur: Span

    @property
    def saves_eur(self) -> Span:
        """What the member saves: its cost alone minus what it pays."""
        return Span(*(getattr(self.alone_eur, case) - getattr(self.pays_eur, case) for case in _CASES))


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a calculation: what it takes when everybody is alone, and what it takes together.

    ``quantity`` is ``eur`` (over the years), ``fte`` (posts a year) or ``days`` (of work, once). Low, central and high
    are the cautious, central and favourable case, so coordination is highest in ``low``. The sum of ``alone`` minus
    ``together`` over all lines of a quantity is what the group saves. ``rests_on`` names the assumptions and costs
    used, by their ids.
    """

    quantity: Literal["eur", "fte", "days"]
    title: Message
    alone: Span
    together: Span
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consortium:
    """A lead and its members (lead first) for one use case, with what the group saves over the years.

    ``saving_eur`` is stand-alone cost minus joint cost; a negative value is a loss and is shown as such.
    ``alone_cents`` and ``joint_cents`` are the central case, the former per member. ``fte_saved`` (a year) and
    ``staff_days_saved`` (once) compare running the solution once with running it everywhere, after the hours of
    coordination; the hours that the use case itself frees are not in them. ``access`` names members that could
    not do it alone. ``curve`` is the central saving of the best group of each size. ``years`` is the period of
    all money, ``terms`` are the lines that the savings add up from. ``evidence``, ``shares`` and
    ``rule`` are empty until they have been added: what is published about it, and the split of the joint cost.
    ``coalition_cents`` is what each coalition of members would pay at best, see `matchmaker.sharing`; it has the two
    other cases beside it.
    """

    use_case: str
    title: Label
    lead: Municipality
    members: tuple[Municipality, ...]
    lead_operates: bool
    saving_eur: Span
    saving_pct: float
    alone_cents: tuple[int, ...]
    joint_cents: int
    fte_saved: Span
    staff_days_saved: Span
    access: tuple[Municipality, ...]
    curve: tuple[tuple[int, float], ...]
    notes: tuple[Message, ...]
    evidence: tuple[Evidence, ...] = ()
    shares: tuple[CostShare, ...] = ()
    rule: str = ""
    coalition_cents: tuple[int, ...] = ()
    years: float = 5.0
    terms: tuple[Term, ...] = ()
    coalition_cents_low: tuple[int, ...] = ()
    coalition_cents_high: tuple[int, ...] = ()

    @property
    def saving_a_year_eur(self) -> Span:
        """The saving in euro per year of the period."""
        return Span(*(getattr(self.saving_eur, case) / self.years for case in _CASES))

    @property
    def best_size(self) -> int:
        """Number of members from which one more partner no longer pays."""
        return max(self.curve, key=lambda point: point[1])[0]


OptionKind: TypeAlias = Literal["alone", "new", "smaller", "other_lead", "join", "open_source", "new_open_source"]


@dataclass(frozen=True, slots=True)
class Option:
    """One way for a municipality to get a use case, with what it would pay over the years.

    Low, central and high are the cautious, central and favourable case. ``saving_eur`` is its cost alone minus
    ``cost_eur``; for doing it alone it is zero. ``partners`` counts the others. ``assumed`` says what has to hold,
    ``rests_on`` names the assumptions used beside those of the group. ``group`` is the new group, None where there
    is none.
    """

    kind: OptionKind
    title: Message
    cost_eur: Span
    saving_eur: Span
    partners: int
    assumed: tuple[Message, ...]
    rests_on: tuple[str, ...]
    group: Consortium | None = None
    evidence: tuple[Evidence, ...] = ()


def least_cost(options: Sequence[Option], name: str) -> Message:
    """Say which of the ways, the cheapest first, costs a municipality least, or that none saves anything."""
    best = options[0]
    if best.kind == "alone":
        return message(
            "No saving expected for {name}: every other way would cost it more than doing it alone.", name=name
        )
    cost = best.cost_eur.central
    return message(
        "Least cost for {name}: {title}, {cost:eur} instead of {alone:eur} alone.",
        name=name, title=best.title, cost=cost, alone=cost + best.saving_eur.central,
    )  # fmt: skip


QUANTITY_NAMES: Final = {"eur": message("euro"), "fte": message("posts a year"), "days": message("working days")}
"""What the quantities of the lines of a calculation are called."""


Verdict: TypeAlias = Literal["met", "not met", "unknown"]


VERDICT_NAMES: Final = {"met": message("met"), "not met": message("not met"), "unknown": message("unknown")}


NO_ADVICE: Final = message("Information from published sources, no legal advice: check with the issuer.")
"""Stands wherever grants and law are shown."""


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One condition of a programme: what it asks for, whether a project meets it, and the facts behind that."""

    asks: Message
    verdict: Verdict
    detail: Message


@dataclass(frozen=True, slots=True)
class GrantCheck:
    """A funding programme tested line by line. Information, never advice: check with the issuer.

    ``verdict`` is ``not met`` where any line is, else ``unknown``: no programme can be promised from data.
    ``grant_eur`` is the most that the published rule gives this group, None where it gives no figure.
    """

    id: str
    title: Label
    state: Label
    lines: tuple[GrantLine, ...]
    verdict: Verdict
    grant_eur: float | None
    amount_rule: Label
    conditions: Label
    source: str
    url: str
    year: int | None


@dataclass(frozen=True, slots=True)
class SavingTest:
    """Whether one member, or the whole group where ``member`` is None, saves the share that grant rules ask for."""

    member: Municipality | None
    alone_cents: int
    pays_cents: int
    saving_pct: float | None
    reached: bool | None


@dataclass(frozen=True, slots=True)
class FittingForm:
    """A legal form that fits the members of a group, or that may fit: then ``sure`` is False and ``why`` says why."""

    id: str
    title: Label
    law: str
    use: Label
    sure: bool
    why: Message
    across: Label
    note: Label
    status: str
    source: str
    url: str
    year: int | None


SPLIT_RULES: Final = ("equal", "inhabitants", "stand_alone", "equal_saving", "scrb", "shapley", "nucleolus")
"""Rules that split a joint cost, the simplest first."""


SPLIT_TITLES: Final = dict(
    zip(
        SPLIT_RULES,
        (
            message("Equal parts"),
            message("By inhabitants"),
            message("By cost alone"),
            message("Equal saving"),
            message("Own extra cost, rest by benefit"),
            message("Mean extra cost (Shapley)"),
            message("Least complaint (nucleolus)"),
        ),
        strict=True,
    )
)


SPLIT_MEANINGS: Final = dict(
    zip(
        SPLIT_RULES,
        (
            message("Everybody pays the same."),
            message("Everybody pays the same per inhabitant."),
            message("Everybody pays the same part of what it would pay alone, so all save the same percentage."),
            message("Everybody saves the same amount."),
            message(
                "Everybody pays what its joining adds to the cost; the rest is split by what each still saves "
                "(separable costs, remaining benefits)."
            ),
            message("Everybody pays what its joining adds to the cost, as the mean of all orders of joining."),
            message("The subgroup with most reason to leave has as little reason as can be, then the next, and so on."),
        ),
        strict=True,
    )
)
"""What a reader is told about each rule: its name, and what it does."""


@dataclass(frozen=True, slots=True)
class Split:
    """A joint cost split by one rule, with who would object. Players are numbers in the order of the game.

    ``cents`` are the amounts; ``adds_up`` says whether their sum is the joint cost. ``pays_more`` are the players who
    pay more than alone. ``worst`` is the subgroup that would do better by itself, by most: ``gain_cents``; empty and 0
    where no subgroup is known that would. ``in_core`` says that no subgroup would do better by itself; None where
    the costs of too few subgroups are known to say so.
    """

    rule: str
    cents: tuple[int, ...]
    adds_up: bool
    pays_more: tuple[int, ...]
    worst: tuple[int, ...]
    gain_cents: int
    in_core: bool | None


@dataclass(frozen=True, slots=True)
class Sharing:
    """Everything that can be said about splitting one joint cost.

    ``alone_cents`` are None where unknown. ``splits`` has one entry for each rule that can be computed, ``missing``
    says of each other one why it cannot be. ``least_core_cents`` is the least amount by which, whatever the split, the
    subgroup with most reason to leave does better by itself: negative where even that one loses by leaving, None where
    it cannot be said; ``core_empty`` says that some subgroup always does better by itself, None where it cannot be
    said. ``recommended`` is a rule, or empty where none can be recommended; ``reason`` says why in both cases.
    """

    players: tuple[str, ...]
    total_cents: int
    alone_cents: tuple[int | None, ...]
    splits: tuple[Split, ...]
    missing: tuple[tuple[str, Message], ...]
    least_core_cents: int | None
    core_empty: bool | None
    recommended: str
    reason: Message

    def of(self, rule: str) -> Split | None:
        """Return the split by a rule; None where it cannot be computed."""
        return next((one for one in self.splits if one.rule == rule), None)

    def objections(self, split: Split, names: Sequence[Value] = (), *, euro: bool = True) -> tuple[Message, ...]:
        """Say who would object to a split: who pays more than alone, and which subgroup would do better by itself.

        ``names`` stand in for the players where they are shown in another way; ``euro`` says that the unit is known.
        """
        called = names or self.players

        def who(places: Iterable[int]) -> tuple[Value, ...]:
            return tuple(called[place] for place in places)

        said = []
        if split.pays_more:
            said.append(message("More than alone: {names:list}.", names=who(split.pays_more)))
        elif None in self.alone_cents:
            said.append(message("Nobody whose cost alone is known pays more than alone."))
        else:
            said.append(message("Nobody pays more than alone."))
        if paid := [place for place, cents in enumerate(split.cents) if cents < 0]:
            said.append(message("Would be paid by the others: {names:list}.", names=who(paid)))
        gain, leaving = split.gain_cents / 100, who(split.worst)
        if split.worst and euro:
            text = message(
                "Would do better by themselves, by EUR {gain:hundredths}: {names:list}.", gain=gain, names=leaving
            )
            said.append(text)
        elif split.worst:
            said.append(
                message("Would do better by themselves, by {gain:hundredths}: {names:list}.", gain=gain, names=leaving)
            )
        elif split.in_core:
            said.append(message("No subgroup would do better by itself."))
        else:
            said.append(message("Of the subgroups whose cost is known, none would do better by itself."))
        return tuple(said)
