# ruff: noqa: INP001, T201 - a script, no package; it talks on the terminal
"""Walk a new user's way from the first page to the council paper, count the clicks, and write the guide with pictures.

Starts the app with a database that is thrown away and does what somebody does who has never seen it: own profile,
partners, project, council paper. Every click and every pause is counted. Usage, from the root of the checkout with the
test requirements installed::

    python scripts/guide.py          # writes docs/guide.md and its pictures
    python scripts/guide.py --count  # only counts

Set ``MATCHMAKER_BROWSER`` to the path of a Chromium or Chrome that is not on the search path.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Download, Locator, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.screenshots import BROWSER_ARGUMENTS, browser_path, running_app, settle  # noqa: E402 - needs the line above

GUIDE: Final = ROOT / "docs" / "guide.md"
TOWN: Final = "Süderbrarup"
COLOURS: Final = 64
"""Colours of the pictures: enough for a screen without photographs, and a quarter of the size."""


TEXTS: Final = {
    "start": ("Die Startseite fragt, was Sie tun möchten. Klicken Sie auf **1. Meine Kommune beschreiben**."),
    "kommune": (
        "Klicken Sie links in das Feld **Ihre Kommune**, tippen Sie den Namen und wählen Sie ihn aus der Liste."
    ),
    "worte": (
        "Schreiben Sie in eigenen Worten, was Ihre Beschäftigten stört, und verlassen Sie das Feld mit der "
        "Tabulatortaste. Darunter stehen Vorschläge."
    ),
    "bedarf": ("Klicken Sie auf den passenden Vorschlag und sagen Sie, wie dringend er ist."),
    "gespeichert": (
        "Speichern Sie. Das genügt für den Anfang; Reifegrad, Personal und Geld können Sie später ergänzen."
    ),
    "partner": (
        "**Partner finden** zeigt, wer zu Ihnen passt. Plus spricht dafür, Minus dagegen, der Pfeil sagt, was "
        "weiterhilft. Das Fragezeichen neben einer Zahl erklärt sie."
    ),
    "projekt": (
        "**Gemeinsame Projekte** zeigt, was Sie mit anderen beginnen könnten, wer es führen kann und was es "
        "spart. „Keine Ersparnis“ ist eine mögliche Antwort."
    ),
    "vorlage": ("Klicken Sie auf **Vorlage (Word)**: Die Ratsvorlage wird heruntergeladen."),
}
"""What the guide says about each step."""


@dataclass(frozen=True)
class Step:
    """One step of the way, with the clicks and seconds so far."""

    name: str
    clicks: int
    seconds: float


class Walk:
    """A user in front of the app who counts his clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.paper: Download | None = None
        self._began = time.monotonic()

    def _click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def _done(self, name: str) -> Step:
        self.page.wait_for_timeout(300)  # leaving a field draws the page anew
        settle(self.page)
        return Step(name, self.clicks, time.monotonic() - self._began)

    def way(self, address: str) -> Iterator[Step]:
        """Yield each step once it is done; ``paper`` has the council paper at the end."""
        page = self.page
        page.goto(f"{address}/?lang=de")
        settle(page)
        yield self._done("start")
        self._click(page.get_by_role("link", name="1. Meine Kommune beschreiben"))
        settle(page)
        field = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Ihre Kommune")
        self._click(field)
        field.fill(TOWN)
        self._click(page.get_by_role("option").filter(has_text=TOWN).first)
        page.get_by_role("heading", level=3, name=TOWN).wait_for()
        yield self._done("kommune")
        words = page.get_by_role("textbox", name="Sagen Sie es in eigenen Worten")
        self._click(words)
        words.fill("Protokolle dauern ewig")
        words.press("Tab")
        # Exactly: once taken up, the button that removes it bears the name too.
        proposal = page.get_by_role("button", name="KI-Protokollierung von Gremiensitzungen", exact=True)
        proposal.wait_for()
        yield self._done("worte")
        self._click(proposal)
        urgency = page.get_by_role("radiogroup", name="KI-Protokollierung").get_by_text("dringend")
        urgency.wait_for()
        settle(page)
        self._click(urgency)
        yield self._done("bedarf")
        self._click(page.get_by_role("button", name="Speichern"))
        page.get_by_text("Gespeichert.").wait_for()
        yield self._done("gespeichert")
        self._click(page.get_by_test_id("stMain").get_by_role("link", name="Partner finden"))
        page.get_by_role("heading", level=4).first.wait_for()
        yield self._done("partner")
        self._click(page.get_by_test_id("stSidebarNav").get_by_role("link", name="Gemeinsame Projekte"))
        page.get_by_role("button", name="Vorlage (Word)").first.wait_for()
        yield self._done("projekt")
        with page.expect_download() as download:
            self._click(page.get_by_role("button", name="Vorlage (Word)").first)
        self.paper = download.value
        yield self._done("vorlage")


def main() -> None:
    """Walk the way and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", action="store_true", help="write nothing")
    count_only = parser.parse_args().count
    lines = [
        "# In wenigen Minuten zur Ratsvorlage",
        "",
        "Starten Sie mit `python -m matchmaker run`; der Browser öffnet die Startseite.",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="de")
        with running_app(f"sqlite:///{Path(folder, 'guide.db').as_posix()}") as address:
            walk = Walk(page)
            for number, step in enumerate(walk.way(address), start=1):
                print(f"{number}. {step.name}: {step.clicks} clicks, {step.seconds:.0f} s")
                lines += [f"{number}. {TEXTS[step.name]}", "", f"   ![Schritt {number}](guide/{step.name}.png)", ""]
                if not count_only:
                    _picture(page, GUIDE.parent / "guide" / f"{step.name}.png")
            browser.close()
    lines.append(f"Das sind {walk.clicks} Klicks.")
    if not count_only:
        GUIDE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _picture(page: Page, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(1000)  # charts are painted after the text
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        small = shot.convert("RGB").resize((960, 600), Image.Resampling.LANCZOS)
        # By this method small patches of a colour keep it, such as those of a legend.
        small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2).save(file, optimize=True)


if __name__ == "__main__":
    main()
