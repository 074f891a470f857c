"""Mailboxes of municipalities: whether an address looks like that of a person. Pure."""

from __future__ import annotations

import re
from typing import Final

_TASKS: Final = ("ai", "amt", "cdo", "edv", "hr", "it", "ki", "vg")
_TASKS_BEGIN: Final = (
    "buerger", "bürger", "buero", "büro", "daten", "digital", "gemeinde", "info", "innovation", "kommune", "kontakt",
    "kreis", "mail", "markt", "office", "orga", "post", "projekt", "rathaus", "region", "service", "smart", "stab",
    "stadt", "stelle", "team", "verwaltung", "wirtschaft", "zentral", "zukunft",
)  # fmt: skip
"""Words, and beginnings of words, by which a mailbox is named after a task or an office."""

_NAME: Final = re.compile(r"[a-zäöüß]+([._-][a-zäöüß]+)+", re.IGNORECASE)
_PRIVATE: Final = (
    "gmail.com",
    "googlemail.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "yahoo.de",
    "icloud.com",
    "hotmail.com",
)


def looks_personal(address: str) -> bool:
    """Return whether an address may be that of a person: ``first.last``, or a mailbox of a private provider.

    Nobody can tell for sure: ``smart.city@`` is a task, ``jung.stein@`` may be one or a person. So this is reason for a
    question, never for a refusal.
    """
    box, _, host = address.lower().partition("@")
    words = re.split(r"[._-]", box)
    tasks = any(word in _TASKS or word.startswith(_TASKS_BEGIN) for word in words)
    return host in _PRIVATE or (bool(_NAME.fullmatch(box)) and not tasks)
