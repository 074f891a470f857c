# ruff: noqa: INP001, T201 - a script, no package; it talks on the terminal
"""How long types, communities, bridges, betweenness and layout of a whole country take, and the survey's import.

Simulated municipalities of which everything is known, 20 suggestions each; the layers are real cooperation and
suggestion together. The survey is the simulated one of the demonstration, read by the command in a process of its own.
Usage, from the root of the checkout::

    python benchmarks/landscape.py

Seconds of a busy machine say little, so the seconds of computing stand beside them.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the package need not be installed

from matchmaker import dataset, network, service, simulate  # noqa: E402 - needs the line above
from matchmaker.model import Preferences  # noqa: E402 - as above
from matchmaker.network import measures  # noqa: E402 - as above
from matchmaker.workspace import Workspace  # noqa: E402 - as above

SUGGESTIONS: Final = 20
Result = TypeVar("Result")


def timed(what: str, act: Callable[[], Result]) -> tuple[Result, float]:
    """Act, print a line of the table, and return the result and the seconds."""
    begun, computing = time.perf_counter(), time.process_time()
    result = act()
    seconds = time.perf_counter() - begun
    print(f"| {what} | {seconds:,.1f} | {time.process_time() - computing:,.1f} |", flush=True)
    return result, seconds


def main() -> None:
    """Measure the landscape of the country, then the survey."""
    parser = argparse.ArgumentParser(description="Times the landscape of a country.")
    parser.add_argument("--n", type=int, default=10_750)
    arguments = parser.parse_args()
    shipped = Workspace().load()
    tables = simulate.simulate(shipped.profiles, shipped.catalogue, n=arguments.n)
    rest = {name: frame for name, frame in shipped.tables.items() if name not in tables}
    data = dataset.build([rest, tables])
    print(f"Python {platform.python_version()}; {arguments.n:,} municipalities, {SUGGESTIONS} suggestions each\n")
    print("| what | seconds | of computing |\n| --- | ---: | ---: |")
    drawn, _ = timed(
        "ranking and graph of all layers",
        lambda: service.draw_network(data, Preferences(), suggestions=SUGGESTIONS),
    )
    graph = network.layer(drawn.graph, "cooperation", "suggestion")
    _, types = timed("types", lambda: service.find_types(data))
    groups, communities = timed("communities", lambda: measures.communities(graph))
    _, bridges = timed("bridges", lambda: measures.bridges(graph))
    _, cuts = timed("cut points", lambda: measures.cut_points(graph))
    between, betweenness = timed("betweenness", lambda: measures.betweenness(graph))
    _, layout = timed("layout", lambda: measures.layout(graph, groups))
    total = types + communities + bridges + cuts + betweenness + layout
    print(f"| **types to layout together** | {total:,.1f} | |")
    with tempfile.TemporaryDirectory() as scratch:
        answers = Path(scratch) / "answers.csv"
        subprocess.run(  # noqa: S603 - this project's own script
            [sys.executable, ROOT / "scripts" / "build_demonstration.py", "--check", "--answers", answers],
            check=True, capture_output=True,
        )  # fmt: skip
        read = [sys.executable, "-m", "matchmaker", "survey", answers, "--json"]
        timed("survey of 44,290 sheets, whole process", lambda: subprocess.run(read, check=True, capture_output=True))  # noqa: S603 - this project's own command
    print(
        f"\n{graph.number_of_nodes():,} nodes, {graph.number_of_edges():,} edges; "
        f"betweenness from {between.sampled} starting points"
    )


if __name__ == "__main__":
    main()
