"""The command line: one sub-command per question.

Only this module prints. Results go to standard output, with ``--json`` one document and nothing else; errors go
to standard error as readable lines with exit code 2 (the input can be corrected) or 1 (failure), never a
traceback. Rooms that take time to load are imported where a command needs them.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.errors import BadInput, MatchmakerError, Rejected, reason
from matchmaker.message import message

if TYPE_CHECKING:
    from matchmaker.dataset import Dataset
    from matchmaker.i18n import Language
    from matchmaker.model import Consortium, Preferences, Suggestion
    from matchmaker.service import Workspace

ROOT = Path(__file__).resolve().parent.parent

_REPLACED_LISTED = 10
"""Municipalities named of which an import replaces something; with --json all are."""

_PORTS = range(1, 65_536)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may not be UTF-8; names of places are.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = _parser().parse_args(argv)
    try:
        result: int = arguments.run(arguments)
    except MatchmakerError as error:
        _report(error, arguments.lang)
        return error.exit_code
    except BrokenPipeError:
        # The reader of a pipe has seen enough; that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return result


def _report(error: MatchmakerError, lang: str) -> None:
    from matchmaker.i18n import language

    _ = language(lang)
    parts = [_("Error") + ":", _.render(error.what)]
    if error.where:
        parts.append(f"[{error.where}]")
    if error.remedy:
        parts.append(_.render(error.remedy))
    print(" ".join(parts), file=sys.stderr)
    if isinstance(error, Rejected):
        for issue in error.issues:
            where = ", ".join(
                part
                for part in (
                    issue.file,
                    _("row {row}").format(row=issue.row) if issue.row else "",
                    _("column {column}").format(column=_on_one_line(issue.column)) if issue.column else "",
                    f"„{_on_one_line(issue.value)}“" if issue.value else "",
                )
                if part
            )
            print(f"  {where}: {_.render(issue.rule)}", file=sys.stderr)
        if error.total > len(error.issues):
            rest = error.total - len(error.issues)
            print("  " + _("… and {count} more.").format(count=_.number(rest)), file=sys.stderr)


def _on_one_line(text: str) -> str:
    """Return a text of a file so that it cannot steer the terminal or break the list."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _parser() -> argparse.ArgumentParser:  # noqa: PLR0915 - the table of commands in one place
    parser = argparse.ArgumentParser(
        prog="python -m matchmaker",
        description="Finds German municipalities the right partners for artificial intelligence.",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="DIR", help="look at this data package alone")
    source.add_argument("--database", metavar="URL", help="database with what users entered (SQLAlchemy URL)")
    parser.add_argument("--lang", choices=("de", "en"), default="de", help="language of texts (default: de)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    register = commands.add_parser("register", help="the register of municipalities")
    actions = register.add_subparsers(dest="action", required=True, metavar="ACTION")
    find = actions.add_parser("search", help="find the key of a municipality")
    find.add_argument("text", metavar="TEXT")
    find.add_argument("--json", action="store_true")
    find.set_defaults(run=_register_search)

    replaced = actions.add_parser("import", help="replace the register by the official file (GV100AD)")
    replaced.add_argument("path", type=Path, metavar="FILE")
    replaced.set_defaults(run=_register_import)

    profile = commands.add_parser("profile", help="what a municipality says about itself")
    actions = profile.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="print a profile as JSON")
    show.add_argument("key", metavar="KEY")
    show.set_defaults(run=_profile_show)
    save = actions.add_parser("set", help="save a profile from a JSON file in the form that show prints")
    save.add_argument("key", metavar="KEY")
    save.add_argument("path", type=Path, metavar="FILE")
    save.set_defaults(run=_profile_set)

    found = command("partners", _partners, "the best partners of a municipality, or of all of them")
    found.add_argument("key", nargs="?", metavar="KEY")
    found.add_argument("--all", action="store_true", help="for every municipality; needs --out")
    found.add_argument("--top", type=int, default=10, metavar="K", help="how many (default: 10)")
    found.add_argument("--out", type=Path, metavar="FILE", help="CSV file for --all")
    found.add_argument("--scheduler", default="", metavar="ADDRESS", help="Dask cluster that shares the work of --all")
    found.add_argument("--weights", default="", metavar="PART=W,…", help="weights other than the default ones")
    found.add_argument(
        "--preset", choices=("officer", "network", "centre"), default="officer",
        help="weights to begin with (default: officer)",
    )  # fmt: skip
    found.add_argument(
        "--sensitivity", action="store_true", help="also who comes and goes when one weight is left out or doubled"
    )
    found.add_argument("--max-km", type=float, metavar="KM", help="only partners within this distance")
    found.add_argument("--land", default="", metavar="TH,…", help="only partners in these Länder")
    found.add_argument("--use-case", default="", metavar="UC", help="only partners that need or have this use case")
    found.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    found.add_argument(
        "--everyone", action="store_true", help="also municipalities of which nothing but the register is known"
    )
    found.add_argument("--json", action="store_true")

    projects = command("projects", _projects, "joint projects with saving and cost shares")
    projects.add_argument("key", metavar="KEY")
    projects.add_argument("--top", type=int, default=5, metavar="K", help="how many (default: 5)")
    projects.add_argument("--use-case", default="", metavar="UC", help="for this use case only, needed or not")
    projects.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    projects.add_argument("--json", action="store_true")

    types = command("clusters", _clusters, "types of starting position")
    types.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    types.add_argument("--json", action="store_true")

    drawn = command("network", _network, "the network of cooperations and suggestions")
    drawn.add_argument("--out", type=Path, metavar="FILE", help="write the graph: .graphml, .gexf or .json")
    drawn.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    drawn.add_argument("--json", action="store_true")

    alike = command("peers", _peers, "who resembles a municipality in figures, or all of them")
    alike.add_argument("key", nargs="?", metavar="KEY")
    alike.add_argument("--all", action="store_true", help="for every row of the table; needs --out")
    alike.add_argument(
        "--indicators", type=Path, metavar="FILE", help="CSV or XLSX: keys, then indicators (default: what is assessed)"
    )
    alike.add_argument("--exclude", type=Path, metavar="FILE", help="pairs of keys that shall not be neighbours")
    alike.add_argument("--top", type=int, default=20, metavar="K", help="how many (default: 20)")
    alike.add_argument("--out", type=Path, metavar="FILE", help="CSV file for --all")
    alike.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    alike.add_argument("--json", action="store_true")

    taken = command("import", _import, "take in a data package, workbook or CSV file, whole or not at all")
    taken.add_argument("path", type=Path, metavar="PATH")
    taken.add_argument("--json", action="store_true")

    given = command("export", _export, "write all tables as a data package, or as .xlsx")
    given.add_argument("path", type=Path, metavar="PATH")

    form = command("template", _template, "write an empty form with explained columns")
    form.add_argument("path", type=Path, metavar="PATH.xlsx")

    made = command("simulate", _simulate, "write a data package of simulated municipalities")
    made.add_argument("--n", type=int, required=True, metavar="N")
    made.add_argument("--seed", type=int, default=0, metavar="S", help="same seed, same data (default: 0)")
    made.add_argument("--out", type=Path, required=True, metavar="DIR")
    made.add_argument("--unknown", type=float, default=0.0, metavar="SHARE", help="share of unknown blocks")

    run = command("run", _run, "set up what is missing and open the app")
    run.add_argument("--port", type=int, default=8501, metavar="PORT", help="port on this machine (default: 8501)")
    run.add_argument("--no-browser", action="store_true", help="do not open a browser")
    # Carried out before this parser is asked, since it needs an environment of its own; listed for --help.
    command("test", _test, "set up what is missing and run the tests")
    return parser


def _workspace(arguments: argparse.Namespace) -> Workspace:
    from matchmaker.service import Workspace
    from matchmaker.store import Store, default_url

    if arguments.data is not None:
        return Workspace(package=arguments.data.resolve())
    return Workspace(store=Store(arguments.database or default_url()))


def _opened(arguments: argparse.Namespace) -> tuple[Dataset, Language]:
    from matchmaker.i18n import language

    return _workspace(arguments).load(), language(arguments.lang)


def _print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))


def _preferences(arguments: argparse.Namespace) -> Preferences:
    from matchmaker.model import PARTS, PRESETS, Preferences

    weights: dict[str, float] = {}
    for item in filter(None, getattr(arguments, "weights", "").split(",")):
        name, _, value = item.partition("=")
        if name.strip() not in PARTS:
            raise BadInput(
                message("{name} is no part of the score.", name=name.strip()),
                where="--weights",
                remedy=message("The parts are {parts:list}.", parts=PARTS),
            )
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            raise BadInput(
                message("The weight of {part} must be a number of at least zero.", part=name.strip()),
                where=f"--weights {item}",
                remedy=message("Give a weight such as near=0.1."),
            ) from None
    return Preferences(
        weights=replace(PRESETS[arguments.preset], **weights),
        lands=frozenset(part.strip().upper() for part in getattr(arguments, "land", "").split(",") if part.strip()),
        max_km=getattr(arguments, "max_km", None),
        simulated=not arguments.no_simulated,
        participants_only=not getattr(arguments, "everyone", False),
        use_case=getattr(arguments, "use_case", ""),
    )


def _register_search(arguments: argparse.Namespace) -> int:
    from matchmaker import service

    data, _ = _opened(arguments)
    found = service.search(data, arguments.text)
    if arguments.json:
        _print_json(
            [
                {"key": m.key, "name": m.name, "land": m.land, "kind": m.kind, "population": m.population,
                 "simulated": m.simulated}
                for m in found
            ]
        )  # fmt: skip
    for m in found if not arguments.json else ():
        people = _("inhabitants unknown") if m.population is None else _.number(m.population)
        print(f"{m.key:8}  {m.name}  ({m.land}, {_(m.kind) if m.kind else '–'}, {people})")
    if not found and not arguments.json:
        print(_("Nothing found. Try a part of the name."))
    return 0


def _register_import(arguments: argparse.Namespace) -> int:
    workspace, _ = _writing(arguments)
    rows, without_place = workspace.replace_register(arguments.path)
    print(
        _("{rows} municipalities and districts, {unknown} of them without a known place.").format(
            rows=_.number(rows), unknown=_.number(without_place)
        )
    )
    return 0


def _writing(arguments: argparse.Namespace) -> tuple[Workspace, Language]:
    """Return the workspace whose database a command writes to, over the package named by --data if any."""
    from matchmaker.i18n import language
    from matchmaker.service import Workspace
    from matchmaker.store import Store, default_url

    store = Store(arguments.database or default_url())
    package = {} if arguments.data is None else {"package": arguments.data.resolve()}
    return Workspace(store=store, **package), language(arguments.lang)


def _profile_show(arguments: argparse.Namespace) -> int:
    from matchmaker import service

    data, _ = _opened(arguments)
    _print_json(service.profile_document(service.own_profile(data, arguments.key)))
    return 0


def _profile_set(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange, service

    workspace, _ = _writing(arguments)
    document = exchange.read_document(arguments.path)
    workspace.save_profile(service.profile_from(document, service.own_profile(workspace.load(), arguments.key)))
    print(_("Saved."))
    return 0


def _partners(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange, service
    from matchmaker.model import PART_TITLES

    if arguments.all == (arguments.key is not None):
        raise BadInput(
            message("Name one municipality or ask for all."),
            where="partners",
            remedy=message("Write: partners KEY, or: partners --all --out FILE.csv"),
        )
    preferences = _preferences(arguments)
    data, _ = _opened(arguments)
    if arguments.all:
        if arguments.out is None:
            raise BadInput(
                message("The partners of all need a file to be written to."),
                where="--out",
                remedy=message("Add --out FILE.csv"),
            )
        ranking = service.suggest_all(
            data, preferences, top=arguments.top, progress=_progress_bar(), scheduler=arguments.scheduler
        )
        exchange.write_text(service.ranking_csv(data, ranking), arguments.out)
        return 0
    suggestions = service.suggest(data, arguments.key, preferences, top=arguments.top)
    shifts = service.weight_shifts(data, arguments.key, preferences, top=arguments.top) if arguments.sensitivity else ()
    asker = data.profiles.municipality(data.profiles.row(arguments.key))
    if arguments.json:
        sensitivity = [
            {
                "part": s.part,
                "factor": s.factor,
                "enters": [m.key for m in s.enters],
                "leaves": [m.key for m in s.leaves],
            }
            for s in shifts
        ]
        _print_json(
            {
                "key": asker.key,
                "name": asker.name,
                "top": arguments.top,
                "suggestions": [_suggestion_json(s, _) for s in suggestions],
                **({"sensitivity": sensitivity} if arguments.sensitivity else {}),
            }
        )
        return 0
    print(_("Partners for {name} ({key})").format(name=asker.name, key=asker.key))
    for s in suggestions:
        mark = f" [{_('simulated')}]" if s.partner.simulated else ""
        far = "–" if s.km is None else f"{_.number(s.km)} km"
        print(f"\n{s.rank}. {s.partner.name}{mark}  {s.partner.key}  {s.partner.land}  {far}")
        line = _("score {score}, {coverage} on reported data, {word} ({stability})").format(
            score=_.number(s.score, 2), coverage=_.percent(s.coverage), stability=_.percent(s.stability or 0),
            word=_.render(s.steadiness) if s.steadiness else "",
        )  # fmt: skip
        print(f"   {line}")
        for sign, texts in (("+", s.reasons), ("–", s.against)):
            for text in texts:
                print(f"   {sign} {_.render(text)}")
        for item in s.evidence[:2]:
            print(f"   → {_.label(item.title)}: {item.url}")
    if not suggestions:
        print(_("No municipality is left within these limits."))
    for shift in (shift for shift in shifts if shift.enters or shift.leaves):
        change = _("Without “{part}”") if shift.factor == 0 else _("“{part}” doubled")
        coming, going = (_.list([m.name for m in who]) or "–" for who in (shift.enters, shift.leaves))
        line = _("{change}: comes {coming}; goes {going}")
        print(line.format(change=change.format(part=_.render(PART_TITLES[shift.part])), coming=coming, going=going))
    return 0


def _suggestion_json(s: Suggestion, _: Language) -> dict[str, Any]:
    return {
        "rank": s.rank,
        "key": s.partner.key,
        "name": s.partner.name,
        "land": s.partner.land,
        "kind": s.partner.kind,
        "km": None if s.km is None else round(s.km, 1),
        "score": round(s.score, 9),
        "coverage": round(s.coverage, 9),
        "stability": s.stability,
        "simulated": s.partner.simulated,
        "parts": {part.name: round(part.value, 9) for part in s.parts},
        "known": [part.name for part in s.parts if part.known],
        "reasons": [_.render(text) for text in s.reasons],
        "against": [_.render(text) for text in s.against],
        "lift": _.render(s.lift) if s.lift else None,
        "sources": list(dict.fromkeys(item.url for item in s.evidence)),
    }


def _progress_bar() -> Callable[[float], None] | None:
    """Return what draws a bar on a terminal; nothing where standard error is a file or a pipe."""
    if not sys.stderr.isatty():
        return None

    def draw(done: float) -> None:
        width = 40
        bar = "█" * round(done * width)
        print(f"\r{bar:<{width}} {done:4.0%}", end="\n" if done >= 1 else "", file=sys.stderr, flush=True)

    return draw


def _projects(arguments: argparse.Namespace) -> int:
    from matchmaker import service

    data, _ = _opened(arguments)
    preferences = _preferences_without_use_case(arguments)
    groups = service.joint_projects(
        data, arguments.key, preferences, top=arguments.top, use_case=arguments.use_case.upper()
    )
    if arguments.json:
        _print_json({"key": arguments.key, "projects": [_project_json(group, _) for group in groups]})
        return 0
    asker = data.profiles.municipality(data.profiles.row(arguments.key))
    print(_("Joint projects for {name} ({key}), over five years").format(name=asker.name, key=asker.key))
    for number, group in enumerate(groups, start=1):
        print(f"\n{number}. {_.label(group.title)} ({group.use_case})")
        names = _.list([m.name + (f" [{_('simulated')}]" if m.simulated else "") for m in group.members])
        print("   " + _("{lead} leads; members: {names}").format(lead=group.lead.name, names=names))
        saving = group.saving_eur
        line = _("saving {central} (from {low} to {high})").format(
            central=_.eur(saving.central), low=_.eur(saving.low), high=_.eur(saving.high)
        )
        print(f"   {line}")
        for share in group.shares:
            print(
                "   "
                + _("{name}: alone {alone}, together {pays}").format(
                    name=share.member.name, alone=_.eur(share.alone_cents / 100), pays=_.eur(share.pays_cents / 100)
                )
            )
        for note in group.notes:
            print(f"   · {_.render(note)}")
    if not groups:
        print(_("No joint project: no need is entered, or no group can be formed. Try --use-case."))
    return 0


def _preferences_without_use_case(arguments: argparse.Namespace) -> Preferences:
    from matchmaker.model import Preferences

    return Preferences(simulated=not arguments.no_simulated)


def _project_json(group: Consortium, _: Language) -> dict[str, Any]:
    saving = group.saving_eur
    return {
        "use_case": group.use_case,
        "title": _.label(group.title),
        "lead": group.lead.key,
        "members": [member.key for member in group.members],
        "saving_eur": {case: round(getattr(saving, case), 2) for case in ("low", "central", "high")},
        "saving_pct": round(group.saving_pct, 2),
        "fte_saved": round(group.fte_saved.central, 3),
        "staff_days_saved": round(group.staff_days_saved.central, 1),
        "shares": [
            {"key": s.member.key, "alone_eur": s.alone_cents / 100, "pays_eur": s.pays_cents / 100}
            for s in group.shares
        ],
        "rule": group.rule,
        "simulated": [member.key for member in group.members if member.simulated],
        "notes": [_.render(note) for note in group.notes],
        "sources": list(dict.fromkeys(item.url for item in group.evidence)),
    }


def _clusters(arguments: argparse.Namespace) -> int:
    from matchmaker import service

    data, _ = _opened(arguments)
    found, profiles = service.find_types(data, simulated=not arguments.no_simulated)
    names = {t.id: _("Type {number}").format(number=t.id) for t in found.types}
    if arguments.json:
        _print_json(
            {
                "k": len(found.types),
                "silhouette": round(found.silhouette, 4),
                "stability": round(found.stability, 4),
                "weak": found.weak,
                "types": [
                    {"id": t.id, "name": names[t.id], "size": t.size, "portrait": _.render(t.portrait)}
                    for t in found.types
                ],
                "assignment": {
                    str(key): int(label) for key, label in zip(profiles.key, found.label, strict=True) if label
                },
            }
        )
        return 0
    print(
        _("{count} types; silhouette {silhouette}, stability {stability}").format(
            count=len(found.types), silhouette=_.number(found.silhouette, 2), stability=_.number(found.stability, 2)
        )
    )
    if found.weak:
        print(_("The types are weakly separated: take them as a rough order, not as groups."))
    for t in found.types:
        print(f"\n{names[t.id]} ({t.size}): {_.render(t.portrait)}")
    return 0


def _network(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange, service
    from matchmaker.model import Preferences

    if arguments.out is not None and arguments.out.suffix.lower() not in exchange.GRAPH_FORMATS:
        raise BadInput(
            message("The graph cannot be written as {suffix}.", suffix=arguments.out.suffix or arguments.out.name),
            where=str(arguments.out),
            remedy=message("Use one of {formats:list}.", formats=tuple(exchange.GRAPH_FORMATS)),
        )
    data, _ = _opened(arguments)
    drawn = service.draw_network(data, Preferences(simulated=not arguments.no_simulated))
    graph, landscape = drawn.graph, drawn.landscape
    if arguments.out is not None:
        exchange.write_graph(graph, arguments.out)
    if arguments.json:
        _print_json(
            {
                "nodes": graph.number_of_nodes(),
                "cooperations": landscape.links,
                "cooperating": landscape.cooperating,
                "communities": landscape.communities,
                "modularity": round(landscape.modularity, 4),
                "hubs": [
                    {"key": n.municipality.key, "name": n.municipality.name, "partners": n.partners,
                     "betweenness": round(n.betweenness, 6), "community": n.community}
                    for n in landscape.nodes[:10]
                ],
                "alone": [m.key for m in landscape.alone],
            }
        )  # fmt: skip
        return 0
    print(
        _("{cooperating} of {nodes} participants cooperate, in {communities} communities.").format(
            cooperating=landscape.cooperating, nodes=graph.number_of_nodes(), communities=landscape.communities
        )
    )
    for n in landscape.nodes[:10]:
        mark = f" [{_('simulated')}]" if n.municipality.simulated else ""
        print(f"  {n.municipality.name}{mark}: " + _.plural("{count} partner", "{count} partners", n.partners))
    return 0


def _peers(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange, indicators, service
    from matchmaker.i18n import language

    if arguments.all == (arguments.key is not None):
        raise BadInput(
            message("Name one municipality or ask for all."),
            where="peers",
            remedy=message("Write: peers KEY, or: peers --all --out FILE.csv"),
        )
    if arguments.all and arguments.out is None:
        raise BadInput(
            message("The peers of all need a file to be written to."),
            where="--out",
            remedy=message("Add --out FILE.csv"),
        )
    if arguments.indicators is not None:
        table = indicators.read_indicators(arguments.indicators)
    else:
        profiles = _workspace(arguments).load().profiles
        table = indicators.from_profiles(profiles, simulated=not arguments.no_simulated)
    excluded = None if arguments.exclude is None else indicators.read_excluded(arguments.exclude, table.keys)
    top = min(arguments.top, max(1, len(table.keys)))
    found = service.find_peers(table, key=arguments.key, k=top, excluded=excluded)
    if arguments.all:
        exchange.write_text(service.peers_csv(table, found), arguments.out)
        return 0
    nearest = [
        {"rank": rank, "key": table.keys[row], "distance": round(float(distance), 9)}
        for rank, (row, distance) in enumerate(zip(found.neighbour[0], found.distance[0], strict=True), start=1)
        if row >= 0
    ]
    if arguments.json:
        _print_json({"key": arguments.key, "neighbours": nearest})
        return 0
    _ = language(arguments.lang)
    for peer in nearest:
        print(f"{peer['rank']:3}  {peer['key']}  {_.number(peer['distance'], 3)}")
    if not nearest:
        print(_("Nobody is left to compare with. Load more figures, or allow more pairs."))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    workspace, _ = _writing(arguments)
    taken = workspace.take_in(arguments.path, what=f"import {arguments.path.name}")
    if arguments.json:
        _print_json({"rows": taken.rows, "replaced": taken.replaced, "database": workspace.place})
        return 0
    for name, rows in taken.rows.items():
        print(f"{name}: " + _.plural("{count} row", "{count} rows", rows))
        before = taken.replaced[name]
        for owner, count in list(before.items())[:_REPLACED_LISTED]:
            print(f"  {owner}: " + _.plural("replaces {count} row", "replaces {count} rows", count))
        if (rest := len(before) - _REPLACED_LISTED) > 0:
            print("  " + _("… and {count} more.").format(count=_.number(rest)))
    print(_("Saved in {place}").format(place=workspace.place))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange

    data, _ = _opened(arguments)
    exchange.write(data.tables, arguments.path)
    print(_("Written to {place}").format(place=arguments.path))
    return 0


def _template(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange
    from matchmaker.i18n import language

    if arguments.path.suffix.lower() != ".xlsx":
        raise BadInput(
            message("A template is written as .xlsx."), where=str(arguments.path), remedy=message("Name a .xlsx file.")
        )
    exchange.write_template(arguments.path)
    print(language(arguments.lang)("Written to {place}").format(place=arguments.path))
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    from matchmaker import exchange, service
    from matchmaker.i18n import language

    data = service.Workspace().load()
    tables = service.simulated_package(data, n=arguments.n, seed=arguments.seed, unknown=arguments.unknown)
    exchange.write(tables, arguments.out)
    print(language(arguments.lang)("Written to {place}").format(place=arguments.out))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    """Start the app from the checkout, where Streamlit finds its settings."""
    from matchmaker.store import default_url

    _check_port(arguments.port)
    environment = {**os.environ, "MATCHMAKER_DATABASE_URL": arguments.database or default_url()}
    if arguments.data is not None:
        environment["MATCHMAKER_DATA"] = str(arguments.data.resolve())
    headless = "true" if arguments.no_browser else "false"
    started = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(arguments.port),
         "--server.headless", headless],
        cwd=ROOT, env=environment, check=False,
    )  # fmt: skip
    return started.returncode


def _check_port(port: int) -> None:
    """Raise `BadInput` for a port that the app cannot use; Streamlit would show a traceback."""
    if port not in _PORTS:
        raise BadInput(
            message("There is no port {port}.", port=port),
            where="--port",
            remedy=message("Name a number from {least} to {most}.", least=_PORTS[0], most=_PORTS[-1]),
        )
    try:
        socket.create_server(("localhost", port)).close()
    except OSError as error:
        raise BadInput(
            message("The port {port} cannot be used: {reason}.", port=port, reason=reason(error)),
            where="--port",
            remedy=message("The app may be open already. Otherwise name another port, for example --port 8601."),
        ) from None


def _test(_arguments: argparse.Namespace) -> int:
    raise BadInput(
        message("The tests are run with: python -m matchmaker test"), remedy=message("Run it in the checkout.")
    )
