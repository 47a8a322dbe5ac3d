"""The real application, where a request's head has two seconds instead of ten.

Loaded by Gunicorn in place of `app`, so that a test of what becomes of slow visitors waits less.
"""

from flask import Flask

import app
import patient_worker

READING_S = 2.0


def create_app() -> Flask:
    """The application for Gunicorn."""
    patient_worker.READING_S = READING_S
    return app.create_app()
