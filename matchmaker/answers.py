"""Employees' answers in: a table with one row per answer, from a CSV file or the first sheet of a workbook.

Columns are ``key`` of the municipality, ``respondent`` (any text that tells the respondents of a municipality
apart), ``item`` of the questionnaire and ``answer`` 1-5; an empty answer means that none was given. A survey of a
country has a million rows, but few different values: these are checked, and a file in which every line has its
four cells and none is quoted is taken in at once. Any other is read as every table is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from matchmaker.message import Message, message
from matchmaker.profiles import Bools, Ints
from matchmaker.sheets import (
    BLANK,
    MOST_ISSUES,
    Findings,
    Table,
    check_columns,
    content_of,
    read_sheet,
    rules_of,
)

_ANSWERS: Final = ("1", "2", "3", "4", "5")

_TABLE: Final = Table(
    name="answers",
    description="",
    fields=(
        {"name": "key", "type": "string", "constraints": {"required": True, "pattern": r"\d{5}|\d{8}"}},
        {"name": "respondent", "type": "string", "constraints": {"required": True}},
        {"name": "item", "type": "string", "constraints": {"required": True}},
        {"name": "answer", "type": "string", "constraints": {"enum": _ANSWERS}},
    ),
    primary_key=("key", "respondent", "item"),
    references=(("key", "register", "key"), ("item", "questionnaire", "item")),
    catalogue=False,
    max_rows=0,
)


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """Answers of ``s`` answer sheets to ``q`` items, one row per answer given.

    Attributes
    ----------
    keys : tuple of str
        Municipalities that are named, in ascending order.
    group : (s,) int
        Place of each sheet's municipality in ``keys``.
    sheet, item, answer : (m,) int
        Answer sheet, place of the item in the questionnaire, answer 1-5.
    """

    keys: tuple[str, ...]
    group: Ints
    sheet: Ints
    item: Ints
    answer: Ints


@dataclass(frozen=True, eq=False)
class _Column:
    """The different texts of a column, and which of them stands in each row."""

    texts: Sequence[str]
    codes: Ints

    def among(self, wanted: Sequence[str]) -> Ints:
        """Return the place of each row's text in a list, -1 where it is not there."""
        place = {text: number for number, text in enumerate(wanted)}
        return np.array([place.get(text, -1) for text in self.texts], dtype=np.int64)[self.codes]

    def where(self, wrong: Sequence[bool] | Bools) -> Ints:
        """Return the rows whose text is one of those marked."""
        return np.flatnonzero(np.asarray(wrong, dtype=bool)[self.codes])


def read_answers(path: Path, *, items: Sequence[str], known: frozenset[str]) -> AnswerTable:
    """Read the answers to a questionnaire with the given items by employees of known municipalities.

    Raises `ImportRejected` with every error: what makes the file unreadable, missing columns, no rows, keys that
    are not known, items that are not in the questionnaire, impossible answers, and answers given a second time.
    """
    findings = Findings()
    source = path.name
    columns, rows = _plain(path) or _careful(path, findings)
    if columns and not len(rows):
        findings.add(source, message("The file has a header but no rows."))
    for name, rule, wrong in _broken(columns, {"key": known, "item": frozenset(items)}):
        column = columns[name]
        listed = column.where(wrong)
        for row in listed[:MOST_ISSUES]:
            findings.add(source, rule, row=int(rows[row]), column=name, value=column.texts[column.codes[row]])
        findings.total += max(0, len(listed) - MOST_ISSUES)
    if set(_TABLE.primary_key) <= set(columns):
        again = _repeated([columns[name] for name in _TABLE.primary_key])
        for row in again[:MOST_ISSUES]:
            value = ", ".join(columns[name].texts[columns[name].codes[row]] for name in _TABLE.primary_key)
            rule = message("Stands here a second time.")
            findings.add(source, rule, row=int(rows[row]), column=", ".join(_TABLE.primary_key), value=value)
        findings.total += max(0, len(again) - MOST_ISSUES)
    findings.refuse(str(path))

    keys = tuple(sorted(set(columns["key"].texts)))
    place = columns["key"].among(keys)
    sheet, first = _numbered(place * len(columns["respondent"].texts) + columns["respondent"].codes)
    answer = columns["answer"].among(_ANSWERS) + 1
    given = answer > 0
    return AnswerTable(keys, place[first], sheet[given], columns["item"].among(items)[given], answer[given])


def _plain(path: Path) -> tuple[Mapping[str, _Column], Ints] | None:
    """Read a CSV file whose lines all have their four cells, none of them quoted; None for any other file."""
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return None
    content = content_of(path, Findings())
    if content is None or b'"' in content or b"\0" in content:
        return None
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if not content.endswith(b"\n"):
        content += b"\n"
    header = content.partition(b"\n")[0].decode("latin-1")
    delimiter = max(",;\t", key=header.count)
    names = [name.strip() for name in header.split(delimiter)]
    if b"\r" in content or sorted(names) != sorted(_TABLE.columns):
        return None
    data = np.frombuffer(content, dtype=np.uint8)
    cuts, ends = np.flatnonzero(data == ord(delimiter)), np.flatnonzero(data == ord("\n"))
    inner = len(names) - 1
    if len(cuts) != inner * len(ends) or (cuts[inner - 1 :: inner] > ends).any():
        return None
    if (cuts[inner::inner] < ends[:-1]).any() or len(ends) == 1:
        return None
    try:
        frame = pd.read_csv(
            io.BytesIO(content), sep=delimiter, names=names, skiprows=1, dtype=str, na_filter=False,
            quoting=csv.QUOTE_NONE, encoding="utf-8",
        )  # fmt: skip
    except UnicodeDecodeError:
        return None
    columns = _columns(frame)
    if any(text != text.strip() or text.startswith("'") for column in columns.values() for text in column.texts):
        return None
    blank = np.logical_and.reduce([column.among([BLANK]) == 0 for column in columns.values()])
    return None if blank.any() else (columns, np.arange(2, len(frame) + 2))


def _careful(path: Path, findings: Findings) -> tuple[Mapping[str, _Column], Ints]:
    """Read any file as tables are read, with every row that does not fit; no columns where there is no table."""
    sheet = read_sheet(path, _TABLE.name, findings)
    if sheet is None:
        return {}, np.empty(0, dtype=np.int64)
    frame = check_columns(_TABLE, sheet, findings)
    return _columns(frame), frame.index.to_numpy(dtype=np.int64)


def _columns(frame: pd.DataFrame) -> Mapping[str, _Column]:
    """Return the columns of a frame of texts by name."""
    found = {}
    for name in frame:
        codes, texts = pd.factorize(frame[name])
        found[str(name)] = _Column([str(text) for text in texts], codes.astype(np.int64))
    return found


def _broken(
    columns: Mapping[str, _Column], known: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, Message, Sequence[bool] | Bools]]:
    """Yield every rule of a column together with the texts that break it."""
    references = {column: table for column, table, _ in _TABLE.references}
    for field in _TABLE.fields:
        name = field["name"]
        if name not in columns:
            continue
        texts = pd.Series(columns[name].texts, dtype=object)
        filled = (texts != BLANK).to_numpy(dtype=bool)
        if field["constraints"].get("required"):
            yield name, message("Must not be empty."), ~filled
        sound = filled.copy()
        for asked in rules_of(field):
            kept = np.fromiter(map(asked.keeps, texts), dtype=bool, count=len(texts))
            yield name, asked.sentence, filled & ~kept
            sound &= kept
        if name in references:
            rule = message("Is not in the table {table}.", table=references[name])
            yield name, rule, sound & ~texts.isin(known[name]).to_numpy(dtype=bool)


def _repeated(columns: Sequence[_Column]) -> Ints:
    """Return the rows whose texts, none of them empty, stood together in an earlier row already."""
    together = np.zeros(len(columns[0].codes), dtype=np.int64)
    filled = np.ones(len(together), dtype=bool)
    for column in columns:
        together = together * max(1, len(column.texts)) + column.codes
        filled &= column.among([BLANK]) < 0
    return np.flatnonzero(filled & pd.Series(together).duplicated().to_numpy(dtype=bool))


def _numbered(values: Ints) -> tuple[Ints, Ints]:
    """Return the number of each row's value in the order of appearance, and the row where each value stood first."""
    number, _ = pd.factorize(values)
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy(dtype=bool))
    return number.astype(np.int64), first
