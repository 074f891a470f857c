"""Types: planted ones are found, their quality is told, and noise is not called structure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from matchmaker.clusters import (
    REFERENCES,
    STABLE,
    WEAK_SILHOUETTE,
    Types,
    feature_names,
    find_types,
    known_features,
)
from matchmaker.errors import BadInput
from matchmaker.i18n import language
from matchmaker.profiles import Profiles
from tests.strategies import make_profiles


def planted(n_types: int, n: int = 60, *, seed: int = 0) -> tuple[Profiles, np.ndarray]:
    """Municipalities of clearly different maturity, needs and capacity, and the type of each."""
    base = make_profiles(2, n, unknown=0)
    rng = np.random.default_rng(seed)
    label = np.arange(n) % n_types
    level = np.linspace(0.5, 4.5, n_types)[label]
    return (
        replace(
            base,
            maturity=np.clip(np.round(2 * (level[:, None] + rng.normal(0, 0.15, (n, 8)))) / 2, 0, 5),
            need=np.repeat((label + 1)[:, None], 6, axis=1).astype(np.uint8) % 4,
            need_known=np.ones(n, bool),
            population=np.full(n, 20_000.0),
            fte=1.0 + label,
            budget_eur=1_000.0 * (1 + label),
        ),
        label,
    )


def cloud(kind: str, n: int, seed: int) -> Profiles:
    """Municipalities that differ without falling into groups."""
    rng = np.random.default_rng(seed)
    maturity = {
        "even": rng.uniform(0, 5, (n, 8)),
        "round": 2.5 + 0.8 * rng.normal(size=(n, 8)),
        "gradual": 2.2 + 0.8 * rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, 8)),
    }[kind]
    return replace(
        make_profiles(seed, n, unknown=0),
        maturity=np.clip(np.round(2 * maturity) / 2, 0, 5),
        population=np.full(n, 10_000.0),
        fte=rng.lognormal(0, 0.5, n),
        budget_eur=rng.lognormal(10, 0.5, n),
    )


@pytest.fixture(scope="module")
def three(shipped) -> Types:
    """Return the demonstration participants divided into three, whatever the data say."""
    return find_types(shipped.profiles, shipped.catalogue, number=3)


@pytest.fixture(scope="module")
def planted_three(shipped) -> tuple[Profiles, np.ndarray, Types]:
    """Return municipalities of three planted types, the type of each, and what is found in them."""
    profiles, label = planted(3)
    return profiles, label, find_types(profiles, shipped.catalogue)


def centres(types: Types) -> np.ndarray:
    return np.array([t.centre for t in types.types])


def standardised(p: Profiles, rows: np.ndarray) -> np.ndarray:
    features = np.column_stack(
        (
            p.maturity[rows],
            p.need[rows].sum(axis=1),
            np.log1p(1e4 * p.fte[rows] / p.population[rows]),
            np.log1p(p.budget_eur[rows] / p.population[rows]),
        )
    )
    return np.clip((features - features.mean(axis=0)) / features.std(axis=0), -3, 3)


@pytest.mark.parametrize("n_types", [2, 3, 4])
def test_planted_types_are_found_again(shipped, n_types: int):
    profiles, label = planted(n_types)
    types = find_types(profiles, shipped.catalogue)
    assert len(types.types) == n_types
    assert adjusted_rand_score(label, types.label) >= 0.95
    assert types.structured
    assert not types.weak
    assert types.stability >= STABLE
    assert min(types.without) >= 0.95


def test_types_that_differ_in_every_direction_are_found_again(shipped):
    rng = np.random.default_rng(4)
    label = np.arange(200) % 5
    profiles = replace(
        make_profiles(1, 200, unknown=0),
        maturity=np.clip(rng.uniform(0.5, 4.5, (5, 8))[label] + rng.normal(0, 0.3, (200, 8)), 0, 5),
        population=np.full(200, 10_000.0),
        fte=np.array([1.0, 1, 4, 4, 8])[label],
        budget_eur=np.array([1e4, 5e4, 1e4, 5e4, 9e4])[label],
    )
    types = find_types(profiles, shipped.catalogue)
    assert adjusted_rand_score(label, types.label) >= 0.95


@pytest.mark.parametrize(("kind", "n"), [("even", 40), ("round", 40), ("gradual", 40), ("gradual", 150)])
def test_without_groups_there_is_nothing_to_name(shipped, kind: str, n: int):
    """Also where all levels rise together, which two halves describe with a silhouette above that of weak types."""
    types = find_types(cloud(kind, n, seed=5), shipped.catalogue)
    assert len(types.types) == 1
    assert set(types.label) == {1}
    assert np.isnan(types.membership.strength).all()
    assert types.weak
    assert not types.structured
    assert "keine Struktur" in language("de").render(types.verdict)


def test_a_number_that_is_asked_for_is_given_and_called_weak(shipped):
    noise = cloud("even", 60, seed=5)
    types = find_types(noise, shipped.catalogue, number=3)
    assert len(types.types) == 3
    assert types.silhouette < WEAK_SILHOUETTE
    assert types.weak
    assert not types.structured
    for impossible in (1, 9):
        with pytest.raises(BadInput):
            find_types(noise, shipped.catalogue, number=impossible)


def test_figures_belong_to_the_data_really_clustered(shipped, three: Types):
    """The silhouette is that of the standardised features, computed here a second time."""
    types = three
    rows = np.flatnonzero(types.label)
    standard = standardised(shipped.profiles, rows)
    assert types.silhouette == pytest.approx(silhouette_score(standard, types.label[rows]))
    assert (3, types.silhouette, types.stability) in types.tried
    assert types.reference.shape == (REFERENCES, len(types.tried))
    assert sum(t.size for t in types.types) == len(rows)
    assert [t.size for t in types.types] == sorted((t.size for t in types.types), reverse=True)
    for t in types.types:
        assert t.centre == pytest.approx(standard[types.label[rows] == t.id].mean(axis=0))


def test_strength_compares_the_two_nearest_centres(shipped, three: Types):
    types = three
    member = types.membership
    rows = np.flatnonzero(types.label)
    distance = np.linalg.norm(standardised(shipped.profiles, rows)[:, None] - centres(types), axis=2)
    nearest = np.sort(distance, axis=1)
    assert member.strength[rows] == pytest.approx(1 - nearest[:, 0] / nearest[:, 1])
    assert member.label[rows].tolist() == (distance.argmin(axis=1) + 1).tolist()
    assert (member.second[rows] != member.label[rows]).all()


def test_only_fully_assessed_municipalities_get_a_type(shipped, three: Types):
    unassessed = np.isnan(shipped.profiles.maturity).any(axis=1)
    assert not three.label[unassessed].any()
    assert np.isnan(three.membership.strength[unassessed]).all()


def test_size_place_and_land_do_not_count(shipped, planted_three):
    """Everything moved elsewhere and made a hundred times larger, with as much per head, leads to the same types."""
    profiles, _, types = planted_three
    moved = replace(
        profiles,
        land=profiles.land[::-1].copy(),
        lat=profiles.lat[::-1].copy(),
        population=profiles.population * 100,
        fte=profiles.fte * 100,
        budget_eur=profiles.budget_eur * 100,
    )
    assert find_types(moved, shipped.catalogue).label.tolist() == types.label.tolist()


def test_a_new_profile_gets_its_type_and_a_name_says_what_is_so(planted_three):
    profiles, label, types = planted_three
    names = {t: language("en").render(types.types[types.label[label == t][0] - 1].name) for t in range(3)}
    assert names[0].startswith("At the beginning")
    assert names[1].startswith("In the middle")
    assert names[2].startswith("Far ahead")
    others, expected = planted(3, 30, seed=9)
    assigned = types.assign(others)
    kind = {planted_type: types.label[label == planted_type][0] for planted_type in range(3)}
    assert assigned.label.tolist() == [kind[t] for t in expected]
    assert types.assign(profiles).label.tolist() == types.label.tolist()
    maturity = others.maturity.copy()
    maturity[0, 0] = np.nan
    assert types.assign(replace(others, maturity=maturity)).label[0] == 0


def test_types_keep_number_and_name_when_data_change_a_little(shipped):
    """Numbers go by size; here the smallest type becomes the largest and keeps its number all the same."""
    profiles, label = planted(3)
    few = profiles.take((label != 2) | (np.arange(60) < 30))
    before = find_types(few, shipped.catalogue)
    many = profiles.take((label != 0) | (np.arange(60) < 30))
    after = find_types(many, shipped.catalogue, previous=before)
    both = sorted(set(few.key) & set(many.key))
    assert [before.label[few.row(k)] for k in both] == [after.label[many.row(k)] for k in both]
    assert [(t.id, t.name) for t in before.types] == [(t.id, t.name) for t in after.types]
    assert [t.size for t in after.types] != sorted((t.size for t in after.types), reverse=True)


def test_a_type_that_was_not_there_before_gets_a_name_of_its_own(shipped):
    profiles, label = planted(4)
    before = find_types(profiles.take(label != 3), shipped.catalogue)
    after = find_types(profiles, shipped.catalogue, previous=before)
    assert [t.id for t in after.types] == [1, 2, 3, 4]
    assert len({t.name for t in after.types}) == 4
    assert {t.name for t in before.types} < {t.name for t in after.types}


@pytest.mark.parametrize("number", [2, 8])
def test_names_are_short_and_unmistakable_in_both_languages(shipped, number: int):
    types = find_types(shipped.profiles, shipped.catalogue, number=number)
    for code in ("de", "en"):
        names = [language(code).render(t.name) for t in types.types]
        assert len(set(names)) == number
        assert max(map(len, names)) <= 60


def test_what_is_known_is_counted(shipped):
    known = dict(zip(feature_names(shipped.catalogue), known_features(shipped.profiles), strict=True))
    assert len(known) == 11
    real = known_features(shipped.profiles.take(~shipped.profiles.simulated))
    assert real[:8] == (0,) * 8
    assert real[8] == (shipped.profiles.need_known & ~shipped.profiles.simulated).sum()


def test_same_seed_same_types(shipped, three: Types):
    again = find_types(shipped.profiles, shipped.catalogue, number=3)
    assert again.label.tolist() == three.label.tolist()
    assert again.tried == three.tried


def test_municipalities_that_are_all_the_same_are_one_type(shipped):
    one = make_profiles(3, 20, unknown=0)
    same = replace(
        one,
        maturity=np.full((20, 8), 2.0),
        need=np.ones((20, 6), np.uint8),
        need_known=np.ones(20, bool),
        population=np.full(20, 5e3),
        fte=np.ones(20),
        budget_eur=np.ones(20),
    )
    types = find_types(same, shipped.catalogue)
    assert [t.size for t in types.types] == [20]
    assert not types.structured


def test_a_whole_country_is_divided_as_its_sample_says(shipped):
    """Beyond some thousand rows samples stand in; planted types are found all the same."""
    profiles, label = planted(3, 5_000)
    types = find_types(profiles, shipped.catalogue)
    assert adjusted_rand_score(label, types.label) >= 0.95
    assert sum(t.size for t in types.types) == 5_000


def test_too_few_municipalities_are_refused(shipped):
    with pytest.raises(BadInput):
        find_types(make_profiles(0, 11, unknown=0), shipped.catalogue)
