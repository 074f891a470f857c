# ruff: noqa: INP001, S311, T201 - a script, no package; random, no secrets; it talks on the terminal
"""Import thousands of damaged, hostile and absurd files, and look whether the program keeps its word.

Every file is a valid one that was changed: bytes, types, encodings, delimiters, formulas, archives that are bombs, a
million columns, huge cells, wrong endings. Whatever it is, the program must either take it in whole or refuse it with
a reason in words, and change nothing then. Anything else is printed with the number of the file, and the script ends
with exit code 1.

Usage, from the root of the checkout with the test requirements installed::

    python scripts/fuzz_import.py --n 10000               # the same seed gives the same files
    python scripts/fuzz_import.py --only 4711             # that file of the row alone, with its traceback
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.utils.exceptions import IllegalCharacterError

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matchmaker import cli  # noqa: E402 - needs the line above
from matchmaker.dataset import Dataset  # noqa: E402
from matchmaker.errors import MatchmakerError, Rejected  # noqa: E402
from matchmaker.sheets import schema  # noqa: E402
from matchmaker.store import Store  # noqa: E402
from matchmaker.workspace import Workspace  # noqa: E402

_ROWS: Final = {
    "register": (("01059083", "Süderbrarup", "SH", "54.63", "9.77", "3887", "", "01059", "x"),),
    "needs": (("01059083", "UC01", "3", "survey", ""), ("01001000", "UC02", "1", "self-assessed", "")),
    "profiles": (("01059083", "2.5", *([""] * 16), "0.5", "1000", "survey", "2026-01-31"),),
    "offers": (("01059083", "UC01", "pilot", "Protokolle, „auto“", "Minutes", "2025", "self-assessed", ""),),
    "cooperations": (("fuzz", "Verbund", "Chat", "", "UC01", "", "", "2024", "running", "https://example.org/"),),
    "cooperation_members": (("fuzz", "01059083"), ("fuzz", "01001000")),
}
_ODD: Final = (
    *("nan", "NaN", "inf", "-inf", "1e999", "-1e-999", "1e308", "0x10", "1_0", "٣", "³", "½", "TRUE", "None", "null"),
    *("=1+1", "=cmd|' /C calc'!A0", "+49", "-1", "@SUM(A1)", "'=1", "\t=1", '=HYPERLINK("http://evil.example")'),
    *("", " ", "\u00a0", "\u200b", "\ufeff", "\x00", "\x1b[2J"),
    *("\u202e", "\ud800", "👩‍👩‍👧", "a\u0301" * 40, "\n", "\r", "\r\n"),
    *("1.000", "1,5", "1.000,50", "50 000", "9" * 400, "-0", "1e5", "2026-02-30", "31.12.2026", "0000-00-00", "12:00"),
    *("'; DROP TABLE needs; --", "../../etc/passwd", "%s%n", "{0}", "{key}", "<script>", "![x](http://evil.example/a)"),
    *("UC99", "99999999", "1059083", "01059", "simulated", "published", "*", "key", '"', '""', '"""', "\\", ",", ";"),
)  # fmt: skip
_ENCODINGS: Final = (
    "utf-16",
    "utf-16-le",
    "utf-32",
    "latin-1",
    "cp1252",
    "utf-8-sig",
    "utf-7",
    "cp037",
    "koi8-r",
    "big5",
)


@dataclass(frozen=True)
class File:
    """A file to be imported: its name and content."""

    name: str
    content: bytes


def _table(rng: random.Random) -> tuple[str, list[list[str]]]:
    name = rng.choice(list(_ROWS))
    columns = [column for column in schema()[name].columns if not _optional(name, column)]
    rows = [list(row) for row in _ROWS[name]]
    return name, [columns, *rows]


def _optional(table: str, column: str) -> bool:
    """Return whether a column was added to the schema after these files were written."""
    place = schema()[table].columns.index(column)
    return place >= len(_ROWS[table][0])


def _csv(rows: list[list[str]], delimiter: str = ",") -> bytes:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",;\t\r\n') else text

    return "\n".join(delimiter.join(map(cell, row)) for row in rows).encode("utf-8", "surrogatepass") + b"\n"


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return stream.getvalue()


def _workbook(name: str, rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = name
    for row in rows:
        with contextlib.suppress(ValueError, IllegalCharacterError):
            # Halves of characters cannot be written into a workbook at all.
            sheet.append([None if cell in {"", "\ud800"} else cell for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _damaged(content: bytes, rng: random.Random) -> bytes:
    """Change some bytes: flip, cut, double, insert, move."""
    found = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        if not found:
            break
        at, length = rng.randrange(len(found)), rng.choice((1, 2, 8, 64))
        match rng.randrange(6):
            case 0:
                found[at] = rng.randrange(256)
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = found[at : at + length] * rng.choice((1, 3, 50))
            case 3:
                found[at:at] = rng.randbytes(length)
            case 4:
                del found[at:]
            case _:
                found[at : at + length] = bytes(length)
    return bytes(found)


def _with_odd_cells(rows: list[list[str]], rng: random.Random) -> list[list[str]]:
    for _ in range(rng.choice((1, 1, 2, 6))):
        row = rng.choice(rows if rng.randrange(5) == 0 else rows[1:])
        row[rng.randrange(len(row))] = rng.choice(_ODD)
    return rows


def _cells(rng: random.Random) -> File:
    name, rows = _table(rng)
    return File(f"{name}.csv", _csv(_with_odd_cells(rows, rng), rng.choice(",,,;\t|")))


def _bytes(rng: random.Random) -> File:
    name, rows = _table(rng)
    return File(f"{name}.csv", _damaged(_csv(rows), rng))


def _encoding(rng: random.Random) -> File:
    name, rows = _table(rng)
    return File(f"{name}.csv", _csv(rows).decode().encode(rng.choice(_ENCODINGS), "replace"))


def _shape(rng: random.Random) -> File:
    """Put rows and columns in other places and numbers."""
    name, rows = _table(rng)
    match rng.randrange(7):
        case 0:
            rng.shuffle(rows)
        case 1:
            rows = rows * rng.choice((2, 100))
        case 2:
            for row in rows:
                rng.shuffle(row)
        case 3:
            place = rng.randrange(len(rows[0]))
            rows = [row[:place] + row[place + 1 :] for row in rows]
        case 4:
            rows = [row + [rng.choice(_ODD)] * rng.choice((1, 40, 2000)) for row in rows]
        case 5:
            rows = [rows[0]] + [[rng.choice(_ODD) for _ in rows[0]] for _ in range(200)]
        case _:
            rows[rng.randrange(len(rows))] = []
    return File(f"{name}.csv", _csv(rows))


def _name(rng: random.Random) -> File:
    """Give content of one kind the name of another."""
    name, rows = _table(rng)
    content = rng.choice((_csv(rows), _workbook(name, rows), _zip({f"{name}.csv": _csv(rows)})))
    ending = rng.choice((".csv", ".CSV", ".xlsx", ".xlsm", ".zip", ".json", ".txt", "", ".ods", ".xls"))
    return File(rng.choice((name, "x", "müll 1", "'; --", "=1+1", "a" * 150, "\udcff")) + ending, content)


def _sheet(rng: random.Random) -> File:
    """Make a workbook with values of other types than text."""
    name, texts = _table(rng)
    rows: list[list[Any]] = [list(row) for row in texts]
    values = (
        datetime.now(UTC).replace(tzinfo=None),
        date(1900, 1, 1),
        True,
        1e308,
        10**300,
        -0.0,
        "=1+1",
        "#REF!",
        45000,
        0.1 + 0.2,
    )
    for _ in range(rng.choice((1, 3))):
        row = rng.choice(rows)
        row[rng.randrange(len(row))] = rng.choice((*values, *_ODD))
    return File("package.xlsx", _workbook(rng.choice((name, name, name, name.upper(), "Tabelle1")), rows))


def _inside(rng: random.Random) -> File:
    """Make a workbook in which the XML of one part is damaged, or which is damaged as a whole."""
    name, rows = _table(rng)
    content = _workbook(name, rows)
    if rng.randrange(3) == 0:
        return File("package.xlsx", _damaged(content, rng))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = {member: packed.read(member) for member in packed.namelist()}
    chosen = rng.choice(list(members))
    members[chosen] = rng.choice((_damaged(members[chosen], rng), b"", b"<x/>", members[chosen] * 2))
    return File("package.xlsx", _zip(members))


def _archive(rng: random.Random) -> File:
    """Make a zipped data package that is strange or damaged."""
    name, rows = _table(rng)
    content = _csv(rows)
    match rng.randrange(8):
        case 0:
            packed = _damaged(_zip({f"{name}.csv": content}), rng)
        case 1:
            packed = _zip({f"../../{name}.csv": content, "/etc/needs.csv": content})
        case 2:
            packed = _zip({f"a/{name}.csv": content, f"b/{name}.csv": content})
        case 3:
            packed = _zip({f"{i}.csv": b"" for i in range(300)})
        case 4:
            packed = _zip({"package.zip": _zip({f"{name}.csv": content}), f"{name}.csv": content})
        case 5:
            packed = _zip({f"{name}.csv": _damaged(content, rng), "datapackage.json": b"{"})
        case 6:
            # What the archive says about the size of its member is not true.
            packed = bytearray(_zip({f"{name}.csv": content}, zipfile.ZIP_STORED))  # type: ignore[assignment]
            at = packed.rfind(b"PK\x01\x02")
            packed[at + 20 : at + 28] = rng.randbytes(8)  # type: ignore[index]
            packed = bytes(packed)
        case _:
            packed = _zip({f"{name}.csv": content, "lies mich.txt": b"hallo", "folder/": b""})
    return File("package.zip", packed)


def _huge(rng: random.Random) -> File:
    """Make bombs, a million columns, huge cells, endless rows."""
    name, rows = _table(rng)
    match rng.randrange(9):
        case 0:
            return File(f"{name}.csv", b",".join([b"x"] * 1_000_000) + b"\n" + b",".join([b"1"] * 1_000_000))
        case 1:
            rows[1][rng.randrange(len(rows[1]))] = rng.choice("xä👍=") * rng.choice((33_000, 140_000, 10_000_000))
            return File(f"{name}.csv", _csv(rows))
        case 2:
            return File(f"{name}.csv", _csv(rows[:1]) + _csv(rows[1:]) * 120_000)
        case 3:
            return File("package.zip", _zip({f"{name}.csv": _csv(rows) + b"0" * 300_000_000}))
        case 4:
            return File("package.xlsx", _zip({"xl/worksheets/sheet1.xml": b"0" * 300_000_000}))
        case 5:
            return File(f"{name}.csv", _csv(rows) + b"\n" * 40_000_000)
        case 6:
            rows[1][0] = "x" * 32_767
            return File("package.xlsx", _workbook(name, rows * 300))
        case 7:
            return File("package.xlsx", _wide(name))
        case _:
            return File(f"{name}.csv", _csv(rows[:1]) + b'"' + b"x,\n" * 10_000_000)


def _wide(name: str) -> bytes:
    """Return a workbook whose first row has a million cells, more than a sheet can have columns."""
    with zipfile.ZipFile(io.BytesIO(_workbook(name, [["key"]]))) as packed:
        members = {member: packed.read(member) for member in packed.namelist()}
    cells = b'<c t="inlineStr"><is><t>x</t></is></c>' * 1_000_000
    members["xl/worksheets/sheet1.xml"] = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        + cells
        + b"</row></sheetData></worksheet>"
    )
    return _zip(members)


_KINDS: Final[tuple[tuple[Callable[[random.Random], File], float], ...]] = (
    (_cells, 25), (_bytes, 20), (_encoding, 6), (_shape, 12), (_name, 7), (_sheet, 12), (_inside, 10), (_archive, 7),
    (_huge, 1),
)  # fmt: skip


def made(seed: int, number: int) -> tuple[str, File]:
    """Return the kind and the file of a number; the same seed and number give the same file."""
    rng = random.Random(f"{seed}/{number}")
    kind = rng.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    return kind.__name__.strip("_"), kind(rng)


class _Fixed(Workspace):
    """A workspace that knows its data already: reading all of them anew for each file would take hours."""

    def load(self) -> Dataset:
        return _shipped()


def _shipped() -> Dataset:
    if not hasattr(_shipped, "data"):
        _shipped.data = Workspace().load()  # type: ignore[attr-defined]
    data: Dataset = _shipped.data  # type: ignore[attr-defined]
    return data


class Watched:
    """A database, and whether anybody has changed anything in it."""

    def __init__(self, file: Path) -> None:
        self.store = Store(f"sqlite:///{file.as_posix()}")
        self._beside = sqlite3.connect(file)

    def state(self) -> int:
        """Return a number that is another one after every change that any other connection has made."""
        found: int = self._beside.execute("PRAGMA data_version").fetchone()[0]
        return found


def attempt(file: File, folder: Path, watched: Watched) -> str:
    """Import a file; return what became of it: ``taken in``, or the code of the error. Raises what goes wrong."""
    path = folder / file.name
    path.write_bytes(file.content)
    before, version = watched.state(), watched.store.version()
    try:
        _Fixed(store=watched.store).take_in(path, what=f"import {path.name}")
    except MatchmakerError as error:
        if watched.state() != before:
            raise AssertionError("A refused file has changed the database.") from error
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            cli.explain(error, "de")
        if isinstance(error, Rejected) and not error.issues:
            raise AssertionError("A refusal without a reason.") from error
        if "Traceback" in said.getvalue() or not said.getvalue().replace("\n", "").isprintable():
            raise AssertionError(f"Unreadable: {said.getvalue()!r}") from error
        return error.code
    else:
        if watched.store.version() != version + 1:
            raise AssertionError("A file that was taken in is not one change.")
        return "taken in"
    finally:
        path.unlink()


def memory() -> float:
    """Return the most memory that this process has had, in MB; NaN where the system does not say."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return float("nan")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def main(argv: list[str] | None = None) -> int:
    """Import as many files as asked for, and count what became of them."""
    parser = argparse.ArgumentParser(description="Import damaged and hostile files.")
    parser.add_argument("--n", type=int, default=10_000, help="number of files (default: 10000)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same files (default: 0)")
    parser.add_argument("--only", type=int, help="this file alone, with its traceback")
    arguments = parser.parse_args(argv)
    numbers = range(arguments.n) if arguments.only is None else [arguments.only]
    found: Counter[tuple[str, str]] = Counter()
    slowest, wrong = (0.0, -1), 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        watched = Watched(folder / "fuzz.db")
        _shipped()
        began = memory()
        for number in numbers:
            kind, file = made(arguments.seed, number)
            started, most = time.perf_counter(), memory()
            try:
                found[kind, attempt(file, folder, watched)] += 1
            except Exception:  # noqa: BLE001 - this is what is looked for
                wrong += 1
                found[kind, "WRONG"] += 1
                said = traceback.format_exc() if arguments.only is not None else traceback.format_exc().splitlines()[-1]
                print(f"{number} ({kind}, {file.name!r}): {said}", flush=True)
            slowest = max(slowest, (time.perf_counter() - started, number))
            if memory() > most + 50:
                print(f"{number} ({kind}, {len(file.content):,} bytes): memory grows to {memory():,.0f} MB", flush=True)
    for (kind, outcome), count in sorted(found.items()):
        print(f"{count:6} {kind}: {outcome}")
    print(
        f"{sum(found.values())} files, {wrong} wrong; most memory {memory():,.0f} MB, {began:,.0f} MB at the beginning;"
    )
    print(f"slowest file {slowest[1]} with {slowest[0]:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
