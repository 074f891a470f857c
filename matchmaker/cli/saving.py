"""What the command ``projects`` tells of a group beside who is in it: calculation, other ways, grants, law, hours."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING, Any

from matchmaker.errors import BadInput
from matchmaker.message import message
from matchmaker.model import NO_ADVICE, QUANTITY_NAMES, SPLIT_TITLES, VERDICT_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matchmaker.dataset import Dataset
    from matchmaker.i18n import Language
    from matchmaker.model import Consortium, Municipality, Option, Preferences, Span
    from matchmaker.service import Conditions

_PUBLISHED_CASE = "UC01"


def three(span: Span, digits: int = 2) -> dict[str, float]:
    """Return the cautious, central and favourable case for JSON."""
    return {case: round(getattr(span, case), digits) for case in ("low", "central", "high")}


def details(data: Dataset, key: str, group: Consortium, preferences: Preferences, _: Language) -> dict[str, Any]:
    """Return what the JSON document says of a project beside its members and shares."""
    from matchmaker import service

    conditions = service.project_conditions(data, group, on=_today())
    return {
        "split": _split_json(group, _),
        "years": group.years,
        "saving_a_year_eur": three(group.saving_a_year_eur),
        "fte_saved_range": three(group.fte_saved, 3),
        "staff_days_saved_range": three(group.staff_days_saved, 1),
        "access": [member.key for member in group.access],
        "best_size": group.best_size,
        "curve": [{"members": size, "saving_eur": round(saving, 2)} for size, saving in group.curve],
        "terms": [
            {
                "quantity": term.quantity,
                "title": _.render(term.title),
                "alone": three(term.alone, 4),
                "together": three(term.together, 4),
                "rests_on": list(term.rests_on),
            }
            for term in group.terms
        ],
        "options": [
            {
                "kind": option.kind,
                "title": _.render(option.title),
                "cost_eur": three(option.cost_eur),
                "saving_eur": three(option.saving_eur),
                "partners": option.partners,
                "assumed": [_.render(text) for text in option.assumed],
                "rests_on": list(option.rests_on),
                "sources": [item.url for item in option.evidence],
            }
            for option in service.project_options(data, key, group, preferences)
        ],
        **_conditions_json(conditions, _),
    }


def _split_json(group: Consortium, _: Language) -> dict[str, Any]:
    """Return who would object to the split of a project, and the rule that is recommended with its reason."""
    from matchmaker import service

    found = service.share_costs(group)
    split = found.of(group.rule)
    keys = [member.key for member in group.members]
    return {
        "rule": group.rule,
        "pays_more_than_alone": [keys[i] for i in split.pays_more] if split else None,
        "in_core": split.in_core if split else None,
        "worst_coalition": [keys[i] for i in split.worst] if split else None,
        "worst_coalition_saves_eur": split.gain_cents / 100 if split else None,
        "recommended": found.recommended or None,
        "reason": _.render(found.reason),
    }


def _conditions_json(conditions: Conditions, _: Language) -> dict[str, Any]:
    return {
        "grants": [
            {
                "id": grant.id,
                "title": _.label(grant.title),
                "verdict": grant.verdict,
                "grant_eur": None if grant.grant_eur is None else round(grant.grant_eur, 2),
                "lines": [
                    {"asks": _.render(line.asks), "verdict": line.verdict, "detail": _.render(line.detail)}
                    for line in grant.lines
                ],
                "source": grant.source,
                "url": grant.url,
                "year": grant.year,
            }
            for grant in conditions.grants
        ],
        "saving_tests": [
            {
                "key": test.member.key if test.member else None,
                "saving_pct": None if test.saving_pct is None else round(test.saving_pct, 2),
                "reached": test.reached,
            }
            for test in conditions.tests
        ],
        "legal_forms": [
            {"id": form.id, "title": _.label(form.title), "law": form.law, "sure": form.sure, "why": _.render(form.why)}
            for form in conditions.forms
        ],
        "pointers": [
            {"title": _.label(rule.title), "law": rule.law, "note": _.label(rule.note), "year": rule.year}
            for rule in conditions.pointers
        ],
        "advice": _.render(NO_ADVICE),
    }


def figures(data: Dataset, use_cases: Sequence[str], _: Language) -> list[dict[str, Any]]:
    """Return the assumptions that all figures rest on, and the costs of some use cases."""
    costs = [cost for name in dict.fromkeys(use_cases) for cost in data.catalogue.use_case(name).costs]
    return [
        {
            "id": one.id,
            "title": _.render(one.title),
            "unit": one.unit,
            "low": one.low,
            "central": one.central,
            "high": one.high,
            "status": one.status,
            "source": one.source,
            "year": one.year,
        }
        for one in (*data.catalogue.assumptions.values(), *costs)
        if one.known
    ]


def hours(data: Dataset, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the hours that the use case itself frees, where sessions are named; raise `BadInput` where none can be."""
    from matchmaker import service

    if arguments.sessions is None:
        return {}
    found = service.freed_hours(data, arguments.use_case.upper(), arguments.sessions)
    if not found:
        raise BadInput(
            message("The hours that sessions free can be computed for the minutes of meetings alone."),
            where="--sessions",
            remedy=message("Add --use-case {id}, or leave --sessions out.", id=_PUBLISHED_CASE),
        )
    return {
        "hours_freed": [
            {
                "municipalities": one.municipalities,
                "sessions": one.sessions,
                "hours": three(one.hours, 1),
                "fte": three(one.fte, 3),
            }
            for one in found
        ]
    }


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011 - the day where the user sits


def print_saving(group: Consortium, _: Language) -> None:
    """Print what a group saves, over the years and per year."""
    saving = group.saving_eur
    print(
        "   "
        + _("saving {central} in {years} years (from {low} to {high}), {yearly} a year").format(
            central=_.eur(saving.central), low=_.eur(saving.low), high=_.eur(saving.high),
            years=_.number(group.years), yearly=_.eur(group.saving_a_year_eur.central),
        )
    )  # fmt: skip


def print_split(group: Consortium, _: Language) -> None:
    """Print by which rule the cost is split, who would object, and what is recommended why."""
    from matchmaker import service

    found = service.share_costs(group)
    print("   " + _("Rule of the split: {rule}").format(rule=_.render(SPLIT_TITLES[group.rule])))
    if (split := found.of(group.rule)) is not None:
        for text in found.objections(split):
            print(f"   · {_.render(text)}")
    print("   · " + _("Recommended: {reason}").format(reason=_.render(found.reason)))


def print_details(
    data: Dataset, asker: Municipality, group: Consortium, options: Sequence[Option], _: Language, *, all_of_it: bool
) -> None:
    """Print the other ways to get a use case and, if asked for, the calculation, grants and law."""
    from matchmaker import service

    print("   " + _("What it would cost {name}, the cheapest way first:").format(name=asker.name))
    for option in options:
        print(f"   - {_.eur(option.cost_eur.central)}  {_.render(option.title)}")
    if not all_of_it:
        return
    print("   " + _("Calculation (alone, together):"))
    for term in group.terms:
        digits = 3 if term.quantity == "fte" else 0
        alone, together = (_.number(side.central, digits) for side in (term.alone, term.together))
        unit = _.render(QUANTITY_NAMES[term.quantity])
        print(f"   - {_.render(term.title)}: {alone}, {together} {unit} [{', '.join(term.rests_on)}]")
    conditions = service.project_conditions(data, group, on=_today())
    print("   " + _.render(NO_ADVICE))
    for grant in conditions.grants:
        year = _("year unknown") if grant.year is None else str(grant.year)
        print(f"   - {_.label(grant.title)}: {_.render(VERDICT_NAMES[grant.verdict])} ({grant.source or '–'}, {year})")
        for line in grant.lines:
            print(f"     · {_.render(line.asks)}: {_.render(VERDICT_NAMES[line.verdict])}. {_.render(line.detail)}")
    for text in conditions.situation:
        print(f"   · {_.render(text)}")
    for form in conditions.forms:
        print(f"   - {_.label(form.title)} ({form.law}): {_.render(form.why)}")
    for rule in conditions.pointers:
        print(f"   - {_.label(rule.title)} ({rule.law}): {_.label(rule.note)}")


def print_hours(freed: dict[str, Any], _: Language) -> None:
    """Print the hours that minutes with AI free, which are no part of the saving."""
    found = freed.get("hours_freed", ())
    if found:
        print("\n" + _("Hours freed a year by the use case itself, no part of the saving:"))
    for one in found:
        print(
            "   "
            + _("Municipalities: {count}; sessions each: {sessions}; hours: {low} to {high}; posts: {fte}").format(
                count=one["municipalities"], sessions=one["sessions"], low=_.number(one["hours"]["low"]),
                high=_.number(one["hours"]["high"]), fte=_.number(one["fte"]["central"], 2),
            )
        )  # fmt: skip
