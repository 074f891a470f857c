"""Use cases, dimensions, legal forms, funding rules and dated assumptions, read from a data package.

Every figure keeps its status (published or assumption), source and year. Empty means unknown: NaN in a
figure, an empty text in a source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from matchmaker.errors import BadInput, EntryRejected, RowIssue
from matchmaker.message import Label, Message, message
from matchmaker.model import DIMENSIONS, Span

CASES: Final = ("low", "central", "high")


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure the calculation rests on; low, central and high are values of the quantity itself, NaN for unknown."""

    id: str
    title: Message
    unit: str
    low: float
    central: float
    high: float
    status: str
    source: str
    source_url: str
    year: int | None
    note: Label

    @property
    def known(self) -> bool:
        """Whether low, central and high are all known."""
        return not math.isnan(self.low + self.central + self.high)


@dataclass(frozen=True, slots=True)
class UseCase:
    """One AI use case with what it costs for 30,000 inhabitants and the maturity it asks for.

    ``one_off`` and ``yearly`` are its costs for who does it alone, with the ids ``UC01.one_off`` and ``UC01.yearly``;
    ``levels`` are the least D1…D8, NaN where not stated.
    """

    id: str
    title: Label
    pain: Label
    category: str
    relevance: str
    one_off: Assumption
    yearly: Assumption
    saving: tuple[float, float]
    saving_unit: Label
    saving_status: str
    saving_source: str
    levels: tuple[float, ...]
    shared: Label
    open_source: str
    ai_act_class: str
    ai_act_note: Label

    @property
    def costs(self) -> tuple[Assumption, Assumption]:
        """What it costs once and a year."""
        return self.one_off, self.yearly


@dataclass(frozen=True, slots=True)
class Anchor:
    """What can be observed at one level of a dimension."""

    level: int
    text: Label


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of AI maturity with its question and an anchor for each level 0-5."""

    id: str
    title: Label
    question: Label
    anchors: tuple[Anchor, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Item:
    """One statement of the questionnaire; where ``reverse`` is set, agreement speaks for a low level."""

    id: str
    dimension: str
    reverse: bool
    text: Label


@dataclass(frozen=True, slots=True)
class Rule:
    """What legal forms, pointers to rules and funding programmes have in common. Information, never advice."""

    id: str
    lands: tuple[str, ...]
    title: Label
    text: Label
    status: str
    source: str
    source_url: str
    year: int | None


@dataclass(frozen=True, slots=True)
class LegalForm(Rule):
    """A legal form (``kind`` form) or a pointer to a rule on tax, procurement or data protection (``kind`` rule).

    ``lands`` is ("DE",) for federal law. ``min_partners`` is None where not stated; ``across`` says whether and how
    it works across a border of Länder, empty where nothing is known.
    """

    kind: str
    law: str
    min_partners: int | None
    governance_cost: str
    across: Label
    note: Label


@dataclass(frozen=True, slots=True)
class Programme(Rule):
    """A funding programme with the figures of its rule; None means that the source does not say.

    ``max_partners_in_land`` limits how many members may lie in the Land of the programme. ``grant_steps`` are pairs
    (partners in the Land, grant in euro), ascending; ``grant_further_eur`` is added for each partner beyond the
    last. ``valid_until`` is the last known day as an ISO date, empty where unknown.
    """

    state: Label
    amount_rule: Label
    max_amount_eur: float | None
    max_share_pct: float | None
    min_partners: int | None
    max_partners_in_land: int | None
    min_years: int | None
    min_saving_pct: float | None
    covers_digital: bool | None
    grant_steps: tuple[tuple[int, float], ...]
    grant_further_eur: float
    valid_until: str


@dataclass(frozen=True, slots=True)
class Change:
    """Own values for one assumption, or for one cost of a use case."""

    id: str
    low: float
    central: float
    high: float


CHANGED: Final = message("own value").template
"""Status of an assumption that a user has changed."""

_LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "share": (0, 1),
    "%": (0, 100),
    "a": (1, 30),
    "inhabitants": (100, 10_000_000),
    "members": (2, 20),
    "days": (0, 10_000),
    "FTE": (0, 100),
    "h": (1, 24),
    "h/a": (0, 8_760),
}
"""Least and largest value by unit; all others from 0 to a billion."""

_LEAST: Final[Mapping[str, float]] = {"hours_per_fte": 100}
"""A figure that others are divided by must not be zero."""


@dataclass(frozen=True)
class Catalogue:
    """Everything a data set says about use cases, dimensions, rules, assumptions and the questionnaire."""

    use_cases: tuple[UseCase, ...]
    dimensions: tuple[Dimension, ...]
    legal_forms: tuple[LegalForm, ...]
    funding: tuple[Programme, ...]
    assumptions: Mapping[str, Assumption]
    questionnaire: tuple[Item, ...] = ()

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids of the use cases, in the order of the columns of needs and offers."""
        return tuple(use_case.id for use_case in self.use_cases)

    def use_case(self, use_case_id: str) -> UseCase:
        """Return a use case by its id; raise `BadInput` where there is none."""
        if use_case_id not in self.ids:
            raise BadInput(
                message("There is no use case {id} in the catalogue.", id=use_case_id),
                where=use_case_id,
                remedy=message("Choose one of {first} to {last}.", first=self.ids[0], last=self.ids[-1]),
            )
        return self.use_cases[self.ids.index(use_case_id)]

    def assumption(self, assumption_id: str) -> Assumption:
        """Return an assumption or the cost of a use case by its id; raise `BadInput` where a data set lacks it."""
        try:
            return self._figures[assumption_id]
        except KeyError:
            raise BadInput(
                message("The assumption {id} is missing.", id=assumption_id),
                where="assumptions.csv",
                remedy=message("Add it to the table of assumptions, with source or reason."),
            ) from None

    @cached_property
    def _figures(self) -> Mapping[str, Assumption]:
        """Everything that own values can be given for: the costs of the use cases too."""
        return {**self.assumptions, **{cost.id: cost for use_case in self.use_cases for cost in use_case.costs}}

    def span(self, assumption_id: str) -> Span:
        """Return low, central and high value of an assumption."""
        found = self.assumption(assumption_id)
        return Span(found.low, found.central, found.high)

    def limits(self, assumption_id: str) -> tuple[float, float]:
        """Return the least and the largest value that an assumption may be given."""
        least, most = _LIMITS.get(self.assumption(assumption_id).unit, (0, 1e9))
        return _LEAST.get(assumption_id, least), most

    def problems(self, change: Change) -> tuple[tuple[str, Message], ...]:
        """Return what is wrong with own values, as pairs of column and rule; empty where they can be used."""
        if change.id not in self._figures:
            ids = (*self.assumptions, *(cost.id for use_case in self.use_cases[:1] for cost in use_case.costs))
            return (("id", message("Is no figure. There are: {ids:list}, and so for every use case.", ids=ids)),)
        least, most = self.limits(change.id)
        found = [
            (column, message("Must be a number from {least} to {most}.", least=f"{least:g}", most=f"{most:g}"))
            for column in CASES
            if not least <= getattr(change, column) <= most
        ]
        if not found and not change.low <= change.central <= change.high:
            found.append(("central", message("Low must not be above central, nor central above high.")))
        if self.assumption(change.id).unit == "members" and not change.central.is_integer():
            found.append(("central", message("Must be a whole number.")))
        return tuple(found)

    def with_assumptions(self, changes: Sequence[Change]) -> Catalogue:
        """Return this catalogue with own values for some figures; they lose status, source, year and reason.

        Raises `EntryRejected` with everything that is wrong: unknown ids, values out of order or range, a smallest
        group above the largest.
        """
        issues = [
            RowIssue("assumptions", None, f"{change.id}, {column}", f"{getattr(change, column)}", rule)
            for change in changes
            for column, rule in self.problems(change)
        ]
        if issues:
            raise EntryRejected("assumptions", tuple(issues), len(issues))
        own = {
            change.id: replace(
                self.assumption(change.id),
                low=change.low,
                central=change.central,
                high=change.high,
                status=CHANGED,
                source="",
                source_url="",
                year=None,
                note=Label("", ""),
            )
            for change in changes
        }
        changed = replace(
            self,
            assumptions={name: own.get(name, one) for name, one in self.assumptions.items()},
            use_cases=tuple(
                replace(u, one_off=own.get(u.one_off.id, u.one_off), yearly=own.get(u.yearly.id, u.yearly))
                for u in self.use_cases
            ),
        )
        if own.keys() & {"min_group", "max_group"} and (
            changed.span("min_group").central > changed.span("max_group").central
        ):
            rule = message("The smallest group must not be larger than the largest.")
            issue = RowIssue("assumptions", None, "min_group", f"{changed.span('min_group').central:g}", rule)
            raise EntryRejected("assumptions", (issue,), 1)
        for once, yearly in (use_case.costs for use_case in changed.use_cases):
            if own.keys() & {once.id, yearly.id} and once.central + yearly.central == 0:
                rule = message("A use case must cost something, once or a year.")
                raise EntryRejected("assumptions", (RowIssue("assumptions", None, once.id, "0", rule),), 1)
        return changed

    @cached_property
    def levels(self) -> npt.NDArray[np.float64]:
        """Least maturity each use case asks for, shape (u, 8); NaN where not stated."""
        return np.array([use_case.levels for use_case in self.use_cases], dtype=np.float64).reshape(-1, len(DIMENSIONS))
