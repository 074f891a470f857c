"""Tables as text: read from CSV files and workbooks with the rows a spreadsheet shows, checked by their schema.

The Table Schema in ``data/datapackage.json`` is the only list of columns. A table is read as text, checked as a
whole (every error, not the first), and only then turned into numbers. Empty means unknown; keys stay text.

In CSV files, text that a spreadsheet would take for a formula stands behind an apostrophe, which reading takes away.
White space around a text is no part of it, and line breaks in it are line feeds.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from matchmaker.errors import ImportRejected, RowIssue, reason
from matchmaker.message import Message, message

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Frames by name of the table: numbers as float64, NaN unknown; texts and dates as str, empty unknown."""


SHIPPED: Final = Path(__file__).resolve().parent.parent / "data"
"""The data package that comes with the project."""


DESCRIPTOR: Final = "datapackage.json"


MAX_BYTES: Final = 200_000_000
"""Largest file read, unpacked if it is packed: some hundred times the register of Germany."""


MAX_IMPORTED_BYTES: Final = 25_000_000
"""Largest file taken in from elsewhere, unpacked: five times a workbook with all tables of Germany.

It bounds the memory: cells of a workbook take some thirty times their bytes while they are read."""


_MOST_COLUMNS: Final = 1_000
"""Columns that a table is read with; the widest has some thirty."""


MOST_ISSUES: Final = 200
"""Errors listed in one report; all are counted."""


SHOWN: Final = 80
"""Characters shown of a value that is wrong."""


SHEET_ROWS: Final = 1_048_576
"""Rows that a sheet of a workbook can have."""


_CELL_CHARACTERS: Final = 32_767
"""Characters that a cell of a workbook can hold."""


_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


BLANK: Final = ""


_NUMBER: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"


_WHOLE: Final = r"[+-]?[0-9]+(\.0?)?"
"""Not 50.000, which means fifty thousand in German."""


_number_like: Final = re.compile(_NUMBER).fullmatch


_date_like: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


_THOUSANDS: Final = r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]*)?"


_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that some of the file formats cannot hold."""


_ESCAPED: Final = re.compile("[\udc80-\udcff]")
"""What Python makes of bytes that are not UTF-8."""


NOT_UTF8: Final = message("Not UTF-8 text: save the file with the encoding UTF-8.")


@dataclass(frozen=True)
class Table:
    """The schema of one table: its fields in order, its key and its references, as the package declares them."""

    name: str
    description: str
    fields: tuple[Mapping[str, Any], ...]
    primary_key: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...]
    catalogue: bool
    max_rows: int

    @property
    def file(self) -> str:
        """Name of the CSV file."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return tuple(field["name"] for field in self.fields)


class Findings:
    """What is wrong with an import: all of it counted, the first of it listed."""

    def __init__(self) -> None:
        self.total = 0
        self._kept: list[RowIssue] = []
        self._files: dict[str, int] = {}

    def add(self, file: str, rule: Message, *, row: int | None = None, column: str = "", value: str = "") -> None:
        """Count one more, and list it unless there are enough in earlier rows."""
        self.total += 1
        self._files.setdefault(file, len(self._files))
        self._kept.append(RowIssue(file, row, column[:SHOWN], value[:SHOWN], rule))
        if len(self._kept) > 2 * MOST_ISSUES:
            self._kept = self.listed()

    def listed(self) -> list[RowIssue]:
        """Return the first of what was found: file by file in the order of rows, then what holds for the whole file."""
        self._kept.sort(key=lambda issue: (self._files[issue.file], issue.row or math.inf))
        return self._kept[:MOST_ISSUES]

    def refuse(self, source: str) -> None:
        """Raise `ImportRejected` if anything was found."""
        if self.total:
            raise ImportRejected(source, tuple(self.listed()), self.total)


@dataclass(frozen=True)
class Sheet:
    """A table as it was read: cells of text, indexed by the row that a spreadsheet shows."""

    source: str
    cells: pd.DataFrame
    decimal_comma: bool = False


@cache
def schema() -> Mapping[str, Table]:
    """Return the tables a data package may have, by name, in the order of the shipped package."""
    tables = {}
    for resource in descriptor()["resources"]:
        declared = resource["schema"]
        tables[resource["name"]] = Table(
            name=resource["name"],
            description=resource["description"],
            fields=tuple(declared["fields"]),
            primary_key=tuple(declared.get("primaryKey", ())),
            references=tuple(
                (key["fields"][0], key["reference"]["resource"] or resource["name"], key["reference"]["fields"][0])
                for key in declared.get("foreignKeys", ())
            ),
            catalogue=bool(resource.get("catalogue", False)),
            max_rows=int(resource["maxRows"]),
        )
    return tables


def descriptor() -> dict[str, Any]:
    """Return the description of the shipped data package; a fresh copy, which may be changed."""
    loaded: dict[str, Any] = json.loads((SHIPPED / DESCRIPTOR).read_text(encoding="utf-8"))
    return loaded


def limit_of(*, bounded: bool) -> int:
    """Return how many bytes a file may have, unpacked."""
    return MAX_IMPORTED_BYTES if bounded else MAX_BYTES


def too_large(limit: int) -> Message:
    """Say that a file is larger than is read."""
    return message("The file is larger than {limit:number} bytes.", limit=limit)


def content_of(file: Path, findings: Findings, *, bounded: bool = False) -> bytes | None:
    """Return the bytes of a file; report why there are none to be read."""
    limit = limit_of(bounded=bounded)
    try:
        if file.stat().st_size > limit:
            findings.add(file.name, too_large(limit))
            return None
        content = file.read_bytes()
    except OSError as error:
        findings.add(file.name, message("The file cannot be read: {reason}.", reason=reason(error)))
        return None
    if not content.strip():
        findings.add(file.name, message("The file is empty."))
        return None
    return content


def read_csv(file: Path, name: str | None, findings: Findings, *, bounded: bool) -> tuple[str, Sheet] | None:
    """Read a CSV file as text: the table it is, and its cells; report what makes it unreadable."""
    content = content_of(file, findings, bounded=bounded)
    if content is None:
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        findings.add(file.name, NOT_UTF8)
        return None
    if b"\0" in content:
        findings.add(file.name, message("The file is not text: it contains zero bytes."))
        return None
    text = content.decode("utf-8-sig", errors="surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    delimiter = max(",;\t", key=text.lstrip().partition("\n")[0].count)
    gathered = gather(file.name, _csv_records(text, delimiter, file.name, findings), name, findings, bounded=bounded)
    if gathered is None:
        return None
    return gathered[0], Sheet(file.name, gathered[1], decimal_comma=delimiter == ";")


def _csv_records(text: str, delimiter: str, source: str, findings: Findings) -> Iterator[list[str]]:
    """Yield the cells of each row; report bytes that are not UTF-8, and the row at which it is no CSV any more."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    foreign = _ESCAPED.search(text) is not None
    header: list[str] = []
    for number in range(1, len(text) + 2):
        try:
            record = next(reader, None)
        except csv.Error as error:
            rule = message("From here on the file cannot be read: a quotation mark is missing or in the wrong place.")
            if "field limit" in str(error):
                rule = message(
                    "From here on the file cannot be read: a cell has more than {limit:number} characters. Perhaps a "
                    "quotation mark is missing at its end.",
                    limit=csv.field_size_limit(),
                )
            findings.add(source, rule, row=number)
            return
        if record is None:
            return
        header = header or record
        for place, cell in enumerate(record if foreign else ()):
            if _ESCAPED.search(cell):
                record[place] = _ESCAPED.sub("\ufffd", cell)
                column = header[place] if place < len(header) else ""
                findings.add(source, NOT_UTF8, row=number, column=column, value=record[place])
        yield [_unguarded(cell.strip()) for cell in record]


def read_workbook(path: Path, findings: Findings, *, bounded: bool) -> list[tuple[str, Sheet] | None]:
    """Read the sheets of a workbook that are named like tables; report what makes it unreadable."""
    import openpyxl  # noqa: PLC0415 - only workbooks need it

    content = content_of(path, findings, bounded=bounded)
    if content is None:
        return []
    found: list[tuple[str, Sheet] | None] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(member.file_size for member in packed.infolist()) > limit_of(bounded=bounded):
                findings.add(path.name, too_large(limit_of(bounded=bounded)))
                return []
        with (
            warnings.catch_warnings(action="ignore"),  # about decoration that the reader leaves out
            closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)) as book,
        ):
            for sheet in book.worksheets:
                source = f"{path.name}: {sheet.title}"
                # What the file says about its size need not be true.
                sheet.reset_dimensions()
                rows = sheet.iter_rows(max_row=SHEET_ROWS, values_only=True)
                if sheet.title not in schema():
                    if any(map(any, filled_up(rows))):
                        findings.add(source, no_table(sheet.title))
                    continue
                gathered = gather(source, filled_up(rows), sheet.title, findings, bounded=bounded)
                if gathered is not None:
                    found.append((sheet.title, Sheet(source, gathered[1])))
    except Exception as error:  # noqa: BLE001 - a damaged file makes the libraries raise almost anything
        findings.add(path.name, not_a_workbook(error))
    return found


def read_sheet(path: Path, name: str, findings: Findings) -> Sheet | None:
    """Read a CSV file or the first sheet of a workbook as the table of a name; report what makes it unreadable."""
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        read = read_csv(path, name, findings, bounded=False)
        return read[1] if read else None
    import openpyxl  # noqa: PLC0415 - only workbooks need it

    content = content_of(path, findings)
    if content is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(member.file_size for member in packed.infolist()) > MAX_BYTES:
                findings.add(path.name, too_large(MAX_BYTES))
                return None
        with (
            warnings.catch_warnings(action="ignore"),  # about decoration that the reader leaves out
            closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)) as book,
        ):
            sheet = book.worksheets[0]
            # What the file says about its size need not be true.
            sheet.reset_dimensions()
            rows = filled_up(sheet.iter_rows(max_row=SHEET_ROWS, values_only=True))
            gathered = gather(path.name, rows, name, findings, bounded=False)
    except Exception as error:  # noqa: BLE001 - a damaged file makes the libraries raise almost anything
        findings.add(path.name, not_a_workbook(error))
        return None
    return Sheet(path.name, gathered[1]) if gathered else None


def not_a_workbook(error: Exception) -> Message:
    """Say what makes a workbook unreadable."""
    if isinstance(error, zipfile.BadZipFile):
        return message("The file is no workbook (.xlsx), or it is damaged.")
    return message("The file cannot be read as a workbook: {reason}.", reason=str(error)[:SHOWN])


def no_table(name: str) -> Message:
    """Say that no table has this name, and which ones there are."""
    tables = tuple(schema())
    if alike := get_close_matches(name.casefold(), tables, 1):
        return message(
            "Is no table of a data package. Is {name} meant? The tables are {names:list}.", name=alike[0], names=tables
        )
    return message("Is no table of a data package. The tables are {names:list}.", names=tables)


def filled_up(rows: Iterable[Sequence[object]]) -> Iterator[list[str]]:
    """Yield rows of a sheet as texts, at least as wide as the first: a sheet does not store empty ends."""
    width = 0
    for row in rows:
        cells = [_cell(value) for value in row]
        width = width or len(cells)
        yield cells + [BLANK] * (width - len(cells))


def _cell(value: object) -> str:
    """Return a cell of a workbook as the text a CSV file would hold."""
    match value:
        case None:
            return BLANK
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return str(value.date())
        case _:
            # Workbooks escape carriage returns.
            return str(value).replace("_x000D_", BLANK).strip()


def gather(
    source: str, records: Iterable[list[str]], name: str | None, findings: Findings, *, bounded: bool
) -> tuple[str, pd.DataFrame] | None:
    """Return the table that rows of text are and its cells by column; report rows that do not fit the header.

    Empty rows are passed over. Reading ends where there are more rows than may be.
    """
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, record in enumerate(records, start=1):
        if not any(record):
            continue
        if not header:
            header = record[: max(place for place, cell in enumerate(record, start=1) if cell)]
            if len(header) > _MOST_COLUMNS:
                rule = message("The table has more than {limit:number} columns.", limit=_MOST_COLUMNS)
                findings.add(source, rule, row=number)
                return None
            name = name or _recognised(header)
            if name is None:
                rule = message(
                    "Neither the name nor the header says which table this is; the tables are {names:list}.",
                    names=tuple(schema()),
                )
                findings.add(source, rule, row=number, value=", ".join(header))
                return None
            most = schema()[name].max_rows if bounded else math.inf
        elif len(record) < len(header) or any(record[len(header) :]):
            rule = message("The row has {found} cells, the header {expected}.", found=len(record), expected=len(header))
            findings.add(source, rule, row=number, value=", ".join(record))
        elif len(rows) < most:
            rows.append(record[: len(header)])
            numbers.append(number)
        else:
            findings.add(source, message("The table has more than {limit:number} rows.", limit=most))
            return None
    if name is None:
        return None
    return name, pd.DataFrame(rows, index=numbers, columns=header, dtype=object)


def _recognised(header: Sequence[str]) -> str | None:
    """Return the table whose columns fit a header best, if all but a few are there."""
    columns = set(header)
    fits = {name: len(columns & set(t.columns)) / len(columns | set(t.columns)) for name, t in schema().items()}
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] >= 0.5 else None  # noqa: PLR2004 - half of all columns in common


def check_columns(table: Table, sheet: Sheet, findings: Findings) -> pd.DataFrame:
    """Return the columns of the schema that are there, in order; optional ones that are not are added empty."""
    cells = sheet.cells
    for name, times in Counter(cells.columns).items():
        if times > 1:
            findings.add(sheet.source, message("The column stands twice."), row=1, column=name)
        if name not in table.columns:
            rule = message("The table has no such column.") if name else message("A column has no name.")
            findings.add(sheet.source, rule, row=1, column=name)
    optional = {declared["name"] for declared in table.fields if declared.get("optional")}
    for name in table.columns:
        if name not in cells.columns and name not in optional:
            findings.add(sheet.source, message("The column is missing."), row=1, column=name)
    there = [name for name in table.columns if name in cells.columns or name in optional]
    frame = cells.loc[:, ~cells.columns.duplicated()].reindex(columns=there, fill_value=BLANK)
    numeric = [d["name"] for d in table.fields if d["type"] in {"number", "integer"} and d["name"] in there]
    for name in numeric if sheet.decimal_comma else ():
        grouped = frame[name].str.fullmatch(_THOUSANDS)
        for row, value in frame[name][grouped].items():
            rule = message("Write the number with a decimal comma and without dots between thousands.")
            findings.add(sheet.source, rule, row=int(str(row)), column=name, value=value)
        plain = frame[name].mask(grouped, frame[name].str.replace(".", BLANK, regex=False))
        frame[name] = plain.str.replace(",", ".", regex=False)
    return frame


def _number(text: str) -> float:
    """Return the finite number that a text is; NaN for anything else."""
    number = float(text) if _number_like(text) else math.nan
    return number if math.isfinite(number) else math.nan


class Rule(NamedTuple):
    """What a field asks of each of its values: a sentence, and a test of the text or, if ``numeric``, of the number.

    One by one, as texts: on the short tables that most imports are, whole-column operations of pandas take longer.
    """

    sentence: Message
    test: Callable[[Any], object]
    numeric: bool = False

    def keeps(self, text: str) -> bool:
        """Return whether a text that is not empty keeps the rule."""
        return bool(self.test(_number(text) if self.numeric else text))


def rules_of(field: Mapping[str, Any]) -> Iterator[Rule]:
    """Yield what a field asks of its values; what is no number breaks no rule about numbers but the first."""
    limits = field.get("constraints", {})
    match field["type"]:
        case "number":
            yield Rule(message("Must be a number."), math.isfinite, numeric=True)
        case "integer":
            yield Rule(message("Must be a whole number."), re.compile(_WHOLE).fullmatch)
        case "boolean":
            yield Rule(message("Must be true or false."), frozenset(("true", "false")).__contains__)
        case "date":
            yield Rule(message("Must be a date such as 2026-03-31."), _is_date)
        case _:
            yield Rule(message("Must not contain control characters."), _is_printable)
    if (least := limits.get("minimum")) is not None:
        yield Rule(message("Must be at least {least}.", least=least), lambda n: not n < least, numeric=True)
    if (most := limits.get("maximum")) is not None:
        yield Rule(message("Must be at most {most}.", most=most), lambda n: not n > most, numeric=True)
    if step := field.get("step"):
        yield Rule(message("Must be a multiple of {step}.", step=step), lambda n: not n / step % 1 > 0, numeric=True)
    if pattern := limits.get("pattern"):
        if pattern == r"\d{5}|\d{8}":
            sentence = message("Must be a key of eight digits, five for a Landkreis, with leading zeros.")
        elif "@" in pattern:
            sentence = message("Must be the address of one mailbox, such as digital@stadt.example.")
        else:
            sentence = message("Must have the form {pattern}.", pattern=pattern)
        yield Rule(sentence, re.compile(pattern, re.ASCII).fullmatch)
    if choices := limits.get("enum"):
        yield Rule(message("Must be one of {choices:list}.", choices=tuple(choices)), frozenset(choices).__contains__)
    if longest := limits.get("maxLength", _CELL_CHARACTERS if field["type"] == "string" else None):
        sentence = message("Must have at most {longest} characters.", longest=longest)
        yield Rule(sentence, lambda text: len(text) <= longest)


def _is_date(text: str) -> bool:
    try:
        return bool(_date_like(text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _is_printable(text: str) -> bool:
    # Nearly every text is, and that is quickly seen; line breaks and unusual blanks are allowed besides.
    return text.isprintable() or not _UNPRINTABLE.search(text)


def check_values(table: Table, frame: pd.DataFrame, source: str, findings: Findings) -> None:
    """Report every value that breaks a rule of its column, and every repeated key."""
    if _sound(table, frame):
        return
    import pandera.pandas as pa  # noqa: PLC0415 - takes a while to load; only reading needs it

    rules: dict[tuple[str, str], Message] = {}
    columns = {}
    for declared in table.fields:
        name = declared["name"]
        if name not in frame:
            continue
        checks = []
        for number, rule in enumerate(rules_of(declared)):
            rules[name, str(number)] = rule.sentence
            checks.append(pa.Check(rule.keeps, name=str(number), element_wise=True))
        required = declared.get("constraints", {}).get("required", False)
        columns[name] = pa.Column(None, checks, nullable=not required, coerce=False)
    broken = []
    try:
        pa.DataFrameSchema(columns).validate(frame.mask(frame == BLANK), lazy=True)
    except pa.errors.SchemaErrors as errors:
        broken.append(errors.failure_cases[["index", "column", "check", "failure_case"]])
    key = list(table.primary_key)
    if key and not set(key) - set(frame):
        rules[", ".join(key), "twice"] = message("Stands here a second time.")
        again = _repeated(key, frame)
        values = [", ".join(row) for row in again.itertuples(index=False)]
        broken.append(
            pd.DataFrame({"index": again.index, "column": ", ".join(key), "check": "twice", "failure_case": values})
        )
    if not any(map(len, broken)):
        return
    cases = pd.concat([part for part in broken if len(part)], ignore_index=True)
    cases["place"] = cases["column"].map({name: place for place, name in enumerate(table.columns)}).fillna(-1)
    listed = cases.sort_values(["index", "place"], kind="stable").head(MOST_ISSUES)
    for row, column, test, case in zip(*(listed[name] for name in listed.columns[:4]), strict=True):
        broke = rules.get((column, str(test)), message("Must not be empty."))
        findings.add(source, broke, row=int(row), column=column, value=BLANK if pd.isna(case) else str(case))
    findings.total += len(cases) - len(listed)


def _sound(table: Table, frame: pd.DataFrame) -> bool:
    """Tell whether there is nothing to report: most tables are right, and to find that out takes a fraction."""
    cells = {name: frame[name].tolist() for name in frame}
    key = list(table.primary_key)
    if key and not set(key) - set(cells):
        keys = list(zip(*(cells[name] for name in key), strict=True))
        if len(set(keys)) < len(keys) and len(_repeated(key, frame)):
            return False
    for declared in table.fields:
        texts = cells.get(declared["name"], [])
        stated = list(filter(None, texts))
        if len(stated) < len(texts) and declared.get("constraints", {}).get("required", False):
            return False
        rules = tuple(rules_of(declared)) if stated else ()
        numbers = list(map(_number, stated)) if any(rule.numeric for rule in rules) else []
        if not all(all(map(rule.test, numbers if rule.numeric else stated)) for rule in rules):
            return False
    return True


def _repeated(key: list[str], frame: pd.DataFrame) -> pd.DataFrame:
    """Return the keys that stand in an earlier row already; a key with a blank is none."""
    return frame.loc[frame.duplicated(key) & (frame[key] != BLANK).all(axis=1), key]


def typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn checked texts into numbers and texts."""
    columns = {}
    for field in table.fields:
        texts = frame[field["name"]]
        numeric = field["type"] in {"number", "integer"}
        columns[field["name"]] = np.array(list(map(_number, texts))) if numeric else texts.astype(object)
    return pd.DataFrame(columns).reset_index(drop=True)


def guarded(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; plain numbers stay as they are.

    The apostrophe is also set before a text that looks guarded already, so that reading gives every text back.
    """
    if text.lstrip("'").startswith(_RISKY) and not re.fullmatch(_NUMBER, text):
        return "'" + text
    return text


def csv_text(frame: pd.DataFrame, *, decimals: int | None = None) -> str:
    """Return a table as CSV of which a spreadsheet takes no cell and no name of a column for a formula."""

    def safe(column: pd.Series) -> pd.Series:
        if pd.api.types.is_numeric_dtype(column):
            return column
        return column.map(lambda cell: guarded(cell) if isinstance(cell, str) else cell)

    form = None if decimals is None else f"%.{decimals}f"
    text: str = frame.apply(safe).rename(columns=guarded).to_csv(index=False, lineterminator="\n", float_format=form)
    return text


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(_RISKY) else text
