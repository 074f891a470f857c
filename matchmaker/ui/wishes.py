"""Wishes about a plan: who takes part or not, who with whom, which projects are decided or ruled out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from matchmaker import plans
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.plans import Region
from matchmaker.portfolio import Limits, Project
from matchmaker.ui import cache, show

_NONE = Limits()


def wished() -> Limits:
    """Return the wishes so far, in limits that ask for nothing else."""
    found: Limits = st.session_state.get("plan_wishes", _NONE)
    return found


def take_up(limits: Limits) -> None:
    """Make the wishes of some limits those of the page."""
    st.session_state["plan_wishes"] = _with_wishes(_NONE, limits)


def _with_wishes(limits: Limits, of: Limits) -> Limits:
    return replace(
        limits, excluded=of.excluded, included=of.included, together=of.together, apart=of.apart, fixed=of.fixed,
        forbidden=of.forbidden,
    )  # fmt: skip


def fix(project: Project) -> None:
    """Wish that a project stays as it is."""
    group = (project.use_case, project.lead.key, tuple(m.key for m in project.members[1:]))
    now = wished()
    st.session_state["plan_wishes"] = replace(now, fixed=tuple(dict.fromkeys((*now.fixed, group))))


def forbid(project: Project) -> None:
    """Wish that the lead of a project does not lead it."""
    now = wished()
    barred = (*now.forbidden, (project.use_case, project.lead.key))
    st.session_state["plan_wishes"] = replace(now, forbidden=tuple(dict.fromkeys(barred)))


def draw(region: Region, limits: Limits, _: Language) -> Limits:
    """Draw the wishes with a way to add and to drop one; return the limits with them."""
    lines = _lines(wished(), _)
    title = _("Wishes ({count})").format(count=_.number(len(lines))) if lines else _("Wishes")
    with st.expander(title, key="plan_wishes_open"):
        for number, (text, without) in enumerate(lines):
            said, dropped = st.columns([5, 1], vertical_alignment="center")
            said.markdown(text)
            dropped.button(
                _("Drop"), key=f"drop_{number}", icon=":material/close:", type="tertiary",
                on_click=lambda left: st.session_state.__setitem__("plan_wishes", left), args=(without,),
            )  # fmt: skip
        _add(region, _)
        st.caption(_("A project of the plan can be fixed or forbidden in the table of projects below."))
    return _with_wishes(limits, wished())


def _lines(now: Limits, _: Language) -> list[tuple[str, Limits]]:
    """Return each wish as a sentence, and the wishes without it."""
    profiles = cache.dataset().profiles
    names = dict(zip(profiles.key.tolist(), profiles.name.tolist(), strict=True))
    catalogue = cache.dataset().catalogue

    def name(key: str) -> str:
        return f"**{show.escaped(names.get(key, key))}**"

    def title(use_case: str) -> str:
        return show.escaped(_.label(catalogue.use_case(use_case).title))

    def without(field: str, one: Any) -> Limits:
        rest = [other for other in getattr(now, field) if other != one]
        return replace(now, **{field: type(getattr(now, field))(rest)})

    said: dict[str, Callable[[Any], str]] = {
        "excluded": lambda key: _("{a} takes no part.").format(a=name(key)),
        "included": lambda key: _("{a} takes part in at least one project.").format(a=name(key)),
        "together": lambda pair: _("{a} and {b} share a project.").format(a=name(pair[0]), b=name(pair[1])),
        "apart": lambda pair: _("{a} and {b} share no project.").format(a=name(pair[0]), b=name(pair[1])),
        "fixed": lambda group: _("Decided: “{title}”, led by {a}, with {others}.").format(
            title=title(group[0]), a=name(group[1]), others=_.list([name(key) for key in group[2]])
        ),
        "forbidden": lambda pair: _("{a} does not lead “{title}”.").format(a=name(pair[1]), title=title(pair[0])),
    }
    return [
        (text(one), without(field, one))
        for field, text in said.items()
        for one in (sorted(getattr(now, field)) if field in {"excluded", "included"} else getattr(now, field))
    ]


def _add(region: Region, _: Language) -> None:
    """Ask for one more wish about the participants of the region."""
    labels = _participants(region)
    kinds = {
        "included": _("takes part"),
        "excluded": _("takes no part"),
        "together": _("together with"),
        "apart": _("apart from"),
    }
    first, middle, second, last = st.columns([4, 3, 4, 3], vertical_alignment="bottom")
    a = first.selectbox(
        _("Municipality"), list(labels), index=None, format_func=labels.__getitem__,
        placeholder=_("Type a name or key"), key="wish_a",
    )  # fmt: skip
    kind = middle.selectbox(_("Wish"), list(kinds), format_func=kinds.__getitem__, key="wish_kind")
    pair = kind in {"together", "apart"}
    b = second.selectbox(
        _("Other municipality"), list(labels), index=None, format_func=labels.__getitem__, disabled=not pair,
        placeholder=_("Type a name or key"), key="wish_b",
    )  # fmt: skip
    if last.button(_("Add"), icon=":material/add:", disabled=not (a and (b or not pair)), key="wish_add"):
        now = wished()
        if pair:
            added: Any = tuple(dict.fromkeys((*getattr(now, kind), (a, b))))
        else:
            added = getattr(now, kind) | {a}
        st.session_state["plan_wishes"] = replace(now, **{kind: added})
        st.rerun()


def _participants(region: Region) -> dict[str, str]:
    """Return the participants of a region by key; none where the region cannot be understood, which is said later."""
    profiles = cache.dataset().profiles
    try:
        rows = plans.inside(cache.dataset(), region).nonzero()[0]
    except MatchmakerError:
        return {}
    return {str(profiles.key[row]): f"{profiles.name[row]} · {profiles.key[row]}" for row in rows}
