"""The attacks of ``scripts``, a few of each: killed while it writes, and fed with absurd files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import fuzz_import

ROOT = Path(__file__).resolve().parents[1]


def test_whoever_is_killed_while_writing_leaves_all_or_nothing(databases, request):
    where = ["--server", request.getfixturevalue("postgres").address] if databases.kind == "postgresql" else []
    few = ["--times", "1", "--rows", "60", "--seed", str(os.getpid())]
    ran = subprocess.run(
        [sys.executable, "scripts/attack_store.py", *few, *where],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line for line in ran.stdout.splitlines() if "times whole" in line] == [
        "import: 1 times whole", "edit: 1 times whole", "migration: 1 times whole",
    ]  # fmt: skip


@pytest.mark.files_too  # it looks beside the program into the file
def test_absurd_files_are_taken_in_whole_or_refused_with_a_reason(capsys: pytest.CaptureFixture[str]):
    assert fuzz_import.main(["--n", "25", "--seed", "11"]) == 0
    said = capsys.readouterr().out
    assert "25 files, 0 wrong" in said
    assert "taken in" in said
    assert "import-rejected" in said
