"""The score against an independent computation of its definition, and what a reader is told about it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib.parallel import ThreadingBackend
from scipy import sparse

from matchmaker import partners
from matchmaker.errors import BadPreference
from matchmaker.model import PARTS, PRESETS, Kind, Preferences, Weights
from matchmaker.partners import explain, rank, rank_all, sensitivity, stability, update
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


@settings(max_examples=60)
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


@settings(max_examples=40)
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
    monkeypatch.setattr("matchmaker.partners._LEAST_BLOCK", 7)
    monkeypatch.setattr("matchmaker.partners._MOST_BLOCK", 7)
    done: list[float] = []
    parts = rank_all(profiles, EVERYONE, 7, progress=done.append)
    assert parts.partner.tolist() == whole.partner.tolist()
    assert parts.score == pytest.approx(whole.score)
    assert done[-1] == 1
    assert done == sorted(done)
    assert len(done) == 9


@pytest.mark.parametrize(
    "profiles",
    [
        make_profiles(1, 700, unknown=0),
        make_profiles(2, 700, unknown=0.3),
        make_profiles(3, 600, use_cases=90, unknown=0.1),
        make_profiles(4, 700, unknown=0, coarse=True),
        make_profiles(5, 700, unknown=0.5, coarse=True),
        replace(make_profiles(6, 500), lat=np.linspace(-89, 89, 500), lon=np.linspace(-179, 179, 500)),
        replace(
            make_profiles(7, 300, unknown=0), need=np.zeros((300, 6), np.uint8), offer=np.zeros((300, 6), np.uint8)
        ),
        make_profiles(8, 300, unknown=1, coarse=True),
        make_profiles(9, 140, unknown=0, use_cases=2_800),
    ],
    ids=[
        "known",
        "gaps",
        "90 use cases",
        "equals",
        "equals and gaps",
        "whole earth",
        "no needs",
        "nothing known",
        "more use cases than an estimate can count",
    ],
)
@pytest.mark.parametrize("max_km", [None, 150.0])
def test_the_quick_way_through_many_candidates_equals_scoring_each(profiles: Profiles, max_km: float | None):
    """Several tiles of candidates, so that estimates decide which of them are scored."""
    preferences = replace(EVERYONE, max_km=max_km, weights=Weights(near=0.3, ties=0.2))
    everybody = rank_all(profiles, preferences, 9)
    for i in range(0, len(profiles), 7):
        alone = rank(profiles, i, preferences, 9)
        assert alone.partner[0].tolist() == everybody.partner[i].tolist()
        assert np.array_equal(alone.score[0], everybody.score[i], equal_nan=True)
        assert np.array_equal(alone.coverage[0], everybody.coverage[i], equal_nan=True)


@settings(max_examples=30)
@given(
    n=st.integers(1, 700), k=st.integers(1, 40), cores=st.integers(1, 5), most=st.integers(1, 3), coarse=st.booleans(),
    use_cases=st.sampled_from((6, 90)), max_km=st.sampled_from((None, 150.0)),
)  # fmt: skip
def test_everybody_in_meetings_equals_everybody_in_blocks(
    n: int, k: int, cores: int, most: int, use_cases: int, max_km: float | None, *, coarse: bool
):
    """However many cores there are and however large the groups, down to groups of nobody."""
    profiles = make_profiles(n, n, unknown=0, coarse=coarse, use_cases=use_cases)
    preferences = replace(EVERYONE, max_km=max_km)
    done: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partners, "_MANY", 1)
        patch.setattr(ThreadingBackend, "effective_n_jobs", lambda *_: cores)
        patch.setattr(partners, "_MOST_TILES", most)
        met = rank_all(profiles, preferences, k, progress=done.append)
        patch.setattr(partners, "_MANY", 10**9)
        asked = rank_all(profiles, preferences, k)
    assert np.array_equal(met.partner, asked.partner)
    assert np.array_equal(met.score, asked.score, equal_nan=True)
    assert done == sorted(done)
    assert done[-1] == 1


@pytest.mark.parametrize("groups", [2, 4, 10])
def test_each_group_meets_each_other_once_and_is_in_one_meeting_at_a_time(groups: int):
    rounds = list(partners._rounds(groups))
    assert all(sorted(itertools.chain(*pairs)) == list(range(groups)) for pairs in rounds)
    met = [tuple(sorted(pair)) for pairs in rounds for pair in pairs]
    assert sorted(met) == list(itertools.combinations(range(groups), 2))


def edited(profiles: Profiles, rng: np.random.Generator) -> Profiles:
    """Change what one to three municipalities say about themselves."""
    columns = {name: getattr(profiles, name).copy() for name in ("need", "offer", "maturity", "fte", "participates")}
    for row in rng.choice(len(profiles), rng.integers(1, 4), replace=False):
        columns["need"][row] = rng.choice([0, 0, 1, 2, 3], columns["need"].shape[1])
        columns["offer"][row] = rng.choice([0, 1, 2, 4], columns["offer"].shape[1])
        columns["maturity"][row] = rng.integers(0, 11, 8) / 2
        columns["fte"][row] = rng.choice([0.5, 2.0])
        columns["participates"][row] = rng.random() < 0.8
    return replace(profiles, **columns)


@pytest.mark.parametrize("seed", range(6))
def test_an_edit_updates_every_list_as_ranking_all_anew_would(seed: int):
    rng = np.random.default_rng(seed)
    profiles = make_profiles(seed, 50 if seed else 8, unknown=0.3 if seed == 5 else 0, coarse=seed % 2 == 0)
    preferences = Preferences(max_km=400 if seed == 3 else None)
    ranking = rank_all(profiles, preferences, 5)
    for _ in range(12):
        after = edited(profiles, rng)
        ranking = update(ranking, profiles, after, preferences)
        anew = rank_all(after, preferences, 5)
        assert ranking.partner.tolist() == anew.partner.tolist()
        assert np.array_equal(ranking.score, anew.score, equal_nan=True)
        assert np.array_equal(ranking.coverage, anew.coverage, equal_nan=True)
        profiles = after


def test_an_edit_leaves_most_lists_alone(monkeypatch: pytest.MonkeyPatch):
    profiles = make_profiles(1, 400, unknown=0)
    ranking = rank_all(profiles, EVERYONE, 5)
    ranked: list[int] = []
    original = partners._ranked
    monkeypatch.setattr(partners, "_ranked", lambda p, rows, *a: ranked.append(len(rows)) or original(p, rows, *a))
    update(ranking, profiles, edited(profiles, np.random.default_rng(0)), EVERYONE)
    assert len(ranked) == 1
    assert ranked[0] < 80


def test_a_new_cooperation_moves_both_partners_up():
    profiles = make_profiles(1, 60, unknown=0)
    ties = profiles.ties.tolil()
    ties[3, 40] = ties[40, 3] = 1
    after = replace(profiles, ties=sparse.csr_array(ties))
    moved = update(rank_all(profiles, EVERYONE, 5), profiles, after, EVERYONE)
    assert moved.partner.tolist() == rank_all(after, EVERYONE, 5).partner.tolist()


def test_another_register_is_ranked_anew():
    profiles, larger = make_profiles(1, 30, unknown=0), make_profiles(1, 31, unknown=0)
    assert len(update(rank_all(profiles, EVERYONE, 5), profiles, larger, EVERYONE).partner) == 31


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


def test_leaving_out_a_weight_or_doubling_it_says_who_comes_and_goes():
    profiles = a_pair_made_for_each_other()
    shifts = {(shift.part, shift.factor): shift for shift in sensitivity(profiles, 0, EVERYONE, 3)}
    assert len(shifts) == 18
    without = replace(EVERYONE, weights=Weights(shared_needs=0))
    expected = set(rank(profiles, 0, without, 3).partner[0]) - set(rank(profiles, 0, EVERYONE, 3).partner[0])
    assert {m.key for m in shifts["shared_needs", 0.0].enters} == {str(profiles.key[row]) for row in expected}
    assert all(len(shift.enters) == len(shift.leaves) for shift in shifts.values())
    only = replace(EVERYONE, weights=Weights(*[float(part == "near") for part in PARTS]))
    assert [(s.part, s.factor, s.enters) for s in sensitivity(profiles, 0, only, 3)] == [("near", 2.0, ())]


def test_presets_of_all_kinds_of_user_add_up_to_one():
    for weights in PRESETS.values():
        assert sum(weights.values()) == pytest.approx(1)


def test_what_would_lift_a_match_is_a_step_that_lifts_it_that_much(shipped):
    """Everything known: take the step that is named, and the score rises by what is said."""
    profiles = shipped.profiles.take(shipped.profiles.simulated)
    seen = set()
    for asker in range(len(profiles)):
        ranking = rank(profiles, asker, EVERYONE, 3)
        for suggestion in explain(profiles, shipped.catalogue, ranking, EVERYONE):
            if suggestion.lift is None:
                continue
            seen.add(suggestion.lift.template.split()[0])
            values, row = dict(suggestion.lift.values), profiles.row(suggestion.partner.key)
            need, offer, fte = profiles.need.copy(), profiles.offer.copy(), profiles.fte.copy()
            if "fte" in values:
                fte[row] += values["fte"]
            else:
                column = [u.title for u in shipped.catalogue.use_cases].index(values["title"])
                if suggestion.lift.template.startswith("Ask"):
                    need[row, column] = need[asker, column]
                else:
                    offer[row, column] = 4
            after = replace(profiles, need=need, offer=offer, fte=fte)
            again = rank(after, asker, replace(EVERYONE, exclude=frozenset(set(profiles.key) - {profiles.key[row]})), 1)
            assert again.score[0, 0] == pytest.approx(suggestion.score + values["gain"], abs=2e-3)
    assert {"Ask", "If"} <= seen


def test_a_reason_names_as_running_only_what_runs(shipped):
    profiles = shipped.profiles
    for asker in np.flatnonzero(profiles.simulated):
        for suggestion in explain(
            profiles, shipped.catalogue, rank(profiles, int(asker), Preferences(), 5), Preferences()
        ):
            for reason in suggestion.reasons:
                if reason.template.startswith("{name} already runs"):
                    titles = dict(reason.values)["titles"]
                    columns = [c for c, u in enumerate(shipped.catalogue.use_cases) if u.title in titles]
                    assert (profiles.offer[profiles.row(suggestion.partner.key), columns] == 4).all()


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
