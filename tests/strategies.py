"""Small sets of municipalities for property tests, with unknown values, ties and empty blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy import sparse

from matchmaker.profiles import BLOCKS, Profiles, ties_of


def make_profiles(seed: int, n: int, *, use_cases: int = 6, unknown: float = 0.2, coarse: bool = False) -> Profiles:
    """Return ``n`` random municipalities; ``coarse`` draws from few values, so that many scores are equal."""
    rng = np.random.default_rng(seed)

    def gaps(values: np.ndarray, share: float = unknown) -> np.ndarray:
        return np.where(rng.random(values.shape[:1] + (1,) * (values.ndim - 1)) < share, np.nan, values)

    need_known, offer_known = rng.random(n) >= unknown, rng.random(n) >= unknown
    need = rng.choice([0, 0, 0, 1, 2, 3], size=(n, use_cases)).astype(np.uint8) * need_known[:, None].astype(np.uint8)
    offer = rng.choice([0, 0, 1, 2, 4], size=(n, use_cases)).astype(np.uint8) * offer_known[:, None].astype(np.uint8)
    levels = rng.choice([1.0, 4.0], size=(n, 8)) if coarse else rng.integers(0, 11, size=(n, 8)) / 2
    groups = [rng.choice(n, size=min(n, 3), replace=False) for _ in range(n // 4)]
    return Profiles(
        key=np.array([f"{i:08d}" for i in range(n)], dtype="U8"),
        name=np.array([f"Ort {i}" for i in range(n)], dtype="U12"),
        land=rng.integers(0, 16, n),
        lat=gaps(np.full(n, 51.0) if coarse else rng.uniform(47, 55, n)),
        lon=gaps(np.full(n, 10.0) if coarse else rng.uniform(6, 15, n)),
        population=gaps(rng.choice([1000.0, 50_000.0], n) if coarse else rng.integers(100, 500_000, n).astype(float)),
        area_km2=np.full(n, np.nan),
        parent=np.full(n, -1),
        simulated=rng.random(n) < 0.3,
        maturity=gaps(levels),
        maturity_se=np.full((n, 8), np.nan),
        fte=gaps(rng.choice([0.5, 2.0], n) if coarse else rng.uniform(0, 4, n).round(1)),
        budget_eur=gaps(rng.uniform(0, 1e5, n).round()),
        need=need,
        offer=offer,
        need_known=need_known,
        offer_known=offer_known,
        ties=ties_of(n, groups) if n else sparse.csr_array((0, 0)),
        participates=rng.random(n) < 0.9,
        closed=np.zeros((n, len(BLOCKS)), dtype=bool),
        use_cases=tuple(f"UC{c + 1:02d}" for c in range(use_cases)),
    )


def profile_sets(least: int = 1, most: int = 30) -> st.SearchStrategy[Profiles]:
    """Draw sets of municipalities of all degrees of completeness."""
    return st.builds(
        make_profiles,
        seed=st.integers(0, 2**32 - 1),
        n=st.integers(least, most),
        unknown=st.sampled_from([0.0, 0.2, 0.7, 1.0]),
        coarse=st.booleans(),
    )
