"""The profile of a municipality as it is being entered: what the fields hold, what is saved, and the way to begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from matchmaker.catalogue import Catalogue
from matchmaker.entries import OwnProfile
from matchmaker.errors import BadInput, ChangedMeanwhile, EntryRejected, MatchmakerError
from matchmaker.i18n import Language
from matchmaker.message import Label
from matchmaker.model import LAND_NAMES, LANDS, Activity, Municipality, Provenance, Software, Stage
from matchmaker.ui import cache, inputs, show

_Value = TypeVar("_Value")

DEFAULT_URGENCY = 2
SOFTWARE = ("name", "url", "licence")
STAGES = (Stage.PLANNED, Stage.PILOT, Stage.OPERATION)


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


def field(own: OwnProfile, name: str) -> str:
    """Return the key of a field of the form."""
    key = own.municipality.key
    return f"{key}_{name}_{_round(key)}"


def _held(own: OwnProfile, name: str, saved: _Value) -> _Value:
    """Return what a field holds; of one that was not drawn yet, what was saved."""
    return inputs.held(field(own, name), saved)


def entered(own: OwnProfile, catalogue: Catalogue) -> tuple[OwnProfile, bool]:
    """Return the profile as it is entered now, and whether all of it could be read.

    ``own`` is what was saved when the session began. Only the open step of the form is drawn, so that all are read
    here, from what the session keeps.
    """
    fte, fte_read = _number(own, "fte", own.fte)
    budget, budget_read = _number(own, "budget", own.budget_eur)
    edited = replace(
        own,
        maturity=tuple(
            _held(own, dimension.id, before)
            for dimension, before in zip(catalogue.dimensions, own.maturity, strict=True)
        ),
        needs=_needs(own),
        offers=_offers(own, catalogue),
        fte=fte,
        budget_eur=budget,
        contact=_held(own, "contact", own.contact).strip(),
        as_of=datetime.now(UTC).date().isoformat(),
    )
    return edited, fte_read and budget_read


def _number(own: OwnProfile, name: str, saved: float | None) -> tuple[float | None, bool]:
    """Return the number in a field and True; what was saved and False where the field cannot be read."""
    text = st.session_state.get(field(own, name))
    try:
        return (saved if text is None else inputs.number_from(text)), True
    except BadInput:
        return saved, False


def _needs(own: OwnProfile) -> tuple[tuple[str, int], ...]:
    saved = dict(own.needs)
    chosen = _held(own, "needs", list(saved))
    return tuple(sorted((u, _held(own, f"urgency_{u}", saved.get(u, DEFAULT_URGENCY))) for u in chosen))


def published(own: OwnProfile) -> list[Activity]:
    """Return what is published about a municipality, which nobody enters."""
    return [activity for activity in own.offers if activity.provenance == Provenance.PUBLISHED]


def stated(own: OwnProfile, catalogue: Catalogue) -> dict[str, Activity]:
    """Return what a municipality has entered itself, by use case of the catalogue."""
    others = (activity for activity in own.offers if activity.provenance != Provenance.PUBLISHED)
    return {activity.use_case: activity for activity in others if activity.use_case in catalogue.ids}


def stage(before: Activity | None) -> Stage:
    """Return the stage at which the form begins for an offer."""
    return before.stage if before and before.stage in STAGES else Stage.OPERATION


def _offers(own: OwnProfile, catalogue: Catalogue) -> tuple[Activity, ...]:
    saved, found = stated(own, catalogue), published(own)
    for use_case_id in _held(own, "offers", list(saved)):
        before = saved.get(use_case_id)
        title = catalogue.use_case(use_case_id).title
        software = before.software if before else None
        about = [_held(own, f"{name}_{use_case_id}", getattr(software, name, "")).strip() for name in SOFTWARE]
        found.append(
            Activity(
                use_case=use_case_id,
                stage=_held(own, f"stage_{use_case_id}", stage(before)),
                title=before.title if before else Label(title.de, title.en),
                year=before.year if before else None,
                provenance=Provenance.SELF_ASSESSED,
                url=before.url if before else "",
                software=Software(*about) if any(about) else None,
            )
        )
    return tuple(found)


def mailbox_label(_: Language) -> str:
    """Return what the field of the mailbox is called."""
    return _("Mailbox for cooperation")


def capacity_labels(_: Language) -> tuple[str, str]:
    """Return what the fields of staff and money are called."""
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
                labels = dict(zip(("fte", "budget_eur"), capacity_labels(_), strict=True))
                show.entries(error, {**labels, "contact": mailbox_label(_)}, _)
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
