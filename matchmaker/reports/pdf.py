"""A paper as PDF for print, archive and screen reader: tagged, PDF/A-2a and PDF/UA-1, with its fonts inside."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Final

from matchmaker.i18n import Language
from matchmaker.reports.memo import Memo
from matchmaker.reports.wording import worded

_LAYOUT: Final = Path(__file__).with_name("memo.typ")
_UNPRINTABLE: Final = re.compile(
    r"[^ -~\u00a0-\u024f\u0300-\u036f\u0384-\u03ce\u0400-\u045f\u1e00-\u1eff\u2010-\u2027\u2030-\u203a€−→]"
)
"""What the fonts of the paper lack, such as emoji; an archived PDF may not refer to fonts elsewhere."""
_STAND_IN: Final = "\N{WHITE SQUARE}"


def document(memo: Memo, _: Language) -> bytes:
    """Return a paper as PDF; a square stands for characters that the fonts lack."""
    import typst  # noqa: PLC0415 - only papers need it

    text = json.dumps(worded(memo, _), ensure_ascii=False)
    return typst.compile(
        _LAYOUT,
        format="pdf",
        # As data the texts are never read as markup.
        sys_inputs={"memo": _UNPRINTABLE.sub(_STAND_IN, text), "date": memo.date.isoformat()},
        ignore_system_fonts=True,
        pdf_standards=["a-2a", "ua-1"],
        timestamp=dt.datetime.combine(memo.date, dt.time(), tzinfo=dt.UTC),
    )
