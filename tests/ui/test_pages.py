"""Every page as people read it, without a browser."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from matchmaker import exchange, service
from matchmaker.catalogue import CASES, Change
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, EntryRejected
from matchmaker.i18n import language
from matchmaker.model import Preferences, Provenance, Stage
from matchmaker.sheets import SHIPPED
from matchmaker.ui import assumptions, cache, inputs, show
from matchmaker.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SUEDERBRARUP = "01059083"
SIMULATED = "00000001"
TITLES = {
    "start": {"de": "Was möchten Sie tun?", "en": "What do you want to do?"},
    "method": {"de": "So wird gerechnet", "en": "How it is computed"},
    "municipality": {"de": "Meine Kommune", "en": "My municipality"},
    "partners": {"de": "Partner finden", "en": "Find partners"},
    "projects": {"de": "Gemeinsame Projekte", "en": "Joint projects"},
    "cooperation": {"de": "Anfragen und Zusammenarbeit", "en": "Requests and cooperation"},
    "network": {"de": "Kooperationsnetz", "en": "Cooperation network"},
    "peers": {"de": "Vergleichskommunen", "en": "Peer municipalities"},
    "types": {"de": "Typen", "en": "Types"},
    "insights": {"de": "Lage und Thesen", "en": "Situation and statements"},
    "plan": {"de": "Kompetenzzentrum", "en": "Competence centre"},
    "accessibility": {"de": "Erklärung zur Barrierefreiheit", "en": "Accessibility statement"},
    "data": {"de": "Daten", "en": "Data"},
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
def test_every_page_opens_in_its_language(look, lang, key, simulated):
    session = look("start", key=key, lang=lang, simulated=simulated)
    for page, title in TITLES.items():
        session.switch_page(f"matchmaker/ui/pages/{page}.py").run()
        assert [shown.value for shown in session.title] == [title[lang]], page
        assert not session.exception, page
        assert not session.error, page


@pytest.mark.parametrize("page", ["partners", "projects"])
def test_without_a_municipality_the_page_says_what_to_do_first(look, page):
    assert "Wählen Sie links Ihre Kommune" in texts(look(page))


def test_a_link_with_an_unknown_key_says_so_until_a_municipality_is_chosen(look):
    session = look("partners", key="4711*")
    (said,) = session.warning
    assert said.value == f"Keine Kommune in der Liste hat den Schlüssel {show.escaped('4711*')}. Wählen Sie hier Ihre."
    municipality_field(session).set_value(SUEDERBRARUP).run()
    assert not [warning for warning in session.warning if "4711" in warning.value]


def test_a_figure_stays_on_one_line_with_its_unit():
    assert show.escaped("von\n 8\N{NO-BREAK SPACE}% ") == "von 8\N{NO-BREAK SPACE}%"


def test_a_link_opens_with_its_municipality_and_language_and_keeps_both_on_other_pages(look):
    session = look(key="03354", lang="en")
    assert session.subheader[0].value == show.escaped("Landkreis Lüchow-Dannenberg")
    session.switch_page("matchmaker/ui/pages/partners.py").run()
    assert f"**{show.escaped('Landkreis Lüchow-Dannenberg')}**" in texts(session)
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


def test_partners_come_with_scores_reasons_and_sources_and_the_simulated_ones_are_marked(look, unfold):
    session = look("partners", key=SUEDERBRARUP)
    assert len(cards(session)) == 5
    unfold(session)
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
def test_hiding_the_simulated_removes_every_one(look, unfold, page):
    names = {m.name for m in everybody_simulated()}
    visible = look(page, key=SUEDERBRARUP)
    hidden = look(page, key=SUEDERBRARUP, simulated=False)
    unfold(visible)
    unfold(hidden)

    def simulated(session):
        cells = {str(cell) for table in session.dataframe for cell in table.value.to_numpy().ravel()}
        return cells & names

    assert simulated(visible)
    assert not simulated(hidden)
    assert not any("simuliert" in card for card in cards(hidden))


def test_hiding_the_simulated_also_takes_them_from_the_list(look):
    assert any("simuliert" in option for option in municipality_field(look()).options)
    assert not any("simuliert" in option for option in municipality_field(look(simulated=False)).options)


def test_partners_keep_to_the_filters(look, unfold):
    session = look("partners", key=SUEDERBRARUP)
    unfold(session)
    session.multiselect(key="lands").set_value(["SH"]).run()
    assert cards(session)
    lands = [c.value for c in session.caption if " entfernt" in c.value]
    assert all(" · Schleswig-Holstein · " in land for land in lands)
    session.toggle(key="limited").set_value(True).run()
    session.slider(key="max_km").set_value(10).run()
    assert not cards(session)
    assert session.warning


def test_filters_and_weights_hold_while_their_folds_are_closed_and_are_said(look, unfold):
    session = look("partners", key=SUEDERBRARUP)
    before = cards(session)
    unfold(session)
    session.multiselect(key="lands").set_value(["SH", "TH"]).run()
    session.slider(key="top").set_value(4).run()
    session.slider(key="weight_near").set_value(0).run()
    found = cards(session)
    assert found != before
    for fold in ("fold_filters", "fold_weights"):
        session.session_state[fold] = False
    session.run()
    assert cards(session) == found
    assert "Gefiltert: Schleswig\\-Holstein und Thüringen" in texts(session)
    session.switch_page("matchmaker/ui/pages/projects.py").run()
    session.switch_page("matchmaker/ui/pages/partners.py").run()
    assert cards(session) == found
    session.toggle(key="print").set_value(True).run()
    assert "Gewichte: Gemeinsamer Bedarf 24" in texts(session)  # of 100 − 10 that count
    session.toggle(key="print").set_value(False).run()
    unfold(session)
    assert session.slider(key="weight_near").value == 0
    assert session.slider(key="top").value == 4


def test_of_many_projects_three_are_shown_and_the_others_unfold(look, unfold):
    session = look("projects", key=SIMULATED)
    (savings,) = [table.value for table in session.dataframe if len(table.value) > 3]
    assert len(cards(session)) == 3
    unfold(session)
    assert len(cards(session)) == len(savings)


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
    assert labelled(session.metric, "Ersparnis in 5 Jahren").value.endswith("\u00a0€")


def test_a_project_says_what_else_it_could_be_and_what_grants_and_law_say(look, unfold):
    session = look("projects", key=SUEDERBRARUP)
    session.selectbox(key="project_use_case").set_value("UC01").run()
    unfold(session)
    assert not session.exception
    assert any(success.value.startswith("Am günstigsten für Süderbrarup") for success in session.success)
    assert [info.value for info in session.info].count(
        "Angaben aus veröffentlichten Quellen, keine Rechtsberatung: Bitte bei der zuständigen Stelle prüfen."
    ) == 2  # fmt: skip
    assert "§ 108 Abs\\. 6 GWB" in texts(session)
    assert "31\\. Dezember 2026" in texts(session)
    session.slider(key="sessions_1").set_value(50).run()
    hours = next(table.value for table in session.dataframe if "Stunden, niedrig" in table.value)
    assert hours["Stunden, niedrig"].tolist() == [600, 6600]


def test_own_values_change_the_results_and_stay_for_the_session(look):
    session = look("projects", key=SUEDERBRARUP)
    session.selectbox(key="project_use_case").set_value("UC01").run()
    assert labelled(session.metric, "Ersparnis in 5 Jahren")
    session.session_state["own_values"] = (Change("years", 7, 7, 7), Change("UC03.one_off", 1, 2, 3))
    session.run()
    assert labelled(session.metric, "Ersparnis in 7 Jahren")
    # The cost of another use case is not shown, and stays.
    assert "2 eigene Werte gelten" in texts(session)
    session.switch_page("matchmaker/ui/pages/partners.py").run()
    session.switch_page("matchmaker/ui/pages/projects.py").run()
    assert "2 eigene Werte gelten" in texts(session)
    assert not session.exception


def test_the_cost_of_the_chosen_use_case_can_be_changed(look, unfold):
    session = look("projects", key=SUEDERBRARUP)
    session.selectbox(key="project_use_case").set_value("UC01").run()
    unfold(session)
    before = labelled(session.metric, "Ersparnis in 5 Jahren").value
    (editor,) = [t.value for t in session.dataframe if "UC01.one_off" in t.value.index]
    assert list(editor.index[:2]) == ["UC01.one_off", "UC01.yearly"]
    assert list(editor.loc["UC01.one_off", ["low", "central", "high"]]) == ["300", "1650", "3000"]
    assert editor.loc["UC01.one_off", "year"] == "2026"
    session.session_state["own_values"] = (Change("UC01.one_off", 8_000, 9_000, 9_500),)
    del session.session_state["assumptions_de_UC01"]
    session.run()
    assert labelled(session.metric, "Ersparnis in 5 Jahren").value != before
    (basis,) = [t.value for t in session.dataframe if "Wert" in t.value and "Begründung" in t.value]
    own = basis[basis["Status"] == "eigener Wert"]
    assert list(own["Wert"]) == ["Einmalige Kosten: KI-Protokollierung von Gremiensitzungen"]
    assert list(own["Quelle"]) == [""]


def test_own_values_are_read_as_people_write_them():
    catalogue = Workspace(package=SHIPPED).load().catalogue
    figures = [[getattr(a, case) for case in CASES] for a in catalogue.assumptions.values()]
    table = pd.DataFrame(figures, columns=list(CASES), index=list(catalogue.assumptions))
    table = table.map(lambda value: inputs.number_text(value, language("de")))
    assert assumptions.changed(catalogue, table) == ()
    table.loc["rho"] = ["0,2", "0.4", "0,6"]
    assert assumptions.changed(catalogue, table) == (Change("rho", 0.2, 0.4, 0.6),)
    table.loc["joining_eur"] = ["viel", None, "3000"]
    with pytest.raises(EntryRejected) as caught:
        assumptions.changed(catalogue, table)
    assert [issue.column for issue in caught.value.issues] == ["joining_eur, low", "joining_eur, central"]


def test_a_joint_project_shows_every_rule_and_the_chosen_one_adds_up(look, unfold):
    session = look("projects", key=SUEDERBRARUP)
    session.selectbox(key="project_use_case").set_value("UC01").run()
    unfold(session)
    (rule,) = [box for box in session.selectbox if box.label == "Aufteilung der gemeinsamen Kosten"]
    totals = set()
    for chosen in ("equal", "nucleolus"):
        rule.set_value(chosen).run()
        assert not session.exception
        (amounts,) = [table.value for table in session.dataframe if "Gemeinsam" in table.value]
        totals.add(round(100 * amounts["Gemeinsam"].sum()))
        (rule,) = [box for box in session.selectbox if box.label == "Aufteilung der gemeinsamen Kosten"]
    assert len(totals) == 1
    (checks,) = [table.value for table in session.dataframe if "Jede Teilgruppe bleibt" in table.value]
    assert len(checks) == 7


def test_the_network_lists_a_published_cooperation_with_its_source(look):
    session = look("network", key=SUEDERBRARUP)
    session.session_state["network_tables"] = "Kooperationen"
    session.run()
    rows = [" ".join(map(str, row)) for table in session.dataframe for row in table.value.to_numpy()]
    (found,) = [row for row in rows if row.startswith("Multifunktionales quelloffenes Chatsystem")]
    assert "https://" in found
    assert "Jena" in found


def each_step(session: AppTest) -> Iterator[AppTest]:
    """Give a page as it is, and then in each of the steps of its form."""
    yield session
    for step in [tab.label for tab in session.tabs if tab.label[0].isdigit()]:
        session.session_state["steps"] = step
        yield session.run()


def form(session: AppTest, name: str, key: str = SUEDERBRARUP, started: int = 0):
    """Return a field of the profile from the step that has it; ``started`` counts how often the form was begun."""
    for drawn in each_step(session):
        for field in itertools.chain(drawn.multiselect, drawn.button_group, drawn.select_slider, drawn.text_input):
            if field.key == f"{key}_{name}_{started}":
                return field
    raise AssertionError(f"No step has a field {name}.")


def press(session: AppTest, label: str) -> AppTest:
    return labelled(session.button, label).click().run()


def saved(key: str = SUEDERBRARUP):
    return own_profile(cache.opened().load(), key)


@pytest.mark.both_databases
def test_a_saved_profile_survives_a_restart(enter):
    session = enter(key=SUEDERBRARUP)
    form(session, "needs").set_value(["UC01", "UC03"]).run()
    form(session, "urgency_UC01").set_value(3).run()
    form(session, "D1").set_value(2.5).run()
    form(session, "fte").set_value("0,5").run()
    press(session, "Speichern")
    assert not session.error

    st.cache_resource.clear()  # a new process has nothing in memory
    again = enter(key=SUEDERBRARUP)
    assert form(again, "needs").value == ["UC01", "UC03"]
    assert form(again, "urgency_UC01").value == 3
    assert form(again, "D1").value == 2.5
    assert form(again, "fte").value == "0,5"
    again.switch_page("matchmaker/ui/pages/projects.py").run()
    assert len(cards(again)) == 2


def test_what_is_entered_is_saved_on_the_button_only(enter):
    session = enter(key=SUEDERBRARUP)
    form(session, "needs").set_value(["UC01"]).run()
    assert "Änderungen" in texts(session)
    assert form(enter(key=SUEDERBRARUP), "needs").value == []


@pytest.mark.parametrize("meanwhile", ["another page", "another language", "another municipality"])
def test_what_is_entered_in_every_step_waits_while_something_else_is_looked_at(enter, meanwhile):
    session = enter(key=SUEDERBRARUP)
    form(session, "needs").set_value(["UC01"]).run()
    form(session, "urgency_UC01").set_value(3).run()
    form(session, "offers").set_value(["UC02"]).run()
    form(session, "stage_UC02").set_value(Stage.PILOT).run()
    form(session, "name_UC02").set_value("Assistent").run()
    form(session, "D1").set_value(2.5).run()
    form(session, "fte").set_value("0,7").run()
    if meanwhile == "another page":
        session.switch_page("matchmaker/ui/pages/partners.py").run()
        session.switch_page("matchmaker/ui/pages/municipality.py").run()
    elif meanwhile == "another language":
        for code in ("en", "de"):
            session.button_group(key="language_switch").set_value(code).run()
    else:
        for key in (SIMULATED, SUEDERBRARUP):
            municipality_field(session).set_value(key).run()
    assert "ungespeicherte Änderungen" in texts(session)
    assert form(session, "needs").value == ["UC01"]
    assert form(session, "urgency_UC01").value == 3
    press(session, "Speichern")
    assert (saved().needs, saved().maturity[0], saved().fte) == ((("UC01", 3),), 2.5, 0.7)
    (offer,) = [offer for offer in saved().offers if offer.provenance == Provenance.SELF_ASSESSED]
    assert (offer.use_case, offer.stage, offer.software.name) == ("UC02", Stage.PILOT, "Assistent")


def test_on_paper_all_that_is_entered_stands_below_each_other(enter):
    session = enter(key=SUEDERBRARUP)
    form(session, "needs").set_value(["UC01"]).run()
    form(session, "D1").set_value(2.5).run()
    form(session, "fte").set_value("0,7").run()
    session.toggle(key="print").set_value(True).run()
    assert {"Bedarfe", "Angebote", "Reifegrad", "Personal und Geld", "Kontakt"} <= {h.value for h in session.subheader}
    (levels,) = [table.value for table in session.table if "Stufe" in table.value]
    assert levels["Stufe"].iloc[0] == "2,5"
    assert "KI\\-Protokollierung" in texts(session)
    assert "Freies Personal für KI: 0,70" in texts(session)
    assert "Es ist kein Postfach genannt." in texts(session)
    assert "ungespeicherte Änderungen" in texts(session)
    session.toggle(key="print").set_value(False).run()
    press(session, "Speichern")
    assert (saved().needs, saved().maturity[0], saved().fte) == ((("UC01", 2),), 2.5, 0.7)


@pytest.mark.parametrize(
    ("written", "kept"), [("0,5", 0.5), ("0.5", 0.5), (" 1200 ", 1200), ("1,25", 1.25), ("", None)]
)
@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_number_is_saved_as_it_was_written(enter, written, kept, lang):
    session = enter(key=SUEDERBRARUP, lang=lang)
    form(session, "D1").set_value(1.0).run()
    form(session, "fte").set_value(written).run()
    press(session, "Speichern" if lang == "de" else "Save")
    assert saved().fte == kept
    assert inputs.number_from(form(session, "fte", started=1).value) == kept


@pytest.mark.parametrize("written", ["1.000", "1,000", "-12.500", "50 000", "1.000,50", "viel", "1e5", "٣"])
def test_a_number_that_cannot_be_told_is_not_saved(enter, written):
    session = enter(key=SUEDERBRARUP)
    form(session, "budget").set_value(written).run()
    assert session.error
    press(session, "Speichern")
    assert saved().budget_eur is None
    assert "nicht lesbar" in texts(session)


def test_a_number_out_of_its_limits_is_named_and_not_saved(enter):
    session = enter(key=SUEDERBRARUP)
    form(session, "fte").set_value("-1").run()
    press(session, "Speichern")
    (error,) = session.error
    assert error.value.startswith("**Freies Personal für KI")
    assert "mindestens 0" in error.value
    assert saved().fte is None
    assert form(session, "fte").value == "-1"


@pytest.mark.parametrize(("written", "decimals"), [("1.000", 1.0), ("1,250", 1.25), ("1.125", 1.125)])
def test_an_ambiguous_number_is_answered_with_two_ways_to_write_it(written, decimals):
    with pytest.raises(BadInput) as caught:
        inputs.number_from(written)
    offered = dict(caught.value.what.values)
    assert inputs.number_from(offered["thousands"]) == 1000 * decimals
    assert inputs.number_from(offered["decimals"]) == decimals


@pytest.mark.parametrize("value", [None, 0.0, 0.5, 1.125, 12.5, 1000.0, 50_000.0, 1e-7, 1234567.891])
def test_a_saved_number_is_shown_so_that_it_is_read_again(value):
    for code in ("de", "en"):
        assert inputs.number_from(inputs.number_text(value, language(code))) == value


def test_three_decimals_are_clear_where_thousands_make_no_sense():
    assert inputs.number_from("54.633", most=90) == inputs.number_from("54,633", most=90) == 54.633


def conflict(enter):
    """Return a session with changes of its own, and another that has saved before it."""
    one, other = enter(key=SUEDERBRARUP), enter(key=SUEDERBRARUP)
    form(one, "fte").set_value("2").run()
    form(other, "fte").set_value("0,5").run()
    press(other, "Speichern")
    press(one, "Speichern")
    assert "inzwischen an anderer Stelle geändert" in one.error[0].value.replace("\\", "")
    assert saved().fte == 0.5
    return one


def test_after_others_have_saved_one_can_reload(enter):
    session = press(conflict(enter), "Neu laden")
    assert not session.error
    assert form(session, "fte", started=1).value == "0,5"
    assert saved().fte == 0.5


def test_after_others_have_saved_one_can_save_anyway(enter):
    session = press(conflict(enter), "Trotzdem speichern")
    assert not session.error
    assert saved().fte == 2


def test_without_changes_of_ones_own_the_form_follows_what_others_save(enter):
    one, other = enter(key=SUEDERBRARUP), enter(key=SUEDERBRARUP)
    form(other, "needs").set_value(["UC01"]).run()
    press(other, "Speichern")
    one.run()
    assert not one.error
    assert form(one, "needs", started=1).value == ["UC01"]


def test_an_earlier_version_is_brought_back_on_the_page(enter):
    session = enter(key=SUEDERBRARUP)
    assert "Verlauf" not in [box.label for box in session.expander]
    for started, needs in enumerate((["UC01"], ["UC03"])):
        form(session, "needs", started=started).set_value(needs).run()
        press(session, "Speichern")
    shown = texts(session).replace("\\", "")
    assert "auf der Seite" in shown
    assert "Bedarf ergänzt: " in shown
    press(session, "Diesen Stand wiederherstellen")  # of the two there are, only the older one has a way back
    assert form(session, "needs", started=3).value == ["UC01"]
    assert [needs for needs, _urgency in saved().needs] == ["UC01"]
    assert "Stand 1 wiederhergestellt" in texts(session)
    assert len([button for button in session.button if button.label == "Diesen Stand wiederherstellen"]) == 2
    press(session, "Alle Einträge zurücknehmen")
    assert saved().needs == ()


def test_what_others_saved_meanwhile_is_not_restored_over(enter):
    session = enter(key=SUEDERBRARUP)
    form(session, "needs").set_value(["UC01"]).run()
    press(session, "Speichern")
    undo = labelled(session.button, "Alle Einträge zurücknehmen")
    # The session has drawn its page; before it clicks, somebody else saves.
    store = cache.opened().store
    store.save({"needs": store.tables()["needs"].assign(urgency=1.0)}, what="test")
    undo.click().run()
    assert [urgency for _needs, urgency in saved().needs] == [1]


@pytest.mark.parametrize("page", ["municipality", "partners"])
def test_no_list_selects_everything_at_once(look, unfold, page):
    session = look(page, key=SUEDERBRARUP)
    unfold(session)
    lists = [field for drawn in each_step(session) for field in drawn.multiselect]
    assert lists
    assert not any(field.proto.select_all for field in lists)


BAIT = "![x](http://example.com/a.png) [k](http://evil.example) :red[y] `z`"


def test_a_name_is_shown_as_text_on_every_page(enter):
    session = by_hand(enter(), BAIT, "01059999", "SH", "1200")
    form(session, "needs", "01059999").set_value(["UC01"]).run()
    form(session, "offers", "01059999").set_value(["UC01"]).run()
    press(session, "Speichern")
    for page in ("municipality", "partners", "projects", "network", "peers"):
        shown = enter(page, key="01059999", simulated=False)
        assert not shown.exception
        assert "](" not in markdown(shown).replace("[Quelle](", "")
        asked = enter(page, key=SUEDERBRARUP)
        assert "](" not in markdown(asked).replace("[Quelle](", "")
    session.switch_page("matchmaker/ui/pages/projects.py").run()
    assert show.escaped(BAIT) in texts(session)


def markdown(session: AppTest) -> str:
    """Return every text of a page, in all its steps, that is read as Markdown."""
    kinds = ("markdown", "caption", "info", "warning", "error", "title", "header", "subheader", "expander", "metric")
    widgets = ("selectbox", "multiselect", "text_input", "toggle", "slider", "select_slider", "button_group", "button")
    return "\n".join(
        f"{getattr(e, 'value', '')}\n{getattr(e, 'label', '')}"
        for drawn in each_step(session)
        for kind in (*kinds, *widgets)
        for e in drawn.get(kind)
        if e.type != "selectbox"
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a_(b)?c=d&e#f", " [Quelle](https://example.org/a_%28b%29?c=d&e#f)"),
        ("https://a)![x](http://evil.example/a.png", " [Quelle](https://a%29!%5Bx%5D%28http://evil.example/a.png)"),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_an_address_cannot_break_out_of_its_link(url, shown):
    assert show.link(url, language("de")) == shown


def test_peers_that_are_all_simulated_are_said_to_be(look):
    assert "Alle hier sind simuliert" in texts(look("peers", key=SIMULATED))


def by_hand(session, name, key, land, population):
    session.text_input(key="hand_name").set_value(name)
    session.text_input(key="hand_key").set_value(key)
    session.selectbox(key="hand_land").set_value(land)
    session.text_input(key="hand_population").set_value(population)
    return labelled(session.button, "Eintragen").click().run()


def test_a_municipality_entered_by_hand_is_chosen_and_stays_in_the_list(enter):
    session = by_hand(enter(), "Neudorf an der Probe", "01059999", "SH", "1200")
    assert session.subheader[0].value == "Neudorf an der Probe"
    assert any(option.startswith("Neudorf an der Probe") for option in municipality_field(enter()).options)


@pytest.mark.parametrize(("key", "rule"), [("123", "acht Ziffern"), ("1234567a", "acht Ziffern"), ("", "nicht leer")])
def test_a_wrong_key_shows_the_rule_and_saves_nothing(enter, key, rule):
    session = by_hand(enter(), "Neudorf an der Probe", key, "SH", "1200")
    (error,) = session.error
    assert error.value.startswith("**Schlüssel**: ")
    assert rule in error.value
    assert not any(option.startswith("Neudorf an der Probe") for option in municipality_field(enter()).options)


def test_simulated_participants_cannot_be_edited(enter):
    session = enter(key=SIMULATED)
    form(session, "needs", SIMULATED).set_value(["UC40"]).run()
    assert "simuliert" in texts(session)
    assert labelled(session.button, "Speichern").disabled


def test_words_of_ones_own_lead_to_a_need(enter):
    session = enter(key=SUEDERBRARUP)
    labelled(session.text_input, "Sagen Sie es in eigenen Worten").set_value("Protokolle dauern ewig").run()
    assert not session.exception
    labelled(session.button, "KI-Protokollierung von Gremiensitzungen").click().run()
    (needs,) = [box for box in session.multiselect if box.label.startswith("Was kostet")]
    assert needs.value == ["UC01"]
    assert not session.warning
    labelled(session.text_input, "Sagen Sie es in eigenen Worten").set_value("xyzq wvxk").run()
    assert "Nichts Ähnliches gefunden" in texts(session)


def test_a_link_to_a_pair_shows_the_partner_even_further_down(look):
    names = [card.split(". ", 1)[1] for card in cards(look("partners", key=SIMULATED))]
    last = service.suggest(Workspace().load(), SIMULATED, Preferences(), top=60, with_stability=False)[-1]
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    session.query_params.update({"lang": "de", "key": SIMULATED, "with": last.partner.key})
    session.run()
    session.switch_page("matchmaker/ui/pages/partners.py").run()
    assert not session.exception
    wanted = f"{last.rank}. {show.escaped(last.partner.name)}"
    assert not any(name in wanted for name in names)
    assert any(card.startswith(wanted) for card in cards(session))


@pytest.mark.usefixtures("look")
def test_a_link_to_a_use_case_opens_its_project():
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    session.query_params.update({"lang": "de", "key": SUEDERBRARUP, "use_case": "UC01"})
    session.run()
    session.switch_page("matchmaker/ui/pages/projects.py").run()
    assert [card.split(". ", 1)[1] for card in cards(session)] == ["KI\\-Protokollierung von Gremiensitzungen"]


def test_maturity_stands_beside_the_mean_of_the_kind(look):
    session = look("municipality", key=SIMULATED)
    assert form(session, "D1", SIMULATED)
    (beside,) = [table.value for table in session.dataframe if "Dimension" in table.value]
    profiles = Workspace().load().profiles
    row = profiles.row(SIMULATED)
    others = (profiles.kind == profiles.kind[row]) & profiles.simulated
    others[row] = False
    assert beside["Ihre Kommune"].tolist() == profiles.maturity[row].tolist()
    mean = next(column for column in beside if column.startswith("Mittel Ihrer Art"))
    assert beside[mean].tolist() == pytest.approx(profiles.maturity[others].mean(axis=0).tolist())


def test_without_any_participant_every_page_says_so_instead_of_failing(tmp_path, monkeypatch):
    tables = dict(Workspace().load().tables)
    for name in ("profiles", "needs", "offers", "cooperations", "cooperation_members"):
        tables[name] = tables[name].iloc[:0]
    exchange.write(tables, tmp_path / "empty")
    monkeypatch.setenv("MATCHMAKER_DATA", str(tmp_path / "empty"))
    st.cache_resource.clear()
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    session.query_params.update({"lang": "de", "key": SUEDERBRARUP})
    session.run()
    for page, titles in TITLES.items():
        session.switch_page(f"matchmaker/ui/pages/{page}.py").run()
        assert [title.value for title in session.title] == [titles["de"]]
        assert not session.exception
        if page not in {"start", "method", "municipality", "cooperation", "accessibility"}:
            assert session.info or session.warning or session.error
    st.cache_resource.clear()
