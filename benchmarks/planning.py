# ruff: noqa: INP001, T201 - a script, no package; it talks on the terminal
"""How good a plan is and how far its bound, after how many seconds, beside HiGHS alone in the same run.

Simulated municipalities of which everything is known; ``--wealth`` multiplies their budgets, since free budgets as
small as the simulated ones leave hardly any project possible. Usage, from the root of the checkout::

    python benchmarks/planning.py                               # 400 municipalities, 40 use cases, a minute each
    python benchmarks/planning.py --n 10750 --seconds 600 --no-highs
    python benchmarks/planning.py --n 400 --wealth 10

The times of one run can be compared with each other. Those of different machines, or of a busy one, cannot.
"""

from __future__ import annotations

import argparse
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
from matchmaker.portfolio import Limits, Progress, bound, exact  # noqa: E402 - as above
from matchmaker.portfolio.problem import build  # noqa: E402 - as above
from matchmaker.workspace import Workspace  # noqa: E402 - as above

FEW: Final = 30


def main() -> None:
    """Plan, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure plans and bounds.")
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--wealth", type=float, default=1.0)
    parser.add_argument("--no-highs", action="store_true")
    arguments = parser.parse_args()
    shipped = Workspace().load()
    tables = simulate.simulate(shipped.profiles, shipped.catalogue, n=arguments.n)
    rest = {name: frame for name, frame in shipped.tables.items() if name not in tables}
    data = dataset.build([rest, tables])
    profiles = replace(data.profiles, budget_eur=data.profiles.budget_eur * arguments.wealth)
    limits = Limits()
    # Compiled code is loaded before.
    first = bound.Search(build(profiles.take(np.arange(FEW)), data.catalogue, limits))
    for _ in bound.run(first, lambda: False, rounds=2, gap=0.0):
        pass
    problem = build(profiles, data.catalogue, limits)
    print(f"{arguments.n:,} municipalities, {problem.needs.sum():,} needs, {problem.leads.sum():,} possible leads\n")
    print("| way | seconds | value | bound | gap |\n| --- | ---: | ---: | ---: | ---: |")
    told = 0.0

    def tell(now: Progress) -> None:
        nonlocal told
        if now.value_eur > 0 and now.seconds >= told:
            told = now.seconds * 1.5
            print(
                f"| plan | {now.seconds:.1f} | {now.value_eur:,.0f} | {now.bound_eur:,.0f} | {now.gap:.2%} |",
                flush=True,
            )

    plan = portfolio.make_plan(profiles, data.catalogue, limits, seconds=arguments.seconds, progress=tell)
    broken = portfolio.violations(profiles, data.catalogue, limits, plan)
    print(
        f"| **plan** | {plan.seconds:.1f} | {plan.value_eur:,.0f} | {plan.bound_eur:,.0f} | {plan.gap:.2%} |",
        flush=True,
    )
    if not arguments.no_highs:
        begun = time.perf_counter()
        model = exact.model_of(problem, 10**7)
        if model is not None:
            solved = exact.solve(problem, model, seconds=arguments.seconds)
            value = sum(map(problem.value, solved.groups or ()))
            gap = f"{solved.bound / value - 1:.2%}" if value > 0 else "–"
            taken = time.perf_counter() - begun
            print(f"| HiGHS alone | {taken:.1f} | {value:,.0f} | {solved.bound:,.0f} | {gap} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{len(plan.projects):,} projects, limits broken: {len(broken)}, peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
