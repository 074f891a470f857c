"""The tables of published activities and cooperations: complete, sourced, consistent."""

import csv
import re
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / "data"
ACTIVITIES = 228  # published activities collected
COOPERATIONS = 58  # published cooperations collected
MEMBERS = 236  # members these name

# words that exist in one of the two languages only
ENGLISH = {"the", "of", "and", "with", "for", "from", "by", "at", "on", "to", "or", "not", "is", "are", "through"}
GERMAN = {
    "der",
    "das",
    "den",
    "dem",
    "des",
    "und",
    "mit",
    "für",
    "von",
    "vom",
    "zur",
    "zum",
    "im",
    "nicht",
    "oder",
    "eine",
    "einer",
    "eines",
    "durch",
    "auf",
    "aus",
    "bei",
    "keine",
}


def read(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(text):
    return set(re.findall(r"[a-zäöüß]+", text.lower()))


def test_every_activity_is_an_offer_or_explained():
    left = [r for r in read("unmatched") if r["table"] == "offers"]
    published = [r for r in read("offers") if r["provenance"] == "published"]
    assert len(published) + len(left) == ACTIVITIES


def test_every_cooperation_is_there_once():
    ids = [r["id"] for r in read("cooperations")]
    assert len(ids) == len(set(ids)) == COOPERATIONS


def test_every_named_member_is_there_or_explained():
    # a row without a name stands for members the source does not name
    left = [r for r in read("unmatched") if r["table"] == "cooperation_members" and r["name"]]
    assert len(read("cooperation_members")) + len(left) == MEMBERS


def test_every_cooperation_has_a_member_or_an_explanation():
    explained = {r["cooperation_id"] for r in read("cooperation_members")}
    explained |= {r["id"] for r in read("unmatched") if r["table"] == "cooperation_members"}
    assert {r["id"] for r in read("cooperations")} == explained


def test_unmatched_rows_give_a_reason_in_both_languages():
    for row in read("unmatched"):
        assert row["table"] in {"offers", "cooperation_members"}
        assert row["reason_de"], row
        assert row["reason_en"], row


def test_no_municipality_is_left_out_for_want_of_a_register_row():
    assert not [r["name"] for r in read("unmatched") if "shipped register" in r["reason_en"]]


@pytest.mark.parametrize("table", ["offers", "needs", "cooperation_members"])
def test_keys_are_in_the_register(table):
    register = {r["key"] for r in read("register")}
    assert {r["key"] for r in read(table)} - register == set()


@pytest.mark.parametrize("table", ["offers", "needs", "cooperations"])
def test_published_rows_give_their_source(table):
    published = [r for r in read(table) if r.get("provenance", "published") == "published"]
    assert published
    for row in published:
        assert row["source_url"].startswith("http"), row


def test_jena_and_suederbrarup_share_a_running_chatbot_cooperation():
    members = {}
    for row in read("cooperation_members"):
        members.setdefault(row["cooperation_id"], set()).add(row["key"])
    shared = [r for r in read("cooperations") if {"16053000", "01059083"} <= members.get(r["id"], set())]
    assert any(r["status"] == "running" and "UC03" in r["use_cases"].split("; ") for r in shared)


def test_luechow_dannenberg_operates_minutes_with_ai():
    assert any((r["key"], r["use_case"], r["stage"]) == ("03354", "UC01", "operation") for r in read("offers"))


@pytest.mark.parametrize(
    ("key", "use_case", "other"),
    [
        ("05978", "UC31", "05978036"),  # aerial images: Kreis Unna, not the town
        ("03459", "UC25", "03404000"),  # AIMOS: Landkreis Osnabrück, not the town
    ],
)
def test_district_and_town_of_the_same_name_are_kept_apart(key, use_case, other):
    holders = {r["key"] for r in read("offers") if r["use_case"] == use_case}
    assert key in holders
    assert other not in holders


def test_needs_are_the_plans_that_nothing_has_come_of_yet():
    offers = [r for r in read("offers") if r["use_case"] and r["provenance"] == "published"]
    planned = {(r["key"], r["use_case"]) for r in offers if r["stage"] == "planned"}
    there = {(r["key"], r["use_case"]) for r in offers if r["stage"] in {"pilot", "operation"}}
    needs = [(r["key"], r["use_case"]) for r in read("needs") if r["provenance"] == "published"]
    assert not set(needs) & there
    assert sorted(needs) == sorted(planned - there)


@pytest.mark.parametrize(
    ("table", "german", "english"),
    [
        ("offers", "title", "title_en"),
        ("cooperations", "topic", "topic_en"),
        ("cooperations", "legal_form", "legal_form_en"),
        ("unmatched", "reason_de", "reason_en"),
    ],
)
def test_each_language_stays_in_its_column(table, german, english):
    for row in read(table):
        assert bool(row[german]) == bool(row[english]), row
        assert not words(row[german]) & ENGLISH, row[german]
        assert not words(row[english]) & GERMAN, row[english]


def test_titles_are_short():
    for row in read("offers"):
        assert 0 < len(row["title"]) <= 110, row
        assert 0 < len(row["title_en"]) <= 110, row
    for row in read("cooperations"):
        assert len(row["topic"]) <= 160, row
