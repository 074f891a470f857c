# ruff: noqa: INP001, T201 - a script, no package; it talks on the terminal
"""How long everybody's exact best 20 take, against the plain ways to compute them and against the machine's limit.

Every figure is measured in a process of its own, one after the other in one run, on simulated municipalities of which
everything is known. Slow ways are timed on some rows and scaled; the table says so. Usage, from the root of the
checkout with the test requirements installed::

    python benchmarks/ranking.py                      # 400, 10,750 and 100,000 municipalities, some minutes
    python benchmarks/ranking.py --sizes 1000000      # a sample of askers against a million, no slow ways
    python benchmarks/ranking.py --sizes 1000000 --all  # everybody of a million, some ten minutes

The times of one run can be compared with each other. Those of different machines, or of a busy one, cannot.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the package need not be installed

from matchmaker import dataset, partners, simulate  # noqa: E402 - needs the line above
from matchmaker.model import PARTS, Preferences, Weights  # noqa: E402 - as above
from matchmaker.profiles import Profiles, ties_of  # noqa: E402 - as above
from matchmaker.workspace import Workspace  # noqa: E402 - as above

K: Final = 20
INNER: Final = 280
"""Inner dimension of the matrix product that the same pairs are compared with."""

MOST_SIMULATED: Final = 100_000
MOST_ASKED: Final = 200_000
SOME_ASKED: Final = 20_000
PREFERENCES: Final = Preferences()
WEIGHTS: Final = np.array(Weights().values())


def profiles_of(n: int) -> Profiles:
    """Return n simulated municipalities; beyond 100,000 drawn from as many, each moved a little."""
    shipped = Workspace().load()
    tables = simulate.simulate(shipped.profiles, shipped.catalogue, n=min(n, MOST_SIMULATED))
    catalogue = {name: frame for name, frame in shipped.tables.items() if name not in tables}
    base = dataset.build([catalogue, tables]).profiles
    if n <= MOST_SIMULATED:
        return base
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(base), n)
    columns = {
        name: getattr(base, name)[rows]
        for name in base.__dataclass_fields__
        if name not in {"key", "ties", "use_cases", "need", "offer"}
    }
    return Profiles(
        **columns | {
            "lat": base.lat[rows] + rng.normal(0, 0.1, n),
            "lon": base.lon[rows] + rng.normal(0, 0.1, n),
            "parent": np.full(n, -1),
        },
        key=np.array([f"{i:08d}" for i in range(n)], dtype="U8"),
        need=base.need[rows] * (rng.random((n, base.need.shape[1])) < 0.9),  # noqa: PLR2004 - nobody is a twin
        offer=base.offer[rows],
        ties=ties_of(n, [rng.choice(n, 3, replace=False) for _ in range(1000)]),
        use_cases=base.use_cases,
    )  # fmt: skip


def kernel(n: int) -> float:
    """Rank everybody's best 20 by the project; median of 5 below 20,000; beyond 200,000 for 20,000 askers, scaled."""
    asked = np.arange(n) if n <= MOST_ASKED else np.linspace(0, n - 1, SOME_ASKED, dtype=np.int64)
    return _ranked(n, asked) * n / len(asked)


def kernel_for_all(n: int) -> float:
    """Rank everybody's best 20 by the project, of however many."""
    return _ranked(n, np.arange(n))


def _ranked(n: int, asked: npt.NDArray[np.int64]) -> float:
    profiles = profiles_of(n)
    partners._ranked(profiles, asked[:64], PREFERENCES, K, None)  # noqa: SLF001 - loads code and columns, as a search does
    repeats = 5 if n <= 20_000 else 1  # noqa: PLR2004 - about a second each
    times = [timed(lambda: partners._ranked(profiles, asked, PREFERENCES, K, None)) for _ in range(repeats)]  # noqa: SLF001
    return float(np.median(times))


def one_asker(n: int) -> float:
    """Ask for the best 20 of one municipality with reasons; median of 15."""
    profiles, catalogue = profiles_of(n), Workspace().load().catalogue

    def ask(row: int) -> None:
        partners.explain(profiles, catalogue, partners.rank(profiles, row, PREFERENCES, K), PREFERENCES)

    ask(0)
    return float(np.median([timed(lambda row=row: ask(row)) for row in range(1, 16)]))  # type: ignore[misc]


def one_edit(n: int) -> float:
    """All lists that one changed profile touches; median of 9."""
    before = profiles_of(n)
    ranking = partners.rank_all(before, PREFERENCES, K)
    rng = np.random.default_rng(0)
    times = []
    for _ in range(10):
        need = before.need.copy()
        need[rng.integers(n)] = rng.choice([0, 0, 1, 2, 3], need.shape[1])
        after = replace(before, need=need)
        begun = time.perf_counter()
        ranking = partners.update(ranking, before, after, PREFERENCES)
        times.append(time.perf_counter() - begun)
        before = after
    return float(np.median(times[1:]))


def numpy_rows(n: int) -> float:
    """One numpy row at a time, written with care: matrix products, `argpartition`; some rows, scaled to all."""
    return _rows(n, careful=True)


def numpy_formulas(n: int) -> float:
    """One numpy row at a time as the formulas stand, every sum written out, all sorted; some rows, scaled to all."""
    return _rows(n, careful=False)


def _rows(n: int, *, careful: bool) -> float:
    p = profiles_of(n)
    count = min(n, 60 if n <= 20_000 else 12)  # noqa: PLR2004 - about a second or two
    need, offer = p.need.astype(float), p.offer / 4
    need_sum, place, ties = need.sum(axis=1), p.unit_vector, p.ties.toarray() if n <= 20_000 else None  # noqa: PLR2004

    def row(i: int) -> npt.NDArray[np.int64]:
        smaller = np.minimum(need, need[i]).sum(axis=1)
        weak = p.maturity[i] < 2.5  # noqa: PLR2004 - as in the score
        room = (5 - p.maturity[i][weak]).sum()
        ahead = np.maximum(0, p.maturity[:, weak] - p.maturity[i][weak]).sum(axis=1)
        chord = np.sqrt(((place - place[i]) ** 2).sum(axis=1))
        km = 2 * 6371.0088 * np.arcsin(np.minimum(1, chord / 2))
        values = (
            smaller / np.maximum(1, np.maximum(need, need[i]).sum(axis=1)),
            (offer @ need[i] if careful else (offer * need[i]).sum(axis=1)) / max(1, need_sum[i]),
            (need @ offer[i] if careful else (need * offer[i]).sum(axis=1))
            / np.maximum(1, need_sum if careful else need.sum(axis=1)),
            ahead / room if room else np.zeros(n),
            ties[i] if ties is not None else p.ties[[i]].toarray()[0],
            1 / (1 + (km / 60) ** 2),
            np.minimum(p.population, p.population[i]) / np.maximum(p.population, p.population[i]),
            p.land == p.land[i],
            np.minimum(1, (p.fte + p.fte[i]) / 4),
        )
        score = sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))
        score[i] = -1
        if not careful:
            return np.argsort(-score, kind="stable")[:K]
        best = np.argpartition(-score, K)[:K] if n > K else np.arange(n)
        return best[np.argsort(-score[best])]

    row(0)
    return timed(lambda: [row(i) for i in range(count)]) / count * n


def double_loop(n: int) -> float:
    """Two Python loops over a pandas frame that fill a networkx graph, some pairs, scaled to all."""
    p = profiles_of(min(n, 20_000))
    frame = pd.DataFrame(
        {"lat": p.lat, "lon": p.lon, "population": p.population, "land": p.land, "fte": p.fte}, index=p.key
    )
    need, offer = pd.DataFrame(p.need, index=p.key), pd.DataFrame(p.offer / 4, index=p.key)
    maturity = pd.DataFrame(p.maturity, index=p.key)
    others = p.key[: min(len(p), 300)]
    graph: nx.Graph[str] = nx.Graph()

    def pair(a: str, b: str) -> float:
        mine, theirs = frame.loc[a], frame.loc[b]
        wanted, also = need.loc[a], need.loc[b]
        larger = sum(max(x, y) for x, y in zip(wanted, also, strict=True))
        weak = [d for d in maturity.columns if maturity.loc[a, d] < 2.5]  # noqa: PLR2004 - as in the score
        room = sum(5 - maturity.loc[a, d] for d in weak)
        lat, lon = np.radians((mine.lat, theirs.lat)), np.radians((mine.lon, theirs.lon))
        half = np.sin((lat[1] - lat[0]) / 2) ** 2 + np.cos(lat[0]) * np.cos(lat[1]) * np.sin((lon[1] - lon[0]) / 2) ** 2
        km = 2 * 6371.0088 * np.arcsin(np.sqrt(half))
        parts = (
            sum(min(x, y) for x, y in zip(wanted, also, strict=True)) / larger if larger else 0,
            sum(x * y for x, y in zip(wanted, offer.loc[b], strict=True)) / max(1, wanted.sum()),
            sum(x * y for x, y in zip(also, offer.loc[a], strict=True)) / max(1, also.sum()),
            sum(max(0, maturity.loc[b, d] - maturity.loc[a, d]) for d in weak) / room if room else 0,
            graph.has_edge(a, b),
            1 / (1 + (km / 60) ** 2),
            min(mine.population, theirs.population) / max(mine.population, theirs.population),
            mine.land == theirs.land,
            min(1, (mine.fte + theirs.fte) / 4),
        )
        return float(sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True)))

    def row(a: str) -> None:
        best = sorted(((pair(a, b), b) for b in others if b != a), reverse=True)[:K]
        graph.add_weighted_edges_from((a, b, score) for score, b in best)

    return timed(lambda: [row(a) for a in p.key[:2]]) / 2 / len(others) * n * n


def sklearn_neighbours(n: int) -> float:
    """scikit-learn's `kneighbors_graph` by brute force on the same municipalities as vectors of 91 columns."""
    from sklearn.neighbors import kneighbors_graph  # noqa: PLC0415 - only this needs it

    p = profiles_of(n)
    vectors = np.column_stack((p.need, p.offer, p.maturity, p.unit_vector)).astype(np.float32)
    neighbours = min(K, n - 1)
    return timed(lambda: kneighbors_graph(vectors, neighbours, include_self=False))


def matrix_product(n: int) -> float:
    """Multiply float32 matrices, the limit: the same pairs at inner dimension 280; of many pairs some, scaled."""
    rows, columns = min(n, 4096), min(n, 16_384)
    rng = np.random.default_rng(0)
    left = rng.random((rows, INNER), dtype=np.float32)
    right = rng.random((INNER, columns), dtype=np.float32)
    product = np.empty((rows, columns), dtype=np.float32)
    np.matmul(left, right, out=product)
    return (
        float(np.median([timed(lambda: np.matmul(left, right, out=product)) for _ in range(5)]))
        * (n / rows)
        * (n / columns)
    )


def timed(call: Callable[[], object]) -> float:
    """Return the seconds a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def alone(way: Callable[[int], float], n: int) -> tuple[float, float]:
    """Return seconds and peak memory in megabytes of one way, measured in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (way, n))


def _measured(way: Callable[[int], float], n: int) -> tuple[float, float]:
    seconds = way(n)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> str:
    """Say what this was measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description="Time everybody's exact best 20 against other ways.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 10_750, 100_000])
    parser.add_argument("--all", action="store_true", help="also beyond 200,000 rank everybody, not some")
    arguments = parser.parse_args()
    sizes, ranking = arguments.sizes, kernel_for_all if arguments.all else kernel
    print(f"{machine()}; k = {K}, {len(PARTS)} parts\n")
    print("| n | way | seconds | times this kernel | peak memory |")
    print("| ---: | --- | ---: | ---: | ---: |")
    own = []
    for n in sizes:
        seconds, megabytes = alone(ranking, n)
        own.append((n, seconds, megabytes))
        print(f"| {n:,} | **this kernel** | {seconds:.3f} | 1 | {megabytes:,.0f} MB |", flush=True)
        ways = [("matrix product of the same pairs, inner dimension 280", matrix_product)]
        if n <= MOST_SIMULATED:
            ways += [
                ("scikit-learn kneighbors_graph, 91 columns", sklearn_neighbours),
                ("numpy, a row at a time, with care (scaled)", numpy_rows),
                ("numpy, a row at a time, as the formulas stand (scaled)", numpy_formulas),
                ("pandas and networkx, two loops (scaled)", double_loop),
            ]
        for name, way in ways:
            other, megabytes = alone(way, n)
            print(f"| {n:,} | {name} | {other:,.3f} | {other / seconds:,.2f} | {megabytes:,.0f} MB |", flush=True)
        asking, _ = alone(one_asker, n)
        print(f"| {n:,} | one asker with reasons | {asking:.4f} | | |", flush=True)
        if n <= MOST_SIMULATED:
            editing, _ = alone(one_edit, n)
            print(f"| {n:,} | one changed profile, all lists | {editing:.4f} | | |", flush=True)
    if len(own) > 1:
        n, seconds, _ = np.array(own).T
        slope = np.polyfit(np.log(n[-2:]), np.log(seconds[-2:]), 1)[0]
        print(f"\nFrom {n[-2]:,.0f} to {n[-1]:,.0f} time grows as n^{slope:.2f}.")


if __name__ == "__main__":
    main()
