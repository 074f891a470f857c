"""What annoys the staff, in words of their own, leads to the use case that helps."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.dataset import Dataset
from matchmaker.pains import PainIndex, index_of

PHRASES = Path(__file__).parent / "pain_phrases.csv"


@pytest.fixture(scope="module")
def index(shipped: Dataset) -> PainIndex:
    return index_of(shipped.catalogue)


def test_60_of_68_phrases_find_what_is_meant_among_the_first_three(index: PainIndex):
    with PHRASES.open(encoding="utf-8", newline="") as stream:
        phrases = list(csv.DictReader(stream))
    hits = [row["use_case"] in index.find(row["phrase"]) for row in phrases]
    assert len(phrases) == 68
    assert sum(hits) >= 60


def test_umlauts_and_capitals_do_not_matter(index: PainIndex):
    assert index.find("BAEUME GIESSEN") == index.find("Bäume gießen")
    assert index.find("Protokolle dauern ewig")[0] == "UC01"


def test_what_has_nothing_to_do_with_it_finds_nothing(index: PainIndex):
    assert index.find("") == ()
    assert index.find("xyzq wvxk") == ()


@settings(max_examples=60)
@given(text=st.text(max_size=300), limit=st.integers(1, 5))
def test_any_text_has_an_answer(index: PainIndex, text: str, limit: int):
    found = index.find(text, limit=limit)
    assert len(found) <= limit
    assert len(set(found)) == len(found)
    assert set(found) <= set(index.ids)
