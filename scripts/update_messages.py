"""Bring the catalogues of matchmaker/i18n up to date with the texts in the code.

    python scripts/update_messages.py            # adds new ids, drops those no longer used, keeps translations
    python scripts/update_messages.py --check    # writes nothing; exits 1 and lists what is to do

New ids are added without a translation: write it into de.po by hand. In en.po only ids that are German words or
codes have a text of their own; all others are English already. The same code always gives the same files.

The code is read as a syntax tree, because Babel's own extraction misses calls inside f-strings and inside other
marked calls.
"""
# ruff: noqa: INP001, T201
# A script, no package; it talks on the terminal.

from __future__ import annotations

import argparse
import ast
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the package need not be installed

from matchmaker.i18n import LANGUAGES  # noqa: E402 - needs the line above
from matchmaker.model import LAND_NAMES, Kind, Provenance, Stage  # noqa: E402 - as above

Id: TypeAlias = str | tuple[str, str]

FOLDER: Final = ROOT / "matchmaker" / "i18n"
MARKS: Final = {"_": 1, "message": 1, "plural": 2}
"""Names of calls that mark a text, and how many of their arguments are texts."""
GERMAN_IDS: Final = frozenset({*(kind.value for kind in Kind), *LAND_NAMES})
"""Ids that are German words and therefore need an English text too."""
ENUMS: Final = (("cooperations", "status"), ("use_cases", "cost_status"), ("assumptions", "status"))
"""Columns of the data whose allowed values are shown on screen."""
HEADER: Final = """\
# {language} texts of the program. To add and drop ids: python scripts/update_messages.py
msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
NAMES: Final = {"de": "German", "en": "English"}


def marked(source: str, file: str) -> Iterator[Id]:
    """Yield the texts marked in a Python source; a text that is put together there is an error."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        match call.func:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in MARKS:
                texts = call.args[: MARKS[name]]
            case _:
                continue
        found = [node.value for node in texts if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        if found and len(found) == MARKS[name]:
            yield found[0] if len(found) == 1 else (found[0], found[1])
        elif any(isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp) for node in texts):
            raise SystemExit(f"{file}:{call.lineno}: mark one whole text: {ast.unparse(call)}")


def by_value() -> Iterator[str]:
    """Yield the ids that no call names: values of the model and of the data that are translated when shown."""
    yield from (member.value for enum in (Kind, Stage, Provenance) for member in enum)
    yield from LAND_NAMES
    package = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
    fields = {
        (resource["name"], field["name"]): field
        for resource in package["resources"]
        for field in resource.get("schema", {}).get("fields", [])
    }
    for column in ENUMS:
        yield from fields[column]["constraints"]["enum"]
    with (ROOT / "data" / "assumptions.csv").open(encoding="utf-8", newline="") as stream:
        yield from (row["unit"] for row in csv.DictReader(stream))


def wanted() -> set[Id]:
    """Return every id that the program may ask for."""
    files = [ROOT / "app.py", *sorted((ROOT / "matchmaker").rglob("*.py"))]
    ids = {i for file in files for i in marked(file.read_text(encoding="utf-8"), str(file.relative_to(ROOT)))}
    return ids | set(by_value())


def updated(code: str, ids: Iterable[Id]) -> tuple[str, list[str]]:
    """Return the catalogue of a language as it should be, and what is to do about the one that is there."""
    file = FOLDER / f"{code}.po"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    catalogue = read_po(io.StringIO(before), locale=code)
    there = {message.id for message in catalogue if message.id}
    template = Catalog()
    for id_ in ids:
        template.add(id_)
    catalogue.update(template, no_fuzzy_matching=True)
    for message in catalogue:
        message.flags &= {"fuzzy"}  # which others Babel sets depends on its version
    stream = io.BytesIO()
    write_po(stream, catalogue, width=110, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    after = HEADER.format(language=NAMES[code], code=code) + stream.getvalue().decode("utf-8").lstrip("\n")

    todo = [f"missing: {id_!r}" for id_ in sorted(set(ids) - there, key=str)]
    todo += [f"obsolete: {id_!r}" for id_ in sorted(there - set(ids), key=str)]
    for message in sorted((m for m in catalogue if m.id), key=lambda m: str(m.id)):
        texts = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        needed = code != "en" or message.id in GERMAN_IDS
        if needed and message.id in there and (message.fuzzy or not all(texts)):
            todo.append(f"untranslated: {message.id!r}")
    if not todo and before != after:
        todo.append("not in the form that scripts/update_messages.py writes")
    return after, [f"{file.name}: {line}" for line in todo]


def main(argv: list[str] | None = None) -> int:
    """Update the catalogues, or say what is to do."""
    parser = argparse.ArgumentParser(description="Bring the catalogues up to date with the texts in the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and list what is to do")
    check = parser.parse_args(argv).check
    ids = wanted()
    found = []
    for code in LANGUAGES:
        text, todo = updated(code, ids)
        found += todo
        if not check:
            (FOLDER / f"{code}.po").write_text(text, encoding="utf-8", newline="\n")
    print("\n".join(found) or "Nothing to do.")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
