"""Commands that bring data in and out: register, profiles, packages, forms, simulated data."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from matchmaker.cli.session import author, opened, print_json, writing
from matchmaker.errors import BadInput
from matchmaker.message import message

if TYPE_CHECKING:
    from matchmaker.i18n import Language
    from matchmaker.workspace import Workspace

_REPLACED_LISTED = 10
"""Municipalities named of which an import replaces something; with --json all are."""


def register_search(arguments: argparse.Namespace) -> int:
    """Find keys by name."""
    from matchmaker import service

    data, _ = opened(arguments)
    found = service.search(data, arguments.text)
    if arguments.json:
        print_json(
            [
                {"key": m.key, "name": m.name, "land": m.land, "kind": m.kind, "population": m.population,
                 "simulated": m.simulated}
                for m in found
            ]
        )  # fmt: skip
    for m in found if not arguments.json else ():
        people = _("inhabitants unknown") if m.population is None else _.number(m.population)
        print(f"{m.key:8}  {m.name}  ({m.land}, {_(m.kind) if m.kind else '–'}, {people})")
    if not found and not arguments.json:
        print(_("Nothing found. Try a part of the name."))
    return 0


def register_import(arguments: argparse.Namespace) -> int:
    """Replace the register by the official file."""
    workspace, _ = writing(arguments)
    rows, without_place = workspace.replace_register(arguments.path, by=author())
    print(
        _("{rows} municipalities and districts, {unknown} of them without a known place.").format(
            rows=_.number(rows), unknown=_.number(without_place)
        )
    )
    return 0


def profile_show(arguments: argparse.Namespace) -> int:
    """Print one profile as JSON."""
    from matchmaker.entries import own_profile, profile_document

    data, _ = opened(arguments)
    print_json(profile_document(own_profile(data, arguments.key)))
    return 0


def profile_set(arguments: argparse.Namespace) -> int:
    """Save a profile from a JSON file."""
    from matchmaker import exchange
    from matchmaker.entries import own_profile, profile_from

    workspace, _ = writing(arguments)
    document = exchange.read_document(arguments.path)
    workspace.save_profile(profile_from(document, own_profile(workspace.load(), arguments.key)), by=author())
    print(_("Saved."))
    return 0


def profile_history(arguments: argparse.Namespace) -> int:
    """List what a municipality has entered when, and what each change changed."""
    from matchmaker.changes import occasion

    workspace, _ = writing(arguments)
    data = workspace.load()
    data.profiles.row(arguments.key)
    entries = workspace.history(data.catalogue, arguments.key)
    if arguments.json:
        print_json(
            {"key": arguments.key,
             "versions": [
                 {"version": e.version.number, "at": e.version.at.isoformat(timespec="seconds"),
                  "who": e.version.by.who, "origin": e.version.by.origin, "what": e.version.what,
                  "changes": [_.render(words) for words in e.words], "state": e.version.state}
                 for e in entries
             ]}
        )  # fmt: skip
        return 0
    for e in entries:
        at = e.version.at.isoformat(sep=" ", timespec="minutes").removesuffix("+00:00") + " UTC"
        who = f" · {e.version.by.who}" if e.version.by.who else ""
        print(f"{e.version.number}  {at}  {_.render(occasion(e.version.what))}{who}")
        for words in e.words:
            print(f"   {_.render(words)}")
    if not entries:
        print(_("Nothing has been entered yet."))
    return 0


def profile_restore(arguments: argparse.Namespace) -> int:
    """Bring back an earlier version of a profile."""
    workspace, _ = writing(arguments)
    workspace.load().profiles.row(arguments.key)
    workspace.restore(arguments.key, arguments.version, by=author())
    print(_("Saved."))
    return 0


def import_(arguments: argparse.Namespace) -> int:
    """Take in a data package, workbook or CSV file."""
    workspace, _ = writing(arguments)
    if arguments.dry_run:
        return _dry_run(workspace, arguments, _)
    taken = workspace.take_in(arguments.path, what=f"import {arguments.path.name}", by=author())
    if arguments.json:
        print_json({"rows": taken.rows, "replaced": taken.replaced, "database": workspace.place})
        return 0
    for name, rows in taken.rows.items():
        print(f"{name}: " + _.plural("{count} row", "{count} rows", rows))
        before = taken.replaced[name]
        for owner, count in list(before.items())[:_REPLACED_LISTED]:
            print(f"  {owner}: " + _.plural("replaces {count} row", "replaces {count} rows", count))
        if (rest := len(before) - _REPLACED_LISTED) > 0:
            print("  " + _("… and {count} more.").format(count=_.number(rest)))
    print(_("Saved in {place}").format(place=workspace.place))
    return 0


def _dry_run(workspace: Workspace, arguments: argparse.Namespace, _: Language) -> int:
    """Say what an import would change."""
    found = workspace.preview(arguments.path)
    if arguments.json:
        print_json(
            {"dry_run": True,
             "tables": {
                 name: {
                     "added": len(d.added), "changed": d.changed_rows, "removed": len(d.removed),
                     "unchanged": d.unchanged,
                     "rows": {kind: frame.astype(object).where(frame.notna(), None).to_dict("records")
                              for kind, frame in (("added", d.added), ("changed", d.changed), ("removed", d.removed))},
                 }
                 for name, d in found.items()
             }}
        )  # fmt: skip
        return 0
    for name, d in found.items():
        counts = _("{added} added, {changed} changed, {removed} removed, {unchanged} unchanged").format(
            added=_.number(len(d.added)), changed=_.number(d.changed_rows), removed=_.number(len(d.removed)),
            unchanged=_.number(d.unchanged),
        )  # fmt: skip
        print(f"{name}: {counts}")
    print(_("Nothing was changed: this was a dry run."))
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write all tables."""
    from matchmaker import exchange

    data, _ = opened(arguments)
    exchange.write(data.tables, arguments.path)
    print(_("Written to {place}").format(place=arguments.path))
    return 0


def template(arguments: argparse.Namespace) -> int:
    """Write an empty form."""
    from matchmaker import exchange
    from matchmaker.i18n import language

    if arguments.path.suffix.lower() != ".xlsx":
        raise BadInput(
            message("A template is written as .xlsx."), where=str(arguments.path), remedy=message("Name a .xlsx file.")
        )
    exchange.write_template(arguments.path)
    print(language(arguments.lang)("Written to {place}").format(place=arguments.path))
    return 0


def simulate(arguments: argparse.Namespace) -> int:
    """Write simulated municipalities."""
    from matchmaker import exchange, service
    from matchmaker.i18n import language
    from matchmaker.workspace import Workspace

    data = Workspace().load()
    tables = service.simulated_package(data, n=arguments.n, seed=arguments.seed, unknown=arguments.unknown)
    exchange.write(tables, arguments.out)
    print(language(arguments.lang)("Written to {place}").format(place=arguments.out))
    return 0
