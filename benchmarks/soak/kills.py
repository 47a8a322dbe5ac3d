"""Kill -9 of ocr_service, at random moments and at named points: is what it told still there?

    make soak WHAT=kills [ARGS="--random 200 --named 50"]

Each cycle adds images, starts the real service with a worker that only pretends, reads along as a
client, corrects lines, and kills. After every restart the client's journal must be in the
database, once, and the database sound. A cycle in which no new text was told does not count: it
is repeated, so that a service that does nothing cannot pass.
"""

import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from journal import Journal
from kill_points import POINTS
from ocr_contract.control import ControlClient, ControlError
from ocr_contract.data_folder import SOCKET_PATH
from service_folders import ServiceFolders
from soak_report import (
    NOTHING_LOST,
    Violation,
    check_integrity,
    conclude,
    require,
    run_parser,
)

_IMAGES = 8
_CYCLES_PER_FOLDER = 150
"""Then a fresh database, so that checking stays quick."""
_DEADLINE_S = 300.0
"""Long, because another program may have the processors for minutes."""


class Rig:
    """A folder of images, a data folder, and a service that is killed again and again."""

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self._folders = ServiceFolders.below(folder)
        self.images, self.data = self._folders.images, self._folders.data
        self.database = self.data / "ocr_data.db"
        self.journal = Journal(self.database)
        self.kills = 0
        self.repeated = 0
        self._draw = draw
        self._unanswered: dict[str, tuple[str, int, str]] = {}
        self._made = 0
        self._log_path = folder / "log"
        self._log = self._log_path.open("ab")

    def cycle(self, point: str) -> None:
        """Kill, restart and check, until a client was told something new."""
        before = self.journal.look()
        for _ in range(_IMAGES):
            self._made += 1
            self._folders.add_image(f"{self._made:06}.jpg")
        started = time.monotonic()
        attempt = 0
        while len(self.journal.texts) == before:
            require(time.monotonic() - started < _DEADLINE_S, f"no progress at {point}")
            self._kill_once(point, window_s=0.6 + 0.4 * attempt)
            self.journal.look()
            self.journal.check()
            check_integrity(self.database)
            attempt += 1

    def _start(self, point: str, count: int) -> "subprocess.Popen[bytes]":
        program = str(Path(__file__).with_name("kill_points.py"))
        # Images that are in hand when the service ends come under suspicion; here it is not their
        # fault, however often: OCR_MAX_ATTEMPTS.
        environ = self._folders.reader_environ(
            OCR_SCAN_INTERVAL_S="0.2",
            OCR_SETTLE_S="0.05",
            OCR_MODEL="tiny",
            OCR_LOG_LEVEL="warning",
            OCR_MAX_ATTEMPTS="100",
        )
        command = [sys.executable, program, point, str(count)]
        return subprocess.Popen(command, env=environ, stderr=self._log, stdout=self._log)

    def _kill_once(self, point: str, window_s: float) -> None:
        count = self._draw.randint(1, 4)
        process = self._start(point, count)
        known = len(self.journal.texts)
        at = time.monotonic() + self._draw.uniform(0.0, window_s)
        give_up = time.monotonic() + _DEADLINE_S
        try:
            while process.poll() is None:
                now = time.monotonic()
                if point == "none" and now >= at:
                    process.kill()
                    break
                require(now < give_up, f"the point {point} was never reached")
                told_something = self.journal.look() > known
                if told_something or point != "before-reply":  # or it would die before it reads
                    self._ask()
            code = process.wait(10)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        said = self._log_path.read_text(errors="replace")[-3000:]
        require(code == -signal.SIGKILL, f"it ended by itself, exit code {code}: {said}")
        self.kills += 1

    def _ask(self) -> None:
        """Correct a line, or send again what was never answered."""
        if not self._unanswered:
            lines = self.journal.read(
                "SELECT CAST(images.path AS TEXT), lines.id FROM lines JOIN pages ON "
                "pages.id = page_id JOIN images ON images.id = image_id ORDER BY lines.id DESC "
                "LIMIT 5"
            )
            if not lines:
                return
            path, line_id = self._draw.choice(lines)
            number = len(self.journal.replies) + 1
            self._unanswered[f"request-{number}"] = (path, line_id, f"text {number}")
            self.journal.asked = {path: f"text {number}"}
        request_id, (path, line_id, text) = next(iter(self._unanswered.items()))
        try:
            client = ControlClient(self.data / SOCKET_PATH, timeout_s=2.0)
            reply = client.correct(line_id, text, request_id=request_id)
        except ControlError as error:
            require(error.http_status in (0, 503), f"a correction was refused: {error.message}")
            return
        del self._unanswered[request_id]
        self.journal.replies[request_id] = json.dumps(reply.to_json())
        self.journal.corrected[path] = text
        self.journal.asked = {}

    def finish(self) -> int:
        """One undisturbed run: every image that was ever added is read. Returns how many."""
        process = self._start("none", 1)
        try:
            until = time.monotonic() + 2 * _DEADLINE_S
            while self.journal.look() < self._made:
                require(process.poll() is None, "the service ended by itself")
                require(time.monotonic() < until, "images were left unread at the end")
                time.sleep(0.1)
            self.journal.check()
        finally:
            process.terminate()
            process.wait(10)
            self._log.close()
        check_integrity(self.database)
        return self._made


def run(random_cycles: int, named_cycles: int, seed: int) -> dict[str, Any]:
    """All cycles; raises Violation."""
    draw = random.Random(seed)
    plan = ["none"] * random_cycles
    plan += [POINTS[number % len(POINTS)] for number in range(named_cycles)]
    draw.shuffle(plan)
    kills = texts = replies = 0
    started = time.monotonic()
    for begin in range(0, len(plan), _CYCLES_PER_FOLDER):
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            rig = Rig(Path(folder), draw)
            for number, point in enumerate(plan[begin : begin + _CYCLES_PER_FOLDER], begin + 1):
                try:
                    rig.cycle(point)
                except Violation as violation:
                    raise Violation(f"cycle {number} ({point}, seed {seed}): {violation}") from None
            texts += rig.finish()
            kills += rig.kills
            replies += len(rig.journal.replies)
    return {
        "random_cycles": random_cycles,
        "named_cycles": named_cycles,
        "kills": kills,
        "texts_told": texts,
        "replies_told": replies,
        **NOTHING_LOST,
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    """Returns 1 when anything was lost, doubled or damaged."""
    parser = run_parser("kill -9, again and again.")
    parser.add_argument("--random", type=int, default=1000, help="random moments (1000)")
    parser.add_argument("--named", type=int, default=200, help="named points (200)")
    return conclude("kills", parser, lambda asked: run(asked.random, asked.named, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
