"""The page "Typen" as people read it, without a browser."""

from __future__ import annotations

import pytest

TITLE = {"de": "Typen", "en": "Types"}
SIMULATED = "00000001"
SUEDERBRARUP = "01059083"


def said(session) -> str:
    kinds = (session.markdown, session.caption, session.info, session.warning, session.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_real_data_alone_cannot_tell_and_the_page_says_what_is_missing(look, lang: str):
    session = look("types", lang=lang, simulated=False)
    assert [title.value for title in session.title] == [TITLE[lang]]
    assert not session.exception
    assert not session.error
    assert "12" in session.warning[0].value
    known = session.dataframe[0].value
    assert len(known) == 11
    assert set(known.iloc[:8, 1]) == {0}
    assert known.iloc[8, 1] > 0


def test_without_structure_the_page_says_so_and_draws_a_division_on_request(look):
    session = look("types", key=SIMULATED)
    assert "keine Struktur" in said(session)
    assert "36 der 36" in said(session)
    assert "Was die Typen ausmacht" not in [title.value for title in session.subheader]
    session.selectbox(key="types_number").set_value(3).run()
    assert not session.exception
    assert "keine Struktur" in said(session)
    assert "Was die Typen ausmacht" in [title.value for title in session.subheader]
    assert "gehört zum Typ" in said(session)
    centres, members = session.dataframe[0].value, session.dataframe[1].value
    assert centres["Größe"].sum() == len(members) == 36
    assert set(members["Simuliert"]) == {"simuliert"}
    assert members["Stärke"].between(0, 1).all()


def test_whoever_is_not_fully_assessed_reads_what_to_enter(look):
    assert "hat noch keinen Typ" in said(look("types", key=SUEDERBRARUP))
