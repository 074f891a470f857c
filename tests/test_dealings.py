"""Requests between municipalities: who may do what, what each side knows of it, and names stay closed until a yes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from matchmaker import cli
from matchmaker.access import Role, User
from matchmaker.cooperations import Act, Life, Reason, Status
from matchmaker.dealings import Dealings
from matchmaker.entries import own_profile
from matchmaker.errors import BadInput, ChangedMeanwhile, Forbidden, UnknownKey
from matchmaker.sight import Openness
from matchmaker.store import Store
from matchmaker.workspace import Workspace

ASKER, ASKED, THIRD, FAR = "01059083", "01059045", "01059120", "09162000"
OFFICER = {key: User(Role.OFFICER, (key,), key) for key in (ASKER, ASKED, THIRD, FAR)}
CENTRE, VIEWER = User(Role.CENTRE, ("SH",), "centre"), User(Role.VIEWER, (), "viewer")
OUTSIDE = (OFFICER[THIRD], VIEWER, User(Role.CENTRE, ("BY",)))


@pytest.fixture
def desk(database: str) -> Workspace:
    return Workspace(store=Store(database))


def dealings(desk: Workspace, user: User | str) -> Dealings:
    return Dealings(replace(desk, user=OFFICER[user] if isinstance(user, str) else user))


def asked(desk: Workspace, *others: str) -> str:
    return dealings(desk, ASKER).ask(ASKER, others or (ASKED,), "UC01", "Machen Sie mit?", expected_eur=40_000)


def agreed(desk: Workspace) -> str:
    id_ = asked(desk)
    dealings(desk, ASKED).take(id_, Act.ACCEPT, ASKED, other=ASKED)
    return id_


def one(desk: Workspace, user: User | str) -> Life:
    (found,) = dealings(desk, user).all()
    return found


@pytest.mark.both_databases
def test_a_request_reaches_the_other_side_and_nobody_else_until_it_is_agreed(desk: Workspace):
    id_ = asked(desk)
    for key in (ASKER, ASKED):
        life = one(desk, key)
        assert (life.id, life.status, life.members, life.requests[0].text) == (
            id_, Status.CONTACTED, (ASKER,), "Machen Sie mit?",
        )  # fmt: skip
        data = replace(desk, user=OFFICER[key]).load()
        assert [(c.status, c.members) for c in data.cooperations if c.id == id_] == [("contacted", (ASKED, ASKER))]
    for user in (*OUTSIDE, CENTRE):
        assert dealings(desk, user).all() == ()
        data = replace(desk, user=user).load()
        assert id_ not in {c.id for c in data.cooperations}
        assert id_ not in set(data.tables["cooperations"]["id"]) | set(
            data.tables["cooperation_members"]["cooperation_id"]
        )
    dealings(desk, ASKED).take(id_, Act.ACCEPT, ASKED, other=ASKED)
    for user in (*OUTSIDE, CENTRE):
        data = replace(desk, user=user).load()
        assert [(c.status, c.members) for c in data.cooperations if c.id == id_] == [("agreed", (ASKED, ASKER))]
    profiles = desk.load().profiles
    assert profiles.ties[[profiles.row(ASKER)], [profiles.row(ASKED)]] == 1


def test_what_others_see_of_it_holds_neither_texts_nor_savings(desk: Workspace):
    id_ = agreed(desk)
    assert [dealings(desk, user).all() for user in OUTSIDE] == [(), (), ()]
    centre = one(desk, CENTRE)
    assert (centre.steps, centre.requests, centre.expected_eur) == ((), (), 40_000)
    dealings(desk, ASKED).take(id_, Act.OPEN, ASKED)
    for user in OUTSIDE:
        life = one(desk, user)
        assert (life.members, life.steps, life.expected_eur) == ((ASKER, ASKED), (), None)
    dealings(desk, THIRD).take(id_, Act.JOIN, THIRD, other=THIRD, text="Dürfen wir dazu?")
    joining = one(desk, THIRD)
    assert ([r.key for r in joining.requests], joining.steps) == ([THIRD], ())
    assert one(desk, VIEWER).requests == ()
    dealings(desk, ASKER).take(id_, Act.ACCEPT, ASKER, other=THIRD)
    assert one(desk, THIRD).members == (ASKER, ASKED, THIRD)


def test_a_request_that_came_to_nothing_leaves_nothing_in_the_tables(desk: Workspace):
    id_ = asked(desk)
    dealings(desk, ASKED).take(id_, Act.DECLINE, ASKED, other=ASKED, reason=Reason.NO_STAFF, text="Erst 2028.")
    assert id_ not in set(desk.load().tables["cooperations"]["id"])
    life = one(desk, ASKER)
    assert (life.status, life.reason, life.steps[-1].text) == (Status.ENDED, Reason.NO_STAFF, "Erst 2028.")
    assert dealings(desk, ASKED).all() == ()
    # And one may ask again.
    asked(desk)


def test_only_the_side_whose_turn_it_is_can_act(desk: Workspace):
    id_ = asked(desk)
    before = desk.version()
    for user, key, act, kind in (
        (ASKED, ASKER, Act.WITHDRAW, Forbidden), (ASKER, ASKED, Act.ACCEPT, Forbidden),
        (THIRD, THIRD, Act.ACCEPT, BadInput), (ASKER, ASKER, Act.ACCEPT, BadInput),
        (CENTRE, ASKED, Act.ACCEPT, Forbidden), (VIEWER, ASKED, Act.DECLINE, Forbidden),
        (ASKED, ASKED, Act.WITHDRAW, BadInput), (ASKED, ASKED, Act.START, BadInput),
        (ASKER, ASKER, Act.LEAVE, BadInput),
    ):  # fmt: skip
        with pytest.raises(kind):
            dealings(desk, user).take(id_, act, key, other=ASKED)
    with pytest.raises(BadInput):
        dealings(desk, ASKED).take("none", Act.ACCEPT, ASKED, other=ASKED)
    assert desk.version() == before


def test_requests_go_to_municipalities_that_exist_and_once(desk: Workspace):
    asker = dealings(desk, ASKER)
    for others, kind in ((("99999999",), UnknownKey), (("00000001",), BadInput), ((ASKER,), BadInput), ((), BadInput)):
        with pytest.raises(kind):
            asker.ask(ASKER, others, "UC01", "x")
    with pytest.raises(BadInput):
        asker.ask(ASKER, (ASKED,), "UC99", "x")
    id_ = asked(desk)
    with pytest.raises(BadInput):
        asked(desk)
    with pytest.raises(BadInput):
        dealings(desk, ASKED).ask(ASKED, (ASKER,), "UC01", "x")
    asker.take(id_, Act.WITHDRAW, ASKER, other=ASKED, reason=Reason.WITHDRAWN)
    assert asked(desk) != id_


def test_nothing_can_be_saved_in_a_package_that_is_only_looked_at():
    with pytest.raises(BadInput):
        Dealings(Workspace()).ask(ASKER, (ASKED,), "UC01", "x")
    assert Dealings(Workspace()).all() == ()


@pytest.mark.both_databases
def test_of_many_who_answer_at_once_one_succeeds(desk: Workspace):
    id_ = asked(desk)
    seen = one(desk, ASKED).taken

    def answer(act: Act) -> bool:
        reason = Reason.NO_MONEY if act is Act.DECLINE else None
        try:
            dealings(desk, ASKED).take(id_, act, ASKED, other=ASKED, reason=reason, seen=seen)
        except (ChangedMeanwhile, BadInput):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(answer, [Act.ACCEPT, Act.DECLINE] * 4)) == 1
    assert one(desk, ASKER).taken == 2


def test_what_is_done_upon_an_old_state_is_refused(desk: Workspace):
    id_ = agreed(desk)
    old = one(desk, ASKER).taken
    dealings(desk, ASKED).take(id_, Act.OPEN, ASKED, seen=old)
    with pytest.raises(ChangedMeanwhile) as refusal:
        dealings(desk, ASKER).take(id_, Act.LEAVE, ASKER, reason=Reason.LAW, seen=old)
    assert "gone on" in refusal.value.what.template
    assert one(desk, ASKER).binds


def test_the_command_line_lists_what_became_of_requests(desk: Workspace, capsys):
    def run(*arguments: str) -> str:
        assert cli.main(["--lang", "en", "cooperations", *arguments]) == 0
        return capsys.readouterr().out

    assert run() == "Nobody has asked anybody yet.\n"
    id_ = asked(desk)
    assert run(ASKED) == f"{id_}  UC01  in contact  {ASKER}  (asked: {ASKED})\n"
    assert run(THIRD, "--json") == "[]\n"
    dealings(desk, ASKED).take(id_, Act.DECLINE, ASKED, other=ASKED, reason=Reason.NO_STAFF)
    (listed,) = json.loads(run("--json"))
    assert (listed["status"], listed["reason"], listed["expected_eur"]) == ("ended", "no staff", 40_000)


@pytest.mark.files_too  # a backup is a file
def test_texts_are_forgotten_with_the_history_and_a_backup_keeps_the_steps(desk: Workspace, tmp_path, databases):
    id_ = agreed(desk)
    desk.stored.backup(tmp_path / "all.db")
    other = Workspace(store=Store(databases.fresh()))
    other.stored.replace_by(tmp_path / "all.db")
    assert one(other, ASKED).steps == one(desk, ASKED).steps
    desk.stored.prune(datetime.now(UTC) + timedelta(days=1))
    life = one(desk, ASKER)
    assert ([step.text for step in life.steps], life.status, life.id) == (["", ""], Status.AGREED, id_)


def hidden(desk: Workspace, key: str = ASKED) -> str:
    """Let a municipality enter something without its name; return the number under which others see it."""
    desk.save_profile(replace(own_profile(desk.load(), key), needs=(("UC01", 3),), as_of="2026-11-01"))
    desk.open(key, {"name": Openness.HIDDEN})
    return desk.aliases()[key]


def said(desk: Workspace, user: User | str) -> str:
    """Return all that a user gets to know of cooperations, as one text."""
    data = replace(desk, user=OFFICER[user] if isinstance(user, str) else user).load()
    own = [c for c in data.cooperations if not c.url]
    return f"{dealings(desk, user).all()} {own} {data.tables['cooperation_members'].tail(9).to_csv()}"


def test_who_is_asked_under_its_number_is_named_when_it_agrees_and_to_its_partner_alone(desk: Workspace):
    number = hidden(desk)
    id_ = asked(desk, number)
    assert number in said(desk, ASKER)
    assert ASKED not in said(desk, ASKER)
    assert one(desk, ASKED).requests[0].key == ASKED
    dealings(desk, ASKED).take(id_, Act.ACCEPT, ASKED, other=ASKED)
    dealings(desk, ASKED).take(id_, Act.OPEN, ASKED)
    assert one(desk, ASKER).members == (ASKER, ASKED)
    assert number not in said(desk, ASKER)
    for user in (*OUTSIDE, CENTRE):
        assert one(desk, user).members == (ASKER, number)
        assert ASKED not in said(desk, user)
    # One who joins becomes a partner too.
    dealings(desk, THIRD).take(id_, Act.JOIN, THIRD, other=THIRD, text="Dürfen wir dazu?")
    assert ASKED not in said(desk, THIRD)
    dealings(desk, ASKED).take(id_, Act.ACCEPT, ASKED, other=THIRD)
    assert one(desk, THIRD).members == (ASKER, ASKED, THIRD)


def test_who_asks_without_its_name_is_named_when_the_other_agrees(desk: Workspace):
    number = hidden(desk, ASKER)
    id_ = asked(desk)
    assert one(desk, ASKER).members == (ASKER,)
    assert one(desk, ASKED).members == (number,)
    assert ASKER not in said(desk, ASKED)
    dealings(desk, ASKED).take(id_, Act.ACCEPT, ASKED, other=ASKED)
    assert one(desk, ASKED).members == (ASKER, ASKED)
    dealings(desk, ASKER).take(id_, Act.START, ASKER)
    assert one(desk, ASKED).status is Status.RUNNING


def test_asking_everybody_by_name_does_not_tell_who_stands_behind_a_number(desk: Workspace):
    """The same question under the number and under the name: taken alike, and seen as of two."""
    number = hidden(desk)
    both = asked(desk, number, ASKED)
    assert {request.key for request in one(desk, ASKER).requests} == {number, ASKED}
    assert ASKED not in said(desk, THIRD)
    with pytest.raises(BadInput) as known:
        asked(desk, ASKED)
    with pytest.raises(BadInput) as unknown:
        asked(desk, number)
    assert known.value.what.template == unknown.value.what.template
    assert "Kappeln" not in str(unknown.value.what)
    # Whoever answers is one, however it was asked.
    dealings(desk, ASKED).take(both, Act.ACCEPT, ASKED, other=ASKED)
    assert one(desk, ASKER).members == (ASKER, ASKED)


def test_a_name_that_is_hidden_later_stays_open_to_those_who_were_partners(desk: Workspace):
    id_ = agreed(desk)
    number = hidden(desk)
    dealings(desk, ASKER).take(id_, Act.OPEN, ASKER)
    assert one(desk, ASKER).members == (ASKER, ASKED)
    assert one(desk, VIEWER).members == (ASKER, number)
    dealings(desk, ASKER).take(id_, Act.LEAVE, ASKER, reason=Reason.FINISHED)
    assert one(desk, ASKER).members == (ASKER, ASKED)
    assert number not in said(desk, ASKER)
