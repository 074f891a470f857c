"""The page on privacy and security names a test for every threat, and the tests it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/privacy.md").read_text(encoding="utf-8").partition("\n## Threats")[2]
THREATS = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in PAGE.splitlines() if line[:1] == "|"][
    2:
]
TEXTS = {file: file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py")}
TESTS = {name for text in TEXTS.values() for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
CASES = "\n".join(text for file, text in TEXTS.items() if file.name != Path(__file__).name)


def exists(named: str) -> bool:
    """Return whether there is a file of that name, a test, one with those parts, or a case of one."""
    if named.endswith(".py"):
        return (ROOT / named).is_file() or any(file.name == named for file in TEXTS)
    wanted = ".*".join(map(re.escape, named.split("…")))
    return any(re.fullmatch(wanted, test) for test in TESTS) or f'"{named}"' in CASES


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[0][:40])
def test_every_threat_names_tests_that_exist(row: list[str]):
    threat, done, tests = row
    assert threat
    assert done
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    assert [name for name in named if not exists(name)] == []
