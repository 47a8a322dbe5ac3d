"""The pool against workers that fail in every known way."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import wait_until

import fake_worker
import machine_limits
import page_progress
from machine_limits import is_running
from ocr_errors import WorkerError
from page_records import BatchResult, DocumentPage, DocumentState, Task
from process_memory import tree
from project import ROOT
from worker_link import pool as pool_module
from worker_link.pool import Pool, Stopped, Wear
from worker_link.worker_process import WorkerProcess


def is_gone(pid: int) -> bool:
    """Neither running nor left as a zombie."""
    return not Path(f"/proc/{pid}").exists()


def tasks(*names: str) -> list[Task]:
    return [Task(i, name.encode(), f"{i:064x}") for i, name in enumerate(names, 1)]


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def pool(stop: threading.Event) -> Iterator[Pool]:
    made = Pool(timeout_s=20.0, stop=stop, command=fake_worker.command())
    yield made
    made.stop()


def read(pool: Pool, batch_id: int, what: list[Task]) -> BatchResult:
    """One batch alone."""
    pool.submit(batch_id, what)
    result = pool.next_result()
    assert result is not None
    return result


def failure_of(pool: Pool, *names: str) -> WorkerError:
    """Read a batch, expecting it to fail and the worker to be gone afterwards."""
    pool.start()
    pid = pool.pid
    assert pid is not None
    with pytest.raises(WorkerError) as caught:
        read(pool, 1, tasks(*names))
    assert is_gone(pid)
    assert pool.provenance is None
    assert pool.pid is None
    return caught.value


def test_a_batch_is_read(pool: Pool) -> None:
    provenance = pool.start()
    assert provenance.engine == "fake 1"
    assert provenance.batch_size == 2
    result = read(pool, 7, tasks("a.png", "b.png"))
    assert [image.pages[0].text for image in result.images] == ["text of a.png", "text of b.png"]
    assert result.batch_id == 7


def test_names_that_are_no_text_arrive(pool: Pool) -> None:
    pool.start()
    result = read(pool, 1, [Task(1, b"caf\xe9\n.png", "0" * 64)])
    assert result.images[0].pages[0].text == "text of caf\\udce9\n.png"


def test_one_worker_reads_many_batches(pool: Pool) -> None:
    pool.start()
    first = pool.pid
    for batch_id in range(5):
        pool.start()
        read(pool, batch_id, tasks("a.png"))
    assert pool.pid == first
    assert pool.starts == 1


@pytest.mark.parametrize(
    ("deed", "code", "words"),
    [
        ("segv", "worker_died", "signal 11"),
        ("leave", "worker_died", "exit code 7"),
        ("eat", "worker_died", "exit code 1"),
        ("hangup", "worker_died", "hung up"),
        ("garbage", "worker_nonsense", ""),
        ("list", "worker_nonsense", "not an object"),
        ("deep", "worker_nonsense", ""),
        ("huge", "worker_nonsense", "2147483647 bytes"),
        ("negative", "worker_nonsense", "-5 bytes"),
        ("wrongid", "worker_nonsense", "not those of the batch"),
        ("wrongbatch", "worker_nonsense", "never answers"),
        ("chatter", "worker_nonsense", "never answers"),
        ("odd", "worker_nonsense", ""),
        ("kill", "worker_died", "signal 9"),
        ("few", "worker_nonsense", "not those of the batch"),
    ],
)
def test_a_worker_that_fails_ends_its_batch(pool: Pool, deed: str, code: str, words: str) -> None:
    error = failure_of(pool, "a.png", f"{deed}.png")
    assert error.code == code
    assert words in error.message
    assert error.message.endswith(".")


@pytest.mark.parametrize("deed", ["hang", "half", "dribble"])
def test_a_worker_that_hangs_is_replaced(stop: threading.Event, deed: str) -> None:
    """Also one that stops amid a frame, or sends it drop by drop."""
    pool = Pool(timeout_s=0.3, stop=stop, command=fake_worker.command())
    started = time.monotonic()
    error = failure_of(pool, f"{deed}.png")
    assert error.code == "worker_timeout"
    assert "0.3 s" in error.message
    assert time.monotonic() - started < 5


def test_a_worker_that_reads_nothing_is_replaced(stop: threading.Event) -> None:
    """The batch is larger than the socket's buffer."""
    pool = Pool(timeout_s=0.002, stop=stop, command=fake_worker.command("deaf"))
    error = failure_of(pool, *["x" * 4000] * 200)
    assert error.code == "worker_timeout"


@pytest.mark.parametrize("deed", ["segv", "garbage", "wrongid", "huge"])
def test_the_next_batch_gets_a_fresh_worker(pool: Pool, deed: str) -> None:
    failure_of(pool, f"{deed}.png")
    pool.start()
    assert read(pool, 2, tasks("a.png")).images[0].pages[0].text == "text of a.png"
    assert pool.starts == 2


def test_a_worker_that_died_between_batches_is_replaced(pool: Pool) -> None:
    pool.start()
    pid = pool.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it ended, and is still to be collected
    pool.start()
    assert pool.pid != pid
    assert is_gone(pid)
    read(pool, 1, tasks("a.png"))


def ids(*results: BatchResult | None) -> list[int]:
    return [result.batch_id for result in results if result is not None]


class TestSeveralBatches:
    def test_answers_come_in_any_order(self, pool: Pool) -> None:
        pool.start()
        pool.submit(1, tasks("later.png", "a.png"))
        pool.submit(2, tasks("b.png"))
        first, second = pool.next_result(), pool.next_result()
        assert ids(first, second) == [2, 1]
        assert second is not None
        assert [image.image_id for image in second.images] == [1, 2]

    def test_all_end_with_the_worker(self, pool: Pool) -> None:
        pool.start()
        pool.submit(1, tasks("stuck.png"))
        pool.submit(2, tasks("segv.png"))
        with pytest.raises(WorkerError, match="signal 11"):
            pool.next_result()
        pool.start()
        assert ids(read(pool, 3, tasks("a.png"))) == [3]

    def test_a_batch_that_hangs_is_noticed_while_the_others_go_on(
        self, stop: threading.Event
    ) -> None:
        """Else its images would stay in work for as long as there is anything else to read."""
        pool = Pool(timeout_s=0.2, stop=stop, command=fake_worker.command())
        pool.start()
        pool.submit(0, tasks("stuck.png"))
        started = time.monotonic()
        with pytest.raises(WorkerError) as caught:
            for batch_id in range(1, 1_000_000):
                assert time.monotonic() - started < 10
                read(pool, batch_id, tasks("a.png"))
        assert caught.value.code == "worker_timeout"

    def test_what_the_service_does_meanwhile_is_no_silence(self, stop: threading.Event) -> None:
        now = [0.0]
        pool = Pool(timeout_s=1, stop=stop, command=fake_worker.command(), clock=lambda: now[0])
        pool.start()
        pool.submit(1, tasks("a.png"))
        now[0] += 1000  # it stored something on a slow disk
        pool.submit(2, tasks("b.png"))
        now[0] += 1000
        assert sorted(ids(pool.next_result(), pool.next_result())) == [1, 2]
        pool.stop()

    def test_talking_is_counted_anew_after_each_answer(self, pool: Pool) -> None:
        """Thousands of good batches are no licence for thousands of empty messages."""
        pool.start()
        pool.submit(0, tasks("stuck.png"))
        for batch_id in range(1, 50):
            read(pool, batch_id, tasks("a.png"))
        pool.submit(99, tasks("b.png"))
        assert pool._messages_left == 8
        assert ids(pool.next_result()) == [99]
        assert pool._messages_left == 4

    def test_waiting_ends_when_there_may_be_more_to_do(self, pool: Pool) -> None:
        woken = threading.Event()
        pool.start()
        pool.submit(1, tasks("later.png"))
        timer = threading.Timer(0.2, woken.set)
        timer.start()
        assert pool.next_result(woken) is None
        pool.submit(2, tasks("a.png"))
        assert sorted(ids(pool.next_result(), pool.next_result())) == [1, 2]

    def test_a_late_answer_of_a_batch_that_was_answered_is_nothing(self, pool: Pool) -> None:
        pool.start()
        read(pool, 1, tasks("a.png"))
        pool.submit(2, tasks("wrongbatch.png"))
        with pytest.raises(WorkerError, match="never answers"):
            pool.next_result()


class TestAFreshWorker:
    def pool(self, stop: threading.Event, **wear: int) -> Pool:
        return Pool(timeout_s=20.0, stop=stop, command=fake_worker.command(), wear=Wear(**wear))

    def test_after_so_many_images(
        self, stop: threading.Event, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        pool = self.pool(stop, images=3)
        pool.start()
        first = pool.pid
        assert first is not None
        read(pool, 1, tasks("a.png", "b.png"))
        assert pool.worn_out is None
        read(pool, 2, tasks("a.png"))
        assert pool.worn_out == "read 3 images"
        pool.start()
        assert pool.pid != first
        assert is_gone(first)
        assert (pool.starts, pool.worn_out) == (2, None)
        assert f"worker {first} read 3 images: a fresh one takes its place" in caplog.messages
        read(pool, 3, tasks("a.png", "b.png"))
        assert pool.worn_out is None, "the fresh one begins at 0"
        pool.stop()

    def test_nothing_in_work_is_lost(self, stop: threading.Event) -> None:
        pool = self.pool(stop, images=1)
        pool.start()
        first = pool.pid
        pool.submit(1, tasks("later.png"))
        pool.submit(2, tasks("a.png"))
        assert ids(pool.next_result()) == [2]
        assert pool.worn_out
        pool.start()
        assert pool.pid == first
        assert ids(pool.next_result()) == [1]
        pool.start()
        assert pool.pid != first
        pool.stop()

    def test_once_it_holds_much_memory(self, stop: threading.Event) -> None:
        pool = self.pool(stop, resident_bytes=1)
        pool.start()
        read(pool, 1, tasks("a.png"))
        assert pool.worn_out is None, "it would do nothing but load models"
        read(pool, 2, tasks(*["a.png"] * pool_module._LEAST_IMAGES))
        assert pool.worn_out is not None
        assert pool.worn_out.endswith("MB of memory")
        pool.stop()

    def test_never_when_it_may_hold_more(self, stop: threading.Event) -> None:
        for wear in ({"resident_bytes": 1 << 40}, {}):
            pool = self.pool(stop, **wear)
            pool.start()
            read(pool, 1, tasks(*["a.png"] * 200))
            assert pool.worn_out is None
            pool.stop()


class TestALaunchedWorker:
    """It gets ready while the service does something else."""

    def test_it_is_the_first_one(self, pool: Pool) -> None:
        pool.launch()
        launched = pool._successor
        assert launched is not None
        assert pool.provenance is None
        wait_until(lambda: launched.has_told)
        pool.start()
        assert (pool.pid, pool.starts, pool.worn_out) == (launched.process.pid, 1, None)
        assert read(pool, 1, tasks("a.png")).batch_id == 1

    def test_one_that_cannot_start_is_heard_and_not_tried_twice(self) -> None:
        pool = Pool(timeout_s=20.0, stop=threading.Event(), command=fake_worker.command("failed"))
        pool.launch()
        launched = pool._successor
        assert launched is not None
        launched.process.wait(20)
        with pytest.raises(WorkerError) as caught:
            pool.start()
        assert (caught.value.code, pool.starts) == ("model_missing", 1)

    def test_it_ends_with_the_service(self, pool: Pool) -> None:
        pool.launch()
        launched = pool._successor
        assert launched is not None
        pool.stop()
        assert is_gone(launched.process.pid)

    def test_one_that_cannot_be_launched_is_started_later(
        self, pool: Pool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def none_left(*_: object, **__: object) -> None:
            raise OSError(errno.EAGAIN, "injected")

        with monkeypatch.context() as broken:
            broken.setattr("child_process.subprocess.Popen", none_left)
            pool.launch()
        pool.start()
        assert pool.starts == 1


class TestAHandOver:
    @pytest.fixture
    def pool(self, stop: threading.Event) -> Iterator[Pool]:
        made = Pool(
            timeout_s=20.0, stop=stop, command=fake_worker.command(), wear=Wear(1, beside=True)
        )
        made.start()
        yield made
        made.stop()

    def successor(self, pool: Pool) -> WorkerProcess:
        found = pool._successor
        assert found is not None
        return found

    def test_the_worn_one_goes_on_until_the_fresh_one_is_ready(self, pool: Pool) -> None:
        first = pool.pid
        assert first is not None
        read(pool, 1, tasks("a.png"))
        fresh = self.successor(pool)
        assert (pool.pid, pool.starts) == (first, 2)
        pool.submit(2, tasks("later.png"))
        wait_until(lambda: fresh.has_told)
        pool.submit(3, tasks("a.png"))
        assert pool.worn_out == "read 1 images", "from now on it gets no more"
        pool.start()
        assert pool.pid == first, "it has two batches yet"
        assert sorted(ids(pool.next_result(), pool.next_result())) == [2, 3]
        pool.start()
        assert (pool.pid, pool.starts, pool.worn_out) == (fresh.process.pid, 2, None)
        assert is_gone(first)
        read(pool, 4, tasks("a.png"))

    def test_a_worker_that_ends_meanwhile_is_followed_by_the_fresh_one(self, pool: Pool) -> None:
        read(pool, 1, tasks("a.png"))
        fresh = self.successor(pool)
        pool.submit(2, tasks("kill.png"))
        with pytest.raises(WorkerError, match="signal 9"):
            pool.next_result()
        pool.start()
        assert (pool.pid, pool.starts) == (fresh.process.pid, 2)
        read(pool, 3, tasks("a.png"))

    def test_a_fresh_one_that_ends_is_replaced_and_the_worn_one_goes_on(self, pool: Pool) -> None:
        first = pool.pid
        read(pool, 1, tasks("a.png"))
        fresh = self.successor(pool)
        fresh.process.kill()
        fresh.process.wait()
        read(pool, 2, tasks("a.png"))
        assert pool.pid == first
        pool.start()
        assert pool.pid not in (first, fresh.process.pid)
        assert pool.starts == 3
        read(pool, 3, tasks("a.png"))

    def test_without_memory_for_both_there_is_one_at_a_time(
        self, pool: Pool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(machine_limits, "usable_memory", lambda: 1_000_000)
        read(pool, 1, tasks("a.png"))
        assert (pool.starts, pool.worn_out) == (1, "read 1 images")
        pool.start()
        assert (pool.starts, pool.worn_out) == (2, None)

    def test_the_workers_of_other_pools_need_room_too(
        self, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """There is room for three of such a size."""
        monkeypatch.setattr(machine_limits, "resident_bytes", lambda _: 190)
        monkeypatch.setattr(machine_limits, "usable_memory", lambda: 1000)
        started = []
        for workers in (1, 2, 3):
            pool = Pool(
                timeout_s=20.0, stop=stop, command=fake_worker.command(),
                wear=Wear(1, beside=True, workers=workers),
            )  # fmt: skip
            pool.start()
            read(pool, 1, tasks("a.png"))
            started.append(pool.starts)
            pool.stop()
        assert started == [2, 2, 1]

    def test_both_end_with_the_service(self, pool: Pool) -> None:
        read(pool, 1, tasks("a.png"))
        pids = [pool.pid, self.successor(pool).process.pid]
        pool.stop()
        assert all(pid is not None and is_gone(pid) for pid in pids)


def test_noise_on_stdout_is_no_message_and_no_data(capfd: pytest.CaptureFixture[str]) -> None:
    """It goes to stderr: the service's stdout is for data."""
    pool = Pool(timeout_s=20.0, stop=threading.Event(), command=fake_worker.command())
    try:
        pool.start()
        assert read(pool, 1, tasks("noise.png")).images[0].pages
    finally:
        pool.stop()
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("segv", "worker_died"),
        ("leave", "worker_died"),
        ("hangup", "worker_died"),
        ("hang", "worker_timeout"),
        ("half", "worker_timeout"),
        ("garbage", "worker_nonsense"),
        ("unready", "worker_nonsense"),
        ("liar", "worker_nonsense"),
        ("failed", "model_missing"),
        ("gpu", "no_gpu"),
    ],
)
def test_a_worker_that_does_not_start(
    monkeypatch: pytest.MonkeyPatch, start: str, code: str
) -> None:
    monkeypatch.setattr(pool_module, "START_TIMEOUT_S", 0.5)
    if code != "worker_timeout":
        monkeypatch.setattr(pool_module, "START_TIMEOUT_S", 20.0)
    pool = Pool(timeout_s=20.0, stop=threading.Event(), command=fake_worker.command(start))
    children = set(tree(os.getpid()))
    with pytest.raises(WorkerError) as caught:
        pool.start()
    assert caught.value.code == code
    assert set(tree(os.getpid())) == children
    assert pool.provenance is None


@pytest.mark.parametrize("what", ["socket.socketpair", "subprocess.Popen"])
def test_no_descriptor_for_a_worker_is_no_end_of_the_service(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "injected")

    before = len(os.listdir("/proc/self/fd"))
    with monkeypatch.context() as broken:
        broken.setattr(f"child_process.{what}", none_left)
        for _ in range(3):
            with pytest.raises(WorkerError, match="Too many open files") as caught:
                pool.start()
    assert caught.value.code == "worker_not_started", "the pipeline tries again"
    assert len(os.listdir("/proc/self/fd")) <= before
    assert pool.start().engine == "fake 1"


def test_a_slow_start_is_waited_for() -> None:
    pool = Pool(timeout_s=0.1, stop=threading.Event(), command=fake_worker.command("slow"))
    try:
        assert pool.start().engine == "fake 1"
    finally:
        pool.stop()


@pytest.mark.parametrize("deed", ["hang", "half", "dribble"])
def test_stopping_does_not_wait_for_the_batch(pool: Pool, stop: threading.Event, deed: str) -> None:
    pool.start()
    pid = pool.pid
    assert pid is not None
    ended: list[type[BaseException]] = []

    def wait_for_it() -> None:
        try:
            read(pool, 1, tasks(f"{deed}.png"))
        except BaseException as error:
            ended.append(type(error))

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    wait_until(lambda: pool._in_work and thread.is_alive())
    stopped_at = time.monotonic()
    stop.set()
    thread.join(5)
    assert ended == [Stopped]
    assert time.monotonic() - stopped_at < 1
    assert is_gone(pid)


def test_a_pool_that_another_thread_stops(pool: Pool, stop: threading.Event) -> None:
    """As the service does at its end, when the pipeline is slow to leave."""
    pool.start()
    pool.submit(1, tasks("hang.png"))
    stop.set()
    pool.stop()
    for ask in (pool.next_result, lambda: pool.submit(2, tasks("a.png"))):
        with pytest.raises(Stopped):
            ask()


@pytest.mark.parametrize("_", range(5))
def test_a_pool_that_is_stopped_amid_waiting(pool: Pool, stop: threading.Event, _: int) -> None:
    ended: list[type[BaseException]] = []
    pool.start()
    pool.submit(1, tasks("hang.png"))

    def wait_for_it() -> None:
        try:
            pool.next_result()
        except BaseException as error:
            ended.append(type(error))

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    stop.set()
    pool.stop()
    thread.join(5)
    assert ended == [Stopped]


def test_a_signal_for_worker_and_service_is_no_failure(
    pool: Pool, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker may go first: it did not fail, and its image is no suspect."""
    pool.start()
    pool.submit(1, tasks("segv.png"))
    died = pool._died

    def both() -> WorkerError:
        stop.set()
        return died()

    monkeypatch.setattr(pool, "_died", both)
    with pytest.raises(Stopped):
        pool.next_result()


def test_stopping_does_not_wait_for_the_start(stop: threading.Event) -> None:
    pool = Pool(timeout_s=20.0, stop=stop, command=fake_worker.command("hang"))
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        pool.start()
    assert time.monotonic() - started < 1.5
    assert pool.pid is None


def test_many_failures_leave_no_descriptors_open(pool: Pool) -> None:
    failure_of(pool, "segv.png")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        failure_of(pool, "segv.png")
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize(("start", "deed"), [("ok", None), ("slow", None), ("ok", "slow")])
def test_the_worker_ends_with_a_service_that_is_killed(start: str, deed: str | None) -> None:
    """kill -9 leaves nobody to clean up: the worker sees that the service hung up."""
    service = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, threading; sys.path[:0] = sys.argv[1:3]\n"
            "from page_records import Task; from worker_link.pool import Pool\n"
            "pool = Pool(timeout_s=20.0, stop=threading.Event(), command=sys.argv[4:])\n"
            "pool.start(); print(pool.pid, flush=True)\n"
            "if sys.argv[3]: pool.submit(1, [Task(1, sys.argv[3].encode(), '0' * 64)])\n"
            "threading.Event().wait(60)",
            str(ROOT / "contract"),
            str(ROOT / "ocr"),
            f"{deed}.png" if deed else "",
            *fake_worker.command(start),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert service.stdout is not None
    with service, service.stdout:
        worker = int(service.stdout.readline())
        service.kill()
    wait_until(lambda: not is_running(worker), "the worker's end")


def test_a_page_that_takes_long_may_tell_of_itself_all_the_while(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow or busy processor: else it ends the worker each time, and is given up."""
    monkeypatch.setattr(page_progress, "INTERVAL_S", 0.005)
    pool.start()
    assert ids(read(pool, 1, tasks("patient.png"))) == [1]


def test_but_not_for_ever(stop: threading.Event) -> None:
    now = [0.0]
    pool = Pool(timeout_s=1e9, stop=stop, command=fake_worker.command(), clock=lambda: now[0])
    pool.start()
    pool.submit(1, tasks("chatter.png"))
    now[0] += 1e6
    with pytest.raises(WorkerError, match="never answers"):
        pool.next_result()


class TestPagesOfDocuments:
    """`book.png` is a document: its pages come as messages of their own, the last one twice."""

    def test_each_comes_once_and_before_the_answer(self, pool: Pool) -> None:
        pool.start()
        pool.submit(1, tasks("book.png"))
        found = [pool.next_result() for _ in range(4)]
        pages = [page.number for page in found if isinstance(page, DocumentPage)]
        assert pages == [1, 2, 3]
        assert isinstance(found[-1], BatchResult)
        assert found[-1].images[0].document == DocumentState(3)

    def test_each_counts_towards_the_wear(self, stop: threading.Event) -> None:
        worn = Pool(timeout_s=20, stop=stop, command=fake_worker.command(), wear=Wear(images=3))
        worn.start()
        worn.submit(1, tasks("book.png"))
        while not isinstance(worn.next_result(), BatchResult):
            pass
        assert worn.worn_out == "read 4 images"
        worn.stop()

    def test_the_page_that_the_worker_ended_on_is_known(self, pool: Pool) -> None:
        pool.start()
        pool.submit(1, tasks("poisonedpage.png"))
        with pytest.raises(WorkerError, match="signal 9"):
            while True:
                pool.next_result()
        assert pool.page_in_hand == 7
        pool.start()
        read(pool, 2, tasks("a.png"))
        assert pool.page_in_hand is None
