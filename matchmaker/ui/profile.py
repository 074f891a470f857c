"""The form of a profile: pain points that lead to needs, what runs, maturity with its anchors, capacity."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from matchmaker import contacts
from matchmaker.catalogue import Catalogue
from matchmaker.entries import OwnProfile
from matchmaker.errors import ChangedMeanwhile, EntryRejected, MatchmakerError
from matchmaker.i18n import Language
from matchmaker.message import Label
from matchmaker.model import LAND_NAMES, LANDS, Activity, Municipality, Provenance, Software, Stage
from matchmaker.ui import cache, inputs, show

_LEVELS = tuple(step / 2 for step in range(11))
_STAGES = (Stage.PLANNED, Stage.PILOT, Stage.OPERATION)
_DEFAULT_URGENCY = 2


def begun(own: OwnProfile) -> OwnProfile:
    """Return the profile as it was when this session began to change it; what is entered is kept over that."""
    read: OwnProfile = st.session_state.setdefault(f"read_{own.municipality.key}", own)
    return read


def start_over(key: str) -> None:
    """Forget what this session has entered about a municipality: the form shows what is saved."""
    st.session_state.pop(f"read_{key}", None)
    st.session_state[f"round_{key}"] = _round(key) + 1


def _round(key: str) -> int:
    """Return how often the form was started; new keys make new fields, which take up what is saved."""
    return int(st.session_state.get(f"round_{key}", 0))


def _field(own: OwnProfile, name: str) -> str:
    key = own.municipality.key
    return f"{key}_{name}_{_round(key)}"


def _in_own_words(own: OwnProfile, catalogue: Catalogue, _: Language) -> None:
    """Ask for the nuisance in words of one's own, and offer the use cases that these words are about."""
    text = st.text_input(
        _("Say it in your own words"),
        placeholder=_("For example: the phone never stops ringing"),
        help=_("Words are compared with those of the catalogue, on this machine. What you type is not kept."),
        key=_field(own, "words"),
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
            key = _field(own, "needs")
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


def needs(own: OwnProfile, catalogue: Catalogue, _: Language) -> tuple[tuple[str, int], ...]:
    """Ask what bothers the staff and how pressing it is; return (use case, urgency)."""
    stated = dict(own.needs)
    st.session_state.setdefault(_field(own, "needs"), list(stated))
    _in_own_words(own, catalogue, _)
    pains = {u.id: f"{_.label(u.pain)} ({_.label(u.title)})" for u in catalogue.use_cases}
    chosen = st.multiselect(
        _("What costs your staff time and nerves?"),
        list(pains),
        format_func=pains.__getitem__,
        placeholder=_("Choose or type, for example: minutes"),
        help=_("Each nuisance stands for a use case of artificial intelligence that helps against it."),
        select_all=False,
        key=_field(own, "needs"),
        persist_state="session",
    )
    words = {1: _("would help"), 2: _("important"), 3: _("pressing")}
    found = []
    for use_case_id in chosen:
        use_case = catalogue.use_case(use_case_id)
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{show.escaped(_.label(use_case.title))}**", width="stretch")
        urgency = row.segmented_control(
            _("How urgent is {title}?").format(title=show.in_label(_.label(use_case.title))),
            list(words),
            default=stated.get(use_case_id, _DEFAULT_URGENCY),
            required=True,
            format_func=words.__getitem__,
            label_visibility="collapsed",
            key=_field(own, f"urgency_{use_case_id}"),
            persist_state="session",
        )
        found.append((use_case_id, int(urgency or _DEFAULT_URGENCY)))
    if not chosen:
        st.caption(_("Nothing chosen means: not known. It is not read as: no needs."))
    return tuple(sorted(found))


def offers(own: OwnProfile, catalogue: Catalogue, _: Language) -> tuple[Activity, ...]:
    """Ask what is planned, tried out or running; published activities are there already."""
    published = [a for a in own.offers if a.provenance == Provenance.PUBLISHED]
    stated = {a.use_case: a for a in own.offers if a.provenance != Provenance.PUBLISHED}
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
        default=[use_case for use_case in stated if use_case in titles],
        format_func=titles.__getitem__,
        placeholder=_("Choose use cases"),
        select_all=False,
        key=_field(own, "offers"),
        persist_state="session",
    )
    found = list(published)
    for use_case_id in chosen:
        before = stated.get(use_case_id)
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{show.escaped(titles[use_case_id])}**", width="stretch")
        stage = row.segmented_control(
            _("How far are you with {title}?").format(title=show.in_label(titles[use_case_id])),
            list(_STAGES),
            default=before.stage if before and before.stage in _STAGES else Stage.OPERATION,
            required=True,
            format_func=lambda value: _(value.value),
            label_visibility="collapsed",
            key=_field(own, f"stage_{use_case_id}"),
            persist_state="session",
        )
        title = catalogue.use_case(use_case_id).title
        found.append(
            Activity(
                use_case=use_case_id,
                stage=stage or Stage.OPERATION,
                title=before.title if before else Label(title.de, title.en),
                year=before.year if before else None,
                provenance=Provenance.SELF_ASSESSED,
                url=before.url if before else "",
                software=_software(own, use_case_id, before, _),
            )
        )
    return tuple(found)


def _software(own: OwnProfile, use_case: str, before: Activity | None, _: Language) -> Software | None:
    """Ask for the open-source solution behind an offer, which others could take over."""
    given = before.software if before else None
    with st.expander(show.in_label(given.name or given.url) if given else _("Open-source solution behind it")):
        fields = (("name", _("Name")), ("url", _("Address")), ("licence", _("Licence, such as EUPL-1.2")))
        entered = [
            st.text_input(
                label, getattr(given, name, ""), key=_field(own, f"{name}_{use_case}"), persist_state="session"
            ).strip()
            for name, label in fields
        ]
    return Software(*entered) if any(entered) else None


def maturity(own: OwnProfile, catalogue: Catalogue, _: Language) -> tuple[float | None, ...]:
    """Ask for the level of each dimension, with what can be observed at that level."""
    st.caption(
        _("Own wording, no validated instrument. Choose what comes closest; half steps lie between. Unknown is fine.")
    )
    found: list[float | None] = []
    for dimension, before in zip(catalogue.dimensions, own.maturity, strict=True):
        anchors = {anchor.level: show.escaped(_.label(anchor.text)) for anchor in dimension.anchors}
        level = st.select_slider(
            show.in_label(f"**{_.label(dimension.title)}** – {_.label(dimension.question)}"),
            [None, *_LEVELS],
            value=before,
            format_func=lambda value: _("unknown") if value is None else _.number(value, 1),
            key=_field(own, dimension.id),
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
        found.append(level)
    return tuple(found)


def capacity(own: OwnProfile, _: Language) -> tuple[float | None, float | None, bool]:
    """Ask for the staff and money free for AI in a year; None means unknown. Also say whether both could be read."""
    staff, money = _capacity_labels(_)
    fte, fte_read = inputs.number(
        staff, own.fte, _, key=_field(own, "fte"), kept=True,
        hint=_("0.5 is half a post. Who leads a group needs about half a post."),
    )  # fmt: skip
    budget, budget_read = inputs.number(money, own.budget_eur, _, key=_field(own, "budget"), kept=True)
    return fte, budget, fte_read and budget_read


def contact(own: OwnProfile, _: Language) -> str:
    """Ask for the function mailbox at which the municipality is reached."""
    entered = st.text_input(
        _mailbox_label(_), own.contact, placeholder="digitales@ihre-kommune.de", key=_field(own, "contact"),
        help=_("A mailbox of an office or a task, which stays when people change."), persist_state="session",
    ).strip()  # fmt: skip
    if contacts.looks_personal(entered):
        st.warning(
            _("This looks like the address of a person. Please name a mailbox of the office: it outlives a change of "
              "staff, and no personal data are kept. It can be saved all the same."), icon=":material/badge:",
        )  # fmt: skip
    return entered


def _mailbox_label(_: Language) -> str:
    return _("Mailbox for cooperation")


def _capacity_labels(_: Language) -> tuple[str, str]:
    return _("Staff free for AI, in full-time posts a year"), _("Money free for AI, in euros a year")


def differs(edited: OwnProfile, own: OwnProfile) -> bool:
    """Return whether there is something to save."""
    same = replace(edited, as_of=own.as_of, offers=())
    return same != replace(own, offers=(), needs=tuple(sorted(own.needs))) or set(edited.offers) != set(own.offers)


def saving(edited: OwnProfile, own: OwnProfile, said: DeltaGenerator, _: Language, *, readable: bool) -> bool:
    """Offer to save what was entered over what was read, and return whether anything is unsaved.

    ``own`` is what is saved now. Where others have saved meanwhile, the user decides whose state stays. What is wrong
    is said in a place of its own, since the buttons stand in a row. The button can always be pressed: what was just
    typed reaches the page only when the field is left, by that very click.
    """
    key = own.municipality.key
    changed = not own.municipality.simulated and (not readable or differs(edited, begun(own)))
    meanwhile = own.seen != edited.seen
    if meanwhile and not changed:
        start_over(key)
        st.rerun()
    if meanwhile:
        with said:
            show.failure(ChangedMeanwhile(own.municipality.name), _)
        if st.button(_("Reload"), help=_("Discards what you have changed here."), icon=":material/refresh:"):
            start_over(key)
            st.rerun()
    label = _("Save anyway") if meanwhile else _("Save")
    pressed = st.button(label, type="primary", icon=":material/save:", disabled=own.municipality.simulated)
    if pressed and not changed:
        st.toast(_("There is nothing to save: nothing has been changed."), icon=":material/info:")
    elif pressed and readable:
        try:
            cache.workspace().save_profile(replace(edited, seen=None) if meanwhile else edited, by=inputs.author())
        except ChangedMeanwhile:
            st.rerun()  # shows the choice above
        except EntryRejected as error:
            with said:
                labels = dict(zip(("fte", "budget_eur"), _capacity_labels(_), strict=True))
                show.entries(error, {**labels, "contact": _mailbox_label(_)}, _)
        except MatchmakerError as error:
            with said:
                show.failure(error, _)
        else:
            start_over(key)
            st.toast(_("Saved."), icon=":material/check:")
            st.rerun()
    return changed


def first_visit(_: Language) -> None:
    """Tell a first visitor the way from nothing to a council paper."""
    with st.container(border=True):
        st.markdown(f"#### {_('Here for the first time?')}")
        st.markdown(
            _(
                "1. Choose your municipality on the left.\n"
                "2. Open **1. Describe my municipality** and type in a few words what bothers your staff. Choose what "
                "fits and save: that is enough to begin.\n"
                "3. **2. Find partners** shows who fits and why. The question mark beside each figure explains it.\n"
                "4. **3. See projects** shows what you could start together and has the council paper to download."
            )
        )
        page = "matchmaker/ui/pages/municipality.py"
        st.page_link(page, label=_("Begin"), icon=":material/play_arrow:")


def enter_by_hand(_: Language) -> None:
    """Let a municipality that is not in the register be entered."""
    with st.expander(_("My municipality is not in the list")), st.form("by_hand", border=False, enter_to_submit=False):
        name = st.text_input(_("Name"), key="hand_name")
        key = st.text_input(_("Key (eight digits, five for a Landkreis)"), key="hand_key")
        land = st.selectbox(
            _("Land"), LANDS, index=None, format_func=lambda code: _(LAND_NAMES[LANDS.index(code)]),
            placeholder=_("Choose"), key="hand_land",
        )  # fmt: skip
        people, people_read = inputs.number(_("Inhabitants"), None, _, key="hand_population", whole=True)
        lat, lat_read = inputs.number(_("Latitude"), None, _, key="hand_lat", most=90)
        lon, lon_read = inputs.number(_("Longitude"), None, _, key="hand_lon", most=180)
        entered_now = st.form_submit_button(_("Enter"), icon=":material/add:")
        if not (entered_now and people_read and lat_read and lon_read):
            return
        entered = Municipality(
            key=key.strip(),
            name=name.strip(),
            land=land or "",
            kind=None,
            population=None if people is None else int(people),
            lat=lat,
            lon=lon,
            simulated=False,
        )
        try:
            cache.workspace().enter_municipality(entered, by=inputs.author())
        except EntryRejected as error:
            labels = {
                "name": _("Name"), "key": _("Key"), "land": _("Land"), "population": _("Inhabitants"),
                "lat": _("Latitude"), "lon": _("Longitude"),
            }  # fmt: skip
            show.entries(error, labels, _)
            return
        except MatchmakerError as error:
            show.failure(error, _)
            return
        inputs.choose(entered.key)
        st.rerun()
