"""The command that writes a council paper."""

from __future__ import annotations

import argparse
import datetime as dt

from matchmaker.cli.session import opened, print_json
from matchmaker.errors import BadInput
from matchmaker.message import message


def report(arguments: argparse.Namespace) -> int:
    """Write the council paper about a joint project as Word, PDF or Excel file."""
    from matchmaker import exchange, reports, service
    from matchmaker.model import Preferences

    ending = arguments.out.suffix.lower()
    if ending not in reports.FORMATS:
        raise BadInput(
            message("Papers cannot be written as {ending}.", ending=ending or arguments.out.name),
            where=str(arguments.out),
            remedy=message("Choose one of {endings:list}.", endings=tuple(reports.FORMATS)),
        )
    data, _ = opened(arguments)
    preferences = Preferences(simulated=not arguments.no_simulated)
    today = dt.date.today()  # noqa: DTZ011 - a paper bears the date of the place where it is written
    memo = service.council_memo(
        data, arguments.key, arguments.use_case.upper(), preferences, today, rule=arguments.rule
    )
    exchange.write_bytes(reports.FORMATS[ending].document(memo, _), arguments.out)
    if arguments.json:
        print_json({"key": arguments.key, "use_case": memo.calculation.group.use_case, "file": str(arguments.out)})
    else:
        print(_("Written to {place}").format(place=arguments.out))
    return 0
