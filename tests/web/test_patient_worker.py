"""Gunicorn's threaded worker, as far as it is ours. The rest of it: test_web_serving."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from patient_worker import PatientWorker


def test_ctrl_c_while_a_visitor_is_given_to_a_thread() -> None:
    """The handler runs in the thread that holds the pool's lock then, and must not want it."""
    worker = object.__new__(PatientWorker)
    worker.alive = True
    worker.cfg = SimpleNamespace(worker_int=lambda _worker: None)

    def handle() -> None:
        with pytest.raises(SystemExit):
            worker.handle_quit(signal.SIGQUIT, None)

    with ThreadPoolExecutor(1) as worker.tpool:
        handler = threading.Thread(target=handle, daemon=True)
        with worker.tpool._shutdown_lock:
            handler.start()
            handler.join(5)
            assert not handler.is_alive()
    assert not worker.alive
