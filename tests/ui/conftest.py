"""The app without a browser, and with one."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from scripts.screenshots import BROWSER_ARGUMENTS, browser_path, complaints_of, running_app

ROOT = Path(__file__).resolve().parents[2]

Visit = Callable[..., AppTest]

PATIENCE = 60_000
"""Milliseconds until a browser gives up; a machine that does much else at the same time is no fault of the app."""

expect.set_options(timeout=PATIENCE)

# A server looks for components among all installed packages once. A session of AppTest does so each time, and takes
# longer for it than for the page.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


def visit(page: str = "municipality", *, key: str = "", lang: str = "de", simulated: bool = True) -> AppTest:
    """Open a page in a session of its own, as a link with this municipality and language would."""
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    session.query_params["lang"] = lang
    if key:
        session.query_params["key"] = key
    session.run()
    if not simulated:
        session.toggle(key="simulated").set_value(False).run()
    if page != "start":
        session.switch_page(f"matchmaker/ui/pages/{page}.py").run()
    return session


@pytest.fixture(scope="session")
def unfold() -> Callable[[AppTest], None]:
    """Unfold everything on a page."""

    def unfold(session: AppTest) -> None:
        for fold in session.expander:
            if key := re.search(r"fold_\w+$", fold.proto.id):
                session.session_state[key[0]] = True
        session.run()

    return unfold


@pytest.fixture(scope="module")
def look(any_databases) -> Iterator[Visit]:
    """Visit the app on a database in which nobody enters anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHMAKER_DATABASE_URL", any_databases.fresh())
        st.cache_resource.clear()
        yield visit
    st.cache_resource.clear()


@pytest.fixture
def enter(database: str) -> Iterator[Visit]:
    """Visit the app on a database of the test's own."""
    assert database
    st.cache_resource.clear()
    yield visit
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium; continuous integration must have one."""
    path = browser_path()
    if path is None:
        missing = "No Chromium or Chrome is installed; MATCHMAKER_BROWSER may name one."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def address(browser: Browser, any_databases) -> Iterator[str]:
    """Run the app as it is run in earnest; give its address."""
    assert browser.is_connected()
    with running_app(any_databases.fresh()) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a tab that stays on this machine and in which nothing goes wrong, or the test fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    complaints = complaints_of(tab)
    yield tab
    context.close()
    assert complaints == []
