"""An officer's whole way through the app in a real browser, on a desk screen and in German."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.screenshots import settle

TITLES = ["Meine Kommune", "Partner finden", "Gemeinsame Projekte", "Kooperationsnetz"]


def go(page: Page, title: str):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    sound(page)


def sound(page: Page):
    """Wait for the page and look for anything that went wrong."""
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def choose(page: Page, typed: str, option: str):
    field = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Ihre Kommune")
    field.click()
    field.fill(typed)
    page.get_by_role("option", name=option, exact=True).click()
    sound(page)


def need(page: Page, typed: str, use_case: str, urgency: str):
    field = page.get_by_role("combobox", name="Was kostet Ihre Beschäftigten Zeit und Nerven?")
    field.fill(typed)
    page.get_by_role("option", name=use_case).click()
    settle(page)
    page.get_by_role("radiogroup", name=use_case).get_by_text(urgency).click()
    sound(page)


def test_an_officer_of_a_district_finds_partners_and_a_project(page, address):
    """The way of a town is in test_ways."""
    typed, option = "Lüchow-Dan", "Landkreis Lüchow-Dannenberg · NI · 03354"
    name, key = "Landkreis Lüchow-Dannenberg", "03354"
    page.goto(address)
    sound(page)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("link", name="1. Meine Kommune beschreiben").click()
    sound(page)
    choose(page, typed, option)
    expect(page.get_by_role("heading", level=3)).to_have_text(name)

    need(page, "Protokoll", "KI-Protokollierung von Gremiensitzungen", "dringend")
    need(page, "Chatbot", "Bürger-Chatbot", "wichtig")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Gespeichert.")).to_be_visible()
    sound(page)

    go(page, "Partner finden")
    page.get_by_text("Simulierte Kommunen zeigen").click()
    expect(page.get_by_text("simuliert", exact=True)).to_have_count(0)
    sound(page)
    expect(page.get_by_role("heading", level=4)).to_have_count(5)
    page.get_by_text("5 weitere Partner").click()
    expect(page.get_by_role("heading", level=4)).to_have_count(10)
    expect(page.get_by_text(re.compile(r"^\+ ")).first).to_be_visible()
    page.get_by_text(re.compile(r"veröffentlichte Quelle")).first.click()
    expect(page.get_by_role("link", name="Quelle").first).to_have_attribute("href", re.compile("^https://"))
    picture_has_ink(page, "partner_map")
    picture_has_ink(page, "score_bars")

    go(page, "Gemeinsame Projekte")
    expect(page.get_by_role("heading", level=4).first).to_be_visible()
    expect(page.get_by_text("Federführung: ").first).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"^[\d.]+\s€$"))
    assert f"key={key}" in page.url
    assert "lang=de" in page.url


def test_the_network_draws_and_changes_its_language(page, address):
    page.goto(f"{address}/?key=01059083&lang=de")
    sound(page)
    for title in TITLES[1:]:
        go(page, title)
    picture_has_ink(page, "network_map")
    picture_has_ink(page, "ego_graph")
    # The download that Streamlit itself offers guards no formula; the buttons of the page do.
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name="Vollbild").first).to_be_visible()
    own = page.get_by_test_id("stElementToolbarButton").filter(has=page.get_by_label("Tabelle als CSV"))
    expect(own.first).to_be_hidden()
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cooperation network")
    sound(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("link", name="Find partners")).to_be_visible()
    assert "key=01059083" in page.url
    assert "lang=en" in page.url


def test_the_first_press_of_save_counts(page, address):
    page.goto(f"{address}/?lang=de&key=01004000")
    sound(page)
    go(page, "Meine Kommune")
    field = page.get_by_role("combobox", name="Was kostet Ihre Beschäftigten Zeit und Nerven?")
    save, said = page.get_by_role("button", name="Speichern"), page.get_by_text("Gespeichert.")
    for count, typed in enumerate(("Protokoll", "Vermerke"), start=1):  # the cursor needs a third line
        field.click()
        field.fill(typed)
        page.get_by_role("option").first.click()
        expect(field).to_have_attribute("aria-expanded", "false")
        expect(page.get_by_role("radiogroup", name="Wie dringend")).to_have_count(count)
    settle(page)
    save.click(delay=100)  # a hand needs as long
    expect(said).to_be_visible()
    expect(said).to_be_hidden()

    page.get_by_role("tab", name="Personal").click()
    page.get_by_role("textbox", name="Freies Personal für KI").fill("0,5")
    page.get_by_role("tab", name="Was schon läuft").click()  # leaves the field and the step at once
    expect(page.get_by_role("combobox", name="Was planen, erproben oder betreiben Sie")).to_be_visible()
    save.click(delay=100)
    expect(said).to_be_visible()
    expect(said).to_be_hidden()

    page.get_by_role("tab", name="Personal").click()
    expect(page.get_by_role("textbox", name="Freies Personal für KI")).to_have_value("0,5")
    page.get_by_role("textbox", name="Postfach für die Zusammenarbeit").fill("digitales@stadt.example")
    page.keyboard.press("Tab")
    expect(save).to_be_focused()
    page.keyboard.press("Enter")
    expect(said).to_be_visible()


@pytest.mark.parametrize("width", [1024, 768])
def test_a_tablet_shows_links_and_choices_whole(page, address, width):
    cut = "of => of.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
    page.set_viewport_size({"width": width, "height": 768})
    page.goto(f"{address}/?lang=de&key=01002000")
    sound(page)
    assert page.get_by_test_id("stPageLink").locator("a *").evaluate_all(cut) == []
    page.get_by_role("link", name="1. Meine Kommune beschreiben").click()
    sound(page)
    need(page, "Wissen", "Interner Wissensassistent für Akten, Satzungen und Erlasse", "dringend")
    assert page.locator("[data-tag], [data-tag] *").evaluate_all(cut) == []
    assert page.get_by_test_id("stMain").get_by_role("radiogroup").evaluate_all(cut) == []


def test_a_kilometre_is_as_long_to_the_east_as_to_the_north(page, address):
    page.goto(f"{address}/?lang=de")
    sound(page)
    go(page, "Kooperationsnetz")
    drawn = picture_has_ink(page, "network_map", legend=84)
    # Germany reaches from 5.87 to 15.04 degrees east and from 47.27 to 55.06 north: 640 by 866 kilometres.
    left, right, top, bottom = drawn
    assert (bottom - top) / (right - left) == pytest.approx(866 / 640, rel=0.03)


def test_a_name_is_shown_as_text_and_fetches_nothing(page, address):
    page.goto(f"{address}/?lang=de")
    sound(page)
    go(page, "Meine Kommune")
    page.get_by_text("Meine Kommune steht nicht in der Liste").click()
    page.get_by_label("Name").fill(
        "![x](http://example.com/a.png) [k](http://evil.example) www.evil.example a@evil.example"
    )
    page.get_by_label("Schlüssel (acht Ziffern").fill("01059999")
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)  # leaving a field draws the page anew
    settle(page)
    land = page.get_by_role("combobox", name="Land")
    land.fill("Schleswig")
    expect(page.get_by_role("option")).to_have_count(1)
    land.press("Enter")
    expect(land).to_have_value("Schleswig-Holstein")
    page.wait_for_timeout(500)
    settle(page)
    page.get_by_role("button", name="Eintragen").click()
    expect(page.get_by_role("heading", level=3)).to_contain_text("[k](http:")
    need(page, "Protokoll", "KI-Protokollierung von Gremiensitzungen", "dringend")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Gespeichert.")).to_be_visible()
    baits = page.locator("img[src*=example], a[href*=evil]:not([href^='#'])")
    for title in TITLES:
        go(page, title)
        expect(baits).to_have_count(0)
    page.goto(f"{address}/?lang=de&key=01059083&print=1")  # tables on paper are Markdown
    sound(page)
    go(page, "Partner finden")
    expect(page.get_by_role("table").first).to_contain_text("[k](http:")
    expect(baits).to_have_count(0)


def test_enter_takes_one_need_only(page, address):
    page.goto(f"{address}/?lang=de&key=01001000")
    sound(page)
    go(page, "Meine Kommune")
    field = page.get_by_role("combobox", name="Was kostet Ihre Beschäftigten Zeit und Nerven?")
    field.fill("KI")
    expect(page.get_by_role("option").nth(1)).to_be_visible()
    field.press("Enter")
    settle(page)
    expect(page.get_by_role("radiogroup").filter(has_text="dringend")).to_have_count(1)


def picture_has_ink(page: Page, key: str, *, legend: int = 45) -> tuple[int, int, int, int]:
    """Wait until something is drawn below the legend; return its left, right, top and bottom edge."""
    picture = page.locator(f".st-key-{key}").get_by_role("img")
    expect(picture).to_have_attribute("aria-label", re.compile(r"\w{3}"))
    canvas = picture.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    edges = """([canvas, above]) => {
        const {width, height} = canvas, legend = above * height / canvas.clientHeight
        const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data
        let left = width, right = -1, top = height, bottom = -1
        for (let y = Math.ceil(legend); y < height; y++)
            for (let x = 0; x < width; x++)
                if (pixels[4 * (y * width + x) + 3] > 40) {
                    left = Math.min(left, x); right = Math.max(right, x)
                    top = Math.min(top, y); bottom = Math.max(bottom, y)
                }
        return right > left && bottom > top ? [left, right, top, bottom] : null
    }"""
    handle = canvas.element_handle()
    return tuple(page.wait_for_function(edges, arg=[handle, legend]).json_value())


@pytest.mark.parametrize(
    ("lang", "label", "begin"), [("de", "Bild als PNG", "Bild als PNG"), ("en", "Picture as PNG", "Picture")]
)
def test_a_picture_is_saved_under_its_name_and_streamlits_own_words_are_translated(page, address, lang, label, begin):
    page.goto(f"{address}/?lang={lang}&key=01059083")
    sound(page)
    page.get_by_test_id("stSidebarNavLink").nth(2).click()
    button = page.locator(".st-key-save_score_bars").get_by_role("button")
    expect(button).to_have_text(label)
    expect(button).to_have_accessible_name(re.compile(rf"^{begin}.*: \w"))
    sound(page)
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "passung.png"
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    page.get_by_text("Alle Zahlen" if lang == "de" else "All figures", exact=True).click()
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    sound(page)
    spoken = page.evaluate("[...document.querySelectorAll('[aria-label]')].map(e => e.ariaLabel).join('|')")
    english = ("Help for", "Download as", "Fullscreen", "Main menu", "Link to heading", "Show/hide")
    assert [word in spoken for word in english] == [lang == "en"] * len(english)


@pytest.mark.parametrize(("locale", "lang", "sign"), [("de-DE", "de", ","), ("de-DE", "en", "."), ("en-US", "de", ",")])
def test_figures_in_tables_are_written_as_in_the_language_of_the_page(browser, address, locale, lang, sign):
    """Whoever writes them: the browser, or the app for a browser that speaks another language."""
    with browser.new_context(locale=locale) as context:
        context.add_init_script("""
            window.painted = []
            const paint = CanvasRenderingContext2D.prototype.fillText
            CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
                if (this.canvas.closest?.("[data-testid=stDataFrame]")) window.painted.push(text)
                return paint.call(this, text, ...rest)
            }
        """)
        page = context.new_page()
        page.goto(f"{address}/netz?lang={lang}&key=01059083")
        settle(page)
        page.get_by_test_id("stDataFrame").last.scroll_into_view_if_needed()
        written = page.wait_for_function(r"(t => t.length && t)(window.painted.filter(t => /^\d[.,]\d{4}$/.test(t)))")
        assert {text[1] for text in written.json_value()} == {sign}


def test_figures_in_pictures_are_written_as_in_the_language_of_the_page(page, address):
    page.goto(f"{address}/?lang=de&key=01059083")
    sound(page)
    painted = """([text, inPicture]) => {
        const holder = document.createElement("div"), canvas = document.createElement("canvas")
        if (inPicture) holder.dataset.testid = "stEChartsChart"
        holder.append(canvas)
        document.body.append(holder)
        canvas.getContext("2d").fillText(text, 10, 50)
        holder.remove()
        return canvas.toDataURL()
    }"""
    # What writes figures anew may be loaded after the text of the page.
    page.wait_for_function(f"() => ({painted})(['1,000', true]) === ({painted})(['1.000', false])")
    for english, german in (("1,200,000", "1.200.000"), ("-0.35", "-0,35"), ("82.013 €", "82.013 €"), ("7", "7")):
        assert page.evaluate(painted, [english, True]) == page.evaluate(painted, [german, False])


def test_a_link_opens_the_view_for_printing_with_whole_tables(page, address):
    page.goto(f"{address}/?lang=de&key=09564000&print=1")
    sound(page)
    go(page, "So wird gerechnet")
    expect(page.get_by_role("table").first.get_by_role("row")).to_have_count(10)
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    page.emulate_media(media="screen")
    go(page, "Partner finden")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})  # A4 without its margins
    widest = "tables => Math.max(...tables.map(table => table.getBoundingClientRect().right))"
    expect(page.get_by_role("table")).to_have_count(2)
    assert page.get_by_role("table").evaluate_all(widest) <= 681
    scrolls = "boxes => boxes.filter(box => getComputedStyle(box).overflow !== 'visible').length"
    assert page.get_by_test_id("stTable").evaluate_all(scrolls) == 0
