"""Every error that ocr_service can name: one small tree, each with a stable code and a remedy.

    OcrError                  code, message (a sentence for people), exit_code
    ├── SettingsError         a setting is wrong: the service does not start
    ├── FolderError           the image or data folder cannot be used
    ├── ModelError            a model is missing or is not the pinned one
    ├── StoreError            the database cannot be used
    │   └── DiskFullError     nothing more fits on its disk; all that was committed is safe
    ├── RequestError          a request over the socket is refused: 400
    │   ├── UnknownIdError    what it asks for does not exist: 404
    │   ├── ConflictError     something else is in its way: 409
    │   ├── TooLargeError     its body is too large: 413
    │   └── NotNowError       it may be sent again soon: 503, with Retry-After
    ├── WorkerError           the worker process died, hung, or said nonsense
    └── ImageError            one image cannot be read: becomes its row's error_code and error

Exit codes are the ones of OCRmyPDF, so that scripts need not learn new ones.
"""

EXIT_BAD_ARGUMENTS = 1
EXIT_BAD_INPUT = 2
EXIT_MISSING_DEPENDENCY = 3
EXIT_NO_ACCESS = 5
EXIT_BAD_CONFIGURATION = 9
EXIT_OTHER = 15
EXIT_INTERRUPTED = 130


class OcrError(Exception):
    """Base of all errors here. `message` says what is wrong and what to do about it."""

    exit_code = EXIT_OTHER

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SettingsError(OcrError):
    """A setting has a value that cannot be used."""

    exit_code = EXIT_BAD_CONFIGURATION


class FolderError(OcrError):
    """The image folder or the data folder is missing or may not be used."""

    exit_code = EXIT_NO_ACCESS


class ModelError(OcrError):
    """A model folder is missing, incomplete, or differs from its pinned SHA-256."""

    exit_code = EXIT_MISSING_DEPENDENCY


class StoreError(OcrError):
    """The database is locked by another service, too new, or not a database."""

    exit_code = EXIT_NO_ACCESS


class DiskFullError(StoreError):
    """A write did not fit on the disk and was undone as a whole; it may fit later.

    A start that fails for it is tried again by whoever supervises, as it says.
    """

    exit_code = EXIT_OTHER

    def __init__(self) -> None:
        super().__init__(
            "disk_full",
            "The disk of the data folder is full. Make room there; everything that was "
            "confirmed is safe, and the service goes on by itself.",
        )


class RequestError(OcrError):
    """A request over the socket cannot be carried out; `http_status` goes with the reply."""

    http_status = 400


class UnknownIdError(RequestError):
    """What it asks for does not exist."""

    http_status = 404


class ConflictError(RequestError):
    """Something else is in its way."""

    http_status = 409


class TooLargeError(RequestError):
    """Its body is too large."""

    http_status = 413


class NotNowError(RequestError):
    """It may be sent again soon."""

    http_status = 503


class WorkerError(OcrError):
    """The worker process failed as a whole; the images it held are tried again one by one.

    What it says of a setting, or of a model or GPU that is missing, ends the service for good, as
    if the service had found it out itself: to be started anew helps nothing then.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.exit_code = _EXIT_CODES_OF_A_WORKERS_START.get(code, EXIT_OTHER)


_EXIT_CODES_OF_A_WORKERS_START = {
    "bad_device": EXIT_BAD_CONFIGURATION,
    "bad_engine": EXIT_BAD_CONFIGURATION,
    "bad_precision": EXIT_BAD_CONFIGURATION,
    "no_gpu": EXIT_MISSING_DEPENDENCY,
    "model_missing": EXIT_MISSING_DEPENDENCY,
    "model_wrong": EXIT_MISSING_DEPENDENCY,
    "model_format": EXIT_MISSING_DEPENDENCY,
    "language_missing": EXIT_MISSING_DEPENDENCY,
}


class ImageError(OcrError):
    """One image cannot be read. The others go on."""

    exit_code = EXIT_BAD_INPUT

    def __init__(self, code: str, message: str, *, ignored: bool = False) -> None:
        super().__init__(code, message)
        self.ignored = ignored
        """True for what was never meant to be read (a FIFO, a text file): status ignored."""
