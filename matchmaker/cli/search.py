"""Commands that find others: partners and peers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from matchmaker.errors import BadInput
from matchmaker.message import message

if TYPE_CHECKING:
    from matchmaker.i18n import Language
    from matchmaker.model import Suggestion

from matchmaker.cli.session import opened, preferences, print_json, progress_bar, workspace


def partners(arguments: argparse.Namespace) -> int:
    """Suggest partners of one municipality, or write everybody's to a file."""
    from matchmaker import exchange, service
    from matchmaker.model import PART_TITLES

    if arguments.all == (arguments.key is not None):
        raise BadInput(
            message("Name one municipality or ask for all."),
            where="partners",
            remedy=message("Write: partners KEY, or: partners --all --out FILE.csv"),
        )
    wishes = preferences(arguments)
    data, _ = opened(arguments)
    if arguments.all:
        if arguments.out is None:
            raise BadInput(
                message("The partners of all need a file to be written to."),
                where="--out",
                remedy=message("Add --out FILE.csv"),
            )
        ranking = service.suggest_all(
            data, wishes, top=arguments.top, progress=progress_bar(), scheduler=arguments.scheduler
        )
        exchange.write_text(service.ranking_csv(data, ranking), arguments.out)
        return 0
    suggestions = service.suggest(data, arguments.key, wishes, top=arguments.top)
    shifts = service.weight_shifts(data, arguments.key, wishes, top=arguments.top) if arguments.sensitivity else ()
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
        print_json(
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
    from matchmaker.model import COMPLEMENTARITY, LIKENESS

    return {
        "rank": s.rank,
        "key": s.partner.key,
        "name": s.partner.name,
        "land": s.partner.land,
        "kind": s.partner.kind,
        "km": None if s.km is None else round(s.km, 1),
        "score": round(s.score, 9),
        "coverage": round(s.coverage, 9),
        "likeness": round(s.mean_of(LIKENESS), 9),
        "complementarity": round(s.mean_of(COMPLEMENTARITY), 9),
        "stability": s.stability,
        "simulated": s.partner.simulated,
        "parts": {part.name: round(part.value, 9) for part in s.parts},
        "known": [part.name for part in s.parts if part.known],
        "reasons": [_.render(text) for text in s.reasons],
        "against": [_.render(text) for text in s.against],
        "lift": _.render(s.lift) if s.lift else None,
        "sources": list(dict.fromkeys(item.url for item in s.evidence)),
    }


def peers(arguments: argparse.Namespace) -> int:
    """List statistical neighbours of one municipality, or write those of all to a file."""
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
        profiles = workspace(arguments).load().profiles
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
        print_json({"key": arguments.key, "neighbours": nearest})
        return 0
    _ = language(arguments.lang)
    for peer in nearest:
        print(f"{peer['rank']:3}  {peer['key']}  {_.number(peer['distance'], 3)}")
    if not nearest:
        print(_("Nobody is left to compare with. Load more figures, or allow more pairs."))
    return 0
