"""Who holds what, by a clock that nobody can turn back."""

from __future__ import annotations

import pytest

from asklearn.events import Answered, Asked, Released, Renewed, Retracted
from asklearn.people.leases import Leases
from asklearn.state import State


class Clock:
    """Wall and steady time, moved by the test."""

    def __init__(self):
        self.wall, self.steady = 1_000_000.0, 50.0

    def pass_by(self, seconds):
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clock():
    return Clock()


def office(clock, redundancy=1, items="abc"):
    state = State()
    positions = {item: i for i, item in enumerate(items)}
    leases = Leases(state, positions, redundancy, wall=lambda: clock.wall, steady=lambda: clock.steady)

    def happen(event):
        state.apply(state.seq + 1, event)
        leases.apply(event)

    return leases, happen


def asked(clock, items, by="ann", lease=120.0):
    return Asked(items=tuple(items), by=by, strategy="random", lease=lease, at=clock.wall)


def answered(item, by="ann", kind="label", key=None):
    return Answered(
        key=key or f"{item}{by}{kind}", item=item, by=by, kind=kind, label="x" if kind == "label" else None
    )


def test_a_lease_keeps_others_out_until_it_runs_out(clock):
    leases, happen = office(clock)
    happen(asked(clock, "a"))
    assert leases.free().tolist() == [False, True, True]
    clock.pass_by(119)
    assert leases.held_by("ann") == ["a"]
    clock.pass_by(2)
    assert leases.held_by("ann") == []
    assert leases.free().tolist() == [True, True, True]


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_wall_clock_that_jumps_a_day_changes_nothing(clock, jump):
    leases, happen = office(clock)
    happen(asked(clock, "a"))
    clock.wall += jump
    clock.steady += 60
    assert leases.held_by("ann") == ["a"]
    clock.steady += 61
    assert leases.held_by("ann") == []


def test_a_lease_read_from_an_old_record_never_lasts_longer_than_it_says(clock):
    leases, happen = office(clock)
    written_in_the_future = Asked(items=("a",), by="ann", strategy="s", lease=120, at=clock.wall + 86_400)
    happen(written_in_the_future)
    clock.pass_by(121)
    assert leases.held_by("ann") == []
    long_ago = Asked(items=("b",), by="ann", strategy="s", lease=120, at=clock.wall - 200)
    happen(long_ago)
    assert leases.held_by("ann") == []


def test_a_lease_that_was_renewed_outlives_a_restart(clock):
    happened = [asked(clock, "ab")]
    for _ in range(4):
        clock.pass_by(60)
        happened.append(Renewed(items=("a",), by="ann", lease=120.0, at=clock.wall))
    leases, happen = office(clock)  # in a new process, which reads all of it at once
    for event in happened:
        happen(event)
    assert leases.held_by("ann") == ["a"]
    assert leases.free().tolist() == [False, True, True]
    clock.pass_by(121)
    assert leases.held_by("ann") == []


def test_renewing_and_releasing(clock):
    leases, happen = office(clock)
    happen(asked(clock, "ab"))
    clock.pass_by(100)
    happen(Renewed(items=("a", "c"), by="ann", lease=120.0, at=clock.wall))
    happen(Released(items=("b",), by="ann"))
    clock.pass_by(100)
    assert leases.held_by("ann") == ["a"]
    assert leases.free().tolist() == [False, True, True], "c was never held, so it cannot be renewed"


def test_an_answer_ends_the_lease_and_an_undo_frees_the_item(clock):
    leases, happen = office(clock)
    happen(asked(clock, "a"))
    happen(answered("a", key="k"))
    assert leases.count() == 0
    assert not leases.free()[0]
    happen(Retracted(key="u", of="k", by="ann"))
    assert leases.free()[0]
    assert leases.free_for("ann")[0]


def test_skip_and_unsure_leave_the_item_to_others(clock):
    leases, happen = office(clock)
    happen(answered("a", kind="skip"))
    happen(answered("b", kind="unsure"))
    assert leases.free_for("ann").tolist() == [False, False, True]
    assert leases.free_for("bob").tolist() == [True, True, True]


def test_a_flag_takes_the_item_from_everybody_and_a_note_changes_nothing(clock):
    leases, happen = office(clock)
    happen(asked(clock, "b"))
    happen(answered("a", kind="flag"))
    happen(answered("b", kind="note"))
    assert leases.free_for("bob").tolist() == [False, False, True]
    assert leases.held_by("ann") == ["b"]


def test_several_answers_an_item_come_from_several_people(clock):
    leases, happen = office(clock, redundancy=2)
    happen(asked(clock, "a"))
    assert not leases.free_for("ann")[0]
    assert leases.free_for("bob")[0]
    happen(answered("a"))
    happen(asked(clock, "a", by="bob"))
    assert not leases.free_for("eve")[0], "one has answered and one is about to"
    clock.pass_by(121)
    assert leases.free_for("eve")[0]
