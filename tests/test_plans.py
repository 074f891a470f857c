"""Plans as a competence centre uses them: wishes, ways in, inclusion, time, and scenarios that are kept."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import plans, portfolio, scenarios, service, store
from matchmaker.catalogue import Catalogue
from matchmaker.cli import main
from matchmaker.dataset import Dataset
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, UnknownKey
from matchmaker.message import Label
from matchmaker.model import Preferences
from matchmaker.plans import Region
from matchmaker.portfolio import Limits, Plan
from matchmaker.portfolio.entry import groups_of, insertion, ways_in
from matchmaker.portfolio.inclusion import inclusion_curve
from matchmaker.portfolio.problem import build, reachable, violations
from matchmaker.portfolio.schedule import schedule
from matchmaker.profiles import Profiles
from matchmaker.scenarios import Scenario
from matchmaker.store import Store
from matchmaker.workspace import Workspace
from tests.test_portfolio import region

MUNICH, NUREMBERG, LUEBECK, JENA = "09162000", "09564000", "01003000", "16053000"


def best(profiles: Profiles, catalogue: Catalogue, limits: Limits) -> Plan:
    return portfolio.make_plan(profiles, catalogue, limits, gap=0.0)


def members(plan: Plan) -> set[str]:
    return {m.key for project in plan.projects for m in project.members}


def said(error: BadInput) -> str:
    return str(error.what)


A, B, C = "00000000", "00000001", "00000002"


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        ({"excluded": frozenset({A}), "included": frozenset({A})}, "takes no part and must take part"),
        ({"excluded": frozenset({A}), "together": ((A, B),)}, "takes no part and must take part"),
        ({"excluded": frozenset({B}), "fixed": (("UC01", A, (B,)),)}, "takes no part and must take part"),
        ({"together": ((A, B),), "apart": ((B, A),)}, "must be together and must not"),
        ({"apart": ((A, A),)}, "paired with itself"),
        ({"fixed": (("UC01", A, (B,)),), "forbidden": (("UC01", A),)}, "is to lead {use_case} and must not"),
    ],
)
def test_wishes_that_contradict_each_other_are_named(wishes: dict[str, object], named: str):
    profiles, catalogue = region(1, n=8, use_cases=2)
    with pytest.raises(BadInput) as caught:
        best(profiles, catalogue, Limits(**wishes))
    assert named in said(caught.value)


def test_every_contradiction_is_named_and_unknown_keys_are_no_plan():
    profiles, catalogue = region(1, n=8, use_cases=2)
    with pytest.raises(BadInput) as caught:
        best(profiles, catalogue, Limits(apart=((A, A), (B, C)), together=((C, B),)))
    assert "paired with itself" in said(caught.value)
    assert "must be together and must not" in said(caught.value)
    with pytest.raises(UnknownKey):
        best(profiles, catalogue, Limits(apart=(("99999999", A),)))


@pytest.mark.parametrize("seed", range(8))
def test_who_has_to_take_part_does_or_is_named(seed: int):
    profiles, catalogue = region(seed, n=12, use_cases=3)
    free = best(profiles, catalogue, Limits())
    reach = reachable(build(profiles, catalogue, Limits()))
    for one in free.left_out:
        key = one.municipality.key
        wish = Limits(included=frozenset({key}))
        if not reach[profiles.row(key)]:
            with pytest.raises(BadInput, match="must take part, but cannot"):
                best(profiles, catalogue, wish)
            continue
        plan = best(profiles, catalogue, wish)
        assert key in members(plan)
        assert plan.value_eur <= free.value_eur + 0.01
        assert not portfolio.violations(profiles, catalogue, Limits(), plan)


@pytest.mark.parametrize("changed", [{"most_paid_eur": 4_000.0}, {"budget_share": 0.3}], ids=str)
def test_nobody_pays_more_than_the_limit_allows(changed: dict[str, float]):
    profiles, catalogue = region(2, n=25, use_cases=4)
    free, limited = (best(profiles, catalogue, limits) for limits in (Limits(), Limits(**changed)))
    assert limited.value_eur < free.value_eur
    most = np.fmin(profiles.budget_eur * changed.get("budget_share", 1), changed.get("most_paid_eur", np.inf))
    for row, key in enumerate(profiles.key.tolist()):
        paid = sum(
            euro
            for project in limited.projects
            for member, euro in zip(project.members, project.pays_eur, strict=True)
            if member.key == key
        )
        assert paid <= most[row] + 0.01


@pytest.mark.parametrize("wrong", [{"most_paid_eur": 0.0}, {"most_paid_eur": math.nan}, {"budget_share": 1.5}], ids=str)
def test_limits_that_cannot_be_are_refused(wrong: dict[str, float]):
    with pytest.raises(BadInput):
        Limits(**wrong)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), place=st.integers(0, 9))
def test_a_way_in_is_true_when_planned_anew(seed: int, place: int):
    """A new plan reaches the gain of putting a municipality into a plan, and then has that municipality."""
    profiles, catalogue = region(seed, n=10, use_cases=3)
    key = str(profiles.key[place])
    limits = Limits(excluded=frozenset({key}))
    plan = best(profiles, catalogue, limits)
    everybody = np.ones(len(profiles), dtype=bool)
    new = best(profiles, catalogue, Limits())
    ways = ways_in(profiles, everybody, catalogue, limits, plan, key)
    assert len(ways) <= 1
    for way in ways:
        assert way.change.template == "No longer excluded"
        assert way.gain_eur > 0
        assert new.value_eur >= plan.value_eur + way.gain_eur - 0.01
        assert not way.certain or key in members(new)
    if new.value_eur <= plan.value_eur + 0.01:
        assert not ways


def test_a_need_that_would_help_does_so_when_entered():
    tried = 0
    for seed in range(6):
        profiles, catalogue = region(seed, n=12, use_cases=3)
        cases = tuple(replace(one, title=Label(one.id, one.id)) for one in catalogue.use_cases)
        catalogue = replace(catalogue, use_cases=cases)
        plan = best(profiles, catalogue, Limits())
        everybody = np.ones(len(profiles), dtype=bool)
        for one in plan.left_out:
            row = profiles.row(one.municipality.key)
            for way in ways_in(profiles, everybody, catalogue, Limits(), plan, one.municipality.key):
                if way.change.template != "A need for “{title}”":
                    continue
                tried += 1
                need, known = profiles.need.copy(), profiles.need_known.copy()
                need[row, catalogue.ids.index(way.title.en)] = 2
                known[row] = True
                new = best(replace(profiles, need=need, need_known=known), catalogue, Limits())
                assert new.value_eur >= plan.value_eur + way.gain_eur - 0.01
                assert not way.certain or one.municipality.key in members(new)
    assert tried > 5


def test_a_budget_that_would_be_enough_is_enough():
    tried = 0
    for seed in range(8):
        profiles, catalogue = region(seed, n=14, use_cases=3, rich=8e3)
        plan = best(profiles, catalogue, Limits())
        everybody = np.ones(len(profiles), dtype=bool)
        for one in plan.left_out:
            row = profiles.row(one.municipality.key)
            for way in ways_in(profiles, everybody, catalogue, Limits(), plan, one.municipality.key):
                if way.change.template == "A free budget of {budget:eur} a year":
                    tried += 1
                    budget = profiles.budget_eur.copy()
                    assert dict(way.change.values)["budget"] > budget[row]
                    budget[row] = dict(way.change.values)["budget"]
                    new = best(replace(profiles, budget_eur=budget), catalogue, Limits())
                    assert new.value_eur >= plan.value_eur + way.gain_eur - 0.01
                    assert not way.certain or one.municipality.key in members(new)
    assert tried > 2


def test_an_insertion_keeps_every_limit_and_all_other_groups():
    profiles, catalogue = region(5, n=30, use_cases=4)
    problem = build(profiles, catalogue, Limits())
    groups = groups_of(best(profiles, catalogue, Limits()), profiles, catalogue)[:-3]
    found = 0
    for row in range(len(profiles)):
        one = insertion(problem, groups, row)
        if one is not None:
            rest = [group for group in groups if group is not one.former]
            assert not violations(problem, [*rest, one.group])
            assert row in one.group.rows
            before = problem.value(one.former) if one.former else 0.0
            assert one.gain == pytest.approx(problem.value(one.group) - before)
            found += 1
    assert found


@pytest.mark.parametrize("seed", range(6))
def test_more_of_the_weakest_fifth_never_saves_more(seed: int):
    profiles, catalogue = region(seed, n=30, use_cases=3, rich=1.5e4)
    made: list[Limits] = []

    def make(limits: Limits) -> Plan:
        made.append(limits)
        return best(profiles, catalogue, limits)

    curve = inclusion_curve(profiles, catalogue, Limits(), make)
    free, along = (best(profiles, catalogue, Limits(include_weak=weak)) for weak in (False, True))
    assert curve[0].value_eur == pytest.approx(free.value_eur)
    assert curve[-1].weak_inside == along.weak_inside
    for fewer, more in pairwise(curve):
        assert fewer.weak_inside < more.weak_inside
        assert fewer.value_eur > more.value_eur
    assert all(not portfolio.violations(profiles, catalogue, Limits(), plan) for plan in curve)
    assert len(made) <= 5


def test_each_lead_sets_up_one_project_after_the_other():
    profiles, catalogue = region(5, n=30, use_cases=4)
    plan = best(profiles, catalogue, Limits())
    lead = plan.projects[0].lead.key
    plan = replace(plan, projects=tuple(replace(one, lead=plan.projects[0].lead) for one in plan.projects[:2]))
    fte = profiles.fte.copy()
    fte[profiles.row(lead)] = 1.2
    found = schedule(plan, replace(profiles, fte=fte), catalogue)
    days = catalogue.span("setup_days")
    assert (days.central, days.high, catalogue.span("lead_fte").central) == (25, 40, 0.5)
    # 25 days of a whole post are five weeks; with 1.2 - 0.5 = 0.7 posts 7.14 more, so in weeks 6 to 13.
    assert [(one.first, one.last, one.latest, one.posts) for one in found] == [
        (1, 5, 8, 1.0),
        (6, 13, 20, pytest.approx(0.7)),
    ]
    assert found[0].project.saving_eur >= found[1].project.saving_eur
    fte = fte.copy()
    fte[profiles.row(lead)] = np.nan
    unknown, _ = schedule(plan, replace(profiles, fte=fte), catalogue)
    assert (unknown.first, unknown.last, unknown.posts, unknown.assumed) == (1, 10, 0.5, True)


def test_a_region_is_everything_named_together(shipped: Dataset):
    profiles = shipped.profiles

    def keys(region: Region) -> set[str]:
        return set(profiles.key[plans.inside(shipped, region)].tolist())

    both = keys(Region(lands=("TH",), districts=("09162",), keys=(LUEBECK,)))
    assert both == keys(Region(lands=("TH",))) | {MUNICH, LUEBECK}
    assert keys(Region()) == set(profiles.key[profiles.participates].tolist())


@pytest.mark.parametrize(
    ("region", "named"),
    [
        (Region(lands=("XX",)), "is no Land"),
        (Region(districts=("99999",)), "no district with the key"),
        (Region(keys=("99999999",)), "no municipality with the key"),
        (Region(keys=("01001000",)), "Nobody in this region takes part"),
    ],
)
def test_a_region_that_cannot_be_is_named(shipped: Dataset, region: Region, named: str):
    with pytest.raises(BadInput) as caught:
        plans.plan_region(shipped, Limits(), region)
    assert named in said(caught.value)


def test_a_region_of_one_municipality_has_no_project_and_says_why(shipped: Dataset):
    plan = plans.plan_region(shipped, Limits(), Region(keys=(LUEBECK, "01001000")))
    assert (plan.projects, plan.value_eur, plan.bound_eur) == ((), 0, 0)
    assert [one.municipality.key for one in plan.left_out] == [LUEBECK]
    assert any("nothing is known yet" in note.template and "Flensburg" in str(note.values) for note in plan.notes)


def test_a_wish_about_somebody_outside_the_region_is_named(shipped: Dataset):
    with pytest.raises(BadInput) as caught:
        plans.plan_region(shipped, Limits(included=frozenset({MUNICH})), Region(lands=("TH",)))
    assert "München" in said(caught.value)


def test_whoever_nobody_in_the_region_can_lead_is_told_who_elsewhere_could(shipped: Dataset):
    region = Region(lands=("SH",))
    plan = plans.plan_region(shipped, Limits(), region)
    ways = plans.ways_in(shipped, Limits(), region, plan, LUEBECK)
    elsewhere = next(way for way in ways if "as lead from elsewhere" in way.change.template)
    larger = replace(region, keys=(elsewhere.lead.key,))
    new = plans.plan_region(shipped, Limits(), larger)
    assert new.value_eur >= plan.value_eur + elsewhere.gain_eur - 0.01
    assert LUEBECK in members(new)
    with pytest.raises(BadInput):
        plans.ways_in(shipped, Limits(), larger, new, LUEBECK)


def test_plans_stand_beside_others_and_wishes_hold_in_all_of_them(shipped: Dataset):
    limits, region = Limits(apart=((MUNICH, NUREMBERG),)), Region(lands=("BY",))
    plan = plans.plan_region(shipped, limits, region)
    found = plans.variants(shipped, limits, region, plan)
    assert len(found) == 5
    assert found[0].plan is plan
    for one in found:
        assert not any({MUNICH, NUREMBERG} <= {m.key for m in p.members} for p in one.plan.projects)
        assert all(len(p.members) <= one.limits.max_size for p in one.plan.projects)
        assert one.plan.value_eur <= plan.value_eur + 0.01


def test_the_paper_of_a_project_has_the_saving_of_the_plan(shipped: Dataset):
    plan = plans.plan_region(shipped, Limits(), Region(lands=("BY",)))
    for project in plan.projects:
        group = service.planned_group(shipped, project)
        assert group.saving_eur.central == pytest.approx(project.saving_eur)
        assert group.members == project.members
        assert sum(share.pays_cents for share in group.shares) == group.joint_cents
    for member in group.members:
        ways = service.project_options(shipped, member.key, group, Preferences())
        paper = service.paper_about(shipped, member.key, group, ways, dt.date(2026, 11, 25))
        assert paper.calculation.group == group


def test_the_workbook_of_a_plan_has_a_row_for_each_member(shipped: Dataset):
    plan = plans.plan_region(shipped, Limits(), Region(lands=("BY",)))
    table = plans.plan_table(plan, lambda title: title.de)
    book = plans.plan_workbook([("plan", table), ("again", table)])
    for sheet in ("plan", "again"):
        read = pd.read_excel(io.BytesIO(book), sheet_name=sheet, dtype={"key": str})
        assert list(read["key"]) == [m.key for p in plan.projects for m in p.members]


def test_a_scenario_comes_back_as_it_was(shipped: Dataset):
    region = Region(lands=("BY",), keys=(LUEBECK,))
    limits = Limits(
        excluded=frozenset({JENA}), together=((MUNICH, NUREMBERG),), fixed=(("UC03", MUNICH, (NUREMBERG,)),),
        most_paid_eur=math.inf,
    )  # fmt: skip
    plan = plans.plan_region(shipped, Limits(), region)
    for kept in (plan, replace(plan, gap=math.inf)):
        scenario = Scenario(region, limits, 30.0, kept, plans.fingerprint(shipped, region))
        assert scenarios.read(scenarios.written(scenario)) == scenario


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "region": {}}', "null", '{"form": []}'])
def test_a_scenario_of_another_form_is_refused(text: str):
    with pytest.raises(BadInput):
        scenarios.read(text)


def test_a_scenario_notices_changes_of_its_own_region_only(database: str):
    workspace = Workspace(store=Store(database))
    region = Region(lands=("TH",))
    before = plans.fingerprint(workspace.load(), region)
    workspace.save_profile(replace(own_profile(workspace.load(), LUEBECK), fte=1.5))
    assert plans.rests_on(workspace.load(), region, before)
    workspace.save_profile(replace(own_profile(workspace.load(), JENA), fte=1.5))
    assert not plans.rests_on(workspace.load(), region, before)
    assert not plans.rests_on(workspace.load(), Region(keys=("99999999",)), before)


def test_scenarios_are_kept_renamed_and_deleted(database: str):
    shelf = Store(database).scenarios()
    first, second = shelf.add("Bayern  2027", "1"), shelf.add("2", "2")
    assert [(one.id, one.name, one.document) for one in shelf.all()] == [(2, "2", "2"), (1, "Bayern 2027", "1")]
    assert shelf.get("2").id == second
    assert shelf.get("1").id == first
    shelf.rename(first, "Bayern")
    assert shelf.get("Bayern").document == "1"
    for wrong in (lambda: shelf.add("Bayern", "x"), lambda: shelf.rename(second, "Bayern"), lambda: shelf.check("2")):
        with pytest.raises(BadInput, match="already a scenario"):
            wrong()
    shelf.delete(second)
    for missing in (lambda: shelf.get("2"), lambda: shelf.delete(second), lambda: shelf.rename(second, "neu")):
        with pytest.raises(BadInput, match="no saved scenario"):
            missing()
    assert shelf.add("neu", "3") > second
    assert Store(database).version() == 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x1b[31m", "\u202eabc"])
def test_a_name_that_cannot_be_shown_is_refused(database: str, name: str):
    with pytest.raises(BadInput):
        Store(database).scenarios().add(name, "x")


def test_of_many_who_save_the_same_name_at_once_one_succeeds(database: str):
    shelves = [Store(database).scenarios() for _ in range(6)]

    def add(number: int) -> bool:
        try:
            shelves[number].add("Bayern", str(number))
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        saved = list(pool.map(add, range(6)))
    assert saved.count(True) == 1
    (kept,) = shelves[0].all()
    assert saved[int(kept.document)]


def test_a_database_from_before_scenarios_keeps_what_it_holds(database: str):
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    engine = store.sa.create_engine(database)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(store.sa.text("INSERT INTO revision VALUES (7, '2026-01-01 00:00:00', 'earlier')"))
    engine.dispose()
    opened = Store(database)
    assert opened.version() == 7
    assert opened.scenarios().add("Bayern", "x") == 1


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    out = capsys.readouterr()
    return out.out, out.err


@pytest.mark.usefixtures("database")
def test_the_command_line_keeps_shows_and_lists_scenarios(capsys: pytest.CaptureFixture[str]):
    made = json.loads(run(capsys, "plan", "--land", "TH", "--save", "Thüringen", "--json")[0])
    again = json.loads(run(capsys, "plan", "--scenario", "Thüringen", "--json")[0])
    assert again.pop("data_changed") is False
    assert again == made
    assert "gibt es schon" in run(capsys, "plan", "--land", "TH", "--save", "Thüringen", code=2)[1]
    assert "Thüringen, " in run(capsys, "plan", "--list")[0]
    (listed,) = json.loads(run(capsys, "plan", "--list", "--json")[0])["scenarios"]
    assert (listed["name"], listed["region"], listed["value_eur"]) == ("Thüringen", ["TH"], made["value_eur"])


def test_a_scenario_outlives_its_municipalities(shipped: Dataset, database: str, capsys: pytest.CaptureFixture[str]):
    workspace = Workspace(store=Store(database))
    region = Region(keys=(JENA, LUEBECK))
    plan = plans.plan_region(shipped, Limits(), region)
    kept = scenarios.written(Scenario(region, Limits(), 5.0, plan, plans.fingerprint(shipped, region)))
    workspace.scenarios.add("x", kept.replace(JENA, "16999999"))
    assert "haben sich die Daten geändert" in run(capsys, "plan", "--scenario", "x")[0]
    assert "16999999" in run(capsys, "plan", "--scenario", "x", "--why", "16999999", code=2)[1]


@pytest.mark.usefixtures("database")
def test_the_command_line_says_what_would_bring_somebody_in_and_what_inclusion_costs(
    capsys: pytest.CaptureFixture[str],
):
    asked = ("plan", "--land", "SH", "--why", LUEBECK, "--curve")
    answer = json.loads(run(capsys, *asked, "--json")[0])
    assert {"change", "title", "lead", "gain_eur", "checked", "certain"} == set(answer["ways_in"][0])
    assert answer["curve"] == [{"weak_inside": 0, "weak": 1, "value_eur": 0.0}]
    assert "als Federführung von außerhalb" in run(capsys, *asked)[0]


@pytest.mark.usefixtures("database")
def test_wishes_of_the_command_line_are_kept(capsys: pytest.CaptureFixture[str]):
    asked = ("--fix", "uc03:09675117+09679134", "--forbid", f"UC14:{NUREMBERG}", "--exclude", "00000022")
    apart = ("--apart", f"{MUNICH}+00000005", "--include", "09672134", "--max-led", "2", "--max-size", "4")
    found = json.loads(run(capsys, "plan", "--land", "BY", *asked, *apart, "--json")[0])["consortia"]
    groups = [(one["use_case"], one["members"]) for one in found]
    assert ("UC03", ["09675117", "09679134"]) in groups
    assert not [1 for use_case, keys in groups if use_case == "UC14" and keys[0] == NUREMBERG]
    assert not [1 for _, keys in groups if {MUNICH, "00000005"} <= set(keys) or "00000022" in keys or len(keys) > 4]
    assert [1 for _, keys in groups if "09672134" in keys]


@pytest.mark.parametrize(
    "wish", [("--together", "A"), ("--apart", "A+B+C"), ("--fix", "UC03"), ("--forbid", ":A"), ("--fix", "UC99:A+B")]
)
@pytest.mark.usefixtures("database")
def test_a_wish_that_cannot_be_read_says_how_to_write_it(capsys: pytest.CaptureFixture[str], wish: tuple[str, str]):
    out, err = run(capsys, "plan", "--land", "TH", *wish, code=2)
    assert not out
    assert err.startswith("Fehler:")
