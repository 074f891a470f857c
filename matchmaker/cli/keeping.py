"""Commands for whoever keeps the database: backup, restore, health, retention."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from matchmaker.cli.session import author, print_json, writing
from matchmaker.errors import BadInput, StoreFailed
from matchmaker.message import message


def backup(arguments: argparse.Namespace) -> int:
    """Write everything into one file."""
    workspace, _ = writing(arguments)
    workspace.stored.backup(arguments.path)
    print(_("Written to {place}").format(place=arguments.path))
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Replace everything by a backup."""
    workspace, _ = writing(arguments)
    if workspace.stored.version() and not arguments.replace:
        raise BadInput(
            message("Something has been entered here already; a backup would replace all of it."),
            where=workspace.place,
            remedy=message("Make a backup of it first, then restore with --replace."),
        )
    workspace.stored.replace_by(arguments.path, by=author())
    print(_("Saved in {place}").format(place=workspace.place))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Open and read everything, and say how it is."""
    from matchmaker.store import HEAD

    workspace, _ = writing(arguments)
    sound, rows = workspace.stored.check()
    if sound != "ok":
        raise StoreFailed(
            message("The database is damaged: {reason}.", reason=sound),
            where=workspace.place,
            remedy=message("Bring back a backup."),
        )
    municipalities = len(workspace.load().profiles)
    if arguments.json:
        print_json(
            {"ok": True, "database": workspace.place, "schema": HEAD, "version": workspace.stored.version(),
             "rows": rows, "municipalities": municipalities}
        )  # fmt: skip
        return 0
    print(_("The database is sound: {place}").format(place=workspace.place))
    print(_("Schema {schema}, version {version} of the data.").format(schema=HEAD, version=workspace.stored.version()))
    for name, count in rows.items():
        print(f"  {name}: {_.plural('{count} row', '{count} rows', count)}")
    return 0


def prune(arguments: argparse.Namespace) -> int:
    """Delete old states from the history."""
    if arguments.days < 0:
        raise BadInput(
            message("{days} days cannot be kept.", days=arguments.days),
            where="--days",
            remedy=message("Name a number of days from 0."),
        )
    workspace, _ = writing(arguments)
    count = workspace.stored.prune(datetime.now(UTC) - timedelta(days=arguments.days), by=author())
    print(_.plural("{count} earlier version deleted.", "{count} earlier versions deleted.", count))
    return 0
