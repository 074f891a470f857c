"""What a council paper says about one joint project: sections, tables and notes made of messages and numbers.

A paper has no language and no layout yet; `matchmaker.reports` puts it into both. Every figure comes from the
`Consortium` and the catalogue, so that screen, command line and paper cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from matchmaker.catalogue import Assumption, Catalogue, Rule, UseCase
from matchmaker.message import Label, Message, Value, message
from matchmaker.model import (
    LAND_NAMES,
    LANDS,
    SPLIT_MEANINGS,
    SPLIT_TITLES,
    Consortium,
    CostShare,
    Municipality,
    Option,
    Sharing,
    Span,
    least_cost,
)

_MOST_EVIDENCE: Final = 5
_MOST_GRANTS: Final = 3
_MOST_WAYS: Final = 3
_MOST_RULES: Final = 14
"""Longest lists of a paper that shall have at most three pages; what is left out is counted."""

_WIDE_FIRST: Final = (49, 17, 17, 17)
_WHOLE_COUNTRY: Final = "DE"
_MONEY: Final = ("years", "reference_population", "fixed_share", "rho", "joining_eur", "joining_eur_per_km",
                 "other_land_eur", "coordination_eur")  # fmt: skip
_STAFF: Final = ("setup_days", "running_fte", "coordination_hours", "hours_per_fte")
"""Assumptions that saving and staff rest on, in the order in which they are named."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: Message


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that must not be overlooked."""

    text: Message


@dataclass(frozen=True, slots=True)
class Item:
    """One point of a list; ``url`` is the address where it can be read, empty for none."""

    text: Message
    url: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of points, numbered where their order matters."""

    items: tuple[Item, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header. ``figures`` says per column whether it holds numbers, ``widths`` how wide it is in per cent.

    The last row may be a total.
    """

    caption: Message
    header: tuple[Message, ...]
    rows: tuple[tuple[Message, ...], ...]
    figures: tuple[bool, ...]
    widths: tuple[int, ...]
    total: bool = False


Block: TypeAlias = Paragraph | Note | Items | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    heading: Message
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of a grant or law tested against the project: what it asks, the answer, and where it stands."""

    title: Label
    answer: Message
    source: str
    url: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Calculation:
    """What a spreadsheet needs to compute the figures of the paper again.

    ``km`` are kilometres from each member to the lead, in the order of the members (0 for the lead); ``assumptions``
    are the costs of the use case and what money and staff rest on beside them, in the order of the paper;
    ``objections`` say who would object to the split.
    """

    group: Consortium
    use_case: UseCase
    assumptions: tuple[Assumption, ...]
    km: tuple[float, ...]
    objections: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Memo:
    """A council paper. ``demonstration`` says that simulated members take part, so that nothing can be decided."""

    title: Message
    asker: Municipality
    date: dt.date
    demonstration: bool
    sections: tuple[Section, ...]
    calculation: Calculation


def compose(
    group: Consortium,
    asker: Municipality,
    catalogue: Catalogue,
    today: dt.date,
    *,
    km: Sequence[float],
    sharing: Sharing,
    options: Sequence[Option] = (),
    urgency: int = 0,
    checks: Sequence[Check] = (),
) -> Memo:
    """Write the paper about a joint project for one of its members.

    Parameters
    ----------
    group
        The project with its cost shares.
    asker
        The member whose council decides.
    today
        Date of the paper.
    km
        Kilometres from each member to the lead, in the order of the members.
    sharing
        The joint cost of the group split by every rule; the paper proposes the rule of the group.
    options
        Ways for the asker to get the use case, the cheapest first; the group is one of them.
    urgency
        How urgent the asker's need is, 1-3; 0 where none is entered.
    checks
        Grant and legal rules already tested against the project. Without them the paper names the programmes
        and rules of the catalogue that could apply, and says that nothing has been tested.
    """
    use_case = catalogue.use_case(group.use_case)
    rests_on = (*use_case.costs, *(catalogue.assumption(i) for i in (*_MONEY, *_STAFF)))
    used = tuple(one for one in rests_on if one.id != "rho" or group.lead_operates)
    split = sharing.of(group.rule)
    names = tuple(map(name_of, group.members))
    objections = () if split is None else sharing.objections(split, names)
    law, law_sources = _law(group, catalogue) if not checks else _checked(checks)
    return Memo(
        title=message("{title}: together instead of alone", title=group.title),
        asker=asker,
        date=today,
        demonstration=any(member.simulated for member in (*group.members, asker)),
        sections=(
            _brief(group, asker, catalogue, options),
            _need(asker, use_case, urgency),
            _partners(group, asker, km),
            _saving(group, catalogue),
            *([_ways(asker, options)] if options else []),
            _split(group, catalogue, sharing, objections),
            Section(message("Grants and law"), law),
            _risks(group, use_case),
            _steps(group, options),
            _basis(used),
            _sources(group, used, options, law_sources),
        ),
        calculation=Calculation(group, use_case, rests_on, tuple(map(float, km)), objections),
    )


def _plain(value: Value, form: str = "") -> Message:
    """Return a value alone, without words that could be translated."""
    return Message(f"{{value:{form}}}" if form else "{value}", (("value", value),))


def _joined(template: str, **values: Value) -> Message:
    """Return values in a row with nothing but punctuation between them: the same in every language."""
    return Message(template, tuple(values.items()))


def name_of(municipality: Municipality) -> Message:
    """Return the name of a municipality, with a mark where it is simulated."""
    if municipality.simulated:
        return message("{name} (simulated)", name=municipality.name)
    return _plain(municipality.name)


def _years(catalogue: Catalogue) -> float:
    return catalogue.span("years").central


def _cheaper(options: Sequence[Option]) -> Message | None:
    """Return what the way is called that costs less than the group, None where the group costs least."""
    wins = options and options[0].kind not in {"new", "new_open_source", "alone"}
    return options[0].title if wins else None


def _brief(group: Consortium, asker: Municipality, catalogue: Catalogue, options: Sequence[Option]) -> Section:
    saving, years = group.saving_eur, _years(catalogue)
    joint, alone = group.joint_cents / 100, sum(group.alone_cents) / 100
    others = tuple(name_of(member) for member in group.members if member.key != asker.key)
    own = next((share for share in group.shares if share.member.key == asker.key), None)
    pays = [] if own is None else [_own_share(own, years)]
    if saving.central > 0:
        result = message(
            "Over {years:number} years the project costs {joint:eur} for all members together; if each acts alone, it "
            "costs {alone:eur}. The expected saving is {saving:eur}, or {share:percent}. It can lie between {low:eur} "
            "and {high:eur}.",
            years=years, joint=joint, alone=alone, saving=saving.central, share=group.saving_pct / 100, low=saving.low,
            high=saving.high,
        )  # fmt: skip
        decision = message(
            "Proposed decision: The administration talks with {names:list} about a joint project. It reports to the "
            "council before anything is agreed.",
            names=others,
        )
        if (cheaper := _cheaper(options)) is not None:
            decision = message(
                "Proposed decision: The administration first looks at the way that costs least: {way}. If that fails, "
                "it talks with {names:list} about a joint project. It reports before anything is agreed.",
                way=cheaper, names=others,
            )  # fmt: skip
    else:
        result = message(
            "No saving is expected: over {years:number} years the project costs {joint:eur} for all members together "
            "and {alone:eur} if each acts alone. The result can lie between {low:eur} and {high:eur}.",
            years=years, joint=joint, alone=alone, low=saving.low, high=saving.high,
        )  # fmt: skip
        decision = message(
            "Proposed decision: The project is not pursued to save money. Whether it is worth its cost for other "
            "reasons, such as staff or a better service, is for the council to weigh."
        )
    best = [least_cost(options, asker.name)] if options else []
    return Section(message("In brief"), (Paragraph(result), *map(Paragraph, (*pays, *best)), Note(decision)))


def _own_share(own: CostShare, years: float) -> Message:
    return message(
        "{name} would pay {pays:eur} instead of {alone:eur} over these {years:number} years.",
        name=own.member.name, pays=own.pays_cents / 100, alone=own.alone_cents / 100, years=years,
    )  # fmt: skip


def _need(asker: Municipality, use_case: UseCase, urgency: int) -> Section:
    stated = (
        message("{name} has named this as a need, with urgency {urgency} of 3.", name=asker.name, urgency=urgency)
        if urgency
        else message("{name} has not named this as a need so far.", name=asker.name)
    )
    blocks: list[Block] = [
        Paragraph(_joined("{pain} {stated}", pain=use_case.pain, stated=stated)),
        Paragraph(message("What can be shared: {shared}", shared=use_case.shared)),
    ]
    low, high = use_case.saving
    if not np.isnan(low + high):
        hours = (
            message(
                "Published reports name a relief of {low:number} to {high:number} {unit}. It comes on top and is not "
                "part of the saving below.",
                low=low, high=high, unit=use_case.saving_unit,
            )
            if use_case.saving_status == "published"
            else message(
                "The assumed relief is {low:number} to {high:number} {unit}. It comes on top and is not part of the "
                "saving below.",
                low=low, high=high, unit=use_case.saving_unit,
            )
        )  # fmt: skip
        blocks.append(Paragraph(hours))
    return Section(message("Need"), tuple(blocks))


def _partners(group: Consortium, asker: Municipality, km: Sequence[float]) -> Section:
    rows = []
    for member, far in zip(group.members, km, strict=True):
        if member.key == group.lead.key:
            role = (
                message("leads; already runs the solution")
                if group.lead_operates
                else message("leads; has the maturity and the free staff")
            )
        elif member.key == asker.key:
            role = message("presents this paper")
        else:
            role = message("has the same need")
        people = message("unknown") if member.population is None else _plain(member.population, "number")
        rows.append(
            (name_of(member), Message(LAND_NAMES[LANDS.index(member.land)]), people, _plain(far, "number"), role)
        )
    return Section(
        message("Partners and why"),
        (
            Paragraph(
                message(
                    "Of all municipalities for which a need or a solution is known, this group promises the best "
                    "result. Distance counts as a cost but excludes nobody."
                )
            ),
            Table(
                message("Members of the group"),
                (message("Municipality"), message("Land"), message("Inhabitants"), message("Distance, km"),
                 message("Role")),
                tuple(rows),
                (False, False, True, True, False),
                (25, 18, 17, 15, 25),
            ),
        ),
    )  # fmt: skip


def _saving(group: Consortium, catalogue: Catalogue) -> Section:
    years, saving = _years(catalogue), group.saving_eur

    def row(title: Message, form: str, low: float, central: float, high: float) -> tuple[Message, ...]:
        return (title, *(_plain(value, form) for value in (low, central, high)))

    figures = Table(
        message("Expected saving of the whole group"),
        (message("Saving"), message("cautious"), message("central"), message("favourable")),
        (
            row(message("Money over {years:number} years", years=years), "eur", saving.low, saving.central,
                saving.high),
            row(message("Money per year"), "eur", saving.low / years, saving.central / years, saving.high / years),
            row(message("Posts per year"), "hundredths", group.fte_saved.low, group.fte_saved.central,
                group.fte_saved.high),
            row(message("Working days at the start"), "number", group.staff_days_saved.low,
                group.staff_days_saved.central, group.staff_days_saved.high),
        ),
        (False, True, True, True),
        _WIDE_FIRST,
    )  # fmt: skip
    known = tuple(Item(note) for note in group.notes)
    if group.access:
        known += (Item(message("Gains access to what it could hardly do alone: {names:list}.",
                               names=tuple(map(name_of, group.access)))),)  # fmt: skip
    return Section(
        message("What it saves"),
        (
            figures,
            *((Items(known),) if known else ()),
            Paragraph(
                message(
                    "The cautious case takes low costs of the solution and high costs of coordination, the favourable "
                    "case the opposite. The assumptions stand at the end of this paper."
                )
            ),
        ),
    )


def _ways(asker: Municipality, options: Sequence[Option]) -> Section:
    """Say what the asker would pay in other ways: the cheapest ones, and always the group and doing it alone."""
    shown = [one for place, one in enumerate(options) if place < _MOST_WAYS or one.kind in {"new", "alone"}]
    assumed = options[0].assumed
    return Section(
        message("Other ways"),
        (
            Table(
                message("What it would cost {name}, the cheapest first", name=asker.name),
                (message("Way"), message("Cost"), message("Saves"), message("cautious to favourable")),
                tuple(
                    (one.title, *(_plain(span.central, "eur") for span in (one.cost_eur, one.saving_eur)),
                     _range(one.saving_eur))
                    for one in shown
                ),
                (False, True, True, True),
                (46, 15, 15, 24),
            ),
            *([Paragraph(message("Assumed for the first one: {texts}", texts=_in_a_row(assumed)))] if assumed else []),
        ),
    )  # fmt: skip


def _range(span: Span) -> Message:
    return message("{low:eur} to {high:eur}", low=span.low, high=span.high)


def _in_a_row(texts: Sequence[Message]) -> Message:
    """Return sentences one after the other."""
    names = [f"text{place}" for place in range(len(texts))]
    return _joined(" ".join(f"{{{name}}}" for name in names), **dict(zip(names, texts, strict=True)))


def _basis(used: Sequence[Assumption]) -> Section:
    basis = [
        (_joined("{title}, {unit}", title=a.title, unit=Message(a.unit)),
         *(_figure(value) for value in (a.low, a.central, a.high)), Message(a.status))
        for a in used
    ]  # fmt: skip
    return Section(
        message("Assumptions"),
        (
            Paragraph(message("The spreadsheet to this paper computes everything anew when an assumption is changed.")),
            Table(
                message("Figures that the calculation rests on"),
                (message("Figure"), message("low"), message("central"), message("high"), message("Status")),
                tuple(basis),
                (False, True, True, True, False),
                (50, 10, 10, 10, 20),
            ),
        ),
    )


def _figure(value: float) -> Message:
    """Return a figure of the catalogue with as many decimals as it needs."""
    return _plain(value, "number" if float(value).is_integer() else "hundredths")


def _split(group: Consortium, catalogue: Catalogue, sharing: Sharing, objections: Sequence[Message]) -> Section:
    def row(name: Message, alone: int, pays: int, saves: Span) -> tuple[Message, ...]:
        return (name, *(_plain(cents / 100, "eur") for cents in (alone, pays, alone - pays)), _range(saves))

    rows = [row(name_of(s.member), s.alone_cents, s.pays_cents, s.saves_eur) for s in group.shares]
    rows.append(row(message("All together"), sum(group.alone_cents), group.joint_cents, group.saving_eur))
    rule = message("Rule: {rule}. {meaning}", rule=SPLIT_TITLES[group.rule], meaning=SPLIT_MEANINGS[group.rule])
    if group.rule == sharing.recommended:
        advice = message("This rule is recommended. {reason}", reason=sharing.reason)
    elif sharing.recommended:
        advice = message("Another rule is recommended. {reason}", reason=sharing.reason)
    else:
        advice = sharing.reason
    return Section(
        message("Who pays what"),
        (
            Table(
                message("Cost over {years:number} years", years=_years(catalogue)),
                (
                    message("Member"),
                    message("Alone"),
                    message("Together"),
                    message("Saves"),
                    message("cautious to favourable"),
                ),
                tuple(rows),
                (False, True, True, True, True),
                (34, 14, 14, 14, 24),
                total=True,
            ),
            Paragraph(_in_a_row((rule, *objections, advice))),
        ),
    )


def _law(group: Consortium, catalogue: Catalogue) -> tuple[tuple[Block, ...], tuple[Item, ...]]:
    """Name the programmes and rules that could apply, and their sources; nothing is tested."""
    lands = {member.land for member in group.members}
    grants = [rule for rule in catalogue.funding if lands & set(rule.lands)][:_MOST_GRANTS]
    forms = [rule for rule in catalogue.legal_forms if lands <= set(rule.lands)]
    forms += [rule for rule in catalogue.legal_forms if _WHOLE_COUNTRY in rule.lands]
    blocks: list[Block] = []
    for lead, rules in (
        (message("Grant programmes in the Länder of the members:"), grants),
        (message("Legal forms and rules to look at:"), forms[:_MOST_RULES]),
    ):
        if rules:
            blocks += [Paragraph(lead), Items(tuple(_rule(rule) for rule in rules))]
    blocks.append(
        Paragraph(
            message(
                "None of this has been tested for the project. It is information, no legal advice: check it with the "
                "issuer of the grant, the legal office and the supervisory authority."
            )
        )
    )
    sources = tuple(
        Item(_joined("{title}: {source}", title=rule.title, source=rule.source), rule.source_url)
        for rule in grants
        if rule.source
    )
    return tuple(blocks), sources


def _rule(rule: Rule) -> Item:
    status = _dated(Message(rule.status or "unknown"), rule.year)
    return Item(_joined("{title} ({status}): {text}", title=rule.title, status=status, text=rule.text))


def _dated(text: Message, year: int | None) -> Message:
    return text if year is None else _joined("{text}, {year}", text=text, year=str(year))


def _as_of(sentence: Message, year: int | None) -> Message:
    return sentence if year is None else _joined("{text} ({year})", text=sentence, year=str(year))


def _checked(checks: Sequence[Check]) -> tuple[tuple[Block, ...], tuple[Item, ...]]:
    table = Table(
        message("Grant and law, tested against this project"),
        (message("Rule"), message("Result")),
        tuple((_plain(check.title), _as_of(check.answer, check.year)) for check in checks),
        (False, False),
        (50, 50),
    )
    advice = message("This is information, no legal advice: check it with the issuer of the grant.")
    sources = tuple(
        Item(_joined("{title}: {source}", title=check.title, source=check.source), check.url)
        for check in checks
        if check.source
    )
    return (table, Paragraph(advice)), sources


def _risks(group: Consortium, use_case: UseCase) -> Section:
    items = [message("None of the members has been asked yet. The proposal rests on what they entered or published.")]
    reasons = tuple(dict.fromkeys(cost.note for cost in use_case.costs if cost.note.de))
    if reasons:
        items.append(message("Costs are no quotation. {basis}", basis=reasons[0]))
    if not group.lead_operates:
        items.append(message("Nobody in the group runs the solution yet, so experience is lacking."))
    if use_case.ai_act_note.de:
        items.append(message("AI Act and data protection: {note}", note=use_case.ai_act_note))
    if use_case.open_source:
        items.append(message("Open question: does an open-source solution do ({name})?", name=use_case.open_source))
    items.append(message("Open question: what happens to contract, data and cost when a member leaves?"))
    return Section(message("Risks and open questions"), (Items(tuple(map(Item, items))),))


def _steps(group: Consortium, options: Sequence[Option]) -> Section:
    cheaper = _cheaper(options)
    before = [] if cheaper is None else [message("Look first at the way that costs least: {way}.", way=cheaper)]
    first = (
        message(
            "Ask {name} on what terms others can join, and what the solution really costs.", name=name_of(group.lead)
        )
        if group.lead_operates
        else message("Ask {name} whether it would lead, and with which staff.", name=name_of(group.lead))
    )
    steps = (
        *before,
        first,
        message("Find out whether the others are interested and who their contacts are."),
        message("Obtain quotations and enter them in the spreadsheet in place of the assumptions."),
        message("Settle the legal form, data protection, procurement and VAT; ask about grants before the start."),
        message("Lay the agreement with cost split and rules for leaving before the council."),
    )
    return Section(message("Next steps"), (Items(tuple(map(Item, steps)), numbered=True),))


def _sources(
    group: Consortium, used: Sequence[Assumption], options: Sequence[Option], others: Sequence[Item]
) -> Section:
    published = (*(options[0].evidence if options else ()), *group.evidence[:_MOST_EVIDENCE])
    items = [Item(_dated(_plain(e.title), e.year), e.url) for e in published]
    items += [
        Item(_dated(_joined("{title}: {source}", title=a.title, source=a.source), a.year), a.source_url)
        for a in used
        if a.source
    ]
    items += others
    blocks: list[Block] = [Items(tuple(dict.fromkeys(items)))]
    if (more := len(group.evidence) - _MOST_EVIDENCE) > 0:
        blocks.append(Paragraph(message("Further published sources in the program: {count}.", count=more)))
    if not items:
        blocks = [Paragraph(message("No published source; all figures are assumptions."))]
    return Section(message("Sources"), tuple(blocks))
