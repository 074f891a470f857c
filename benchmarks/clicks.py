# ruff: noqa: INP001, T201
# A script, no package; it prints tables for benchmarks/RESULTS.md.
"""How long people wait: from a click in the browser to the new content, for the main clicks of every page.

Starts the app on simulated municipalities, opens a headless Chromium, clicks, and prints for each click how long the
first one took since the app was started, and median and 95th percentile of all that followed. A click counts as
answered when what it asks for stands on the page and the app has come to rest. The time is taken inside the page, so
what steers the browser costs nothing.

    python benchmarks/clicks.py                    # 400 and 10,750 municipalities, sixteen of each click
    python benchmarks/clicks.py --sizes 400 --only partner --times 5

Needs the test requirements; ``MATCHMAKER_BROWSER`` may name the browser.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matchmaker import exchange, service  # noqa: E402 - needs the line above
from matchmaker.workspace import Workspace  # noqa: E402 - as above
from scripts.screenshots import BROWSER_ARGUMENTS, answers, browser_path, free_port, running_app, settle  # noqa: E402 - as above

STARTS: Final = 4
"""Starts of the program that are measured; the first finds nothing of itself in memory or browser."""

VIEWPORT: Final = ViewportSize(width=1280, height=900)


class Click(NamedTuple):
    """A click, and what of the page it must change, as an expression in JavaScript.

    ``ahead`` says that the browser shows the change at once, so that only the run of the app tells the answer.
    """

    name: str
    action: Callable[[], object]
    shown: str
    ahead: bool = False


TITLES: Final = {  # in the order of the sidebar
    "": "Was möchten Sie tun?", "kommune": "Meine Kommune", "partner": "Partner finden",
    "projekte": "Gemeinsame Projekte", "anfragen": "Anfragen und Zusammenarbeit",
    "vergleich": "Vergleichskommunen", "netz": "Kooperationsnetz",
    "plan": "Kompetenzzentrum", "typen": "Typen",
    "thesen": "Lage und Thesen", "daten": "Daten",
    "methode": "So wird gerechnet", "barrierefreiheit": "Erklärung zur Barrierefreiheit",
}  # fmt: skip

_WATCH: Final = """
([expression, ahead]) => {
  window.waited = null
  const shown = () => eval(expression), before = shown(), app = document.querySelector("[data-testid=stApp]")
  const atRest = () => app.getAttribute("data-test-script-state") === "notRunning"
    && !document.querySelector("[data-testid=stSpinner], [data-stale=true]")
  const begin = () => {
    for (const kind of ["click", "keydown"]) document.removeEventListener(kind, begin, true)
    const at = performance.now(), told = window.messages
    let since = null
    const look = () => {
      const now = performance.now()
      if (!atRest() || shown() === before || (ahead && window.messages === told)) since = null
      else since ??= now
      if (since !== null && now - since > 100) window.waited = since - at
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, begin, true)
}
"""
"""Answered is a click once the app has told its answer, what was asked about looks different, and nothing changes for a
tenth of a second more, which is not counted."""

_COUNT_MESSAGES: Final = """
window.messages = 0
window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address)
    this.addEventListener("message", () => { window.messages++ })
  }
}
"""


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 10_750])
    parser.add_argument("--times", type=int, default=16)
    parser.add_argument("--only", choices=[name or "start" for name in TITLES], nargs="*", default=[])
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
    somebody = (package / "register.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    print(f"### {n:,} municipalities\n\n| page | click | first | times | median | 95th percentile | longest |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_ARGUMENTS)
        port = free_port()
        with browser.new_context(viewport=VIEWPORT, locale="de") as visitor:
            for number in range(STARTS):
                what = f"{number + 1}. start, from the command to a usable page"
                print(f"| start | {what} | {start(visitor, package, port):,.0f} | | | | |")
        with running_app("sqlite://", package=package) as address:
            context = browser.new_context(viewport=VIEWPORT, locale="de")
            context.add_init_script(_COUNT_MESSAGES)
            page = opened(context, f"{address}/?lang=de&key={somebody}")
            for name in TITLES:
                if not only or (name or "start") in only:
                    clicks_of(page, name, times)
        browser.close()


def start(browser: BrowserContext, package: Path, port: int) -> float:
    """Return the milliseconds from ``python -m matchmaker run`` until the first page can be used.

    From the second start on the browser keeps the files of the first, as it does for everybody who comes back.
    """
    address, began = f"http://localhost:{port}", time.perf_counter()
    program = subprocess.Popen(  # noqa: S603 - the project's own command in the running Python
        [sys.executable, "-m", "matchmaker", "--data", str(package), "run", "--no-browser", "--port", str(port)],
        # Some machines for tests forbid Python to keep what it has compiled, and would compile it at every start.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while not answers(f"{address}/_stcore/health"):
            time.sleep(0.02)
        opened(browser, f"{address}/?lang=de").close()
        return 1000 * (time.perf_counter() - began)
    finally:
        os.killpg(program.pid, signal.SIGTERM)
        program.wait()
        while answers(f"{address}/_stcore/health"):
            time.sleep(0.02)


def opened(browser: BrowserContext, address: str) -> Page:
    """Return an address of the app in a new tab, once it is at rest."""
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    settle(page)
    return page


def clicks_of(page: Page, name: str, times: int) -> None:
    """Print how long the clicks that lead to a page and the main ones on it take."""
    waited: dict[str, list[float]] = {}

    def measured(click: Click) -> None:
        page.evaluate(_WATCH, [click.shown, click.ahead])
        click.action()
        handle = page.wait_for_function("window.waited")
        waited.setdefault(click.name, []).append(float(handle.json_value()))
        settle(page)
        page.wait_for_timeout(150)  # charts are still painted; the next click shall find the page at rest

    for turn in range(1 + times):
        open_page(page, "methode" if name == "" else "")
        measured(Click("opening it", link(page, name).click, _title(name)))
        if name in CLICKS:
            for click in CLICKS[name](page, turn):
                measured(click)
    for what, (first, *others) in waited.items():
        late = statistics.quantiles(others, n=20, method="inclusive")[-1] if len(others) > 1 else max(others)
        figures = f"{len(others)} | {statistics.median(others):,.0f} | {late:,.0f} | {max(others):,.0f}"
        print(f"| {name or 'start'} | {what} | {first:,.0f} | {figures} |", flush=True)


def link(page: Page, name: str) -> Locator:
    """Return the link in the sidebar that leads to a page."""
    return page.get_by_test_id("stSidebarNavLink").nth(list(TITLES).index(name))


def open_page(page: Page, name: str) -> None:
    """Go to a page and wait for it."""
    link(page, name).click()
    page.wait_for_function(_title(name))
    settle(page)


def _title(name: str) -> str:
    return f"!!document.querySelector('h1')?.innerText.trim().startsWith('{TITLES[name]}')"


def _texts(selector: str) -> str:
    return f"[...document.querySelectorAll({selector!r})].map(e => e.innerText).join('|')"


def _states(role: str, attribute: str) -> str:
    return f"[...document.querySelectorAll('[role={role}]')].map(e => e.getAttribute('{attribute}')).join('|')"


_TABLES: Final = """
([...document.querySelectorAll("[data-testid=data-grid-canvas]")]
  .filter(e => e.width && e.getContext("2d").getImageData(9, 9, 1, 1).data[3])
  .forEach(e => e.nth ??= window.nth = (window.nth ?? 0) + 1), window.nth)
"""
"""How many tables were painted so far. What tells screen readers the number of their rows follows a fifth of a second
later."""


def clicks_on_start(page: Page, _turn: int) -> Iterator[Click]:
    """Change the language there and back."""
    yield Click("other language", page.get_by_text("English", exact=True).click, _texts("h1"))
    yield Click("and back", page.get_by_text("Deutsch", exact=True).click, _texts("h1"))


def clicks_on_municipality(page: Page, turn: int) -> Iterator[Click]:
    """Say what bothers, choose it, and say how pressing it is."""
    words = page.get_by_role("textbox", name="Sagen Sie es in eigenen Worten")
    words.fill(("Protokolle dauern ewig", "Das Telefon klingelt ununterbrochen")[turn % 2])
    yield Click("own words", lambda: words.press("Tab"), _texts("[data-testid=stMain] button"))
    field = page.get_by_role("combobox", name="Was kostet Ihre Beschäftigten Zeit und Nerven?")
    field.fill("KI")
    page.get_by_role("option").nth(1).wait_for()
    yield Click("one need more", lambda: field.press("Enter"), _texts("[role=radiogroup]"))
    field.press("Escape")
    urgency = page.get_by_role("radiogroup").filter(has_text="dringend").first
    yield Click(
        "how pressing",
        urgency.locator("[aria-checked=false]").first.click,
        _states("radio", "aria-checked"),
        ahead=True,
    )
    captions = _texts("[data-testid=stCaptionContainer]")
    yield Click("another step", page.get_by_role("tab", name="3 Reifegrad").click, captions)
    slider = page.get_by_test_id("stMain").get_by_role("slider").first
    key = "ArrowLeft" if turn % 2 else "ArrowRight"
    yield Click("one level more or less", lambda: slider.press(key), captions)


def clicks_on_partners(page: Page, turn: int) -> Iterator[Click]:
    """Ask for more partners, for other weights, and for another municipality, each time one that is new."""
    filters = page.get_by_text("Filter", exact=True)
    yield Click("unfold the filters", filters.click, "document.querySelectorAll('input[type=range]').length")
    slider = page.get_by_role("slider", name="Anzahl der Partner")
    yield Click("one partner more", lambda: slider.press("ArrowRight"), _texts("summary"))
    filters.click()
    settle(page)
    page.get_by_text("Was soll zählen?", exact=True).click()
    preset = ("Neue Verbindungen", "Projekte vieler Kommunen", "Meine Kommune")[turn % 3]
    button = page.get_by_test_id("stMain").get_by_role("radio", name=preset)
    yield Click("other weights", lambda: button.click(force=True), _texts("h4, [data-testid=stMetricValue]"))
    field = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Ihre Kommune")
    field.click()
    field.fill(f"Kleinstadt {turn + 2} ")
    page.get_by_role("option").first.wait_for()
    yield Click("another municipality", lambda: field.press("Enter"), _texts("h4"))


def clicks_on_projects(page: Page, turn: int) -> Iterator[Click]:
    """Ask for the project of one use case after the other, and how it was computed."""
    field = page.get_by_role("combobox", name="Anwendungsfall")
    field.click()
    page.wait_for_timeout(300)
    if not page.get_by_role("option").count():
        field.click()  # pictures that came late have closed the list
    page.get_by_role("option").nth(turn % 8).wait_for()  # of a long list only some ten options are drawn
    for _press in range(turn % 8 + 1):
        field.press("ArrowDown")
    yield Click("another use case", lambda: field.press("Enter"), _texts("h4"))
    fold = page.get_by_text("So wurde gerechnet").first
    yield Click("unfold how it was computed", fold.click, _TABLES)


def clicks_on_peers(page: Page, _turn: int) -> Iterator[Click]:
    """Ask for one peer more, and for one less."""
    slider = page.get_by_role("slider", name="Zahl der Vergleichskommunen")
    number = _texts("[data-testid=stSliderThumbValue]")
    yield Click("one peer more", lambda: slider.press("ArrowRight"), number, ahead=True)
    yield Click("one peer less", lambda: slider.press("ArrowLeft"), number, ahead=True)


def clicks_on_network(page: Page, turn: int) -> Iterator[Click]:
    """Click a dot in both pictures, open a table, and show one layer more and less."""
    about = _texts("[data-testid=stMain] h3")
    dot = dot_in(page, "network_map", [213, 94, 0], turn)
    yield Click("a dot on the map", lambda: page.mouse.click(*dot), about)
    graph = page.get_by_role("tab", name="Als Netzbild")
    yield Click("the graph", graph.click, _states("tab", "aria-selected"), ahead=True)
    node = dot_in(page, "network_graph", [0, 158, 115], turn)
    yield Click("a dot in the graph", lambda: page.mouse.click(*node), about)
    table = ("Verbindungen", "Brücken", "Fehlende Verbindungen", "Ohne Anschluss")[turn % 4]
    yield Click("another table", page.get_by_role("tab", name=table, exact=True).click, _TABLES)
    layer = page.get_by_test_id("stMain").get_by_role("button", name="Gemeinsamer Partner", exact=True)
    yield Click("one layer more", layer.click, _texts("[data-testid=stMetricValue]"))
    yield Click("one layer less", layer.click, _texts("[data-testid=stMetricValue]"))


def dot_in(page: Page, name: str, colour: list[int], turn: int) -> list[float]:
    """Return where a dot of a colour is seen in a picture, once it is painted; another one each turn."""
    page.locator(f".st-key-{name} canvas").first.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # a move of the page would move the dot
    found: list[float] = page.wait_for_function(_DOT, arg=[name, colour, turn]).json_value()
    return found


_DOT: Final = """
([name, colour, turn]) => {
  const found = []
  for (const canvas of document.querySelectorAll(`.st-key-${name} canvas`)) {
    const {width, height} = canvas, scale = width / canvas.clientWidth, {left, top} = canvas.getBoundingClientRect()
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data
    const dot = (x, y) => colour.every((value, i) => Math.abs(pixels[4 * (y * width + x) + i] - value) < 55)
    for (let y = 120 * scale | 0; y < height - 3 && top + y / scale < innerHeight - 20; y++)
      for (let x = 3; x < width - 3; x++)
        if (top + y / scale > 80 && dot(x, y) && dot(x - 2, y) && dot(x + 2, y) && dot(x, y - 2) && dot(x, y + 2)
          && found.every(([fx, fy]) => Math.hypot(fx - left - x / scale, fy - top - y / scale) > 14))
          found.push([left + x / scale, top + y / scale])
  }
  return found.length && found[turn % found.length]
}
"""
"""Below the legend, where the middle of a dot is not at the edge of the window."""


def clicks_on_plan(page: Page, turn: int) -> Iterator[Click]:
    """Change a limit, and ask for a plan; answered as soon as the page tells how far it is."""
    slider = page.get_by_role("slider", name="Höchstzahl der Mitglieder")
    key = "ArrowLeft" if turn % 2 else "ArrowRight"
    yield Click("another limit", lambda: slider.press(key), _texts("[data-testid=stSliderThumbValue]"), ahead=True)
    begun = "document.querySelector('[data-testid=stMain]').innerText.includes('Suche nach dem besten Plan')"
    yield Click("make a plan", page.get_by_role("button", name="Plan erstellen").click, begun)
    page.get_by_role("button", name="Beenden").click()
    page.get_by_test_id("stMetricValue").first.wait_for()


def clicks_on_types(page: Page, turn: int) -> Iterator[Click]:
    """Ask for another number of types; each number is new the first time."""
    field = page.get_by_role("combobox", name="Anzahl der Typen")
    field.click()
    field.fill(str(2 + turn % 7))
    page.get_by_role("option").first.wait_for()
    listed = "document.querySelectorAll('[role=option]').length"
    yield Click("another number", lambda: field.press("Enter"), listed, ahead=True)


def clicks_on_statements(page: Page, turn: int) -> Iterator[Click]:
    """Unfold the table behind a statement."""
    fold = page.get_by_text("Tabelle und Test").nth(turn % 8)
    yield Click("unfold table and test", fold.click, _TABLES)


def clicks_on_data(page: Page, _turn: int) -> Iterator[Click]:
    """Load the empty form."""
    page.evaluate(_COUNT_DOWNLOADS)
    button = page.get_by_role("button", name="Leeres Formular")
    yield Click("load the empty form", button.click, "window.downloads")


_COUNT_DOWNLOADS: Final = """
() => {
  window.downloads ??= 0
  window.pressLink ??= HTMLAnchorElement.prototype.click
  HTMLAnchorElement.prototype.click = function () { window.downloads++; window.pressLink.call(this) }
}
"""

CLICKS: Final[dict[str, Callable[[Page, int], Iterator[Click]]]] = {
    "": clicks_on_start,
    "kommune": clicks_on_municipality,
    "partner": clicks_on_partners,
    "projekte": clicks_on_projects,
    "vergleich": clicks_on_peers,
    "netz": clicks_on_network,
    "plan": clicks_on_plan,
    "typen": clicks_on_types,
    "thesen": clicks_on_statements,
    "daten": clicks_on_data,
}

if __name__ == "__main__":
    main()
