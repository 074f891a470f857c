"""Files to take along: each is made when it is asked for, and stays until its user goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx


def button(
    label: str, make: Callable[[], bytes | str], file_name: str, *, key: str, mime: str = "application/octet-stream",
    place: Any = st, **looks: Any,
) -> None:  # fmt: skip
    """Draw a button for a file, on the page or in one of its columns; ``make`` gives the content after the click."""
    place.download_button(
        label, data=kept(make, file_name, mime), file_name=file_name, mime=mime, key=key, icon=":material/download:",
        on_click="ignore", **looks,
    )  # fmt: skip


def kept(make: Callable[[], bytes | str], file_name: str, mime: str) -> Callable[[], bytes]:
    """Return what makes a file and lets it stay until this session runs again.

    Streamlit takes a file that is made after a click for nobody's and deletes it with the second run of whatever
    sessions, among many users often before the browser has fetched it.
    """
    context = get_script_run_ctx()

    def made() -> bytes:
        content = make()
        written = content.encode() if isinstance(content, str) else content
        # Files belong to the session in whose name a thread adds them; the same content is the same file.
        adding = Thread(
            target=runtime.get_instance().media_file_mgr.add, args=(written, mime, f"made {file_name}", file_name, True)
        )
        add_script_run_ctx(adding, context)
        adding.start()
        adding.join()
        return written

    return made
