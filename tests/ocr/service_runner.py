"""ocr_service as a real process, with a worker that reads nothing and so needs no engine.

    python service_runner.py START FAULT [ARGUMENT …]

runs the service as `python ocr_service.py ARGUMENT …` does, but with `fake_worker` started as
START. FAULT is what goes wrong as long as there is a file named `fault` beside the data folder:
`none`; `watcher`, `pipeline` or `control`, a part that ends by itself; `disk`, on which nothing
more fits; `reply`, the process is killed between a request's commit and its reply. `large` is there
from the start: the database is one that a look cannot read as a whole.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    start, fault, *arguments = sys.argv[1:]
    folders = ("contract", "ocr", "benchmarks/soak")
    sys.path[:0] = [str(ROOT / folder) for folder in folders]
    import fake_worker
    import ocr_service

    if fault != "none":
        _break(fault, Path(os.environ["OCR_DATA_FOLDER"]).parent / "fault")
    code = ocr_service.main(arguments, worker_command=fake_worker.command(start))
    heavy = {"numpy", "cv2", "PIL", "openvino", "onnxruntime", "paddleocr", "paddlex", "rich"}
    print(*sorted(heavy & sys.modules.keys()))
    return code


def _break(part: str, when: Path) -> None:
    """Make a part end, as an error in it would, once `when` exists."""
    from control.control_server import ControlServer
    from folder.watcher import Watcher
    from records.store import Store

    if part == "disk":
        _fill_disk(when)
        return
    if part == "large":
        from records import quick_look

        quick_look.READING_S = 0.0
        return
    if part == "reply":
        _kill_before_reply(when)
        return

    def failing(method: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            if when.exists():
                raise RuntimeError(f"{part} fails")
            return method(*arguments, **named)

        return wrapped

    if part == "watcher":
        Watcher.look = failing(Watcher.look)  # type: ignore[method-assign]
    elif part == "pipeline":
        Store.claim = failing(Store.claim)  # type: ignore[method-assign]
    else:
        serve = ControlServer._serve

        def ending(server: ControlServer) -> None:
            import threading

            def end() -> None:
                while not when.exists():
                    threading.Event().wait(0.05)
                server._server.should_exit = True

            threading.Thread(target=end, daemon=True).start()
            serve(server)

        ControlServer._serve = ending  # type: ignore[method-assign]


def _fill_disk(when: Path) -> None:
    """What SQLite and the kernel say of a full disk, at every commit."""
    import apsw

    import disk_guard
    from records.database import Database

    commit, free = Database._commit, disk_guard.free_bytes

    def failing_commit(database: Database) -> None:
        if when.exists():
            raise apsw.FullError("database or disk is full")
        commit(database)

    def no_room(folder: Path) -> int:
        return 0 if when.exists() else free(folder)

    Database._commit = failing_commit  # type: ignore[method-assign]
    disk_guard.DiskGuard.__init__.__kwdefaults__["free"] = no_room


def _kill_before_reply(when: Path) -> None:
    from records.request_effects import RequestEffects

    once = RequestEffects.once

    def dying(*arguments: Any) -> Any:
        reply = once(*arguments)
        if when.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return reply

    RequestEffects.once = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
