"""The command about a cost table of one's own: every split, who would object, and what to recommend."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from matchmaker.cli.session import print_json

if TYPE_CHECKING:
    from matchmaker.i18n import Language
    from matchmaker.model import Sharing


def share(arguments: argparse.Namespace) -> int:
    """Split the joint cost of a table by every rule that its figures allow."""
    from matchmaker import costtable, service
    from matchmaker.i18n import language

    _ = language(arguments.lang)
    found = service.share_table(costtable.read_costs(arguments.path, total=arguments.total))
    if arguments.json:
        print_json(_sharing_json(found, _))
        return 0
    from matchmaker.model import SPLIT_TITLES

    print(_("Joint cost {total}").format(total=_.number(found.total_cents / 100, 2)))
    for split in found.splits:
        print(f"\n{_.render(SPLIT_TITLES[split.rule])} ({split.rule})")
        for player, cents in zip(found.players, split.cents, strict=True):
            print(f"   {player}: {_.number(cents / 100, 2)}")
        for text in found.objections(split, euro=False):
            print(f"   · {_.render(text)}")
    for rule, why in found.missing:
        print(f"\n{_.render(SPLIT_TITLES[rule])} ({rule}): {_.render(why)}")
    print(f"\n{_.render(found.reason)}")
    return 0


def _sharing_json(found: Sharing, _: Language) -> dict[str, Any]:
    def named(places: tuple[int, ...]) -> list[str]:
        return [found.players[i] for i in places]

    rules: dict[str, Any] = {rule: None for rule, _why in found.missing}
    for split in found.splits:
        rules[split.rule] = {
            "amounts": {player: cents / 100 for player, cents in zip(found.players, split.cents, strict=True)},
            "pays_more_than_alone": named(split.pays_more),
            "in_core": split.in_core,
            "worst_coalition": named(split.worst),
            "worst_coalition_saves": split.gain_cents / 100,
        }
    from matchmaker.model import SPLIT_RULES

    return {
        "total": found.total_cents / 100,
        "rules": {rule: rules[rule] for rule in SPLIT_RULES},
        "not_computed": {rule: _.render(why) for rule, why in found.missing},
        "core_empty": found.core_empty,
        "least_core": None if found.least_core_cents is None else found.least_core_cents / 100,
        "recommended": found.recommended or None,
        "reason": _.render(found.reason),
    }
