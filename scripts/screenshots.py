# ruff: noqa: INP001 - a script, no package
"""Take a picture of every page in both languages, light and dark.

Starts the app with a database of its own that is thrown away, in which Süderbrarup has entered three needs, walks
through the pages with the system's Chromium and writes ``<folder>/<page>-<language>-<theme>.png``, 1280 pixels wide
and as high as the page. ``start`` is the first page, the others are named as in their address. Nothing is fetched
from elsewhere.

Usage, from the root of the checkout with the test requirements installed::

    python scripts/screenshots.py docs/pictures

Set ``MATCHMAKER_BROWSER`` to the path of a Chromium or Chrome that is not on the search path.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matchmaker.entries import own_profile  # noqa: E402
from matchmaker.store import Store  # noqa: E402
from matchmaker.workspace import Workspace  # noqa: E402

KEY: Final = "01059083"
NEEDS: Final = (("UC01", 3), ("UC03", 2), ("UC05", 1))
# The browser itself shall not call home either.
BROWSER_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser_path() -> str | None:
    """Return the system's Chromium or Chrome, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
    return os.environ.get("MATCHMAKER_BROWSER") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def running_app(database: str, *more: str, package: Path | None = None, says: IO[bytes] | None = None) -> Iterator[str]:
    """Run the app on a free port with a database, or read-only with a package, and more options of Streamlit.

    ``says`` takes what it writes to standard error, which is where the caller's goes otherwise.
    """
    port = free_port()
    address = f"http://localhost:{port}"
    options = ("--server.headless=true", f"--server.port={port}", *more)
    server = subprocess.Popen(  # noqa: S603 - the project's own app in the running Python
        [sys.executable, "-m", "matchmaker.ui", "run", "app.py", *options],
        cwd=ROOT,
        env={
            **os.environ,
            "MATCHMAKER_DATABASE_URL": database,
            **({"MATCHMAKER_DATA": str(package)} if package else {}),
        },
        stdout=subprocess.DEVNULL,
        stderr=says,
    )
    try:
        while not answers(f"{address}/_stcore/health"):
            if server.poll() is not None:
                raise RuntimeError(f"The app ended with code {server.returncode}.")
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return the number of a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


def answers(address: str) -> bool:
    """Return whether a server answers at an address."""
    try:
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - the own app's address
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP "OK"
    except OSError:
        return False


def complaints_of(page: Page) -> list[str]:
    """Return a list that fills with what goes wrong in a tab: errors, and requests that leave this machine."""
    complaints: list[str] = []
    page.on("request", lambda request: complaints.extend(_foreign(request.url)))
    page.on("websocket", lambda socket: complaints.extend(_foreign(socket.url)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def _foreign(url: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme in {"data", "blob"} or parts.hostname in {"localhost", "127.0.0.1"}:
        return []
    return [url]


def settle(page: Page) -> None:
    """Wait until the app has drawn everything."""
    page.wait_for_selector("[data-testid=stAppViewContainer] h1")
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'running' &&"
        " !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-testid=stSpinner],"
        " [data-stale=true]')"
    )


def _picture(page: Page, file: Path) -> None:
    settle(page)
    page.wait_for_timeout(1500)  # charts are painted after the text
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": 1280, "height": max(900, int(height))})
    page.wait_for_timeout(700)
    page.screenshot(path=file)
    page.set_viewport_size({"width": 1280, "height": 900})


def _take(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        database = f"sqlite:///{Path(temporary, 'pictures.db').as_posix()}"
        workspace = Workspace(store=Store(database))
        workspace.save_profile(replace(own_profile(workspace.load(), KEY), needs=NEEDS, as_of="2026-11-01"))
        with running_app(database) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_ARGUMENTS)
            for language in ("de", "en"):
                for theme in ("light", "dark"):
                    page = browser.new_page(
                        viewport={"width": 1280, "height": 900}, color_scheme=theme, locale=language
                    )
                    page.goto(f"{address}/?lang={language}&key={KEY}")
                    settle(page)
                    for link in page.get_by_test_id("stSidebarNavLink").all():
                        name = urlsplit(link.get_attribute("href") or "").path.strip("/") or "start"
                        link.click()
                        _picture(page, folder / f"{name}-{language}-{theme}.png")
                    page.close()
            browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go; made if missing")
    chosen: Path = parser.parse_args().folder
    chosen.mkdir(parents=True, exist_ok=True)
    _take(chosen)
