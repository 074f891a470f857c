"""Write the simulated demonstration participants of data/demonstration/ from the shipped register and catalogue.

Run it after a change of either, or of `matchmaker.simulate`: ``python scripts/build_demonstration.py``. The same
register, catalogue and seed give the same files.
"""

# ruff: noqa: INP001 - a script, no package

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matchmaker import dataset, exchange, service, sheets, simulate
from matchmaker.workspace import DEMONSTRATION


def main() -> None:
    """Draw the participants and write the package."""
    real = dataset.build([exchange.read(sheets.SHIPPED)])
    tables = service.simulated_package(real, n=simulate.DEMONSTRATION_SIZE, seed=simulate.DEMONSTRATION_SEED)
    exchange.write(tables, DEMONSTRATION)


if __name__ == "__main__":
    main()
