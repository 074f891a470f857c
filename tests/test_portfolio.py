"""Plans against full enumeration, against each other and against the limits they have to keep."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from matchmaker import consortia, portfolio
from matchmaker.catalogue import Catalogue
from matchmaker.cli import main
from matchmaker.errors import BadInput
from matchmaker.model import Preferences
from matchmaker.portfolio import Limits, bound, exact
from matchmaker.portfolio.problem import Group, Problem, build, reachable, tiers, violations
from matchmaker.profiles import Profiles
from matchmaker.sheets import SHIPPED
from tests.strategies import make_profiles
from tests.test_consortia import cost, make_catalogue


def region(seed: int, n: int, use_cases: int, *, rich: float = 3e4) -> tuple[Profiles, Catalogue]:
    profiles = make_profiles(seed, n, use_cases=use_cases, unknown=0.1)
    rng = np.random.default_rng(seed)
    budget = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0, rich, n).round())
    profiles = replace(profiles, budget_eur=budget, maturity=rng.integers(3, 11, (n, 8)) / 2)
    catalogue = make_catalogue(levels=2.0)
    # As many use cases of different cost as the profiles have columns.
    cases = tuple(
        replace(catalogue.use_cases[0], id=name, one_off=cost(f"{name}.one_off", (5_000 * (c + 1), 30_000 * (c + 1))))
        for c, name in enumerate(profiles.use_cases)
    )
    return profiles, replace(catalogue, use_cases=cases)


def all_groups(problem: Problem) -> list[Group]:
    n, u = problem.needs.shape
    return [
        group
        for c in range(u)
        for h in range(n)
        for size in problem.sizes
        for joiners in combinations([i for i in range(n) if i != h and problem.needs[i, c]], size - 1)
        if not violations(problem, [group := Group(c, h, joiners)])
    ]


def best_by_enumeration(problem: Problem) -> float:
    groups = [(problem.value(group), group) for group in all_groups(problem)]
    groups = [(value, group) for value, group in groups if value > 0]

    def search(at: int, chosen: list[Group], value: float) -> float:
        best = value
        for next_one in range(at, len(groups)):
            more, group = groups[next_one]
            if not violations(problem, [*chosen, group]):
                best = max(best, search(next_one + 1, [*chosen, group], value + more))
        return best

    return search(0, [], 0.0)


@pytest.mark.parametrize("block", range(10))
def test_the_exact_plan_of_small_regions_is_the_best_of_all(block: int):
    for seed in range(20 * block, 20 * block + 20):
        profiles, catalogue = region(seed, n=5, use_cases=2)
        limits = Limits(max_size=3, most_led=2)
        plan = portfolio.make_plan(profiles, catalogue, limits, gap=0.0)
        assert plan.value_eur == pytest.approx(best_by_enumeration(build(profiles, catalogue, limits)), abs=0.01)
        assert plan.status == "optimal"
        assert plan.bound_eur == pytest.approx(plan.value_eur, abs=0.1)
        assert not portfolio.violations(profiles, catalogue, limits, plan)


@pytest.mark.parametrize("seed", range(30))
def test_search_optimum_and_bound_stand_in_this_order(seed: int):
    profiles, catalogue = region(seed, n=14, use_cases=3)
    # Short budgets are what limits most, and in every other region leave a good part of what is possible.
    profiles = replace(profiles, budget_eur=profiles.budget_eur * (1 if seed % 2 else 4))
    problem = build(profiles, catalogue, Limits(max_size=4))
    model = exact.model_of(problem, 10**6)
    assert model is not None
    solved = exact.solve(problem, model, seconds=60)
    assert solved.groups is not None
    best = sum(map(problem.value, solved.groups))
    search = bound.Search(problem)
    for _ in bound.run(search, lambda: False, rounds=10, gap=0.0):
        assert search.value <= best + 0.01
        assert best <= search.bound + 0.01
    assert not violations(problem, search.groups)
    assert sum(map(problem.value, search.groups)) == pytest.approx(search.value)
    assert search.value >= 0.8 * best


@pytest.mark.parametrize("rich", [3e4, 1e6])
def test_plan_and_bound_of_a_country_in_parts_stand_on_both_sides_of_the_optimum(
    rich: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bound, "_BRANCH_PAIRS", 12)  # as a country, but small enough to be solved exactly
    profiles, catalogue = region(11, n=24, use_cases=3, rich=rich)
    apart = ((str(profiles.key[3]), str(profiles.key[20])), (str(profiles.key[1]), str(profiles.key[2])))
    problem = build(profiles, catalogue, Limits(max_size=4, apart=apart))
    model = exact.model_of(problem, 10**6)
    assert model is not None
    solved = exact.solve(problem, model, seconds=60)
    assert solved.groups is not None
    best = sum(map(problem.value, solved.groups))
    assert best == pytest.approx(solved.bound, rel=1e-3)
    search = bound.Search(problem)
    for _ in bound.run(search, lambda: False, rounds=40, gap=0.0):
        assert search.value <= best + 0.01
        assert best <= search.bound + 0.01
    assert not violations(problem, search.groups)
    assert search.value >= 0.98 * best
    assert search.bound <= 1.2 * best


def test_uses_of_money_are_counted_in_tiers_of_which_few_fit_together():
    use = np.array([0.0, 30.0, 60.0, 61.0, 100.0, 120.0])
    assert tiers(use, np.full(6, 120.0)).tolist() == [0, 7, 14, 15, 24, 29]
    assert tiers(use, np.full(6, np.inf)).tolist() == tiers(use, np.zeros(6)).tolist() == [0] * 6


def test_a_project_saves_what_the_best_group_of_its_lead_would_report():
    profiles, catalogue = region(4, n=12, use_cases=2, rich=1e6)
    plan = portfolio.make_plan(profiles, catalogue, Limits(max_size=7, simulated=True), gap=0.0)
    assert plan.projects
    for project in plan.projects:
        alone = [m.key for m in project.members]
        few = profiles.take(np.isin(profiles.key, alone))
        same = consortia.best_group(
            replace(few, simulated=np.zeros(len(few), dtype=bool)), catalogue, few.row(project.lead.key),
            project.use_case, Preferences(),
        )  # fmt: skip
        assert same is not None
        by_size = dict(same.curve)
        assert project.saving_eur <= by_size[len(alone)] + 0.01
        if same.lead.key == project.lead.key and len(same.members) == len(alone):
            assert project.saving_eur == pytest.approx(same.saving_eur.central)


def test_wishes_are_kept_or_named():
    profiles, catalogue = region(7, n=12, use_cases=3, rich=1e6)
    free = portfolio.make_plan(profiles, catalogue, Limits(), gap=0.0)
    first = free.projects[0]
    a, b = first.members[0].key, first.members[1].key
    apart = portfolio.make_plan(profiles, catalogue, Limits(apart=((a, b),)), gap=0.0)
    assert not [p for p in apart.projects if {a, b} <= {m.key for m in p.members}]
    assert apart.value_eur <= free.value_eur + 0.01
    together = portfolio.make_plan(profiles, catalogue, Limits(together=((a, b),)), gap=0.0)
    assert together.value_eur == pytest.approx(free.value_eur)
    fixed = (first.use_case, a, tuple(m.key for m in first.members[1:]))
    kept = portfolio.make_plan(profiles, catalogue, Limits(fixed=(fixed,)), gap=0.0)
    assert kept.value_eur == pytest.approx(free.value_eur)
    forbidden = portfolio.make_plan(profiles, catalogue, Limits(forbidden=((first.use_case, a),)), gap=0.0)
    assert (first.use_case, a) not in {(p.use_case, p.lead.key) for p in forbidden.projects}
    without = portfolio.make_plan(profiles, catalogue, Limits(excluded=frozenset({a})), gap=0.0)
    assert a not in {m.key for p in without.projects for m in p.members}
    with pytest.raises(BadInput) as caught:
        portfolio.make_plan(profiles, catalogue, Limits(excluded=frozenset({a}), together=((a, b),)), gap=0.0)
    assert "contradict each other" in caught.value.what.template
    with pytest.raises(BadInput) as caught:
        portfolio.make_plan(profiles, catalogue, Limits(fixed=((first.use_case, a, ()),)))
    assert "fixed project" in caught.value.what.template


@pytest.mark.parametrize("seed", range(6))
def test_nobody_of_the_weakest_fifth_is_left_out_silently(seed: int):
    profiles, catalogue = region(seed, n=12, use_cases=3)
    limits = Limits(include_weak=True)
    problem = build(profiles, catalogue, limits)
    plan = portfolio.make_plan(profiles, catalogue, limits, gap=0.0)
    assert not portfolio.violations(profiles, catalogue, limits, plan)
    inside = {m.key for p in plan.projects for m in p.members}
    said = {one.municipality.key for one in plan.left_out}
    for row in np.flatnonzero(problem.weak & reachable(problem) & profiles.participates):
        assert str(profiles.key[row]) in inside | said
    assert not inside & said
    free = portfolio.make_plan(profiles, catalogue, Limits(), gap=0.0)
    covered = [sum(str(k) in {m.key for p in one.projects for m in p.members} for k in profiles.key[problem.weak])
               for one in (plan, free)]  # fmt: skip
    assert covered[0] >= covered[1]
    assert plan.value_eur <= free.value_eur + 0.01


def test_the_search_gives_the_same_plan_for_the_same_seed():
    profiles, catalogue = region(3, n=40, use_cases=4)
    problem = build(profiles, catalogue, Limits())
    plans = []
    for _ in range(2):
        search = bound.Search(problem)
        for _round in bound.run(search, lambda: False, rounds=6, gap=0.0):
            pass
        plans.append((search.groups, search.bound))
    assert plans[0] == plans[1]


def test_a_stopped_search_returns_its_best_plan():
    profiles, catalogue = region(5, n=60, use_cases=5)
    plan = portfolio.make_plan(profiles, catalogue, Limits(), stop=lambda: True)
    assert not portfolio.violations(profiles, catalogue, Limits(), plan)
    assert plan.value_eur <= plan.bound_eur


def test_the_exact_solver_ends_when_asked_with_the_best_groups_so_far():
    profiles, catalogue = region(2, n=40, use_cases=6, rich=2e4)
    problem = build(profiles, catalogue, Limits())
    model = exact.model_of(problem, 10**6)
    assert model is not None
    search = bound.Search(problem)
    search.fill()
    assert search.groups
    solved = exact.solve(problem, model, seconds=600, known=search.groups, stop=lambda: True)
    assert solved.groups is not None
    assert not violations(problem, solved.groups)
    assert search.value - 0.01 <= sum(map(problem.value, solved.groups)) <= solved.bound


def test_the_command_line_answers_in_the_promised_form(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    table = tmp_path / "plan.csv"
    call = ["--data", str(SHIPPED), "plan", "--land", "BY", "--out", str(table), "--json"]
    assert main(call) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"status", "value_eur", "bound_eur", "gap", "consortia", "left_out", "seconds"} <= set(answer)
    assert answer["value_eur"] == pytest.approx(sum(one["saving_eur"] for one in answer["consortia"]), abs=0.1)
    assert answer["value_eur"] <= answer["bound_eur"] + 0.01
    assert all(one["lead"] == one["members"][0] for one in answer["consortia"])
    inside = {key for one in answer["consortia"] for key in one["members"]}
    assert not inside & {one["key"] for one in answer["left_out"]}
    assert table.read_text(encoding="utf-8").count("\n") == 1 + sum(len(one["members"]) for one in answer["consortia"])
    assert main(["--data", str(SHIPPED), "plan", "--land", "XX"]) == 2
