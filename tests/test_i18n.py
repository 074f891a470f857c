"""Both languages: every text translated, fields kept, figures written as each language does."""

import re
import string
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

from matchmaker.i18n import LANGUAGES, language
from matchmaker.message import Label, message
from scripts import update_messages

ENGLISH = re.compile(r"\b(the|and|of|with)\b", re.IGNORECASE)
FORMATS = {"", "number", "decimal", "hundredths", "percent", "eur", "list", "items"}


def entries(code: str) -> list[Entry]:
    with (update_messages.FOLDER / f"{code}.po").open("rb") as stream:
        return [entry for entry in read_po(stream, locale=code) if entry.id]


def pairs(code: str) -> list[tuple[str, str]]:
    """Return (id, translation) of every translated text, each plural form on its own."""
    found: list[tuple[str, str]] = []
    for entry in entries(code):
        forms = (list(entry.id), list(entry.string)) if entry.pluralizable else ([entry.id], [entry.string])
        found += [(id_, text) for id_, text in zip(*forms, strict=True) if text]
    return found


def fields(text: str) -> Counter[tuple[str, str, str]]:
    return Counter((name, spec or "", kind or "") for _, name, spec, kind in string.Formatter().parse(text) if name)


def test_catalogues_hold_exactly_the_texts_of_the_code_and_german_is_complete(capsys: pytest.CaptureFixture[str]):
    status = update_messages.main(["--check"])
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_keep_the_fields_and_their_formats(code: str):
    wrong = [(id_, text) for id_, text in pairs(code) if fields(id_) != fields(text)]
    assert not wrong


def test_formats_in_texts_are_those_that_are_known():
    specs = {spec for id_, _ in pairs("de") for _, spec, _ in fields(id_)}
    assert specs <= FORMATS


def test_translations_keep_markdown_and_punctuation_at_the_end():
    wrong = []
    for id_, text in pairs("de"):
        if id_.count("**") != text.count("**") or id_.count("`") != text.count("`"):
            wrong.append(text)
        if (id_[-1] in ":?…") and text[-1] != id_[-1]:
            wrong.append(text)
        if text != text.strip() or "!" in text or '"' in text:
            wrong.append(text)
    assert not wrong


def test_german_has_both_plural_forms():
    plurals = [entry for entry in entries("de") if entry.pluralizable]
    assert plurals
    assert all(len(entry.string) == 2 and all(entry.string) for entry in plurals)


def test_german_holds_no_english():
    assert not [text for _, text in pairs("de") if ENGLISH.search(text)]
    german = update_messages.GERMAN_IDS
    assert not [text for id_, text in pairs("de") if id_ == text and " " in text and id_ not in german]


def test_german_ids_have_an_english_text():
    english = dict(pairs("en"))
    assert not update_messages.GERMAN_IDS - set(english)
    assert language("en")("Bayern") == "Bavaria"
    assert language("de")("Bayern") == "Bayern"
    # Everything else falls back to the id.
    assert language("en")("Find partners") == "Find partners"
    assert language("en").plural("{count} partner", "{count} partners", 2) == "2 partners"


def test_marked_texts_are_found_wherever_they_stand():
    source = """
f"[{_('in an f-string')}]"
message("outer {inner}", inner=message("in another" " call"))
_.plural("one", "many", n)
_(member.value)
other("not marked")
"""
    found = list(update_messages.marked(source, "x.py"))
    assert sorted(found, key=str) == [("one", "many"), "in an f-string", "in another call", "outer {inner}"]


@pytest.mark.parametrize(
    "call", ['_(f"{n} rows")', '_("a" + b)', 'message("a" if x else "b")', '_.plural("a", f"{b}", n)']
)
def test_a_text_put_together_in_a_call_is_refused(call: str):
    with pytest.raises(SystemExit, match=r"x\.py:1"):
        list(update_messages.marked(call, "x.py"))


def test_an_update_keeps_translations_adds_new_ids_drops_old_ones_and_is_stable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(update_messages, "FOLDER", tmp_path)
    (tmp_path / "de.po").write_text('msgid "Partner of old"\nmsgstr "Alt"\n\nmsgid "Save"\nmsgstr "Speichern"\n')
    text, todo = update_messages.updated("de", ["Save", "Partner of odd"])
    assert todo == ["de.po: missing: 'Partner of odd'", "de.po: obsolete: 'Partner of old'"]
    assert 'msgid "Save"\nmsgstr "Speichern"' in text
    assert 'msgid "Partner of odd"\nmsgstr ""' in text
    assert "old" not in text
    (tmp_path / "de.po").write_text(text, encoding="utf-8")
    again, todo = update_messages.updated("de", ["Partner of odd", "Save"])
    assert again == text
    assert todo == ["de.po: untranslated: 'Partner of odd'"]


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (1234567.4, "1.234.567\u00a0€", "€1,234,567"),
        (0, "0\u00a0€", "€0"),
        (-0.4, "0\u00a0€", "€0"),
        (-1234.6, "−1.235\u00a0€", "−€1,235"),
    ],
)
def test_euros(value: float, german: str, english: str):
    assert language("de").eur(value) == german
    assert language("en").eur(value) == english


def test_numbers_and_shares():
    german, english = language("de"), language("en")
    assert (german.number(1234567), english.number(1234567)) == ("1.234.567", "1,234,567")
    assert (german.number(1234.56, 1), english.number(1234.56, 1)) == ("1.234,6", "1,234.6")
    assert (german.number(-1.5, 1), english.number(-1.5, 1), english.percent(-0.1)) == ("−1,5", "−1.5", "−10%")
    assert (german.number(2, 2), english.number(2, 2)) == ("2,00", "2.00")
    # The space before the German sign may be one that does not break.
    assert (german.percent(0.256).replace("\u00a0", " "), english.percent(0.256)) == ("26 %", "26%")
    assert (german.percent(1).replace("\u00a0", " "), english.percent(0)) == ("100 %", "0%")


def test_lists_read_like_speech():
    german = language("de")
    assert german.list(["A", "B", "C"]) == "A, B und C"
    assert [german.list(items) for items in ([], ["A"], ["A", "B"])] == ["", "A", "A und B"]
    assert language("en").list(["A", "B"]) == "A and B"


@pytest.mark.parametrize(
    ("count", "german", "english"),
    [(0, "0 Zeilen", "0 rows"), (1, "1 Zeile", "1 row"), (1200, "1.200 Zeilen", "1,200 rows")],
)
def test_counts_choose_the_plural_form(count: int, german: str, english: str):
    assert language("de").plural("{count} row", "{count} rows", count) == german
    assert language("en").plural("{count} row", "{count} rows", count) == english


@pytest.mark.parametrize("code", ["fr", "", "DE", "de_DE"])
def test_an_unknown_language_is_german(code: str):
    assert language(code).code == "de"
    assert language(code)("Find partners") == "Partner finden"


@pytest.mark.parametrize(
    ("given", "german", "english"),
    [
        (message("{n:number} km", n=1234.4), "1.234 km", "1,234 km"),
        (message("{n:decimal}", n=2.25), "2,2", "2.2"),
        (message("{n:percent}", n=0.5), "50 %", "50%"),
        (message("{n:eur}", n=-0.2), "0 €", "€0"),
        (message("{n}", n=3), "3", "3"),
        (message("{n}", n="{x}"), "{x}", "{x}"),
        (message("{n}", n=Label("Rat", "council")), "Rat", "council"),
        (message("{n:list}", n=("a", Label("b", "c"), 3)), "a, b und 3", "a, c and 3"),
        (message("Both need: {titles:items}.", titles=(Label("Ä", "E"),)), "Beide brauchen: Ä.", "Both need: E."),
        (message("{n}", n=message("You already work together.")), "Sie arbeiten bereits zusammen.", None),
        (
            message("{n:list}", n=(message("Near: {km:number} km apart.", km=2.0), message("No need in common."))),
            "In der Nähe: 2 km entfernt. und Kein gemeinsamer Bedarf.",
            "Near: 2 km apart. and No need in common.",
        ),
    ],
)  # fmt: skip
def test_messages_become_sentences(given, german: str, english: str | None):
    assert language("de").render(given).replace("\u00a0", " ") == german
    assert language("en").render(given) == (english or "You already work together.")
