"""Every code with which something is refused, fails or is warned of.

docs/error-codes.md says of each where it appears, what it means and what to do. A code keeps its
meaning for ever: it stands in the database (`images.error_code` and `warning_code`), in replies of
the socket and of the page's API, and in the warnings of the status. The sentence beside it is for
people and changes.
"""

import enum


class ErrorCode(enum.StrEnum):
    """The codes, in the order and sections of docs/error-codes.md."""

    is_final: bool
    """Of a worker's start: it will not succeed the next time either."""

    def __new__(cls, code: str, is_final: bool = False) -> "ErrorCode":
        member = str.__new__(cls, code)
        member._value_ = code
        member.is_final = is_final
        return member

    # Images
    HIDDEN = "hidden"
    SYSTEM_FILE = "system_file"
    UNFINISHED_COPY = "unfinished_copy"
    DATA_FOLDER = "data_folder"
    DATABASE_FILE = "database_file"
    SYMLINK = "symlink"
    NOT_A_REGULAR_FILE = "not_a_regular_file"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNSUPPORTED_FORM = "unsupported_form"
    NOT_AN_IMAGE = "not_an_image"
    DAMAGED_IMAGE = "damaged_image"
    EMPTY_FILE = "empty_file"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    CHANGED_WHILE_READ = "changed_while_read"
    FILE_VANISHED = "file_vanished"
    OUT_OF_MEMORY = "out_of_memory"
    ENGINE_FAILED = "engine_failed"
    SERVICE_ENDED = "service_ended"
    UNKNOWN = "unknown"

    # Images that are done with a warning
    NO_TEXT_FOUND = "no_text_found"
    TABLES_UNREAD = "tables_unread"
    STAMP_OVER_TEXT = "stamp_over_text"
    OTHER_SCRIPT = "other_script"
    SECOND_READING_FAILED = "second_reading_failed"
    BLURRED_PRINT = "blurred_print"
    SELDOM_LETTERS = "seldom_letters"
    TEXT_DAMAGED = "text_damaged"
    PICTURE_INCOMPLETE = "picture_incomplete"
    PICTURE_REDUCED = "picture_reduced"
    ALL_TRANSPARENT = "all_transparent"
    PAGE_UNREAD = "page_unread"
    PAGES_LEFT_OUT = "pages_left_out"
    ATTACHMENTS_LEFT_OUT = "attachments_left_out"
    FORM_NOT_SHOWN = "form_not_shown"
    FIRST_FRAME_ONLY = "first_frame_only"

    # The start of ocr_service
    BAD_SETTING = "bad_setting"
    UNKNOWN_SETTING = "unknown_setting"
    IMAGE_FOLDER_MISSING = "image_folder_missing"
    IMAGE_FOLDER_UNREADABLE = "image_folder_unreadable"
    DATA_FOLDER_UNUSABLE = "data_folder_unusable"
    FOLDERS_OVERLAP = "folders_overlap"
    SOCKET_PATH_TOO_LONG = "socket_path_too_long"
    SOCKET_PATH_TAKEN = "socket_path_taken"
    SOCKET_UNUSABLE = "socket_unusable"
    MODEL_MISSING = "model_missing", True
    MODEL_WRONG = "model_wrong", True
    MODEL_FORMAT = "model_format", True
    LANGUAGE_MISSING = "language_missing", True
    NO_GPU = "no_gpu", True
    BAD_DEVICE = "bad_device", True
    BAD_ENGINE = "bad_engine", True
    BAD_PRECISION = "bad_precision", True
    ENGINE_START_FAILED = "engine_start_failed", True

    # The worker process
    WORKER_NOT_STARTED = "worker_not_started"
    WORKER_DIED = "worker_died"
    WORKER_TIMEOUT = "worker_timeout"
    WORKER_NONSENSE = "worker_nonsense"

    # The database and its copies
    ALREADY_RUNNING = "already_running"
    DATA_NOT_WRITABLE = "data_not_writable"
    NOT_A_DATABASE = "not_a_database"
    FOREIGN_DATABASE = "foreign_database"
    SCHEMA_VERSION = "schema_version"
    DATABASE_UNUSABLE = "database_unusable"
    DATABASE_DAMAGED = "database_damaged"
    DATABASE_REPLACED = "database_replaced"
    DISK_FULL = "disk_full"
    MIGRATION_BACKUP_FAILED = "migration_backup_failed"
    COPY_FAILED = "copy_failed"
    COPY_DIFFERS = "copy_differs"
    CHECKSUM_DIFFERS = "checksum_differs"
    NOT_A_BACKUP = "not_a_backup"
    WRONG_USER = "wrong_user"
    STOPPING = "stopping"

    # Warnings of the running service
    DISK_LOW = "disk_low"
    DISK_UNKNOWN = "disk_unknown"
    WAL_LARGE = "wal_large"
    FOLDER_UNREADABLE = "folder_unreadable"
    FOLDER_EMPTY = "folder_empty"
    MANY_FILES_GONE = "many_files_gone"
    BACKUP_FAILED = "backup_failed"

    # Requests over the socket
    BAD_HTTP = "bad_http"
    UNKNOWN_PATH = "unknown_path"
    WRONG_METHOD = "wrong_method"
    HTTP_ERROR = "http_error"
    INTERNAL = "internal"
    BUSY = "busy"
    NOT_READY = "not_ready"
    BODY_TOO_LARGE = "body_too_large"
    BAD_ENCODING = "bad_encoding"
    BAD_JSON = "bad_json"
    BAD_REQUEST_ID = "bad_request_id"
    REQUEST_ID_REUSED = "request_id_reused"
    BAD_LIMIT = "bad_limit"
    BAD_PATHS = "bad_paths"
    BAD_IMAGE_IDS = "bad_image_ids"
    BAD_LINE_ID = "bad_line_id"
    UNKNOWN_LINE = "unknown_line"
    LINE_CHANGED = "line_changed"
    BAD_REVIEW = "bad_review"
    BAD_TEXT = "bad_text"
    BAD_READING = "bad_reading"
    UNKNOWN_IMAGE = "unknown_image"
    NOT_READ = "not_read"
    UNKNOWN_TRIAL = "unknown_trial"
    TRIAL_NOT_DONE = "trial_not_done"
    TRIAL_BUSY = "trial_busy"
    TRIAL_MEMORY = "trial_memory"
    TRIAL_INTERRUPTED = "trial_interrupted"
    TRIAL_SLOW = "trial_slow"
    BAD_BACKUP_FILE = "bad_backup_file"
    BACKUP_RUNNING = "backup_running"
    NO_BACKUP = "no_backup"
    COUNTING = "counting"

    # Exports
    BAD_FORMAT = "bad_format"
    EXPORT_FAILED = "export_failed"
    EXPORT_NOT_INSTALLED = "export_not_installed"
    ORIGINAL_MISSING = "original_missing"
    ORIGINAL_CHANGED = "original_changed"
    NOTHING_TO_EXPORT = "nothing_to_export"

    # ocrctl and other clients
    UNREACHABLE = "unreachable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    BAD_REPLY = "bad_reply"
    BACKUP_SLOW = "backup_slow"
    NO_SUCH_BACKUP = "no_such_backup"
    NO_DATABASE = "no_database"
    NO_ACCESS = "no_access"

    # The page
    BAD_PASSWORD_FILE = "bad_password_file"  # noqa: S105
    PASSWORD_NEEDED = "password_needed"  # noqa: S105
    HOST_NOT_ALLOWED = "host_not_allowed"
    PEER_NOT_ALLOWED = "peer_not_allowed"
    BAD_PARAMETER = "bad_parameter"
    QUERY_TOO_LONG = "query_too_long"
    LOGIN_NEEDED = "login_needed"
    REFUSED = "refused"
    CROSS_SITE = "cross_site"
    STALE_FORM = "stale_form"
    NOT_FOUND = "not_found"
    DATABASE_NOT_READY = "database_not_ready"
    DATABASE_VERSION = "database_version"
    DATABASE_MISSING = "database_missing"
    DATABASE_BUSY = "database_busy"
    TOO_SLOW = "too_slow"

    @classmethod
    def known(cls, code: str) -> "ErrorCode | None":
        """The member for a code that came from outside, maybe from another version."""
        return cls(code) if code in cls._value2member_map_ else None
