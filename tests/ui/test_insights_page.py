"""The page "Lage und Thesen": a verdict in words for every statement, and a table beside every picture."""

from __future__ import annotations

import pytest

WORDS = ("Durch diese Daten gestützt", "Durch diese Daten nicht gestützt", "Aus diesen Daten nicht zu sagen")


def cards(session) -> list[str]:
    return [m.value for m in session.markdown if m.value.startswith("#### ")]


@pytest.mark.parametrize("simulated", [True, False], ids=["with-simulated", "real-only"])
def test_every_statement_has_a_verdict_in_words(look, simulated: bool):  # noqa: FBT001 - a parameter of the test
    session = look("insights", simulated=simulated)
    assert not session.exception
    assert [title.value for title in session.title] == ["Lage und Thesen"]
    assert len(cards(session)) == 8
    verdicts = [m.value for m in session.markdown if any(word in m.value for word in WORDS)]
    assert len(verdicts) == 8
    assert all(verdict[verdict.index("[") + 1] in "✓✗?" for verdict in verdicts)
    counted = {metric.label: int(metric.value) for metric in session.metric}
    assert set(counted) == set(WORDS)
    assert sum(counted.values()) == 8
    marks = [m.value for m in session.markdown if "hineingelegt" in m.value]
    assert len(marks) == (8 if simulated else 0)


def test_tables_say_what_pictures_show(look, unfold):
    session = look("insights", lang="en")
    unfold(session)
    assert [title.value for title in session.title] == ["Situation and statements"]
    assert len(session.dataframe) == 8
    gaps = session.dataframe[3].value
    assert (gaps["All others"] - gaps["Small towns"]).tolist() == pytest.approx(gaps["Behind by"].tolist())
