"""How layers of tables lie over each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matchmaker import dataset, exchange, sheets
from matchmaker.model import Stage

A, B, C = "01001000", "01002000", "01003000"


@pytest.fixture(scope="module")
def catalogue() -> sheets.Tables:
    shipped = exchange.read(sheets.SHIPPED)
    return {name: frame for name, frame in shipped.items() if sheets.schema()[name].catalogue}


def table(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    """Return rows of a table; what is not given is unknown."""
    numbers = {field["name"] for field in sheets.schema()[name].fields if field["type"] in {"number", "integer"}}
    columns = sheets.schema()[name].columns
    empty = {column: np.nan if column in numbers else "" for column in columns}
    return pd.DataFrame([empty | row for row in rows], columns=columns)


def register(*keys: str, source: str = "test") -> pd.DataFrame:
    return table("register", *({"key": key, "name": f"Place {key}", "land": "SH", "source": source} for key in keys))


def need(key: str, use_case: str, urgency: float = 2) -> dict[str, object]:
    return {"key": key, "use_case": use_case, "urgency": urgency, "provenance": "published"}


def needs_of(data: dataset.Dataset, key: str) -> set[str]:
    row = data.profiles.row(key)
    return {u for u, urgency in zip(data.profiles.use_cases, data.profiles.need[row], strict=True) if urgency}


def test_a_later_layer_replaces_a_municipality_block_by_block(catalogue: sheets.Tables):
    lower = {
        "register": register(A, B),
        "needs": table("needs", need(A, "UC01"), need(A, "UC02"), need(B, "UC03")),
        "profiles": table("profiles", {"key": A, "D1": 1.0, "fte": 4.0}),
    }
    upper = {"needs": table("needs", need(A, "UC05", 3))}
    data = dataset.build([catalogue, lower, upper])
    assert needs_of(data, A) == {"UC05"}
    assert needs_of(data, B) == {"UC03"}
    assert data.profiles.maturity[data.profiles.row(A), 0] == 1
    assert data.profiles.fte[data.profiles.row(A)] == 4


def test_a_stated_block_is_empty_and_others_stay(catalogue: sheets.Tables):
    lower = {"register": register(A, B), "needs": table("needs", need(A, "UC01"), need(B, "UC03"))}
    upper = {"stated": pd.DataFrame({"key": [A], "block": ["needs"]})}
    data = dataset.build([catalogue, lower, upper])
    assert needs_of(data, A) == set()
    assert needs_of(data, B) == {"UC03"}


def test_what_nobody_reported_stays_unknown(catalogue: sheets.Tables):
    profiles = table("profiles", {"key": A, "D2": 0.0, "budget_eur": 0.0})
    profiles = dataset.build([catalogue, {"register": register(A, B), "profiles": profiles}]).profiles
    assert profiles.maturity[0, 1] == profiles.budget_eur[0] == 0
    assert np.isnan(profiles.maturity[0, [0, 2, 3, 4, 5, 6, 7]]).all()
    assert np.isnan(profiles.maturity[1]).all()
    assert np.isnan([profiles.fte[0], profiles.fte[1], profiles.population[0], profiles.lat[0]]).all()
    assert list(profiles.participates) == [True, False]
    assert not profiles.need_known.any()


def test_only_agreed_and_running_cooperations_tie(catalogue: sheets.Tables):
    states = {"RUN": "running", "END": "ended", "PLAN": "planned", "AGR": "agreed"}
    members = {"RUN": (A, B), "END": (A, C), "PLAN": (A, "01004000"), "AGR": (C, "01004000")}
    layer = {
        "register": register(A, B, C, "01004000"),
        "cooperations": table("cooperations", *({"id": i, "title": i, "status": s} for i, s in states.items())),
        "cooperation_members": table(
            "cooperation_members", *({"cooperation_id": i, "key": key} for i, keys in members.items() for key in keys)
        ),
    }
    data = dataset.build([catalogue, layer])
    ties = data.profiles.ties.toarray()
    assert {(i, j) for i, j in zip(*np.nonzero(ties), strict=True) if i < j} == {(0, 1), (2, 3)}
    assert {c.id for c in data.cooperations_of(data.profiles.row(A))} == {"RUN", "END", "PLAN"}


def test_rows_about_municipalities_outside_the_register_are_left_out(catalogue: sheets.Tables):
    data = dataset.build([catalogue, {"register": register(A), "needs": table("needs", need(B, "UC01"))}])
    assert len(data.tables["needs"]) == 0


def test_the_furthest_stage_counts_and_an_unstated_one_as_planned(catalogue: sheets.Tables):
    offers = [
        {"key": A, "use_case": "UC01", "stage": "pilot", "provenance": "published"},
        {"key": A, "use_case": "UC01", "stage": "operation", "provenance": "published"},
        {"key": A, "use_case": "UC02", "stage": "", "provenance": "published"},
        {"key": A, "use_case": "", "stage": "pilot", "provenance": "published"},
    ]
    data = dataset.build([catalogue, {"register": register(A), "offers": table("offers", *offers)}])
    assert list(data.profiles.offer[0][:3]) == [4, 1, 0]
    assert [activity.stage for activity in data.activities(0)] == [Stage.PILOT, Stage.OPERATION, None, Stage.PILOT]


def test_a_whole_register_drops_dissolved_and_keeps_simulated_municipalities(catalogue: sheets.Tables):
    lower = {"register": pd.concat([register(A, B), register("00000001", source="simulated")])}
    upper = {
        "register": register(B, C, source="Destatis GV100AD 2026-01-31"),
        "stated": pd.DataFrame({"key": [dataset.EVERYBODY], "block": ["register"]}),
    }
    data = dataset.build([catalogue, lower, upper])
    assert list(data.profiles.key) == ["00000001", B, C]
    assert list(data.profiles.simulated) == [True, False, False]
