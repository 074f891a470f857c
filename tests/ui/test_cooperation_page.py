"""The page of requests: an officer asks, another answers, both see what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from matchmaker.cooperations import Act
from matchmaker.dealings import Dealings
from matchmaker.entries import own_profile
from matchmaker.store import Store
from matchmaker.workspace import Workspace

ASKER, ASKED = "01059083", "01059045"


def texts(session: AppTest) -> str:
    kinds = (session.markdown, session.caption, session.info, session.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def press(session: AppTest, label: str) -> None:
    next(button for button in session.button if button.label == label).click().run()
    assert not session.exception


def page(enter, key: str, **address: str) -> AppTest:
    session = enter("start", key=key)
    for name, value in address.items():
        session.query_params[name] = value
    session.switch_page("matchmaker/ui/pages/cooperation.py").run()
    assert not session.exception
    return session


def test_a_request_goes_its_way_from_one_to_the_other_and_back(enter, database: str):
    workspace = Workspace(store=Store(database))
    asks = page(enter, ASKER, **{"with": ASKED, "use_case": "UC01", "saving": "12000"})
    assert "Sie fragen an: **Kappeln**." in texts(asks)
    asks.text_area(key="ask_text").set_value("Machen Sie mit?")
    press(asks, "Anfrage senden")
    (life,) = Dealings(workspace).all()
    assert (life.use_case, life.expected_eur, life.requests[0].text) == ("UC01", 12_000, "Machen Sie mit?")
    assert "with" not in asks.query_params
    assert "Süderbrarup fragt Kappeln an." in texts(asks)

    assert "Anfragen, die auf Ihre Antwort warten: 1." in texts(enter("start", key=ASKED))
    assert "warten" not in texts(enter("start", key=ASKER))
    answers = page(enter, ASKED)
    assert "Machen Sie mit?" in texts(answers)
    press(answers, "Zusagen")
    press(answers, "Läuft jetzt")
    answers.text_input(key=f"real_{life.id}_3").set_value("9500")
    press(answers, "Speichern")
    shown = {metric.label: metric.value.replace("\xa0", " ") for metric in answers.metric}
    assert shown == {"Erwartete Ersparnis im Jahr": "12.000 €", "Tatsächliche Ersparnis im Jahr": "9.500 €"}
    answers.selectbox(key=f"leave_reason_{life.id}_").select_index(7)
    press(answers, "Beenden")
    assert "Warum sie endete: das Ziel ist erreicht." in texts(answers)


def test_an_answer_that_comes_too_late_is_explained_and_changes_nothing(enter, database: str):
    workspace = Workspace(store=Store(database))
    id_ = Dealings(workspace).ask(ASKER, (ASKED,), "UC01", "Machen Sie mit?")
    answers = page(enter, ASKED)
    Dealings(workspace).take(id_, Act.ACCEPT, ASKED, other=ASKED)
    next(button for button in answers.button if button.label == "Zusagen").click().run()
    assert not answers.exception
    assert Dealings(workspace).all()[0].taken == 2


def test_a_request_without_text_or_reason_is_refused_in_words(enter, database: str):
    session = page(enter, ASKER, **{"with": ASKED, "use_case": "UC01"})
    press(session, "Anfrage senden")
    assert "braucht einen Text" in texts(session)
    id_ = Dealings(Workspace(store=Store(database))).ask(ASKER, (ASKED,), "UC01", "[x](http://evil.example) ![y](z)")
    answers = page(enter, ASKED)
    assert "](http" not in "".join(element.value for element in answers.markdown)
    press(answers, "Absagen")
    assert "Grund aus der Liste" in texts(answers)
    assert Dealings(Workspace(store=Store(database))).all()[0].id == id_


@pytest.mark.parametrize("others", ["99999999", "", "x", ASKER, "00000001"])
def test_an_address_that_names_nobody_to_ask_asks_nobody(enter, database: str, others: str):
    session = page(enter, ASKER, **{"with": others, "saving": "9" * 30, "use_case": "UC77"})
    if any(button.label == "Anfrage senden" for button in session.button):
        session.text_area(key="ask_text").set_value("x")
        press(session, "Anfrage senden")
        assert session.error
    assert Dealings(Workspace(store=Store(database))).all() == ()


def test_whoever_is_in_a_group_can_open_it_and_others_ask_to_join(enter, database: str):
    workspace = Workspace(store=Store(database))
    id_ = Dealings(workspace).ask(ASKER, (ASKED,), "UC01", "Machen Sie mit?")
    Dealings(workspace).take(id_, Act.ACCEPT, ASKED, other=ASKED)
    workspace.save_profile(replace(own_profile(workspace.load(), ASKED), contact="ki@stadt.de", as_of="2026-11-01"))
    member = page(enter, ASKER)
    assert "ki@stadt.de" in texts(member).replace("\u2060", "")
    press(member, "Weitere Partner suchen")
    other = page(enter, "01059120")
    other.text_area(key=f"join_text_{id_}").set_value("Dürfen wir dazu?")
    press(other, "Anfrage senden")
    member = page(enter, ASKER)
    assert "Harrislee möchte dazukommen." in texts(member)
    press(member, "Zusagen")
    assert Dealings(workspace).all()[0].members == (ASKER, ASKED, "01059120")
