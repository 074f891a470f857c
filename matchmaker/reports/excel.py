"""The calculation of a paper as an Excel workbook with live formulas.

Three sheets: assumptions to change, the calculation of `matchmaker.consortia` as formulas, the split of the joint
cost to the cent. Every formula is written with its value, so that programs that do not reckon show it too. Texts are
written as texts and never become formulas or links.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from matchmaker.catalogue import CASES
from matchmaker.i18n import Language
from matchmaker.message import message
from matchmaker.model import SPLIT_MEANINGS, SPLIT_TITLES, Consortium
from matchmaker.reports.memo import Memo, name_of
from matchmaker.reports.wording import LONGEST_PROPERTY, one_line, warning, written

_COLUMN: Final = dict(zip(CASES, "BCD", strict=True))
"""Column of each case on the first two sheets."""
_ALONE: Final = dict(zip(CASES, "GHI", strict=True))
_JOINING: Final = dict(zip(CASES, "JKL", strict=True))
"""Columns of each case in the table of members."""
_BURDEN: Final = {"low": "high", "central": "central", "high": "low"}
"""The cautious case takes high costs of coordination, the favourable case low ones."""
_EXACT: Final = 6
"""Decimals of a cent that count when the missing cents are given away; more would be noise of the computer."""

_MONEY: Final = '#,##0.00 "€"'
_FIGURE: Final = "#,##0.####"
_CASE_TITLES: Final = (message("cautious"), message("central"), message("favourable"))
_ASSUMPTION_TEXTS: Final = (44, 12, 14, 32, 8, 56, 1000)
"""Characters on a line of each column of texts about an assumption; addresses are not wrapped."""
_HEADER: Final = 5
"""Row of the first header of each sheet, counted from one as in the formulas."""


def workbook(memo: Memo, _: Language) -> bytes:
    """Return the calculation of a paper as XLSX."""
    import xlsxwriter  # noqa: PLC0415 - only papers need it

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as made:
        title = written(memo.title, _)[:LONGEST_PROPERTY]
        made.set_properties({"title": title, "subject": _("Calculation for a paper for the council")})
        book = _Book(made, memo, _)
        figures = _assumptions(book)
        together, members = _calculation(book, figures)
        _split(book, together, members)
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a figure stands, as formulas on any sheet name it, and its value."""

    at: str
    value: float


@dataclass(slots=True)
class _Book:
    """A workbook in the making."""

    made: Any
    memo: Memo
    language: Language
    formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def style(self, **look: Any) -> Any:
        """Return a format; the same look gives the same one."""
        key = tuple(sorted(look.items()))
        if key not in self.formats:
            self.formats[key] = self.made.add_format({"font_name": "Arial", "font_size": 10, "valign": "top", **look})
        return self.formats[key]

    def sheet(self, name: str, purpose: str, widths: Sequence[int]) -> Any:
        """Add a sheet with title, warning and what it is for on top."""
        sheet = self.made.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        self.text(sheet, "A1", written(self.memo.title, self.language), bold=True, font_size=14)
        self.text(sheet, "A2", purpose, italic=True)
        self.text(sheet, "A3", warning(self.memo, self.language), bold=True, font_color="#B35900")
        return sheet

    def text(self, sheet: Any, cell: str, text: str, **look: Any) -> None:
        """Write a text as it is, whatever it begins with."""
        sheet.write_string(cell, one_line(text), self.style(**look))

    def header(self, sheet: Any, row: int, titles: Sequence[str]) -> None:
        """Write the titles of columns, from column A on."""
        for column, title in zip("ABCDEFGHIJKLMNOP", titles, strict=False):
            self.text(sheet, f"{column}{row}", title, bold=True, bg_color="#E8EDF3", bottom=1, text_wrap=True,
                      valign="top")  # fmt: skip

    def entry(self, sheet: Any, cell: str, value: float, form: str = _FIGURE) -> _Cell:
        """Write a figure that a reader may change."""
        look = self.style(num_format=form, bg_color="#FFF9DB", border=1, border_color="#C9B458", locked=False)
        sheet.write_number(cell, value, look)
        return _cell(sheet, cell, value)

    def formula(self, sheet: Any, cell: str, formula: str, value: float, form: str = _MONEY, **look: Any) -> _Cell:
        """Write a formula together with its value."""
        sheet.write_formula(cell, f"={formula}", self.style(num_format=form, **look), value)
        return _cell(sheet, cell, value)


def _cell(sheet: Any, cell: str, value: float) -> _Cell:
    column, row = cell[0], cell[1:]
    return _Cell(f"'{sheet.get_name()}'!${column}${row}", value)


_Figures: TypeAlias = Mapping[tuple[str, str], _Cell]
"""Cells of the assumptions, by id and low, central or high."""


def _assumptions(book: _Book) -> _Figures:
    """Write the sheet of assumptions; return the cell of each by id and low, central or high."""
    _, calculation = book.language, book.memo.calculation
    sheet = book.sheet(
        _("Assumptions"),
        _("Change the yellow cells: calculation and split follow at once."),
        (46, 13, 13, 13, 13, 16, 34, 8, 60, 80),
    )
    sheet.freeze_panes(_HEADER, 1)
    sheet.repeat_rows(_HEADER - 1)
    book.header(
        sheet,
        _HEADER,
        (_("Figure"), _("low"), _("central"), _("high"), _("Unit"), _("Status"), _("Source"), _("Year"), _("Reason"),
         _("Address")),
    )  # fmt: skip
    found: dict[tuple[str, str], _Cell] = {}
    row = _HEADER
    for one in calculation.assumptions:
        row += 1
        for case, column in _COLUMN.items():
            found[one.id, case] = book.entry(sheet, f"{column}{row}", getattr(one, case))
        said = (written(one.title, _), _(one.unit), _(one.status), one.source,
                "" if one.year is None else str(one.year), _.label(one.note), one.source_url)  # fmt: skip
        _write_texts(book, sheet, row, said)
    sheet.print_area(f"A1:I{row}")
    return found


def _write_texts(book: _Book, sheet: Any, row: int, texts: Sequence[str]) -> None:
    # Spreadsheets do not fit rows to wrapped texts when a file is opened.
    lines = max(math.ceil(len(text) / width) for text, width in zip(texts, _ASSUMPTION_TEXTS, strict=True))
    sheet.set_row(row - 1, 13.5 * max(1, lines))
    for column, text in zip("AEFGHIJ", texts, strict=True):
        book.text(sheet, f"{column}{row}", text, text_wrap=column != "J", valign="top")


_Terms: TypeAlias = Mapping[str, Mapping[str, _Cell]]
"""Terms of the formulas by case and name: fixed, per_head, rho, join, per_km, border, pair."""


@dataclass(frozen=True, slots=True)
class _Members:
    """Where the members stand: first and last row, and their figures; costs by case."""

    first: int
    last: int
    inhabitants: Sequence[_Cell]
    lead_runs: _Cell
    alone: Mapping[str, Sequence[_Cell]]
    joining: Mapping[str, Sequence[_Cell]]


def _calculation(book: _Book, figures: _Figures) -> tuple[_Cell, _Members]:
    """Write the calculation; return the joint cost of the central case and where the members stand."""
    _ = book.language
    sheet = book.sheet(
        _("Calculation"),
        _("The cautious case takes low costs and high coordination, the favourable case the opposite."),
        (46, 16, 16, 16, 12, 12, 15, 15, 15, 15, 15, 15),
    )
    terms = _terms(book, sheet, figures)
    members = _members(book, sheet, terms)
    return _results(book, sheet, figures, terms, members), members


def _terms(book: _Book, sheet: Any, figures: _Figures) -> _Terms:
    _, top = book.language, _HEADER
    book.header(sheet, top, (_("Terms of the calculation"), *map(_.render, _CASE_TITLES)))
    titles = (
        _("Cost over the years at the reference population"),
        _("of it fixed"),
        _("variable per inhabitant"),
        _("Share of the fixed cost that a running solution saves"),
        _("Joining, per member"),
        _("Joining, per kilometre"),
        _("Joining from another Land"),
        _("Coordination, per pair of members"),
    )
    for row, title in enumerate(titles, start=top + 1):
        book.text(sheet, f"A{row}", title)
    years, people = figures["years", "central"], figures["reference_population", "central"]
    costs = [cost.id for cost in book.memo.calculation.use_case.costs]
    terms: dict[str, dict[str, _Cell]] = {}
    for case, column in _COLUMN.items():
        one_off, yearly, share = (figures[name, case] for name in (*costs, "fixed_share"))
        cost = book.formula(
            sheet, f"{column}{top + 1}", f"{one_off.at}+{yearly.at}*{years.at}",
            one_off.value + yearly.value * years.value,
        )  # fmt: skip
        found = {
            "fixed": book.formula(sheet, f"{column}{top + 2}", f"{share.at}*{cost.at}", share.value * cost.value),
            "per_head": book.formula(
                sheet, f"{column}{top + 3}", f"(1-{share.at})*{cost.at}/{people.at}",
                (1 - share.value) * cost.value / people.value, '#,##0.0000 "€"',
            ),
        }  # fmt: skip
        for row, (name, assumption, which, form) in enumerate(
            (
                ("rho", "rho", case, _FIGURE),
                ("join", "joining_eur", _BURDEN[case], _MONEY),
                ("per_km", "joining_eur_per_km", _BURDEN[case], _MONEY),
                ("border", "other_land_eur", _BURDEN[case], _MONEY),
                ("pair", "coordination_eur", _BURDEN[case], _MONEY),
            ),
            start=top + 4,
        ):
            taken = figures[assumption, which]
            found[name] = book.formula(sheet, f"{column}{row}", taken.at, taken.value, form)
        terms[case] = found
    return terms


def _members(book: _Book, sheet: Any, terms: _Terms) -> _Members:
    _, calculation, top = book.language, book.memo.calculation, _HEADER + 11
    titles = [_.render(case) for case in _CASE_TITLES]
    book.header(
        sheet,
        top,
        (
            *(
                _("Member"),
                _("Key"),
                _("Inhabitants"),
                _("Distance, km"),
                _("other Land (1)"),
                _("runs it already (1)"),
            ),
            *(f"{_('alone')}, {title}" for title in titles),
            *(f"{_('joining')}, {title}" for title in titles),
        ),
    )
    group = calculation.group
    inhabitants, runs = [], []
    alone: dict[str, list[_Cell]] = {case: [] for case in CASES}
    joining: dict[str, list[_Cell]] = {case: [] for case in CASES}
    for row, (member, far) in enumerate(zip(group.members, calculation.km, strict=True), start=top + 1):
        leads = member.key == group.lead.key
        book.text(sheet, f"A{row}", written(name_of(member), _))
        book.text(sheet, f"B{row}", member.key)
        people = book.entry(sheet, f"C{row}", float(member.population or 0))
        km = book.entry(sheet, f"D{row}", far, "#,##0.0")
        other = book.entry(sheet, f"E{row}", float(member.land != group.lead.land))
        running = book.entry(sheet, f"F{row}", float(leads and group.lead_operates))
        inhabitants.append(people)
        runs.append(running)
        for case in CASES:
            fixed, head, rho, join, per_km, border = (
                terms[case][name] for name in ("fixed", "per_head", "rho", "join", "per_km", "border")
            )
            alone[case].append(
                book.formula(
                    sheet, f"{_ALONE[case]}{row}", f"{fixed.at}*(1-{rho.at}*{running.at})+{head.at}*{people.at}",
                    fixed.value * (1 - rho.value * running.value) + head.value * people.value,
                )
            )  # fmt: skip
            # The lead joins nobody.
            formula = "0" if leads else f"{join.at}+{per_km.at}*{km.at}+{border.at}*{other.at}"
            value = 0.0 if leads else join.value + per_km.value * km.value + border.value * other.value
            joining[case].append(book.formula(sheet, f"{_JOINING[case]}{row}", formula, value))
    return _Members(top + 1, top + len(group.members), inhabitants, runs[0], alone, joining)


def _results(book: _Book, sheet: Any, figures: _Figures, terms: _Terms, members: _Members) -> _Cell:
    """Write what the group saves; return the joint cost of the central case."""
    _, top = book.language, members.last + 3
    book.header(sheet, top, (_("Result"), *map(_.render, _CASE_TITLES)))
    titles = (
        _("Everyone alone"),
        _("Together: fixed cost"),
        _("Together: variable cost"),
        _("Together: joining"),
        _("Together: coordination"),
        _("Together"),
        _("Saving"),
        _("Saving, share"),
        _("Posts saved a year"),
        _("Working days saved at the start"),
    )
    for row, title in enumerate(titles, start=top + 1):
        book.text(sheet, f"A{row}", title)
    first, last = members.first, members.last
    n, count = last - first + 1, f"COUNT($C${first}:$C${last})"
    for case, column in _COLUMN.items():
        fixed, head, rho, pair = (terms[case][name] for name in ("fixed", "per_head", "rho", "pair"))
        post, days, year = (
            figures["running_fte", case],
            figures["setup_days", case],
            figures["hours_per_fte", "central"],
        )
        hours, runs = figures["coordination_hours", _BURDEN[case]], members.lead_runs
        alone, joining = (sum(cell.value for cell in cost[case]) for cost in (members.alone, members.joining))
        parts = (
            (f"{fixed.at}*(1-{rho.at}*{runs.at})", fixed.value * (1 - rho.value * runs.value)),
            (f"{head.at}*SUM($C${first}:$C${last})", head.value * sum(cell.value for cell in members.inhabitants)),
            (f"SUM({_JOINING[case]}{first}:{_JOINING[case]}{last})", joining),
            (f"{pair.at}*{count}*({count}-1)/2", pair.value * n * (n - 1) / 2),
        )
        together = sum(value for _text, value in parts)
        saves = f"{column}{top + 1}-{column}{top + 6}"
        for row, (formula, value, form) in enumerate(
            (
                (f"SUM({_ALONE[case]}{first}:{_ALONE[case]}{last})", alone, _MONEY),
                *((*part, _MONEY) for part in parts),
                (f"SUM({column}{top + 2}:{column}{top + 5})", together, _MONEY),
                (saves, alone - together, _MONEY),
                (f"({saves})/{column}{top + 1}", (alone - together) / alone, "0.0 %"),
                (f"{post.at}*({count}-1)-{count}*{hours.at}/{year.at}",
                 post.value * (n - 1) - n * hours.value / year.value, "0.00"),
                (f"{days.at}*({count}-1)", days.value * (n - 1), "0"),
            ),
            start=top + 1,
        ):  # fmt: skip
            cell = book.formula(sheet, f"{column}{row}", formula, value, form, bold=row in {top + 6, top + 7})
            if case == "central" and row == top + 6:
                joint = cell
    return joint


def _split(book: _Book, together: _Cell, members: _Members) -> None:
    """Write who pays what, exact to the cent: round down, then the missing cents to the largest remainders."""
    _, calculation = book.language, book.memo.calculation
    group = calculation.group
    rule, first, end = group.rule, _HEADER + 1, _HEADER + len(group.members)
    said = message("Rule: {rule}. {meaning}", rule=SPLIT_TITLES[rule], meaning=SPLIT_MEANINGS[rule])
    sheet = book.sheet(_("Split"), written(said, _), (46, 12, 16, 16, 16, 12, 18, 14, 12))
    book.header(
        sheet,
        _HEADER,
        (_("Member"), _("Key"), _("Alone"), _("Together"), _("Saves"), _("Share"), _("exact cents"), _("whole cents"),
         _("rank of the rest")),
    )  # fmt: skip
    cents, count = f"ROUND({together.at}*100,0)", len(group.members)
    alone = [share.alone_cents for share in group.shares]
    people = [cell.value for cell in members.inhabitants]
    exact = _exact_cents(group, people)
    rests = [round(value - math.floor(value), _EXACT) for value in exact]
    costs = members.alone["central"]
    everybody = f"SUM({members.inhabitants[0].at}:{members.inhabitants[-1].at.rpartition('!')[2]})"
    for place, (share, own, inhabitants) in enumerate(zip(group.shares, costs, members.inhabitants, strict=True)):
        row = first + place
        live = {
            "equal": f"{cents}/{count}",
            "inhabitants": f"{cents}*{inhabitants.at}/{everybody}",
            "stand_alone": f"{cents}*C{row}/SUM($C${first}:$C${end})",
            "equal_saving": f"100*C{row}-(100*SUM($C${first}:$C${end})-{cents})/{count}",
        }
        book.text(sheet, f"A{row}", written(name_of(share.member), _))
        book.text(sheet, f"B{row}", share.member.key)
        book.formula(sheet, f"C{row}", f"ROUND({own.at},2)", share.alone_cents / 100)
        part = share.pays_cents / max(1, group.joint_cents)
        if rule in live:
            formula = live[rule]
            book.formula(sheet, f"F{row}", f"D{row}*100/{cents}", part, "0.00 %")
        else:
            formula = f"{cents}*{book.entry(sheet, f'F{row}', part, '0.00 %').at}"
        book.formula(sheet, f"G{row}", f"ROUND({formula},{_EXACT})", exact[place], "#,##0.00")
        book.formula(sheet, f"H{row}", f"INT(G{row})", math.floor(exact[place]), "#,##0")
        rest = f"ROUND($G${first}:$G${end}-$H${first}:$H${end},{_EXACT})"
        mine = f"ROUND(G{row}-H{row},{_EXACT})"
        rank = 1 + sum(other > rests[place] or (other == rests[place] and i < place) for i, other in enumerate(rests))
        book.formula(
            sheet,
            f"I{row}",
            f"1+SUMPRODUCT(({rest}>{mine})+({rest}={mine})*(ROW($G${first}:$G${end})<ROW()))",
            rank,
            "0",
        )
        book.formula(
            sheet, f"D{row}", f"(H{row}+IF(I{row}<={cents}-SUM($H${first}:$H${end}),1,0))/100", share.pays_cents / 100
        )
        book.formula(sheet, f"E{row}", f"C{row}-D{row}", (share.alone_cents - share.pays_cents) / 100)
    book.text(sheet, f"A{end + 1}", _("All together"), bold=True, top=1)
    for column, value in (
        ("C", sum(alone)), ("D", group.joint_cents), ("E", sum(alone) - group.joint_cents)
    ):  # fmt: skip
        book.formula(sheet, f"{column}{end + 1}", f"SUM({column}{first}:{column}{end})", value / 100, bold=True, top=1)
    notes = (
        [] if rule in live else [_("The shares are those of the program's figures; change the yellow cells at will.")]
    )
    notes += [_("With the program's figures:") + " " + written(text, _) for text in calculation.objections]
    for row, note in enumerate(notes, start=end + 3):
        book.text(sheet, f"A{row}", note)


def _exact_cents(group: Consortium, people: Sequence[float]) -> list[float]:
    """Return the cents of each member before they are made whole, with the decimals that the formulas keep."""
    joint, alone = group.joint_cents, [share.alone_cents for share in group.shares]
    exact: Mapping[str, list[float]] = {
        "equal": [joint / len(alone)] * len(alone),
        "inhabitants": [joint * own / sum(people) for own in people],
        "stand_alone": [joint * own / sum(alone) for own in alone],
        "equal_saving": [own - (sum(alone) - joint) / len(alone) for own in alone],
    }
    return [round(value, _EXACT) for value in exact.get(group.rule, [share.pays_cents for share in group.shares])]
