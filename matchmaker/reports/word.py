"""A paper as a Word document: real headings, lists and tables, so that a screen reader finds its way."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any, Final

from matchmaker.i18n import Language
from matchmaker.reports.memo import Memo
from matchmaker.reports.wording import LONGEST_PROPERTY, worded

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_FONT: Final = "Arial"
_INK: Final = "1F3A5F"
_PALE: Final = "E8EDF3"
_WARNING: Final = "FCE8C8"
_LOCALES: Final = {"de": "de-DE", "en": "en-GB"}
_MARGIN_CM: Final = 2.0
_KEPT_TOGETHER: Final = 9
"""Rows up to which a table stays on one page."""
_TEXT_CM: Final = 21.0 - 2 * _MARGIN_CM


def document(memo: Memo, _: Language) -> bytes:
    """Return a paper as DOCX."""
    import docx  # noqa: PLC0415 - only papers need it

    text = worded(memo, _)
    made = docx.Document()
    _prepare(made, memo, text)
    made.add_paragraph(text["kind"], style="Subtitle")
    made.add_paragraph(text["title"], style="Title")
    made.add_paragraph(text["place"])
    if text["warning"]:
        _framed(made, text["warning"], _WARNING)
    for section in text["sections"]:
        made.add_heading(section["heading"], level=1)
        for block in section["blocks"]:
            _add(made, block)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _prepare(made: Document, memo: Memo, text: dict[str, Any]) -> None:
    """Set language, title, page, fonts and footer."""
    from docx.oxml import OxmlElement  # noqa: PLC0415 - as above
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

    properties = made.core_properties
    properties.title, properties.subject, properties.author = text["title"][:LONGEST_PROPERTY], text["kind"], ""
    properties.language, properties.comments = _LOCALES[text["lang"]], ""
    properties.created = properties.modified = dt.datetime.combine(memo.date, dt.time(), tzinfo=dt.UTC)
    page = made.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(_MARGIN_CM)
    page.top_margin = page.bottom_margin = Cm(1.7)
    page.footer_distance = Cm(0.8)
    for name, size, before, after, colour in (
        ("Normal", 9.5, 0, 3, None), ("Title", 18, 0, 2, _INK), ("Subtitle", 10, 0, 2, None),
        ("Heading 1", 12, 8, 2, _INK), ("Caption", 9, 4, 2, None), ("List Bullet", 9.5, 0, 1, None),
        ("List Number", 9.5, 0, 1, None),
    ):  # fmt: skip
        style: Any = made.styles[name]
        style.font.name, style.font.size, style.font.italic = _FONT, Pt(size), False
        style.font.color.rgb = RGBColor.from_string(colour or "000000")
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.line_spacing = 1.04
    for name, mark in (("Title", "pBdr"), ("Title", "spacing"), ("Subtitle", "spacing")):
        style = made.styles[name].element
        for parent in (style.pPr if mark == "pBdr" else style.rPr,):
            for ornament in parent.findall(qn(f"w:{mark}")):
                parent.remove(ornament)
    for language in made.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), _LOCALES[text["lang"]])
    footer = page.footer.paragraphs[0]
    before, rest = text["page"].split("{page}")
    between, after_ = rest.split("{pages}")
    footer.add_run(before)
    for instruction, following in (("PAGE", between), ("NUMPAGES", after_)):
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), instruction)
        footer._p.append(field)  # noqa: SLF001 - python-docx has no fields of its own
        footer.add_run(following)


def _add(made: Document, block: dict[str, Any]) -> None:
    match block["type"]:
        case "paragraph":
            made.add_paragraph(block["text"])
        case "note":
            _framed(made, block["text"], _PALE)
        case "items":
            for item in block["items"]:
                paragraph = made.add_paragraph(
                    item["text"], style="List Number" if block["numbered"] else "List Bullet"
                )
                if item["url"]:
                    paragraph.add_run(" ")
                    _link(paragraph, item["url"])
        case "table":
            _table(made, block)


def _framed(made: Document, text: str, colour: str) -> None:
    """Add a paragraph on a coloured ground."""
    paragraph = made.add_paragraph()
    paragraph.add_run(text).bold = True
    _shade(paragraph._p.get_or_add_pPr(), colour)  # noqa: SLF001 - python-docx knows no shading


def _shade(properties: Any, colour: str) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415 - as above
    from docx.oxml.ns import qn  # noqa: PLC0415

    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shading.set(qn(f"w:{name}"), value)
    later = [child for child in properties if child.tag in {qn("w:spacing"), qn("w:ind"), qn("w:jc"), qn("w:rPr")}]
    if later:  # the order of these children is part of the format
        later[0].addprevious(shading)
    else:
        properties.append(shading)


def _link(paragraph: Paragraph, url: str) -> None:
    """Add an address that can be followed."""
    from docx.opc.constants import RELATIONSHIP_TYPE  # noqa: PLC0415 - as above
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import RGBColor  # noqa: PLC0415

    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(url)
    run.font.color.rgb, run.font.underline = RGBColor.from_string(_INK), True
    link.append(run._r)  # noqa: SLF001 - python-docx has no links of its own
    paragraph._p.append(link)  # noqa: SLF001


def _table(made: Document, block: dict[str, Any]) -> None:
    from docx.enum.table import WD_TABLE_ALIGNMENT  # noqa: PLC0415 - as above
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    caption = made.add_paragraph(block["caption"], style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = made.add_table(rows=0, cols=len(block["header"]))
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    widths = [Cm(_TEXT_CM * part / sum(block["widths"])) for part in block["widths"]]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    last = len(block["rows"])
    for number, texts in enumerate((block["header"], *block["rows"])):
        row = table.add_row()
        properties: Any = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx knows no repeated header
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, figure, width in zip(row.cells, texts, block["figures"], widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.paragraph_format.keep_with_next = last <= _KEPT_TOGETHER and number < last
            run = paragraph.add_run(text)
            run.font.size = Pt(8.5)
            run.bold = number == 0 or (block["total"] and number == last)
            if figure:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if number == 0:
                _shade(cell._tc.get_or_add_tcPr(), _PALE)  # noqa: SLF001 - as above
    _finish(table, block["caption"])
    gap = made.add_paragraph().paragraph_format
    gap.line_spacing, gap.space_after = Pt(6), Pt(0)


def _finish(table: Table, caption: str) -> None:
    """Give a table its lines and its alternative text."""
    from docx.oxml import OxmlElement  # noqa: PLC0415 - as above
    from docx.oxml.ns import qn  # noqa: PLC0415

    properties: Any = table._tbl.tblPr  # noqa: SLF001 - python-docx knows neither
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "A0A0A0")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    # The order of these children is part of the format.
    properties.find(qn("w:tblLayout")).addprevious(borders)
    description = OxmlElement("w:tblCaption")
    description.set(qn("w:val"), caption)
    properties.append(description)
