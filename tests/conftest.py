"""Data that several rooms are tried on, and a database of its own for each test that writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from matchmaker.dataset import Dataset
from matchmaker.workspace import Workspace


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """Return the shipped data with the demonstration participants."""
    return Workspace().load()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a database that does not exist yet; the program uses it unless told otherwise."""
    url = f"sqlite:///{tmp_path / 'own entries.db'}"
    monkeypatch.setenv("MATCHMAKER_DATABASE_URL", url)
    return url
