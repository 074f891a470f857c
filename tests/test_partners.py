"""The score against an independent computation of its definition, and what a reader is told about it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from matchmaker.errors import BadPreference
from matchmaker.model import PARTS, Kind, Preferences, Weights
from matchmaker.partners import explain, rank, rank_all, stability
from matchmaker.profiles import Profiles
from tests.strategies import make_profiles, profile_sets

EVERYONE = Preferences(participants_only=False)


def haversine(p: Profiles, i: int, j: int) -> float:
    """Great-circle distance by another formula than the one under test."""
    lat_i, lat_j = math.radians(p.lat[i]), math.radians(p.lat[j])
    half = math.sin((lat_j - lat_i) / 2) ** 2
    half += math.cos(lat_i) * math.cos(lat_j) * math.sin(math.radians(p.lon[j] - p.lon[i]) / 2) ** 2
    return 2 * 6371.0088 * math.asin(min(1, math.sqrt(half)))


def plain_parts(p: Profiles, i: int, j: int) -> dict[str, float | None]:
    """The nine parts straight from their definition, None where they rest on unknown data."""
    u_i, u_j = [int(x) for x in p.need[i]], [int(x) for x in p.need[j]]
    o_i, o_j = [x / 4 for x in p.offer[i].tolist()], [x / 4 for x in p.offer[j].tolist()]
    parts: dict[str, float | None] = dict.fromkeys(PARTS)
    if p.need_known[i] and p.need_known[j]:
        larger = sum(map(max, u_i, u_j))
        parts["shared_needs"] = sum(map(min, u_i, u_j)) / larger if larger else 0
    if p.need_known[i] and p.offer_known[j]:
        parts["reuse"] = sum(a * b for a, b in zip(u_i, o_j, strict=True)) / sum(u_i) if sum(u_i) else 0
    if p.offer_known[i] and p.need_known[j]:
        parts["teach"] = sum(a * b for a, b in zip(u_j, o_i, strict=True)) / sum(u_j) if sum(u_j) else 0
    m_i, m_j = p.maturity[i].tolist(), p.maturity[j].tolist()
    weak = [d for d in range(8) if m_i[d] < 2.5]
    if not any(map(math.isnan, m_i)) and not any(math.isnan(m_j[d]) for d in weak):
        room = sum(5 - m_i[d] for d in weak)
        parts["learn"] = sum(max(0, m_j[d] - m_i[d]) for d in weak) / room if room else 0
    parts["ties"] = float(p.ties[i, j])
    if not any(map(math.isnan, (p.lat[i], p.lon[i], p.lat[j], p.lon[j]))):
        parts["near"] = 1 / (1 + (haversine(p, i, j) / 60) ** 2)
    if not math.isnan(p.population[i]) and not math.isnan(p.population[j]):
        parts["similar_size"] = min(p.population[i], p.population[j]) / max(p.population[i], p.population[j])
    parts["same_land"] = 1.0 if p.land[i] == p.land[j] else 0.0
    if not math.isnan(p.fte[i]) and not math.isnan(p.fte[j]):
        parts["capacity"] = min(1, (p.fte[i] + p.fte[j]) / 4)
    return parts


def plain_ranking(
    p: Profiles, i: int, weights: Weights, candidates: list[int], k: int
) -> list[tuple[int, float, float]]:
    """(partner, score, coverage) of the best k, by a double loop over candidates and parts."""
    parts = {j: plain_parts(p, i, j) for j in candidates}
    neutral = {}
    for name in PARTS:
        known = [value for j in candidates if (value := parts[j][name]) is not None]
        neutral[name] = sum(known) / len(known) if known else 0.5
    found = []
    for j in candidates:
        score = sum(
            getattr(weights, name) * (neutral[name] if parts[j][name] is None else parts[j][name]) for name in PARTS
        )
        covered = sum(getattr(weights, name) for name in PARTS if parts[j][name] is not None)
        found.append((j, score, covered / sum(weights.values())))
    found.sort(key=lambda row: (-round(row[1], 9), -round(row[2], 9), row[0]))
    return found[:k]


@settings(deadline=None, max_examples=60)
@given(profiles=profile_sets(), k=st.integers(1, 12))
def test_everybodys_best_equal_the_definition(profiles: Profiles, k: int):
    ranking = rank_all(profiles, EVERYONE, k)
    for i in range(len(profiles)):
        expected = plain_ranking(profiles, i, Weights(), [j for j in range(len(profiles)) if j != i], k)
        found = ranking.partner[i][ranking.partner[i] >= 0]
        assert found.tolist() == [j for j, _, _ in expected]
        assert ranking.score[i][: len(found)] == pytest.approx([score for _, score, _ in expected], abs=1e-9)
        assert ranking.coverage[i][: len(found)] == pytest.approx([covered for _, _, covered in expected], abs=1e-9)
        assert np.isnan(ranking.score[i][len(found) :]).all()


@settings(deadline=None, max_examples=40)
@given(profiles=profile_sets(least=2), weights=st.lists(st.integers(0, 9), min_size=9, max_size=9).filter(any))
def test_one_asker_equals_everybody_for_any_weights(profiles: Profiles, weights: list[int]):
    preferences = replace(EVERYONE, weights=Weights(*(w / 10 for w in weights)))
    everybody = rank_all(profiles, preferences, 5)
    for i in range(len(profiles)):
        alone = rank(profiles, i, preferences, 5)
        assert alone.partner[0].tolist() == everybody.partner[i].tolist()
        assert alone.score[0] == pytest.approx(everybody.score[i], nan_ok=True)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch):
    profiles = make_profiles(3, 60)
    whole = rank_all(profiles, EVERYONE, 7)
    monkeypatch.setattr("matchmaker.partners._BLOCK_CELLS", 7 * 60)
    done: list[float] = []
    parts = rank_all(profiles, EVERYONE, 7, progress=done.append)
    assert parts.partner.tolist() == whole.partner.tolist()
    assert parts.score == pytest.approx(whole.score)
    assert done[-1] == 1
    assert done == sorted(done)
    assert len(done) == 9


def test_filters_leave_out_before_neutral_values_are_formed():
    profiles = make_profiles(11, 40, unknown=0.3)
    preferences = Preferences(
        simulated=False, participants_only=True, max_km=300, lands=frozenset({"SH", "NI", "BY", "TH", "NW", "HE"})
    )
    lands = {0, 2, 4, 5, 8, 15}
    for i in range(len(profiles)):
        candidates = [
            j
            for j in range(len(profiles))
            if j != i
            and profiles.participates[j]
            and not profiles.simulated[j]
            and profiles.land[j] in lands
            and not math.isnan(profiles.lat[i] + profiles.lon[i] + profiles.lat[j] + profiles.lon[j])
            and haversine(profiles, i, j) <= 300
        ]
        expected = plain_ranking(profiles, i, Weights(), candidates, 5)
        found = rank(profiles, i, preferences, 5)
        assert [j for j in found.partner[0] if j >= 0] == [j for j, _, _ in expected]


@pytest.mark.parametrize(
    ("preferences", "holds"),
    [
        (Preferences(kinds=frozenset({Kind.TOWN})), lambda p, j: p.municipality(j).kind is Kind.TOWN),
        (Preferences(exclude=frozenset({"00000003"})), lambda p, j: p.key[j] != "00000003"),
        (Preferences(assessed_only=True), lambda p, j: not np.isnan(p.maturity[j]).all()),
        (Preferences(use_case="UC02"), lambda p, j: p.need[j, 1] > 0 or p.offer[j, 1] > 0),
    ],
)
def test_every_filter_holds_for_everybody_suggested(preferences, holds):
    profiles = make_profiles(5, 50)
    ranking = rank_all(profiles, preferences, 10)
    suggested = ranking.partner[ranking.partner >= 0]
    assert len(suggested) > 50
    assert all(holds(profiles, j) for j in suggested)


def a_pair_made_for_each_other() -> Profiles:
    """Row 0 needs exactly what row 1 runs and the other way round, 400 km away; row 2 is a twin of row 0."""
    base = make_profiles(1, 60, unknown=0)
    need, offer, lat, lon, land, size = (
        column.copy() for column in (base.need, base.offer, base.lat, base.lon, base.land, base.population)
    )
    need[0], offer[0] = [3, 3, 3, 0, 0, 0], [0, 0, 0, 4, 4, 4]
    need[1], offer[1] = [0, 0, 0, 3, 3, 3], [4, 4, 4, 0, 0, 0]
    need[2], offer[2:] = need[0], 0
    lat[:3], lon[:3], land[:3], size[:3] = [50.0, 53.6, 53.6], 10.0, [0, 1, 1], size[0]
    return replace(
        base,
        need=need,
        offer=offer,
        lat=lat,
        lon=lon,
        land=land,
        population=size,
        maturity=np.full((60, 8), 3.0),
        ties=sparse.csr_array((60, 60)),
    )


def test_a_partner_that_runs_what_is_needed_beats_a_perfect_clone():
    profiles = a_pair_made_for_each_other()
    assert rank(profiles, 0, EVERYONE, 1).partner[0, 0] == 1
    assert rank(profiles, 1, EVERYONE, 1).partner[0, 0] == 0
    assert profiles.km_between(0, 1)[0, 0] == pytest.approx(400.3, abs=0.1)


def test_edge_cases_have_an_answer():
    alone = make_profiles(0, 1)
    assert rank(alone, 0, EVERYONE, 3).partner.tolist() == [[-1, -1, -1]]
    assert rank_all(make_profiles(0, 2, unknown=1), EVERYONE, 5).partner[:, 0].tolist() == [1, 0]
    nobody = make_profiles(0, 0)
    assert rank_all(nobody, EVERYONE, 4).partner.shape == (0, 4)


def test_equal_scores_go_to_the_smaller_key():
    profiles = make_profiles(0, 12, unknown=1)
    same_land = replace(profiles, land=np.zeros(12, dtype=np.int64), ties=sparse.csr_array((12, 12)))
    assert rank(same_land, 5, EVERYONE, 4).partner[0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_weights_that_cannot_be_used_are_refused(bad: float):
    with pytest.raises(BadPreference):
        Weights(near=bad)


def test_all_weights_zero_and_no_suggestions_are_refused():
    with pytest.raises(BadPreference):
        Weights(*[0.0] * 9)
    with pytest.raises(BadPreference):
        rank(make_profiles(0, 3), 0, EVERYONE, 0)


def test_parts_of_a_suggestion_add_up_and_reasons_rest_on_known_data(shipped):
    asker = shipped.profiles.row("03354")
    ranking = rank(shipped.profiles, asker, Preferences(), 10)
    for suggestion in explain(shipped.profiles, shipped.catalogue, ranking, Preferences()):
        assert suggestion.score == pytest.approx(sum(part.value * part.weight for part in suggestion.parts))
        assert suggestion.coverage == pytest.approx(sum(part.weight for part in suggestion.parts if part.known))
        assert len(suggestion.reasons) <= 3
        assert len(suggestion.against) <= 3
        assert suggestion.partner.key != "03354"


def test_jena_is_told_as_a_former_partner_of_suederbrarup(shipped):
    profiles = shipped.profiles
    asker, jena = profiles.row("01059083"), profiles.row("16053000")
    assert profiles.ties[asker, jena] == 1
    assert profiles.km_between(asker, jena)[0, 0] == pytest.approx(430, abs=5)
    only_ties = Preferences(weights=Weights(*[float(part == "ties") for part in PARTS]))
    best = explain(profiles, shipped.catalogue, rank(profiles, asker, only_ties, 1), only_ties)[0]
    assert best.partner.name == "Jena"
    assert [reason.template for reason in best.reasons] == ["You already work together."]
    assert any("apart" in text.template for text in best.against)


def test_stability_is_high_for_a_planted_match_and_low_for_a_chance_one():
    assert stability(a_pair_made_for_each_other(), 0, EVERYONE, 3)[1] >= 0.95
    twins = make_profiles(0, 80, unknown=1)
    fragile = replace(
        twins, maturity=np.random.default_rng(1).integers(2, 6, (80, 8)) / 2, land=np.zeros(80, dtype=np.int64)
    )
    assert min(stability(fragile, 0, EVERYONE, 3).values()) <= 0.5


def test_stability_repeats_with_its_seed():
    profiles = make_profiles(9, 40)
    assert stability(profiles, 4, EVERYONE, 5, seed=3) == stability(profiles, 4, EVERYONE, 5, seed=3)
