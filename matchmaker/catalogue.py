"""Use cases, dimensions, legal forms, funding rules and dated assumptions, read from a data package.

Every figure keeps its status (published or assumption), source and year. Empty means unknown: NaN in a
figure, an empty text in a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from matchmaker.errors import BadInput
from matchmaker.message import Label, message
from matchmaker.model import DIMENSIONS, Span

CASES: Final = ("low", "central", "high")


@dataclass(frozen=True, slots=True)
class UseCase:
    """One AI use case with what it costs for 30,000 inhabitants and the maturity it asks for.

    ``one_off_eur`` and ``yearly_eur`` are (low, high); ``levels`` are the least D1…D8, NaN where not stated.
    """

    id: str
    title: Label
    pain: Label
    category: str
    relevance: str
    one_off_eur: tuple[float, float]
    yearly_eur: tuple[float, float]
    cost_status: str
    cost_basis: Label
    cost_source: str
    saving: tuple[float, float]
    saving_unit: Label
    saving_status: str
    saving_source: str
    levels: tuple[float, ...]
    shared: Label
    open_source: str
    ai_act_class: str
    ai_act_note: Label


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
class Assumption:
    """A figure the calculation rests on; low, central and high are values of the quantity itself."""

    id: str
    title: Label
    unit: str
    low: float
    central: float
    high: float
    status: str
    source: str
    source_url: str
    year: int | None
    note: Label


@dataclass(frozen=True, slots=True)
class Rule:
    """A legal form, a pointer to a rule, or a funding programme. Information, never advice."""

    id: str
    lands: tuple[str, ...]
    title: Label
    text: Label
    status: str
    source: str
    source_url: str
    year: int | None


@dataclass(frozen=True)
class Catalogue:
    """Everything a data set says about use cases, dimensions, rules, assumptions and the questionnaire."""

    use_cases: tuple[UseCase, ...]
    dimensions: tuple[Dimension, ...]
    legal_forms: tuple[Rule, ...]
    funding: tuple[Rule, ...]
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
        """Return an assumption by its id; raise `BadInput` where a data set lacks it."""
        try:
            return self.assumptions[assumption_id]
        except KeyError:
            raise BadInput(
                message("The assumption {id} is missing.", id=assumption_id),
                where="assumptions.csv",
                remedy=message("Add it to the table of assumptions, with source or reason."),
            ) from None

    def span(self, assumption_id: str) -> Span:
        """Return low, central and high value of an assumption."""
        found = self.assumption(assumption_id)
        return Span(found.low, found.central, found.high)

    @cached_property
    def levels(self) -> npt.NDArray[np.float64]:
        """Least maturity each use case asks for, shape (u, 8); NaN where not stated."""
        return np.array([use_case.levels for use_case in self.use_cases], dtype=np.float64).reshape(-1, len(DIMENSIONS))
