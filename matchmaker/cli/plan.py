"""Command that plans a region: which joint projects to start together."""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.cli.session import opened, print_json, writing
from matchmaker.errors import BadInput
from matchmaker.message import message

if TYPE_CHECKING:
    from matchmaker.dataset import Dataset
    from matchmaker.i18n import Language
    from matchmaker.plans import Region
    from matchmaker.portfolio import Limits, Plan, Progress
    from matchmaker.portfolio.values import WayIn
    from matchmaker.scenarios import Scenario

_ENDINGS = (".csv", ".xlsx", ".json")


def options(planned: argparse.ArgumentParser) -> None:
    """Add the options of the command: region, limits, wishes, and what to do with the plan."""
    add = planned.add_argument
    add("--land", default="", metavar="TH,…", help="these Länder (default: all of Germany)")
    add("--kreis", default="", metavar="KEY,…", help="everybody in these districts, by their five-digit keys")
    add("--keys", default="", metavar="KEY,…", help="these municipalities and districts themselves")
    add("--max-size", type=int, default=5, metavar="N", help="most members of a group (default: 5)")
    add("--max-led", type=int, default=3, metavar="N", help="most groups that one municipality leads (default: 3)")
    add("--max-paid", type=float, default=math.inf, metavar="EUR", help="most that one municipality pays a year")
    add("--budget-share", type=float, default=1.0, metavar="SHARE", help="share of the free budgets to plan with")
    add("--include-weak", action="store_true", help="everybody of the weakest fifth that can be reached takes part")
    add("--include", default="", metavar="KEY,…", help="these take part in at least one project")
    add("--exclude", default="", metavar="KEY,…", help="these take no part")
    add("--together", action="append", default=[], metavar="KEY+KEY", help="these two share a project; may be repeated")
    add("--apart", action="append", default=[], metavar="KEY+KEY", help="these two share no project; may be repeated")
    add("--fix", action="append", default=[], metavar="UC:LEAD+KEY…", help="this project is decided; may be repeated")
    add("--forbid", action="append", default=[], metavar="UC:KEY", help="this one must not lead that; may be repeated")
    add("--no-simulated", action="store_true", help="without demonstration participants")
    add("--seconds", type=float, default=60, metavar="S", help="end the search then (default: 60)")
    add("--seed", type=int, default=0, metavar="S", help="same seed, same plan (default: 0)")
    add("--why", default="", metavar="KEY", help="also what would bring this one into the plan")
    add("--curve", action="store_true", help="also what taking more of the weakest fifth along costs")
    kept = planned.add_mutually_exclusive_group()
    kept.add_argument("--save", default="", metavar="NAME", help="keep the plan as a scenario")
    kept.add_argument("--scenario", default="", metavar="NAME", help="show a kept scenario, by name or number")
    kept.add_argument("--list", action="store_true", help="list the kept scenarios side by side")
    add("--out", type=Path, metavar="FILE", help="write the plan as .csv, .xlsx or .json")
    add("--json", action="store_true")


def plan(arguments: argparse.Namespace) -> int:
    """Plan the joint projects of a region, show them, keep them, or write them to a file."""
    from matchmaker import plans, scenarios

    if arguments.list:
        return _list(arguments)
    ending = "" if arguments.out is None else arguments.out.suffix.lower()
    if arguments.out is not None and ending not in _ENDINGS:
        raise BadInput(
            message("A plan is written as {endings:list}.", endings=_ENDINGS),
            where=f"--out {arguments.out}",
            remedy=message("Choose a name with one of these endings."),
        )
    if not (math.isfinite(arguments.seconds) and arguments.seconds > 0):
        raise BadInput(
            message("The time for the search must be a number of seconds above zero."),
            where=f"--seconds {arguments.seconds}",
            remedy=message("Give a time such as 60."),
        )
    region, limits = _region(arguments), _limits(arguments)
    if arguments.save:
        writing(arguments)[0].scenarios.check(arguments.save)
    data, _ = opened(arguments)
    if arguments.scenario:
        kept = scenarios.read(writing(arguments)[0].scenarios.get(arguments.scenario).document)
    else:
        with _ended_by_ctrl_c() as stop:
            found = plans.plan_region(data, limits, region, seconds=arguments.seconds, progress=_progress(_), stop=stop)
        kept = scenarios.Scenario(region, limits, arguments.seconds, found, plans.fingerprint(data, region))
        if arguments.save:
            number = writing(arguments)[0].scenarios.add(arguments.save, scenarios.written(kept))
            print(_("Saved as scenario {number}.").format(number=number), file=sys.stderr)
    _write(arguments, ending, kept.plan, _)
    _answer(arguments, ending, data, kept, _)
    return 0


def _answer(arguments: argparse.Namespace, ending: str, data: Dataset, kept: Scenario, _: Language) -> None:
    """Print a plan with what was asked about it."""
    from matchmaker import plans

    changed = bool(arguments.scenario) and not plans.rests_on(data, kept.region, kept.fingerprint)
    ways = plans.ways_in(data, kept.limits, kept.region, kept.plan, arguments.why) if arguments.why else ()
    curve = (
        plans.inclusion(data, kept.limits, kept.region, seconds=arguments.seconds, progress=_progress(_))
        if arguments.curve
        else ()
    )
    if arguments.json:
        document = _json(kept.plan, _)
        if arguments.scenario:
            document["data_changed"] = changed
        if arguments.why:
            document["ways_in"] = [_way_json(way, _) for way in ways]
        if arguments.curve:
            document["curve"] = [
                {"weak_inside": p.weak_inside, "weak": p.weak, "value_eur": round(p.value_eur, 2)} for p in curve
            ]
        print_json(document)
        return
    if not ending:
        _print(kept.plan, _)
    if changed:
        print(
            "\n" + _("The data have changed since this scenario was saved. Make the plan anew to see what that means.")
        )
    if arguments.why:
        _print_ways(ways, str(data.profiles.name[data.profiles.row(arguments.why)]), _)
    if arguments.curve:
        print("\n" + _("Of the weakest fifth in a project, and what the plan then saves:"))
        for one in curve:
            print(f"   {one.weak_inside} / {one.weak}: {_.eur(one.value_eur)}")


def _list(arguments: argparse.Namespace) -> int:
    """List the saved scenarios side by side."""
    from matchmaker import scenarios

    place, _ = writing(arguments)
    rows = [(saved, scenarios.read(saved.document)) for saved in place.scenarios.all()]
    if arguments.json:
        print_json(
            {
                "scenarios": [
                    {
                        "id": saved.id,
                        "name": saved.name,
                        "saved_at": saved.saved_at.isoformat(timespec="seconds"),
                        "region": list(kept.region.named),
                        "value_eur": round(kept.plan.value_eur, 2),
                        "bound_eur": round(kept.plan.bound_eur, 2),
                        "projects": len(kept.plan.projects),
                        "participants": kept.plan.participants,
                    }
                    for saved, kept in rows
                ]
            }
        )
        return 0
    for saved, kept in rows:
        text = _("{number}  {name}, {date} ({region}): {value}, projects: {projects}, participants: {participants}")
        print(
            text.format(
                number=saved.id, name=saved.name, date=_.date(saved.saved_at.date()),
                region=", ".join(kept.region.named) or _("all of Germany"), value=_.eur(kept.plan.value_eur),
                projects=_.number(len(kept.plan.projects)), participants=_.number(kept.plan.participants),
            )
        )  # fmt: skip
    if not rows:
        print(_("No scenario is saved yet."))
    return 0


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _region(arguments: argparse.Namespace) -> Region:
    from matchmaker.plans import Region

    return Region(
        lands=tuple(land.upper() for land in _parts(arguments.land)),
        districts=_parts(arguments.kreis),
        keys=_parts(arguments.keys),
    )


def _limits(arguments: argparse.Namespace) -> Limits:
    from matchmaker.portfolio import Limits

    return Limits(
        max_size=arguments.max_size,
        most_led=arguments.max_led,
        most_paid_eur=arguments.max_paid,
        budget_share=arguments.budget_share,
        include_weak=arguments.include_weak,
        simulated=not arguments.no_simulated,
        excluded=frozenset(_parts(arguments.exclude)),
        included=frozenset(_parts(arguments.include)),
        together=tuple(_pair(text, "--together") for text in arguments.together),
        apart=tuple(_pair(text, "--apart") for text in arguments.apart),
        fixed=tuple(_group(text) for text in arguments.fix),
        forbidden=tuple(_use_case_and(text, "--forbid", "UC03:09162000") for text in arguments.forbid),
        seed=arguments.seed,
    )


def _pair(text: str, option: str) -> tuple[str, str]:
    keys = [key.strip() for key in text.split("+")]
    if len(keys) != 2 or not all(keys):  # noqa: PLR2004 - a pair
        raise _misread(f"{option} {text}", f"{option} 09162000+09564000")
    return keys[0], keys[1]


def _use_case_and(text: str, option: str, example: str) -> tuple[str, str]:
    use_case, _colon, keys = text.partition(":")
    if not use_case.strip() or not keys.strip():
        raise _misread(f"{option} {text}", f"{option} {example}")
    return use_case.strip().upper(), keys.strip()


def _group(text: str) -> tuple[str, str, tuple[str, ...]]:
    use_case, keys = _use_case_and(text, "--fix", "UC03:09162000+09564000")
    lead, *members = (key.strip() for key in keys.split("+"))
    return use_case, lead, tuple(members)


def _misread(where: str, example: str) -> BadInput:
    return BadInput(
        message("This wish cannot be read."), where=where, remedy=message("Write it like {example}.", example=example)
    )


def _write(arguments: argparse.Namespace, ending: str, found: Plan, _: Language) -> None:
    from matchmaker import exchange, plans
    from matchmaker.sheets import csv_text

    if ending == ".json":
        exchange.write_text(json.dumps(_json(found, _), ensure_ascii=False, indent=2) + "\n", arguments.out)
    elif ending:
        table = plans.plan_table(found, _.label)
        if ending == ".csv":
            exchange.write_text(csv_text(table), arguments.out)
        else:
            exchange.write_bytes(plans.plan_workbook([("plan", table)]), arguments.out)


def _progress(_: Language) -> Callable[[Progress], None] | None:
    """Return what writes value and bound on a terminal; nothing where standard error is a file or a pipe."""
    if not sys.stderr.isatty():
        return None

    def draw(now: Progress) -> None:
        gap = f"{_.number(100 * now.gap, 2)} %" if math.isfinite(now.gap) else "–"
        line = f"{_.number(now.seconds, 1)} s  {_.eur(now.value_eur)}  ≤ {_.eur(now.bound_eur)}  {gap}"
        print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)

    return draw


@contextmanager
def _ended_by_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C end the search with the best plan so far, and a second one the program."""
    asked = threading.Event()

    def ask(*_signal: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    former = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, former)


def _print(found: Plan, _: Language) -> None:
    line = _("Projects: {count}. Together they save {value} over five years; no plan saves more than {bound}.")
    print(line.format(count=_.number(len(found.projects)), value=_.eur(found.value_eur), bound=_.eur(found.bound_eur)))
    for number, project in enumerate(found.projects, start=1):
        print(f"\n{number}. {_.label(project.title)} ({project.use_case}): {_.eur(project.saving_eur)}")
        names = _.list([m.name + (f" [{_('simulated')}]" if m.simulated else "") for m in project.members])
        print("   " + _("{lead} leads; members: {names}").format(lead=project.lead.name, names=names))
    for binding in found.binding:
        if binding.one_more_fte_eur:
            text = _("One more free post at {name} would save at least {saving} more.")
            print(text.format(name=binding.municipality.name, saving=_.eur(binding.one_more_fte_eur)))
    for note in found.notes:
        print(f"· {_.render(note)}")
    if found.left_out:
        print("\n" + _("In no project:"))
    for left in found.left_out:
        print(f"   {left.municipality.name} ({left.municipality.key}): {_.render(left.why)}")
    if found.left_out:
        print(_("What would bring one of them in: --why and its key."))


def _json(found: Plan, _: Language) -> dict[str, Any]:
    return {
        "status": found.status,
        "value_eur": round(found.value_eur, 2),
        "bound_eur": round(found.bound_eur, 2),
        "gap": round(found.gap, 6) if math.isfinite(found.gap) else None,
        "consortia": [
            {
                "use_case": project.use_case,
                "lead": project.lead.key,
                "members": [member.key for member in project.members],
                "saving_eur": round(project.saving_eur, 2),
                "pays_eur_a_year": {
                    m.key: round(paid, 2) for m, paid in zip(project.members, project.pays_eur, strict=True)
                },
                "simulated": [member.key for member in project.members if member.simulated],
            }
            for project in found.projects
        ],
        "left_out": [
            {"key": left.municipality.key, "why": _.render(left.why), "weak": left.weak} for left in found.left_out
        ],
        "binding": [
            {
                "key": binding.municipality.key,
                "limit": binding.limit,
                "one_more_fte_eur": None if binding.one_more_fte_eur is None else round(binding.one_more_fte_eur, 2),
            }
            for binding in found.binding
        ],
        "notes": [_.render(note) for note in found.notes],
        "seconds": round(found.seconds, 2),
    }


def _print_ways(ways: Iterable[WayIn], name: str, _: Language) -> None:
    ways = list(ways)
    print("\n" + _("What would bring {name} into the plan:").format(name=name))
    for way in ways:
        print("   " + _.render(way.said(way.lead.name + (f" [{_('simulated')}]" if way.lead.simulated else ""))))
    if not ways:
        print("   " + _("No single change of those tried is enough."))


def _way_json(way: WayIn, _: Language) -> dict[str, Any]:
    return {
        "change": _.render(way.change),
        "title": _.label(way.title),
        "lead": way.lead.key,
        "gain_eur": round(way.gain_eur, 2),
        "checked": way.checked,
        "certain": way.certain,
    }
