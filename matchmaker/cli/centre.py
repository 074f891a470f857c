"""Commands about competence centres: list them, enter one, take one out."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from matchmaker.cli.session import author, opened, print_json, writing


def list_(arguments: argparse.Namespace) -> int:
    """Print all competence centres."""
    data, _ = opened(arguments)
    if arguments.json:
        print_json([asdict(centre) for centre in data.centres])
        return 0
    for centre in data.centres:
        status = f", {_(centre.place_status)}" if centre.place_status else ""
        print(f"{centre.id:8}  {centre.name}  ({centre.place or '–'}, {centre.land}{status}): {centre.host or '–'}")
    if not data.centres:
        print(_("No competence centre is known yet."))
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Enter a competence centre."""
    from matchmaker.entries import centre_at

    workspace, _ = writing(arguments)
    topics = [topic.strip().upper() for topic in arguments.topics.split(",") if topic.strip()]
    centre = centre_at(
        workspace.load(), arguments.seat, name=arguments.name, topics=topics, host=arguments.host, url=arguments.url
    )
    workspace.enter_centre(centre, new=True, by=author())
    print(f"{centre.id}: " + _("Saved."))
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Take a competence centre out."""
    workspace, _ = writing(arguments)
    workspace.remove_centre(arguments.id, by=author())
    print(f"{arguments.id}: " + _("Removed."))
    return 0
