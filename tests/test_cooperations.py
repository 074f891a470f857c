"""The life of a cooperation: what follows from its steps, and what nobody can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from matchmaker import cooperations
from matchmaker.cooperations import Act, Life, Reason, Status, Step
from matchmaker.errors import BadInput

A, B, C, D = "01059083", "01059045", "01059120", "09162000"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def asked(*others: str, text: str = "Machen Sie mit?", value: float | None = None) -> Life:
    return cooperations.begun(
        "x", [Step(Act.ASK, A, other, use_case="UC01", text=text, value=value, at=BEGIN) for other in others]
    )


def after(now: Life, *steps: Step) -> Life:
    for step in steps:
        now = cooperations.followed(now, step)
    return now


def test_the_whole_life_from_a_request_to_the_end_with_what_it_saved():
    now = asked(B, value=40_000)
    assert (now.status, now.members, [r.key for r in now.requests]) == (Status.CONTACTED, (A,), [B])
    now = after(now, Step(Act.ACCEPT, B, B))
    assert (now.status, now.members, now.requests) == (Status.AGREED, (A, B), ())
    now = after(now, Step(Act.START, B))
    assert now.status is Status.RUNNING
    now = after(now, Step(Act.REPORT, A, value=25_000), Step(Act.LEAVE, A, reason=Reason.FINISHED))
    assert (now.status, now.reason, now.members) == (Status.ENDED, Reason.FINISHED, (A, B))
    assert (now.expected_eur, now.real_eur) == (40_000, 25_000)
    # What came of it is often known only afterwards.
    assert after(now, Step(Act.REPORT, B, value=31_000)).real_eur == 31_000
    assert len(now.steps) == 5


def test_a_group_is_agreed_with_the_first_yes_and_goes_on_until_fewer_than_two_are_left():
    now = after(asked(B, C, D), Step(Act.DECLINE, B, B, reason=Reason.NO_STAFF))
    assert now.status is Status.CONTACTED
    now = after(now, Step(Act.ACCEPT, C, C))
    assert (now.status, [r.key for r in now.requests]) == (Status.AGREED, [D])
    now = after(now, Step(Act.ACCEPT, D, D), Step(Act.LEAVE, A, reason=Reason.NO_MONEY))
    assert (now.status, now.members) == (Status.AGREED, (C, D))
    assert after(now, Step(Act.LEAVE, D, reason=Reason.LAW)).status is Status.ENDED


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Step(Act.DECLINE, B, B, reason=Reason.NO_MONEY), Reason.NO_MONEY),
        (Step(Act.WITHDRAW, A, B, reason=Reason.WITHDRAWN), Reason.WITHDRAWN),
    ],
)
def test_without_a_yes_there_was_no_cooperation(step: Step, reason: Reason):
    now = after(asked(B), step)
    assert (now.status, now.reason, now.was_agreed) == (Status.ENDED, reason, False)
    assert not any(now.may(act, key, other) for act in Act for key in (A, B, C) for other in ("", A, B, C))


def test_an_open_group_is_joined_with_the_yes_of_a_member():
    closed = after(asked(B), Step(Act.ACCEPT, B, B))
    joins = Step(Act.JOIN, C, C, text="Dürfen wir dazukommen?")
    with pytest.raises(BadInput):
        after(closed, joins)
    now = after(closed, Step(Act.OPEN, B), joins)
    # Who wants to come in can take that back, not grant it.
    assert not now.may(Act.ACCEPT, C, C)
    assert now.may(Act.WITHDRAW, C, C)
    assert not now.may(Act.WITHDRAW, A, C)
    assert after(now, Step(Act.ACCEPT, A, C)).members == (A, B, C)
    refused = after(now, Step(Act.DECLINE, A, C, reason=Reason.DOES_NOT_FIT))
    assert (refused.status, refused.members, refused.requests) == (Status.AGREED, (A, B), ())
    assert not after(now, Step(Act.CLOSE, A)).may(Act.JOIN, D, D)


@pytest.mark.parametrize(
    "step",
    [
        Step(Act.ACCEPT, A, B), Step(Act.ACCEPT, C, B), Step(Act.ACCEPT, C, C), Step(Act.DECLINE, B, B),
        Step(Act.DECLINE, B, B, reason=Reason.FINISHED), Step(Act.WITHDRAW, B, B, reason=Reason.WITHDRAWN),
        Step(Act.START, A), Step(Act.LEAVE, A, reason=Reason.LAW), Step(Act.REPORT, A, value=1.0), Step(Act.OPEN, A),
        Step(Act.ASK, B, C, text="x"), Step(Act.ASK, A, B, text="x"), Step(Act.ASK, A, A, text="x"),
        Step(Act.ASK, A, C, text=""), Step(Act.ASK, A, C, text="x" * 2001), Step(Act.ASK, A, C, text="a\x1b[2J"),
        Step(Act.ASK, A, C, text="x", value=float("inf")), Step(Act.JOIN, C, C, text="x"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_done_while_one_is_asked_changes_nothing(step: Step):
    now = asked(B)
    with pytest.raises(BadInput) as refusal:
        cooperations.followed(now, step)
    assert refusal.value.remedy is not None
    assert now == asked(B)


@pytest.mark.parametrize("others", [(), (A,), (B, B), tuple("01059" + str(100 + i) for i in range(7))], ids=str)
def test_a_request_goes_to_others_and_to_few(others: tuple[str, ...]):
    with pytest.raises(BadInput):
        asked(*others)


def test_one_is_reminded_of_what_to_answer_and_of_what_stays_unanswered():
    found = [asked(B), asked(B, C), after(asked(C), Step(Act.ACCEPT, C, C))]

    def said(own: set[str], days: int) -> list[dict[str, object]]:
        return [dict(m.values) for m in cooperations.reminders(found, own, BEGIN + timedelta(days=days))]

    assert said({B}, 1) == [{"count": 2}]
    assert said({B}, 14) == [{"count": 2}, {"days": 14, "count": 2}]
    assert said({A}, 13) == []
    assert said({A}, 14) == [{"days": 14, "count": 3}]
    assert said({D}, 99) == []


@given(
    some.lists(
        some.builds(
            Step, some.sampled_from(Act), some.sampled_from((A, B, C, D)), some.sampled_from(("", A, B, C, D)),
            text=some.just("x"), reason=some.sampled_from((None, *Reason)), value=some.sampled_from((None, 7.0)),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_whatever_is_tried_the_rules_hold(tried: list[Step]):
    now, was_over = asked(B), False
    for step in tried:
        try:
            now = cooperations.followed(now, step)
        except BadInput:
            continue
        assert not was_over or step.act is Act.REPORT
        was_over = now.status is Status.ENDED
        assert len(set(now.members)) == len(now.members) <= cooperations.MOST_MEMBERS
        assert not set(now.members) & {request.key for request in now.requests}
        assert now.binds == (len(now.members) > 1 and now.status is not Status.ENDED)
        assert (now.reason is None) == (now.status is not Status.ENDED)
        assert now.status is not Status.CONTACTED or now.requests
        # Everything follows from the steps.
        assert cooperations.told("x", now.steps) == now
