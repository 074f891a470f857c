"""Simulated municipalities: reproducible, recognisable, and showing what the source study says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from matchmaker import dataset, exchange, sheets
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.exchange import Tables
from matchmaker.model import DIMENSIONS, KINDS, LANDS, Kind
from matchmaker.simulate import DEMONSTRATION_SEED, DEMONSTRATION_SIZE, simulate
from matchmaker.workspace import DEMONSTRATION

SIZES = (1, 5, 200, 201, 2000)


@pytest.fixture(scope="module")
def drawn(shipped: Dataset) -> dict[int, Tables]:
    return {n: simulate(shipped.profiles, shipped.catalogue, n=n, seed=7) for n in SIZES}


@pytest.fixture(scope="module")
def demonstration() -> Tables:
    known = {"use_cases": frozenset(exchange.read(sheets.SHIPPED)["use_cases"]["id"])}
    return exchange.read(DEMONSTRATION, known=known)


def kinds(tables: Tables) -> np.ndarray:
    return tables["register"]["name"].str.rpartition(" ")[0].to_numpy(dtype=str)


def levels(tables: Tables) -> np.ndarray:
    return tables["profiles"][list(DIMENSIONS)].to_numpy(dtype=float)


def same(one: Tables, other: Tables) -> None:
    assert list(one) == list(other)
    for name, frame in one.items():
        assert_frame_equal(frame, other[name], check_dtype=False, check_column_type=False)


def test_the_same_seed_gives_the_same_tables(shipped: Dataset, drawn: dict[int, Tables]):
    same(simulate(shipped.profiles, shipped.catalogue, n=201, seed=7), drawn[201])
    other = simulate(shipped.profiles, shipped.catalogue, n=201, seed=8)
    assert not other["profiles"].equals(drawn[201]["profiles"])


@pytest.mark.parametrize("n", SIZES)
def test_tables_of_any_size_keep_the_rules_of_the_schema(n: int, shipped: Dataset, drawn: dict[int, Tables]):
    known = {"use_cases": frozenset(shipped.catalogue.ids)}
    exchange.check(drawn[n], source="simulated", known=known)
    assert {name: len(drawn[n][name]) for name in ("register", "profiles")} == {"register": n, "profiles": n}


@pytest.mark.parametrize("n", SIZES)
def test_simulated_municipalities_are_recognised_by_key_name_and_source(n: int, drawn: dict[int, Tables]):
    register = drawn[n]["register"]
    assert register["key"].is_unique
    assert register["key"].str.fullmatch(r"00\d{3}|00\d{6}").all()
    assert set(register["source"]) == set(drawn[n]["profiles"]["provenance"]) == {"simulated"}
    assert register["name"].str.fullmatch(rf"({'|'.join(KINDS)}) ([A-Z]|\d+)").all()
    assert register["name"].is_unique
    for table in ("needs", "offers"):
        assert set(drawn[n][table]["provenance"]) <= {"simulated"}


@pytest.mark.parametrize("n", [200, 201, 2000])
def test_the_name_says_the_kind_that_key_and_inhabitants_have(n: int, shipped: Dataset, drawn: dict[int, Tables]):
    catalogue = {name: frame for name, frame in shipped.tables.items() if sheets.schema()[name].catalogue}
    profiles = dataset.build([catalogue, drawn[n]]).profiles
    assert [KINDS[k].value for k in profiles.kind] == list(kinds(drawn[n]))
    assert profiles.simulated.all()
    if n <= 200:
        assert {kind: int((profiles.kind == i).sum()) for i, kind in enumerate(KINDS)} == dict.fromkeys(KINDS, n // 5)


def test_in_a_small_draw_no_village_is_implausibly_small(drawn: dict[int, Tables]):
    assert drawn[200]["register"]["population"].min() >= 1_000


def test_without_unknown_everybody_is_fully_assessed(drawn: dict[int, Tables]):
    for n in SIZES:
        keys = set(drawn[n]["register"]["key"])
        assert not np.isnan(levels(drawn[n])).any()
        assert not drawn[n]["profiles"][["fte", "budget_eur"]].isna().any(axis=None)
        assert set(drawn[n]["needs"]["key"]) == set(drawn[n]["offers"]["key"]) == keys


def test_with_everything_unknown_nothing_is_known(shipped: Dataset):
    tables = simulate(shipped.profiles, shipped.catalogue, n=50, seed=1, unknown=1)
    numbers = [name for name in tables["profiles"] if name not in {"key", "contact", "provenance", "as_of"}]
    assert tables["profiles"][numbers].isna().all(axis=None)
    assert len(tables["needs"]) == len(tables["offers"]) == 0


def test_nobody_needs_what_it_operates(drawn: dict[int, Tables]):
    for tables in drawn.values():
        offers = tables["offers"]
        running = offers[offers["stage"] == "operation"].merge(tables["needs"], on=["key", "use_case"])
        assert running.empty


@pytest.mark.parametrize("options", [{"n": 0}, {"n": -5}, {"n": 1_000_000}, {"n": 5, "unknown": 1.1}])
def test_impossible_sizes_and_shares_are_refused(options: dict, shipped: Dataset):
    with pytest.raises(BadInput):
        simulate(shipped.profiles, shipped.catalogue, **options)


# The participants that are shipped -----------------------------------------------------------------------------


def test_the_shipped_participants_are_what_the_script_would_write(shipped: Dataset, demonstration: Tables):
    drawn = simulate(shipped.profiles, shipped.catalogue, n=DEMONSTRATION_SIZE, seed=DEMONSTRATION_SEED)
    tables = ("register", "needs", "offers", "cooperations", "cooperation_members")
    same({name: drawn[name] for name in tables}, {name: demonstration[name] for name in tables})
    # Levels come out of the survey of their employees (tests/test_survey.py), staff and money do not.
    apart = ["key", "fte", "budget_eur", "provenance", "as_of"]
    same({"profiles": drawn["profiles"][apart]}, {"profiles": demonstration["profiles"][apart]})
    assert np.abs(levels(drawn) - levels(demonstration)).max() <= 0.5


def test_all_kinds_and_nearly_all_laender_take_part(shipped: Dataset, demonstration: Tables):
    register = demonstration["register"]
    real = shipped.tables["register"]
    assert len(register) == 36
    assert set(kinds(demonstration)) == set(KINDS)
    assert len(set(register["land"]) & set(LANDS)) == 15
    assert not set(register["name"]) & set(real["name"][real["source"] != "simulated"])
    assert register["population"].min() >= 1_000


def test_municipalities_of_one_kind_differ_more_than_the_kinds(demonstration: Tables):
    mean = pd.Series(levels(demonstration).mean(axis=1))
    within = (mean - mean.groupby(kinds(demonstration)).transform("mean")).pow(2).sum()
    assert within > 0.8 * (mean - mean.mean()).pow(2).sum()


def test_mid_size_towns_spread_most_and_hold_best_and_worst(demonstration: Tables):
    mean = levels(demonstration).mean(axis=1)
    spread = pd.Series(mean).groupby(kinds(demonstration)).std()
    assert spread.idxmax() == Kind.TOWN
    for extreme in (mean.max(), mean.min()):
        assert set(kinds(demonstration)[mean == extreme]) == {Kind.TOWN}


def test_data_management_is_lowest_and_small_towns_lag_in_data_processes_and_change(demonstration: Tables):
    average = pd.DataFrame(levels(demonstration), columns=DIMENSIONS)
    assert average.mean().idxmin() == "D2"
    by_kind = average.groupby(kinds(demonstration)).mean()[["D2", "D3", "D4"]]
    assert (by_kind.loc[Kind.SMALL_TOWN] < by_kind.drop(Kind.SMALL_TOWN).min()).all()


def test_strategy_goes_with_everything_else_and_money_does_not(demonstration: Tables):
    level = levels(demonstration)
    per_head = demonstration["profiles"]["budget_eur"] / demonstration["register"]["population"]
    assert np.corrcoef(level[:, 0], level[:, 1:].mean(axis=1))[0, 1] > 0.6
    assert abs(np.corrcoef(per_head, level.mean(axis=1))[0, 1]) < 0.3
