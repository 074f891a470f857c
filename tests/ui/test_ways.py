"""A new user's way from the first page to the council paper, with few clicks and with the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.guide import TEXTS, Walk
from scripts.screenshots import settle

MOST_TABS = 90
MOST_AROUND = 60  # what holds everything has the name somewhere too


def test_a_new_user_has_the_council_paper_after_at_most_fifteen_clicks(page, address):
    walk = Walk(page)
    steps = list(walk.way(address))
    assert [step.name for step in steps] == list(TEXTS)
    assert walk.clicks <= 15
    assert Path(walk.paper.path()).read_bytes().startswith(b"PK")
    assert walk.paper.suggested_filename == "01059083-UC01.docx"


def tab_to(page: Page, name: str, role: str = ""):
    """Press Tab until something of that name has the focus, as a person without a mouse would."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate_handle("document.activeElement").as_element()
        said = page.evaluate(
            "e => [e.getAttribute('aria-label') || e.innerText, e.closest('[role=radiogroup]')?.ariaLabel].join(' ')",
            focus,
        )
        kind = page.evaluate("e => e.getAttribute('role') || e.tagName.toLowerCase()", focus)
        if name in said and role in kind and len(said) < len(name) + MOST_AROUND:
            return
    pytest.fail(f"{MOST_TABS} times Tab do not reach {name}")


def test_the_whole_way_goes_with_the_keyboard_alone(page, address):
    page.goto(f"{address}/?lang=de")
    settle(page)
    tab_to(page, "1. Meine Kommune beschreiben")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Meine Kommune")
    settle(page)
    tab_to(page, "Ihre Kommune", "combobox")
    page.keyboard.type("16053000")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=3)).to_have_text("Jena")
    settle(page)
    tab_to(page, "Sagen Sie es in eigenen Worten", "input")
    page.keyboard.type("Protokolle dauern ewig")
    page.keyboard.press("Enter")
    proposal = "KI-Protokollierung von Gremiensitzungen"
    page.get_by_role("button", name=proposal).wait_for()
    settle(page)
    tab_to(page, proposal, "button")
    page.keyboard.press("Enter")
    group = page.get_by_role("radiogroup", name=proposal)
    group.wait_for()
    settle(page)
    tab_to(page, proposal, "radio")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(group.get_by_role("radio", name="dringend")).to_be_checked()
    settle(page)
    tab_to(page, "Speichern", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Gespeichert.")).to_be_visible()
    settle(page)
    for title in ("Partner finden", "Gemeinsame Projekte"):
        tab_to(page, title, "a")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        settle(page)
    page.get_by_role("button", name="Vorlage (Word)").first.wait_for()
    tab_to(page, "Vorlage (Word)", "button")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
