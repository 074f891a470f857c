"""Council papers: the same figures in every file, texts that stay texts, files that everybody can read."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from dataclasses import replace
from typing import Any

import docx
import numpy as np
import openpyxl
import pytest
from docx.oxml.ns import qn
from pypdf import PdfReader

from matchmaker import cli, reports, service
from matchmaker.consortia import best_group
from matchmaker.errors import BadInput
from matchmaker.i18n import LANGUAGES, language
from matchmaker.message import Label, message
from matchmaker.model import SPLIT_RULES, Preferences
from matchmaker.reports import pdf
from matchmaker.reports.memo import Check, Items, Memo, Table, compose
from matchmaker.reports.wording import one_line, worded

SUEDERBRARUP, SIMULATED = "01059083", "00000001"
DAY = dt.date(2026, 11, 25)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1;2)",
    "<script>alert(1)</script> & </w:p>",
    '#let x = 1 #x $y$ *z* \\ "',
    "{name:eur} {0} %s",
    "Ort mit Emoji 😀 und 漢字",
    "a\tb\nc\x00d\x1b[31me\ud800f\u202eg",
    "Sehr langer Name " * 20,
    "https://example.org/a file:///etc/passwd",
)


@pytest.fixture(scope="module")
def memo(shipped) -> Memo:
    return service.council_memo(shipped, SUEDERBRARUP, "UC01", Preferences(), DAY)


def made(memo: Memo, ending: str, lang: str = "de") -> io.BytesIO:
    return io.BytesIO(reports.FORMATS[ending].document(memo, language(lang)))


def words(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


def texts_of(memo: Memo, lang: str) -> list[str]:
    """Return every text that a paper has to hold, in its order."""
    found: list[str] = []

    def gather(part: Any) -> None:
        if isinstance(part, str):
            found.append(words(part))
        elif isinstance(part, dict):
            for name, inner in part.items():
                if name not in {"lang", "page", "type", "url"}:
                    gather(inner)
        elif isinstance(part, list):
            for inner in part:
                gather(inner)

    gather(worded(memo, language(lang)))
    return [text for text in found if text]


def word_text(file: io.BytesIO) -> str:
    body = docx.Document(file).element.body
    return words("\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p"))))


def pdf_text(file: io.BytesIO) -> str:
    return words("\n".join(page.extract_text() for page in PdfReader(file).pages))


def squeezed(text: str) -> str:
    """Return a text without gaps and hyphens: lines of a page break where they like."""
    return re.sub(r"[\s\-\u00ad\u2010]", "", text)


def cells(file: io.BytesIO, **options: Any) -> dict[str, dict[str, Any]]:
    book = openpyxl.load_workbook(file, **options)
    return {sheet.title: {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row} for sheet in book}


def column_of(sheet: dict[str, Any], title: str) -> list[Any]:
    """Return the figures beside a title in column A."""
    (row,) = [at[1:] for at, value in sheet.items() if at.startswith("A") and value == title]
    return [sheet[f"{column}{row}"] for column in "BCD"]


# The same figures everywhere -------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_word_and_pdf_say_all_that_the_paper_says(memo, lang):
    word, page = word_text(made(memo, ".docx", lang)), squeezed(pdf_text(made(memo, ".pdf", lang)))
    for text in texts_of(memo, lang):
        assert text in word
        assert squeezed(text) in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_paper_shows_the_figures_of_screen_and_command_line(shipped, memo, lang):
    (group,) = service.joint_projects(shipped, SUEDERBRARUP, Preferences(), use_case="UC01")
    assert memo.calculation.group == group
    _ = language(lang)
    for text in (word_text(made(memo, ".docx", lang)), pdf_text(made(memo, ".pdf", lang))):
        saving = group.saving_eur
        for value in (saving.low, saving.central, saving.high, group.joint_cents / 100, sum(group.alone_cents) / 100):
            assert words(_.eur(value)) in text
        for share in group.shares:
            row = " ".join(_.eur(cents / 100) for cents in (share.alone_cents, share.pays_cents))
            assert words(row) in text
        for value in (group.fte_saved.low, group.fte_saved.central, group.fte_saved.high):
            assert _.number(value, 2) in text


@pytest.mark.parametrize("use_case", ["UC01", "UC03", "UC05", "UC12"])
@pytest.mark.parametrize("simulated", [True, False], ids=["with-simulated", "real-only"])
def test_the_workbook_computes_what_the_consortium_says(shipped, use_case, simulated):
    preferences = Preferences(simulated=simulated)
    paper = service.council_memo(shipped, SUEDERBRARUP, use_case, preferences, DAY)
    group = paper.calculation.group
    book = cells(made(paper, ".xlsx"), data_only=True)
    cases = ("low", "central", "high")
    assert column_of(book["Rechnung"], "Ersparnis") == pytest.approx([getattr(group.saving_eur, c) for c in cases])
    assert column_of(book["Rechnung"], "Gemeinsam")[1] == pytest.approx(group.joint_cents / 100, abs=0.005)
    assert column_of(book["Rechnung"], "Alle einzeln")[1] == pytest.approx(sum(group.alone_cents) / 100, abs=0.05)
    assert column_of(book["Rechnung"], "Ersparnis, Anteil")[1] == pytest.approx(group.saving_pct / 100)
    assert column_of(book["Rechnung"], "Ersparte Stellen im Jahr") == pytest.approx(
        [getattr(group.fte_saved, c) for c in cases]
    )
    assert column_of(book["Rechnung"], "Ersparte Arbeitstage zu Beginn") == pytest.approx(
        [getattr(group.staff_days_saved, c) for c in cases]
    )
    split = book["Aufteilung"]
    shown = [(split[f"C{row}"], split[f"D{row}"]) for row in range(6, 6 + len(group.members))]
    assert shown == [(s.alone_cents / 100, s.pays_cents / 100) for s in group.shares]
    assert split[f"D{6 + len(group.members)}"] == group.joint_cents / 100


def by_rule(memo: Memo, rule: str) -> Memo:
    """Return the paper with the cost split by another rule, as far as the workbook is concerned."""
    group = service.split_by(memo.calculation.group, rule)
    return replace(memo, calculation=replace(memo.calculation, group=group))


@pytest.mark.parametrize("rule", SPLIT_RULES)
def test_the_split_of_the_workbook_gives_the_missing_cents_as_the_rule_does(memo, rule):
    """Its columns worked out by hand: whole cents, then one more for the lowest ranks."""
    paper = by_rule(memo, rule)
    group = paper.calculation.group
    split = cells(made(paper, ".xlsx"), data_only=True)["Aufteilung"]
    rows = range(6, 6 + len(group.members))
    whole, ranks = [split[f"H{row}"] for row in rows], [split[f"I{row}"] for row in rows]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    missing = group.joint_cents - sum(whole)
    paid = [cents + (rank <= missing) for cents, rank in zip(whole, ranks, strict=True)]
    assert tuple(paid) == tuple(share.pays_cents for share in group.shares)
    assert [round(100 * split[f"D{row}"]) for row in rows] == paid


def test_every_figure_of_calculation_and_split_is_a_formula_or_an_entry_to_change(memo):
    formulas = cells(made(memo, ".xlsx"))
    assert list(formulas) == ["Annahmen", "Rechnung", "Aufteilung"]
    computed = [v for v in formulas["Rechnung"].values() if isinstance(v, str) and v.startswith("=")]
    members = len(memo.calculation.group.members)
    assert len(computed) == 3 * 8 + 6 * members + 3 * 10
    entries = [at for at, v in formulas["Aufteilung"].items() if isinstance(v, int | float)]
    assert {at[0] for at in entries} <= {"F"}  # shares to change, where the rule has no formula
    figures = {at[0] for at, v in formulas["Rechnung"].items() if isinstance(v, int | float)}
    assert figures == set("CDEF")  # inhabitants, distance, other Land, runs it already


def test_the_command_line_writes_the_same_paper(memo, tmp_path, capsys, database):
    assert database
    for ending in reports.FORMATS:
        out = tmp_path / f"vorlage{ending}"
        assert cli.main(["report", SUEDERBRARUP, "--use-case", "uc01", "--out", str(out)]) == 0
        assert str(out) in capsys.readouterr().out
        assert out.stat().st_size > 5_000
    figures = word_text(io.BytesIO((tmp_path / "vorlage.docx").read_bytes()))
    for text in texts_of(memo, "de"):
        assert text in figures or "November 2026" in text
    assert cli.main(["projects", SUEDERBRARUP, "--use-case", "UC01", "--json"]) == 0
    (project,) = json.loads(capsys.readouterr().out)["projects"]
    rows = column_of(
        cells(io.BytesIO((tmp_path / "vorlage.xlsx").read_bytes()), data_only=True)["Rechnung"], "Ersparnis"
    )
    assert rows == pytest.approx(list(project["saving_eur"].values()), abs=0.005)


# Text that stays text --------------------------------------------------------------------------------------


def renamed(memo: Memo, name: str, shipped) -> Memo:
    """Return the paper about a group in which everybody and the use case bear a hostile name."""
    group = memo.calculation.group
    members = tuple(replace(member, name=name) for member in group.members)
    title = Label(name, name)
    catalogue = shipped.catalogue
    use_cases = tuple(
        replace(
            u, title=title, pain=title, one_off=replace(u.one_off, source=name, title=message("{name}", name=name))
        )
        for u in catalogue.use_cases
    )  # fmt: skip
    made = replace(
        group, title=title, lead=members[0], members=members,
        shares=tuple(replace(s, member=m) for s, m in zip(group.shares, members, strict=True)),
        evidence=tuple(replace(e, title=title, url=f"javascript:{name}") for e in group.evidence),
    )  # fmt: skip
    ways = service.project_options(shipped, SUEDERBRARUP, group, Preferences())
    return compose(
        made,
        replace(memo.asker, name=name),
        replace(catalogue, use_cases=use_cases),
        DAY,
        km=memo.calculation.km,
        sharing=service.share_costs(made),
        options=[replace(way, title=message("{name}", name=name)) for way in ways],
    )


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_shown_as_it_is_and_does_nothing(memo, shipped, name):
    hostile = renamed(memo, name, shipped)
    shown = words(one_line(name))
    word = made(hostile, ".docx")
    assert word_text(word).count(shown) >= len(hostile.calculation.group.members)
    targets = [r._target for r in docx.Document(word).part.rels.values() if r.is_external]
    assert all(target.startswith(("https://", "http://")) for target in targets)

    drawn = pdf_text(made(hostile, ".pdf"))
    assert squeezed(pdf._UNPRINTABLE.sub(pdf._STAND_IN, shown)) in squeezed(drawn)

    for sheet in openpyxl.load_workbook(made(hostile, ".xlsx")):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert re.match(r"=[\dA-Z('$]", cell.value)
                    assert shown not in cell.value
                    assert "|" not in cell.value
        assert [c for row in sheet.iter_rows() for c in row if c.data_type == "s" and shown in str(c.value)]


def test_umlauts_are_shown_and_what_the_fonts_lack_is_a_square(memo, shipped):
    text = "Äpfel ÖÜäöüß „Größe“ – €\u00a0§ Łódź Čeština 😀"
    paper = renamed(memo, text, shipped)
    assert squeezed("Äpfel ÖÜäöüß „Größe“ – € § Łódź Čeština □") in squeezed(pdf_text(made(paper, ".pdf")))
    assert words(text) in word_text(made(paper, ".docx"))


def test_every_character_the_pdf_lets_through_is_in_its_fonts(memo, shipped):
    every = "".join(c for c in map(chr, range(0x2100)) if c.isprintable() and not pdf._UNPRINTABLE.match(c))
    assert len(every) > 900
    assert made(renamed(memo, every, shipped), ".pdf").getvalue().startswith(b"%PDF")


# A good paper ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("key", "use_case"), [(SUEDERBRARUP, "UC01"), (SUEDERBRARUP, "UC05"), (SIMULATED, "UC03")])
def test_a_paper_has_at_most_three_pages(shipped, key, use_case, lang):
    paper = service.council_memo(shipped, key, use_case, Preferences(), DAY)
    assert len(PdfReader(made(paper, ".pdf", lang)).pages) <= 3


def test_every_use_case_of_the_catalogue_has_a_paper_where_a_group_can_be_formed(shipped):
    written = 0
    for use_case in shipped.catalogue.ids:
        try:
            paper = service.council_memo(shipped, SUEDERBRARUP, use_case, Preferences(), DAY)
        except BadInput:
            continue
        text = " ".join(texts_of(paper, "de"))
        assert "nan" not in text.split()
        assert "{" not in text
        assert len(PdfReader(made(paper, ".pdf")).pages) <= 3
        written += 1
    assert written > 30


@pytest.mark.parametrize(("lang", "tag"), [("de", "de-DE"), ("en", "en-GB")])
def test_a_screen_reader_finds_its_way_in_the_word_document(memo, lang, tag):
    document = docx.Document(made(memo, ".docx", lang))
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings == [language(lang).render(section.heading) for section in memo.sections]
    assert [p.text for p in document.paragraphs if p.style.name == "Title"] == [document.core_properties.title]
    assert document.core_properties.language == tag
    assert {mark.get(qn("w:val")) for mark in document.styles.element.iter(qn("w:lang"))} == {tag}
    assert len(document.tables) == sum(isinstance(b, Table) for s in memo.sections for b in s.blocks)
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    steps = [p.text for p in document.paragraphs if p.style.name == "List Number"]
    assert len(steps) == sum(
        len(b.items) for s in memo.sections for b in s.blocks if isinstance(b, Items) and b.numbered
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_screen_reader_finds_its_way_in_the_pdf(memo, lang):
    reader = PdfReader(made(memo, ".pdf", lang))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith(lang)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == language(lang).render(memo.title)
    kinds: dict[str, int] = {}

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for inner in node:
                walk(inner)
        elif isinstance(node, dict) and ("/S" in node or "/K" in node):
            kinds[str(node.get("/S"))] = kinds.get(str(node.get("/S")), 0) + 1
            walk(node.get("/K", []))

    walk(root["/StructTreeRoot"]["/K"])
    tables = [b for s in memo.sections for b in s.blocks if isinstance(b, Table)]
    assert kinds["/H1"] >= len(memo.sections)
    assert kinds["/Table"] == len(tables)
    assert kinds["/TH"] == sum(len(table.header) for table in tables)
    metadata = root["/Metadata"].get_data().decode()
    assert "pdfuaid" in metadata
    assert "pdfaid" in metadata


def test_the_word_document_is_well_formed_and_refers_to_nothing_outside_but_sources(memo):
    with zipfile.ZipFile(made(memo, ".docx")) as parts:
        assert parts.testzip() is None
        relations = parts.read("word/_rels/document.xml.rels").decode()
    external = re.findall(r'Target="([^"]*)"[^>]*TargetMode="External"', relations)
    assert external
    assert all(address.startswith("https://") for address in external)


def test_simulated_members_are_marked_and_make_the_paper_a_demonstration(shipped, memo):
    assert memo.demonstration
    for ending, read in ((".docx", word_text), (".pdf", pdf_text)):
        text = read(made(memo, ending))
        assert "Demonstration: Diese Vorlage enthält simulierte Kommunen" in text
        assert text.index("Demonstration:") < text.index("Das Wichtigste in Kürze")
        assert "(simuliert)" in text
    assert all("Demonstration:" in sheet["A3"] for sheet in cells(made(memo, ".xlsx")).values())
    real = service.council_memo(shipped, SUEDERBRARUP, "UC01", Preferences(simulated=False), DAY)
    assert not real.demonstration
    assert "simuliert" not in word_text(made(real, ".docx"))
    assert "Demonstration" not in " ".join(str(s["A3"]) for s in cells(made(real, ".xlsx")).values())


def test_a_project_that_saves_nothing_says_so_and_proposes_nothing_to_save(shipped):
    dear = replace(shipped.catalogue.assumption("joining_eur"), low=1e6, central=1e6, high=1e6)
    catalogue = replace(shipped.catalogue, assumptions={**shipped.catalogue.assumptions, "joining_eur": dear})
    data = replace(shipped, catalogue=catalogue)
    paper = service.council_memo(data, SUEDERBRARUP, "UC01", Preferences(), DAY)
    assert paper.calculation.group.saving_eur.central < 0
    german, english = word_text(made(paper, ".docx")), word_text(made(paper, ".docx", "en"))
    assert "Es ist keine Ersparnis zu erwarten" in german
    assert "No saving is expected" in english
    assert "Mehr als allein zahlen: " in german
    assert "führt Gespräche" not in german


def test_a_group_without_a_running_solution_rests_on_no_reuse(shipped, memo):
    group = replace(memo.calculation.group, lead_operates=False)
    paper = compose(
        group, memo.asker, shipped.catalogue, DAY, km=memo.calculation.km, sharing=service.share_costs(group), urgency=2
    )
    text = " ".join(texts_of(paper, "de"))
    assert "Noch niemand im Verbund betreibt die Lösung" in text
    assert "Dringlichkeit 2 von 3" in text
    assert "laufende Lösung erspart" not in text


def test_tested_rules_take_the_place_of_the_list_that_could_apply(shipped, memo):
    check = Check(
        Label("Mindestens 15 Prozent", "At least 15 percent"), message("unknown"), "Land", "https://a.de", 2025
    )
    group = memo.calculation.group
    paper = compose(
        group, memo.asker, shipped.catalogue, DAY, km=memo.calculation.km, sharing=service.share_costs(group),
        checks=[check],
    )  # fmt: skip
    text = word_text(made(paper, ".docx"))
    assert "Mindestens 15 Prozent" in text
    assert "https://a.de" in text
    assert "Nichts davon ist für dieses Projekt geprüft" not in text


def test_sources_stand_with_their_addresses(memo):
    text = word_text(made(memo, ".docx"))
    for item in memo.calculation.group.evidence[:5]:
        assert item.url in text
    links = [
        annotation.get_object()["/A"]["/URI"]
        for page in PdfReader(made(memo, ".pdf")).pages
        for annotation in page.get("/Annots", [])
    ]
    assert {item.url for item in memo.calculation.group.evidence[:5]} <= set(links)


def test_the_distances_are_those_the_saving_was_computed_with(shipped, memo):
    rows = [shipped.profiles.row(m.key) for m in memo.calculation.group.members]
    assert memo.calculation.km == pytest.approx(shipped.profiles.km_between(rows[0], rows)[0])
    found = best_group(shipped.profiles, shipped.catalogue, rows[1], "UC01", Preferences())
    assert found is not None
    assert found.joint_cents == memo.calculation.group.joint_cents
    assert np.isfinite(memo.calculation.km).all()


# What cannot be written ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "use_case", "said"),
    [
        ("memo.txt", "UC01", "Choose one of .docx, .pdf and .xlsx"),
        ("memo", "UC01", "Choose one of .docx, .pdf and .xlsx"),
        ("missing/memo.pdf", "UC01", "cannot be written"),
        ("memo.pdf", "UC99", "no use case UC99"),
        ("memo.pdf", "", "Choose another use case"),
    ],
)
def test_a_paper_is_written_whole_or_not_at_all(tmp_path, capsys, database, out, use_case, said):
    assert database
    before = tmp_path / "memo.pdf"
    before.write_text("as it was")
    arguments = ["--lang", "en", "report", SUEDERBRARUP, "--use-case", use_case, "--out", str(tmp_path / out)]
    assert cli.main(arguments) == 2
    assert said in capsys.readouterr().err
    assert before.read_text() == "as it was"
    assert [path for path in tmp_path.iterdir() if not path.name.startswith("own entries.db")] == [before]
