"""What every command needs: the data it looks at, the place it writes to, and JSON on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matchmaker.errors import BadInput
from matchmaker.message import message

if TYPE_CHECKING:
    from matchmaker.dataset import Dataset
    from matchmaker.i18n import Language
    from matchmaker.model import Preferences
    from matchmaker.store import Author
    from matchmaker.workspace import Workspace


def workspace(arguments: argparse.Namespace) -> Workspace:
    """Return the package or database to look at."""
    from matchmaker.store import Store, default_url
    from matchmaker.workspace import Workspace

    if arguments.data is not None:
        return Workspace(package=arguments.data.resolve())
    return Workspace(store=Store(arguments.database or default_url()))


def opened(arguments: argparse.Namespace) -> tuple[Dataset, Language]:
    """Return the data to look at, with own figures where a file of them is named, and the language to answer in."""
    from matchmaker.i18n import language

    data, file = workspace(arguments).load(), getattr(arguments, "assumptions", None)
    if file is not None:
        from matchmaker.assumptions import read_changes
        from matchmaker.service import with_assumptions

        data = with_assumptions(data, read_changes(file, data.catalogue))
    return data, language(arguments.lang)


def writing(arguments: argparse.Namespace) -> tuple[Workspace, Language]:
    """Return the workspace whose database a command writes to, over the package named by --data if any."""
    from matchmaker.i18n import language
    from matchmaker.store import Store, default_url
    from matchmaker.workspace import Workspace

    store = Store(arguments.database or default_url())
    package = {} if arguments.data is None else {"package": arguments.data.resolve()}
    return Workspace(store=store, **package), language(arguments.lang)


def author() -> Author:
    """Return who changes data on the command line: the one user of this desk."""
    from matchmaker.store import Author

    return Author("", "command")


def print_json(document: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))


def progress_bar() -> Callable[[float], None] | None:
    """Return what draws a bar on a terminal; nothing where standard error is a file or a pipe."""
    if not sys.stderr.isatty():
        return None

    def draw(done: float) -> None:
        width = 40
        bar = "█" * round(done * width)
        print(f"\r{bar:<{width}} {done:4.0%}", end="\n" if done >= 1 else "", file=sys.stderr, flush=True)

    return draw


def preferences(arguments: argparse.Namespace) -> Preferences:
    """Return weights and limits as asked for."""
    from matchmaker.model import PARTS, PRESETS, Preferences

    weights: dict[str, float] = {}
    for item in filter(None, getattr(arguments, "weights", "").split(",")):
        name, _, value = item.partition("=")
        if name.strip() not in PARTS:
            raise BadInput(
                message("{name} is no part of the score.", name=name.strip()),
                where="--weights",
                remedy=message("The parts are {parts:list}.", parts=PARTS),
            )
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            raise BadInput(
                message("The weight of {part} must be a number of at least zero.", part=name.strip()),
                where=f"--weights {item}",
                remedy=message("Give a weight such as near=0.1."),
            ) from None
    return Preferences(
        weights=replace(PRESETS[arguments.preset], **weights),
        lands=frozenset(part.strip().upper() for part in getattr(arguments, "land", "").split(",") if part.strip()),
        max_km=getattr(arguments, "max_km", None),
        simulated=not arguments.no_simulated,
        participants_only=not getattr(arguments, "everyone", False),
        use_case=getattr(arguments, "use_case", ""),
    )
