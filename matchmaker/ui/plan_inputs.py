"""What a plan is asked for: region and limits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import streamlit as st

from matchmaker import access
from matchmaker.i18n import Language
from matchmaker.model import LAND_NAMES, LANDS, Municipality
from matchmaker.plans import Region
from matchmaker.portfolio import Limits
from matchmaker.scenarios import Scenario
from matchmaker.ui import cache, inputs, login, maps

_CAPS = (math.inf, 200_000.0, 100_000.0, 50_000.0, 20_000.0, 10_000.0, 5_000.0, 2_000.0)
_FIELDS, _WIDE = 460, 310
_DEFAULTS = {
    "plan_lands": [], "plan_districts": [], "plan_keys": "", "plan_size": 5, "plan_load": 3, "plan_seconds": 30,
    "plan_weak": False, "plan_cap": math.inf, "plan_share": 100,
}  # fmt: skip


def take_up(scenario: Scenario) -> None:
    """Set the fields to what a scenario was made with; before they are drawn."""
    region, limits = scenario.region, scenario.limits
    st.session_state.update(
        plan_lands=list(region.lands), plan_districts=list(region.districts), plan_keys=" ".join(region.keys),
        plan_size=min(limits.max_size, 7), plan_load=min(limits.most_led, 10), plan_weak=limits.include_weak,
        plan_seconds=min(600, max(5, 5 * round(scenario.seconds / 5))), plan_share=round(100 * limits.budget_share),
        plan_cap=limits.most_paid_eur,
    )  # fmt: skip


def ask(_: Language) -> tuple[Region, Limits, float]:
    """Ask for region and limits; return them, without any wish, and the seconds for the search."""
    for name, value in _DEFAULTS.items():
        st.session_state.setdefault(name, value)
    # In a row that breaks where the window is narrow: a column would cut the map.
    row = st.container(horizontal=True, gap="medium")
    fields, picture = row.container(width=_FIELDS), row.container(width=_WIDE)
    with picture:
        _map(_)
    with fields:
        return _region(_), *_limits(_)


def _region(_: Language) -> Region:
    """Ask for the region: by Land, by district, by a list of keys."""
    districts = _allowed(cache.districts(cache.workspace().version()))
    scope = login.user().scope
    lands = st.multiselect(
        _("Land"), [land for land in LANDS if not scope or land in scope], placeholder=_("All Länder"),
        format_func=lambda code: _(LAND_NAMES[LANDS.index(code)]), select_all=False, key="plan_lands",
        persist_state="session",
    )  # fmt: skip
    st.session_state["plan_districts"] = [key for key in st.session_state["plan_districts"] if key in districts]
    chosen = st.multiselect(
        _("Districts and county-free cities"), list(districts),
        format_func=lambda key: f"{districts[key].name} · {key}", placeholder=_("All districts"), select_all=False,
        key="plan_districts", persist_state="session",
    )  # fmt: skip
    keys = st.text_input(
        _("List of keys"), key="plan_keys", placeholder="09162000 09564000", persist_state="session",
        help=_("Single municipalities and district administrations, with spaces or commas in between."),
    )  # fmt: skip
    st.caption(_("What is named here counts together; where nothing is named, all of Germany is planned."))
    return Region(tuple(lands), tuple(chosen), tuple(filter(None, re.split(r"[\s,;]+", keys))))


def _allowed(districts: Mapping[str, Municipality]) -> dict[str, Municipality]:
    """Return the districts that may be planned: all for an admin, those of its region for a centre."""
    user = login.user()
    return {key: m for key, m in districts.items() if not user.scope or access.in_region(user, key)}


def _map(_: Language) -> None:
    """Draw all districts, if the data have any; a click takes one into the region."""
    districts = _allowed(cache.districts(cache.workspace().version()))
    if not districts:
        return
    chosen = [key for key in st.session_state["plan_districts"] if key in districts]
    lands = st.session_state["plan_lands"]
    inside = [m for key, m in districts.items() if key in chosen or m.land in lands]
    groups = {
        _("District"): [(m, 5.0) for m in districts.values()],
        _("In the region"): [(m, 8.0) for m in inside],
    }
    clicked = maps.draw(
        maps.map_picture(groups, {}, _, width=_WIDE, pick=True),
        _,
        key="plan_region_map",
        file="plan-region",
        alt=_("Map of the districts. The field beside it has all of them as a list."),
    )
    maps.map_note(_)
    st.caption(_("A click takes a district into the region; take it out in the list."))
    # The picture keeps its clicks: only new ones count.
    if new := [key[:5] for key in clicked if key not in st.session_state.get("plan_clicked", ())]:
        st.session_state["plan_districts"] = [*dict.fromkeys([*chosen, *new])]
    st.session_state["plan_clicked"] = clicked


def _limits(_: Language) -> tuple[Limits, float]:
    left, right = st.columns(2)
    size = left.slider(_("Most members of a group"), 2, 7, key="plan_size", persist_state="session")
    load = right.slider(_("Most groups that one leads"), 1, 10, key="plan_load", persist_state="session")
    share = left.slider(
        _("Plan with so many % of the free budgets"), 5, 100, step=5, key="plan_share", persist_state="session",
        help=_("Unknown budgets are no limit; the plan says how many there are."),
    )  # fmt: skip
    cap = right.selectbox(
        _("Most that one pays a year"), sorted({*_CAPS, st.session_state["plan_cap"]}, reverse=True),
        format_func=lambda euro: _.eur(euro) if math.isfinite(euro) else _("no limit"), key="plan_cap",
        persist_state="session",
    )  # fmt: skip
    seconds = left.slider(
        _("Time for the search in seconds"), 5, 600, step=5, key="plan_seconds", persist_state="session"
    )
    weak = st.toggle(
        _("Take the weakest fifth along"), key="plan_weak", persist_state="session",
        help=_("Whoever of the fifth with the lowest maturity can be reached takes part in at least one project."),
    )  # fmt: skip
    asked = Limits(
        max_size=size, most_led=load, include_weak=weak, simulated=inputs.shows_simulated(), most_paid_eur=cap,
        budget_share=share / 100,
    )  # fmt: skip
    return asked, float(seconds)
