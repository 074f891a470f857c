"""What an officer asks others, is asked and does together with them, and how the start page brings it to mind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st

from matchmaker import access, cooperations
from matchmaker.cooperations import DECLINES, LEAVES, REASON_NAMES, Act, Life, Reason, Request
from matchmaker.dataset import Dataset
from matchmaker.dealings import Dealings
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.ui import cache, inputs, login, show, tables

_PAGE = "matchmaker/ui/pages/cooperation.py"


def remind(_: Language) -> None:
    """Say on the start page what waits for an answer."""
    user = login.user()
    own = user.scope if user.role is access.Role.OFFICER else (st.session_state.get("key", ""),)
    found = cooperations.reminders(cache.lives(cache.workspace().version()), own, datetime.now(UTC))
    if found and access.may_edit(user, own[0]):
        with st.container(border=True):
            st.markdown("  \n".join(f":orange[**→**] {_.render(text)}" for text in found))
            st.page_link(_PAGE, label=_("Requests and cooperation"), icon=":material/mail:")


def form(key: str, data: Dataset, _: Language) -> None:
    """Ask those whom the address names to work together."""
    named = [other for other in st.query_params.get("with", "").split(",") if other in data.profiles.key]
    st.subheader(_("Ask others"))
    if not named:
        st.markdown(_("Choose whom to ask among the partners, or ask a whole group from a joint project."))
        with st.container(horizontal=True):
            st.page_link("matchmaker/ui/pages/partners.py", label=_("Find partners"), icon=":material/group:")
            st.page_link("matchmaker/ui/pages/projects.py", label=_("Joint projects"), icon=":material/savings:")
        return
    titles = {use_case.id: _.label(use_case.title) for use_case in data.catalogue.use_cases}
    needed = [use_case for use_case in data.profiles.needed(data.profiles.row(key)) if use_case in titles]
    wished = st.query_params.get("use_case", next(iter(needed), ""))
    saving = st.query_params.get("saving", "")
    with st.form("ask", border=True, enter_to_submit=False):
        st.markdown(_("You ask: {names}.").format(names=_.list([f"**{_name(other, data, _)}**" for other in named])))
        use_case = st.selectbox(
            _("About which use case?"), list(titles), index=list(titles).index(wished) if wished in titles else None,
            format_func=titles.__getitem__, placeholder=_("Choose"), key=f"ask_use_case_{wished}",
        )  # fmt: skip
        text = st.text_area(
            _("Your request"), max_chars=2000, key="ask_text",
            help=_("Only those asked and later members read it. Name an office, no persons."),
            placeholder=_("What you want to do together, by when, and what you bring."),
        )  # fmt: skip
        expected, readable = inputs.number(
            _("Expected saving of all together, euros a year (may stay empty)"),
            float(saving) if saving.isdecimal() and len(saving) < 11 else None, _, key=f"ask_saving_{saving}",  # noqa: PLR2004 - no larger sum is taken
        )  # fmt: skip
        sent = st.form_submit_button(_("Send request"), type="primary", icon=":material/send:")
    if sent and readable:
        ask = Dealings(cache.workspace()).ask
        if _done(lambda: ask(key, named, use_case or "", text, expected_eur=expected, by=inputs.author()), _):
            for name in ("with", "use_case", "saving"):
                st.query_params.pop(name, None)
            st.rerun()


def requests(key: str, lives: Sequence[Life], data: Dataset, _: Language) -> None:
    """Show the requests that wait: first those to answer, then those that others have to answer."""
    waiting = [(life, request) for life in lives for request in life.requests]
    incoming = [(life, request) for life, request in waiting if life.may(Act.ACCEPT, key, request.key)]
    st.subheader(_("Requests to you"))
    for life, request in incoming:
        _request(life, request, key, data, _)
    if not incoming:
        st.markdown(_("Nothing waits for your answer."))
    outgoing = [(life, request) for life, request in waiting if request.by == key and (life, request) not in incoming]
    if outgoing:
        st.subheader(_("Your requests"))
    for life, request in outgoing:
        _request(life, request, key, data, _)


def _request(life: Life, request: Request, key: str, data: Dataset, _: Language) -> None:
    title = show.escaped(_.label(data.catalogue.use_case(life.use_case).title))
    who, asks = _name(request.key, data, _), _name(request.by, data, _)
    with st.container(border=True):
        if request.joins:
            st.markdown(f"**{title}** · " + _("{name} wants to join.").format(name=asks))
        else:
            st.markdown(f"**{title}** · " + _("{name} asks {other}.").format(name=asks, other=who))
        if request.at:
            days = (datetime.now(UTC) - request.at).days
            waits = _.plural("{count} day without an answer", "{count} days without an answer", days) if days else ""
            st.caption(show.escaped(" · ".join(filter(None, (_.date(request.at.date()), waits)))))
        st.markdown(show.escaped(request.text) or _("The text was deleted with the history."))
        with st.container(horizontal=True, vertical_alignment="top"):
            # On a desk, whoever has asked also writes down what the others have answered.
            answers = key if life.may(Act.ACCEPT, key, request.key) else request.key
            yes, no = _("Accept"), _("Decline")
            if answers != key:
                plain = show.in_label(_plain(answers, data))
                yes, no = _("{name} accepts").format(name=plain), _("{name} declines").format(name=plain)
            if access.may_edit(login.user(), answers) and life.may(Act.ACCEPT, answers, request.key):
                kind: Literal["primary", "secondary"] = "primary" if answers == key else "secondary"
                if st.button(yes, key=f"accept_{life.id}_{request.key}", type=kind, icon=":material/check:"):
                    _take(life, Act.ACCEPT, answers, _, other=request.key)
                _with_reason(life, Act.DECLINE, answers, _, label=no, reasons=DECLINES, other=request.key)
            if life.may(Act.WITHDRAW, key, request.key) and st.button(
                _("Withdraw"), key=f"withdraw_{life.id}_{request.key}", icon=":material/undo:"
            ):
                _take(life, Act.WITHDRAW, key, _, other=request.key, reason=Reason.WITHDRAWN)


def together(key: str, lives: Sequence[Life], data: Dataset, _: Language) -> None:
    """Show what is agreed, runs or has ended, with what it was to save and what it saves."""
    own = [life for life in lives if key in life.members and life.status != "contacted"]
    if not own:
        return
    st.subheader(_("Cooperations"))
    for life in own:
        with st.container(border=True):
            _life(life, key, data, _)


def _life(life: Life, key: str, data: Dataset, _: Language) -> None:
    title = show.escaped(_.label(data.catalogue.use_case(life.use_case).title))
    since = _.date(life.since.date()) if life.since else ""
    open_ = " · " + _("open for more partners") if life.is_open else ""
    st.markdown(f"**{title}** · {_(life.status.value)} ({since}){open_}")
    if life.reason:
        st.markdown(_("Why it ended: {reason}.").format(reason=_.render(REASON_NAMES[life.reason])))
    lines = []
    for member in life.members:
        mailbox = data.contact(member)
        lines.append(f"- {_name(member, data, _)}" + (f": {show.escaped(mailbox)}" if mailbox else ""))
    st.markdown("\n".join(lines))
    if life.was_agreed:
        expected, real = st.columns(2)
        expected.metric(_("Expected saving a year"), _eur(life.expected_eur, _))
        real.metric(_("Real saving a year"), _eur(life.real_eur, _))
    said = [(step, REASON_NAMES[step.reason]) for step in life.steps if step.act is Act.DECLINE and step.reason]
    for step, reason in said:
        words = f" {show.escaped(step.text)}" if step.text else ""
        st.markdown(
            _("{name} declined: {reason}.").format(name=_name(step.key, data, _), reason=_.render(reason)) + words
        )
    if access.may_edit(login.user(), key):
        _acts(life, key, _)


def _acts(life: Life, key: str, _: Language) -> None:
    plain = {
        Act.START: (_("It runs now"), ":material/play_arrow:"),
        Act.OPEN: (_("Look for more partners"), ":material/group_add:"),
        Act.CLOSE: (_("Look for no more partners"), ":material/group_off:"),
    }
    with st.container(horizontal=True, vertical_alignment="top"):
        for act, (label, icon) in plain.items():
            if life.may(act, key) and st.button(label, key=f"{act}_{life.id}", icon=icon):
                _take(life, act, key, _)
        if life.may(Act.REPORT, key):
            with st.popover(_("Enter the real saving")), st.form(f"report_{life.id}", border=False):
                value, readable = inputs.number(
                    _("Saved by all together, euros a year"), life.real_eur, _, key=f"real_{life.id}_{life.taken}"
                )
                if st.form_submit_button(_("Save")) and readable:
                    _take(life, Act.REPORT, key, _, value=value)
        if life.may(Act.LEAVE, key):
            last = len(life.members) == 2  # noqa: PLR2004 - with one of two gone it has ended
            _with_reason(life, Act.LEAVE, key, _, label=_("End it") if last else _("Leave the group"), reasons=LEAVES)


def groups(key: str, lives: Sequence[Life], data: Dataset, _: Language) -> None:
    """Show groups of others that look for more partners, with the way in."""
    found = [life for life in lives if life.is_open and life.binds and not life.concerns(key)]
    st.subheader(_("Groups that look for partners"))
    if not found:
        st.markdown(_("No group looks for more partners just now."))
    for life in found:
        with st.container(border=True):
            title = show.escaped(_.label(data.catalogue.use_case(life.use_case).title))
            st.markdown(f"**{title}** · " + _.list([_name(member, data, _) for member in life.members]))
            if key and access.may_edit(login.user(), key) and life.may(Act.JOIN, key, key):
                with st.popover(_("Ask to join")), st.form(f"join_{life.id}", border=False):
                    text = st.text_area(_("Your request"), max_chars=2000, key=f"join_text_{life.id}")
                    if st.form_submit_button(_("Send request")):
                        _take(life, Act.JOIN, key, _, other=key, text=text)


def overview(lives: Sequence[Life], data: Dataset, _: Language) -> None:
    """Show what became of the cooperations of a region as a table."""
    rows = [
        (_.label(data.catalogue.use_case(life.use_case).title), ", ".join(_plain(key, data) for key in life.members),
         _(life.status.value), life.since.date().isoformat() if life.since else "", life.expected_eur, life.real_eur,
         _.render(REASON_NAMES[life.reason]) if life.reason else "")
        for life in lives if life.was_agreed
    ]  # fmt: skip
    money = [_("Expected, € a year"), _("Real, € a year")]
    frame = pd.DataFrame(
        rows, columns=[_("Use case"), _("Members"), _("Status"), _("Since"), *money, _("Why it ended")]
    ).astype(dict.fromkeys(money, float))  # fmt: skip
    st.subheader(_("What became of cooperations"))
    if frame.empty:
        st.markdown(_("No cooperation was agreed here yet."))
        return
    tables.draw(frame, "zusammenarbeit.csv", _, digits=dict.fromkeys(money, 0))
    st.caption(_("Savings are those of all members together. Empty means: nobody has entered any."))


def _with_reason(
    life: Life, act: Act, key: str, _: Language, *, label: str, reasons: Sequence[Reason], other: str = ""
) -> None:
    """Offer an act that needs a reason of the list, with room for words."""
    with st.popover(label), st.form(f"{act}_{life.id}_{other}", border=False):
        reason = st.selectbox(
            _("Reason"), reasons, index=None, format_func=lambda one: _.render(REASON_NAMES[one]),
            placeholder=_("Choose"), key=f"{act}_reason_{life.id}_{other}",
        )  # fmt: skip
        text = st.text_area(_("In a few words (may stay empty)"), max_chars=2000, key=f"{act}_text_{life.id}_{other}")
        if st.form_submit_button(label):
            _take(life, act, key, _, other=other, text=text, reason=reason)


def _take(life: Life, act: Act, key: str, _: Language, **more: Any) -> None:
    take = Dealings(cache.workspace()).take
    if _done(lambda: take(life.id, act, key, seen=life.taken, by=inputs.author(), **more), _):
        st.rerun()


def _done(act: Any, _: Language) -> bool:
    try:
        act()
    except MatchmakerError as error:
        show.failure(error, _)
        return False
    st.toast(_("Saved."), icon=":material/check:")
    return True


def _plain(key: str, data: Dataset) -> str:
    """Return the name of a municipality, or the key where it is no longer in the register."""
    names: Mapping[str, str] = (
        {key: str(data.profiles.name[data.profiles.row(key)])} if key in data.profiles.key else {}
    )
    return names.get(key, key)


def _name(key: str, data: Dataset, _: Language) -> str:
    return show.escaped(_plain(key, data))


def _eur(value: float | None, _: Language) -> str:
    return _("unknown") if value is None else _.eur(value)
