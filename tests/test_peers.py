"""Statistical neighbours: against a computation by hand, a naive one, and the rules stated for every odd table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from streamlit.testing.v1 import AppTest

from matchmaker import peers
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.peers import contributions, find_peers, standardised

NAN = np.nan
ROOT = Path(__file__).resolve().parent.parent

figures = st.integers(1, 5).flatmap(
    lambda m: arrays(
        np.float64,
        st.tuples(st.integers(1, 25), st.just(m)),
        elements=st.one_of(
            st.just(NAN), st.integers(-3, 3).map(float), st.integers(-(10**9), 10**9).map(lambda v: v / 1000)
        ),
    )
)


def naive(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The distance of every two rows once more, column by column and pair by pair."""
    squared = np.zeros((len(values), len(values)))
    for column, weight in zip(values.T, weights, strict=True):
        known = column[~np.isnan(column)]
        if not len(known):
            continue
        clipped = np.clip(column, *np.percentile(known, [1, 99]))
        filled = [np.median(clipped[~np.isnan(clipped)]) if np.isnan(v) else v for v in clipped]
        if min(filled) == max(filled):
            continue
        standard = [weight * (v - np.mean(filled)) / np.std(filled) for v in filled]
        squared += [[(a - b) ** 2 for b in standard] for a in standard]
    return np.sqrt(squared)


def test_a_case_computed_by_hand():
    """Two columns of four rows; the percentiles cut the ends to 0.03 and 2.97 of steps of one.

    Column a: 0, 1, 2, 3 becomes 0.03, 1, 2, 2.97, mean 1.5, variance (1.47² + 0.5²) / 2 = 1.20545. Column b: 10, gap,
    20, 10 becomes 10, 10, 19.8, 10 (median 10), mean 12.45, variance 3/16 · 9.8² = 18.0075.
    """
    values = np.array([[0, 10], [1, NAN], [2, 20], [3, 10]], dtype=float)
    found = find_peers(values, 2)
    assert found.neighbour.tolist() == [[1, 3], [0, 3], [3, 1], [1, 2]]
    a, b = 1.20545, 18.0075
    assert found.distance[0] == pytest.approx([0.97 / a**0.5, 2.94 / a**0.5])
    assert found.distance[2] == pytest.approx([(0.97**2 / a + 9.8**2 / b) ** 0.5, (1 / a + 9.8**2 / b) ** 0.5])
    share = contributions(values, 2, [3])
    assert share[0] == pytest.approx(
        [0.97**2 / a / (0.97**2 / a + 9.8**2 / b), 9.8**2 / b / (0.97**2 / a + 9.8**2 / b)]
    )
    assert standardised(values)[:, 1] == pytest.approx((np.array([10, 10, 19.8, 10]) - 12.45) / b**0.5)


@given(figures, st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_any_table_gives_the_nearest_of_a_naive_computation(values: np.ndarray, k: int, seed: int):
    rng = np.random.default_rng(seed)
    n, m = values.shape
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], m)
    pairs = rng.integers(0, n, (rng.integers(0, n + 1), 2))
    if not (weights > 0).any() or np.isnan(values[:, weights > 0]).all():
        with pytest.raises(BadInput):
            find_peers(values, k, weights=weights)
        return
    found = find_peers(values, k, weights=weights, excluded=pairs)
    assert found.neighbour.shape == found.distance.shape == (n, k)
    apart = naive(values, weights)
    allowed = ~np.eye(n, dtype=bool)
    allowed[pairs[:, 0], pairs[:, 1]] = allowed[pairs[:, 1], pairs[:, 0]] = False
    for i in range(n):
        others = found.neighbour[i][: allowed[i].sum()].tolist()
        distance = found.distance[i][: len(others)].tolist()
        assert set(found.neighbour[i][len(others) :].tolist()) <= {-1}
        assert np.isnan(found.distance[i][len(others) :]).all()
        assert allowed[i][others].all()
        # Nearest first, equal ones in the order of the table, and nobody who is left out is nearer.
        assert sorted(set(zip(distance, others, strict=True))) == list(zip(distance, others, strict=True))
        assert distance == pytest.approx(apart[i][others], abs=1e-6)
        assert distance == pytest.approx(np.sort(apart[i][allowed[i]])[:k], abs=1e-6)
        total = contributions(values, i, others, weights).sum(axis=1)
        assert total == pytest.approx([float(d > 0) for d in distance])


def test_chosen_rows_are_those_of_all(monkeypatch: pytest.MonkeyPatch):
    values = np.random.default_rng(1).normal(size=(50, 4))
    whole = find_peers(values, 5)
    monkeypatch.setattr(peers, "_BLOCK_CELLS", 120)
    some = find_peers(values, 5, rows=[7, 3, 7, 49])
    assert some.row.tolist() == [7, 3, 7, 49]
    np.testing.assert_array_equal(some.neighbour, whole.neighbour[some.row])
    np.testing.assert_array_equal(some.distance, whole.distance[some.row])
    np.testing.assert_array_equal(find_peers(values, 5).neighbour, whole.neighbour)
    assert find_peers(values, 5, rows=[]).neighbour.shape == (0, 5)


def test_silent_columns_change_nothing_and_are_named():
    values = np.random.default_rng(2).normal(size=(30, 3))
    odd = np.where(np.arange(300) == 7, 9.0, 0.1)
    with_silent = np.column_stack((values, np.full(30, 0.1), np.full(30, NAN), np.where(np.arange(30) % 2, 5.0, NAN)))
    found = find_peers(with_silent, 4)
    assert found.constant.tolist() == [3, 5]
    assert found.empty.tolist() == [4]
    np.testing.assert_array_equal(found.neighbour, find_peers(values, 4).neighbour)
    assert not contributions(with_silent, 0, [1, 2])[:, 3:].any()
    # One in three hundred is beyond the 99th percentile, so the column is constant once clipped.
    assert find_peers(np.column_stack((odd, np.arange(300.0))), 1).constant.tolist() == [0]


def test_equal_rows_are_at_distance_zero_in_the_order_of_the_table():
    found = find_peers(np.array([[0.1, 7], [5, 7], [0.1, 7], [0.1, 7]]), 3)
    assert found.neighbour.tolist() == [[2, 3, 1], [0, 2, 3], [0, 3, 1], [0, 2, 1]]
    assert found.distance[0, :2].tolist() == [0, 0]
    assert contributions(np.array([[1.0], [1], [2]]), 0, [1]).tolist() == [[0]]


def test_equal_distances_stand_in_the_order_of_the_table():
    found = find_peers(np.array([[0.2], [0.1], [0.3], [0.0], [0.4]]), 4, rows=[0])
    assert found.neighbour.tolist() == [[1, 2, 3, 4]]


def test_lists_are_shorter_where_there_are_fewer():
    assert find_peers(np.array([[1.0, 2]]), 2).neighbour.tolist() == [[-1, -1]]
    found = find_peers(np.array([[1.0], [2], [3]]), 3, excluded=[[0, 1], [0, 0]])
    assert found.neighbour.tolist() == [[2, -1, -1], [2, -1, -1], [1, 0, -1]]
    assert np.isnan(found.distance[0, 1:]).all()


def test_a_common_factor_of_weights_or_units_changes_no_order():
    values = np.random.default_rng(3).normal(size=(40, 3))
    found = find_peers(values, 6, weights=[1, 2, 3])
    scaled = find_peers(values * [1e-200, 1, 1e200] + [0, 5, 0], 6, weights=[1e6, 2e6, 3e6])
    np.testing.assert_array_equal(found.neighbour, scaled.neighbour)
    np.testing.assert_allclose(found.distance * 1e6, scaled.distance)


@pytest.mark.parametrize(
    "options",
    [
        {"weights": [1, -1]}, {"weights": [1, NAN]}, {"weights": [1, np.inf]}, {"weights": [0, 0]}, {"weights": [1]},
        {"k": 0}, {"rows": [3]}, {"rows": [-1]}, {"rows": [0.5]}, {"excluded": [[0, 3]]}, {"excluded": [0, 1]},
        {"values": np.empty((0, 2))}, {"values": np.empty((3, 0))}, {"values": np.ones(3)},
        {"values": np.array([[1, np.inf]])}, {"values": np.full((3, 2), NAN)},
        {"values": np.array([[1, NAN], [2, NAN]]), "weights": [0, 1]},
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_refused(options: dict[str, object]):
    with pytest.raises(BadInput):
        find_peers(**{"values": np.arange(6.0).reshape(3, 2), "k": 2, **options})


# The page --------------------------------------------------------------------------------------------------


@pytest.fixture
def visit(database: str) -> Callable[..., AppTest]:
    """Open the page as a link with this municipality and language does."""
    assert database
    streamlit.cache_resource.clear()  # the page opens the database of this test, not the one of the test before

    def opened(key: str = "", lang: str = "en") -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        at.query_params.update({"lang": lang, "key": key})
        return at.run().switch_page("matchmaker/ui/pages/peers.py").run()

    return opened


def assessed(data: Dataset) -> str:
    return str(data.profiles.key[~np.isnan(data.profiles.maturity).any(axis=1)][0])


def test_the_page_asks_for_a_municipality(visit):
    page = visit()
    assert not page.exception
    assert [info.value for info in page.info] == ["Choose your municipality on the left."]


def test_the_page_compares_what_is_assessed(visit, shipped: Dataset):
    page = visit(assessed(shipped))
    assert not page.exception
    peers_table, shares, beside = (frame.value for frame in page.dataframe[-3:])
    assert len(peers_table) == 10
    assert peers_table["Distance"].is_monotonic_increasing
    assert set(peers_table["Simulated"]) == {"simulated"}
    np.testing.assert_allclose(shares.iloc[:, 5:].sum(axis=1), 100)
    np.testing.assert_allclose(beside.iloc[1, 5:].astype(float), beside.iloc[2:, 5:].astype(float).median())
    assert beside.iloc[0]["Key"] == page.session_state["key"]


def test_the_page_says_what_is_missing(visit, shipped: Dataset):
    page = visit(str(shipped.profiles.key[np.isnan(shipped.profiles.maturity).all(axis=1)][0]))
    assert not page.exception
    assert page.info[0].value.startswith("No maturity is entered yet.")


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_compares_figures_of_ones_own(visit, shipped: Dataset, language: str):
    key = assessed(shipped)
    page = visit(key, language)
    lines = [f"{key};1,5;3;4", "x;2;;4", "y;2,5;9;4", "z;1;3;4"]
    upload = "\n".join(["id;Key;Wage_a*;same", *lines]).encode()
    page.file_uploader(key="peer_table").set_value(("own.csv", upload, "text/csv")).run()
    assert not page.exception
    assert not page.error
    assert len(page.dataframe[-3].value) == 3
    assert any("same" in caption.value for caption in page.caption)
    page.file_uploader(key="peer_pairs").set_value(("pairs.csv", f"a;b\n{key};x\ny;{key}\n".encode(), "text/csv")).run()
    assert page.dataframe[-3].value.iloc[:, 4].tolist() == ["z"]
    page.file_uploader(key="peer_pairs").set_value(
        ("pairs.csv", f"a;b\n{key};x\ny;{key}\nz;{key}".encode(), "text/csv")
    ).run()
    assert not page.exception
    assert page.warning


@pytest.mark.parametrize("upload", [b"", b"id,a\n1,x\n", b"id,a\n1,2\n"])
def test_the_page_explains_what_is_wrong_with_a_file(visit, shipped: Dataset, upload: bytes):
    page = visit(assessed(shipped))
    page.file_uploader(key="peer_table").set_value(("own.csv", upload, "text/csv")).run()
    assert not page.exception
    assert page.error
