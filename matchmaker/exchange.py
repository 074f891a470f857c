"""Data packages in and out: folders of CSV files or one XLSX, every row error collected.

Reading, templates and writing follow the schema of `matchmaker.sheets`. Nothing is half-written: whatever is made is
made beside its target and moved into place at the end.
"""

from __future__ import annotations

import io
import json
import math
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import pandas as pd

from matchmaker.errors import BadInput, EntryRejected, MatchmakerError, reason
from matchmaker.message import Message, message
from matchmaker.model import LANDS, Provenance
from matchmaker.sheets import (
    BLANK,
    DESCRIPTOR,
    NOT_UTF8,
    SHEET_ROWS,
    SHOWN,
    Findings,
    Sheet,
    Table,
    Tables,
    check_columns,
    check_values,
    content_of,
    csv_text,
    descriptor,
    limit_of,
    no_table,
    read_csv,
    read_workbook,
    schema,
    too_large,
    typed,
)

_DISTRICT_CODES: Final = {"43": "Kreis", "44": "Landkreis", "45": "Regionalverband"}


_UNINCORPORATED: Final = {"65", "66"}
"""Kinds of record in the official register."""


_OFFICIAL_KEY: Final = re.compile(r"(0[1-9]|1[0-6])[0-9]{3}([0-9]{3}|\s*$)")
"""Eight digits of a Gemeinde or five of a Landkreis, the first two of them those of a Land."""


def read(
    path: Path,
    *,
    known: Mapping[str, frozenset[str]] | None = None,
    real: frozenset[str] = frozenset(),
    bounded: bool = False,
) -> Tables:
    """Read a data package (folder), an XLSX with the same tables as sheets, or one CSV file.

    Parameters
    ----------
    path
        Folder, ``.xlsx`` or ``.csv``. A folder may leave tables out; so may a workbook. A single CSV file is
        recognised by its name (``needs.csv``) or else by its header.
    known
        Values that may be referred to although they are not in the file: keys of the register, ids of use
        cases; by table name.
    real
        Keys of real municipalities that are not in the file: nothing simulated may be said about them.
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
    if not (path.is_dir() or path.is_file()):
        raise BadInput(
            message("There is no file or folder {path}.", path=str(path)),
            where=str(path),
            remedy=message("Check the path."),
        )
    findings = Findings()
    sheets = _sheets(path, findings, bounded=bounded)
    if not findings.total:
        if not sheets:
            raise BadInput(
                message("{path} holds no table of a data package.", path=str(path)),
                where=str(path),
                remedy=message("The tables are {names:list}.", names=tuple(schema())),
            )
        if all(sheet.cells.empty for sheet in sheets.values()):
            findings.add(path.name, message("The file has a header but no rows."))
    tables = {name: check_columns(schema()[name], sheet, findings) for name, sheet in sheets.items()}
    for name, frame in tables.items():
        check_values(schema()[name], frame, sheets[name].source, findings)
    for name, frame in tables.items():
        _check_references(schema()[name], frame, sheets[name].source, tables, known or {}, findings)
    _check_reality(tables, {name: sheet.source for name, sheet in sheets.items()}, real, findings)
    findings.refuse(str(path))
    return {name: typed(schema()[name], frame) for name, frame in tables.items()}


def check(
    tables: Tables,
    *,
    source: str,
    known: Mapping[str, frozenset[str]] | None = None,
    real: frozenset[str] = frozenset(),
) -> None:
    """Raise `EntryRejected` with every value of tables made elsewhere that breaks a rule; arguments as in `read`."""
    findings = Findings()
    texts = {name: _texts(schema()[name], frame) for name, frame in tables.items()}
    for name, frame in texts.items():
        check_values(schema()[name], frame, name, findings)
        _check_references(schema()[name], frame, name, texts, known or {}, findings)
    _check_reality(texts, {name: name for name in texts}, real, findings)
    if findings.total:
        # What was entered stands in no row of a file.
        issues = tuple(replace(issue, row=None) for issue in findings.listed())
        raise EntryRejected(source, issues, findings.total)


def read_document(path: Path) -> Any:
    """Read the JSON document of a profile; raise `BadInput` where it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        # Python reads more than JSON allows: infinite numbers, halves of characters.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            message("The profile cannot be read: {reason}.", reason=_unread(error)),
            where=str(path),
            remedy=message("Take the output of profile show, change it and try again."),
        ) from None
    return document


def _unread(error: Exception) -> Message | str:
    """Return why a JSON document cannot be read, in own words where the cause is common."""
    match error:
        case OSError():
            return reason(error)
        case json.JSONDecodeError(lineno=line, colno=column):
            return message("it is no JSON from line {line}, column {column} on", line=line, column=column)
        case UnicodeDecodeError():
            return message("it is not UTF-8 text")
        case _:
            return str(error)[:SHOWN]


def read_official_register(path: Path) -> pd.DataFrame:
    """Read the official register of municipalities (GV100AD, fixed width) of the Federal Statistical Office.

    Returns the columns of ``register.csv``: every Gemeinde but unincorporated areas, and every Landkreis with
    the inhabitants and area of its municipalities together. The file has no places: ``lat`` and ``lon`` are
    NaN. Raises `ImportRejected` where the file is something else.
    """
    findings = Findings()
    content = content_of(path, findings) or b""
    for row, encoded in enumerate(content.split(b"\n"), start=1):
        try:
            encoded.decode()
        except UnicodeDecodeError:
            findings.add(path.name, NOT_UTF8, row=row, value=encoded.decode(errors="replace"))
    findings.refuse(str(path))
    rows: dict[str, dict[str, Any]] = {}
    stamp = ""
    for number, line in enumerate(content.decode("utf-8-sig").split("\n"), start=1):
        if line[:2] not in {"40", "60"}:
            continue
        figures = (line[128:139].strip(), line[139:150].strip())
        readable = line[:2] == "40" or all(re.fullmatch("[0-9]*", figure) for figure in figures)
        if not _OFFICIAL_KEY.match(line[10:18]) or not readable:
            rule = message("Is no record of the official register in the layout GV100AD.")
            findings.add(path.name, rule, row=number, value=line)
            continue
        name = line[22:72].strip().split(",")[0]
        stamp = line[2:10]
        if line[:2] == "40" and line[122:124] in _DISTRICT_CODES:
            plain = "kreis" in name.casefold() or name.startswith(("Region", "Städteregion"))
            rows[line[10:15]] = {"name": name if plain else f"{_DISTRICT_CODES[line[122:124]]} {name}"}
        elif line[:2] == "60" and line[122:124] not in _UNINCORPORATED:
            parent = line[10:15] if line[10:15] in rows else ""
            area, people = (float(figure or 0) for figure in figures)
            rows[line[10:18]] = {
                "name": name,
                "population": people or np.nan,
                "area_km2": area / 100,
                "parent_key": parent,
            }
            if parent:
                rows[parent]["population"] = rows[parent].get("population", 0.0) + people
                rows[parent]["area_km2"] = round(rows[parent].get("area_km2", 0.0) + area / 100, 2)
    if not rows:
        findings.add(path.name, message("Is no official register in the layout GV100AD: no municipality was found."))
    findings.refuse(str(path))
    source = f"Destatis GV100AD {stamp[:4]}-{stamp[4:6]}-{stamp[6:]}"
    frame = pd.DataFrame(
        [{"key": key, "land": LANDS[int(key[:2]) - 1], "source": source, **row} for key, row in sorted(rows.items())]
    )
    return frame.reindex(columns=schema()["register"].columns).fillna({"parent_key": BLANK})


PACKED_FORMATS: Final = (".zip", ".xlsx", ".json")
"""Endings of data packages in one file: a folder packed, a workbook, and a JSON document with the rows in it."""


def write(tables: Tables, target: Path) -> None:
    """Write tables as a data package: a folder, or one file where the name ends as in `PACKED_FORMATS`.

    Nothing is half-written: everything is made beside the target and moved into place at the end.
    """
    if target.suffix.lower() in PACKED_FORMATS:
        write_bytes(packed(tables, target.suffix.lower()), target)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            for name, content in _members(tables):
                (Path(scratch) / name).write_bytes(content)
            target.mkdir(exist_ok=True)
            for made in sorted(Path(scratch).iterdir()):
                shutil.move(made, target / made.name)
    except OSError as error:
        raise _not_written(target, error) from error


def packed(tables: Tables, ending: str) -> bytes:
    """Return a data package as one file of a format in `PACKED_FORMATS`.

    The JSON document is a Frictionless data package whose resources carry their rows (``data``): numbers as numbers,
    what is unknown as null. It is meant for other registers to read; imports take the other forms.
    """
    match ending:
        case ".xlsx":
            stream = io.BytesIO()
            _write_workbook(tables, stream)
            return stream.getvalue()
        case ".json":
            described = _described(tables)
            for resource in described["resources"]:
                for kind in ("path", "scheme", "format", "mediatype", "encoding"):
                    resource.pop(kind, None)
                frame = tables[resource["name"]].reindex(columns=schema()[resource["name"]].columns).astype(object)
                resource["data"] = [_json_row(row) for row in frame.to_dict("records")]
            return (json.dumps(described, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
        case _:
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in _members(tables):
                    # Without a date, the same tables give the same file.
                    archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
            return stream.getvalue()


def _json_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row for JSON: whole numbers without a point, null for what is unknown."""

    def value(cell: object) -> object:
        if isinstance(cell, float):
            return None if math.isnan(cell) else int(cell) if cell.is_integer() else cell
        return None if cell is None or cell == BLANK else _plain(cell)

    return {str(name): value(cell) for name, cell in row.items()}


def _members(tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a data package: a CSV file for each table, and the description."""
    for name, frame in tables.items():
        yield schema()[name].file, csv_text(_texts(schema()[name], frame)).encode()
    yield DESCRIPTOR, (json.dumps(_described(tables), ensure_ascii=False, indent=2) + "\n").encode()


def _described(tables: Tables) -> dict[str, Any]:
    """Return the description of a package that has only these tables."""
    described = descriptor()
    described["resources"] = [r for r in described["resources"] if r["name"] in tables]
    for resource in described["resources"]:
        keys = resource["schema"].get("foreignKeys", [])
        kept = [key for key in keys if key["reference"]["resource"] in {"", *tables}]
        resource["schema"]["foreignKeys"] = kept
    return described


def write_template(target: Path) -> None:
    """Write an empty form: one sheet per table that a municipality fills in, with explained columns."""
    write_bytes(template(), target)


def template() -> bytes:
    """Return the empty form as a workbook."""
    return packed({t.name: pd.DataFrame(columns=t.columns) for t in schema().values() if not t.catalogue}, ".xlsx")


def write_text(text: str, target: Path) -> None:
    """Write a text file whole or not at all."""
    write_bytes(text.encode(), target)


def write_bytes(content: bytes, target: Path) -> None:
    """Write a file whole or not at all."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            made = Path(scratch) / "made"
            made.write_bytes(content)
            made.replace(target)
    except OSError as error:
        raise _not_written(target, error) from error


def _not_written(target: Path, error: OSError) -> MatchmakerError:
    return BadInput(
        message("{path} cannot be written: {reason}.", path=str(target), reason=reason(error)),
        where=str(target),
        remedy=message("Choose a folder that exists and that you may write to."),
    )


def _sheets(path: Path, findings: Findings, *, bounded: bool) -> Mapping[str, Sheet]:
    """Return what a folder or file holds, by name of the table."""
    if path.is_dir():
        files = [(name, path / table.file) for name, table in schema().items() if (path / table.file).exists()]
        found = [read_csv(file, name, findings, bounded=bounded) for name, file in files]
        for other in sorted({file for file in path.iterdir() if file.suffix.lower() == ".csv"} - {f for _, f in files}):
            findings.add(other.name, no_table(other.stem))
    elif path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory() as scratch:
            _unpack(path, Path(scratch), findings, bounded=bounded)
            return _sheets(Path(scratch), findings, bounded=bounded)
    elif path.suffix.lower() in {".xlsx", ".xlsm"}:
        found = read_workbook(path, findings, bounded=bounded)
    else:
        found = [read_csv(path, path.stem if path.stem in schema() else None, findings, bounded=bounded)]
    return dict(pair for pair in found if pair is not None)


def _unpack(path: Path, folder: Path, findings: Findings, *, bounded: bool) -> None:
    """Unpack the CSV files of a zipped data package, which may lie in folders; report what keeps it from that."""
    left = limit_of(bounded=bounded)
    content = content_of(path, findings, bounded=bounded)
    try:
        with zipfile.ZipFile(io.BytesIO(content or b"")) as packed:
            for member in packed.infolist() if content else ():
                # Only the last part of the name counts: nothing is ever written outside the folder.
                name = PurePosixPath(member.filename).name
                if member.is_dir() or not name.lower().endswith(".csv"):
                    continue
                if (folder / name).exists():
                    findings.add(path.name, message("{name} is in the archive twice.", name=name))
                    continue
                with packed.open(member) as stream:
                    text = stream.read(left + 1)
                left -= len(text)
                if left < 0:
                    findings.add(path.name, too_large(limit_of(bounded=bounded)))
                    return
                (folder / name).write_bytes(text)
    except Exception as error:  # noqa: BLE001 - a damaged archive makes the library raise almost anything
        if content:
            findings.add(path.name, _no_archive(error))


def _no_archive(error: Exception) -> Message:
    return message("The file cannot be unpacked: {reason}.", reason=str(error)[:SHOWN])


def _check_references(
    table: Table,
    frame: pd.DataFrame,
    source: str,
    tables: Tables,
    known: Mapping[str, frozenset[str]],
    findings: Findings,
) -> None:
    """Report every value that refers to a row that exists neither in the file nor in what is known."""
    for column, other, other_column in table.references:
        there = set(known.get(other, frozenset()))
        if other in tables:
            there |= set(tables[other].get(other_column, ()))
        elif other not in known:
            continue
        if column not in frame:
            continue
        rule = message("Is not in the table {table}.", table=other)
        for row, value in frame[column][(frame[column] != BLANK) & ~frame[column].isin(there)].items():
            findings.add(source, rule, row=int(str(row)), column=column, value=value)


def _check_reality(tables: Tables, sources: Mapping[str, str], real: frozenset[str], findings: Findings) -> None:
    """Report keys that do not fit their Land, and what would mix simulated and real municipalities."""
    simulated = Provenance.SIMULATED.value
    register = tables.get("register")
    if register is not None and {"key", "land", "source"} <= set(register):
        exists = register["source"] != simulated
        digits = register["land"].map({land: f"{number:02}" for number, land in enumerate(LANDS, start=1)})
        written = register["key"].str.fullmatch("[0-9]{5}|[0-9]{8}")
        foreign = exists & written & digits.notna() & (register["key"].str[:2] != digits)
        listed = register[foreign]
        for row, key, land in zip(listed.index, listed["key"], listed["land"], strict=True):
            rule = message("Keys in {land} begin with {digits}.", land=land, digits=f"{LANDS.index(land) + 1:02}")
            findings.add(sources["register"], rule, row=int(str(row)), column="key", value=key)
        for row, key in register["key"][~exists & register["key"].isin(real)].items():
            rule = message("Is a real municipality; a simulated one needs another key.")
            findings.add(sources["register"], rule, row=int(str(row)), column="key", value=key)
        real |= frozenset(register["key"][exists])
    for name in ("profiles", "needs", "offers"):
        frame = tables.get(name)
        if frame is None or not {"key", "provenance"} <= set(frame):
            continue
        made_up = (frame["provenance"] == simulated) & frame["key"].isin(real)
        for row, key in frame["key"][made_up].items():
            rule = message("{key} is a real municipality: nothing about it can be simulated.", key=key)
            findings.add(sources[name], rule, row=int(str(row)), column="provenance", value=simulated)


def _texts(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn a typed frame into the texts of a CSV file: whole numbers plain, others as short as exact."""

    def text(value: float) -> str:
        return BLANK if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)

    whole = frame.reindex(columns=table.columns)
    numeric = {field["name"] for field in table.fields if field["type"] in {"number", "integer"}}
    return pd.DataFrame(
        {
            name: [text(float(v)) for v in whole[name]]
            if name in numeric
            else whole[name].astype(object).fillna(BLANK).map(_plain)
            for name in table.columns
        },
        dtype=object,
    )


def _plain(value: object) -> str:
    """Return a text as files hold it."""
    return str(value).strip().replace("\r\n", "\n").replace("\r", "\n")


def _write_workbook(tables: Tables, target: io.BytesIO) -> None:
    import xlsxwriter  # noqa: PLC0415 - only workbooks need it

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        bold, as_text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        for name, frame in tables.items():
            table = schema()[name]
            if len(frame) >= SHEET_ROWS:
                raise BadInput(
                    message(
                        "The table {table} has {rows:number} rows, too many for a sheet.", table=name, rows=len(frame)
                    ),
                    where=name,
                    remedy=message("Write a folder of CSV files instead."),
                )
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
                    elif not numeric and not pd.isna(value) and (text := _plain(value)):
                        sheet.write_string(row, place, text, as_text)


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
