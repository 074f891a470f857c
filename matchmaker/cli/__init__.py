"""The command line: one sub-command per question.

Only this module prints. Results go to standard output, with ``--json`` one document and nothing else; errors go
to standard error as readable lines with exit code 2 (the input can be corrected) or 1 (failure), never a
traceback. Rooms that take time to load are imported where a command needs them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from matchmaker import log
from matchmaker.cli import (
    account,
    centre,
    cooperations,
    data,
    insights,
    keeping,
    landscape,
    plan,
    projects,
    report,
    search,
    share,
    start,
    survey,
)
from matchmaker.errors import MatchmakerError, Rejected
from matchmaker.model import SPLIT_RULES


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may not be UTF-8; names of places are.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    log.begin()
    arguments = _parser().parse_args(argv)
    try:
        result: int = arguments.run(arguments)
    except MatchmakerError as error:
        explain(error, arguments.lang)
        return error.exit_code
    except BrokenPipeError:
        # The reader of a pipe has seen enough; that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return result


def explain(error: MatchmakerError, lang: str) -> None:
    """Say on standard error what went wrong, where, and what to do next."""
    from matchmaker.i18n import language

    _ = language(lang)
    log.refused(error.code)
    parts = [_("Error") + ":", _.render(error.what)]
    if error.where:
        parts.append(f"[{error.where}]")
    if error.remedy:
        parts.append(_.render(error.remedy))
    print(_on_one_line(" ".join(parts)), file=sys.stderr)
    if isinstance(error, Rejected):
        for issue in error.issues:
            where = ", ".join(
                part
                for part in (
                    _on_one_line(issue.file),
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
    """Return a text of a file, or its name, so that it cannot steer the terminal or break the list."""
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

    def own_figures(to: argparse.ArgumentParser) -> None:
        to.add_argument("--assumptions", type=Path, metavar="FILE", help="CSV with own values: id, low, central, high")

    def rule(to: argparse.ArgumentParser) -> None:
        to.add_argument("--rule", choices=SPLIT_RULES, default="", help="how the cost is split (default: recommended)")

    register = commands.add_parser("register", help="the register of municipalities")
    actions = register.add_subparsers(dest="action", required=True, metavar="ACTION")
    find = actions.add_parser("search", help="find the key of a municipality")
    find.add_argument("text", metavar="TEXT")
    find.add_argument("--json", action="store_true")
    find.set_defaults(run=data.register_search)

    replaced = actions.add_parser("import", help="replace the register by the official file (GV100AD)")
    replaced.add_argument("path", type=Path, metavar="FILE")
    replaced.set_defaults(run=data.register_import)

    profile = commands.add_parser("profile", help="what a municipality says about itself")
    actions = profile.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="print a profile as JSON")
    show.add_argument("key", metavar="KEY")
    show.set_defaults(run=data.profile_show)
    save = actions.add_parser("set", help="save a profile from a JSON file in the form that show prints")
    save.add_argument("key", metavar="KEY")
    save.add_argument("path", type=Path, metavar="FILE")
    save.set_defaults(run=data.profile_set)
    past = actions.add_parser("history", help="what was entered when, from where, and what it changed")
    past.add_argument("key", metavar="KEY")
    past.add_argument("--json", action="store_true")
    past.set_defaults(run=data.profile_history)
    back = actions.add_parser("restore", help="bring back an earlier version, as a new change")
    back.add_argument("key", metavar="KEY")
    back.add_argument("version", type=int, metavar="VERSION", help="as history lists it; 0 takes back all entries")
    back.set_defaults(run=data.profile_restore)

    accounts = commands.add_parser("account", help="who may log in where the app runs for many users")
    actions = accounts.add_subparsers(dest="action", required=True, metavar="ACTION")
    everybody = actions.add_parser("list", help="list all accounts")
    everybody.add_argument("--json", action="store_true")
    everybody.set_defaults(run=account.listed)
    for name, carried_out, text in (
        ("add", account.add, "let somebody log in, or change role and scope"),
        ("remove", account.remove, "let somebody log in no more; holds from the next click on"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("subject", metavar="SUB", help="what the identity provider calls the person (claim sub)")
        one.add_argument("--issuer", required=True, metavar="URL", help="the identity provider (claim iss)")
        one.set_defaults(run=carried_out)
        if name == "add":
            one.add_argument("--role", required=True, choices=("officer", "centre", "viewer", "admin"))
            one.add_argument(
                "--for", dest="scope", default="", metavar="KEY,…",
                help="municipalities of an officer; Länder (SH) or keys of districts of a centre",
            )  # fmt: skip

    found = command("partners", search.partners, "the best partners of a municipality, or of all of them")
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

    joint = command("projects", projects.projects, "joint projects with saving and cost shares")
    joint.add_argument("key", metavar="KEY")
    joint.add_argument("--top", type=int, default=5, metavar="K", help="how many (default: 5)")
    joint.add_argument("--use-case", default="", metavar="UC", help="for this use case only, needed or not")
    own_figures(joint)
    rule(joint)
    joint.add_argument(
        "--sessions", type=int, metavar="N", help="sessions a year: hours freed by minutes with AI (UC01)"
    )
    joint.add_argument("--details", action="store_true", help="also the lines of the calculation, grants and law")
    joint.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    joint.add_argument("--json", action="store_true")

    divided = command("share", share.share, "split a joint cost by seven rules, with who would object to each")
    divided.add_argument(
        "path", type=Path, metavar="FILE",
        help="CSV or XLSX: player, alone, marginal with the joint cost in a row *; or coalition (A+B), cost",
    )  # fmt: skip
    divided.add_argument("--total", type=float, metavar="COST", help="the joint cost, where the file does not have it")
    divided.add_argument("--json", action="store_true")

    paper = command("report", report.report, "write a council paper about a joint project: .docx, .pdf or .xlsx")
    paper.add_argument("key", metavar="KEY")
    paper.add_argument("--use-case", required=True, metavar="UC", help="what it is about, needed or not")
    paper.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write, by its ending")
    own_figures(paper)
    rule(paper)
    paper.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    paper.add_argument("--json", action="store_true")

    types = command("clusters", landscape.clusters, "types of starting position")
    types.add_argument("--number", type=int, metavar="K", help="so many types, whatever the data say")
    types.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    types.add_argument("--json", action="store_true")

    drawn = command("network", landscape.network, "the network of cooperations and suggestions")
    drawn.add_argument("--out", type=Path, metavar="FILE", help="write the graph: .graphml, .gexf or .json")
    drawn.add_argument("--top", type=int, default=3, metavar="K", help="suggestions drawn for each (default: 3)")
    drawn.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    drawn.add_argument("--json", action="store_true")

    centres = commands.add_parser("centre", help="competence centres that help municipalities")
    actions = centres.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="show all")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=centre.list_)
    entered = actions.add_parser("add", help="enter one")
    entered.add_argument("--name", required=True)
    entered.add_argument("--seat", required=True, metavar="KEY", help="municipality where it sits")
    entered.add_argument("--topics", default="", metavar="UC01,…", help="use cases it works on")
    entered.add_argument("--host", default="", help="who runs it, a university for example")
    entered.add_argument("--url", default="", help="its page on the web")
    entered.set_defaults(run=centre.add)
    removed = actions.add_parser("remove", help="take one out")
    removed.add_argument("id", metavar="ID")
    removed.set_defaults(run=centre.remove)

    dealt = command("cooperations", cooperations.listed, "requests between municipalities, and what became of them")
    dealt.add_argument("key", nargs="?", default="", metavar="KEY", help="only those of this municipality")
    dealt.add_argument("--json", action="store_true")

    tried = command("insights", insights.insights, "eight statements about town and country, tried on the data")
    tried.add_argument("--no-simulated", action="store_true", help="without demonstration participants")
    tried.add_argument("--json", action="store_true")

    alike = command("peers", search.peers, "who resembles a municipality in figures, or all of them")
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

    taken = command(
        "import", data.import_, "take in a data package (folder or .zip), workbook or CSV file, whole or not at all"
    )
    taken.add_argument("path", type=Path, metavar="PATH")
    taken.add_argument("--dry-run", action="store_true", help="say what would be added, changed and removed, and stop")
    taken.add_argument("--json", action="store_true")

    asked = command("survey", survey.survey, "maturity with standard errors from employees' answers")
    asked.add_argument("path", type=Path, metavar="FILE", help="CSV or XLSX: key, respondent, item, answer (1-5)")
    asked.add_argument("--save", action="store_true", help="keep the levels as profiles of these municipalities")
    asked.add_argument("--as-of", default="", metavar="DATE", help="day of the survey, for --save (default: today)")
    asked.add_argument("--json", action="store_true")

    given = command("export", data.export, "write all tables as a data package: a folder, .zip, .xlsx or .json")
    given.add_argument("path", type=Path, metavar="PATH")

    form = command("template", data.template, "write an empty form with explained columns")
    form.add_argument("path", type=Path, metavar="PATH.xlsx")

    kept = command("backup", keeping.backup, "write everything that was entered into one file")
    kept.add_argument("path", type=Path, metavar="FILE")
    brought = command("restore", keeping.restore, "replace everything that was entered by a backup")
    brought.add_argument("path", type=Path, metavar="FILE")
    brought.add_argument("--replace", action="store_true", help="also where something has been entered already")
    sound = command("check", keeping.check, "is the database there, sound and of this version?")
    sound.add_argument("--json", action="store_true")
    pruned = command("prune", keeping.prune, "delete earlier versions of profiles that are older than some days")
    pruned.add_argument("--days", type=int, default=1095, metavar="N", help="keep so many days (default: 1095)")

    planned = command("plan", plan.plan, "which joint projects a region should start, with proof")
    plan.options(planned)
    own_figures(planned)

    made = command("simulate", data.simulate, "write a data package of simulated municipalities")
    made.add_argument("--n", type=int, required=True, metavar="N")
    made.add_argument("--seed", type=int, default=0, metavar="S", help="same seed, same data (default: 0)")
    made.add_argument("--out", type=Path, required=True, metavar="DIR")
    made.add_argument("--unknown", type=float, default=0.0, metavar="SHARE", help="share of unknown blocks")

    run = command("run", start.run, "set up what is missing and open the app")
    run.add_argument("--port", type=int, default=8501, metavar="PORT", help="port on this machine (default: 8501)")
    run.add_argument("--no-browser", action="store_true", help="do not open a browser")
    # Carried out before this parser is asked, since it needs an environment of its own; listed for --help.
    command("test", start.test, "set up what is missing and run the tests")
    return parser
