"""Command that lists requests between municipalities and what became of them."""

from __future__ import annotations

import argparse

from matchmaker.cli.session import print_json, workspace


def listed(arguments: argparse.Namespace) -> int:
    """List the cooperations that began with a request here, the one changed last first."""
    from matchmaker.cooperations import REASON_NAMES
    from matchmaker.dealings import Dealings
    from matchmaker.i18n import language

    asked, _ = workspace(arguments), language(arguments.lang)
    found = [life for life in Dealings(asked).all() if not arguments.key or life.concerns(arguments.key)]
    if arguments.json:
        print_json(
            [{"id": life.id, "use_case": life.use_case, "status": life.status.value, "members": list(life.members),
              "asked": [request.key for request in life.requests], "open": life.is_open,
              "since": life.since.date().isoformat() if life.since else None, "expected_eur": life.expected_eur,
              "real_eur": life.real_eur, "reason": life.reason.value if life.reason else None}
             for life in found]
        )  # fmt: skip
        return 0
    for life in found:
        waits = ", ".join(request.key for request in life.requests)
        parts = [
            life.id, life.use_case, _(life.status.value), ", ".join(life.members),
            f"({_('asked')}: {waits})" if waits else "", _.render(REASON_NAMES[life.reason]) if life.reason else "",
        ]  # fmt: skip
        print("  ".join(filter(None, parts)))
    if not found:
        print(_("Nobody has asked anybody yet."))
    return 0
