"""Questions to the user: the choices every page shares, and the filters of the search.

Language and municipality stand in the address of the page, so that a link leads back to what was looked at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from matchmaker.errors import BadInput
from matchmaker.i18n import LANGUAGES, Language, language
from matchmaker.message import message
from matchmaker.model import KINDS, LAND_NAMES, LANDS, PART_MEANINGS, PARTS, PRESETS, Preferences, Weights
from matchmaker.store import Author
from matchmaker.ui import cache, links, login, printing
from matchmaker.ui.show import escaped, part_names

_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}")
"""A thousand and more, or one and less: "1.000" is both, depending on the language."""

_LONGEST = 20
"""So much of a key that nobody has is repeated."""

_FAR = 150
"""Largest distance in kilometres that the search begins with where it is limited."""

_PARTNERS = 10
"""Partners shown unless asked otherwise."""

_Value = TypeVar("_Value")

_LANGUAGE_NAMES = {"de": "Deutsch", "en": "English"}


def chosen_language() -> Language:
    """Return the language of the screen: the address, then the switch, then the browser, then German."""
    if "lang" not in st.session_state:
        browser = (st.context.locale or LANGUAGES[0])[:2].lower()
        wished = st.query_params.get("lang", browser)
        st.session_state["lang"] = wished if wished in LANGUAGES else LANGUAGES[0]
    return language(st.session_state["lang"])


def author() -> Author:
    """Return who changes data on a page."""
    return Author(login.user().name, "page")


def language_switch() -> None:
    """Draw the switch between the languages; it is taken up with the next run."""
    now = chosen_language().code
    picked = st.segmented_control(
        "Sprache / Language",
        LANGUAGES,
        default=now,
        required=True,
        format_func=lambda code: _LANGUAGE_NAMES[code],
        key="language_switch",
    )
    if picked and picked != now:
        st.session_state["lang"] = picked
        st.rerun()


def municipality(place: DeltaGenerator, _: Language) -> str:
    """Draw the search field for the own municipality, and below it the switch that hides everything simulated.

    Returns the key of the chosen one, empty while none is.
    """
    labels = cache.choices(cache.workspace().version(), shows_simulated(), _("simulated"))
    keys = list(labels)
    asked = st.session_state.get("key", links.asked("key")) or login.own_key()
    picked = place.selectbox(
        _("Your municipality"),
        keys,
        index=keys.index(asked) if asked in labels else None,
        format_func=lambda key: labels.get(key, key),
        placeholder=_("Type a name or key"),
        help=_("All municipalities and districts of the register. Missing? Enter yours by hand below."),
        # A municipality entered by hand is chosen by setting "key": a new widget takes it up.
        key=f"municipality_{st.session_state.get('municipality_round', 0)}",
    )
    place.toggle(
        _("Show simulated participants"),
        value=True,
        key="simulated",
        help=_("They do not exist. They show what the program can do while few real profiles are entered."),
    )
    st.session_state["key"] = picked or ""
    if asked and asked not in labels:
        st.session_state["unknown_key"] = asked
    if picked:
        st.session_state.pop("unknown_key", None)
    elif unknown := st.session_state.get("unknown_key"):
        missing = _("No municipality in the list has the key {key}. Choose yours here.")
        st.warning(missing.format(key=escaped(unknown[:_LONGEST])), icon=":material/help:")
    return picked or ""


def choose(key: str) -> None:
    """Make a municipality the chosen one with the next run."""
    st.session_state["key"] = key
    st.session_state["municipality_round"] = st.session_state.get("municipality_round", 0) + 1


def shows_simulated() -> bool:
    """Return whether simulated participants are shown."""
    return bool(st.session_state.get("simulated", True))


def number_from(text: str, *, most: float = math.inf, whole: bool = False) -> float | None:
    """Return a number written with a comma or a point; None where nothing is written.

    Raises `BadInput` for what is no number, and for what could be thousands or decimals unless thousands would be
    more than ``most``.
    """
    plain = text.strip().replace("−", "-")
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain):
        raise BadInput(message("Must be a number such as 1200 or 0.5, without dots or spaces between thousands."))
    thousands = re.sub("[.,]", "", plain)
    fewer = plain.removesuffix("0").removesuffix("0")
    if _GROUPED.fullmatch(plain) and abs(float(thousands)) <= most:
        raise BadInput(
            message(
                "{text} is ambiguous: write {thousands} or {decimals}.",
                text=plain, thousands=thousands, decimals=fewer if fewer != plain else f"{plain}0",
            )
        )  # fmt: skip
    value = float(plain.replace(",", "."))
    if whole and not value.is_integer():
        raise BadInput(message("Must be a whole number."))
    return value


def number_text(value: float | None, _: Language) -> str:
    """Return a number as `number_from` reads it, with the decimal sign of the language."""
    if value is None:
        return ""
    plain = str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    clear = f"{plain}0" if _GROUPED.fullmatch(plain) else plain
    return clear.replace(".", ",") if _.code == "de" else clear


def number(
    label: str, value: float | None, _: Language, *, key: str, most: float = math.inf, whole: bool = False,
    hint: str | None = None, kept: bool = False,
) -> tuple[float | None, bool]:  # fmt: skip
    """Ask for a number; return it, None for unknown, and whether the field could be read.

    A text field, because the browser's number field takes "0,5" for 5 where its language is English, and keeps what
    is out of its limits to itself.
    """
    text = st.text_input(
        label, number_text(value, _), placeholder=_("unknown"), help=hint, key=key,
        persist_state="session" if kept else None,
    )  # fmt: skip
    try:
        return number_from(text, most=most, whole=whole), True
    except BadInput as error:
        st.error(_.render(error.what))
        return value, False


def _preset_chosen() -> None:
    """Set the sliders to the weights of the chosen preset."""
    for part in PARTS:
        st.session_state[f"weight_{part}"] = round(100 * getattr(PRESETS[st.session_state["preset"]], part))


def preset_names(_: Language) -> dict[str, str]:
    """Return what the proposals for weights are called on screen."""
    return {"officer": _("My municipality"), "network": _("New links"), "centre": _("Joint projects of many")}


def held(key: str, otherwise: _Value) -> _Value:
    """Return what a field holds that is drawn only while its part of the page is open."""
    value: _Value = st.session_state.get(key, otherwise)
    return value


def weights(_: Language) -> Weights:
    """Draw the weights of the parts of the score as sliders and return them."""
    for part in PARTS:
        st.session_state.setdefault(f"weight_{part}", round(100 * getattr(Weights(), part)))
    fold = st.expander(_("What shall count?"), key="fold_weights", on_change="rerun")
    if fold.open:
        with fold:
            _sliders(_)
    values = {part: st.session_state[f"weight_{part}"] for part in PARTS}
    shares = {part: value / max(1, sum(values.values())) for part, value in values.items()}
    if printing.printing():
        names = part_names(_)
        said = " · ".join(f"{names[part]} {_.percent(share)}" for part, share in shares.items())
        st.caption(_("Weights: {weights}").format(weights=said))
    return Weights(**shares)


def _sliders(_: Language) -> None:
    st.segmented_control(
        _("Begin with"), list(PRESETS), default="officer", required=True, format_func=preset_names(_).__getitem__,
        key="preset", on_change=_preset_chosen, persist_state="session",
        help=_("Proposals for three purposes. They are choices, not findings: move what you see differently."),
    )  # fmt: skip
    names, columns = part_names(_), st.columns(3)
    for place, part in enumerate(PARTS):
        columns[place % 3].slider(
            names[part],
            0,
            100,
            step=1,
            key=f"weight_{part}",
            help=_.render(PART_MEANINGS[part]),
            persist_state="session",
        )
    st.caption(_("Only the relation of the weights matters: twice as much counts twice. Zero leaves a part out."))


def preferences(_: Language) -> tuple[Preferences, int]:
    """Draw weights and filters of the partner search; return them with the number of partners asked for."""
    chosen = weights(_)
    catalogue = cache.dataset().catalogue
    titles = {use_case.id: _.label(use_case.title) for use_case in catalogue.use_cases}
    fold = st.expander(_("Filters"), key="fold_filters", on_change="rerun")
    if fold.open:
        with fold:
            _filters(titles, _)
    wanted = Preferences(
        weights=chosen,
        lands=frozenset(held("lands", [])),
        kinds=frozenset(held("kinds", [])),
        max_km=float(held("max_km", _FAR)) if held("limited", False) else None,
        simulated=shows_simulated(),
        assessed_only=held("assessed", False),
        use_case=held("about", "") or "",
    )
    # While the fold is closed, nobody would see why somebody is missing.
    if limits := _limits(wanted, titles, _):
        st.caption(_("Filtered: {limits}").format(limits=escaped(_.list(limits))))
    return wanted, held("top", _PARTNERS)


def _filters(titles: Mapping[str, str], _: Language) -> None:
    left, middle, right = st.columns(3)
    left.multiselect(
        _("Land"), LANDS, format_func=lambda code: _land(code, _), placeholder=_("All Länder"), select_all=False,
        key="lands", persist_state="session",
    )  # fmt: skip
    middle.multiselect(
        _("Kind"), KINDS, format_func=lambda kind: _(kind.value), placeholder=_("All kinds"), select_all=False,
        key="kinds", persist_state="session",
    )  # fmt: skip
    right.selectbox(
        _("Use case"), list(titles), index=None, format_func=titles.__getitem__, placeholder=_("Any"), key="about",
        persist_state="session",
    )  # fmt: skip
    limited = left.toggle(_("Limit the distance"), key="limited", persist_state="session")
    middle.slider(
        _("Largest distance in km"), 10, 900, _FAR, 10, disabled=not limited, key="max_km", persist_state="session"
    )
    right.slider(_("Number of partners"), 3, 30, _PARTNERS, key="top", persist_state="session")
    left.toggle(
        _("Only with assessed maturity"), key="assessed", persist_state="session",
        help=_("Leaves out all who have not assessed themselves."),
    )  # fmt: skip


def _limits(wanted: Preferences, titles: Mapping[str, str], _: Language) -> list[str]:
    """Return in words what leaves somebody out of a search."""
    limits = [_land(code, _) for code in LANDS if code in wanted.lands]
    limits += [_(kind.value) for kind in KINDS if kind in wanted.kinds]
    limits += [titles[wanted.use_case]] if wanted.use_case else []
    limits += [_("at most {km} km").format(km=_.number(wanted.max_km))] if wanted.max_km is not None else []
    limits += [_("Only with assessed maturity")] if wanted.assessed_only else []
    return limits


def _land(code: str, _: Language) -> str:
    return _(LAND_NAMES[LANDS.index(code)])
