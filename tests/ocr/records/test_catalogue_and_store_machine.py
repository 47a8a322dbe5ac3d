"""Any sequence of what people do to files and what happens to batches keeps every text right."""

import tempfile
from pathlib import Path

from database_fixtures import World, failure, sha, text_of, warnings_of
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ocr_contract.schema import Status
from ocr_errors import ImageError
from page_records import Task
from records.store import Claim

PATHS = st.sampled_from([b"a.png", b"b.png", b"c.png", b"sub/d.png"])
CONTENTS = st.sampled_from(["rose", "torn tulip", "broken", "no image"])
CRASH = ImageError("worker_died", "The worker died.")
MAX_ATTEMPTS = 3


class Folder(RuleBasedStateMachine):
    """People change files; the watcher notices some time later; batches begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.world.rows("PRAGMA synchronous = OFF")  # no power is cut here, and it is slow
        self.batches: list[Claim] = []
        """In work, any number at a time."""
        self.unreadable: set[bytes] = set()

    def teardown(self) -> None:
        try:
            self.everything_comes_to_rest()
        finally:
            self.world.close()
            self.folder.cleanup()

    # What people do.

    @rule(path=PATHS, content=CONTENTS)
    def write(self, path: bytes, content: str) -> None:
        self.world.write(path, content)

    @rule(path=PATHS)
    def delete(self, path: bytes) -> None:
        self.world.files.pop(path, None)

    @rule(old=PATHS, new=PATHS)
    def rename(self, old: bytes, new: bytes) -> None:
        if old in self.world.files and old != new:
            self.world.write(new, self.world.files.pop(old)[0])

    @rule(path=PATHS)
    def toggle_rights(self, path: bytes) -> None:
        self.unreadable ^= {path}

    @rule(path=PATHS)
    def reprocess(self, path: bytes) -> None:
        for row in self.world.rows("SELECT id FROM images WHERE path = ?", path):
            self.world.effects.reprocess([row[0]], None)

    # What the watcher does.

    @rule(path=PATHS)
    def notice(self, path: bytes) -> None:
        known = self.world.known().get(path)
        if path not in self.world.files:
            self.world.catalogue.mark_missing(self.world.ids(path))
        elif known != self.world.files[path][1] or path in self.world.to_try_again():
            if path in self.unreadable:
                self.world.refuse(path, "unreadable")
            elif self.world.files[path][0] == "no image":
                self.world.refuse(path, "not_an_image")
            else:
                self.world.register(path)

    # What the pipeline does.

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        claim = self.world.store.claim(limit, suspects=not self.batches)
        if claim is None:
            return
        for task in claim.tasks:
            assert self.world.row(task.path)["duplicate_of"] is None
            assert self.world.row(task.path)["sha256"] == task.sha256
        self.batches.append(claim)

    def ended(self, which: int) -> Claim:
        """One of the batches in work, that is no more."""
        return self.batches.pop(which % len(self.batches))

    @precondition(lambda self: self.batches)
    @rule(which=st.integers(0, 3))
    def finish(self, which: int) -> None:
        batch = self.ended(which)
        self.world.finish(batch.batch_id, *(self.read(task) for task in batch.tasks))

    def read(self, task: Task) -> object:
        if task.path in self.world.files:
            content = self.world.files[task.path][0]
            if task.path in self.unreadable:
                return failure(task.image_id, "unreadable", None)
            if content in {"broken", "no image"}:
                return failure(task.image_id, "damaged_image", sha(content))
        return self.world.read(task)

    @precondition(lambda self: self.batches)
    @rule()
    def give_up(self) -> None:
        """The worker dies: with it all that it had."""
        alone = sum(len(batch.tasks) for batch in self.batches) == 1
        while self.batches:
            batch_id = self.ended(0).batch_id
            self.world.store.give_up(batch_id, CRASH, MAX_ATTEMPTS, alone=alone)

    @precondition(lambda self: self.batches)
    @rule()
    def release(self) -> None:
        while self.batches:
            self.world.store.release(self.ended(0).batch_id)

    @rule()
    def restart(self) -> None:
        """Killed, started again: what was in work comes back."""
        self.world.store.recover(MAX_ATTEMPTS)
        self.batches.clear()

    # What holds.

    @invariant()
    def the_database_is_sound(self) -> None:
        self.world.check()
        in_work = self.world.rows("SELECT id FROM images WHERE status = 'processing'")
        claimed = {task.image_id for batch in self.batches for task in batch.tasks}
        assert {row[0] for row in in_work} <= claimed

    @invariant()
    def a_text_belongs_to_the_content_of_its_row(self) -> None:
        known = {
            sha(content): (text_of(content), *(w.message for w in warnings_of(content)))
            for content in ("rose", "torn tulip")
        }
        for sha256, text, *warning in self.world.rows(
            "SELECT images.sha256, page_texts.text, page_texts.warning FROM images "
            "JOIN page_texts ON image_id = id"
        ):
            assert known.get(sha256) == (text, *(sentence for sentence in warning if sentence))

    def everything_comes_to_rest(self) -> None:
        """Once people stop, a few looks and batches put every file where it belongs."""
        self.unreadable.clear()
        while self.batches:
            self.finish(0)
        for _ in range(3):
            for path in sorted({*self.world.files, *self.world.known()}):
                self.notice(path)
            self.claim(2)
            while self.batches:
                self.finish(0)
                self.claim(2)
            self.the_database_is_sound()
        for path, (content, _) in self.world.files.items():
            row = self.world.row(path)
            if row["status"] == Status.QUARANTINED:
                assert row["error_code"] in {CRASH.code, "service_ended"}
                continue
            if content in {"broken", "no image"}:
                assert row["status"] == Status.FAILED
                assert self.world.text(path) is None
            else:
                assert (row["status"], row["error_code"]) == (Status.DONE, None)
                assert self.world.text(path) == text_of(content)
        for path in self.world.known().keys() - self.world.files.keys():
            assert self.world.status(path) == Status.MISSING
        before = len(self.world.reads)
        for path, (content, _) in self.world.files.items():
            if content != "no image":
                self.world.register(path)
        assert self.world.store.claim(10) is None, "settled, and yet something is read again"
        assert len(self.world.reads) == before


Folder.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFolder = Folder.TestCase
