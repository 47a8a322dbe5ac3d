"""A worker process that fails as real ones do. Standard library only, so that it starts at once.

    python fake_worker.py START FD

START says how it starts: `ok` or a key of `STARTS`. What it does with a batch follows from its
images' names: `segv.png` ends it by a segmentation fault, and so on (see `DEEDS`); any other image
is read: its one line is "text of <name>".
"""

import json
import os
import queue
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-S", "-E", __file__)
SECONDS = 3600.0
"""Far over every deadline: what sleeps so long is killed."""


def command(start: str = "ok") -> tuple[str, ...]:
    """For `Pool` and `Service`."""
    return (*COMMAND, start)


def ready(**fields: Any) -> dict[str, Any]:
    return {
        "type": "ready",
        "engine": "fake 1",
        "device": "cpu",
        "precision": "f32",
        "models": {"fake_det": "0" * 64},
        "parameters": {"threads": 1},
        "batch_size": 2,
        "batches": 1,
        **fields,
    }


def page(text: str) -> dict[str, Any]:
    return {
        "width": 100,
        "height": 50,
        "rotation": 0,
        "preview": None,
        "thumbnail": None,
        "seconds": 0.01,
        "lines": [[text, 0.9, [[0, 0], [90, 0], [90, 20], [0, 20]]]],
    }


def send(connection: socket.socket, message: object) -> None:
    frame(connection, json.dumps(message).encode())


def frame(connection: socket.socket, content: bytes) -> None:
    connection.sendall(struct.pack("!i", len(content)) + content)


def receive(connection: socket.socket) -> dict[str, Any]:
    head = exactly(connection, 4)
    message: dict[str, Any] = json.loads(exactly(connection, struct.unpack("!i", head)[0]))
    return message


def receive_forever(
    connection: socket.socket, batches: "queue.SimpleQueue[dict[str, Any]]"
) -> None:
    while True:
        batches.put(receive(connection))


def exactly(connection: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        try:
            chunk = connection.recv(count - len(content))
        except ConnectionResetError:  # killed before it had read all that was sent
            chunk = b""
        if not chunk:
            os._exit(0)  # the service hung up: as in the real one, whatever else is going on
        content += chunk
    return content


def segv(*_: object) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), signal.SIGSEGV)


def killed(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out


def take_all_along(*_: object) -> None:
    os.kill(os.getppid(), signal.SIGKILL)  # the service goes, and this worker with it
    time.sleep(SECONDS)


def leave(*_: object) -> None:
    os._exit(7)


def hang(*_: object) -> None:
    time.sleep(SECONDS)


def hang_up(connection: socket.socket, *_: object) -> None:
    connection.shutdown(socket.SHUT_WR)
    time.sleep(SECONDS)


def eat(*_: object) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), used + (64 << 20)))
    hoard = []
    while True:
        hoard.append(bytearray(8 << 20))


def garbage(connection: socket.socket, *_: object) -> None:
    frame(connection, b"\xff\x00 this is no JSON")


def a_list(connection: socket.socket, *_: object) -> None:
    send(connection, [1, 2, 3])


def deep(connection: socket.socket, *_: object) -> None:
    frame(connection, b"[" * 200_000)


def huge(connection: socket.socket, *_: object) -> None:
    connection.sendall(struct.pack("!i", 2**31 - 1) + b"x" * 1000)
    time.sleep(SECONDS)


def negative(connection: socket.socket, *_: object) -> None:
    connection.sendall(struct.pack("!i", -5) + b"x" * 1000)
    time.sleep(SECONDS)


def half(connection: socket.socket, *_: object) -> None:
    connection.sendall(struct.pack("!i", 1000) + b'{"type": ')
    time.sleep(SECONDS)


def dribble(connection: socket.socket, *_: object) -> None:
    connection.sendall(struct.pack("!i", 100_000))
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def chatter(connection: socket.socket, batch: dict[str, Any]) -> None:
    while True:
        send(connection, {"type": "progress", "batch": batch["batch"]})


def patient(connection: socket.socket, batch: dict[str, Any]) -> None:
    """A page that takes long, and says so now and then."""
    for _ in range(30):
        time.sleep(0.01)
        send(connection, {"type": "progress", "batch": batch["batch"]})
    answer(connection, batch)


def odd(connection: socket.socket, batch: dict[str, Any]) -> None:
    send(connection, {"type": "progress", "batch": [batch["batch"]]})


def stuck(connection: socket.socket, batch: dict[str, Any]) -> None:
    """Never answered, while the batches beside it are."""


def later(connection: socket.socket, batch: dict[str, Any]) -> None:
    LATER.append(batch)


def wrong_id(connection: socket.socket, batch: dict[str, Any]) -> None:
    answer(connection, {**batch, "images": [{**i, "id": i["id"] + 1} for i in batch["images"]]})


def wrong_batch(connection: socket.socket, batch: dict[str, Any]) -> None:
    for _ in range(100):
        answer(connection, {**batch, "batch": batch["batch"] + 1})
    time.sleep(SECONDS)


def too_few(connection: socket.socket, batch: dict[str, Any]) -> None:
    answer(connection, {**batch, "images": batch["images"][:-1]})


def noise(connection: socket.socket, batch: dict[str, Any]) -> None:
    os.write(1, b"libraries print what they like\n" * 10_000)
    send(connection, {"type": "progress", "batch": batch["batch"]})
    answer(connection, batch)


def slow(connection: socket.socket, batch: dict[str, Any]) -> None:
    time.sleep(0.3)
    answer(connection, batch)


def failing(connection: socket.socket, batch: dict[str, Any]) -> None:
    answer(connection, batch, {"code": "damaged_image", "message": "Broken.", "ignored": False})


def doubtful(connection: socket.socket, batch: dict[str, Any]) -> None:
    answer(connection, batch, warnings=[{"code": "partly_missing", "message": "A part is gone."}])


def book(connection: socket.socket, batch: dict[str, Any]) -> None:
    """A document of three pages, the last of which comes twice."""
    (image,) = batch["images"]
    told = {"type": "page", "batch": batch["batch"], "id": image["id"], "sha256": image["sha256"]}
    for number in (1, 2, 3, 3):
        send(connection, told | {"pages": 3, "number": number, "page": page(f"page {number}")})
    document = {"pages": 3, "short": False, "warnings": []}
    result = {"id": image["id"], "sha256": image["sha256"], "document": document}
    answer = {"type": "batch", "batch": batch["batch"], "seconds": 0.01, "images": [result]}
    send(connection, answer)


def poisoned_page(connection: socket.socket, batch: dict[str, Any]) -> None:
    send(connection, {"type": "progress", "batch": batch["batch"], "page": 7})
    killed()


LATER: list[dict[str, Any]] = []
"""Batches that are answered after the next one."""
DEEDS: dict[str, Callable[[socket.socket, dict[str, Any]], None]] = {
    "segv": segv, "leave": leave, "hang": hang, "hangup": hang_up, "eat": eat,
    "garbage": garbage, "list": a_list, "deep": deep, "huge": huge, "negative": negative,
    "half": half, "dribble": dribble, "chatter": chatter, "wrongid": wrong_id,
    "wrongbatch": wrong_batch, "kill": killed, "endall": take_all_along,
    "odd": odd, "stuck": stuck, "later": later, "few": too_few, "noise": noise,
    "slow": slow, "patient": patient, "failing": failing, "doubtful": doubtful,
    "book": book, "poisonedpage": poisoned_page,
}  # fmt: skip


def answer(
    connection: socket.socket,
    batch: dict[str, Any],
    error: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """`fields` are added to each page."""
    images = [
        {"id": image["id"], "sha256": image["sha256"]}
        | (
            {"error": error}
            if error
            else {"pages": [page(f"text of {printable(image['path'])}") | fields]}
        )
        for image in batch["images"]
    ]
    send(connection, {"type": "batch", "batch": batch["batch"], "seconds": 0.01, "images": images})


def printable(path: str) -> str:
    return path.encode(errors="backslashreplace").decode()


def failed(
    connection: socket.socket, code: object = "model_missing", message: str = "There is no model."
) -> None:
    send(connection, {"type": "failed", "code": code, "message": message})
    raise SystemExit(1)


def well(connection: socket.socket) -> None:
    send(connection, ready())


def slow_start(connection: socket.socket) -> None:
    time.sleep(0.5)
    send(connection, ready())


def deaf(connection: socket.socket) -> None:
    send(connection, ready())
    time.sleep(SECONDS)


STARTS: dict[str, Callable[[socket.socket], None]] = {
    "segv": segv,
    "leave": leave,
    "hang": hang,
    "hangup": hang_up,
    "garbage": garbage,
    "half": half,
    "failed": failed,
    "gpu": lambda connection: failed(connection, "no_gpu"),
    "device": lambda connection: failed(connection, "bad_device"),
    "engine": lambda connection: failed(
        connection, "engine_start_failed", "Exception from core.cpp:84:\nModel can't be parsed\n"
    ),
    "liar": lambda connection: failed(connection, ["\ud800"]),
    "two": lambda connection: send(connection, ready(batches=2)),
    "unready": lambda connection: send(connection, ready(batch_size=0)),
    "slow": slow_start,
    "deaf": deaf,
}


def main() -> None:
    """Start as told, then deal with batches by their images' names."""
    start, descriptor = sys.argv[1:]
    connection = socket.socket(fileno=int(descriptor))
    batches: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    if start != "deaf":
        threading.Thread(target=receive_forever, args=(connection, batches), daemon=True).start()
    STARTS.get(start, well)(connection)
    while True:
        batch = batches.get()
        names = [Path(image["path"]).name.partition(".")[0] for image in batch["images"]]
        deeds = [DEEDS[name.split("-")[0]] for name in names if name.split("-")[0] in DEEDS]
        waiting, LATER[:] = LATER[:], []
        (deeds[0] if deeds else answer)(connection, batch)
        for late in waiting:
            answer(connection, late)


if __name__ == "__main__":
    main()
