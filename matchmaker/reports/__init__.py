"""Papers for a council: one `Memo`, three files that say the same – Word, PDF, and Excel to reckon with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from matchmaker.i18n import Language
from matchmaker.message import Message, message
from matchmaker.reports import excel, pdf, word
from matchmaker.reports.memo import Memo


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its name for people, its media type, and what makes it."""

    title: Message
    mime: str
    document: Callable[[Memo, Language], bytes]


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        ".docx": Format(
            message("Paper (Word)"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            word.document,
        ),
        ".pdf": Format(message("Paper (PDF)"), "application/pdf", pdf.document),
        ".xlsx": Format(
            message("Calculation (Excel)"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            excel.workbook,
        ),
    }
)
"""Formats of a paper by the ending of the file."""
