"""Imports run one way, and what belongs into one room stays there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "matchmaker"
FILES = [*sorted(PACKAGE.rglob("*.py")), ROOT / "app.py"]

CORE = {"partners", "peers", "clusters", "network", "pains", "survey", "insights"}
CORE |= {"consortia", "sharing", "grants", "relief", "portfolio"}
ASKED = {"entries", "workspace", "dealings", "service", "plans", "scenarios"}
DEALING = {"cooperations", "contacts"}
WORDS = {"errors", "message", "model"}
TABLES = {"sheets", "indicators", "answers", "assumptions", "costtable", "dataset"}
OUTSIDE = {"exchange", "store", "i18n", "reports", "changes", "log"}
BASE = {"errors", "message", "model", "profiles", "catalogue", "bands"}
ALLOWED = {
    "message": set(),
    "errors": {"message"},
    "model": {"errors", "message", "model"},
    "profiles": {"errors", "message", "model"},
    "catalogue": {"errors", "message", "model"},
    **{room: {*BASE, room} for room in CORE},
    "access": WORDS,
    "cooperations": WORDS,
    "contacts": set(),
    "bands": {"message", "profiles"},
    "sight": {*BASE, "access", "dataset", "sheets"},
    "sheets": {"errors", "message", "model"},
    "exchange": {*BASE, "sheets"},
    "indicators": {*BASE, "sheets"},
    "assumptions": {*BASE, "sheets"},
    "dataset": {*BASE, "sheets", "access"},
    "simulate": {*BASE, "sheets"},
    "store": {"errors", "message", "model", "store"},
    "i18n": {"message"},
    "reports": {*BASE, "i18n", "reports"},
    "log": set(),
    "changes": {*BASE},
    "preview": {*BASE, "sheets", "dataset"},
    "entries": {*BASE, "sheets", "dataset"},
    "workspace": {*BASE, "access", "sight", "sheets", "exchange", "dataset", "changes", "preview", "store", "entries"},
    "dealings": {*BASE, "access", "sight", "dataset", "cooperations", "workspace", "store"},
    "answers": {*BASE, "sheets"},
    "costtable": {*BASE, "sheets"},
    "service": {*BASE, *CORE, *TABLES, "access", "simulate", "reports"},
    "plans": {*BASE, "access", "portfolio", "dataset", "sheets"},
    "scenarios": {*WORDS, "portfolio", "plans"},
    "cli": {*WORDS, *TABLES, *OUTSIDE, "insights", "portfolio", *DEALING, *ASKED, "cli"},
    "ui": {*BASE, *(CORE - {"partners"}), *TABLES, *OUTSIDE, "access", "sight", "preview", *DEALING, *ASKED, "ui"},
    "app": {"errors", "ui"},
    "__main__": {"cli"},
    "__init__": set(),
}
"""Rooms each room may import. Rooms of the core do not know each other: `service` composes them."""


def room_of(file: Path) -> str:
    if file == ROOT / "app.py":
        return "app"
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module == "matchmaker"
                else {node.module}
            )
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports_run_one_way(file: Path):
    room = room_of(file)
    rooms = {name.split(".")[1] for name in imports(file) if name.startswith("matchmaker.")}
    assert rooms <= ALLOWED[room], f"{room} must not import {sorted(rooms - ALLOWED[room])}"


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("streamlit", {"ui", "app"}),
        ("sqlalchemy", {"store"}),
        ("alembic", {"store"}),
        (
            "pandas",
            {
                *TABLES,
                "preview",
                "exchange",
                "simulate",
                "store",
                "sight",
                "entries",
                "workspace",
                "service",
                "plans",
                "ui",
            },
        ),
        ("pandera", {"sheets"}),
        ("sklearn", {"clusters", "pains"}),
        ("numba", {"partners", "portfolio"}),
        ("docx", {"reports"}),
        ("typst", {"reports"}),
    ],
)
def test_a_package_stays_in_its_rooms(package: str, rooms: set[str]):
    users = {room_of(file) for file in FILES if any(name.split(".")[0] == package for name in imports(file))}
    assert users <= rooms


def test_only_the_command_line_prints():
    for file in FILES:
        if room_of(file) in {"cli", "__main__"}:
            continue
        calls = [n for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], file


def test_every_public_name_says_what_it_is():
    silent = []
    for file in FILES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
        silent += [f"{file.name}: {n.name}" for n in named if not ast.get_docstring(n)]
        silent += [] if ast.get_docstring(tree) else [file.name]
    assert not silent


def test_rooms_stay_small_enough_to_read():
    """A smell rather than a wall: a room far beyond 500 lines, or a page beyond 100, wants to be looked at."""
    for file in FILES:
        lines = len(file.read_text(encoding="utf-8").splitlines())
        limit = 60 if file.name == "app.py" else 100 if "pages" in file.parts else 700
        assert lines <= limit, f"{file.name} has {lines} lines"
