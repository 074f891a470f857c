"""Papers in LibreOffice: they open as they are, and their formulas compute what the program computes."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest
from pypdf import PdfReader

from matchmaker import reports, service
from matchmaker.catalogue import CASES, Change
from matchmaker.dataset import Dataset
from matchmaker.i18n import language
from matchmaker.model import Preferences
from matchmaker.reports import Memo
from tests.test_reports import column_of, pdf_text, squeezed, texts_of

OFFICE: Final = shutil.which("soffice") or shutil.which("libreoffice")
KEY, USE_CASE, DAY = "01059083", "UC01", dt.date(2026, 11, 25)
GERMAN: Final = language("de")
LIVE: Final = ("equal", "inhabitants", "stand_alone", "equal_saving")
"""Rules that the workbook follows when an assumption changes; the others keep their shares."""
RULES: Final = (*LIVE, "shapley")
OWN: Final = (
    Change("UC01.one_off", 2_000, 2_500, 6_000),
    Change("UC01.yearly", 900, 2_000, 3_500),
    Change("fixed_share", 0.5, 0.65, 0.8),
    Change("coordination_eur", 600, 900, 2_000),
    Change("years", 6, 6, 6),
)

pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


def paper(data: Dataset, rule: str) -> Memo:
    return service.council_memo(data, KEY, USE_CASE, Preferences(), DAY, rule=rule)


def converted(files: Iterable[Path], ending: str, into: Path) -> None:
    """Open files in LibreOffice without a window and save them in another form."""
    into.mkdir()
    profile = f"-env:UserInstallation={(into / 'profile').as_uri()}"
    subprocess.run(
        [str(OFFICE), profile, "--headless", "--convert-to", ending, "--outdir", str(into), *map(str, files)],
        check=True,
        capture_output=True,
        timeout=240,
    )


def sheets_of(file: Path) -> dict[str, dict[str, Any]]:
    book = openpyxl.load_workbook(file, data_only=True)
    return {s.title: {c.coordinate: c.value for row in s.iter_rows() for c in row} for s in book}


def emptied(content: Path, changes: Iterable[Change], data: Dataset, target: Path) -> None:
    """Write own values into a workbook as a treasurer would, and drop every value that was computed before."""
    book = openpyxl.load_workbook(content)
    sheet = book["Annahmen"]
    row_of = {row[0].value: row[0].row for row in sheet.iter_rows(min_row=6)}
    for change in changes:
        row = row_of[GERMAN.render(data.catalogue.assumption(change.id).title)]
        for column, case in zip("BCD", CASES, strict=True):
            sheet[f"{column}{row}"] = getattr(change, case)
    book.save(target)


@pytest.fixture(scope="module")
def own(shipped: Dataset) -> Dataset:
    return service.with_assumptions(shipped, OWN)


@pytest.fixture(scope="module")
def computed(shipped: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of workbooks that LibreOffice has computed anew, as they are and with own values."""
    folder = tmp_path_factory.mktemp("office")
    for rule in RULES:
        made = folder / f"{rule}.xlsx"
        made.write_bytes(reports.FORMATS[".xlsx"].document(paper(shipped, rule), GERMAN))
        emptied(made, (), shipped, folder / f"{rule}-same.xlsx")
        emptied(made, OWN, shipped, folder / f"{rule}-own.xlsx")
    converted(sorted(folder.glob("*-*.xlsx")), "xlsx", folder / "computed")
    return folder


@pytest.mark.parametrize("rule", RULES)
def test_libreoffice_computes_every_cell_as_it_was_written(computed: Path, rule: str):
    before, after = sheets_of(computed / f"{rule}.xlsx"), sheets_of(computed / "computed" / f"{rule}-same.xlsx")
    assert list(before) == list(after)
    figures = 0
    for sheet, cells in before.items():
        for at, value in cells.items():
            if isinstance(value, int | float):
                figures += 1
                assert after[sheet][at] == pytest.approx(value, abs=1e-6), (sheet, at)
    assert figures > 150


@pytest.mark.parametrize("rule", RULES)
def test_own_values_give_what_the_program_computes_with_them(computed: Path, shipped: Dataset, own: Dataset, rule: str):
    was, now = (paper(data, rule).calculation.group for data in (shipped, own))
    assert was.members == now.members
    assert abs(now.saving_eur.central - was.saving_eur.central) > 1_000
    book = sheets_of(computed / "computed" / f"{rule}-own.xlsx")
    assert column_of(book["Rechnung"], "Ersparnis") == pytest.approx([getattr(now.saving_eur, c) for c in CASES])
    assert column_of(book["Rechnung"], "Gemeinsam")[1] == pytest.approx(now.joint_cents / 100, abs=0.005)
    rows = range(6, 6 + len(now.members))
    split = book["Aufteilung"]
    pays = [round(100 * split[f"D{row}"]) for row in rows]
    assert [round(100 * split[f"C{row}"]) for row in rows] == list(now.alone_cents)
    assert sum(pays) == now.joint_cents
    if rule in LIVE:
        assert pays == [share.pays_cents for share in now.shares]
    else:
        kept = [now.joint_cents * share.pays_cents / was.joint_cents for share in was.shares]
        assert pays == pytest.approx(kept, abs=1)


def test_the_word_document_opens_with_all_it_says_on_at_most_three_pages(
    shipped: Dataset, own: Dataset, tmp_path: Path
):
    papers = {"catalogue": paper(shipped, ""), "own": paper(own, "shapley")}
    papers["umlauts"] = replace(papers["own"], asker=replace(papers["own"].asker, name="Größe-Öhringen „ß“ €"))
    for name, memo in papers.items():
        (tmp_path / f"{name}.docx").write_bytes(reports.FORMATS[".docx"].document(memo, GERMAN))
    converted(tmp_path.glob("*.docx"), "pdf", tmp_path / "opened")
    for name, memo in papers.items():
        file = tmp_path / "opened" / f"{name}.pdf"
        text = squeezed(pdf_text(file))
        assert not [said for said in texts_of(memo, "de") if squeezed(said) not in text]
        assert len(PdfReader(file).pages) <= 3
