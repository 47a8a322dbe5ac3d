"""Gunicorn's settings:  PYTHONPATH=contract:flask gunicorn -c flask/gunicorn.conf.py 'app:create_app()'

The reasons are in `serving`; the names here are Gunicorn's.
"""  # noqa: E501  # the command is one line

# ruff: noqa: E402, F401  # the order matters, and Gunicorn finds the hooks by their names
import path_guard

path_guard.leave_out_working_folder()

import serving
from serving import on_exit, on_starting, post_worker_init, when_ready

_settings = serving.settings_or_exit()

chdir = str(serving.FOLDER)
raw_env = [f"WEB_DATA_FOLDER={_settings.data_folder}"]  # absolute: chdir must not move it
if _settings.password_file is not None:
    raw_env.append(f"WEB_PASSWORD_FILE={_settings.password_file}")
bind = serving.bind_address(_settings)

worker_class = "patient_worker.PatientWorker"  # gthread, with one repair
workers = 1
threads = _settings.threads
keepalive = 1  # seconds; a kept connection delays the end by as much
timeout = 30
graceful_timeout = 2  # Ctrl-C ends within 3 s, whatever is open

limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 4096

# What a proxy may say is decided in one place, `behind_proxy`: here nobody's word counts, not even
# that of this machine, which would be believed by default.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

control_socket_disable = True  # it would be written into the home folder
accesslog = None
errorlog = "-"
loglevel = _settings.log_level
logconfig_dict = {
    "formatters": {
        "generic": {"()": "ocr_contract.logs.LineFormatter", "kind": _settings.log_format},
    },
    "handlers": {
        "error_console": {"class": "logging.StreamHandler", "formatter": "generic",
                          "stream": "ext://sys.stderr"},
    },
    "loggers": {
        "gunicorn.error": {"level": loglevel.upper(), "handlers": ["error_console"],
                           "propagate": False},
        "web_service": {"level": loglevel.upper(), "handlers": ["error_console"],
                        "propagate": False},
    },
    "root": {"level": "WARNING", "handlers": ["error_console"]},
}  # fmt: skip
