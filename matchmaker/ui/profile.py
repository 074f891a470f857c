"""The form of a profile: pain points that lead to needs, what runs, maturity with its anchors, capacity."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from matchmaker.catalogue import Catalogue
from matchmaker.errors import ImportRejected, MatchmakerError
from matchmaker.i18n import Language
from matchmaker.message import Label
from matchmaker.model import LAND_NAMES, LANDS, Activity, Municipality, Provenance, Stage
from matchmaker.service import OwnProfile
from matchmaker.ui import cache, inputs, show

_LEVELS = tuple(step / 2 for step in range(11))
_STAGES = (Stage.PLANNED, Stage.PILOT, Stage.OPERATION)
_DEFAULT_URGENCY = 2


def needs(own: OwnProfile, catalogue: Catalogue, _: Language) -> tuple[tuple[str, int], ...]:
    """Ask what bothers the staff and how pressing it is; return (use case, urgency)."""
    key = own.municipality.key
    stated = dict(own.needs)
    pains = {u.id: f"{_.label(u.pain)} ({_.label(u.title)})" for u in catalogue.use_cases}
    chosen = st.multiselect(
        _("What costs your staff time and nerves?"),
        list(pains),
        default=list(stated),
        format_func=pains.__getitem__,
        placeholder=_("Choose or type, for example: minutes"),
        help=_("Each nuisance stands for a use case of artificial intelligence that helps against it."),
        key=f"{key}_needs",
    )
    words = {1: _("would help"), 2: _("important"), 3: _("pressing")}
    found = []
    for use_case_id in chosen:
        use_case = catalogue.use_case(use_case_id)
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(f"**{show.escaped(_.label(use_case.title))}**")
        urgency = right.segmented_control(
            _("How urgent is {title}?").format(title=_.label(use_case.title)),
            list(words),
            default=stated.get(use_case_id, _DEFAULT_URGENCY),
            required=True,
            format_func=words.__getitem__,
            label_visibility="collapsed",
            key=f"{key}_urgency_{use_case_id}",
        )
        found.append((use_case_id, int(urgency or _DEFAULT_URGENCY)))
    if not chosen:
        st.caption(_("Nothing chosen means: not known. It is not read as: no needs."))
    return tuple(sorted(found))


def offers(own: OwnProfile, catalogue: Catalogue, _: Language) -> tuple[Activity, ...]:
    """Ask what is planned, tried out or running; published activities are there already."""
    key = own.municipality.key
    published = [a for a in own.offers if a.provenance == Provenance.PUBLISHED]
    stated = {a.use_case: a for a in own.offers if a.provenance != Provenance.PUBLISHED}
    if published:
        st.markdown(_("Published about you:"))
        for activity in published:
            stage = _(activity.stage.value) if activity.stage else _("stage not stated")
            year = f", {activity.year}" if activity.year else ""
            link = f" [{_('Source')}]({activity.url})" if activity.url else ""
            st.markdown(f"- {show.escaped(_.label(activity.title))} ({stage}{year}){link}")
    titles = {u.id: _.label(u.title) for u in catalogue.use_cases}
    chosen = st.multiselect(
        _("What do you plan, try out or run besides?") if published else _("What do you plan, try out or run?"),
        list(titles),
        default=[use_case for use_case in stated if use_case in titles],
        format_func=titles.__getitem__,
        placeholder=_("Choose use cases"),
        key=f"{key}_offers",
    )
    found = list(published)
    for use_case_id in chosen:
        before = stated.get(use_case_id)
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(f"**{show.escaped(titles[use_case_id])}**")
        stage = right.segmented_control(
            _("How far are you with {title}?").format(title=titles[use_case_id]),
            list(_STAGES),
            default=before.stage if before and before.stage in _STAGES else Stage.OPERATION,
            required=True,
            format_func=lambda value: _(value.value),
            label_visibility="collapsed",
            key=f"{key}_stage_{use_case_id}",
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
            )
        )
    return tuple(found)


def maturity(own: OwnProfile, catalogue: Catalogue, _: Language) -> tuple[float | None, ...]:
    """Ask for the level of each dimension, with what can be observed at that level."""
    st.caption(
        _("Own wording, no validated instrument. Choose what comes closest; half steps lie between. Unknown is fine.")
    )
    found: list[float | None] = []
    for dimension, before in zip(catalogue.dimensions, own.maturity, strict=True):
        anchors = {anchor.level: _.label(anchor.text) for anchor in dimension.anchors}
        level = st.select_slider(
            f"**{_.label(dimension.title)}** – {_.label(dimension.question)}",
            [None, *_LEVELS],
            value=before,
            format_func=lambda value: _("unknown") if value is None else _.number(value, 1),
            key=f"{own.municipality.key}_{dimension.id}",
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


def capacity(own: OwnProfile, _: Language) -> tuple[float | None, float | None]:
    """Ask for the staff and money that are free for AI in a year; empty means unknown."""
    key = own.municipality.key
    fte = st.number_input(
        _("Staff free for AI, in full-time posts a year"),
        min_value=0.0,
        value=own.fte,
        step=0.1,
        format="%.1f",
        placeholder=_("unknown"),
        help=_("0.5 is half a post. Who leads a group needs about half a post."),
        key=f"{key}_fte",
    )
    budget = st.number_input(
        _("Money free for AI, in euros a year"),
        min_value=0.0,
        value=own.budget_eur,
        step=1000.0,
        format="%.0f",
        placeholder=_("unknown"),
        key=f"{key}_budget",
    )
    return fte, budget


def differs(edited: OwnProfile, own: OwnProfile) -> bool:
    """Return whether there is something to save."""
    same = replace(edited, as_of=own.as_of, offers=())
    return same != replace(own, offers=(), needs=tuple(sorted(own.needs))) or set(edited.offers) != set(own.offers)


def enter_by_hand(_: Language) -> None:
    """Let a municipality that is not in the register be entered."""
    with st.expander(_("My municipality is not in the list")), st.form("by_hand", border=False, enter_to_submit=False):
        name = st.text_input(_("Name"), max_chars=200, key="hand_name")
        key = st.text_input(_("Key (eight digits, five for a Landkreis)"), max_chars=8, key="hand_key")
        land = st.selectbox(
            _("Land"), LANDS, index=None, format_func=lambda code: _(LAND_NAMES[LANDS.index(code)]),
            placeholder=_("Choose"), key="hand_land",
        )  # fmt: skip
        unknown = _("unknown")
        population = st.number_input(
            _("Inhabitants"), min_value=1, value=None, step=1, placeholder=unknown, key="hand_population"
        )
        lat = st.number_input(_("Latitude"), 47.0, 55.2, None, format="%.4f", placeholder=unknown, key="hand_lat")
        lon = st.number_input(_("Longitude"), 5.5, 15.5, None, format="%.4f", placeholder=unknown, key="hand_lon")
        if not st.form_submit_button(_("Enter"), icon=":material/add:"):
            return
        entered = Municipality(
            key=key.strip(),
            name=name.strip(),
            land=land or "",
            kind=None,
            population=population,
            lat=lat,
            lon=lon,
            simulated=False,
        )
        try:
            cache.workspace().enter_municipality(entered)
        except ImportRejected as error:
            labels = {
                "name": _("Name"), "key": _("Key"), "land": _("Land"), "population": _("Inhabitants"),
                "lat": _("Latitude"), "lon": _("Longitude"),
            }  # fmt: skip
            for issue in error.issues:
                st.error(f"**{labels.get(issue.column, issue.column)}**: {_.render(issue.rule)}")
            return
        except MatchmakerError as error:
            show.failure(error, _)
            return
        inputs.choose(entered.key)
        st.rerun()
