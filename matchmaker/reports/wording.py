"""A paper in words: every message of a `Memo` as text of one language, ready for any layout.

The result is a document of plain lists and texts, as JSON has them. Texts are one line each, without
characters that steer a terminal, a spreadsheet or a file format.
"""

from __future__ import annotations

from typing import Any, Final

from matchmaker.i18n import Language
from matchmaker.message import Message
from matchmaker.reports.memo import Block, Items, Memo, Note, Paragraph, Table

LONGEST_PROPERTY: Final = 255
"""Characters that the formats of Office allow for the title of a document."""


def worded(memo: Memo, _: Language) -> dict[str, Any]:
    """Return a paper as texts: kind, title, place, date, warning, sections with heading and blocks, language."""
    return {
        "lang": _.code,
        "kind": _("Draft of a paper for the council"),
        "title": written(memo.title, _),
        "place": _("For {name}, as of {date}").format(name=one_line(memo.asker.name), date=_.date(memo.date)),
        "warning": warning(memo, _),
        "page": _("Page {page} of {pages}"),
        "sections": [
            {"heading": written(section.heading, _), "blocks": [_block(block, _) for block in section.blocks]}
            for section in memo.sections
        ],
    }


def warning(memo: Memo, _: Language) -> str:
    """Return what stands on top of a paper with simulated members; empty for others."""
    if not memo.demonstration:
        return ""
    return _("Demonstration: this paper contains simulated members, which do not exist. Nothing can be decided on it.")


def written(message: Message, _: Language) -> str:
    """Return a message as one line of text."""
    return one_line(_.render(message))


def one_line(text: str) -> str:
    """Return a text without line breaks and without characters that cannot be printed."""
    # A no-break space inside a figure is no gap to be closed.
    gaps = "".join(" " if c.isspace() and c != "\N{NO-BREAK SPACE}" else c for c in text)
    printable = "".join(c for c in gaps if c.isprintable() or c == "\N{NO-BREAK SPACE}")
    return " ".join(filter(None, printable.split(" ")))


def _block(block: Block, _: Language) -> dict[str, Any]:
    match block:
        case Paragraph(text):
            return {"type": "paragraph", "text": written(text, _)}
        case Note(text):
            return {"type": "note", "text": written(text, _)}
        case Items(items, numbered):
            return {
                "type": "items",
                "numbered": numbered,
                "items": [{"text": written(item.text, _), "url": web_address(item.url)} for item in items],
            }
        case Table():
            return {
                "type": "table",
                "caption": written(block.caption, _),
                "header": [written(cell, _) for cell in block.header],
                "rows": [[written(cell, _) for cell in row] for row in block.rows],
                "figures": list(block.figures),
                "widths": list(block.widths),
                "total": block.total,
            }


def web_address(url: str) -> str:
    """Return an address of the web; empty where it is none, so that no paper starts a program."""
    return one_line(url).replace(" ", "%20") if url.startswith(("https://", "http://")) else ""
