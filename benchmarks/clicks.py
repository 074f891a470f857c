# ruff: noqa: INP001, T201
# A script, no package; it prints tables for benchmarks/RESULTS.md.
"""How long people wait: from a click in the browser to the new content, for the main clicks of every page.

Starts the app on simulated municipalities, opens a headless Chromium, clicks, and prints median and 95th percentile
in Markdown. A click counts as answered when what it asks for stands on the page and the app has come to rest. The
time is taken inside the page, so what steers the browser costs nothing.

    python benchmarks/clicks.py                    # 400 and 10,750 municipalities, twenty of each click
    python benchmarks/clicks.py --sizes 400 --only partner --times 5

Needs the test requirements; ``MATCHMAKER_BROWSER`` may name the browser.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from playwright.sync_api import Locator, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matchmaker import exchange, service  # noqa: E402 - needs the line above
from matchmaker.workspace import Workspace  # noqa: E402 - as above
from scripts.screenshots import BROWSER_ARGUMENTS, browser_path, running_app, settle  # noqa: E402 - as above

Click: TypeAlias = tuple[str, Callable[[], None], str]
"""What is measured, the click, and a condition in JavaScript that holds once it is answered."""

KEYS: Final = ("00000001", "00000002")
TITLES: Final = {
    "": "Was möchten Sie tun?", "kommune": "Meine Kommune", "partner": "Partner finden",
    "projekte": "Gemeinsame Projekte", "vergleich": "Vergleichskommunen", "netz": "Kooperationsnetz",
    "plan": "Kompetenzzentrum", "typen": "Typen", "thesen": "Lage und Thesen", "methode": "So wird gerechnet",
    "barrierefreiheit": "Erklärung zur Barrierefreiheit",
}  # fmt: skip

_WATCH: Final = """
answered => {
  window.waited = null
  window.ran = false
  const begin = event => {
    for (const kind of ["click", "keydown"]) document.removeEventListener(kind, begin, true)
    const at = performance.now(), app = document.querySelector("[data-testid=stApp]")
    const idle = () => app.getAttribute("data-test-script-state") === "notRunning"
      && !document.querySelector("[data-testid=stSpinner], [data-stale=true]")
    new MutationObserver((_changes, seen) => {
      if (app.getAttribute("data-test-script-state") === "running") { window.ran = true; seen.disconnect() }
    }).observe(app, { attributes: true })
    const look = () => eval(answered) && idle() ? window.waited = performance.now() - at : requestAnimationFrame(look)
    requestAnimationFrame(look)
  }
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, begin, true)
}
"""


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 10_750])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", choices=[name for name in TITLES if name], nargs="*", default=[])
    arguments = parser.parse_args()
    print(f"Load of the machine at the beginning: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    for n in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "country")
            exchange.write(service.simulated_package(Workspace().load(), n=n, seed=0), package)
            measure(n, package, arguments.times, arguments.only)
    print(f"\nLoad at the end: {os.getloadavg()[0]:.1f}.")


def measure(n: int, package: Path, times: int, only: list[str]) -> None:
    """Print how long each click takes with a data package of n municipalities."""
    print(f"### {n:,} municipalities\n\n| page | click | times | median ms | 95th percentile ms | longest ms |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_ARGUMENTS)
        for start in ("first start", "warm start"):
            began = time.perf_counter()
            with running_app("sqlite://", package=package) as address:
                page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="de")
                page.set_default_timeout(120_000)
                page.goto(f"{address}/?lang=de&key={KEYS[0]}")
                settle(page)
                seconds = time.perf_counter() - began
                print(f"| start | {start}, from the command to a usable page | 1 | {1000 * seconds:,.0f} | | |")
                if start == "warm start":
                    for name in TITLES:
                        if not only or name in only:
                            clicks_of(page, name, times)
        browser.close()


def clicks_of(page: Page, name: str, times: int) -> None:
    """Print how long the clicks that lead to a page and the main ones on it take."""
    waited: dict[str, list[float]] = {}

    def click(what: str, action: Callable[[], None], answered: str) -> None:
        """Click, and note how long the page took to answer."""
        page.evaluate(_WATCH, answered)
        action()
        handle = page.wait_for_function("window.waited")
        waited.setdefault(what, []).append(float(handle.json_value()))
        settle(page)
        page.wait_for_timeout(100)  # charts are still painted; the next click shall find the page at rest

    for turn in range(times):
        open_page(page, "methode" if name == "" else "")
        click("opening it", lambda: link(page, name).click(), _title(name))
        for what, action, answered in CLICKS.get(name, lambda _page, _turn: iter(()))(page, turn):
            click(what, action, answered)
    for what, times_waited in waited.items():
        late = statistics.quantiles(times_waited, n=20)[-1] if len(times_waited) > 1 else times_waited[0]
        figures = f"{statistics.median(times_waited):,.0f} | {late:,.0f} | {max(times_waited):,.0f}"
        print(f"| {name or 'start'} | {what} | {len(times_waited)} | {figures} |", flush=True)


def link(page: Page, name: str) -> Locator:
    """Return the link in the sidebar that leads to a page."""
    return page.get_by_test_id("stSidebarNavLink").nth(list(TITLES).index(name))


def open_page(page: Page, name: str) -> None:
    """Go to a page and wait for it."""
    link(page, name).click()
    page.wait_for_function(_title(name))
    settle(page)


def _title(name: str) -> str:
    return f"document.querySelector('h1')?.innerText.trim().startsWith('{TITLES[name]}')"


def _changes(page: Page, selector: str) -> str:
    """Return the condition that the texts of some elements are no longer what they are now."""
    texts = f"[...document.querySelectorAll({selector!r})].map(e => e.innerText).join('|')"
    page.evaluate(f"window.before = {texts}")
    return f"{texts} !== window.before"


def clicks_on_start(page: Page, turn: int) -> Iterator[Click]:
    """Change the language there and back."""
    names = ("English", "Deutsch") if turn % 2 == 0 else ("Deutsch", "English")
    for name in names:
        if page.locator("html").get_attribute("lang") != {"English": "en", "Deutsch": "de"}[name]:
            yield "other language", page.get_by_text(name, exact=True).click, _changes(page, "h1")


def clicks_on_municipality(page: Page, turn: int) -> Iterator[Click]:
    """Say what bothers, choose it, and say how pressing it is."""
    words = page.get_by_role("textbox", name="Sagen Sie es in eigenen Worten")
    words.fill(("Protokolle dauern ewig", "Das Telefon klingelt ununterbrochen")[turn % 2])
    yield "own words", lambda: words.press("Tab"), "window.ran"
    field = page.get_by_role("combobox", name="Was kostet Ihre Beschäftigten Zeit und Nerven?")
    field.fill("KI")
    page.get_by_role("option").nth(1).wait_for()
    yield "one need more", lambda: field.press("Enter"), _changes(page, "[role=radiogroup]")
    field.press("Escape")
    urgency = page.get_by_role("radiogroup").filter(has_text="dringend").first
    yield "how pressing", urgency.locator("[aria-checked=false]").first.click, "window.ran"


def clicks_on_partners(page: Page, turn: int) -> Iterator[Click]:
    """Ask for more partners, for other weights, and for another municipality."""
    page.get_by_text("Filter", exact=True).click()
    slider = page.get_by_role("slider", name="Anzahl der Partner")
    yield "one partner more", lambda: slider.press("ArrowRight"), _changes(page, "h4")
    page.get_by_text("Was soll zählen?", exact=True).click()
    preset = ("Neue Verbindungen", "Projekte vieler Kommunen", "Meine Kommune")[turn % 3]
    button = page.get_by_test_id("stMain").get_by_role("radio", name=preset)
    yield "other weights", lambda: button.click(force=True), _changes(page, "h4, [data-testid=stMetricValue]")
    field = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Ihre Kommune")
    field.click()
    field.fill(KEYS[(turn + 1) % 2])
    page.get_by_role("option").first.wait_for()
    yield "another municipality", lambda: field.press("Enter"), _changes(page, "h4")


def clicks_on_projects(page: Page, turn: int) -> Iterator[Click]:
    """Ask for the project of one use case after the other."""
    field = page.get_by_role("combobox", name="Anwendungsfall")
    field.click()
    page.get_by_role("option").nth(turn).wait_for()
    for _press in range(turn + 1):
        field.press("ArrowDown")
    yield "another use case", lambda: field.press("Enter"), _changes(page, "h4")


def clicks_on_peers(page: Page, turn: int) -> Iterator[Click]:
    """Ask for more peers."""
    slider = page.get_by_role("slider", name="Zahl der Vergleichskommunen")
    yield "one peer more or less", lambda: slider.press("ArrowLeft" if turn % 2 else "ArrowRight"), "window.ran"


def clicks_on_network(page: Page, _turn: int) -> Iterator[Click]:
    """Show one layer more, and less."""
    layer = page.get_by_test_id("stMain").get_by_text("Gemeinsamer Partner", exact=True).first
    yield "one layer more or less", layer.click, "window.ran"


def clicks_on_plan(page: Page, _turn: int) -> Iterator[Click]:
    """Ask for a plan; answered as soon as the page tells how far it is."""
    begun = "document.querySelector('[data-testid=stMain]').innerText.includes('besten Plan')"
    yield "make a plan", page.get_by_role("button", name="Plan erstellen").click, begun


def clicks_on_types(page: Page, turn: int) -> Iterator[Click]:
    """Ask for another number of types; each number is new the first time."""
    field = page.get_by_role("combobox", name="Anzahl der Typen")
    field.click()
    field.fill(str(2 + turn % 7))
    page.get_by_role("option").first.wait_for()
    yield "another number", lambda: field.press("Enter"), "window.ran"


CLICKS: Final[dict[str, Callable[[Page, int], Iterator[Click]]]] = {
    "": clicks_on_start,
    "kommune": clicks_on_municipality,
    "partner": clicks_on_partners,
    "projekte": clicks_on_projects,
    "vergleich": clicks_on_peers,
    "netz": clicks_on_network,
    "plan": clicks_on_plan,
    "typen": clicks_on_types,
}

if __name__ == "__main__":
    main()
