"""Columns: what is derived from them, and that nobody can change them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from matchmaker.errors import BadInput, UnknownKey
from matchmaker.model import Kind
from matchmaker.profiles import ties_of
from tests.strategies import make_profiles


@pytest.mark.parametrize(
    ("key", "population", "kind"),
    [
        ("00000001", 100_000.0, Kind.CITY),
        ("00000001", 99_999.0, Kind.TOWN),
        ("00000001", 20_000.0, Kind.TOWN),
        ("00000001", 19_999.0, Kind.SMALL_TOWN),
        ("00000001", 5_000.0, Kind.SMALL_TOWN),
        ("00000001", 4_999.0, Kind.RURAL),
        ("00000001", np.nan, None),
        ("00001", 300_000.0, Kind.DISTRICT),
        ("00001", np.nan, Kind.DISTRICT),
    ],
)
def test_kind_follows_from_key_and_inhabitants(key: str, population: float, kind: Kind | None):
    one = replace(make_profiles(0, 1), key=np.array([key], dtype="U8"), population=np.array([population]))
    assert one.municipality(0).kind is kind


def test_distances_agree_with_published_ones(shipped):
    """Jena and Süderbrarup are published as about 430 km apart; a degree of latitude is 111.195 km."""
    profiles = shipped.profiles
    assert profiles.km_between(profiles.row("16053000"), profiles.row("01059083"))[0, 0] == pytest.approx(430, abs=5)
    pair = replace(make_profiles(0, 2), lat=np.array([50.0, 51.0]), lon=np.array([9.0, 9.0]))
    assert pair.km_between(0, 1)[0, 0] == pytest.approx(111.195, abs=0.001)


def test_columns_cannot_be_written():
    profiles = make_profiles(0, 5)
    for field in fields(profiles):
        column = getattr(profiles, field.name)
        if isinstance(column, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = column[0]


def test_unsorted_repeated_or_ragged_columns_are_refused():
    profiles = make_profiles(0, 3)
    with pytest.raises(BadInput):
        replace(profiles, key=np.array(["00000002", "00000001", "00000003"], dtype="U8"))
    with pytest.raises(BadInput):
        replace(profiles, key=np.array(["00000001", "00000001", "00000003"], dtype="U8"))
    with pytest.raises(BadInput):
        replace(profiles, fte=np.zeros(2))


def test_an_unknown_key_is_named():
    with pytest.raises(UnknownKey) as caught:
        make_profiles(0, 3).row("99999999")
    assert caught.value.key == "99999999"
    assert caught.value.exit_code == 2


def test_taking_rows_keeps_their_values_and_ties():
    profiles = make_profiles(4, 30)
    rows = np.array([3, 7, 8, 20])
    part = profiles.take(rows)
    assert part.key.tolist() == profiles.key[rows].tolist()
    assert part.ties.toarray().tolist() == profiles.ties.toarray()[np.ix_(rows, rows)].tolist()
    assert part.take(np.arange(4)).fingerprint == part.fingerprint
    assert part.fingerprint != profiles.fingerprint


def test_ties_are_one_for_a_common_cooperation_and_half_for_a_common_partner():
    ties = ties_of(5, [np.array([0, 1]), np.array([1, 2]), np.array([3])]).toarray()
    assert ties[0, 1] == ties[1, 0] == ties[1, 2] == 1
    assert ties[0, 2] == ties[2, 0] == 0.5
    assert ties[3].sum() == ties[4].sum() == 0
    assert np.diag(ties).sum() == 0
