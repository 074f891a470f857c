# ruff: noqa: INP001, T201 - a script, no package; it talks on the terminal
"""How good a plan is and how far its bound, after how many seconds, beside HiGHS alone in the same run.

Simulated municipalities of which everything is known. Their free budgets are small: of half of them 3,500 euro a
year or less, which one or two projects use up. ``--wealth`` multiplies the budgets; with 1000 staff is what limits,
no longer money. Usage, from the root of the checkout::

    python benchmarks/planning.py --wealth 1000                 # 400 municipalities, 40 use cases, a minute each
    python benchmarks/planning.py                               # the same with the budgets as simulated
    python benchmarks/planning.py --n 10750 --use-cases 20 --needs 177000 --wealth 1000 --seconds 600

``--needs`` draws further needs until there are so many. Each way runs in a process of its own. Seconds of a busy
machine say little, so the seconds of computing stand beside them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the package need not be installed

from matchmaker import dataset, portfolio, simulate  # noqa: E402 - needs the line above
from matchmaker.catalogue import Catalogue  # noqa: E402 - as above
from matchmaker.portfolio import Limits, Progress, exact  # noqa: E402 - as above
from matchmaker.portfolio.problem import build  # noqa: E402 - as above
from matchmaker.profiles import Profiles  # noqa: E402 - as above
from matchmaker.workspace import Workspace  # noqa: E402 - as above

FEW: Final = 200
FEW_SECONDS: Final = 5
OPERATED: Final = 4
MOST_COLUMNS: Final = 10**7
"""Columns that HiGHS alone is still asked with."""


def instance(arguments: argparse.Namespace) -> tuple[Profiles, Catalogue]:
    """Return the simulated municipalities with the first use cases of the catalogue."""
    shipped = Workspace().load()
    tables = simulate.simulate(shipped.profiles, shipped.catalogue, n=arguments.n)
    rest = {name: frame for name, frame in shipped.tables.items() if name not in tables}
    data = dataset.build([rest, tables])
    profiles, few = data.profiles, slice(arguments.use_cases)
    need, offer = profiles.need[:, few].copy(), profiles.offer[:, few]
    rng = np.random.default_rng(0)
    without = np.flatnonzero((need == 0) & (offer != OPERATED))
    more = rng.choice(without, size=min(len(without), max(0, arguments.needs - np.count_nonzero(need))), replace=False)
    need.flat[more] = rng.integers(1, 4, len(more))
    budget = profiles.budget_eur * arguments.wealth
    catalogue = replace(data.catalogue, use_cases=data.catalogue.use_cases[few])
    return replace(profiles, need=need, offer=offer, use_cases=profiles.use_cases[few], budget_eur=budget), catalogue


def line(way: str, now: Progress) -> None:
    """Print a line of the table."""
    computing = time.process_time()
    gap = f"{now.gap:.2%}" if now.value_eur > 0 else "–"
    figures = f"{now.value_eur / 1e6:,.3f} | {now.bound_eur / 1e6:,.3f} | {gap}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {way} | {now.seconds:,.1f} | {computing:,.1f} | {figures} | {peak:,.0f} |", flush=True)


def by_plan(arguments: argparse.Namespace) -> None:
    """Plan as the program does."""
    profiles, catalogue = instance(arguments)
    limits = Limits()
    # Compiled code is loaded before.
    portfolio.make_plan(profiles.take(np.arange(FEW)), catalogue, limits, seconds=FEW_SECONDS)
    told = 0.0

    def tell(now: Progress) -> None:
        nonlocal told
        if now.value_eur > 0 and now.seconds >= told:
            told = now.seconds * 1.3
            line("plan", now)

    plan = portfolio.make_plan(profiles, catalogue, limits, seconds=arguments.seconds, gap=arguments.gap, progress=tell)
    line("**plan**", Progress(plan.seconds, plan.value_eur, plan.bound_eur))
    broken = portfolio.violations(profiles, catalogue, limits, plan)
    print(f"| {len(plan.projects):,} projects, {len(broken)} limits broken | | | | | | |", flush=True)


def by_highs(arguments: argparse.Namespace) -> None:
    """Give the whole programme to HiGHS."""
    problem = build(*instance(arguments), Limits())
    begun = time.perf_counter()
    model = exact.model_of(problem, MOST_COLUMNS)
    if model is None:
        print(f"| HiGHS alone: more than {MOST_COLUMNS:,} columns | | | | | | |")
        return
    solved = exact.solve(problem, model, seconds=arguments.seconds)
    value = sum(map(problem.value, solved.groups or ()))
    line(f"HiGHS alone, {model.columns:,} columns", Progress(time.perf_counter() - begun, value, solved.bound))


def main() -> None:
    """Plan both ways, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure plans and bounds.")
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--use-cases", type=int, default=40)
    parser.add_argument("--needs", type=int, default=0)
    parser.add_argument("--wealth", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--no-highs", action="store_true")
    arguments = parser.parse_args()
    problem = build(*instance(arguments), Limits())
    print(f"{arguments.n:,} municipalities, {problem.needs.sum():,} needs, {problem.leads.sum():,} possible leads, "
          f"budgets × {arguments.wealth:g} (median {np.nanmedian(problem.money):,.0f} euro a year)\n")  # fmt: skip
    print("| way | seconds | of computing | value, million | bound, million | gap | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    spawn = multiprocessing.get_context("spawn")
    for way in (by_plan,) if arguments.no_highs else (by_plan, by_highs):
        process = spawn.Process(target=way, args=(arguments,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
