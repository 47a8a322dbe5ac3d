"""The process in which lines are read by the second recogniser: a crash in it loses one line.

Started by `line_processes` with one end of a socket pair as its file descriptor:

    whose                        message
    the worker's, once           (languages, inference), pickled: as `readers_of` takes them
    the process's, once          {"models": ["tesseract rus 5.5.4", …]}, or {"code", "message"}
    the worker's, for each line  reader, height, width: three unsigned numbers; then the pixels
    the process's                [text, confidence, places or null], or {"failed": "…"}

What it sends is JSON: it has seen the pictures of strangers, and is not believed blindly.
"""

import contextlib
import json
import os
import queue
import signal
import struct
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

import cv2
import numpy as np

from decoding.pixels import Pixels
from languages.language_readers import readers_of
from ocr_contract.error_codes import ErrorCode
from ocr_errors import OcrError

HEADER = struct.Struct("!III")
_CHANNELS = 3


def main() -> None:
    """Load, say what reads, answer lines; ends with the worker, whatever it is doing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the service, which ends us all
    cv2.setNumThreads(0)
    connection = Connection(int(sys.argv[1]))
    languages, inference = connection.recv()
    lines: queue.SimpleQueue[tuple[int, Pixels]] = queue.SimpleQueue()
    threading.Thread(target=_receive_forever, args=(connection, lines), daemon=True).start()
    try:
        readers = readers_of(languages, inference)
    except Exception as error:
        code = error.code if isinstance(error, OcrError) else ErrorCode.ENGINE_START_FAILED
        _send(connection, {"code": str(code), "message": str(error)[:500]})
        raise SystemExit(1) from error
    _send(connection, {"models": [reader.model for reader in readers]})
    while True:
        number, line = lines.get()
        try:
            words = readers[number].read(line)
            _send(connection, [words.text, words.confidence, words.places])
        except Exception as error:  # of this line; the next may be read
            _send(connection, {"failed": repr(error)[:500]})


def _receive_forever(
    connection: Connection, lines: "queue.SimpleQueue[tuple[int, Pixels]]"
) -> None:
    with contextlib.suppress(EOFError, OSError, ValueError):
        while True:
            content = connection.recv_bytes()
            number, height, width = HEADER.unpack_from(content)
            pixels = np.frombuffer(content, np.uint8, offset=HEADER.size)
            lines.put((number, pixels.reshape(height, width, _CHANNELS)))
    os._exit(0)


def _send(connection: Connection, message: Any) -> None:
    with contextlib.suppress(OSError):  # `_receive_forever` ends the process
        connection.send_bytes(json.dumps(message).encode())


if __name__ == "__main__":
    main()
