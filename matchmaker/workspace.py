"""Where the data come from and who may change them: a data package, and over it what users entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import pandas as pd

from matchmaker import access, changes, dataset, entries, exchange, preview, sight
from matchmaker.access import LOCAL, Role, User
from matchmaker.catalogue import Catalogue
from matchmaker.dataset import Dataset
from matchmaker.entries import OwnProfile
from matchmaker.errors import BadInput, ChangedMeanwhile, Forbidden
from matchmaker.message import Message, message
from matchmaker.model import LANDS, CompetenceCentre, Municipality, Provenance
from matchmaker.preview import Difference
from matchmaker.sheets import SHIPPED, Tables, schema
from matchmaker.sight import Openness, Topic
from matchmaker.store import PROGRAM, Account, Author, Shelf, Store, Version, no_version

DEMONSTRATION: Final = SHIPPED / "demonstration"
"""Package of the simulated demonstration participants, beside the real data."""


class _Latest:
    """The data as they were last put together, for everybody of this program who asks for the same state."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state: object = None
        self._data: Dataset | None = None

    def get(self, state: Callable[[], object], build: Callable[[], Dataset]) -> Dataset:
        """Return what is there, or build it where the state has become another."""
        with self._lock:
            # Asked for only now, so that one building serves all who had to wait for another.
            now = state()
            if self._data is None or now != self._state:
                # What is read after the state was asked for is never older than it.
                self._data, self._state = build(), now
            return self._data


@dataclass(frozen=True)
class Workspace:
    """Where the data come from: a package, and over it what users entered.

    Parameters
    ----------
    package
        Folder of the data package; the shipped one comes with the demonstration participants.
    store
        Database with what users entered, None to look at the package alone.
    user
        Who looks and enters; every method raises `Forbidden` where the user has no right to what it does.
    """

    package: Path = SHIPPED
    store: Store | None = None
    user: User = LOCAL
    _latest: _Latest = field(default_factory=_Latest, compare=False, repr=False)

    @property
    def place(self) -> str:
        """Where entries are kept, as a user may read it; empty where nothing can be saved."""
        return self.store.place if self.store else ""

    @property
    def stored(self) -> Store:
        """The database with what users entered; raises `BadInput` where there is none."""
        access.require_admin(self.user)
        return self.writable()

    def version(self) -> tuple[str, int, User]:
        """Return what the data depend on: package, last change, and the rights of who looks. Key of every cache."""
        return str(self.package), self.store.version() if self.store else 0, self.user.unnamed

    @cached_property
    def _package_layers(self) -> tuple[Tables, ...]:
        """Tables of the package, read once: it does not change while the program runs."""
        if self.package == SHIPPED:
            return _shipped_layers()
        # A package without a catalogue of its own is read with the shipped one; competence centres add to it.
        shipped, _demonstration = _shipped_layers()
        beneath = {name: f for name, f in shipped.items() if schema()[name].catalogue or name == "competence_centres"}
        return beneath, exchange.read(self.package, known=_referable(beneath))

    def load(self) -> Dataset:
        """Return the package with what users entered laid over it; it is shared, so it is only read."""
        return self.seen(self._named())

    def _named(self) -> Dataset:
        """Return all data, every name open."""
        return self._latest.get(self._state, lambda: self._everything({}))

    def _state(self) -> object:
        return self.package, self.store, self.store.version() if self.store else 0

    def seen(self, everything: Dataset) -> Dataset:
        """Return as much of the data as the user of this workspace may see."""
        if self.user.role is Role.ADMIN:
            return replace(everything, reader=self.user.unnamed)
        choices = self._choices()
        if hidden := sight.nameless(everything, self.user, choices, self.aliases()):
            everything = self._everything(hidden, everything)
            choices = {hidden.get(key, key): chosen for key, chosen in choices.items()}
        return sight.seen_by(everything, self.user, choices)

    def _everything(self, hidden: Mapping[str, str], named: Dataset | None = None) -> Dataset:
        """Return all data, with numbers in the place of hidden names; ``named`` are the same without that."""
        if self.store is None:
            return dataset.build(self._package_layers)
        entered = sight.renamed(self.store.tables(), named, self.aliases(), hidden)
        return dataset.build([*self._package_layers, entered])

    def aliases(self) -> Mapping[str, str]:
        """Return the numbers of all that hide their name or once did, by key."""
        return self.store.aliases() if self.store else {}

    def hidden(self) -> Mapping[str, str]:
        """Return the numbers under which municipalities appear to this user, by the key that is not open to him."""
        if self.user.role is Role.ADMIN or not self.aliases():
            return {}
        return sight.nameless(self._named(), self.user, self._choices(), self.aliases())

    def openness(self, key: str) -> Mapping[Topic, Openness]:
        """Return to whom a municipality opens each topic, what holds without a choice included."""
        access.require_edit(self.user, [key])
        return {**sight.DEFAULTS, **self._choices().get(key, {})}

    def open(self, key: str, levels: Mapping[Topic, Openness], *, by: Author = PROGRAM) -> None:
        """Choose to whom a municipality opens its topics; those not named are as without a choice.

        Raises `BadInput` where it hides its name and its Land and size would give it away.
        """
        access.require_edit(self.user, [key])
        store, number = self.writable(), ""
        if levels.get("name", Openness.PUBLIC) is not Openness.PUBLIC:
            number = sight.number_for(key, self.load().profiles, self.aliases().values())
        chosen = {str(topic): str(level) for topic, level in levels.items()}
        store.open(key, chosen, by=by, hidden_as=number)

    def _choices(self) -> sight.Choices:
        found = self.store.openness() if self.store else {}
        # Closed rather than open where a later program has stored what this one does not know.
        return {
            key: {
                topic: Openness(levels[topic]) if levels[topic] in set(Openness) else Openness.HIDDEN
                for topic in sight.DEFAULTS
                if topic in levels
            }
            for key, levels in found.items()
        }

    def take_in(self, path: Path, *, what: str, by: Author = PROGRAM) -> Taken:
        """Import a data package, workbook or CSV file whole or not at all; say what was taken and replaced.

        Raises `ImportRejected` with every row error; nothing is changed then.
        """
        store = self.writable()
        present, taken = self._importable(path)
        store.save(taken, what=what, by=by)
        return Taken(
            rows={name: len(frame) for name, frame in taken.items()},
            replaced={name: _rows_of(present[name], name, frame) for name, frame in taken.items()},
        )

    def preview(self, path: Path) -> Mapping[str, Difference]:
        """Return what an import would change, by name of the table; raises as `take_in` does and changes nothing."""
        return preview.differences(*self._importable(path))

    def _importable(self, path: Path) -> tuple[Tables, Tables]:
        """Return the present tables, and those that an import of a file would take over."""
        present = self.load().tables
        tables = exchange.read(path, known=_referable(present), real=_real(present), bounded=True)
        fixed = sorted(name for name in tables if schema()[name].catalogue)
        taken = {name: frame for name, frame in tables.items() if name not in fixed}
        if not taken:
            raise BadInput(
                message(
                    "{path} holds only tables of the catalogue ({names:list}).", path=str(path), names=tuple(fixed)
                ),
                where=str(path),
                remedy=message("To use another catalogue, start with --data and the folder of your package."),
            )
        # What municipalities say about themselves is theirs; register and cooperations are everybody's.
        if set(taken) - set(_OWN_TABLES):
            access.require_admin(self.user)
        access.require_edit(self.user, sorted({key for frame in taken.values() for key in frame.iloc[:, 0]}))
        return present, taken

    def replace_register(self, path: Path, *, by: Author = PROGRAM) -> tuple[int, int]:
        """Replace the register by the official file; return how many rows it has and how many have no place.

        Places are kept from the present register, by key: the official file has none.
        """
        access.require_admin(self.user)
        store = self.writable()
        official = exchange.read_official_register(path)
        present = self.load().tables["register"].set_index("key")[["lat", "lon"]]
        for column in ("lat", "lon"):
            official[column] = official["key"].map(present[column])
        # What an earlier import brought and this one does not have is gone; what was entered by hand stays.
        earlier = store.tables()["register"]
        dissolved = set(earlier["key"][earlier["source"] != entries.HAND_ENTERED]) - set(official["key"])
        states = [(key, "register") for key in (dataset.EVERYBODY, *sorted(dissolved))]
        store.save({"register": official}, what=f"register {path.name}", by=by, states=states)
        return len(official), int(official["lat"].isna().sum())

    def save_profile(self, profile: OwnProfile, *, by: Author = PROGRAM) -> None:
        """Keep what a municipality says about itself; replaces its former profile, needs and offers.

        Raises `EntryRejected` with every value that breaks a rule, and `ChangedMeanwhile` where others have saved
        since ``profile.seen`` was read; nothing is changed then.
        """
        key = profile.municipality.key
        access.require_edit(self.user, [key])
        store = self.writable()
        tables = entries.tables_of(profile)
        present = self.load().tables
        exchange.check(tables, source=profile.municipality.name, known=_referable(present), real=_real(present))

        def unchanged(stored: Tables) -> None:
            if profile.seen is not None and not entries.still(stored, key, profile.seen):
                raise ChangedMeanwhile(profile.municipality.name)

        states = [(key, "needs"), (key, "offers")]
        store.save(tables, what=f"profile {key}", by=by, states=states, check=unchanged)

    def history(self, catalogue: Catalogue, key: str) -> tuple[Past, ...]:
        """Return what a municipality has entered after each change, newest first, with what changed in words."""
        access.require_moderate(self.user, key)
        if key in self.hidden():
            return ()  # as of one that has never entered anything
        if not access.may_edit(self.user, key) and Openness.HIDDEN in self._choices().get(key, {}).values():
            raise Forbidden(
                message("{key} hides part of what it says, so its history is not shown.", key=key),
                where=key,
                remedy=message("Ask the municipality itself."),
            )
        versions = self.store.history(key) if self.store else ()
        earlier: list[Mapping[str, Any]] = [*(version.state for version in versions[1:]), {}]
        return tuple(
            Past(version, changes.in_words(before, version.state, catalogue))
            for version, before in zip(versions, earlier, strict=False)
        )

    def restore(self, key: str, number: int, *, by: Author = PROGRAM, over: int | None = None) -> None:
        """Bring back what a municipality had entered after a change, as a new change; 0 takes back all it entered.

        ``over`` is the version seen as the last: `ChangedMeanwhile` is raised where others have saved since. Raises
        `BadInput` where there is no such version.
        """
        access.require_moderate(self.user, key)
        store = self.writable()
        if not access.may_edit(self.user, key) and (key in self.hidden() or not store.history(key)):
            raise no_version(key, number)  # one that hides its name is as one that has never entered anything
        store.restore(key, number, by=by, over=over)

    def save_levels(self, levels: pd.DataFrame, *, as_of: str, what: str, by: Author = PROGRAM) -> None:
        """Keep the levels that a survey gave (columns key, D1…D8, their standard errors, respondents).

        They take the place of all levels of those municipalities; what is known of their free staff and money stays.
        Simulated municipalities stay simulated. Raises `EntryRejected` where a value breaks a rule, and
        `ChangedMeanwhile` where staff or money were changed while this was going on; nothing is changed then.
        """
        access.require_edit(self.user, levels["key"])
        store = self.writable()
        present = self.load().tables
        capacity = ["fte", "budget_eur"]
        before = present["profiles"].set_index("key")
        kept = before[capacity].reindex(levels["key"])
        exists = levels["key"].isin(_real(present))
        profiles = levels.assign(
            fte=kept["fte"].to_numpy(),
            budget_eur=kept["budget_eur"].to_numpy(),
            contact=before["contact"].reindex(levels["key"], fill_value="").to_numpy(),
            provenance=np.where(exists, Provenance.SURVEY.value, Provenance.SIMULATED.value),
            as_of=as_of,
        )
        exchange.check({"profiles": profiles}, source=what, known=_referable(present), real=_real(present))

        def unchanged(stored: Tables) -> None:
            now = stored["profiles"].set_index("key")[capacity]
            now = now.loc[now.index.isin(kept.index)]
            changed = now.index[~((now == kept.loc[now.index]) | (now.isna() & kept.loc[now.index].isna())).all(axis=1)]
            if len(changed):
                raise ChangedMeanwhile(str(changed[0]))

        store.save({"profiles": profiles}, what=what, by=by, check=unchanged)

    def enter_municipality(self, municipality: Municipality, *, by: Author = PROGRAM) -> None:
        """Add a municipality that is not in the register, or correct one that was entered by hand.

        Raises `EntryRejected` with every value that breaks a rule of the register, and `BadInput` for a key
        that the register already has.
        """
        access.require_edit(self.user, [municipality.key])
        store = self.writable()
        current = self.load()
        row = entries.register_row(municipality)
        exchange.check({"register": row}, source=municipality.name or municipality.key)
        register = current.tables["register"]
        if ((register["key"] == municipality.key) & (register["source"] != entries.HAND_ENTERED)).any():
            raise BadInput(
                message("The key {key} is already in the register.", key=municipality.key),
                where=municipality.key,
                remedy=message("Search for it in the list."),
            )
        store.save({"register": row}, what=f"municipality {municipality.key}", by=by)

    @property
    def scenarios(self) -> Shelf:
        """The saved plans: an admin's are those of all, a centre's its own.

        Raises `Forbidden` for whoever may not plan, and `BadInput` where nothing can be saved.
        """
        access.require_plan(self.user)
        return self.writable().scenarios(None if self.user.role is Role.ADMIN else self.user.name)

    def enter_centre(self, centre: CompetenceCentre, *, new: bool, by: Author = PROGRAM) -> None:
        """Keep a competence centre; a new one must have an id that none has, as `centre_at` gives it.

        Raises `EntryRejected` with every value that breaks a rule, `BadInput` for a topic that the catalogue does not
        have, `ChangedMeanwhile` where others have taken the id of a new one, and `Forbidden` for whoever is neither
        centre nor admin; nothing is changed then.
        """
        access.require_plan(self.user)
        store = self.writable()
        for topic in centre.topics:
            self.load().catalogue.use_case(topic)
        row = pd.DataFrame([{**asdict(centre), "topics": "; ".join(centre.topics)}]).fillna(
            {"lat": np.nan, "lon": np.nan}
        )
        exchange.check({"competence_centres": row}, source=centre.name or centre.id)

        def free(stored: Tables) -> None:
            if new and centre.id in set(stored["competence_centres"]["id"]):
                raise ChangedMeanwhile(centre.name)

        store.save({"competence_centres": row}, what=f"competence centre {centre.id}", by=by, check=free)

    def remove_centre(self, id_: str, *, by: Author = PROGRAM) -> None:
        """Take a competence centre out, a published one too. Raises `BadInput` for an id that none has."""
        access.require_plan(self.user)
        store = self.writable()
        if id_ not in {centre.id for centre in self.load().centres}:
            raise BadInput(
                message("There is no competence centre {id}.", id=id_),
                where=id_,
                remedy=message("The command centre list shows all."),
            )
        states = [(id_, "competence_centres")]
        store.save({}, what=f"competence centre {id_} removed", by=by, states=states)

    def user_of(self, issuer: str, subject: str) -> User | None:
        """Return the user whom an identity provider calls by these names; None where there is no account."""
        found = self.store.account(issuer, subject) if self.store else None
        return None if found is None else User(Role(found.role), found.scope, f"{found.subject} ({found.issuer})")

    def accounts(self) -> tuple[Account, ...]:
        """Return who may log in, by issuer and subject."""
        access.require_admin(self.user)
        return self.writable().accounts()

    def keep_account(self, account: Account) -> None:
        """Add an account, or give it another role and scope.

        Raises `BadInput` for a role there is not, for names that no identity provider gives, and for a scope that
        does not belong to the role; `UnknownKey` for a municipality that is not in the register.
        """
        access.require_admin(self.user)
        store = self.writable()
        _check_account(account)
        profiles = self.load().profiles
        for part in account.scope:
            if not (account.role == Role.CENTRE and part in LANDS):
                profiles.row(part)
        store.keep_account(account)

    def remove_account(self, issuer: str, subject: str) -> None:
        """Remove an account; raises `BadInput` where there is none."""
        access.require_admin(self.user)
        if not self.writable().remove_account(issuer, subject):
            raise BadInput(
                message("There is no account {subject} of {issuer}.", subject=subject, issuer=issuer),
                where=subject,
                remedy=message("account list names all there are."),
            )

    def writable(self) -> Store:
        """Return the database for whoever has asked for the right before; raise `BadInput` where there is none."""
        if self.store is None:
            raise BadInput(
                message("This package is only looked at: nothing can be saved in it."),
                remedy=message("Start without --data, or name a database."),
            )
        return self.store


_OWN_TABLES: Final = ("profiles", "needs", "offers")
"""Tables of what municipalities say about themselves."""

_LONGEST_NAME: Final = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2); addresses of issuers are shorter in practice."""


def _check_account(account: Account) -> None:
    """Raise `BadInput` for what cannot be an account."""
    if account.role not in set(Role):
        raise BadInput(
            message("There is no role {role}.", role=account.role),
            where=account.role,
            remedy=message("The roles are {roles:list}.", roles=tuple(Role)),
        )
    if not account.issuer.startswith(("https://", "http://localhost")) or len(account.issuer) > _LONGEST_NAME:
        raise BadInput(
            message("{issuer} is no address of an identity provider.", issuer=account.issuer),
            where=account.issuer,
            remedy=message("Give the issuer as its tokens name it, beginning with https://."),
        )
    if not (account.subject.isprintable() and 1 <= len(account.subject) <= _LONGEST_NAME):
        raise BadInput(
            message("The subject of an account has 1 to 255 characters, all of them readable."),
            where=account.subject[:_LONGEST_NAME],
            remedy=message("The page says the subject of whoever logs in without an account."),
        )
    scoped = account.role in {Role.OFFICER, Role.CENTRE}
    if scoped != bool(account.scope):
        raise BadInput(
            message("An officer needs the keys of municipalities, a centre Länder or keys; other roles have neither."),
            where=account.role,
            remedy=message("Give --for KEY,… or leave it out."),
        )


@cache
def _shipped_layers() -> tuple[Tables, Tables]:
    """Return the shipped package and the demonstration participants, read once in a process."""
    shipped = exchange.read(SHIPPED)
    return shipped, exchange.read(DEMONSTRATION, known=_referable(shipped))


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import took over.

    ``rows`` are those taken by table. ``replaced`` are the rows that were there before, published ones too, by
    table and municipality or cooperation: an import replaces all of what a table says about each one it names.
    """

    rows: Mapping[str, int]
    replaced: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier state of what a municipality entered, and what the change that led to it changed."""

    version: Version
    words: tuple[Message, ...]


def _real(tables: Tables) -> frozenset[str]:
    """Return the keys of the municipalities that exist."""
    register = tables["register"]
    return frozenset(register["key"][register["source"] != dataset.SIMULATED])


def _rows_of(present: pd.DataFrame, name: str, taken: pd.DataFrame) -> Mapping[str, int]:
    """Return how many rows each owner named in an import had in a table before."""
    owner = dataset.OWNER.get(name, "key")
    counts = present[owner][present[owner].isin(taken[owner])].value_counts(sort=False)
    return {str(key): int(count) for key, count in counts.items()}


def _referable(tables: Tables) -> Mapping[str, frozenset[str]]:
    """Return what other tables may refer to, by table name: keys of the register, ids of use cases."""
    return {name: frozenset(frame.iloc[:, 0]) for name, frame in tables.items()}
