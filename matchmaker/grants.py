"""What published rules on grants and law say about a joint project. Information, never advice.

A programme is tested line by line: met, not met, or unknown where the data cannot say. Whoever applies checks with
the issuer; rules change every year, and some conditions no data can answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Final

from matchmaker.catalogue import Catalogue, LegalForm, Programme
from matchmaker.message import Label, Message, message
from matchmaker.model import (
    Consortium,
    FittingForm,
    GrantCheck,
    GrantLine,
    Kind,
    SavingTest,
    Verdict,
)

_EVERYWHERE: Final = "DE"
_COSTS: Final = ("low", "medium", "high")

_NEIGHBOURS: Final[Mapping[str, str]] = {
    "BB": "BE MV NI SN ST",
    "BE": "BB",
    "BW": "BY HE RP",
    "BY": "BW HE SN TH",
    "HB": "NI",
    "HE": "BW BY NI NW RP TH",
    "HH": "NI SH",
    "MV": "BB NI SH",
    "NI": "BB HB HE HH MV NW SH ST TH",
    "NW": "HE NI RP",
    "RP": "BW HE NW SL",
    "SH": "HH MV NI",
    "SL": "RP",
    "SN": "BB BY ST TH",
    "ST": "BB NI SN TH",
    "TH": "BY HE NI SN ST",
}
"""Länder with a common border."""


def check_grants(group: Consortium, catalogue: Catalogue, *, on: str) -> tuple[GrantCheck, ...]:
    """Test every programme of the members' Länder, and of the federation, against a group.

    Parameters
    ----------
    group
        With its saving, its years and its members.
    on
        Day of the test as an ISO date, against which the end of a programme is held.

    Returns
    -------
    tuple of GrantCheck
        Those without a condition that is not met come first, then in the order of the catalogue. A saving is held
        against its condition in the central case; the detail names the cautious case too. Empty where the
        catalogue knows nothing for these Länder.
    """
    lands = {member.land for member in group.members}
    found = [
        _check(group, programme, on)
        for programme in catalogue.funding
        if _EVERYWHERE in programme.lands or lands & set(programme.lands)
    ]
    return tuple(sorted(found, key=lambda check: check.verdict == "not met"))


def _check(group: Consortium, programme: Programme, on: str) -> GrantCheck:
    everywhere = _EVERYWHERE in programme.lands
    within = sum(everywhere or member.land in programme.lands for member in group.members)
    # The catalogue also says of a Land that no programme was found there, or that none is needed.
    nothing = GrantLine(message("A programme is known"), "not met", message("No source names one."))
    lines = [_open(programme, on), _digital(programme)] if programme.source else [nothing]
    if programme.min_partners is not None:
        lines.append(_partners(programme.min_partners, within, len(group.members)))
    if programme.max_partners_in_land is not None:
        across = 0 < within <= programme.max_partners_in_land and within < len(group.members)
        lines.append(
            GrantLine(
                message("Reaches across the border of the Land, with at most {count} there",
                        count=programme.max_partners_in_land),
                "met" if across else "not met",
                message("Members in its area: {within} of {count}.", within=within, count=len(group.members)),
            )
        )  # fmt: skip
    if programme.min_saving_pct is not None:
        lines.append(_saving(programme.min_saving_pct, group))
    if programme.min_years is not None:
        lines.append(
            GrantLine(
                message("Lasts at least {years} years", years=programme.min_years),
                "met" if group.years >= programme.min_years else "not met",
                message("Computed for {years:number} years; the agreement has to say so.", years=group.years),
            )
        )
    lines.append(GrantLine(message("Everything else that the programme asks for"), "unknown", _rest(programme)))
    verdicts = {line.verdict for line in lines}
    return GrantCheck(
        id=programme.id,
        title=programme.title,
        state=programme.state,
        lines=tuple(lines),
        verdict="not met" if "not met" in verdicts else "unknown",
        grant_eur=_grant(programme, within, group.joint_cents / 100),
        amount_rule=programme.amount_rule,
        conditions=programme.text,
        source=programme.source,
        url=programme.source_url,
        year=programme.year,
    )


def _rest(programme: Programme) -> Message:
    return message("{conditions} Check with the issuer.", conditions=programme.text)


def _open(programme: Programme, on: str) -> GrantLine:
    asks = message("Is open")
    if not programme.valid_until:
        return GrantLine(asks, "unknown", message("The source says: {state}.", state=programme.state))
    verdict: Verdict = "met" if on <= programme.valid_until else "not met"
    return GrantLine(asks, verdict, message("Until {day} according to the source.", day=_day(programme.valid_until)))


def _day(iso: str) -> Label:
    day = date.fromisoformat(iso)
    return Label(f"{day.day}.{day.month}.{day.year}", f"{day.day} {day:%B} {day.year}")


def _digital(programme: Programme) -> GrantLine:
    asks = message("Covers digital projects")
    if programme.covers_digital is None:
        return GrantLine(asks, "unknown", message("The source does not say."))
    if programme.covers_digital:
        return GrantLine(asks, "met", message("Named in the source."))
    return GrantLine(asks, "not met", message("Not aimed at digital projects."))


def _partners(least: int, within: int, members: int) -> GrantLine:
    verdict: Verdict = "met" if within >= least else "not met" if members < least else "unknown"
    return GrantLine(
        message("Least number of partners: {least}", least=least),
        verdict,
        message("Members in its area: {within} of {count}.", within=within, count=members)
        if verdict != "unknown"
        else message(
            "Members in its area: {within} of {count}; ask whether the others count.", within=within, count=members
        ),
    )


def _saving(least_pct: float, group: Consortium) -> GrantLine:
    sides = [
        (sum(getattr(t.alone, case) for t in lines), sum(getattr(t.together, case) for t in lines))
        for lines in [[t for t in group.terms if t.quantity == "eur"]]
        for case in ("low", "central")
    ]
    cautious, central = (1 - together / alone if alone else 0.0 for alone, together in sides)
    return GrantLine(
        message("Saves at least {least:percent}", least=least_pct / 100),
        "met" if 100 * central >= least_pct else "not met",
        message("{central:percent} in the central case, {cautious:percent} in the cautious one.",
                central=central, cautious=cautious),
    )  # fmt: skip


def _grant(programme: Programme, within: int, cost_eur: float) -> float | None:
    """Return the most the rule gives for this many partners at this cost in euro; None where it gives no figure."""
    reached = [(partners, euro) for partners, euro in programme.grant_steps if partners <= within]
    ceiling = math.inf if programme.max_amount_eur is None else programme.max_amount_eur
    if programme.grant_steps:
        if not reached:
            return None
        partners, euro = reached[-1]
        if (partners, euro) == programme.grant_steps[-1]:
            euro += programme.grant_further_eur * (within - partners)
        ceiling = min(ceiling, euro)
    if not math.isfinite(ceiling):
        return None
    share = 1.0 if programme.max_share_pct is None else programme.max_share_pct / 100
    return max(0.0, min(ceiling, share * cost_eur))


def saving_tests(group: Consortium, least_pct: float) -> tuple[SavingTest, ...]:
    """Return for each member, and for the whole group last, whether it saves the share in per cent asked for.

    The shares of the group must have been computed. Nothing can be said of a member that pays nothing alone.
    """

    def test(member: int | None) -> SavingTest:
        alone, pays = (
            (sum(s.alone_cents for s in group.shares), sum(s.pays_cents for s in group.shares))
            if member is None
            else (group.shares[member].alone_cents, group.shares[member].pays_cents)
        )
        saved = None if alone == 0 else 100 * (1 - pays / alone)
        whom = None if member is None else group.shares[member].member
        return SavingTest(whom, alone, pays, saved, None if saved is None else saved >= least_pct)

    return (*(test(place) for place in range(len(group.shares))), test(None))


def fitting_forms(group: Consortium, catalogue: Catalogue) -> tuple[FittingForm, ...]:
    """Return the legal forms of the catalogue for the members of a group, the sure and cheap to run ones first.

    Federal law fits wherever the members lie. A form of the law of a Land fits where all lie in it; across a
    border it may fit under a treaty between neighbouring Länder, or where the catalogue says so, and is then not
    sure. Forms that ask for more members, and those of Länder where nobody lies, are left out.
    """
    lands = {member.land for member in group.members}
    found = []
    for form in catalogue.legal_forms:
        if form.kind != "form" or (form.min_partners or 0) > len(group.members):
            continue
        fits = _fit(form, lands)
        if fits is not None:
            sure, why = fits
            found.append((not sure, _cost_rank(form), FittingForm(
                form.id, form.title, form.law, form.text, sure, why, form.across, form.note, form.status, form.source,
                form.source_url, form.year,
            )))  # fmt: skip
    return tuple(form for _, _, form in sorted(found, key=lambda one: one[:2]))


def _cost_rank(form: LegalForm) -> int:
    return _COSTS.index(form.governance_cost) if form.governance_cost in _COSTS else len(_COSTS)


def _fit(form: LegalForm, lands: set[str]) -> tuple[bool, Message] | None:
    """Return whether a form surely fits members in these Länder, and why; None where it does not."""
    if _EVERYWHERE in form.lands:
        return True, message("Federal law or a contract: holds across borders of Länder.")
    if not lands & set(form.lands):
        return None
    if lands <= set(form.lands):
        return True, message("All members lie in a Land whose law it is.")
    if not form.across.en:
        return None
    home = lands & set(form.lands)
    near = all(home & set(_NEIGHBOURS[land].split()) for land in lands - home)
    if not near:
        return None
    return False, message("The members lie in neighbouring Länder: only where a treaty between them allows it.")


def situation(group: Consortium) -> tuple[Message, ...]:
    """Say what decides about the legal form of a group: Länder, and a district with its own municipalities."""
    lands = sorted({member.land for member in group.members})
    said = [
        message("All members lie in the same Land.")
        if len(lands) == 1
        else message("The members lie in {count} Länder: {lands:list}.", count=len(lands), lands=tuple(lands))
    ]
    for district in group.members:
        if district.kind is not Kind.DISTRICT:
            continue
        own = tuple(m.name for m in group.members if m.key != district.key and m.key.startswith(district.key))
        if own:
            said.append(
                message(
                    "{district} is the district of {names:list}: it may take the task over for them.",
                    district=district.name,
                    names=own,
                )
            )
    return tuple(said)
