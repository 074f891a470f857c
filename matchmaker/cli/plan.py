"""Command that plans a region: which joint projects to start together."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from matchmaker.errors import BadInput
from matchmaker.message import message

if TYPE_CHECKING:
    from matchmaker.i18n import Language
    from matchmaker.portfolio import Plan, Progress

from matchmaker.cli.session import opened, print_json

_ENDINGS = (".csv", ".xlsx", ".json")


def plan(arguments: argparse.Namespace) -> int:
    """Plan the joint projects of a region, show them or write them to a file."""
    from matchmaker import exchange, service
    from matchmaker.portfolio import Limits
    from matchmaker.sheets import csv_text

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
    data, _ = opened(arguments)
    found = service.plan_region(
        data,
        Limits(
            max_size=arguments.max_size,
            include_weak=arguments.include_weak,
            simulated=not arguments.no_simulated,
            seed=arguments.seed,
        ),
        lands=[part.strip().upper() for part in arguments.land.split(",") if part.strip()],
        districts=[part.strip() for part in arguments.kreis.split(",") if part.strip()],
        seconds=arguments.seconds,
        progress=_progress(_),
    )
    if ending == ".json":
        exchange.write_text(json.dumps(_json(found, _), ensure_ascii=False, indent=2) + "\n", arguments.out)
    elif ending == ".csv":
        exchange.write_text(csv_text(service.plan_table(found, _.label)), arguments.out)
    elif ending:
        exchange.write_bytes(service.plan_workbook(service.plan_table(found, _.label)), arguments.out)
    if arguments.json:
        print_json(_json(found, _))
    elif not ending:
        _print(found, _)
    return 0


def _progress(_: Language) -> Callable[[Progress], None] | None:
    """Return what writes value and bound on a terminal; nothing where standard error is a file or a pipe."""
    if not sys.stderr.isatty():
        return None

    def draw(now: Progress) -> None:
        gap = f"{_.number(100 * now.gap, 2)} %" if math.isfinite(now.gap) else "–"
        line = f"{_.number(now.seconds, 1)} s  {_.eur(now.value_eur)}  ≤ {_.eur(now.bound_eur)}  {gap}"
        print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)

    return draw


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
