"""Commands that start the app and the tests."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from matchmaker.errors import BadInput, reason
from matchmaker.message import message

ROOT = Path(__file__).resolve().parents[2]

_PORTS = range(1, 65_536)


def run(arguments: argparse.Namespace) -> int:
    """Start the app from the checkout, where Streamlit finds its settings."""
    _check_port(arguments.port)
    environment = dict(os.environ)
    if arguments.database:
        environment["MATCHMAKER_DATABASE_URL"] = arguments.database
    if arguments.data is not None:
        environment["MATCHMAKER_DATA"] = str(arguments.data.resolve())
    headless = "true" if arguments.no_browser else "false"
    sys.stderr.write(f"http://localhost:{arguments.port}\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the app ends with the command
    started = subprocess.run(
        [sys.executable, "-m", "matchmaker.ui", "run", str(ROOT / "app.py"), "--server.port", str(arguments.port),
         "--server.headless", headless],
        cwd=ROOT, env=environment, check=False,
    )  # fmt: skip
    return started.returncode


def _check_port(port: int) -> None:
    """Raise `BadInput` for a port that the app cannot use; Streamlit would show a traceback."""
    if port not in _PORTS:
        raise BadInput(
            message("There is no port {port}.", port=port),
            where="--port",
            remedy=message("Name a number from {least} to {most}.", least=_PORTS[0], most=_PORTS[-1]),
        )
    try:
        socket.create_server(("localhost", port)).close()
    except OSError as error:
        raise BadInput(
            message("The port {port} cannot be used: {reason}.", port=port, reason=reason(error)),
            where="--port",
            remedy=message("The app may be open already. Otherwise name another port, for example --port 8601."),
        ) from None


def test(_arguments: argparse.Namespace) -> int:
    """Refer to the way the tests are run."""
    raise BadInput(
        message("The tests are run with: python -m matchmaker test"), remedy=message("Run it in the checkout.")
    )
