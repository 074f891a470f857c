"""Competence centres: which one fits the needs of a municipality and lies nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matchmaker.model import CompetenceCentre
from matchmaker.profiles import EARTH_RADIUS_KM, Floats, Ints, Profiles


@dataclass(frozen=True, slots=True)
class CentreMatch:
    """The nearest fitting competence centre of a municipality.

    ``topics`` are the needs it has published work on, none where it is only the nearest. ``km`` is the
    great-circle distance to the town of its seat, None where a place is unknown.
    """

    centre: CompetenceCentre
    km: float | None
    topics: tuple[str, ...]


def nearest_centre(profiles: Profiles, row: int, centres: Sequence[CompetenceCentre]) -> CentreMatch | None:
    """Return the centre that works on most needs of a municipality, the nearer of equals; None without any centre."""
    if not centres:
        return None
    best, km = nearest_centres(profiles, [row], centres)
    centre = centres[int(best[0])]
    needed = {u for u, urgency in zip(profiles.use_cases, profiles.need[row], strict=True) if urgency}
    return CentreMatch(
        centre, None if np.isnan(km[0]) else float(km[0]), tuple(t for t in centre.topics if t in needed)
    )


def nearest_centres(
    profiles: Profiles, rows: npt.ArrayLike, centres: Sequence[CompetenceCentre]
) -> tuple[Ints, Floats]:
    """Return the place of each row's nearest fitting centre among ``centres``, and its distance (NaN unknown).

    Most needs that are among its topics, then least distance, then the first; ``centres`` must not be empty.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    topics = np.array([[u in centre.topics for u in profiles.use_cases] for centre in centres])
    fits = (profiles.need[chosen] > 0).astype(np.int64) @ topics.T.astype(np.int64)
    place = np.radians([[np.nan if v is None else v for v in (c.lat, c.lon)] for c in centres])
    lat, lon = place[:, 0], place[:, 1]
    there = np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)
    chord = np.linalg.norm(profiles.unit_vector[chosen][:, None] - there, axis=2)
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1))
    best = np.lexsort((np.where(np.isnan(km), np.inf, km), -fits), axis=1)[:, 0]
    return best, km[np.arange(len(chosen)), best]
