"""Commands that say who may log in: whoever can open the database looks after its accounts."""

from __future__ import annotations

import argparse

from matchmaker.cli.session import print_json, writing


def listed(arguments: argparse.Namespace) -> int:
    """List all accounts."""
    workspace, _ = writing(arguments)
    found = workspace.accounts()
    if arguments.json:
        print_json([{"subject": a.subject, "issuer": a.issuer, "role": a.role, "for": list(a.scope)} for a in found])
        return 0
    for a in found:
        print("  ".join((a.subject, a.issuer, a.role, ",".join(a.scope))).rstrip())
    if not found:
        print(_("There is no account yet."))
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Add an account, or give it another role and scope."""
    from matchmaker.store import Account

    workspace, _ = writing(arguments)
    scope = tuple(dict.fromkeys(part.strip().upper() for part in arguments.scope.split(",") if part.strip()))
    workspace.keep_account(Account(arguments.issuer, arguments.subject, arguments.role, scope))
    print(_("Saved."))
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Remove an account."""
    workspace, _ = writing(arguments)
    workspace.remove_account(arguments.issuer, arguments.subject)
    print(_("Removed."))
    return 0
