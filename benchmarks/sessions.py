# ruff: noqa: INP001, T201
# A script, no package; it prints a table for benchmarks/RESULTS.md.
"""Many people at once: how long each waits, what each costs in memory, and whether all that they enter is kept.

Starts the app on a database with simulated municipalities, as its user would, and opens many sessions at the same time.
Each is somebody of a municipality of its own, who searches for it, enters a need and free staff, saves, looks for
partners, weighs other things, and fetches the council paper of a joint project; then again with other entries. The
sessions speak to the app as a browser does, over its websocket, without drawing what they are sent. Afterwards every
edit must stand in the database once, in its order, and under its municipality.

    python benchmarks/sessions.py                     # 50 sessions, one click after the other
    python benchmarks/sessions.py --pause 10          # each reads for some ten seconds before the next click
    python benchmarks/sessions.py --login             # each with an account of its own

Ends with exit code 1 where a page fails, the log holds an error, or an entry is lost, doubled or mixed up. Needs the
test requirements.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME
from websockets.asyncio.client import ClientConnection, connect

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matchmaker import exchange, service  # noqa: E402 - needs the line above
from matchmaker.dataset import Dataset  # noqa: E402
from matchmaker.store import Account, Store  # noqa: E402
from matchmaker.workspace import Workspace  # noqa: E402
from scripts.screenshots import running_app  # noqa: E402

ISSUER: Final = "https://login.example"
SECRET: Final = "signs the cookies of this benchmark alone"  # noqa: S105 - of an app that lives for a minute
STAFF: Final = "Staff free for AI, in full-time posts a year"
NEEDS: Final = "What costs your staff time and nerves?"
OWN: Final = "Your municipality"
PATIENCE: Final = 120
"""Seconds after which a click counts as never answered."""


@dataclass
class Session:
    """A tab of a browser that draws nothing: what it was sent, and what its user has entered."""

    address: str
    cookies: dict[str, str]
    waited: list[tuple[str, float]] = field(default_factory=list)
    """Every click, and the seconds until the page was finished."""

    _socket: ClientConnection = field(init=False)
    _elements: dict[tuple[int, ...], Any] = field(default_factory=dict)
    _entered: dict[str, dict[str, Any]] = field(default_factory=dict)
    _pages: dict[str, str] = field(default_factory=dict)
    _page: str = ""
    _query: str = "lang=en"
    _id: str = ""

    async def begin(self, stack: AsyncExitStack) -> None:
        """Connect as a browser does."""
        token = generate_xsrf_token_string()
        cookies = {XSRF_COOKIE_NAME: token, **self.cookies}
        url = f"{self.address.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket = await stack.enter_async_context(
            connect(
                url, origin=self.address, max_size=None, proxy=None,
                subprotocols=["streamlit", token], ping_timeout=PATIENCE,
                additional_headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())},
            )
        )  # fmt: skip
        await self.click("opening the app")

    async def click(self, what: str, *, page: str | None = None, fragment: str = "", **entered: Any) -> None:
        """Run the page, or go to another; with a trigger that holds for this run only, by the id of its widget."""
        message = BackMsg()
        run = message.rerun_script
        if page is not None:
            self._page, self._query = self._pages[page], ""
        run.page_script_hash, run.query_string, run.fragment_id = self._page, self._query, fragment
        run.context_info.locale, run.context_info.url = "en-GB", self.address
        for name, value in {**self._entered, **entered}.items():
            state = run.widget_states.widgets.add(id=name)
            kind, content = next(iter(value.items()))
            if isinstance(content, list):
                getattr(state, kind).data.extend(content)
            else:
                setattr(state, kind, content)
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not self._finished(ForwardMsg.FromString(await self._next())):
                pass
        self.waited.append((what, time.perf_counter() - began))
        for kind in ("exception", "alert"):
            for element in self._all(kind):
                if kind == "exception" or element.format == element.ERROR:
                    raise RuntimeError(f"After {what} the page says: {element}")

    async def enter(self, what: str, kind: str, label: str, **value: Any) -> None:
        """Give a field a value, which runs the page."""
        self._entered[self.one(kind, label).id] = value
        await self.click(what)

    async def press(self, what: str, label: str) -> None:
        """Press a button."""
        await self.click(what, **{self.one("button", label).id: {"trigger_value": True}})

    async def fetch(self, what: str, label: str) -> bytes:
        """Return the file behind the first download button of that name, which is made only now."""
        began = time.perf_counter()
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = str(began), self._id
        request.deferred_file.file_id = self.one("download_button", label).deferred_file_id
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            answer = ForwardMsg()
            while not answer.HasField("backend_operation_response"):
                answer = ForwardMsg.FromString(await self._next())
        made = answer.backend_operation_response
        if made.error_msg:
            raise RuntimeError(f"{what}: {made.error_msg}")
        content = await asyncio.to_thread(_read, f"{self.address}{made.deferred_file.url}")
        self.waited.append((what, time.perf_counter() - began))
        return content

    def one(self, kind: str, label: str) -> Any:
        """Return the first element of a kind and label on the page."""
        for element in self._all(kind):
            if element.label == label:
                return element
        raise RuntimeError(f"There is no {kind} {label} on the page, but {[e.label for e in self._all(kind)]}.")

    def count(self, begin: str) -> int:
        """Return how many texts of the page begin so."""
        return sum(element.body.startswith(begin) for element in self._all("markdown"))

    async def _next(self) -> bytes:
        found = await self._socket.recv()
        assert isinstance(found, bytes)  # noqa: S101 - the app sends nothing else
        return found

    def _all(self, kind: str) -> list[Any]:
        found = [element for _path, element in sorted(self._elements.items()) if element.WhichOneof("type") == kind]
        return [getattr(element, kind) for element in found]

    def _finished(self, message: ForwardMsg) -> bool:
        """Take in what the app sends; return whether the page is finished."""
        match message.WhichOneof("type"):
            case "new_session":
                self._id, self._page = message.new_session.initialize.session_id, message.new_session.page_script_hash
                self._elements.clear()
            case "navigation":
                self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                self._page = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "delta":
                path = tuple(message.metadata.delta_path)
                if message.delta.HasField("new_element"):
                    self._elements[path] = message.delta.new_element
                    self._taken_over(message.delta.new_element)
                else:
                    self._elements.pop(path, None)
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                there = {getattr(getattr(e, e.WhichOneof("type")), "id", "") for e in self._elements.values()}
                self._entered = {name: value for name, value in self._entered.items() if name in there}
                return True
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                raise RuntimeError("The page could not be run.")
        return False

    def _taken_over(self, element: Any) -> None:
        """Forget what was entered where the app has set another value, as a browser does."""
        widget = getattr(element, element.WhichOneof("type"))
        if getattr(widget, "set_value", False):
            self._entered.pop(widget.id, None)


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the own app's address
        content: bytes = answer.read()
    return content


@dataclass(frozen=True)
class Person:
    """Somebody of a municipality, and what he or she will enter: free staff and a need for each round."""

    key: str
    staff: tuple[float, ...]
    needs: tuple[str, ...]


def people(data: Dataset, number: int, rounds: int) -> list[Person]:
    """Return people of different real municipalities, no two of whom ever enter the same staff."""
    fits = (data.profiles.population > 0) & ~data.profiles.simulated & ~data.profiles.need_known
    keys = [str(key) for key in data.profiles.key[fits] if len(str(key)) == len("01059083")]
    chosen = keys[:: max(1, len(keys) // number)][:number]
    cases = [use_case.id for use_case in data.catalogue.use_cases]
    return [
        Person(
            key,
            tuple((1 + at * rounds + turn) / 100 for turn in range(rounds)),
            tuple(cases[(at + turn) % len(cases)] for turn in range(rounds)),
        )
        for at, key in enumerate(chosen)
    ]


async def work(session: Session, person: Person, data: Dataset, pause: Callable[[], Awaitable[None]]) -> None:
    """Do everything that a person does, round by round."""
    pains = {u.id: f"{u.pain.en} ({u.title.en})" for u in data.catalogue.use_cases}
    for turn, (staff, need) in enumerate(zip(person.staff, person.needs, strict=True)):
        await pause()
        await session.click("page “My municipality”", page="kommune")
        await pause()
        # The list is searched in the browser; the app hears of what was chosen.
        options = session.one("selectbox", OWN).options
        (own,) = [option for option in options if option.endswith(person.key)]
        await session.enter("choosing the municipality", "selectbox", OWN, string_value=own)
        await pause()
        await session.enter("choosing a need", "multiselect", NEEDS, string_array_value=[pains[need]])
        await pause()
        await session.enter("entering free staff", "text_input", STAFF, string_value=f"{staff:.2f}")
        await pause()
        await session.press("saving", "Save")
        await pause()
        await session.click("page “Find partners”", page="partner")
        if not session.count("#### "):
            raise RuntimeError(f"{person.key} is shown no partner.")
        await pause()
        await session.enter("ten partners more", "slider", "Number of partners", double_array_value=[20.0 + turn])
        await pause()
        await session.click("page “Joint projects”", page="projekte")
        await pause()
        paper = await session.fetch("fetching the council paper", "Paper (Word)")
        if not paper.startswith(b"PK"):
            raise RuntimeError(f"The paper of {person.key} is no document.")


def wrong(store: Store, everybody: Sequence[Person], before: int) -> list[str]:
    """Return what is not in the database as it was entered after a version: values, order, number, municipality."""
    changes, edits = store.version() - before, sum(len(person.staff) for person in everybody)
    found = [] if changes == edits else [f"{edits} edits have made {changes} changes."]
    tables = store.tables()
    for person in everybody:
        entered = [
            (version.state["profiles"][0]["fte"], [row["use_case"] for row in version.state["needs"]])
            for version in reversed(store.history(person.key))
        ]
        expected = [(staff, [need]) for staff, need in zip(person.staff, person.needs, strict=True)]
        now = [
            (row.fte, list(tables["needs"].loc[tables["needs"]["key"] == person.key, "use_case"]))
            for row in tables["profiles"][tables["profiles"]["key"] == person.key].itertuples()
        ]
        if entered != expected or now != expected[-1:]:
            found.append(f"{person.key}: entered {expected}, history {entered}, now {now}")
    return found


async def everybody_works(
    address: str, everybody: Sequence[Person], data: Dataset, pause: float, cookies: Callable[[Person], dict[str, str]]
) -> tuple[list[Session], int]:
    """Let all work at the same time; return their sessions, and how many bytes the app takes while they are open."""
    rng = random.Random(0)  # noqa: S311 - reading times, no secrets

    async def read() -> None:
        if pause:
            await asyncio.sleep(rng.expovariate(1 / pause))

    async with AsyncExitStack() as stack:
        sessions = [Session(address, cookies(person)) for person in everybody]
        async with asyncio.TaskGroup() as group:
            for session, person in zip(sessions, everybody, strict=True):
                group.create_task(begin_and_work(session, person, data, read, stack))
        return sessions, memory()


async def begin_and_work(
    session: Session, person: Person, data: Dataset, pause: Callable[[], Awaitable[None]], stack: AsyncExitStack
) -> None:
    """Come to the app at some moment and do what there is to do; stay until all others have done so too."""
    await pause()
    await session.begin(stack)
    await work(session, person, data, pause)


def memory() -> int:
    """Return how many bytes of memory the app takes."""
    (app,) = psutil.Process().children()
    return int(app.memory_info().rss)


def cookies_of(person: Person, address: str) -> dict[str, str]:
    """Return the cookie that Streamlit sets when somebody has logged in."""
    said = {"origin": address, "is_logged_in": True, "iss": ISSUER, "sub": person.key, "aud": "app", "iat": time.time()}
    return {USER_COOKIE_NAME: create_signed_value(SECRET, USER_COOKIE_NAME, json.dumps(said)).decode()}


def main() -> int:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--n", type=int, default=400, help="simulated municipalities beside the real ones")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two clicks of somebody, on average")
    parser.add_argument("--login", action="store_true", help="each with an account of its own")
    arguments = parser.parse_args()
    print(f"Load of the machine at the beginning: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    with tempfile.TemporaryDirectory() as folder:
        log, said, secrets = (Path(folder, name) for name in ("log.jsonl", "said.txt", "secrets.toml"))
        url = f"sqlite:///{Path(folder, 'sessions.db').as_posix()}"
        store = Store(url)
        exchange.write(service.simulated_package(Workspace().load(), n=arguments.n, seed=0), Path(folder, "package"))
        Workspace(store=store).take_in(Path(folder, "package"), what="import package")
        os.environ["MATCHMAKER_LOG"] = str(log)
        data = Workspace(store=store).load()
        first, *everybody = people(data, arguments.sessions + 1, arguments.rounds)
        options = ["--logger.level=warning"]
        if arguments.login:
            for person in (first, *everybody):
                store.keep_account(Account(ISSUER, person.key, "officer", (person.key,)))
            secrets.write_text(
                f'[auth]\nredirect_uri = "http://localhost/oauth2callback"\ncookie_secret = "{SECRET}"\n'
                f'client_id = "app"\nclient_secret = "any"\nserver_metadata_url = "{ISSUER}"\n',
                encoding="utf-8",
            )
            options.append(f"--secrets.files={secrets}")
        with said.open("wb") as stream, running_app(url, *options, says=stream) as address:

            def cookies(person: Person) -> dict[str, str]:
                return cookies_of(person, address) if arguments.login else {}

            # What the first click of a day loads is not what is measured here.
            asyncio.run(everybody_works(address, [first], data, 0, cookies))
            before, version = memory(), store.version()
            began = time.perf_counter()
            sessions, used = asyncio.run(everybody_works(address, everybody, data, arguments.pause, cookies))
            lasted = time.perf_counter() - began
        show(sessions, lasted, before, used)
        complaints = wrong(store, everybody, version)
        complaints += [line for line in log.read_text(encoding="utf-8").splitlines() if '"info"' not in line]
        complaints += [line for line in log.read_text(encoding="utf-8").splitlines() if '"refused"' in line]
        complaints += [line for line in said.read_text(encoding="utf-8").splitlines() if line.strip()]
    edits = sum(len(person.staff) for person in everybody)
    print(f"\n{edits} edits of {len(everybody)} people: ", end="")
    print("\n".join(complaints) if complaints else "each is in the database once, in order and where it belongs.")
    return 1 if complaints else 0


def show(sessions: Sequence[Session], lasted: float, before: int, used: int) -> None:
    """Print how long clicks took, and what the sessions cost."""
    clicks: dict[str, list[float]] = {}
    for session in sessions:
        for what, seconds in session.waited:
            clicks.setdefault(what, []).append(seconds)
    everything = [seconds for times in clicks.values() for seconds in times]
    print("\n| click | times | median s | 95th percentile s | longest s |\n| --- | ---: | ---: | ---: | ---: |")
    for what, times in {**clicks, "**all**": everything}.items():
        late = statistics.quantiles(times, n=20)[-1]
        print(f"| {what} | {len(times)} | {statistics.median(times):.2f} | {late:.2f} | {max(times):.2f} |")
    print(f"\n{len(everything)} clicks in {lasted:.0f} s, {len(everything) / lasted:.1f} a second.")
    each = (used - before) / len(sessions)
    print(f"Memory before {before / 1e6:.0f} MB, with {len(sessions)} sessions open at the end {used / 1e6:.0f} MB: "
          f"{each / 1e6:.1f} MB a session, caches included.")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
