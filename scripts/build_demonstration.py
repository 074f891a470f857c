"""Write the simulated demonstration participants of data/demonstration/ from the shipped register and catalogue.

    python scripts/build_demonstration.py                  # writes data/demonstration/
    python scripts/build_demonstration.py --check          # writes nothing; exits 1 where a file would be another
    python scripts/build_demonstration.py --answers FILE   # also keeps the answer sheets of the simulated survey

Run it after a change of the register, the use cases, the questionnaire, or of `matchmaker.simulate`. The levels of
the participants are what the command `survey` makes of the simulated answer sheets. The same register, catalogue and
seed give the same files.
"""

# ruff: noqa: INP001, T201
# A script, no package; it talks on the terminal.

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matchmaker import cli, dataset, exchange, service, sheets, simulate
from matchmaker.model import DIMENSIONS
from matchmaker.sheets import Tables
from matchmaker.store import Store
from matchmaker.workspace import DEMONSTRATION, Workspace


def main(arguments: list[str] | None = None) -> int:
    """Draw the participants and their answer sheets, let the survey be evaluated, and write or compare the package."""
    parser = argparse.ArgumentParser(description="Builds the demonstration participants.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare with what is there")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="also keep the answer sheets, as CSV")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        answers = Path(scratch) / "answers.csv"
        tables = drawn(answers)
        built = Path(scratch) / "demonstration"
        exchange.write({**tables, "profiles": surveyed(tables, answers, Path(scratch))["profiles"]}, built)
        if asked.answers:
            shutil.copyfile(answers, asked.answers)
        if not asked.check:
            shutil.copytree(built, DEMONSTRATION, dirs_exist_ok=True)
            return 0
        other = [file.name for file in sorted(built.iterdir()) if not same(file, DEMONSTRATION / file.name)]
    print("\n".join(f"{name} is not what would be written." for name in other) or "Nothing to do.")
    return bool(other)


def drawn(answers: Path) -> Tables:
    """Write the answer sheets of the participants; return their tables without the levels that were drawn."""
    real = dataset.build([exchange.read(sheets.SHIPPED)])
    tables = service.simulated_package(real, n=simulate.DEMONSTRATION_SIZE, seed=simulate.DEMONSTRATION_SEED)
    profiles = tables["profiles"]
    simulate.simulate_answers(
        profiles,
        real.catalogue.questionnaire,
        sheets=simulate.DEMONSTRATION_SHEETS,
        seed=simulate.DEMONSTRATION_SEED,
    ).to_csv(answers, index=False, lineterminator="\n")
    found_by_survey = [*DIMENSIONS, *(f"{d}_se" for d in DIMENSIONS), "respondents"]
    return {**tables, "profiles": profiles.assign(**dict.fromkeys(found_by_survey, np.nan))}


def surveyed(tables: Tables, answers: Path, scratch: Path) -> Tables:
    """Let the command `survey` evaluate the answer sheets; return the tables with what it has saved."""
    package = scratch / "drawn"
    exchange.write(tables, package)
    url = f"sqlite:///{scratch / 'survey.db'}"
    os.environ["MATCHMAKER_DATABASE_URL"] = url
    with contextlib.redirect_stdout(io.StringIO()):
        date = ("--as-of", simulate.AS_OF)
        failed = cli.main(["--data", str(package), "survey", str(answers), "--save", *date])
    if failed:
        raise SystemExit(failed)
    store = Store(url)
    try:
        return Workspace(package=package, store=store).load().tables
    finally:
        store.close()


def same(one: Path, other: Path) -> bool:
    """Return whether two files hold the same bytes."""
    return other.exists() and one.read_bytes() == other.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
