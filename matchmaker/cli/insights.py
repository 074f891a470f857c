"""The command that tries eight statements about town and country on the data."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from matchmaker.cli.session import opened, print_json

if TYPE_CHECKING:
    from matchmaker.i18n import Language
    from matchmaker.insights import Figure, Insight


def insights(arguments: argparse.Namespace) -> int:
    """Say of each statement whether the data support it."""
    from matchmaker import service

    data, _ = opened(arguments)
    found = service.examine(data, simulated=not arguments.no_simulated)
    if arguments.json:
        print_json({"statements": [_json(insight, _) for insight in found]})
        return 0
    for number, insight in enumerate(found, start=1):
        print(f"{number}. {_.render(insight.statement)}\n   {_.render(insight.verdict.words)}")
        for figure in insight.figures:
            if figure.value is not None:
                print(f"   {_.render(figure.name)}: {_.render(figure.written)}")
        print(f"   {_.render(insight.explanation)}")
        print("   " + " · ".join(_.render(part) for part in (insight.test, insight.chance) if part))
        if insight.caveat:
            print(f"   {_.render(insight.caveat)}")
        print()
    return 0


def _json(insight: Insight, _: Language) -> dict[str, Any]:
    return {
        "id": insight.id,
        "statement": _.render(insight.statement),
        "figure": _rounded(insight.figures[0].value),
        "p": _rounded(insight.p),
        "verdict": str(insight.verdict),
        "figures": [_figure_json(figure, _) for figure in insight.figures],
        "test": _.render(insight.test),
        "n": insight.n,
        "simulated": insight.simulated,
        "explanation": _.render(insight.explanation),
        "caveat": _.render(insight.caveat) if insight.caveat else "",
    }


def _figure_json(figure: Figure, _: Language) -> dict[str, Any]:
    return {
        "name": _.render(figure.name),
        "unit": figure.unit,
        "value": _rounded(figure.value),
        "low": _rounded(figure.low),
        "high": _rounded(figure.high),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
