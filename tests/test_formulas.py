"""Whatever is written for a spreadsheet: no text in it becomes a formula, and what is read in again is the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from matchmaker import cli, exchange, plans, reports, service
from matchmaker.dataset import Dataset
from matchmaker.i18n import language
from matchmaker.indicators import IndicatorTable
from matchmaker.message import Label, message
from matchmaker.model import Municipality, Preferences
from matchmaker.portfolio import Plan
from matchmaker.portfolio.values import Project
from matchmaker.profiles import Ranking
from matchmaker.sheets import csv_text, guarded
from matchmaker.ui import tables as shown

TEXTS = ("=1+1", "+1+1", "-1+1", "@SUM(1;2)", "\t=1+1", "'=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("https://a.de")')
KEY = "01059083"


def made_by_hand(text: str) -> Plan:
    """Return a plan of one project in which everything has this name."""
    towns = tuple(Municipality(key, text, "SH", None, 1000, 54.0, 9.0, False) for key in (KEY, "16053000"))
    project = Project("UC01", Label(text, text), towns[0], towns, False, 1000.0, (100.0, 200.0))
    return Plan("optimal", 1000.0, 1000.0, 0.0, (project,), (), (), (), 0, 0, 0.1)


def in_a_table(text: str) -> pd.DataFrame:
    """Return a table with this text in a cell and over a column."""
    return pd.DataFrame({"key": [KEY, text], text: [1.5, np.nan], "name": [text, "-1.5"]})


def ranking(data: Dataset, text: str) -> str:
    """Return two partners of each other as CSV, one of which has this text as key."""
    profiles = replace(data.profiles.take([0, 1]), key=np.array(sorted([KEY, text])))
    both = np.array([[1], [0]])
    found = Ranking(np.array([0, 1]), both, np.ones((2, 1)), np.ones((2, 1)))
    return service.ranking_csv(replace(data, profiles=profiles), found)


def peers(data: Dataset, text: str) -> str:
    """Return the peers of a table of indicators with this text as key."""
    assert data
    table = IndicatorTable((KEY, text), (text,), np.array([[1.0], [2.0]]))
    return service.peers_csv(table, service.find_peers(table, k=1))


CSV: dict[str, Callable[[Dataset, str], str]] = {
    "partners --all": ranking,
    "peers --all": peers,
    "plan": lambda _, text: csv_text(plans.plan_table(made_by_hand(text), lambda label: label.de)),
    "tables of the pages": lambda _, text: shown.exported(in_a_table(text)).decode("utf-8-sig"),
}


def risky(cell: str) -> bool:
    """Return whether a spreadsheet would take a cell for a formula."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return False


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", CSV)
def test_no_cell_of_a_csv_is_a_formula(shipped: Dataset, name: str, text: str):
    written = list(csv.reader(io.StringIO(CSV[name](shipped, text), newline="")))
    cells = [cell for row in written for cell in row]
    assert not [cell for cell in cells if risky(cell)]
    assert guarded(text) in cells


def named(data: Dataset) -> Dataset:
    """Return the data with these texts as names of municipalities and titles of offers and cooperations."""
    tables = {name: frame.copy() for name, frame in data.tables.items()}
    for table, column in (("register", "name"), ("offers", "title"), ("cooperations", "title")):
        tables[table].loc[tables[table].index[: len(TEXTS)], column] = TEXTS
    return replace(data, tables=tables)


@pytest.fixture(scope="module")
def few(shipped: Dataset) -> Dataset:
    """Return the shipped data with a register of some, so that writing it often takes no time."""
    tables = dict(shipped.tables)
    keys = {*tables["offers"]["key"], *tables["cooperation_members"]["key"], *tables["needs"]["key"]}
    keys |= {key[:5] for key in keys} | set(tables["profiles"]["key"])
    tables["register"] = tables["register"][tables["register"]["key"].isin(keys)].reset_index(drop=True)
    return replace(shipped, tables=tables)


def formulas(content: bytes) -> Iterator[str]:
    """Yield what a workbook computes."""
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        yield from (str(cell.value) for row in sheet.iter_rows() for cell in row if cell.data_type == "f")


@pytest.mark.parametrize("form", ["folder", "package.xlsx"])
def test_an_exported_package_holds_no_formula_and_comes_back_the_same(few: Dataset, form: str, tmp_path: Path):
    exchange.write(named(few).tables, tmp_path / form)
    if form == "folder":
        for file in (tmp_path / form).glob("*.csv"):
            with file.open(encoding="utf-8", newline="") as stream:
                assert not [cell for row in csv.reader(stream) for cell in row if risky(cell)]
    else:
        assert not list(formulas((tmp_path / form).read_bytes()))
    again = exchange.read(tmp_path / form)
    for table, column in (("register", "name"), ("offers", "title"), ("cooperations", "title")):
        assert list(again[table][column][: len(TEXTS)]) == [text.strip() for text in TEXTS]


@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_as_workbook_shows_names_as_they_are(text: str):
    content = plans.plan_workbook([("plan", plans.plan_table(made_by_hand(text), lambda label: label.de))])
    assert not list(formulas(content))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet["E"][1:]] == [text, text]


def test_the_workbook_of_a_paper_computes_with_its_own_formulas_only(shipped: Dataset):
    paper = service.council_memo(shipped, KEY, "UC01", Preferences(), dt.date(2026, 11, 25))
    group = paper.calculation.group
    own = set(formulas(reports.FORMATS[".xlsx"].document(paper, language("de"))))
    for text in TEXTS:
        members = tuple(replace(member, name=text) for member in group.members)
        shares = tuple(replace(s, member=m) for s, m in zip(group.shares, members, strict=True))
        bad = replace(group, members=members, lead=members[0], shares=shares, title=Label(text, text))
        made = replace(paper, calculation=replace(paper.calculation, group=bad), title=message("{t}", t=text))
        assert set(formulas(reports.FORMATS[".xlsx"].document(made, language("de")))) == own


def test_the_template_holds_no_formula(tmp_path: Path):
    assert cli.main(["template", str(tmp_path / "form.xlsx")]) == 0
    assert not list(formulas((tmp_path / "form.xlsx").read_bytes()))
