"""Data that several rooms are tried on."""

from __future__ import annotations

import pytest

from matchmaker.dataset import Dataset
from matchmaker.service import Workspace


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """Return the shipped data with the demonstration participants."""
    return Workspace().load()
