"""The catalogue tables as they ship: complete, in both languages, every figure marked."""

import csv
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / "data"
TABLES = ["use_cases", "dimensions", "questionnaire", "legal_forms", "funding", "assumptions"]
STATUS = {"published", "assumption", "mixed"}

#: Names of programmes and statutes stay as they are in either language.
NAMES = {("funding", "title_de"), ("funding", "title_en")}
ENGLISH = [" the ", " and ", " of ", " with ", " for ", " from "]
GERMAN = [" das ", " und ", " mit ", " nicht ", " für ", " eine ", " von ", " ist ", " wird "]


def rows(table: str) -> list[dict[str, str]]:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def columns(table: str, suffix: str) -> list[str]:
    return [c for c in rows(table)[0] if c.endswith(suffix)]


def pairs() -> list[tuple[str, str, str]]:
    return [(t, c, c[:-3] + "_en") for t in TABLES for c in columns(t, "_de")]


def number(text: str) -> float | None:
    return float(text) if text else None


def test_use_cases_are_numbered_through() -> None:
    assert [r["id"] for r in rows("use_cases")] == [f"UC{i:02d}" for i in range(1, 41)]


def test_every_dimension_has_every_level_once() -> None:
    found = [(r["dimension"], int(r["level"])) for r in rows("dimensions")]
    assert found == [(f"D{d}", level) for d in range(1, 9) for level in range(6)]


def test_number_of_rows() -> None:
    assert {t: len(rows(t)) for t in TABLES} == {
        "use_cases": 40,
        "dimensions": 48,
        "questionnaire": 24,
        "legal_forms": 51,
        "funding": 22,
        "assumptions": 19,
    }


@pytest.mark.parametrize("table", TABLES)
def test_file_is_plain_utf8_with_lf(table: str) -> None:
    raw = (DATA / f"{table}.csv").read_bytes()
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\n")
    raw.decode("utf-8")


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_has_loose_spaces_or_shouts(table: str) -> None:
    for row in rows(table):
        for column, text in row.items():
            assert text == " ".join(text.split()), (row, column)
            if column.endswith(("_de", "_en")) and (table, column) not in NAMES:
                assert not set(text) & {"!", '"'}, (table, column, text)


@pytest.mark.parametrize(("table", "german", "english"), pairs())
def test_both_languages_or_neither(table: str, german: str, english: str) -> None:
    for row in rows(table):
        assert bool(row[german]) == bool(row[english]), (table, row)


@pytest.mark.parametrize(("table", "german", "english"), [p for p in pairs() if p[:2] not in NAMES])
def test_each_language_keeps_to_itself(table: str, german: str, english: str) -> None:
    for row in rows(table):
        for word in ENGLISH:
            assert word not in f" {row[german]} ".lower(), (table, word, row[german])
        for word in GERMAN:
            assert word not in f" {row[english]} ".lower(), (table, word, row[english])


def test_texts_differ_between_the_languages() -> None:
    for row in rows("use_cases"):
        assert row["pain_de"] != row["pain_en"]
    for row in rows("dimensions"):
        assert row["anchor_de"] != row["anchor_en"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_texts_are_short(language: str) -> None:
    assert max(len(r[f"pain_{language}"]) for r in rows("use_cases")) <= 90
    assert max(len(r[f"anchor_{language}"]) for r in rows("dimensions")) <= 140


@pytest.mark.parametrize("language", ["de", "en"])
def test_one_title_and_question_per_dimension_and_no_anchor_twice(language: str) -> None:
    for d in range(1, 9):
        levels = [r for r in rows("dimensions") if r["dimension"] == f"D{d}"]
        assert len({r[f"title_{language}"] for r in levels}) == 1
        assert len({r[f"question_{language}"] for r in levels}) == 1
        assert len({r[f"anchor_{language}"] for r in levels}) == 6


def test_pains_are_distinct() -> None:
    for language in ("de", "en"):
        assert len({r[f"pain_{language}"] for r in rows("use_cases")}) == 40


@pytest.mark.parametrize("quantity", ["one_off_eur", "yearly_eur", "saving"])
def test_low_is_not_above_high(quantity: str) -> None:
    for row in rows("use_cases"):
        low, high = number(row[f"{quantity}_low"]), number(row[f"{quantity}_high"])
        assert (low is None) == (high is None), row["id"]
        assert low is None or low <= high, row["id"]


def test_assumptions_are_ordered() -> None:
    for row in rows("assumptions"):
        assert float(row["low"]) <= float(row["central"]) <= float(row["high"]), row["id"]


def test_assumptions_the_formulas_need() -> None:
    assert [r["id"] for r in rows("assumptions")] == [
        "years",
        "reference_population",
        "fixed_share",
        "rho",
        "joining_eur",
        "joining_eur_per_km",
        "other_land_eur",
        "coordination_eur",
        "setup_days",
        "running_fte",
        "coordination_hours",
        "lead_fte",
        "hours_per_fte",
        "min_saving_pct",
        "min_group",
        "max_group",
        "minutes_days_by_hand",
        "minutes_days_with_ai",
        "hours_per_day",
    ]


def test_every_figure_of_a_use_case_has_a_status_and_its_ground() -> None:
    for row in rows("use_cases"):
        assert row["cost_status"] in STATUS, row["id"]
        assert row["cost_basis_de"], row["id"]
        assert row["level_status"] == "assumption"
        assert all(row[f"D{d}"] for d in range(1, 9)), row["id"]
        known = bool(row["saving_low"])
        assert known == (row["saving_status"] in STATUS), row["id"]
        assert known == bool(row["saving_unit_de"]), row["id"]
        assert row["saving_basis_de"], row["id"]


@pytest.mark.parametrize("figure", ["cost", "saving"])
def test_published_figures_of_a_use_case_have_a_source(figure: str) -> None:
    for row in rows("use_cases"):
        if row[f"{figure}_status"] in {"published", "mixed"}:
            assert row[f"{figure}_source"], row["id"]
        elif row[f"{figure}_status"] == "assumption":
            assert row[f"{figure}_year"] == "2026", row["id"]


def test_assumed_shares_are_as_stated() -> None:
    status = [r["cost_status"] for r in rows("use_cases")]
    assert status.count("assumption") == 27


@pytest.mark.parametrize("table", ["legal_forms", "funding", "assumptions"])
def test_published_has_a_source_and_assumption_none(table: str) -> None:
    for row in rows(table):
        assert row["status"] in STATUS, row["id"]
        assert (row["status"] == "published") == bool(row["source"]), row["id"]


def test_assumed_legal_forms_say_what_is_not_verified() -> None:
    for row in rows("legal_forms"):
        if row["status"] == "assumption":
            assert "allgemeinem Wissen" in row["note_de"], row["id"]


def test_uncertain_dates_ask_to_check() -> None:
    notes = {r["id"]: (r["note_de"], r["note_en"]) for r in rows("legal_forms")}
    for key in ("LV46", "LV48", "LV49", "LV50"):
        assert "beim Gesetzgeber prüfen" in notes[key][0].replace("Beim", "beim"), key
        assert "check" in notes[key][1].lower(), key


def test_high_risk_names_its_annex_and_the_exception() -> None:
    for row in rows("use_cases"):
        if row["ai_act_class"] == "high":
            assert "Anhang III Nr." in row["ai_act_note_de"], row["id"]
            assert "vor Beginn prüfen" in row["ai_act_note_de"], row["id"]
            assert "Annex III" in row["ai_act_note_en"], row["id"]


def test_unknown_stays_empty() -> None:
    use_cases = {r["id"]: r for r in rows("use_cases")}
    assert use_cases["UC33"]["saving_low"] == ""
    assert use_cases["UC33"]["saving_status"] == ""
    funding = {r["id"]: r for r in rows("funding")}
    for key in ("FU04", "FU12", "FU14", "FU16", "FU20", "FU21"):
        assert funding[key]["max_amount_eur"] == "", key


def test_funding_that_asks_for_a_saving() -> None:
    asked = {r["id"] for r in rows("funding") if r["min_saving_pct"]}
    assert asked == {"FU01", "FU02", "FU03", "FU07"}
    assert {r["min_saving_pct"] for r in rows("funding") if r["id"] in asked} == {"15"}


def test_all_figures_lie_in_a_sensible_range() -> None:
    for row in rows("funding"):
        share = number(row["max_share_pct"])
        assert share is None or 0 < share <= 100, row["id"]
    for row in rows("use_cases"):
        assert all(0 <= float(row[f"D{d}"]) <= 5 for d in range(1, 9)), row["id"]


def test_figures_of_grants_stand_in_their_sentence() -> None:
    """What a programme gives as numbers is what its published rule says in words."""
    for row in rows("funding"):
        for step in filter(None, row["grant_steps_eur"].split("; ")):
            euro = f"{int(step.split('=')[1]):,}"
            assert euro in row["amount_rule_en"], (row["id"], euro)
            assert euro.replace(",", ".") in row["amount_rule_de"], (row["id"], euro)
        if row["valid_until"]:
            assert row["valid_until"][:4] in row["state_de"], row["id"]
