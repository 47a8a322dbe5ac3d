"""A page read on trial: by a process of its own, beside its text, until a person takes it."""

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from database_fixtures import World, box, page, sha
from polling import wait_until

import fake_worker
from ocr_contract import trial_readings
from ocr_contract.schema import open_reader
from ocr_contract.trial_readings import State, TrialReading
from ocr_errors import RequestError
from ocr_settings import Settings
from page_records import DocumentPage, DocumentState, ImageResult, Line, Page
from records.trial_store import MOST_KEPT, TrialStore
from trial_choices import changes, choices
from trial_reading import LEAST_FREE_BYTES, TrialReader

AS_FAKE_WORKER = (
    *(sys.executable, "-c"),
    "import os, sys; os.execv(sys.executable, [sys.executable, *sys.argv[1:-2], sys.argv[-1]])",
    *fake_worker.command()[1:],
)
"""In place of `trial_process`: what differs is left out, the descriptor stays."""


class Scene:
    """An image of one page that is read, and what reads it on trial."""

    def __init__(self, world: World, tmp_path: Path) -> None:
        self.world = world
        self.stop = threading.Event()
        self.free: int | None = None
        self.settings = Settings(data_folder=tmp_path, timeout_s=20.0)
        for name in ("PP-OCRv6_small", "PP-OCRv6_tiny", "own"):
            for end in ("_det", "_rec"):
                (self.settings.models_folder / (name + end)).mkdir(parents=True)
        self.store = TrialStore(world.database, world.effects)
        self.reader = self.made()

    def made(self, most_s: float = 60.0) -> TrialReader:
        return TrialReader(
            self.settings, self.store, stop=self.stop, command=AS_FAKE_WORKER,
            free_memory=lambda: self.free, most_s=most_s,
        )  # fmt: skip

    def image(self, name: str, *texts: str) -> int:
        self.world.put(name.encode(), name)
        batch = self.world.store.claim(1)
        assert batch is not None
        (task,) = batch.tasks
        self.world.finish(batch[0], ImageResult(task.image_id, sha(name), (page(*texts),)))
        return task.image_id

    def trial(self, image_id: int) -> TrialReading | None:
        with open_reader(self.world.database.path) as connection:
            return trial_readings.find(connection, image_id)

    def try_it(self, image_id: int) -> TrialReading:
        self.reader.ask(image_id, None, "fast", None)
        assert self.reader.step()
        found = self.trial(image_id)
        assert found is not None
        return found


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(world, tmp_path)
    yield made
    made.stop.set()


def refusal(ask: object) -> str:
    with pytest.raises(RequestError) as caught:
        ask()  # type: ignore[operator]
    return caught.value.code


def test_what_is_read_on_trial_stands_beside_the_text_until_it_is_taken(scene: Scene) -> None:
    image_id = scene.image("a.png", "present text")
    found = scene.try_it(image_id)
    assert (found.state, found.error) == (State.DONE, None)
    assert [line.text for line in found.lines] == ["text of a.png"]
    assert scene.world.text(b"a.png") == "present text"
    assert (scene.world.hits("present"), scene.world.hits("a.png")) == (1, 1)
    reply = scene.reader.take(found.id, "once")
    assert reply.state == "taken"
    assert scene.world.text(b"a.png") == "text of a.png"
    assert (scene.world.hits("present"), scene.world.hits("text of")) == (0, 1)
    assert scene.trial(image_id) is None
    assert scene.reader.take(found.id, "once") == reply
    assert scene.world.rows("SELECT models FROM batches b JOIN images i ON i.batch_id = b.id") == [
        (json.dumps({"fake_det": "0" * 64}),)
    ]
    assert scene.world.rows("SELECT text, cause FROM line_changes ORDER BY id") == [
        ("present text", "reading"), (None, "moved"),
    ]  # fmt: skip


def test_what_people_wrote_is_carried_over(scene: Scene) -> None:
    image_id = scene.image("a.png", "first 1ine", "second")
    ((first,), (second,)) = scene.world.rows("SELECT id FROM lines ORDER BY number")
    scene.world.effects.correct(first, "first line", None)
    scene.world.effects.correct(second, "2nd", None)
    scene.reader.take(scene.try_it(image_id).id, None)
    assert scene.world.text(b"a.png") == "first line"
    assert scene.world.rows("SELECT machine_text, text FROM stray_corrections") == [
        ("second", "2nd")
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [("segv.png", "worker_died"), ("kill.png", "worker_died"), ("garbage.png", "worker_nonsense"),
     ("failing.png", "damaged_image")],
)  # fmt: skip
def test_a_process_that_ends_in_the_middle_leaves_nothing_wrong(
    scene: Scene, name: str, code: str
) -> None:
    image_id = scene.image(name, "present text")
    found = scene.try_it(image_id)
    assert found.state == State.FAILED
    assert found.error_code == code
    assert "present text was not touched" in str(found.error)
    assert scene.world.text(name.encode()) == "present text"
    assert refusal(lambda: scene.reader.take(found.id, None)) == "trial_not_done"
    other = scene.image("well.png", "old")
    assert scene.try_it(other).state == State.DONE


def test_the_engines_own_words_are_for_the_log(scene: Scene) -> None:
    image_id = scene.image("well.png", "present text")
    command = (*AS_FAKE_WORKER[:-1], "engine")
    scene.reader = TrialReader(scene.settings, scene.store, stop=scene.stop, command=command)
    found = scene.try_it(image_id)
    assert (found.state, found.error_code) == (State.FAILED, "engine_start_failed")
    assert str(found.error).startswith("The models of this reading could not be started")
    assert "cpp" not in str(found.error) and "\n" not in str(found.error)


def test_one_that_takes_too_long_is_ended(scene: Scene) -> None:
    image_id = scene.image("hang.png", "present text")
    scene.reader = scene.made(most_s=0.5)
    found = scene.try_it(image_id)
    assert (found.state, found.error_code) == (State.FAILED, "trial_slow")


def test_one_that_is_dropped_while_it_is_read_ends(scene: Scene) -> None:
    image_id = scene.image("hang.png", "present text")
    trial_id = scene.reader.ask(image_id, None, "best", None).trial_id
    thread = threading.Thread(target=scene.reader.step)
    thread.start()
    wait_until(lambda: scene.trial(image_id) is not None and scene.reader._pool is not None)
    scene.reader.drop(trial_id, None)
    thread.join(20)
    assert not thread.is_alive()
    assert (scene.trial(image_id), scene.reader._pool) == (None, None)


def test_without_the_memory_for_a_second_reader_none_is_started(scene: Scene) -> None:
    image_id = scene.image("a.png", "present text")
    scene.free = LEAST_FREE_BYTES - 1
    found = scene.try_it(image_id)
    assert (found.state, found.error_code) == (State.FAILED, "trial_memory")
    assert "1200 MB" in str(found.error)
    scene.free = LEAST_FREE_BYTES
    assert scene.try_it(image_id).state == State.DONE


def test_one_is_read_one_waits_and_no_more(scene: Scene) -> None:
    first, second, third = (scene.image(f"{n}.png", "text") for n in "abc")
    scene.reader.ask(first, None, "fast", "r1")
    scene.reader.ask(second, None, "best", None)
    assert refusal(lambda: scene.reader.ask(third, None, "fast", None)) == "trial_busy"
    assert refusal(lambda: scene.reader.ask(first, None, "best", None)) == "trial_busy"
    assert scene.reader.ask(first, None, "fast", "r1").state == "waiting"  # it was asked before
    assert scene.reader.step()
    scene.reader.ask(third, None, "fast", None)
    assert [scene.reader.step() for _ in range(3)] == [True, True, False]


def test_what_was_in_work_when_the_service_ended_is_said_and_not_tried(scene: Scene) -> None:
    first, second = scene.image("a.png", "text"), scene.image("b.png", "text")
    for image_id in (first, second):
        scene.reader.ask(image_id, None, "fast", None)
    assert scene.store.begin_next() is not None
    scene.store.recover()
    for image_id in (first, second):
        found = scene.trial(image_id)
        assert found is not None
        assert (found.state, found.error_code) == (State.FAILED, "trial_interrupted")
    assert not scene.reader.step()


def test_it_ends_when_the_image_is_read_again_or_vanishes(scene: Scene) -> None:
    first, second = scene.image("a.png", "text"), scene.image("b.png", "text")
    for image_id in (first, second):
        assert scene.try_it(image_id).state == State.DONE
    scene.world.effects.reprocess([first], None)
    scene.world.remove(b"b.png")
    assert (scene.trial(first), scene.trial(second)) == (None, None)
    assert refusal(lambda: scene.reader.ask(first, None, "fast", None)) == "not_read"
    scene.world.read_all()


def test_only_few_are_kept(scene: Scene) -> None:
    first = scene.image("a.png", "text")
    assert scene.try_it(first).state == State.DONE
    for number in range(MOST_KEPT):
        other = scene.image(f"{number}.png", "text")
        scene.reader.ask(other, None, "fast", None)
        trial = scene.store.begin_next()
        assert trial is not None
        scene.store.fail(trial.trial_id, "worker_died", "It died.")
    assert scene.world.rows("SELECT count(*) FROM trial_readings") == [(MOST_KEPT,)]
    assert scene.trial(first) is None


def test_of_a_document_one_page_is_read_and_its_lines_say_by_what(scene: Scene) -> None:
    scene.world.put(b"doc.png", "doc.png")
    batch = scene.world.store.claim(1)
    assert batch is not None
    for number in (1, 2):
        scene.world.store.store_page(
            DocumentPage(batch[0], 1, sha("doc.png"), 2, number, page(f"page {number}"))
        )
    scene.world.finish(batch[0], ImageResult(1, sha("doc.png"), document=DocumentState(2)))
    trial_id = scene.reader.ask(1, 2, "fast", None).trial_id
    trial = scene.store.begin_next()
    assert trial is not None
    assert (trial.page_number, trial.task.done) == (2, (1,))
    read = Page(100, 50, 0, (Line("better", 0.9, box(0)),), None, None, 0.1)
    models = {"a_det": "0" * 64, "a_rec": "1" * 64}
    scene.store.finish(trial_id, _stored(read, models))
    scene.reader.take(trial_id, None)
    assert scene.world.text(b"doc.png") == "page 1\fbetter"
    assert scene.world.rows("SELECT l.text, model FROM lines l ORDER BY l.id") == [
        ("page 1", None), ("better", "a_rec"),
    ]  # fmt: skip
    assert (scene.world.hits("page 2"), scene.world.hits("better")) == (0, 1)


def _stored(read: Page, models: dict[str, str]) -> "object":
    from page_records import Provenance
    from trial_reading import _stored as stored

    return stored(read, Provenance("fake", "cpu", "f32", models, {}, 1))


def test_what_can_be_chosen_is_what_is_there(scene: Scene) -> None:
    languages = scene.settings.languages_folder
    languages.mkdir()
    for code in ("rus", "ell", "tlh"):
        (languages / f"{code}.traineddata").touch()
    assert choices(scene.settings) == [
        "fast", "balanced", "best", "model:own", "language:ell", "language:rus",
    ]  # fmt: skip
    assert choices(Settings(data_folder=Path("/nowhere"))) == []
    assert refusal(lambda: scene.reader.ask(1, None, "model:../own", None)) == "bad_reading"
    assert changes(scene.settings, "model:own")["OCR_MODEL"] == "own"
    assert changes(scene.settings, "language:rus")["OCR_LANGUAGES"] == "rus"
    best = changes(scene.settings, "best")
    assert (best["OCR_PROFILE"], best["OCR_MODEL"], best["OCR_DEVICE"]) == ("best", "", "cpu")
