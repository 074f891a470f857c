"""Types: planted ones are found, their quality is told, and noise is not called structure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from matchmaker.clusters import STABLE, WEAK_SILHOUETTE, find_types
from matchmaker.errors import BadInput
from matchmaker.profiles import Profiles
from tests.strategies import make_profiles


def planted(n_types: int, n: int = 60) -> tuple[Profiles, np.ndarray]:
    """Municipalities of clearly different maturity, needs and capacity, and the type of each."""
    base = make_profiles(2, n, unknown=0)
    rng = np.random.default_rng(0)
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


@pytest.mark.parametrize("n_types", [2, 3, 4])
def test_planted_types_are_found_again(shipped, n_types: int):
    profiles, label = planted(n_types)
    types = find_types(profiles, shipped.catalogue)
    assert len(types.types) == n_types
    assert adjusted_rand_score(label, types.label) >= 0.95
    assert not types.weak
    assert types.stability >= STABLE


def test_noise_is_called_weak(shipped):
    rng = np.random.default_rng(5)
    noise = replace(
        make_profiles(8, 80, unknown=0),
        maturity=rng.integers(0, 11, (80, 8)) / 2,
        population=rng.integers(5_000, 9_000, 80).astype(float),
    )
    types = find_types(noise, shipped.catalogue)
    assert types.weak
    assert types.silhouette < WEAK_SILHOUETTE


def test_figures_belong_to_the_data_really_clustered(shipped):
    """The silhouette is that of the standardised features, computed here a second time."""
    types = find_types(shipped.profiles, shipped.catalogue)
    p = shipped.profiles
    rows = np.flatnonzero(types.label)
    features = np.column_stack(
        (
            p.maturity[rows],
            p.need[rows].sum(axis=1),
            np.log1p(1e4 * p.fte[rows] / p.population[rows]),
            np.log1p(p.budget_eur[rows] / p.population[rows]),
        )
    )
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    assert types.silhouette == pytest.approx(silhouette_score(standard, types.label[rows]))
    assert (len(types.types), types.silhouette, types.stability) in types.tried
    assert sum(t.size for t in types.types) == len(rows)
    assert [t.size for t in types.types] == sorted((t.size for t in types.types), reverse=True)


def test_only_fully_assessed_municipalities_get_a_type(shipped):
    types = find_types(shipped.profiles, shipped.catalogue)
    unassessed = np.isnan(shipped.profiles.maturity).any(axis=1)
    assert not types.label[unassessed].any()


def test_same_seed_same_types(shipped):
    first, second = (find_types(shipped.profiles, shipped.catalogue, seed=3) for _ in range(2))
    assert first.label.tolist() == second.label.tolist()
    assert first.tried == second.tried


def test_too_few_municipalities_are_refused(shipped):
    with pytest.raises(BadInput):
        find_types(make_profiles(0, 11, unknown=0), shipped.catalogue)
