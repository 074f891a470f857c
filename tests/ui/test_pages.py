"""Every page as people read it, without a browser."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from matchmaker.service import Workspace

SUEDERBRARUP = "01059083"
SIMULATED = "00000001"
TITLES = {
    "municipality": {"de": "Meine Kommune", "en": "My municipality"},
    "partners": {"de": "Partner finden", "en": "Find partners"},
    "projects": {"de": "Gemeinsame Projekte", "en": "Joint projects"},
    "network": {"de": "Kooperationsnetz", "en": "Cooperation network"},
}


def texts(session: AppTest) -> str:
    kinds = (session.markdown, session.caption, session.info, session.warning, session.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def cards(session: AppTest) -> list[str]:
    return [m.value.removeprefix("#### ") for m in session.markdown if m.value.startswith("#### ")]


def municipality_field(session: AppTest, label: str = "Ihre Kommune"):
    (field,) = [box for box in session.sidebar.selectbox if box.label == label]
    return field


def labelled(elements, label):
    (found,) = [element for element in elements if element.label == label]
    return found


@pytest.mark.parametrize("simulated", [True, False], ids=["with-simulated", "real-only"])
@pytest.mark.parametrize("key", ["", SUEDERBRARUP], ids=["nobody", "suederbrarup"])
@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("page", TITLES)
def test_every_page_opens_in_its_language(look, page, lang, key, simulated):
    session = look(page, key=key, lang=lang, simulated=simulated)
    assert [title.value for title in session.title] == [TITLES[page][lang]]
    assert not session.exception
    assert not session.error


@pytest.mark.parametrize("page", ["partners", "projects"])
def test_without_a_municipality_the_page_says_what_to_do_first(look, page):
    assert "Wählen Sie links Ihre Kommune" in texts(look(page))


def test_a_link_opens_with_its_municipality_and_language_and_keeps_both_on_other_pages(look):
    session = look(key="03354", lang="en")
    assert session.subheader[0].value == "Landkreis Lüchow-Dannenberg"
    session.switch_page("matchmaker/ui/pages/partners.py").run()
    assert "**Landkreis Lüchow-Dannenberg**" in texts(session)
    assert session.query_params["key"] == "03354"
    assert session.query_params["lang"] == "en"


def test_a_link_to_an_unknown_municipality_opens_the_start_page(look):
    session = look(key="99999999")
    assert not session.exception
    assert "Wählen Sie links Ihre Kommune" in texts(session)


def test_the_list_tells_equal_names_apart_by_their_district(look):
    shown = [text for text in municipality_field(look()).options if text.startswith("Berg · ")]
    assert len(shown) == len(set(shown)) > 1
    assert all("kreis" in text.lower() for text in shown)


def test_the_switch_changes_every_text_to_the_other_language(look):
    session = look(key=SUEDERBRARUP)
    session.sidebar.button_group(key="language_switch").set_value("en").run()
    assert session.title[0].value == "My municipality"
    assert "3,887 inhabitants" in texts(session)
    assert session.query_params["lang"] == "en"


def test_partners_come_with_scores_reasons_and_sources_and_the_simulated_ones_are_marked(look):
    session = look("partners", key=SUEDERBRARUP)
    names = cards(session)
    assert [name.split(".")[0] for name in names] == [str(rank) for rank in range(1, 11)]
    simulated = {m.name for m in everybody_simulated()}
    for name in names:
        bare = name.split(". ", 1)[1].split(" :")[0]
        assert (bare in simulated) == ("simuliert" in name)
    assert any("simuliert" in name for name in names)
    scores = [metric.value for metric in session.metric if metric.label == "Passung"]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < float(score.replace(",", ".")) < 1 for score in scores)
    assert ":green[**+**]" in texts(session)
    assert "[Quelle](https://" in texts(session)


def everybody_simulated():
    profiles = Workspace().load().profiles
    return [profiles.municipality(row) for row in range(len(profiles)) if profiles.simulated[row]]


@pytest.mark.parametrize("page", ["partners", "network"])
def test_hiding_the_simulated_removes_every_one(look, page):
    names = {m.name for m in everybody_simulated()}
    visible = look(page, key=SUEDERBRARUP)
    hidden = look(page, key=SUEDERBRARUP, simulated=False)

    def simulated(session):
        cells = {str(cell) for table in session.dataframe for cell in table.value.to_numpy().ravel()}
        return cells & names

    assert simulated(visible)
    assert not simulated(hidden)
    assert not any("simuliert" in card for card in cards(hidden))


def test_hiding_the_simulated_also_takes_them_from_the_list(look):
    assert any("simuliert" in option for option in municipality_field(look()).options)
    assert not any("simuliert" in option for option in municipality_field(look(simulated=False)).options)


def test_partners_keep_to_the_filters(look):
    session = look("partners", key=SUEDERBRARUP)
    session.multiselect(key="lands").set_value(["SH"]).run()
    assert cards(session)
    lands = [c.value for c in session.caption if " entfernt" in c.value]
    assert all(" · Schleswig-Holstein · " in land for land in lands)
    session.toggle(key="limited").set_value(True).run()
    session.slider(key="max_km").set_value(10).run()
    assert not cards(session)
    assert session.warning


def test_projects_without_needs_say_what_to_enter(look):
    session = look("projects", key=SUEDERBRARUP)
    assert "kein Bedarf" in texts(session)
    assert not cards(session)


def test_a_chosen_use_case_shows_who_leads_and_what_it_saves(look):
    session = look("projects", key=SUEDERBRARUP)
    session.selectbox(key="project_use_case").set_value("UC01").run()
    assert cards(session) == ["1. KI\\-Protokollierung von Gremiensitzungen"]
    assert "Federführung: **" in texts(session)
    assert "Süderbrarup" in texts(session)
    assert labelled(session.metric, "Ersparnis über fünf Jahre").value.endswith("\u00a0€")


def test_the_network_lists_a_published_cooperation_with_its_source(look):
    session = look("network", key=SUEDERBRARUP)
    rows = [" ".join(map(str, row)) for table in session.dataframe for row in table.value.to_numpy()]
    (found,) = [row for row in rows if row.startswith("Multifunktionales quelloffenes Chatsystem")]
    assert "https://" in found
    assert "Jena" in found


def test_a_saved_profile_survives_a_restart(enter):
    session = enter(key=SUEDERBRARUP)
    session.multiselect(key=f"{SUEDERBRARUP}_needs").set_value(["UC01", "UC03"]).run()
    session.button_group(key=f"{SUEDERBRARUP}_urgency_UC01").set_value(3).run()
    session.select_slider(key=f"{SUEDERBRARUP}_D1").set_value(2.5).run()
    session.number_input(key=f"{SUEDERBRARUP}_fte").set_value(0.5).run()
    labelled(session.button, "Speichern").click().run()
    assert not session.error

    st.cache_resource.clear()  # a new process has nothing in memory
    again = enter(key=SUEDERBRARUP)
    assert again.multiselect(key=f"{SUEDERBRARUP}_needs").value == ["UC01", "UC03"]
    assert again.button_group(key=f"{SUEDERBRARUP}_urgency_UC01").value == 3
    assert again.select_slider(key=f"{SUEDERBRARUP}_D1").value == 2.5
    assert again.number_input(key=f"{SUEDERBRARUP}_fte").value == 0.5
    again.switch_page("matchmaker/ui/pages/projects.py").run()
    assert len(cards(again)) == 2


def test_what_is_entered_is_saved_on_the_button_only(enter):
    session = enter(key=SUEDERBRARUP)
    session.multiselect(key=f"{SUEDERBRARUP}_needs").set_value(["UC01"]).run()
    assert "Änderungen" in texts(session)
    assert enter(key=SUEDERBRARUP).multiselect(key=f"{SUEDERBRARUP}_needs").value == []


def by_hand(session, name, key, land, population):
    session.text_input(key="hand_name").set_value(name)
    session.text_input(key="hand_key").set_value(key)
    session.selectbox(key="hand_land").set_value(land)
    session.number_input(key="hand_population").set_value(population)
    return labelled(session.button, "Eintragen").click().run()


def test_a_municipality_entered_by_hand_is_chosen_and_stays_in_the_list(enter):
    session = by_hand(enter(), "Neudorf an der Probe", "01059999", "SH", 1200)
    assert session.subheader[0].value == "Neudorf an der Probe"
    assert any(option.startswith("Neudorf an der Probe") for option in municipality_field(enter()).options)


@pytest.mark.parametrize(("key", "rule"), [("123", "acht Ziffern"), ("1234567a", "acht Ziffern"), ("", "nicht leer")])
def test_a_wrong_key_shows_the_rule_and_saves_nothing(enter, key, rule):
    session = by_hand(enter(), "Neudorf an der Probe", key, "SH", 1200)
    (error,) = session.error
    assert error.value.startswith("**Schlüssel**: ")
    assert rule in error.value
    assert not any(option.startswith("Neudorf an der Probe") for option in municipality_field(enter()).options)


def test_simulated_participants_cannot_be_edited(enter):
    session = enter(key=SIMULATED)
    session.multiselect(key=f"{SIMULATED}_needs").set_value(["UC40"]).run()
    assert "simuliert" in texts(session)
    assert labelled(session.button, "Speichern").disabled
