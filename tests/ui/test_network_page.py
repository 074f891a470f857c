"""The page of the network, and the address of two municipalities together, without a browser."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from matchmaker.store import Store, default_url
from matchmaker.workspace import Workspace

JENA = "16053000"
SUEDERBRARUP = "01059083"


def frames(session) -> list:
    return [table.value for table in session.dataframe]


def said(session) -> str:
    kinds = (session.markdown, session.caption, session.subheader, session.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_the_chosen_layers_are_measured_and_a_municipality_is_looked_at(look):
    session = look("network", key=SUEDERBRARUP, lang="en")
    assert not session.exception
    assert "Süderbrarup" in said(session)
    pairs = session.metric[2].value
    session.button_group(key="layers").set_value(["cooperation", "suggestion"]).run()
    assert not session.exception
    assert session.metric[2].value != pairs
    session.selectbox(key="network_search").set_value(JENA).run()
    assert "Jena" in {heading.value for heading in session.subheader}
    # Counted from all starting points, there is no error of an estimate.
    assert not any("± standard error" in frame for frame in frames(session))


@pytest.mark.parametrize(
    "table", ["Verbindungen", "Brücken", "Fehlende Verbindungen", "Ohne Anschluss", "Kooperationen", "Kompetenzzentren"]
)
def test_every_table_of_the_network_opens(look, table):
    session = look("network")
    session.session_state["network_tables"] = table
    session.run()
    assert not session.exception
    assert not session.error
    assert len(session.dataframe) >= 2


def test_a_missing_link_leads_to_both_together(look):
    session = look("network", lang="en")
    session.session_state["network_tables"] = "Missing links"
    session.run()
    (table,) = [frame for frame in frames(session) if "Look at both" in frame]
    address = urlsplit(table["Look at both"].iloc[0])
    asked = {name: value for name, (value,) in parse_qs(address.query).items()}
    assert address.path == "partner"
    assert asked == {"lang": "en", "key": table["Key"].iloc[0], "with": table["Key of the partner"].iloc[0]}


def test_two_municipalities_are_shown_as_partners_of_each_other(look):
    session = look("partners", key=SUEDERBRARUP, lang="en")
    assert "All suggestions" not in said(session)
    session.query_params["with"] = JENA
    session.run()
    assert not session.exception
    assert "Süderbrarup and Jena" in said(session)
    assert session.query_params["with"] in (JENA, [JENA])
    cards = [m.value for m in session.markdown if m.value.startswith("#### ")]
    assert cards[0].endswith("Jena")
    assert cards[1].endswith("Süderbrarup")
    for nobody in (SUEDERBRARUP, "99999999", "<b>"):
        session.query_params["with"] = nobody
        session.run()
        assert not session.exception
        assert "All suggestions" not in said(session)


def test_a_competence_centre_is_entered_on_the_page_but_not_without_its_seat(enter, unfold):
    session = enter("network", lang="en")
    session.session_state["network_tables"] = "Competence centres"
    session.run()
    unfold(session)
    session.text_input(key="centre_name_").set_value("Zentrum Ä")
    (save,) = [button for button in session.button if button.label == "Save"]
    save.click().run()
    assert [error.value for error in session.error] == ["Choose the seat: the distance is counted from there."]
    assert "Zentrum Ä" not in {c.name for c in Workspace(store=Store(default_url())).load().centres}
    session.selectbox(key="centre_seat_").set_value(JENA)
    session.multiselect(key="centre_topics_").set_value(["UC22"])
    (save,) = [button for button in session.button if button.label == "Save"]
    save.click().run()
    assert not session.exception
    assert not session.error
    found = {c.name: c for c in Workspace(store=Store(default_url())).load().centres}
    assert (found["Zentrum Ä"].place, found["Zentrum Ä"].topics) == ("Jena", ("UC22",))
    assert any("Zentrum Ä" in frame.to_string() for frame in frames(session))
