"""A group of very many identical files: no statement and no index work without a sign of life."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from database_fixtures import World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import heartbeat
from records import duplicates, search_index
from records.search_backlog import SearchBacklog
from records.search_index import ABSENT

COPIES = 40


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_TOGETHER", 3)
    monkeypatch.setattr(search_index, "_FOLLOWERS_AT_ONCE", 5)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    for number in range(COPIES):
        world.put(b"%02d.png" % number, "blank")
    yield world
    world.close()


def left(world: World) -> int:
    """Images that the index does not hold now."""
    return int(world.rows("SELECT count(*) FROM images WHERE search_form = ?", ABSENT)[0][0])


def index(world: World) -> None:
    SearchBacklog(world.database, stop=threading.Event(), is_busy=lambda: False).work_off()


def test_most_of_them_go_into_the_index_behind_the_work(world: World) -> None:
    world.read_all()
    world.check()
    assert left(world) == COPIES - 1 - 5
    assert {row[0] for row in world.rows("SELECT status FROM images")} == {"done"}
    index(world)
    world.check()
    assert (left(world), world.hits("text of blank")) == (0, COPIES)


def test_the_heart_beats_within_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[None] = []
    monkeypatch.setattr(heartbeat, "beat", lambda: beats.append(None))
    world.read_all()
    assert len(beats) >= COPIES / 3


def test_all_of_them_pass_to_an_heir(world: World) -> None:
    world.read_all()
    index(world)
    world.put(b"00.png", "other")
    world.check()
    heir = world.row(b"01.png")
    assert heir["duplicate_of"] is None
    assert world.rows("SELECT count(*) FROM images WHERE duplicate_of = ?", heir["id"]) == [
        (COPIES - 2,)
    ]
    world.read_all()
    index(world)
    world.check()
    assert world.hits("text of blank") == COPIES - 1


def test_what_is_undone_leaves_all_as_it_was(world: World) -> None:
    world.read_all()
    index(world)
    with pytest.raises(ZeroDivisionError), world.database.transaction() as connection:
        search_index.will_change(connection, world.row(b"00.png")["id"], followers=True)
        raise ZeroDivisionError
    assert left(world) == 0
    world.check()


class Copies(RuleBasedStateMachine):
    """Files of few contents come, change and go; every now and then the index is worked off."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(duplicates, "_TOGETHER", 2)
        self.patch.setattr(search_index, "_FOLLOWERS_AT_ONCE", 1)

    @rule(name=st.integers(0, 9), content=st.sampled_from(["blank", "blank", "torn", "x"]))
    def put(self, name: int, content: str) -> None:
        self.world.put(b"%d.png" % name, content)

    @rule(name=st.integers(0, 9))
    def remove(self, name: int) -> None:
        if b"%d.png" % name in self.world.files:
            self.world.remove(b"%d.png" % name)

    @rule()
    def read(self) -> None:
        self.world.read_all()

    @rule()
    def index(self) -> None:
        index(self.world)

    @invariant()
    def all_is_well(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        index(self.world)
        self.world.check()
        assert left(self.world) == 0
        self.world.close()
        self.folder.cleanup()
        self.patch.undo()


TestCopies = Copies.TestCase
TestCopies.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
