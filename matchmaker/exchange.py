"""Data packages in and out: folders of CSV files or one XLSX, every row error collected.

The Table Schema in ``data/datapackage.json`` is the only list of columns: reading, checking, templates and
writing follow it. A table is read as text, checked as a whole (all errors, not the first), and only then
turned into numbers. Empty means unknown, everywhere; keys stay text.

Text that a spreadsheet would take for a formula is written with a leading apostrophe and read back without.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import networkx as nx
import numpy as np
import pandas as pd

from matchmaker.errors import BadInput, ImportRejected, MatchmakerError, RowIssue
from matchmaker.message import Message, message
from matchmaker.model import LANDS

Tables: TypeAlias = Mapping[str, pd.DataFrame]

SHIPPED: Final = Path(__file__).resolve().parent.parent / "data"
"""The data package that comes with the project."""

DESCRIPTOR: Final = "datapackage.json"
MAX_BYTES: Final = 200_000_000
"""Largest file read: some hundred times the register of Germany."""

MOST_ISSUES: Final = 200
"""Errors listed in one report; all are counted."""

_DISTRICT_CODES: Final = {"43": "Kreis", "44": "Landkreis", "45": "Regionalverband"}
_UNINCORPORATED: Final = {"65", "66"}
"""Kinds of record in the official register."""

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_BLANK: Final = ""


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


@cache
def schema() -> Mapping[str, Table]:
    """Return the tables a data package may have, by name, in the order of the shipped package."""
    tables = {}
    for resource in _descriptor()["resources"]:
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


def _descriptor() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SHIPPED / DESCRIPTOR).read_text(encoding="utf-8"))
    return loaded


def read(path: Path, *, known: Mapping[str, frozenset[str]] | None = None, bounded: bool = False) -> Tables:
    """Read a data package (folder), an XLSX with the same tables as sheets, or one CSV file.

    Parameters
    ----------
    path
        Folder, ``.xlsx`` or ``.csv``. A folder may leave tables out; so may a workbook. A single CSV file is
        recognised by its name (``needs.csv``) or else by its header.
    known
        Values that may be referred to although they are not in the file: keys of the register, ids of use
        cases; by table name.
    bounded
        Whether to refuse tables with far more rows than Germany can fill; used for imports.

    Returns
    -------
    mapping of table name to frame
        Numbers as float64 with NaN for unknown, texts and dates as str with "" for unknown.

    Raises
    ------
    ImportRejected
        With every error found, up to a stated number listed.
    BadInput
        If there is nothing to read.
    """
    if not path.exists():
        raise BadInput(
            message("There is no file or folder {path}.", path=str(path)),
            where=str(path),
            remedy=message("Check the path."),
        )
    issues: list[RowIssue] = []
    raw = _raw_tables(path, issues)
    if not raw and not issues:
        raise BadInput(
            message("{path} holds no table of a data package.", path=str(path)),
            where=str(path),
            remedy=message("The tables are {names:list}.", names=tuple(schema())),
        )
    tables: dict[str, pd.DataFrame] = {}
    for name, (source, frame) in raw.items():
        table = schema()[name]
        if bounded and len(frame) > table.max_rows:
            rule = message(
                "The table has {rows:number} rows; at most {limit:number} are taken.",
                rows=len(frame),
                limit=table.max_rows,
            )
            issues.append(RowIssue(source, None, "", "", rule))
        else:
            complete = _check_columns(table, frame, source, issues)
            if complete is not None:
                issues += _check_values(table, complete, source)
                tables[name] = complete
    for name, frame in tables.items():
        issues += _check_references(schema()[name], frame, raw[name][0], tables, known or {})
    if issues:
        raise ImportRejected(str(path), tuple(issues[:MOST_ISSUES]), len(issues))
    return {name: _typed(schema()[name], frame) for name, frame in tables.items()}


def check(tables: Tables, *, source: str, known: Mapping[str, frozenset[str]] | None = None) -> None:
    """Raise `ImportRejected` with every value of tables made elsewhere that breaks a rule of the schema."""
    issues: list[RowIssue] = []
    for name, frame in tables.items():
        texts = _texts(schema()[name], frame)
        issues += _check_values(schema()[name], texts, source)
        issues += _check_references(schema()[name], texts, source, tables, known or {})
    if issues:
        raise ImportRejected(source, tuple(issues[:MOST_ISSUES]), len(issues))


def read_official_register(path: Path) -> pd.DataFrame:
    """Read the official register of municipalities (GV100AD, fixed width) of the Federal Statistical Office.

    Returns the columns of ``register.csv``: every Gemeinde but unincorporated areas, and every Landkreis with
    the inhabitants and area of its municipalities together. The file has no places: ``lat`` and ``lon`` are
    NaN. Raises `ImportRejected` where the file is something else.
    """
    issues: list[RowIssue] = []
    text = _decoded(path, issues)
    lines = [line for line in (text or "").splitlines() if line[:2] in {"40", "60"}]
    rows: dict[str, dict[str, Any]] = {}
    for line in lines:
        name = line[22:72].strip().split(",")[0]
        if line[:2] == "40" and line[122:124] in _DISTRICT_CODES:
            plain = "kreis" in name.casefold() or name.startswith(("Region", "Städteregion"))
            rows[line[10:15]] = {"name": name if plain else f"{_DISTRICT_CODES[line[122:124]]} {name}"}
        elif line[:2] == "60" and line[122:124] not in _UNINCORPORATED:
            number = (line[128:139].strip(), line[139:150].strip())
            if not all(part.isdigit() for part in number) or not line[10:18].isdigit():
                rule = message("Is no record of the official register in the layout GV100AD.")
                issues.append(RowIssue(path.name, None, "", line[:40], rule))
                continue
            parent = line[10:15] if line[10:15] in rows else ""
            people = float(number[1])
            rows[line[10:18]] = {
                "name": name,
                "population": people or np.nan,
                "area_km2": float(number[0]) / 100,
                "parent_key": parent,
            }
            if parent:
                rows[parent]["population"] = rows[parent].get("population", 0.0) + people
                rows[parent]["area_km2"] = round(rows[parent].get("area_km2", 0.0) + float(number[0]) / 100, 2)
    if not rows and not issues:
        rule = message("Is no official register in the layout GV100AD: no municipality was found.")
        issues.append(RowIssue(path.name, None, "", "", rule))
    if issues:
        raise ImportRejected(str(path), tuple(issues[:MOST_ISSUES]), len(issues))
    stamp = lines[0][2:10]
    source = f"Destatis GV100AD {stamp[:4]}-{stamp[4:6]}-{stamp[6:]}"
    frame = pd.DataFrame(
        [{"key": key, "land": LANDS[int(key[:2]) - 1], "source": source, **row} for key, row in sorted(rows.items())]
    )
    return frame.reindex(columns=schema()["register"].columns).fillna({"parent_key": _BLANK})


def write(tables: Tables, target: Path) -> None:
    """Write tables as a data package: a folder, or one XLSX where the name ends so.

    Nothing is half-written: everything is made beside the target and moved into place at the end.
    """
    try:
        if target.suffix.lower() == ".xlsx":
            with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                made = Path(scratch) / "package.xlsx"
                _write_workbook(tables, made)
                made.replace(target)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            for name, frame in tables.items():
                _texts(schema()[name], frame).map(guarded).to_csv(
                    Path(scratch) / schema()[name].file, index=False, lineterminator="\n", encoding="utf-8"
                )
            descriptor = _descriptor()
            descriptor["resources"] = [r for r in descriptor["resources"] if r["name"] in tables]
            for resource in descriptor["resources"]:
                keys = resource["schema"].get("foreignKeys", [])
                kept = [key for key in keys if key["reference"]["resource"] in {"", *tables}]
                resource["schema"]["foreignKeys"] = kept
            text = json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"
            (Path(scratch) / DESCRIPTOR).write_text(text, encoding="utf-8")
            target.mkdir(exist_ok=True)
            for made in sorted(Path(scratch).iterdir()):
                shutil.move(made, target / made.name)
    except OSError as error:
        raise _not_written(target, error) from error


def write_template(target: Path) -> None:
    """Write an empty form: one sheet per table that a municipality fills in, with explained columns."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            made = Path(scratch) / "template.xlsx"
            _write_workbook(
                {t.name: pd.DataFrame(columns=t.columns) for t in schema().values() if not t.catalogue}, made
            )
            made.replace(target)
    except OSError as error:
        raise _not_written(target, error) from error


def write_text(text: str, target: Path) -> None:
    """Write a text file whole or not at all."""
    try:
        handle, scratch = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(scratch).replace(target)
    except OSError as error:
        raise _not_written(target, error) from error


def _not_written(target: Path, error: OSError) -> MatchmakerError:
    return BadInput(
        message("{path} cannot be written: {reason}.", path=str(target), reason=error.strerror or str(error)),
        where=str(target),
        remedy=message("Choose a folder that exists and that you may write to."),
    )


# Reading ---------------------------------------------------------------------------------------------------


def _raw_tables(path: Path, issues: list[RowIssue]) -> dict[str, tuple[str, pd.DataFrame]]:
    """Return frames of text by table name, each with the name of its source."""
    if path.is_dir():
        files = [(name, path / table.file) for name, table in schema().items() if (path / table.file).exists()]
        frames = ((name, file.name, _read_csv(file, issues)) for name, file in files)
        return {name: (source, frame) for name, source, frame in frames if frame is not None}
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _read_workbook(path, issues)
    frame = _read_csv(path, issues)
    if frame is None:
        return {}
    name = path.stem if path.stem in schema() else _recognised(frame)
    if name is None:
        rule = message(
            "Neither the name nor the header says which table this is; the tables are {names:list}.",
            names=tuple(schema()),
        )
        issues.append(RowIssue(path.name, 1, "", ", ".join(map(str, frame.columns))[:80], rule))
        return {}
    if frame.empty and not issues:
        issues.append(RowIssue(path.name, None, "", "", message("The file has a header but no rows.")))
    return {name: (path.name, frame)}


def _recognised(frame: pd.DataFrame) -> str | None:
    """Return the table whose columns fit a header best, if all but a few are there."""
    columns = set(frame.columns)
    fits = {name: len(columns & set(t.columns)) / len(columns | set(t.columns)) for name, t in schema().items()}
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] >= 0.5 else None  # noqa: PLR2004 - half of all columns in common


def _decoded(file: Path, issues: list[RowIssue]) -> str | None:
    """Return a file as text; report why it is none."""
    if file.stat().st_size > MAX_BYTES:
        rule = message("The file is larger than {limit:number} bytes.", limit=MAX_BYTES)
        issues.append(RowIssue(file.name, None, "", "", rule))
        return None
    content = file.read_bytes()
    if not content.strip():
        issues.append(RowIssue(file.name, None, "", "", message("The file is empty.")))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        rule = message("Not UTF-8 text: save the file with the encoding UTF-8.")
        for number, line in enumerate(content.split(b"\n"), start=1):
            try:
                line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                shown = line[:60].decode("utf-8", errors="replace")
                issues.append(RowIssue(file.name, number, "", f"{shown} (0x{line[error.start]:02x})", rule))
        return None


def _read_csv(file: Path, issues: list[RowIssue]) -> pd.DataFrame | None:
    """Read a CSV file as text; report what makes it unreadable."""
    text = _decoded(file, issues)
    if text is None:
        return None
    if "\0" in text:
        issues.append(RowIssue(file.name, None, "", "", message("The file is not text: it contains zero bytes.")))
        return None
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows: list[list[str]] = []
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        header = next(reader)
        for number, row in enumerate(reader, start=2):
            if len(row) == len(header):
                rows.append(row)
            elif row:
                rule = message(
                    "The row has {found} cells, the header {expected}.", found=len(row), expected=len(header)
                )
                issues.append(RowIssue(file.name, number, "", delimiter.join(row)[:80], rule))
    except csv.Error as error:
        rule = message("The file cannot be read as CSV: {reason}.", reason=str(error))
        issues.append(RowIssue(file.name, None, "", "", rule))
        return None
    frame = pd.DataFrame(rows, columns=[name.strip() for name in header], dtype=object)
    if delimiter == ";":
        frame.attrs["decimal_comma"] = True
    return frame


def _read_workbook(path: Path, issues: list[RowIssue]) -> dict[str, tuple[str, pd.DataFrame]]:
    import openpyxl  # noqa: PLC0415 - only workbooks need it

    if path.stat().st_size > MAX_BYTES:
        rule = message("The file is larger than {limit:number} bytes.", limit=MAX_BYTES)
        issues.append(RowIssue(path.name, None, "", "", rule))
        return {}
    found = {}
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            if sheet.title not in schema():
                continue
            rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
            rows = [row for row in rows if any(row)]
            if not rows:
                continue
            width = len([name for name in rows[0] if name])
            frame = pd.DataFrame([row[:width] for row in rows[1:]], columns=rows[0][:width], dtype=object)
            found[sheet.title] = (f"{path.name}: {sheet.title}", frame)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        rule = message("The file cannot be read as a workbook: {reason}.", reason=str(error)[:80])
        issues.append(RowIssue(path.name, None, "", "", rule))
    return found


def _cell(value: object) -> str:
    """Return a cell of a workbook as the text a CSV file would hold."""
    if value is None:
        return _BLANK
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "date") and callable(value.date):
        return str(value.date())
    return str(value)


# Checking --------------------------------------------------------------------------------------------------


def _check_columns(table: Table, frame: pd.DataFrame, source: str, issues: list[RowIssue]) -> pd.DataFrame | None:
    """Return the frame with all columns of the schema in order, or None where required ones are missing."""
    columns = list(frame.columns)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    issues += [RowIssue(source, 1, name, "", message("The column stands twice.")) for name in twice]
    optional = {field["name"] for field in table.fields if field.get("optional")}
    missing = [name for name in table.columns if name not in columns and name not in optional]
    issues += [RowIssue(source, 1, name, "", message("The column is missing.")) for name in missing]
    extra = [name for name in columns if name not in table.columns]
    issues += [RowIssue(source, 1, name, "", message("The table has no such column.")) for name in extra]
    if missing or twice:
        return None
    complete = frame.reindex(columns=table.columns, fill_value=_BLANK)
    complete = complete.map(
        lambda text: text.strip().removeprefix("'") if text[:1] == "'" and text[1:2] in _RISKY else text.strip()
    )
    if frame.attrs.get("decimal_comma"):
        for field in table.fields:
            if field["type"] == "number":
                complete[field["name"]] = complete[field["name"]].str.replace(",", ".", regex=False)
    return complete


def _numbers(texts: pd.Series[str]) -> pd.Series[float]:
    """Turn texts into finite numbers; NaN for anything else."""
    plain = texts.where(texts.str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"))
    return pd.to_numeric(plain, errors="coerce").astype("float64")


def _rules(field: Mapping[str, Any]) -> Iterable[tuple[Message, Callable[[pd.Series[str]], pd.Series[bool]]]]:
    """Yield what a field asks of its values, each as a sentence and a test of a whole column of texts."""
    limits = field.get("constraints", {})
    match field["type"]:
        case "number":
            yield message("Must be a number."), lambda s: _numbers(s).notna()
        case "integer":
            yield message("Must be a whole number."), lambda s: _numbers(s) % 1 == 0
        case "boolean":
            yield message("Must be true or false."), lambda s: s.isin(["true", "false"])
        case "date":
            yield (
                message("Must be a date such as 2026-03-31."),
                lambda s: (
                    s.str.fullmatch(r"\d{4}-\d{2}-\d{2}")
                    & pd.to_datetime(s, format="%Y-%m-%d", errors="coerce").notna()
                ),
            )
        case _:
            pass
    if (least := limits.get("minimum")) is not None:
        yield message("Must be at least {least}.", least=least), lambda s: ~(_numbers(s) < least)
    if (most := limits.get("maximum")) is not None:
        yield message("Must be at most {most}.", most=most), lambda s: ~(_numbers(s) > most)
    if step := field.get("step"):
        yield message("Must be a multiple of {step}.", step=step), lambda s: ~((_numbers(s) / step) % 1 > 0)
    if pattern := limits.get("pattern"):
        if pattern == r"\d{5}|\d{8}":
            sentence = message("Must be a key of eight digits, five for a Landkreis, with leading zeros.")
        else:
            sentence = message("Must have the form {pattern}.", pattern=pattern)
        yield sentence, lambda s: s.str.fullmatch(pattern)
    if choices := limits.get("enum"):
        yield message("Must be one of {choices:list}.", choices=tuple(choices)), lambda s: s.isin(choices)
    if longest := limits.get("maxLength"):
        yield message("Must have at most {longest} characters.", longest=longest), lambda s: s.str.len() <= longest


def _check_values(table: Table, frame: pd.DataFrame, source: str) -> list[RowIssue]:
    """Return every value that breaks a rule of its column, and every repeated key, in the order of rows."""
    import pandera.pandas as pa  # noqa: PLC0415 - takes a while to load; only reading needs it

    texts = frame.mask(frame == _BLANK)
    rules: dict[tuple[str, str], Message] = {}
    columns = {}
    for field in table.fields:
        name = field["name"]
        checks = []
        for number, (sentence, test) in enumerate(_rules(field)):
            rules[name, str(number)] = sentence
            checks.append(pa.Check(test, name=str(number)))
        columns[name] = pa.Column(
            None, checks, nullable=not field.get("constraints", {}).get("required", False), coerce=False
        )
    found: list[tuple[int, str, str, Message]] = []
    try:
        pa.DataFrameSchema(columns).validate(texts, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for case in errors.failure_cases.itertuples():
            sentence = rules.get((case.column, str(case.check)), message("Must not be empty."))
            value = "" if pd.isna(case.failure_case) else str(case.failure_case)
            found.append((int(case.index), str(case.column), value, sentence))
    if table.primary_key:
        key = list(table.primary_key)
        again = frame.duplicated(key, keep="first")
        for index in frame.index[again]:
            value = ", ".join(frame.loc[index, key])
            found.append((int(index), ", ".join(key), value, message("Stands here a second time.")))
    order = {name: place for place, name in enumerate(table.columns)}
    found.sort(key=lambda issue: (issue[0], order.get(issue[1], -1)))
    return [RowIssue(source, index + 2, column, value[:80], rule) for index, column, value, rule in found]


def _check_references(
    table: Table, frame: pd.DataFrame, source: str, tables: Tables, known: Mapping[str, frozenset[str]]
) -> list[RowIssue]:
    """Return every value that refers to a row that exists neither in the file nor in what is known."""
    issues = []
    for column, other, other_column in table.references:
        there = set(known.get(other, frozenset()))
        if other in tables:
            there |= set(tables[other][other_column])
        elif other not in known:
            continue
        bad = (frame[column] != _BLANK) & ~frame[column].isin(there)
        rule = message("Is not in the table {table}.", table=other)
        issues += [RowIssue(source, int(i) + 2, column, frame.loc[i, column][:80], rule) for i in frame.index[bad]]
    return issues


def _typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn checked texts into numbers and texts."""
    columns = {}
    for field in table.fields:
        texts = frame[field["name"]]
        columns[field["name"]] = _numbers(texts) if field["type"] in {"number", "integer"} else texts.astype(object)
    return pd.DataFrame(columns).reset_index(drop=True)


# Writing ---------------------------------------------------------------------------------------------------


def _texts(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn a typed frame into the texts of a CSV file: whole numbers plain, others as short as exact."""

    def text(value: float) -> str:
        return _BLANK if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)

    whole = frame.reindex(columns=table.columns)
    numeric = {field["name"] for field in table.fields if field["type"] in {"number", "integer"}}
    return pd.DataFrame(
        {
            name: [text(float(v)) for v in whole[name]] if name in numeric else whole[name].fillna(_BLANK).map(str)
            for name in table.columns
        }
    )


def guarded(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; plain numbers stay as they are."""
    if text.startswith(_RISKY) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _write_workbook(tables: Tables, target: Path) -> None:
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        bold, as_text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        for name, frame in tables.items():
            table = schema()[name]
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for place, field in enumerate(table.fields):
                numeric = field["type"] in {"number", "integer"}
                sheet.write_string(0, place, field["name"], bold)
                sheet.write_comment(0, place, _explanation(field), {"x_scale": 2})
                sheet.set_column(place, place, max(10, min(40, len(field["name"]) + 4)), None if numeric else as_text)
                if field["name"] not in frame:
                    continue
                for row, value in enumerate(frame[field["name"]], start=1):
                    if numeric and not pd.isna(value):
                        sheet.write_number(row, place, float(value))
                    elif not numeric and value:
                        sheet.write_string(row, place, str(value), as_text)


def _explanation(field: Mapping[str, Any]) -> str:
    """Say what belongs into a column: description, unit, range, choices."""
    limits = field.get("constraints", {})
    parts = [field["description"]]
    if field.get("unit"):
        parts.append(f"unit: {field['unit']}")
    if "minimum" in limits or "maximum" in limits:
        parts.append(f"range: {limits.get('minimum', '')} to {limits.get('maximum', '')}")
    if field.get("step"):
        parts.append(f"steps of {field['step']}")
    if limits.get("enum"):
        parts.append(f"one of: {', '.join(limits['enum'])}")
    parts.append("required" if limits.get("required") else "empty means unknown")
    return "\n".join(parts)


# Graphs ----------------------------------------------------------------------------------------------------

GRAPH_FORMATS: Final = (".graphml", ".gexf", ".json")
"""Endings of graph files: GraphML and GEXF for other programs, JSON in the node-link form of networkx."""


def write_graph(graph: nx.MultiGraph[str], target: Path) -> None:
    """Write a network with all attributes; the ending of the name decides about the format."""
    match target.suffix.lower():
        case ".graphml":
            text = "\n".join(nx.generate_graphml(graph))
        case ".gexf":
            text = "\n".join(nx.generate_gexf(graph))
        case _:
            text = json.dumps(nx.node_link_data(graph, edges="edges"), ensure_ascii=False)
    write_text(text + "\n", target)
