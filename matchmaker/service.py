"""What a user asks, composed from the rooms: one call per question, the same for screen, command line and papers."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import networkx as nx
import numpy as np
import pandas as pd

from matchmaker import (
    clusters,
    consortia,
    grants,
    insights,
    network,
    peers,
    relief,
    sharing,
    simulate,
    survey,
)
from matchmaker.answers import AnswerTable
from matchmaker.catalogue import Change, LegalForm
from matchmaker.costtable import CostTable
from matchmaker.dataset import Dataset
from matchmaker.errors import BadInput
from matchmaker.indicators import IndicatorTable
from matchmaker.insights import Insight
from matchmaker.message import Message, message
from matchmaker.model import (
    DIMENSIONS,
    Consortium,
    CostShare,
    Evidence,
    FittingForm,
    GrantCheck,
    Municipality,
    Option,
    OptionKind,
    Preferences,
    SavingTest,
    Sharing,
    Shift,
    Span,
    Split,
    Suggestion,
)
from matchmaker.peers import Neighbours
from matchmaker.portfolio import Project
from matchmaker.profiles import Ints, Profiles, Ranking
from matchmaker.relief import Relief
from matchmaker.reports import memo
from matchmaker.sheets import Tables, csv_text

SUGGESTIONS_DRAWN: Final = 3
"""Suggestions for each in a network, where nothing else is asked for."""

_CLUSTER_SECONDS: Final = 10
"""How long a cluster may take to answer."""

_LAST_RESORT: Final = "stand_alone"
"""Rule that splits a joint cost where none can be recommended."""
_GRANTS_IN_PAPER: Final = 4
_FORMS_IN_PAPER: Final = 3
"""What fits on the pages of a council paper; the page of projects shows all."""
_PROJECTS_LOOKED_AT: Final = (40, 400)
_PAIRS_LOOKED_AT: Final = 400_000_000
"""Needs whose best project stands in for a plan, at least and at most; the time for one grows with the square of the
participants, so that all needs of a country would take hours."""


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
    wanted = profiles.needed(asker)
    rows = [int(row) for row in ranking.partner[0] if row >= 0]
    return partners.explain(
        profiles,
        data.catalogue,
        ranking,
        preferences,
        evidence={row: data.evidence(row, wanted) for row in rows},
        stability=partners.stability(profiles, asker, preferences, top) if with_stability else None,
    )


def suggest_pair(data: Dataset, key: str, other: str, preferences: Preferences) -> Suggestion:
    """Return what speaks for and against one certain partner, with its rank among everybody who takes part.

    Only the weights of ``preferences`` count, and whether it shows simulated participants: its other limits could leave
    this very partner out. Raises `UnknownKey` for a key that the register does not have, and `BadInput` where both are
    the same.
    """
    from matchmaker import partners  # noqa: PLC0415 - as in `suggest`

    profiles = data.profiles
    asker, partner = profiles.row(key), profiles.row(other)
    if asker == partner:
        raise BadInput(
            message("Nobody is a partner of itself."), where=key, remedy=message("Choose another municipality.")
        )
    wanted = Preferences(
        weights=preferences.weights,
        simulated=preferences.simulated or bool(profiles.simulated[partner]),
        participants_only=bool(profiles.participates[partner]),
    )
    place, one = partners.rank_of(profiles, asker, partner, wanted)
    evidence = {partner: data.evidence(partner, profiles.needed(asker))}
    (found,) = partners.explain(profiles, data.catalogue, one, wanted, evidence=evidence)
    return replace(found, rank=place)


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
    from joblib import parallel_config  # noqa: PLC0415 - takes a tenth of a second to load

    try:
        from distributed import Client  # noqa: PLC0415 - an optional package
    except ImportError:
        raise BadInput(
            message("To share the work among machines, the package distributed is needed."),
            where="--scheduler",
            remedy=message("Install it: pip install 'distributed>=2025.1,<2027'"),
        ) from None
    try:
        client: Any = Client(scheduler, timeout=_CLUSTER_SECONDS)  # type: ignore[no-untyped-call] # distributed has no types
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
    return csv_text(frame, decimals=9)


def joint_projects(
    data: Dataset, key: str, preferences: Preferences, *, top: int = 5, use_case: str = ""
) -> tuple[Consortium, ...]:
    """Return the best joint project for each need of a municipality, largest central saving first.

    With ``use_case`` only that one, whether or not it is a stated need. Empty where no need is known or no
    group can be formed. The cost is split by the recommended rule; `split_by` splits it by another.
    """
    profiles = data.profiles
    asker = profiles.row(key)
    wanted = (data.catalogue.use_case(use_case).id,) if use_case else profiles.needed(asker)
    found = []
    for wish in wanted:
        group = consortia.best_group(profiles, data.catalogue, asker, wish, preferences)
        if group is not None:
            found.append(group)
    found.sort(key=lambda group: (-group.saving_eur.central, group.use_case))
    return tuple(split_by(_with_evidence(data, group)) for group in found[:top])


def planned_group(data: Dataset, project: Project) -> Consortium:
    """Return a project of a plan with all that is known of a joint project: three cases, shares, evidence.

    Raises `UnknownKey` where a member is not in the register any more.
    """
    members = [data.profiles.row(member.key) for member in project.members]
    group = consortia.given_group(data.profiles, data.catalogue, project.use_case, members)
    return split_by(_with_evidence(data, group))


def _with_evidence(data: Dataset, group: Consortium) -> Consortium:
    published: list[Evidence] = []
    for member in group.members:
        row = data.profiles.row(member.key)
        published += [
            Evidence(a.title, a.url, a.year) for a in data.activities(row) if a.use_case == group.use_case and a.url
        ]
    return replace(group, evidence=tuple(dict.fromkeys(published)))


def split_by(group: Consortium, rule: str = "") -> Consortium:
    """Return a joint project with its cost split by a rule; without one by the recommended rule.

    Where none is recommended, because together costs more than alone, it is split in proportion to what each would pay
    alone. Raises `BadInput` for a rule that cannot be computed for this group.
    """
    found = share_costs(group)
    chosen = rule or found.recommended or _LAST_RESORT
    central = found.of(chosen)
    if central is None:
        raise BadInput(
            message("The cost cannot be split by the rule {rule}.", rule=chosen),
            where=group.use_case,
            remedy=message("Choose one of {rules:list}.", rules=tuple(one.rule for one in found.splits)),
        )
    games = (group.coalition_cents_low, group.coalition_cents, group.coalition_cents_high)
    pays = [central.cents if game is group.coalition_cents else _amounts(group, game, central) for game in games]
    shares = tuple(
        CostShare(
            member, group.alone_cents[i], central.cents[i],
            alone_eur=Span(*(game[1 << i] / 100 for game in games)),
            pays_eur=Span(*(amounts[i] / 100 for amounts in pays)),
        )
        for i, member in enumerate(group.members)
    )  # fmt: skip
    return replace(group, shares=shares, rule=chosen)


def _amounts(group: Consortium, game: Sequence[int], central: Split) -> Sequence[float]:
    """Return what each pays by a rule in the cautious or the favourable case, in cents.

    Where the rule cannot be computed there, each bears the same part of the joint cost as in the central case.
    """
    people = [member.population for member in group.members]
    split = sharing.split(np.array(game, dtype=np.float64), central.rule, inhabitants=people)
    if isinstance(split, Split):
        return split.cents
    return [game[-1] * cents / max(1, group.joint_cents) for cents in central.cents]


def share_costs(group: Consortium) -> Sharing:
    """Return the joint cost of a group split by every rule, who would object to each, and the rule to recommend."""
    return sharing.share(
        [member.name for member in group.members],
        np.array(group.coalition_cents, dtype=np.float64),
        inhabitants=[member.population for member in group.members],
    )


def share_table(table: CostTable) -> Sharing:
    """Return the joint cost of a table that a user brings, split by every rule that its figures allow."""
    return sharing.share(table.players, table.cost, inhabitants=table.inhabitants)


def with_assumptions(data: Dataset, changes: Sequence[Change]) -> Dataset:
    """Return the data with own values for some assumptions, on which all money and staff then rest.

    Raises `EntryRejected` with everything that is wrong with the values.
    """
    return replace(data, catalogue=data.catalogue.with_assumptions(changes)) if changes else data


def project_options(data: Dataset, key: str, group: Consortium, preferences: Preferences) -> tuple[Option, ...]:
    """Return the ways for a municipality to get what a joint project is about, the cheapest for it first.

    ``group`` is its best new group, as `joint_projects` returns it. It competes with doing it alone, with a smaller
    group, with another lead, with joining a cooperation that runs, and with open source. The cost of other groups is
    split by their own recommended rule.
    """
    profiles, asker = data.profiles, data.profiles.row(key)
    groups: dict[OptionKind, Consortium] = {"new": group}
    others: dict[OptionKind, Consortium | None] = {
        "smaller": consortia.best_group(
            profiles, data.catalogue, asker, group.use_case, preferences, largest=len(group.members) - 1
        ),
        "other_lead": consortia.best_group(
            profiles, data.catalogue, asker, group.use_case, preferences, other_leads=frozenset({group.lead.key})
        ),
    }
    groups |= {kind: split_by(_with_evidence(data, found)) for kind, found in others.items() if found is not None}
    return consortia.options(profiles, data.catalogue, asker, groups, data.cooperations)


@dataclass(frozen=True)
class Conditions:
    """What grant rules and law say about a group: information, never advice.

    ``tests`` hold the saving of each member, and of the whole last, against the share that grant rules ask for.
    ``pointers`` are rules on tax, procurement, data protection and AI that hold whatever the form.
    """

    grants: tuple[GrantCheck, ...]
    tests: tuple[SavingTest, ...]
    least_pct: float
    situation: tuple[Message, ...]
    forms: tuple[FittingForm, ...]
    pointers: tuple[LegalForm, ...]


def project_conditions(data: Dataset, group: Consortium, *, on: str) -> Conditions:
    """Return what grant rules and law say about a joint project on a day, given as an ISO date."""
    least = data.catalogue.span("min_saving_pct").central
    return Conditions(
        grants.check_grants(group, data.catalogue, on=on),
        grants.saving_tests(group, least),
        least,
        grants.situation(group),
        grants.fitting_forms(group, data.catalogue),
        tuple(rule for rule in data.catalogue.legal_forms if rule.kind == "rule"),
    )


def freed_hours(data: Dataset, use_case: str, sessions: int) -> tuple[Relief, ...]:
    """Return the hours a year that a use case itself frees, for one municipality and for a district with its ten.

    Empty for a use case without a published case to compute with. These hours are no part of any saving.
    """
    if use_case != relief.MINUTES:
        return ()
    return tuple(relief.free_hours(data.catalogue, sessions, count) for count in relief.PUBLISHED_FOR)


def council_memo(
    data: Dataset, key: str, use_case: str, preferences: Preferences, today: dt.date, *, rule: str = ""
) -> memo.Memo:
    """Return the council paper of a municipality about the best joint project for a use case.

    Its figures are those of `joint_projects`; ``rule`` splits the cost, the recommended one where none is named. Raises
    `BadInput` where no group can be formed or the rule cannot be computed.
    """
    found = joint_projects(data, key, preferences, use_case=use_case) if use_case else ()
    if not found:
        raise BadInput(
            message("No joint project: no need is entered, or no group can be formed."),
            where=use_case,
            remedy=message("Choose another use case, or enter more profiles."),
        )
    group = split_by(found[0], rule)
    return paper_about(data, key, group, project_options(data, key, group, preferences), today)


def paper_about(data: Dataset, key: str, group: Consortium, options: Sequence[Option], today: dt.date) -> memo.Memo:
    """Return the council paper of a municipality about a joint project and the ways that compete with it.

    ``data`` hold the own values that it was computed with.
    """
    profiles = data.profiles
    asker = profiles.row(key)
    members = [profiles.row(member.key) for member in group.members]
    return memo.compose(
        group,
        profiles.municipality(asker),
        data.catalogue,
        today,
        km=profiles.km_between(profiles.row(group.lead.key), members)[0].tolist(),
        sharing=share_costs(group),
        options=options,
        urgency=int(profiles.need[asker, profiles.use_cases.index(group.use_case)]),
        checks=_checks(project_conditions(data, group, on=today.isoformat())),
    )


def _checks(found: Conditions) -> tuple[memo.Check, ...]:
    """Return what a council reads about grants, legal forms and rules: the most promising and most fitting ones."""
    checks = []
    known = (grant for grant in found.grants if grant.source)
    for grant in sorted(known, key=lambda grant: grant.verdict == "not met")[:_GRANTS_IN_PAPER]:
        against = tuple(line.asks for line in grant.lines if line.verdict == "not met")
        unclear = tuple(line.asks for line in grant.lines if line.verdict == "unknown")
        answer = (
            message("not met: {asks:items}", asks=against)
            if against
            else message("nothing against it so far; to clarify: {asks:items}", asks=unclear)
        )
        checks.append(memo.Check(grant.title, answer, grant.source, grant.url, grant.year))
    forms = sorted(found.forms, key=lambda form: not form.sure)[:_FORMS_IN_PAPER]
    return (*checks, *(memo.Check(form.title, form.why, form.source, form.url, form.year) for form in forms))


def find_types(
    data: Dataset, *, simulated: bool = True, number: int | None = None, previous: clusters.Types | None = None
) -> tuple[clusters.Types, Profiles]:
    """Return the types of starting position and the profiles they were found in; see `clusters.find_types`."""
    profiles = data.profiles if simulated else data.profiles.take(~data.profiles.simulated)
    return clusters.find_types(profiles, data.catalogue, number=number, previous=previous), profiles


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
    return csv_text(frame, decimals=9)


@dataclass(frozen=True, eq=False)
class Network:
    """The network of participants, what stands out in it, and the profiles and suggestions it was drawn from."""

    graph: nx.MultiGraph[str]
    landscape: network.Landscape
    profiles: Profiles
    ranking: Ranking


def draw_network(
    data: Dataset, preferences: Preferences, *, suggestions: int = SUGGESTIONS_DRAWN, before: Network | None = None
) -> Network:
    """Return the network of participants with real cooperations and each one's best ``suggestions``.

    ``before`` is what was drawn with the same preferences before an edit: then only what the edit changes is
    computed anew.
    """
    from matchmaker import partners  # noqa: PLC0415 - as in `suggest`

    profiles = data.profiles
    keep = profiles.participates & (preferences.simulated | ~profiles.simulated)
    part = profiles.take(keep)
    rows = {key: row for row, key in enumerate(part.key.tolist())}
    binding, contacted = (
        [
            (c.title, np.array([rows[key] for key in c.members if key in rows], dtype=np.int64))
            for c in data.cooperations
            if c.status in wanted
        ]
        for wanted in (("agreed", "running"), ("contacted",))
    )
    if before is None:
        ranking = partners.rank_all(part, preferences, suggestions)
    else:
        ranking = partners.update(before.ranking, before.profiles, part, preferences)
    graph = network.build_graph(part, binding, ranking, data.centres, contacted)
    return Network(graph, network.survey_landscape(graph, part), part, ranking)


def examine(
    data: Dataset, *, simulated: bool = True, planned: Sequence[Consortium] | None = None
) -> tuple[Insight, ...]:
    """Return the eight statements about town, country and cooperation, tried on the participants.

    ``planned`` are the joint projects of a plan. Without a plan the best project for each stated need stands in, each
    group once; of very many needs 40 to 400, evenly spread over the keys.
    """
    part = data.profiles.take(data.profiles.participates & (simulated | ~data.profiles.simulated))
    projects = _best_projects(part, data) if planned is None else planned
    return insights.examine(part, data.catalogue, projects, planned=planned is not None)


def _best_projects(profiles: Profiles, data: Dataset) -> list[Consortium]:
    needs = np.argwhere(profiles.need > 0)
    most = int(np.clip(_PAIRS_LOOKED_AT // max(1, len(profiles)) ** 2, *_PROJECTS_LOOKED_AT))
    needs = needs[:: -(-len(needs) // most) or 1]
    found = (
        consortia.best_group(profiles, data.catalogue, int(row), profiles.use_cases[column], Preferences())
        for row, column in needs
    )
    return list({(group.use_case, group.members): group for group in found if group is not None}.values())


def survey_layers(drawn: Network, layers: Sequence[str]) -> network.Landscape:
    """Return what stands out in some layers of a network: its own landscape is that of real cooperations."""
    if set(layers) == {network.COOPERATION}:
        return drawn.landscape
    return network.survey_landscape(drawn.graph, drawn.profiles, layers)


GRAPH_FORMATS: Final = (".graphml", ".gexf", ".json")
"""Endings of graph files: GraphML and GEXF for other programs, JSON in the node-link form of networkx."""


def graph_text(graph: nx.MultiGraph[str], ending: str, layers: Sequence[str] = network.LAYERS) -> str:
    """Return a network with all attributes as the text of a file; links to competence centres come along.

    ``ending`` is one of `GRAPH_FORMATS`, ``layers`` the links between municipalities to keep.
    """
    edges: Any = graph.edges  # the stubs know no keys of edges

    def shown(*edge: object) -> bool:
        return edges[edge]["layer"] in {*layers, network.CENTRE}

    kept = nx.subgraph_view(graph, filter_edge=shown)
    match ending:
        case ".graphml":
            text = "\n".join(nx.generate_graphml(kept))
        case ".gexf":
            text = "\n".join(nx.generate_gexf(kept))
        case _:
            text = json.dumps(nx.node_link_data(kept, edges="edges"), ensure_ascii=False)
    return text + "\n"


def nearest_centre(data: Dataset, key: str) -> network.CentreMatch | None:
    """Return the competence centre that fits the needs of a municipality best and lies nearest; None without any."""
    return network.nearest_centre(data.profiles, data.profiles.row(key), data.centres)


def simulated_package(data: Dataset, *, n: int, seed: int, unknown: float = 0.0) -> Tables:
    """Return the tables of a simulated data package, without a catalogue of its own."""
    return simulate.simulate(data.profiles, data.catalogue, n=n, seed=seed, unknown=unknown)


def assess_survey(data: Dataset, answers: AnswerTable) -> survey.Assessment:
    """Return the maturity that employees' answers give, one row per municipality in the order of ``answers.keys``."""
    questionnaire = data.catalogue.questionnaire
    return survey.assess(
        answers.group,
        answers.sheet,
        answers.item,
        answers.answer,
        groups=len(answers.keys),
        dimension=np.array([DIMENSIONS.index(item.dimension) for item in questionnaire], dtype=np.int64),
        reverse=np.array([item.reverse for item in questionnaire], dtype=bool),
    )


def survey_levels(answers: AnswerTable, found: survey.Assessment) -> pd.DataFrame:
    """Return what a survey says as profiles keep it: key, D1…D8 in half steps, D1_se…D8_se, respondents.

    Municipalities of which no dimension is shown are left out.
    """
    frame = pd.DataFrame({"key": np.array(answers.keys, dtype=object)})
    frame[list(DIMENSIONS)] = found.half_steps
    frame[[f"{d}_se" for d in DIMENSIONS]] = np.round(found.level_se, 3)
    frame["respondents"] = found.respondents.astype(np.float64)
    return frame[found.respondents > 0].reset_index(drop=True)
