"""The four steps of the form of a profile: pain points that lead to needs, what runs, maturity with its anchors, means.

They draw fields only; what these hold, `profile` reads.
"""

from __future__ import annotations

import streamlit as st

from matchmaker import contacts
from matchmaker.catalogue import Catalogue
from matchmaker.entries import OwnProfile
from matchmaker.i18n import Language
from matchmaker.model import Activity
from matchmaker.ui import cache, inputs, profile, show
from matchmaker.ui.profile import field

_LEVELS = tuple(step / 2 for step in range(11))


def _in_own_words(own: OwnProfile, catalogue: Catalogue, _: Language) -> None:
    """Ask for the nuisance in words of one's own, and offer the use cases that these words are about."""
    text = st.text_input(
        _("Say it in your own words"),
        placeholder=_("For example: the phone never stops ringing"),
        help=_("Words are compared with those of the catalogue, on this machine. What you type is not kept."),
        key=field(own, "words"),
    )
    if not text.strip():
        return
    found = cache.pain_index(cache.workspace().version()).find(text)
    if not found:
        st.caption(_("Nothing similar was found. Choose from the list below."))
        return
    with st.container(horizontal=True):
        for use_case_id in found:
            title = show.in_label(_.label(catalogue.use_case(use_case_id).title))
            key = field(own, "needs")
            st.button(
                title,
                icon=":material/check:" if use_case_id in st.session_state[key] else ":material/add:",
                key=f"{key}_{use_case_id}",
                on_click=_add_need,
                args=(key, own, use_case_id),
            )


def _add_need(key: str, own: OwnProfile, use_case_id: str) -> None:
    """Add a need to those chosen, once."""
    chosen = st.session_state.get(key, [stated for stated, _urgency in own.needs])
    st.session_state[key] = list(dict.fromkeys([*chosen, use_case_id]))


def needs(own: OwnProfile, catalogue: Catalogue, _: Language) -> None:
    """Ask what bothers the staff and how pressing it is."""
    saved = dict(own.needs)
    st.session_state.setdefault(field(own, "needs"), list(saved))
    _in_own_words(own, catalogue, _)
    pains = {u.id: f"{_.label(u.pain)} ({_.label(u.title)})" for u in catalogue.use_cases}
    chosen = st.multiselect(
        _("What costs your staff time and nerves?"),
        list(pains),
        format_func=pains.__getitem__,
        placeholder=_("Choose or type, for example: minutes"),
        help=_("Each nuisance stands for a use case of artificial intelligence that helps against it."),
        select_all=False,
        key=field(own, "needs"),
        persist_state="session",
    )
    words = {1: _("would help"), 2: _("important"), 3: _("pressing")}
    for use_case_id in chosen:
        use_case = catalogue.use_case(use_case_id)
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{show.escaped(_.label(use_case.title))}**", width="stretch")
        row.segmented_control(
            _("How urgent is {title}?").format(title=show.in_label(_.label(use_case.title))),
            list(words),
            default=saved.get(use_case_id, profile.DEFAULT_URGENCY),
            required=True,
            format_func=words.__getitem__,
            label_visibility="collapsed",
            key=field(own, f"urgency_{use_case_id}"),
            persist_state="session",
        )
    if not chosen:
        st.caption(_("Nothing chosen means: not known. It is not read as: no needs."))


def offers(own: OwnProfile, catalogue: Catalogue, _: Language) -> None:
    """Ask what is planned, tried out or running; published activities are there already."""
    published, saved = profile.published(own), profile.stated(own, catalogue)
    if published:
        st.markdown(_("Published about you:"))
        for activity in published:
            stage = _(activity.stage.value) if activity.stage else _("stage not stated")
            year = f", {activity.year}" if activity.year else ""
            said, source = show.escaped(_.label(activity.title)), show.link(activity.url, _)
            st.markdown(f"- {said} ({stage}{year}){source}{show.software(activity.software, _)}")
    titles = {u.id: _.label(u.title) for u in catalogue.use_cases}
    chosen = st.multiselect(
        _("What do you plan, try out or run besides?") if published else _("What do you plan, try out or run?"),
        list(titles),
        default=list(saved),
        format_func=titles.__getitem__,
        placeholder=_("Choose use cases"),
        select_all=False,
        key=field(own, "offers"),
        persist_state="session",
    )
    for use_case_id in chosen:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{show.escaped(titles[use_case_id])}**", width="stretch")
        row.segmented_control(
            _("How far are you with {title}?").format(title=show.in_label(titles[use_case_id])),
            list(profile.STAGES),
            default=profile.stage(saved.get(use_case_id)),
            required=True,
            format_func=lambda value: _(value.value),
            label_visibility="collapsed",
            key=field(own, f"stage_{use_case_id}"),
            persist_state="session",
        )
        _software(own, use_case_id, saved.get(use_case_id), _)


def _software(own: OwnProfile, use_case: str, before: Activity | None, _: Language) -> None:
    """Ask for the open-source solution behind an offer, which others could take over."""
    given = before.software if before else None
    with st.expander(show.in_label(given.name or given.url) if given else _("Open-source solution behind it")):
        for name, label in zip(
            profile.SOFTWARE, (_("Name"), _("Address"), _("Licence, such as EUPL-1.2")), strict=True
        ):
            st.text_input(
                label, getattr(given, name, ""), key=field(own, f"{name}_{use_case}"), persist_state="session"
            )


def maturity(own: OwnProfile, catalogue: Catalogue, _: Language) -> None:
    """Ask for the level of each dimension, with what can be observed at that level."""
    st.caption(
        _("Own wording, no validated instrument. Choose what comes closest; half steps lie between. Unknown is fine.")
    )
    for dimension, before in zip(catalogue.dimensions, own.maturity, strict=True):
        anchors = {anchor.level: show.escaped(_.label(anchor.text)) for anchor in dimension.anchors}
        level = st.select_slider(
            show.in_label(f"**{_.label(dimension.title)}** – {_.label(dimension.question)}"),
            [None, *_LEVELS],
            value=before,
            format_func=lambda value: _("unknown") if value is None else _.number(value, 1),
            key=field(own, dimension.id),
            persist_state="session",
        )
        if level is None:
            st.caption(_("Not assessed. Level 0: {least} Level 5: {most}").format(least=anchors[0], most=anchors[5]))
        elif level == int(level):
            st.caption(f"{int(level)}: {anchors[int(level)]}")
        else:
            low = int(level)
            st.caption(
                _("Between {low}: {below} and {high}: {above}").format(
                    low=low, below=anchors[low], high=low + 1, above=anchors[low + 1]
                )
            )


def means(own: OwnProfile, _: Language) -> None:
    """Ask for the staff and money free for AI in a year, and for the function mailbox of the municipality."""
    staff, money = profile.capacity_labels(_)
    half = _("0.5 is half a post. Who leads a group needs about half a post.")
    inputs.number(staff, own.fte, _, key=field(own, "fte"), kept=True, hint=half)
    inputs.number(money, own.budget_eur, _, key=field(own, "budget"), kept=True)
    contact = st.text_input(
        profile.mailbox_label(_), own.contact, placeholder="digitales@ihre-kommune.de", key=field(own, "contact"),
        help=_("A mailbox of an office or a task, which stays when people change."), persist_state="session",
    )  # fmt: skip
    if contacts.looks_personal(contact.strip()):
        st.warning(
            _("This looks like the address of a person. Please name a mailbox of the office: it outlives a change of "
              "staff, and no personal data are kept. It can be saved all the same."), icon=":material/badge:",
        )  # fmt: skip
