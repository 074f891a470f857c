"""What a user asks, composed from the rooms: one call per question, the same for screen, command line and papers."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import networkx as nx
import numpy as np
import pandas as pd
from joblib import parallel_config

from matchmaker import clusters, consortia, network, peers, portfolio, simulate
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.indicators import IndicatorTable
from matchmaker.message import Label, message
from matchmaker.model import (
    LANDS,
    Consortium,
    CostShare,
    Evidence,
    Municipality,
    Preferences,
    Shift,
    Suggestion,
)
from matchmaker.peers import Neighbours
from matchmaker.portfolio import Limits, Plan, Progress
from matchmaker.profiles import Ints, Profiles, Ranking
from matchmaker.sharing import by_stand_alone_cost
from matchmaker.sheets import Tables, guarded

_SUGGESTIONS_DRAWN: Final = 3


def search(data: Dataset, text: str, *, limit: int = 20) -> tuple[Municipality, ...]:
    """Find municipalities by name or key: the same name first, then beginnings, then anything inside; larger first.

    Umlauts may be written with or without dots or as ae, oe, ue.
    """
    profiles = data.profiles
    wanted = _folded(text)
    if not wanted:
        return ()
    places = []
    for row, (key, name) in enumerate(zip(profiles.key, profiles.name, strict=True)):
        folded = _folded(str(name))
        if wanted == str(key) or wanted == folded:
            place = 0
        elif folded.startswith(wanted) or str(key).startswith(wanted):
            place = 1
        elif f" {wanted}" in folded or f"-{wanted}" in folded:
            place = 2
        elif wanted in folded:
            place = 3
        else:
            continue
        places.append((place, -np.nan_to_num(profiles.population[row]), row))
    return tuple(profiles.municipality(row) for _, _, row in sorted(places)[:limit])


def _folded(text: str) -> str:
    spelled = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    # "Luechow" and "Luchow" shall both find "Lüchow": fold the spelled umlauts once more.
    return " ".join(plain.replace("ae", "a").replace("oe", "o").replace("ue", "u").split())


def suggest(
    data: Dataset, key: str, preferences: Preferences, *, top: int = 10, with_stability: bool = True
) -> tuple[Suggestion, ...]:
    """Return the best partners of a municipality with reasons, evidence and stability."""
    from matchmaker import partners  # noqa: PLC0415 - its compiled code takes half a second to load

    profiles = data.profiles
    asker = profiles.row(key)
    ranking = partners.rank(profiles, asker, preferences, top)
    wanted = [u for u, urgency in zip(profiles.use_cases, profiles.need[asker], strict=True) if urgency]
    rows = [int(row) for row in ranking.partner[0] if row >= 0]
    return partners.explain(
        profiles,
        data.catalogue,
        ranking,
        preferences,
        evidence={row: data.evidence(row, wanted) for row in rows},
        stability=partners.stability(profiles, asker, preferences, top) if with_stability else None,
    )


def suggest_all(
    data: Dataset,
    preferences: Preferences,
    *,
    top: int,
    progress: Callable[[float], None] | None = None,
    scheduler: str = "",
) -> Ranking:
    """Return everybody's best partners as columns.

    ``scheduler`` is the address of a Dask cluster that shares the work; empty for the cores of this machine. Raises
    `BadInput` where it does not answer or where the optional package is missing.
    """
    from matchmaker import partners  # noqa: PLC0415 - as in `suggest`

    with _cluster(scheduler):
        return partners.rank_all(data.profiles, preferences, top, progress=progress)


@contextmanager
def _cluster(scheduler: str) -> Iterator[None]:
    """Send joblib's work to a Dask cluster; nothing changes without an address."""
    if not scheduler:
        yield
        return
    try:
        from distributed import Client  # noqa: PLC0415 - an optional package
    except ImportError:
        raise BadInput(
            message("To share the work among machines, the package distributed is needed."),
            where="--scheduler",
            remedy=message("Install it: pip install 'distributed>=2025.1,<2027'"),
        ) from None
    try:
        client: Any = Client(scheduler, timeout=10)  # type: ignore[no-untyped-call] # distributed has no types
    except (OSError, ValueError) as error:
        raise BadInput(
            message("The cluster does not answer: {reason}.", reason=str(error)[:120]),
            where=scheduler,
            remedy=message("Start one with: dask scheduler, and on each machine: dask worker ADDRESS"),
        ) from error
    with client, parallel_config(backend="dask"):
        yield


def weight_shifts(data: Dataset, key: str, preferences: Preferences, *, top: int = 10) -> tuple[Shift, ...]:
    """Return who enters and who leaves a municipality's best partners when one weight is left out or doubled."""
    from matchmaker import partners  # noqa: PLC0415 - as in `suggest`

    return partners.sensitivity(data.profiles, data.profiles.row(key), preferences, top)


def ranking_csv(data: Dataset, ranking: Ranking) -> str:
    """Return everybody's best partners as CSV: key, rank, partner, score, coverage."""
    key = data.profiles.key
    asker, place = np.nonzero(ranking.partner >= 0)
    frame = pd.DataFrame(
        {
            "key": key[ranking.asker[asker]],
            "rank": place + 1,
            "partner": key[ranking.partner[asker, place]],
            "score": ranking.score[asker, place],
            "coverage": ranking.coverage[asker, place],
        }
    )
    text: str = frame.to_csv(index=False, lineterminator="\n", float_format="%.9f")
    return text


def joint_projects(
    data: Dataset, key: str, preferences: Preferences, *, top: int = 5, use_case: str = ""
) -> tuple[Consortium, ...]:
    """Return the best joint project for each need of a municipality, largest central saving first.

    With ``use_case`` only that one, whether or not it is a stated need. Empty where no need is known or no
    group can be formed.
    """
    profiles = data.profiles
    asker = profiles.row(key)
    if use_case:
        wanted = [data.catalogue.use_case(use_case).id]
    else:
        wanted = [u for u, urgency in zip(profiles.use_cases, profiles.need[asker], strict=True) if urgency]
    found = []
    for wish in wanted:
        group = consortia.best_group(profiles, data.catalogue, asker, wish, preferences)
        if group is not None:
            found.append(_with_shares_and_evidence(data, group))
    found.sort(key=lambda group: (-group.saving_eur.central, group.use_case))
    return tuple(found[:top])


def _with_shares_and_evidence(data: Dataset, group: Consortium) -> Consortium:
    pays = by_stand_alone_cost(group.alone_cents, group.joint_cents)
    shares = tuple(CostShare(*share) for share in zip(group.members, group.alone_cents, pays, strict=True))
    published: list[Evidence] = []
    for member in group.members:
        row = data.profiles.row(member.key)
        published += [
            Evidence(a.title, a.url, a.year) for a in data.activities(row) if a.use_case == group.use_case and a.url
        ]
    return replace(group, shares=shares, rule="stand_alone", evidence=tuple(dict.fromkeys(published)))


def plan_region(
    data: Dataset,
    limits: Limits,
    *,
    lands: Sequence[str] = (),
    districts: Sequence[str] = (),
    seconds: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Return the joint projects to start in a region, chosen together; see `matchmaker.portfolio.make_plan`.

    The region is everybody in the Länder and the districts (five-digit keys, county-free cities too); all of Germany
    where none is named. Raises `BadInput` where nobody in it takes part.
    """
    profiles = data.profiles
    inside = profiles.participates.copy()
    if lands or districts:
        unknown = sorted(set(lands) - set(LANDS))
        if unknown:
            raise BadInput(
                message("{land} is no Land.", land=unknown[0]),
                where="land",
                remedy=message("Use the two letters of a Land: {lands:list}.", lands=LANDS),
            )
        chosen = np.isin(profiles.land, [LANDS.index(land) for land in lands])
        inside &= chosen | np.isin(profiles.key.astype("U5"), list(districts))
    if not inside.any():
        raise BadInput(
            message("Nobody in this region takes part yet: no profile, need or offer is known."),
            where=" ".join([*lands, *districts]),
            remedy=message("Choose a larger region, or enter profiles first."),
        )
    return portfolio.make_plan(
        profiles.take(inside), data.catalogue, limits, seconds=seconds, progress=progress, stop=stop
    )


def plan_table(plan: Plan, title_of: Callable[[Label], str]) -> pd.DataFrame:
    """Return a plan as a table, one row for each member of each project."""
    return pd.DataFrame(
        [
            (number, p.use_case, title_of(p.title), m.key, guarded(m.name), "lead" if place == 0 else "member",
             round(paid, 2), round(p.saving_eur, 2), "simulated" if m.simulated else "")
            for number, p in enumerate(plan.projects, start=1)
            for place, (m, paid) in enumerate(zip(p.members, p.pays_eur, strict=True))
        ],
        columns=["project", "use_case", "title", "key", "name", "role", "pays_eur_a_year", "project_saving_eur",
                 "provenance"],
    )  # fmt: skip


def plan_workbook(table: pd.DataFrame) -> bytes:
    """Return the table of a plan as XLSX."""
    content = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(content, engine="xlsxwriter", engine_kwargs={"options": options}) as book:
        table.to_excel(book, sheet_name="plan", index=False)
    return content.getvalue()


def find_types(data: Dataset, *, simulated: bool = True) -> tuple[clusters.Types, Profiles]:
    """Return the types of starting position and the profiles they were found in."""
    profiles = data.profiles if simulated else data.profiles.take(~data.profiles.simulated)
    return clusters.find_types(profiles, data.catalogue), profiles


def find_peers(
    table: IndicatorTable, *, key: str | None = None, k: int = 20, weights: Sequence[float] | None = None,
    excluded: Ints | None = None,
) -> Neighbours:  # fmt: skip
    """Return the statistical neighbours of one municipality of a table of indicators, or of all of them.

    Raises `BadInput` for a key that the table does not have, and as `matchmaker.peers.find_peers` does.
    """
    rows = None if key is None else [table.row(key)]
    return peers.find_peers(table.values, k, weights=weights, excluded=excluded, rows=rows)


def peers_csv(table: IndicatorTable, found: Neighbours) -> str:
    """Return statistical neighbours as CSV: key, rank, neighbour, distance."""
    key = np.array(table.keys, dtype=object)
    row, place = np.nonzero(found.neighbour >= 0)
    frame = pd.DataFrame(
        {
            "key": key[found.row[row]],
            "rank": place + 1,
            "neighbour": key[found.neighbour[row, place]],
            "distance": found.distance[row, place],
        }
    )
    text: str = frame.to_csv(index=False, lineterminator="\n", float_format="%.9f")
    return text


@dataclass(frozen=True, eq=False)
class Network:
    """The network of participants, what stands out in it, and the profiles and suggestions it was drawn from."""

    graph: nx.MultiGraph[str]
    landscape: network.Landscape
    profiles: Profiles
    ranking: Ranking


def draw_network(data: Dataset, preferences: Preferences, *, before: Network | None = None) -> Network:
    """Return the network of participants with real cooperations and each one's best suggestions.

    ``before`` is what was drawn with the same preferences before an edit: then only what the edit changes is
    computed anew.
    """
    from matchmaker import partners  # noqa: PLC0415 - as in `suggest`

    profiles = data.profiles
    keep = profiles.participates & (preferences.simulated | ~profiles.simulated)
    part = profiles.take(keep)
    rows = {key: row for row, key in enumerate(part.key.tolist())}
    binding = [
        (c.title, np.array([rows[key] for key in c.members if key in rows], dtype=np.int64))
        for c in data.cooperations
        if c.binds
    ]
    if before is None:
        ranking = partners.rank_all(part, preferences, _SUGGESTIONS_DRAWN)
    else:
        ranking = partners.update(before.ranking, before.profiles, part, preferences)
    graph = network.build_graph(part, binding, ranking)
    return Network(graph, network.survey_landscape(graph, part), part, ranking)


def simulated_package(data: Dataset, *, n: int, seed: int, unknown: float = 0.0) -> Tables:
    """Return the tables of a simulated data package, without a catalogue of its own."""
    return simulate.simulate(data.profiles, data.catalogue, n=n, seed=seed, unknown=unknown)
