"""What stands behind a joint project on screen: other ways, the calculation, grants and law, hours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from matchmaker.catalogue import CASES, Catalogue
from matchmaker.dataset import Dataset
from matchmaker.i18n import Language
from matchmaker.model import NO_ADVICE, QUANTITY_NAMES, VERDICT_NAMES, Consortium, Municipality, Option
from matchmaker.service import Conditions, freed_hours
from matchmaker.ui import printing, shares, show, tables

_SIDE_BY_SIDE: Final = 3


@st.fragment
def one(
    group: Consortium, options: Sequence[Option], conditions: Conditions, asker: Municipality, number: int,
    data: Dataset, _: Language,
) -> None:  # fmt: skip
    """Draw one project with everything behind it; what is unfolded in it draws this project anew only."""
    if shares.chosen_rule(group) not in {"", group.rule}:
        st.rerun()  # another rule changes what competes and the whole page
    show.project(group, options, asker, number, data, _)
    details(group, options, conditions, number, data, _)


def details(
    group: Consortium, options: Sequence[Option], conditions: Conditions, number: int, data: Dataset, _: Language
) -> None:
    """Draw everything behind one project; ``data`` hold the own values that it was computed with."""
    with printing.fold(
        _("Compare the ways to get there"), key=f"ways_{number}", icon=":material/compare_arrows:"
    ) as ways:
        if ways.open:
            _comparison(options, number, _)
    with printing.fold(_("How this was computed"), key=f"lines_{number}", icon=":material/calculate:") as lines:
        if lines.open:
            _calculation(group, number, data.catalogue, _)
    with printing.fold(_("Grants"), key=f"grants_{number}", icon=":material/euro:") as grants:
        if grants.open:
            _grants(conditions, number, _)
    law_title = _("Legal form, tax, procurement, data protection")
    with printing.fold(law_title, key=f"law_{number}", icon=":material/gavel:") as law:
        if law.open:
            _law(group, conditions, number, data.catalogue, _)
    _hours(group, number, data, _)


def _comparison(options: Sequence[Option], number: int, _: Language) -> None:
    titles = [_.render(option.title) for option in options]
    first = [place for place, option in enumerate(options) if option.kind == "new"]
    chosen = st.multiselect(
        _("Side by side, up to three"), range(len(options)), default=list(dict.fromkeys([0, *first])),
        format_func=titles.__getitem__, max_selections=_SIDE_BY_SIDE, key=f"variants_{number}",
    )  # fmt: skip
    if chosen:
        st.table(pd.DataFrame({show.escaped(titles[place]): _sheet(options[place], _) for place in sorted(chosen)}))
    costs = [
        _("Your cost in €, cautious case"),
        _("Your cost in €, central case"),
        _("Your cost in €, favourable case"),
    ]
    saved = _("You save in €")
    frame = pd.DataFrame(
        [(title, *(getattr(o.cost_eur, case) for case in CASES), o.saving_eur.central, o.partners)
         for title, o in zip(titles, options, strict=True)],
        columns=[_("Way"), *costs, saved, _("Partners")],
    ).round(2)  # fmt: skip
    tables.draw(frame, f"wege_{number}.csv", _, digits=dict.fromkeys((*costs, saved), 0))


def _sheet(option: Option, _: Language) -> dict[str, str]:
    """Return one way as lines of a column."""
    group = option.group
    nothing = "–"
    return {
        _("Your cost"): _.eur(option.cost_eur.central),
        _("You save"): _.eur(option.saving_eur.central) if option.saving_eur.central > 0 else _("none expected"),
        _("Cautious to favourable"): f"{_.eur(option.saving_eur.low)} … {_.eur(option.saving_eur.high)}",
        _("Lead"): show.escaped(group.lead.name) if group else nothing,
        _("Partners"): str(option.partners),
        _("The whole group saves"): _.eur(group.saving_eur.central) if group else nothing,
        _("Posts saved a year"): _.number(group.fte_saved.central, 2) if group else nothing,
        _("Working days saved at the start"): _.number(group.staff_days_saved.central) if group else nothing,
        _("What is assumed"): show.escaped(" ".join(_.render(text) for text in option.assumed)) or nothing,
        _("Published"): "".join(show.link(item.url, _) for item in option.evidence) or nothing,
    }


def _calculation(group: Consortium, number: int, catalogue: Catalogue, _: Language) -> None:
    st.markdown(
        _("Each line says what all need who do it alone, and what the group needs. The saving is the difference.")
    )
    three = {"low": _("cautious"), "central": _("central"), "high": _("favourable")}
    rows = []
    for term in group.terms:
        rests_on = [_.render(catalogue.assumption(i).title) for i in term.rests_on]
        rows.append(
            (_.render(term.title), _.render(QUANTITY_NAMES[term.quantity]),
             *(getattr(side, case) for case in CASES for side in (term.alone, term.together)),
             "; ".join(rests_on))
        )  # fmt: skip
    sides = [f"{side}, {three[case]}" for case in CASES for side in (_("alone"), _("together"))]
    frame = pd.DataFrame(rows, columns=[_("Line"), _("Unit"), *sides, _("Rests on")])
    tables.draw(frame.round(4), f"rechnung_{number}.csv", _, digits=dict.fromkeys(sides, 2))
    used = dict.fromkeys(i for term in group.terms for i in term.rests_on)
    st.markdown(_("What it rests on, each with source, year and status; change it at the end of the page:"))
    decimals = dict.fromkeys((_("low"), _("central"), _("high")), 2)
    tables.draw(
        tables.assumptions((catalogue.assumption(i) for i in used), _), f"grundlagen_{number}.csv", _, digits=decimals
    )


def _year(year: int | None, _: Language) -> str:
    return _("year unknown") if year is None else str(year)


def _grants(conditions: Conditions, number: int, _: Language) -> None:
    st.info(_.render(NO_ADVICE), icon=":material/info:")
    if not conditions.grants:
        st.markdown(_("The catalogue knows no programme for these Länder. Ask the Land."))
    for grant in conditions.grants:
        most = (
            _("at most {amount} by its rule").format(amount=_.eur(grant.grant_eur))
            if grant.grant_eur is not None and grant.verdict != "not met"
            else ""
        )
        verdict = _("a condition is not met") if grant.verdict == "not met" else _("may fit")
        said = show.escaped("; ".join(filter(None, (verdict, most, _.label(grant.amount_rule)))))
        mark = ":red[✗]" if grant.verdict == "not met" else ":orange[?]"
        st.markdown(f"{mark} **{show.escaped(_.label(grant.title))}**: {said}{show.link(grant.url, _)}")
    if conditions.grants:
        frame = pd.DataFrame(
            [(_.label(g.title), _.render(line.asks), _.render(VERDICT_NAMES[line.verdict]), _.render(line.detail),
              g.url, _year(g.year, _))
             for g in conditions.grants for line in g.lines],
            columns=[_("Programme"), _("Condition"), _("Result"), _("Why"), _("Source"), _("Year")],
        )  # fmt: skip
        tables.draw(frame, f"foerderung_{number}.csv", _)
    st.markdown(
        _("Does each save the {percent} that grant rules ask for?").format(
            percent=_.percent(conditions.least_pct / 100)
        )
    )
    frame = pd.DataFrame(
        [(t.member.name if t.member else _("All together"), t.alone_cents / 100, t.pays_cents / 100,
          math.nan if t.saving_pct is None else t.saving_pct,
          _("unknown") if t.reached is None else _("yes") if t.reached else _("no"))
         for t in conditions.tests],
        columns=[_("Member"), _("Alone in €"), _("Together in €"), _("Saves in %"), _("Reached")],
    )  # fmt: skip
    decimals = {_("Alone in €"): 0, _("Together in €"): 0, _("Saves in %"): 1}
    tables.draw(frame, f"schwelle_{number}.csv", _, digits=decimals)


def _law(group: Consortium, conditions: Conditions, number: int, catalogue: Catalogue, _: Language) -> None:
    st.info(_.render(NO_ADVICE), icon=":material/info:")
    st.markdown("  \n".join(show.escaped(_.render(text)) for text in conditions.situation))
    frame = pd.DataFrame(
        [(_.label(f.title), f.law, _("fits") if f.sure else _("may fit"), _.render(f.why), _.label(f.use),
          f.url, _year(f.year, _), _.label(f.note))
         for f in conditions.forms],
        columns=[_("Legal form"), _("Law"), _("Result"), _("Why"), _("Use"), _("Source"), _("Year"), _("Note")],
    )  # fmt: skip
    tables.draw(frame, f"rechtsformen_{number}.csv", _)
    use_case = catalogue.use_case(group.use_case)
    if note := _.label(use_case.ai_act_note):
        st.markdown(_("AI Act, this use case:") + " " + show.escaped(note))
    for rule in conditions.pointers:
        said = show.escaped(f"{_.label(rule.text)} {_.label(rule.note)}")
        title = show.escaped(f"{_.label(rule.title)} ({rule.law})")
        st.markdown(f"- **{title}**: {said} ({_year(rule.year, _)}){show.link(rule.source_url, _)}")


def _hours(group: Consortium, number: int, data: Dataset, _: Language) -> None:
    """Show the hours that the use case itself frees, where a published case allows to compute them."""
    use_case = data.catalogue.use_case(group.use_case)
    if not use_case.saving_unit.en or math.isnan(use_case.saving[0]):
        return
    title = _("Hours that the use case itself frees")
    with printing.fold(title, key=f"hours_{number}", icon=":material/schedule:") as fold:
        if not fold.open:
            return
        st.caption(_("They are no part of the saving above: they arise with or without partners."))
        low, high = (show.escaped(_.number(value, 0 if value.is_integer() else 1)) for value in use_case.saving)
        st.markdown(
            _("Reported: {low} to {high} {unit} ({status}).").format(
                low=low, high=high, unit=show.escaped(_.label(use_case.saving_unit)), status=_(use_case.saving_status)
            )
        )
        if not freed_hours(data, group.use_case, 1):
            return
        sessions = st.slider(_("Sessions a year that need minutes"), 1, 200, 24, key=f"sessions_{number}")
        hours = [_("Hours, low"), _("Hours, central"), _("Hours, high")]
        posts = [_("Posts, low"), _("Posts, central"), _("Posts, high")]
        frame = pd.DataFrame(
            [(one.municipalities, *(getattr(side, case) for side in (one.hours, one.fte) for case in CASES))
             for one in freed_hours(data, group.use_case, sessions)],
            columns=[_("Municipalities"), *hours, *posts],
        )  # fmt: skip
        decimals = dict.fromkeys(hours, 0) | dict.fromkeys(posts, 2)
        tables.draw(frame.round(3), f"stunden_{number}.csv", _, digits=decimals)
        st.caption(_("From a published case: two to three working days for each set of minutes become half a day."))
