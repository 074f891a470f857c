"""Make the program's own environment where one is missing, then start the program in it.

This file runs under whatever Python was called, before anything is installed. So it imports only the
standard library, what costs time as late as possible, and keeps to syntax that Python 3.7 reads, so
that an old Python answers with a sentence instead of a traceback.
"""

from __future__ import annotations

import os
import sys

if not __package__:
    # Started as a folder (`python /path/to/matchmaker run`): then the package is found from the
    # checkout, and its modules must not hide modules of the standard library.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import contextlib
import json
import re
from pathlib import Path

TYPE_CHECKING = False  # the constant that type checkers know, without importing `typing`
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

CHECKOUT = Path(__file__).resolve().parent.parent
RUN_LOCK = CHECKOUT / "requirements.lock"
TEST_LOCK = CHECKOUT / "requirements-test.lock"

ENVIRONMENT = CHECKOUT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = ENVIRONMENT / "matchmaker-setup.json"
GUARD = CHECKOUT / ".venv.lock"

OLDEST_PYTHON = (3, 11)
UV = "uv>=0.5,<1"  # the fast installer; pip does its work where it fails


def main(arguments: list[str]) -> int:
    """Run one command in an environment that has what the command needs."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            "Python 3.11 oder neuer wird gebraucht / Python 3.11 or newer is needed; dies ist / this is "
            + sys.version.split()[0]
        )
    # Help needs nothing that is installed, so it answers without any set-up.
    if not arguments or {"-h", "--help"}.intersection(arguments):
        return run_command(arguments)

    testing = arguments[0] == "test"
    if not usable_here(testing=testing):
        set_up(locks(testing=testing))
        return become([str(PYTHON), "-P", "-m", "matchmaker", *arguments])
    if testing:
        os.chdir(CHECKOUT)
        return become([sys.executable, "-m", "pytest", *arguments[1:]])
    return run_command(arguments)


def run_command(arguments: list[str]) -> int:
    """Hand the arguments to the command line proper, in this process."""
    from matchmaker.cli import main as command_line

    return command_line(arguments)


def become(command: list[str]) -> int:
    """Let a Python command take this process's place, so that signals and exit code are its own."""
    # The package has to be found from any current directory; PYTHONHOME would lead out of `.venv`.
    search = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = dict(os.environ, PYTHONPATH=os.pathsep.join(search))
    variables.pop("PYTHONHOME", None)
    if os.name == "posix":
        os.execve(command[0], command, variables)
    import subprocess

    return subprocess.run(command, env=variables, check=False).returncode


def usable_here(*, testing: bool) -> bool:
    """Tell whether the running Python already has what is needed."""
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve() and STAMP.exists():
        return wanted(locks(testing=testing)).items() <= read_stamp().items()
    return all(satisfied(requirement) for requirement in requirements(testing=testing))


def locks(*, testing: bool) -> list[Path]:
    """List the files of pinned versions to install, in this order."""
    return [RUN_LOCK, TEST_LOCK] if testing else [RUN_LOCK]


def requirements(*, testing: bool) -> list[str]:
    """List what has to be there, each as `name>=lowest,<first version that is too new`."""
    lines = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [line.partition("#")[0].strip() for line in lines]
    if testing:
        import tomllib

        project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        needed += project["optional-dependencies"]["test"]
    return [requirement for requirement in needed if requirement]


def satisfied(requirement: str) -> bool:
    """Tell whether a version inside the requirement's bounds is installed."""
    from importlib import metadata

    name, lowest, too_new = re.split(">=|,<", requirement)
    try:
        return numbers(lowest) <= numbers(metadata.version(name)) < numbers(too_new)
    except metadata.PackageNotFoundError:
        return False


def numbers(version: str) -> list[int]:
    """Take a version's numbers, which is all that the bounds compare."""
    return [int(part) for part in re.findall(r"\d+", version)]


def set_up(lock_files: list[Path]) -> None:
    """Make or complete the environment: one process at a time, and only what is missing."""
    goal = wanted(lock_files)
    try:
        with alone():
            done = read_stamp()
            if goal.items() <= done.items():
                return
            say(
                "Richte die Umgebung ein (einmalig, etwa eine Minute) …",
                "Setting up the environment (once, about a minute) …",
            )
            if done.get("python") != goal["python"]:
                create_environment()
                done = {"python": goal["python"]}
            for lock in lock_files:
                if done.pop(lock.name, None) != goal[lock.name]:
                    write_stamp(done)  # without this lock: an interrupted installation is repeated
                    install(lock)
                done[lock.name] = goal[lock.name]
            write_stamp(done)
    except OSError as error:
        fail(
            f"Die Umgebung lässt sich nicht einrichten: {error}",
            f"The environment cannot be set up: {error}",
        )


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep other processes out; the operating system opens the guard when its holder dies."""
    with GUARD.open("ab") as guard:
        if sys.platform == "win32":
            import errno
            import msvcrt

            locked = False
            while not locked:
                try:
                    msvcrt.locking(guard.fileno(), msvcrt.LK_LOCK, 1)
                    locked = True
                except OSError as error:  # each try gives up after ten seconds
                    if error.errno != errno.EDEADLK:
                        raise
        else:
            import fcntl

            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def create_environment() -> None:
    """Make the virtual environment, or repair the one that an interruption left half made."""
    import importlib.util
    import subprocess
    import venv

    if importlib.util.find_spec("ensurepip") is None:
        fail(
            "Diesem Python fehlt venv; unter Debian und Ubuntu: apt install python3-venv",
            "This Python lacks venv; on Debian and Ubuntu: apt install python3-venv",
        )
    settings = ENVIRONMENT / "pyvenv.cfg"
    made_for = re.search(r"^version\w* *= *(\d+\.\d+)", text_of(settings), re.MULTILINE)
    fitting = PYTHON.exists() and made_for is not None and made_for[1] == wanted([])["python"]
    builder = venv.EnvBuilder(clear=not fitting, with_pip=True, symlinks=os.name != "nt", prompt="matchmaker")
    try:
        builder.create(ENVIRONMENT)
    except subprocess.CalledProcessError as error:
        raise OSError(error) from error


def install(lock: Path) -> None:
    """Install the pinned versions, quickly with uv, or with pip where uv does not get through."""
    if not re.search("^[^#\n]", text_of(lock), re.MULTILINE):
        return
    target = ["--quiet", "--requirement", str(lock)]
    # Compiled now, every later start is faster, also where nobody may write into the environment.
    fast = module("pip", "install", "--quiet", UV) and module("uv", "pip", "install", "--compile-bytecode", *target)
    if not fast and not module("pip", "install", *target):
        fail(
            "Die Pakete ließen sich nicht laden (Meldung oben); Netz und Proxy prüfen, dann noch einmal.",
            "The packages could not be loaded (message above); check network and proxy, then try again.",
        )


def module(*command: str) -> bool:
    """Run a module in the environment, and tell whether it succeeded."""
    import subprocess

    variables = dict(os.environ, VIRTUAL_ENV=str(ENVIRONMENT))  # uv installs into this one
    variables.pop("PYTHONHOME", None)
    # Administrations often read their own certificates into the system; pip heeds them, uv when told.
    variables.setdefault("UV_SYSTEM_CERTS", "true")
    # Standard output belongs to the command that the person called.
    done = subprocess.run([str(PYTHON), "-m", *command], env=variables, stdout=sys.stderr, check=False)
    return done.returncode == 0


def wanted(lock_files: list[Path]) -> dict[str, str]:
    """Describe the finished environment: the Python it is for, and what was installed."""
    import hashlib

    state = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
    for lock in lock_files:
        state[lock.name] = hashlib.sha256(lock.read_bytes()).hexdigest()
    return state


def read_stamp() -> dict[str, str]:
    """Read what was finished; nothing, where the environment's Python is gone."""
    if not PYTHON.exists():
        return {}
    done: dict[str, str] = json.loads(text_of(STAMP) or "{}")
    return done


def write_stamp(done: dict[str, str]) -> None:
    """Note what is finished, in one step: a reader sees the old note or the new one."""
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps(done), encoding="utf-8")
    draft.replace(STAMP)


def text_of(file: Path) -> str:
    """Read a file; a missing one is empty."""
    return file.read_text(encoding="utf-8") if file.exists() else ""


def say(german: str, english: str) -> None:
    """Tell the person something in both languages, apart from the command's own output."""
    sys.stderr.write(f"{german} / {english}\n")
    sys.stderr.flush()


def fail(german: str, english: str) -> NoReturn:
    """Tell what is wrong and stop."""
    say(german, english)
    sys.exit(1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # the shells' code for a process that was interrupted
