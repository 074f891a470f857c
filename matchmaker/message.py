"""Sentences with their numbers, put into a language only where they are shown.

Rooms of the core never make a finished sentence: they return a template (the English message id of the
gettext catalogues) with its values. ``matchmaker.i18n`` turns it into German or English text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, Union


@dataclass(frozen=True, slots=True)
class Label:
    """A name that the data carry in both languages, such as the title of a use case."""

    de: str
    en: str


Value: TypeAlias = Union[str, int, float, Label, "Message", "tuple[Value, ...]"]


@dataclass(frozen=True, slots=True)
class Message:
    """A template with named values.

    A field may carry a format: ``{share:percent}``, ``{saving:eur}``, ``{km:number}`` (no decimals),
    ``{level:decimal}`` (one decimal), ``{gain:hundredths}`` (two), ``{names:list}`` for a tuple of values with
    commas and "and", ``{titles:items}`` with semicolons, for titles that hold an "and" themselves.
    """

    template: str
    values: tuple[tuple[str, Value], ...] = ()


def message(template: str, **values: Value) -> Message:
    """Return a `Message`; the extraction of translatable texts looks for calls of this name."""
    return Message(template, tuple(values.items()))
