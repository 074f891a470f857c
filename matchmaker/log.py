"""The log: one JSON document a line, for whoever runs the program; off unless ``MATCHMAKER_LOG`` names a place.

A line has only what stands in `FIELDS`: numbers, kinds of change, codes of errors. No text that somebody entered, no
name, no account, no municipality and no file gets there, so a log can be kept and passed on without a thought.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Final

FIELDS: Final = ("version", "kind", "municipalities", "code")
"""Version of the data, kind of change, number of municipalities concerned, code of an error."""


class _Line(logging.Formatter):
    """Writes the event and the known fields of a record, and nothing else of it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name,
            # The event as it stands in the code: what would be filled in might be anybody's.
            "event": record.msg,
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def begin() -> None:
    """Write the log where ``MATCHMAKER_LOG`` says: a file, or ``-`` for standard error. Without it there is none."""
    place = os.environ.get("MATCHMAKER_LOG", "")
    logger = logging.getLogger("matchmaker")
    if not place or logger.handlers:
        return
    try:
        handler = logging.StreamHandler(sys.stderr) if place == "-" else logging.FileHandler(place, encoding="utf-8")
    except OSError:
        # A log that cannot be written must not keep anybody from working.
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def refused(code: str) -> None:
    """Log that somebody was told an error, by its code."""
    logging.getLogger("matchmaker").info("refused", extra={"code": code})
