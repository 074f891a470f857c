"""German and English: gettext catalogues compiled when first used, numbers and money by Babel.

Source texts in the code are English and serve as message ids. Nothing is installed globally: a server talks to
many people at once, so everybody holds a `Language` of his own.
"""

from __future__ import annotations

import datetime as dt
import gettext
import io
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from matchmaker.message import Label, Message

LANGUAGES: Final = ("de", "en")
"""Languages of the screen, the first one is the default."""

_LOCALES: Final = {"de": "de_DE", "en": "en_GB"}
_EUROS: Final = {"de": "#,##0\u00a0¤", "en": "¤#,##0"}
_PERCENT: Final = {"de": "#,##0\u00a0%", "en": "#,##0%"}


@dataclass(frozen=True)
class Language:
    """One language: puts texts, messages, names and figures into it."""

    code: str
    translations: gettext.NullTranslations

    def __call__(self, text: str) -> str:
        """Translate a text."""
        return self.translations.gettext(text)

    def plural(self, one: str, many: str, count: int) -> str:
        """Translate a text that depends on a count and fill in ``{count}``."""
        return self.translations.ngettext(one, many, count).format(count=self.number(count))

    def label(self, label: Label) -> str:
        """Return a name of the data in this language."""
        return label.de if self.code == "de" else label.en

    def render(self, message: Message) -> str:
        """Return a message as a sentence: translated, with its figures formatted."""
        return _Filler(self).vformat(self(message.template), (), dict(message.values))

    def number(self, value: float, digits: int = 0) -> str:
        """Format a number with a fixed number of decimals."""
        return _number(_unsigned_zero(value, digits), digits, _LOCALES[self.code])

    def eur(self, value: float) -> str:
        """Format whole euros."""
        whole = _unsigned_zero(value, 0)
        return _signed(
            format_currency(whole, "EUR", format=_EUROS[self.code], currency_digits=False, locale=_LOCALES[self.code])
        )

    def percent(self, share: float) -> str:
        """Format a share of one as whole per cent."""
        return _signed(format_percent(_unsigned_zero(share, 2), format=_PERCENT[self.code], locale=_LOCALES[self.code]))

    def date(self, day: dt.date) -> str:
        """Format a date with the name of its month."""
        return format_date(day, format="long", locale=_LOCALES[self.code])

    def moment(self, at: dt.datetime) -> str:
        """Format a date with its time of day, in the zone that the moment carries."""
        return f"{self.date(at.date())}, {at:%H:%M}"

    def list(self, items: Sequence[str]) -> str:
        """Join items as a person would: with commas and a final "and"."""
        return format_list(list(items), locale=_LOCALES[self.code])


@lru_cache(maxsize=16_384)
def _number(value: float, digits: int, locale: str) -> str:
    """Return a rounded number as it is written; a page has thousands, mostly the same after each click."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return _signed(format_decimal(value, format=pattern, locale=locale))


def _unsigned_zero(value: float, digits: int) -> float:
    """Round, and turn the -0.0 of a value just below zero into 0."""
    return round(value, digits) + 0.0


def _signed(figure: str) -> str:
    """Write a negative figure with a minus, which a hyphen is too short for."""
    return figure.replace("-", "−")


class _Filler(string.Formatter):
    """Fills the fields of a message; the format after the colon names the kind of figure."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        language = self._language
        match format_spec:
            case "number":
                return language.number(value)
            case "decimal":
                return language.number(value, 1)
            case "hundredths":
                return language.number(value, 2)
            case "percent":
                return language.percent(value)
            case "eur":
                return language.eur(value)
            case "items":
                return "; ".join(self.format_field(item, "") for item in value)
            case "list":
                return language.list([self.format_field(item, "") for item in value])
            case _:
                if isinstance(value, Label):
                    return language.label(value)
                if isinstance(value, Message):
                    return language.render(value)
                return str(value)


@cache
def language(code: str) -> Language:
    """Return a language by its code; German for any code that is not known."""
    chosen = code if code in LANGUAGES else LANGUAGES[0]
    file = Path(__file__).parent / f"{chosen}.po"
    if not file.exists():
        return Language(chosen, gettext.NullTranslations())
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=chosen)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return Language(chosen, gettext.GNUTranslations(binary))


def messages(code: str) -> Mapping[str, str]:
    """Return the translations of a language by message id; for checks that none is missing."""
    with (Path(__file__).parent / f"{code}.po").open("rb") as stream:
        return {str(m.id): str(m.string) for m in read_po(stream, locale=code) if m.id}
