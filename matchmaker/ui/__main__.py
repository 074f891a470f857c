"""The app as a program: what every first page needs is loaded beside the server, while the browser loads its part."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from typing import Final

# Whole before the other thread begins: two must not load one package at the same time.
from streamlit import runtime
from streamlit.web.cli import main

from matchmaker.errors import MatchmakerError

_LOOK: Final = 0.01
"""Seconds between looks whether the server is there."""


def load() -> None:
    """Load the rooms that take longest, and read the data; what is wrong with these the first page says in words."""
    from matchmaker import clusters, plans, service  # noqa: F401, PLC0415 - this is the work

    while not runtime.exists():  # caches belong to it
        time.sleep(_LOOK)
    from matchmaker.ui import cache  # noqa: PLC0415 - as above

    try:
        with contextlib.suppress(MatchmakerError):
            cache.opened().load()
    finally:
        # All this stays to the end: the collector need not walk through it, now or later.
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    gc.disable()
    threading.Thread(target=load, daemon=True).start()
    main(prog_name="streamlit")
