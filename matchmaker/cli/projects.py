"""Commands about doing something together: joint projects and what they save."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matchmaker.i18n import Language
    from matchmaker.model import Consortium, Preferences

from matchmaker.cli import saving
from matchmaker.cli.session import opened, print_json


def projects(arguments: argparse.Namespace) -> int:
    """Propose joint projects of one municipality."""
    from matchmaker import service
    from matchmaker.model import least_cost

    data, _ = opened(arguments)
    preferences = _preferences_without_use_case(arguments)
    freed = saving.hours(data, arguments)
    groups = service.joint_projects(
        data, arguments.key, preferences, top=arguments.top, use_case=arguments.use_case.upper()
    )
    if arguments.rule:
        groups = tuple(service.split_by(group, arguments.rule) for group in groups)
    if arguments.json:
        print_json(
            {
                "key": arguments.key,
                "projects": [
                    _project_json(group, _) | saving.details(data, arguments.key, group, preferences, _)
                    for group in groups
                ],
                "assumptions": saving.figures(data, [group.use_case for group in groups], _),
                **freed,
            }
        )
        return 0
    asker = data.profiles.municipality(data.profiles.row(arguments.key))
    print(_("Joint projects for {name} ({key})").format(name=asker.name, key=asker.key))
    for number, group in enumerate(groups, start=1):
        print(f"\n{number}. {_.label(group.title)} ({group.use_case})")
        options = service.project_options(data, arguments.key, group, preferences)
        print("   " + _.render(least_cost(options, asker.name)))
        names = _.list([m.name + (f" [{_('simulated')}]" if m.simulated else "") for m in group.members])
        print("   " + _("{lead} leads; members: {names}").format(lead=group.lead.name, names=names))
        saving.print_saving(group, _)
        for share in group.shares:
            print(
                "   "
                + _("{name}: alone {alone}, together {pays}").format(
                    name=share.member.name, alone=_.eur(share.alone_cents / 100), pays=_.eur(share.pays_cents / 100)
                )
            )
        saving.print_split(group, _)
        for note in group.notes:
            print(f"   · {_.render(note)}")
        saving.print_details(data, asker, group, options, _, all_of_it=arguments.details)
    saving.print_hours(freed, _)
    if not groups:
        print(_("No joint project: no need is entered, or no group can be formed. Try --use-case."))
    return 0


def _preferences_without_use_case(arguments: argparse.Namespace) -> Preferences:
    from matchmaker.model import Preferences

    return Preferences(simulated=not arguments.no_simulated)


def _project_json(group: Consortium, _: Language) -> dict[str, Any]:
    return {
        "use_case": group.use_case,
        "title": _.label(group.title),
        "lead": group.lead.key,
        "members": [member.key for member in group.members],
        "saving_eur": {case: round(getattr(group.saving_eur, case), 2) for case in ("low", "central", "high")},
        "saving_pct": round(group.saving_pct, 2),
        "fte_saved": round(group.fte_saved.central, 3),
        "staff_days_saved": round(group.staff_days_saved.central, 1),
        "shares": [
            {
                "key": s.member.key,
                "alone_eur": s.alone_cents / 100,
                "pays_eur": s.pays_cents / 100,
                "saves_eur": saving.three(s.saves_eur),
            }
            for s in group.shares
        ],
        "rule": group.rule,
        "simulated": [member.key for member in group.members if member.simulated],
        "notes": [_.render(note) for note in group.notes],
        "sources": list(dict.fromkeys(item.url for item in group.evidence)),
    }
