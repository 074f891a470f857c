"""A saved plan as a text, and back: what was asked, what came out, and on which data it rests."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from matchmaker.errors import BadInput
from matchmaker.message import Label, Message, message
from matchmaker.plans import Region
from matchmaker.portfolio import Limits, Plan

_FORM: Final = 1
"""Number of the form of the text; a later program may write another."""

_INFINITE: Final = "inf"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A plan to keep: region, limits, seconds for the search, result, and the `plans.fingerprint` of its data."""

    region: Region
    limits: Limits
    seconds: float
    plan: Plan
    fingerprint: str


def written(scenario: Scenario) -> str:
    """Return a scenario as JSON text."""
    return json.dumps({"form": _FORM, **_plain(scenario)}, ensure_ascii=False)


def read(text: str) -> Scenario:
    """Return the scenario of a JSON text; raise `BadInput` where it has another form."""
    try:
        document = json.loads(text)
        found: Scenario = {_FORM: _made}[document["form"]](Scenario, document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            message("The saved scenario cannot be read: it has another form."),
            remedy=message("Update the program, or make the plan anew and save it again."),
        ) from error
    return found


def _plain(value: Any) -> Any:
    """Return a value type as what JSON knows."""
    if isinstance(value, Message):
        return {"template": value.template, "values": {name: _plain(one) for name, one in value.values}}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and math.isinf(value):
        return _INFINITE
    return value


def _made(hint: Any, plain: Any) -> Any:
    """Return what was written with this type."""
    if get_origin(hint) in {Union, UnionType}:
        return None if plain is None else _made(get_args(hint)[0], plain)
    if get_origin(hint) is frozenset:
        return frozenset(_made(get_args(hint)[0], one) for one in plain)
    if get_origin(hint) is tuple:
        of = get_args(hint)
        hints = [of[0]] * len(plain) if of[-1] is Ellipsis else of
        return tuple(_made(one, value) for one, value in zip(hints, plain, strict=True))
    if hint is Message:
        return Message(plain["template"], tuple((str(name), _value(one)) for name, one in plain["values"].items()))
    if is_dataclass(hint) and isinstance(hint, type):
        return hint(**{name: _made(of, plain[name]) for name, of in get_type_hints(hint).items()})
    return hint(plain)


def _value(plain: Any) -> Any:
    """Return a value of a message: a text, a figure, a name, another message or several of them."""
    if isinstance(plain, list):
        return tuple(_value(one) for one in plain)
    if isinstance(plain, dict):
        return _made(Message if "template" in plain else Label, plain)
    return math.inf if plain == _INFINITE else plain
