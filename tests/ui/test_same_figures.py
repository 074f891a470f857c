"""One project, five ways to look at it: screen, Word, PDF, Excel and JSON say the same."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader

from matchmaker import cli, service
from matchmaker.assumptions import read_changes
from matchmaker.catalogue import CASES
from matchmaker.i18n import language
from matchmaker.model import Preferences
from matchmaker.ui import cache
from tests.test_reports import column_of, pdf_text, word_text, words

KEY, USE_CASE = "01059083", "UC01"
OWN = "id,low,central,high\nUC01.one_off,9000,12000,20000\nUC01.yearly,1500,2500,4000\nyears,7,7,7\n"
TITLES = {
    "de": {"split": "Aufteilung", "sums": "Rechnung", "saving": "Ersparnis", "joint": "Gemeinsam", "alone": "Allein"},
    "en": {"split": "Split", "sums": "Calculation", "saving": "Saving", "joint": "Together", "alone": "Alone"},
}


@pytest.mark.parametrize(
    ("lang", "own", "rule"), [("en", "", ""), ("de", OWN, "shapley")], ids=["catalogue", "own-figures"]
)
def test_screen_papers_and_command_line_show_the_same(
    look, unfold, lang: str, own: str, rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    _, title = language(lang), TITLES[lang]
    figures = tmp_path / "own.csv"
    figures.write_text(own, encoding="utf-8")
    asked = [*(["--assumptions", str(figures)] if own else []), *(["--rule", rule] if rule else [])]

    session = look("projects", key=KEY, lang=lang)
    if own:
        session.session_state["own_values"] = read_changes(figures, cache.opened().load().catalogue)
    session.selectbox(key="project_use_case").set_value(USE_CASE).run()
    unfold(session)
    if rule:
        session.selectbox(key=f"split_{USE_CASE}").set_value(rule).run()
    assert not session.exception

    def command(*arguments: str) -> str:
        assert cli.main(["--lang", lang, *arguments]) == 0
        return capsys.readouterr().out

    (project,) = json.loads(command("projects", KEY, "--use-case", USE_CASE, "--json", *asked))["projects"]
    saving, shares = project["saving_eur"], project["shares"]
    alone, pays = ([share[f"{side}_eur"] for share in shares] for side in ("alone", "pays"))
    if rule:
        assert project["rule"] == rule
    euros = {case: _.eur(value) for case, value in saving.items()}
    totals = [_.eur(sum(alone)), _.eur(sum(pays))]

    (metric,) = [m for m in session.metric if m.value == euros["central"]]
    assert metric.label == _("Saving in {years} years").format(years=7 if own else 5)
    captions = " ".join(caption.value for caption in session.caption)
    assert _("from {low} to {high}; {yearly} a year").format(
        low=euros["low"], high=euros["high"], yearly=_.eur(project["saving_a_year_eur"]["central"])
    ) in captions  # fmt: skip
    markdown = " ".join(text.value for text in session.markdown)
    assert all(total in markdown for total in totals)
    (table,) = [t.value for t in session.dataframe if title["joint"] in t.value and title["alone"] in t.value]
    assert list(table[title["alone"]]) == alone
    assert list(table[title["joint"]]) == pays

    for ending in (".docx", ".pdf", ".xlsx"):
        command("report", KEY, "--use-case", USE_CASE, "--out", str(tmp_path / f"paper{ending}"), *asked)
    read = {".docx": word_text, ".pdf": pdf_text}
    for ending, text_of in read.items():
        text = text_of(io.BytesIO((tmp_path / f"paper{ending}").read_bytes()))
        for figure in (*euros.values(), *totals):
            assert words(figure) in text
        for share in shares:
            saves = share["saves_eur"]
            row = [*(_.eur(share[f"{side}_eur"]) for side in ("alone", "pays")), _.eur(saves["central"])]
            assert words(" ".join(row)) in text
            spread = _("{low:eur} to {high:eur}").replace(":eur", "")
            assert words(spread.format(low=_.eur(saves["low"]), high=_.eur(saves["high"]))) in text
    book = openpyxl.load_workbook(tmp_path / "paper.xlsx", data_only=True)
    cells = {s.title: {c.coordinate: c.value for row in s.iter_rows() for c in row} for s in book}
    assert column_of(cells[title["sums"]], title["saving"]) == pytest.approx([saving[c] for c in CASES], abs=0.005)
    rows = range(6, 6 + len(shares))
    assert [cells[title["split"]][f"C{row}"] for row in rows] == alone
    assert [cells[title["split"]][f"D{row}"] for row in rows] == pays
    assert len(PdfReader(tmp_path / "paper.pdf").pages) <= 3
    if own:
        statuses = [cells["Annahmen" if lang == "de" else "Assumptions"][f"F{row}"] for row in (6, 7, 8)]
        assert statuses == [_("own value")] * 3


def test_every_member_saves_its_part_in_every_case(shipped):
    """The cautious and the favourable case are split by the same rule, and add up as the central one does."""
    for use_case in ("UC01", "UC05", "UC09"):
        (group,) = service.joint_projects(shipped, KEY, Preferences(), use_case=use_case)
        for rule in ("", "equal", "scrb", "shapley", "nucleolus"):
            shares = service.split_by(group, rule).shares
            for case in CASES:
                total = sum(getattr(share.saves_eur, case) for share in shares)
                assert total == pytest.approx(getattr(group.saving_eur, case), abs=0.06)
            assert [share.pays_eur.central for share in shares] == [share.pays_cents / 100 for share in shares]
