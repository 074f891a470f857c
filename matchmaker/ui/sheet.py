"""A profile to read, for those who may not change it, and who may read it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from matchmaker import bands
from matchmaker.access import LOCAL
from matchmaker.dataset import Dataset
from matchmaker.entries import OwnProfile
from matchmaker.errors import MatchmakerError
from matchmaker.i18n import Language
from matchmaker.profiles import BLOCKS, Block
from matchmaker.sight import Openness, Topic
from matchmaker.ui import cache, inputs, login, show


def draw(own: OwnProfile, data: Dataset, _: Language, *, mine: bool = False) -> None:
    """Show needs, offers, maturity and capacity as far as they are open to whoever reads them.

    ``mine`` for those who may change them.
    """
    catalogue, row = data.catalogue, data.profiles.row(own.municipality.key)
    titles = {use_case.id: _.label(use_case.title) for use_case in catalogue.use_cases}
    words = {1: _("would help"), 2: _("important"), 3: _("pressing")}
    shut = {block: data.profiles.is_closed(row, block) for block in BLOCKS}

    def figure(value: float | None, written: str, band: bands.Bands, block: Block) -> str:
        if value is None:
            return _("unknown")
        return _("{band} (figure not open to you)").format(band=_.render(band.name(value))) if shut[block] else written

    st.subheader(_("Needs"))
    _list([show.escaped(f"{titles[u]} ({words[urgency]})") for u, urgency in own.needs], _, shut=shut["needs"])
    st.subheader(_("Offers"))
    offers = []
    for activity in own.offers:
        stage = _(activity.stage.value) if activity.stage else _("stage not stated")
        offers.append(show.escaped(f"{_.label(activity.title)} ({stage})") + show.link(activity.url, _))
    _list(offers, _, shut=shut["offers"])
    st.subheader(_("Maturity"))
    levels = [
        (_.label(dimension.title), figure(level, _.number(level or 0, 1), bands.MATURITY, "maturity"))
        for dimension, level in zip(catalogue.dimensions, own.maturity, strict=True)
    ]
    st.table(pd.DataFrame(levels, columns=[_("Dimension"), _("Level")]).set_index(_("Dimension")))
    st.subheader(_("Staff and money"))
    fte = figure(own.fte, _.number(own.fte or 0, 2), bands.FTE, "capacity")
    budget = figure(own.budget_eur, _.eur(own.budget_eur or 0), bands.BUDGET, "capacity")
    _list([f"{_('Staff free for AI')}: {show.escaped(fte)}", f"{_('Money free for AI')}: {show.escaped(budget)}"], _)
    st.subheader(_("Contact"))
    # To others, a mailbox that is closed and one that nobody has named look alike.
    none = _("No mailbox is named.") if mine else _("No mailbox is open to you.")
    st.markdown(f"- {show.escaped(own.contact)}" if own.contact else none)


def _list(lines: list[str], _: Language, *, shut: bool = False) -> None:
    st.markdown("\n".join(f"- {line}" for line in lines) or ("" if shut else _("Nothing is known.")))
    if shut:
        st.caption(_("What this municipality has entered here itself is not open to you."))


def openness(key: str, _: Language) -> None:
    """Let a municipality choose to whom each block is open; on a desk there is nobody else to choose for."""
    if login.user() == LOCAL:
        return
    names: dict[Topic, str] = {
        "maturity": _("Maturity"), "needs": _("Needs"), "offers": _("Offers"), "capacity": _("Staff and money"),
        "contact": _("Mailbox"), "name": _("Name"),
    }  # fmt: skip
    levels = {
        Openness.PUBLIC: _("all who log in"), Openness.PARTNERS: _("partners and centre"), Openness.HIDDEN: _("nobody"),
    }  # fmt: skip
    now = cache.workspace().openness(key)
    with st.expander(_("Who sees what?"), icon=":material/visibility:"), st.form("openness", border=False):
        st.markdown(
            _("Of closed maturity, staff and money others see only low, medium or high, and partners are sought with "
              "that. Closed needs and offers are not used for others; you find partners by them all the same. What is "
              "published stays open.")
        )  # fmt: skip
        chosen = {
            block: st.segmented_control(
                names[block], list(Openness), default=now[block], required=True, format_func=levels.__getitem__,
                key=f"open_{key}_{block}",
            ) or now[block]
            for block in names
        }  # fmt: skip
        st.caption(
            _("Without your name others see what you enter as that of a municipality of your size in your Land, with "
              "none of your own words. Your name appears as soon as both sides have agreed on a cooperation.")
        )  # fmt: skip
        st.caption(
            _("Partners are those with whom a cooperation is agreed or running. Whoever runs the server can read all.")
        )
        if st.form_submit_button(_("Save choice"), icon=":material/save:"):
            try:
                cache.workspace().open(key, chosen, by=inputs.author())
            except MatchmakerError as error:
                show.failure(error, _)
                return
            st.toast(_("Saved."), icon=":material/check:")
            st.rerun()
