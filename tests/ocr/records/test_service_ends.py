"""A service that is killed puts no innocent into quarantine; what kills it is found all the same.

`Life` pretends the service around the real store: it claims, reads, and ends, killed from outside
or by what it reads, and starts anew. Time is what it has lived since its start.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from database_fixtures import World, sha
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ocr_contract.replies import ReprocessReply
from page_records import Task
from records import service_ends
from records.service_ends import LAST_TRIAL_S, allowed_ends

MAX_ATTEMPTS = 3
ALLOWED = allowed_ends(MAX_ATTEMPTS)


class Life:
    """Starts and ends of a service."""

    def __init__(self, world: World, guilty: set[bytes]) -> None:
        self.world = world
        self.guilty = guilty
        self.lived_s = 0.0
        self.ends = 0
        self.ends_by_guilt = 0
        self.killed_alone: dict[bytes, int] = {}
        """How often each image had the worker to itself when someone killed the service."""

    def go_on(self, is_killed: Callable[[], bool]) -> None:
        """Until nothing is left to be done, now or later."""
        while True:
            claim = self.world.store.claim(2, lived_s=self.lived_s)
            if claim is None:
                due_s = self.world.store.next_trial_s(quarantined=True)
                if due_s is None:
                    return
                assert due_s > self.lived_s, "it is due, and nobody took it"
                self.lived_s = due_s
                continue
            self.read(claim.batch_id, claim.tasks, is_killed)
            self.world.check()

    def read(self, batch_id: int, tasks: list[Task], is_killed: Callable[[], bool]) -> None:
        if self.guilty & {task.path for task in tasks}:
            self.ends_by_guilt += 1
            self.start_again()
        elif is_killed():
            if len(tasks) == 1:
                path = tasks[0].path
                self.killed_alone[path] = self.killed_alone.get(path, 0) + 1
            self.start_again()
        else:
            self.lived_s += 1.0
            self.world.finish(batch_id, *(self.world.read(task) for task in tasks))

    def start_again(self) -> None:
        self.ends += 1
        assert self.ends < 200, "it ends and ends"
        self.lived_s = 0.0
        self.world.store.recover(MAX_ATTEMPTS)


def in_turn(kills: list[bool]) -> Callable[[], bool]:
    """One after the other, and then no more."""
    rest: Iterator[bool] = iter(kills)
    return lambda: next(rest, False)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    guilty=st.sets(st.integers(0, 5), max_size=3),
    kills=st.lists(st.booleans(), max_size=25),
)
@example(guilty=set(), kills=[True] * 3)
@example(guilty=set(), kills=[True] * 25)
@example(guilty={0, 1, 2}, kills=[])
@example(guilty={0, 1}, kills=[True, False] * 12)
def test_kills_from_outside_and_from_within(guilty: set[int], kills: list[bool]) -> None:
    paths = [b"%d.png" % number for number in range(6)]
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            for path in paths:
                world.put(path, path.decode())
            life = Life(world, {paths[number] for number in guilty})
            life.go_on(in_turn(kills))
            for path in paths:
                if path in life.guilty:
                    assert world.status(path) == "quarantined"
                    assert world.row(path)["error_code"] == "service_ended"
                elif world.status(path) != "done":
                    assert life.killed_alone[path] > MAX_ATTEMPTS, "as often as a guilty one"
            assert life.ends_by_guilt <= len(guilty) * (ALLOWED + 1)
            assert world.store.claim(9) is None, "for good"
        finally:
            world.close()


@pytest.mark.parametrize("kills", [3, 4, 5])
def test_after_some_kills_everything_is_read(world: World, kills: int) -> None:
    """Killed whenever it reads, with one image only: it is the same each time."""
    world.put(b"a.png", "rose")
    Life(world, set()).go_on(in_turn([True] * kills))
    assert world.status(b"a.png") == "done"
    assert world.rows("SELECT * FROM service_state") == [], "nothing is kept of it"


@pytest.mark.parametrize("every_s", [0.5, 1.5, 3.5, 7.5, 30.0])
def test_a_service_that_is_killed_at_a_rate_reads_all_in_the_end(
    world: World, every_s: float
) -> None:
    """Twenty-five times, at whatever rate, while one image takes longer than that."""
    world.put(b"a.png", "rose")
    for _ in range(25):
        if world.store.claim(2, lived_s=every_s) is None:
            assert (world.store.next_trial_s(quarantined=True) or 0) > every_s
        world.store.recover(MAX_ATTEMPTS)
    assert world.status(b"a.png") == ("pending" if every_s < 8 else "quarantined")
    Life(world, set()).go_on(lambda: False)
    assert world.status(b"a.png") == "done"


def kill_in_work(world: World, times: int, lived_s: float = LAST_TRIAL_S) -> None:
    for _ in range(times):
        assert world.store.claim(2, lived_s=lived_s) is not None
        world.store.recover(MAX_ATTEMPTS)


def test_it_is_quarantined_tried_once_more_and_then_left_alone(world: World) -> None:
    """Its copies follow it all the way."""
    world.put(b"a.png", "poison")
    world.put(b"copy.png", "poison")
    kill_in_work(world, ALLOWED)
    for path in (b"a.png", b"copy.png"):
        row = world.row(path)
        assert (row["status"], row["error_code"]) == ("quarantined", "service_ended")
        assert "once more by itself" in row["error"]
    assert world.store.claim(2, lived_s=LAST_TRIAL_S - 1) is None
    assert world.store.next_trial_s(quarantined=False) is None
    assert world.store.next_trial_s(quarantined=True) == LAST_TRIAL_S
    world.put(b"b.png", "rose")
    claim = world.store.claim(2, lived_s=LAST_TRIAL_S)
    assert claim is not None and [task.path for task in claim.tasks] == [b"b.png"], "first"
    world.finish(claim.batch_id, world.read(claim.tasks[0]))
    claim = world.store.claim(2, lived_s=LAST_TRIAL_S)
    assert claim is not None and claim.suspect
    world.check()
    assert world.store.recover(MAX_ATTEMPTS) == (0, 1)
    assert "tried once more" in world.row(b"copy.png")["error"]
    assert world.store.claim(2) is None
    assert world.store.next_trial_s(quarantined=True) is None
    assert world.effects.retry_quarantined("r") == ReprocessReply(2)
    assert world.read_all() == 1
    assert world.status(b"copy.png") == "done"


def test_the_last_trial_acquits(world: World) -> None:
    world.put(b"a.png", "rose")
    world.put(b"copy.png", "rose")
    kill_in_work(world, ALLOWED)
    claim = world.store.claim(2, lived_s=LAST_TRIAL_S)
    assert claim is not None
    world.store.release(claim.batch_id)  # the service is stopped meanwhile: no end
    claim = world.store.claim(2, lived_s=LAST_TRIAL_S)
    assert claim is not None
    world.finish(claim.batch_id, world.read(claim.tasks[0]))
    assert world.status(b"a.png") == world.status(b"copy.png") == "done"
    assert world.rows("SELECT * FROM service_state") == []


def test_what_ends_the_worker_while_the_service_lives_is_another_matter(world: World) -> None:
    """Then the worker's strikes count, and the ends are forgotten."""
    world.put(b"a.png", "rose")
    kill_in_work(world, 2)
    claim = world.store.claim(2)
    assert claim is not None
    error = service_ends.ENDS_THE_SERVICE
    assert world.store.give_up(claim.batch_id, error, MAX_ATTEMPTS, alone=True) == []
    assert world.rows("SELECT * FROM service_state") == []
    assert world.row(b"a.png")["attempts"] == 1


def test_other_content_begins_anew(world: World) -> None:
    world.put(b"a.png", "poison")
    kill_in_work(world, 2)
    world.put(b"a.png", "rose")
    claim = world.store.claim(2, lived_s=0.0)
    assert claim is not None and not claim.suspect
    world.finish(claim.batch_id, world.read(claim.tasks[0]))
    world.put(b"b.png", "poison")
    assert world.store.claim(2, lived_s=0.0) is None, "it was the content that was in work"


def test_the_record_of_ends_stays_small(world: World) -> None:
    with world.database.transaction() as connection:
        for _ in range(2):
            service_ends.after_an_end(connection, [sha("kept")], MAX_ATTEMPTS)
        many = [sha(str(number)) for number in range(2000)]
        service_ends.after_an_end(connection, many, MAX_ATTEMPTS)
        assert service_ends.held_back(connection) == [sha("kept")]
    ((size,),) = world.rows("SELECT length(value) FROM service_state")
    assert size < 40_000
