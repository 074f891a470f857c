"""Every page, as far as rules can be checked by a program: axe-core finds nothing serious that the app can avoid."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from scripts.screenshots import complaints_of, settle

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}

# Whether the contrast of a tab is enough, the rules leave open, since what marks it lies above.
OPEN_TABS_LIKE_TEXT = """
[...document.querySelectorAll("[role=tab][aria-selected=true]")].every(
  tab => getComputedStyle(tab).color === getComputedStyle(document.querySelector("h1")).color)
"""


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_page_breaks_a_serious_rule_light_or_dark(browser: Browser, address: str, language: str):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale=language)
    page.set_default_timeout(60_000)
    complaints = complaints_of(page)
    page.goto(f"{address}/?lang={language}&key=01059083")
    settle(page)
    page.evaluate(AXE)
    found = {}
    for link in page.get_by_test_id("stSidebarNavLink").all():
        link.click()
        settle(page)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            settle(page)
            at_rest(page)
            assert page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme") == theme
            # Of all rules only that of contrast depends on the colours.
            found[link.inner_text(), theme] = violations(page, ["color-contrast"] if theme == "dark" else None)
            assert page.evaluate(OPEN_TABS_LIKE_TEXT)
        if language == "de":  # what a tab shows is built alike in every language
            page.emulate_media(color_scheme="light")
            for tab in page.get_by_test_id("stMain").get_by_role("tab", selected=False).all():
                tab.click()
                settle(page)
                at_rest(page)
                found[link.inner_text(), tab.inner_text()] = violations(page, None)
    page.close()
    assert len(found) >= 22
    assert {title: rules for title, rules in found.items() if rules} == {}
    assert complaints == []


def at_rest(page: Page) -> None:
    """Wait until nothing fades or moves any more."""
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")


def violations(page: Page, only: list[str] | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the rules that a page breaks gravely, with what breaks them; of all rules, or of those named."""
    options = {"resultTypes": ["violations"], **({"runOnly": only} if only else {})}
    result: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        (rule["id"], [(node["html"][-80:], node["failureSummary"][:200]) for node in rule["nodes"][:3]])
        for rule in result["violations"]
        if rule["impact"] in GRAVE
    ]
