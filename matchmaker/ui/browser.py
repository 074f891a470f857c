"""What the browser is told beside the pages: their language, Streamlit's own words in it, looks on screen and paper."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from matchmaker.i18n import Language

_STYLE: Final = """
[data-testid=InputInstructions] { display: none }
[data-testid=stMultiSelect] input { min-width: 48px !important }
[data-testid=stCaptionContainer] { color: inherit; opacity: 0.8 }
button[data-selected], [data-testid=stTab][aria-selected=true], [data-testid=stSliderThumbValue] {
  color: inherit !important
}
[data-testid=stPageLink] a * { white-space: normal; overflow: visible }
[data-tag], [data-tag] span { height: auto; white-space: normal }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 1rem }
[data-testid=stMain] .figures, .figures dd { margin: 0; padding: 0 }
.figures dt { font-size: 0.875rem }
.figures dd { font-size: 2.25rem }
@media (min-width: 700px) { .katex-display { overflow: visible !important } }
@media (max-width: 1150px) {
  [data-testid=stMainBlockContainer] { padding: 3.5rem 1.25rem 2rem }
  [data-testid=stMainBlockContainer] h1 { font-size: 2rem }
  [data-testid=stMainBlockContainer] h4 { font-size: 1.2rem; hyphens: auto }
}
@page { size: A4; margin: 15mm }
@media print {
  html.dark-page canvas { filter: invert(1) hue-rotate(180deg) }
  html.dark-page * { color: #1b2a33 !important; background: transparent !important }
  [data-testid=stSidebar], [data-testid=stHeader], [data-testid=stElementToolbar], [data-testid=stDownloadButton],
  [data-testid=stButton], [data-testid=stToast], [data-testid=stTooltipIcon], [data-testid=stPageLink],
  [data-testid=stForm], [data-testid=stExpander]:has([data-testid=stExpanderDetails][inert]),
  [data-testid=stFileUploader], .screen-only { display: none !important }
  [data-testid=stVerticalBlock] { display: block !important }
  [data-testid=stVerticalBlock] > * { margin-bottom: 0.6rem }
  [data-testid=stMain] *:not(canvas, svg, svg *, .katex *) { overflow: visible !important }
  [data-testid=stMainBlockContainer] { padding: 0 !important; max-width: none }
  [data-testid=stMainBlockContainer] h1 { font-size: 20pt; padding-top: 0 }
  h1, h2, h3, h4 { break-after: avoid; break-inside: avoid }
  tr, canvas, [data-testid=stMetric], [data-testid=stAlert], [data-testid=stEChartsChart] { break-inside: avoid }
  thead { display: table-header-group }
  table { font-size: 8.5pt; width: 100%; display: table !important }
  th, td { padding: 2pt 4pt !important }
  th, th *, td, td * { white-space: normal !important; overflow-wrap: break-word !important; hyphens: auto }
  th *, td a { overflow-wrap: anywhere !important }
}
"""
"""What Streamlit's settings cannot say. Its hints at what the Enter key does exist in English only; leaving the field
does the same. Its lists of several are a line higher while the cursor is in them: the button below would move away
under the mouse, and the click would be lost. Where the page is narrow, it cuts links and chosen entries. Its
captions are paler than WCAG 2.2 allows (4.5:1), and so are chosen buttons, open tabs and the figures of sliders on
the dark page. On paper nothing stands that can only be clicked, heads of tables come again, and what Streamlit would
scroll runs over pages: a box that scrolls is cut at the margin, and one that is too high for the rest of a page
leaves that empty. Its boxes of formulas scroll by a pixel or two, which nobody can do with the keyboard; only on a
telephone is there need to."""

_page = st.components.v2.component(
    "page_language", js=Path(__file__).with_name("browser.js").read_text(encoding="utf-8")
)


def announce(_: Language) -> None:
    """Tell the browser the language of the page, so that it is read aloud and hyphenated rightly, and how it looks."""
    _page(data={"lang": _.code, "words": {} if _.code == "en" else _words(_)}, key="page_language")
    # Streamlit's own download of a table lets a name that begins with = become a formula; the button below does not.
    labels = ", ".join(f'[aria-label="{label}"]' for label in ("Download as CSV", _("Table as CSV")))
    unsafe = f"[data-testid=stElementToolbarButton]:has({labels}) {{ display: none }}"
    st.html(f"<style>{_STYLE}{unsafe}</style>")


def _words(_: Language) -> dict[str, str]:
    """Return Streamlit's own words, which exist in English only.

    One that ends in a blank begins a text, one that begins with a blank ends it.
    """
    begin = {"Help for ": _("Help for"), "Remove ": _("Remove"), "Made with Streamlit ": _("Made with Streamlit")}
    largest = st.get_option("server.maxUploadSize")
    at_most = _("at most {size} MB").format(size=_.number(largest))
    whole = {
        "Sidebar": _("Sidebar"),
        "App pages": _("Pages"),
        "Collapse sidebar": _("Hide the sidebar"),
        "Expand sidebar": _("Show the sidebar"),
        "Skip to main content": _("Skip to main content"),
        "Main menu": _("Main menu"),
        "System": _("As the computer"),
        "Light": _("Light"),
        "Dark": _("Dark"),
        "Print": _("Print"),
        "Record screen": _("Record the screen"),
        "Theme": _("Appearance"),
        "Copy version to clipboard": _("Copy the version"),
        "Stop": _("Stop"),
        "Open": _("Open"),
        "Close": _("Close"),
        "Choose an option": _("Choose"),
        "Selected values": _("Chosen"),
        "Clear value": _("Clear"),
        "Clear all": _("Clear all"),
        "No results": _("Nothing found"),
        "Link to heading": _("Link to this heading"),
        "Download as PNG": _("Picture as PNG"),
        "Download as CSV": _("Table as CSV"),
        "Fullscreen": _("Full screen"),
        "Close fullscreen": _("Leave the full screen"),
        "Show/hide columns": _("Choose columns"),
        "Search": _("Search the table"),
        "Upload": _("Choose a file"),
        "file upload": _("Choose a file"),
        "Add files": _("Choose a file"),
        f"{largest}MB per file": at_most,
        "Error:": f"{_('Not read in')}:\N{NO-BREAK SPACE}",
        f"File must be {largest}.0MB or smaller.": at_most,
        " files are not allowed.": ": " + _("files of this kind cannot be read here"),
    }
    return {**{word: f"{text} " for word, text in begin.items()}, **whole}
