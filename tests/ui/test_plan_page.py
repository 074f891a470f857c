"""The page of the competence centre: a plan is made, changed by wishes, kept, and opened again by its address."""

from __future__ import annotations

import time

from streamlit.testing.v1 import AppTest

from matchmaker import plans, scenarios
from matchmaker.plans import Region
from matchmaker.portfolio import Limits
from matchmaker.scenarios import Scenario
from matchmaker.ui import cache
from tests.ui.test_pages import labelled, texts

JENA, SIMULATED = "16053000", ("00003", "00000015")


def plan(session: AppTest, *lands: str) -> AppTest:
    """Make a plan of some Länder and wait for it."""
    session.multiselect(key="plan_lands").set_value(list(lands)).run()
    session.button(key="plan_make").click().run()
    for _ in range(100):
        if session.metric or session.error:
            return session
        time.sleep(0.1)
        session.run()
    raise AssertionError(texts(session))


def saving(session: AppTest) -> str:
    return str(labelled(session.metric, "Ersparnis über fünf Jahre").value)


def wish(session: AppTest, kind: str, a: str, b: str = "") -> AppTest:
    session.selectbox(key="wish_kind").set_value(kind).run()
    session.selectbox(key="wish_a").set_value(a).run()
    if b:
        session.selectbox(key="wish_b").set_value(b).run()
    return session.button(key="wish_add").click().run()


def test_a_wish_changes_the_plan_only_when_it_is_made_anew(look):
    session = plan(look("plan"), "TH")
    free = saving(session)
    wish(session, "apart", *SIMULATED)
    assert "weichen von diesem Plan ab" in texts(session)
    assert saving(session) == free
    assert saving(plan(session, "TH")) != free
    session.button(key="drop_0").click().run()
    assert saving(plan(session, "TH")) == free


def test_wishes_that_cannot_be_met_are_named_instead_of_an_empty_plan(look):
    session = look("plan")
    session.multiselect(key="plan_lands").set_value(["TH"]).run()
    wish(session, "included", JENA)
    plan(session, "TH")
    assert not session.metric
    assert "Jena soll teilnehmen, kann aber nicht" in session.error[0].value.replace("\\", "")
    wish(session, "excluded", JENA)
    plan(session, "TH")
    assert "widersprechen sich" in session.error[0].value


def test_a_list_of_keys_that_cannot_be_is_named(look):
    session = look("plan")
    for keys in ("99999999", "'; drop table", "01001000"):
        session.text_input(key="plan_keys").set_value(keys).run()
        plan(session)
        assert len(session.error) == 1
        assert not session.exception


def test_a_region_without_projects_says_what_would_bring_one(look):
    session = plan(look("plan"), "SH")
    assert labelled(session.metric, "Projekte").value == "0"
    assert "als Federführung von außerhalb" in texts(session).replace("\\", "")


def test_every_view_of_a_plan_opens(look):
    session = plan(look("plan"), "TH")
    for view in ("map", "time", "out", "beside"):
        session.button_group(key="plan_view").set_value(view).run()
        assert not session.exception
        assert not session.error


def test_a_plan_is_kept_opened_by_its_address_renamed_and_deleted(enter):
    session = plan(enter("plan"), "TH")
    value = saving(session)
    labelled(session.text_input, "Diesen Plan speichern unter").set_value("Thüringen")
    labelled(session.button, "Speichern").click().run()
    assert session.query_params["scenario"] == "1"
    assert "Gespeichertes Szenario: **Thüringen**" in texts(session)
    other = enter("start")
    other.query_params["scenario"] = "1"
    other.switch_page("matchmaker/ui/pages/plan.py").run()
    assert saving(other) == value
    assert other.multiselect(key="plan_lands").value == ["TH"]
    labelled(other.text_input, "Diesen Plan speichern unter").set_value("Thüringen")
    labelled(other.button, "Speichern").click().run()
    assert "gibt es schon" in other.error[0].value
    labelled(other.text_input, "Neuer Name").set_value("Land").run()
    other.button(key="plan_rename").click().run()
    assert [one.name for one in cache.opened().scenarios.all()] == ["Land"]
    session.button(key="plan_delete").click().run()
    assert not cache.opened().scenarios.all()
    other.button(key="plan_delete").click().run()
    assert not other.exception
    assert "gespeichert" in texts(other)


def test_a_scenario_whose_municipality_is_gone_opens_and_says_so(enter):
    session = enter("start")
    data, region = cache.opened().load(), Region(lands=("TH",))
    made = plans.plan_region(data, Limits(), region)
    kept = scenarios.written(Scenario(region, Limits(), 5.0, made, "of other data"))
    number = cache.opened().scenarios.add("alt", kept.replace(SIMULATED[1], "16999999"))
    session.query_params["scenario"] = str(number)
    session.switch_page("matchmaker/ui/pages/plan.py").run()
    assert "Nicht mehr im Register: 16999999" in texts(session)
    for view in ("map", "time", "out"):
        session.button_group(key="plan_view").set_value(view).run()
        assert not session.exception


def test_a_link_to_a_scenario_that_is_not_there_says_so(look):
    session = look("start")
    session.query_params["scenario"] = "77"
    session.switch_page("matchmaker/ui/pages/plan.py").run()
    assert "77" in session.error[0].value
    assert session.title[0].value == "Kompetenzzentrum"
