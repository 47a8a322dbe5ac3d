"""Every request below /v1: its fields, and the part of the service that answers it.

A new one takes three places: its reply in `ocr_contract.replies` (and its line and method in
`ocr_contract.control`), a line here, and the part that answers.
"""

from control.actions import ServiceActions
from control.control_api import Endpoint
from control.control_requests import (
    backup_file_field,
    by_field,
    chosen_from_field,
    correction_fields,
    image_ids_field,
    process_fields,
    request_id_field,
    review_fields,
    trial_fields,
    trial_id_field,
)
from control.service_report import ServiceReport
from folder.folder_coverage import FolderCoverage
from records.request_effects import RequestEffects
from safekeeping.backups import Backups
from trial_reading import TrialReader


def endpoints(
    report: ServiceReport,
    actions: ServiceActions,
    effects: RequestEffects,
    backups: Backups,
    coverage: FolderCoverage,
    trials: TrialReader,
) -> list[Endpoint]:
    """What can be asked of these parts."""
    return [
        Endpoint("GET", "/v1/status", lambda _: report.status()),
        Endpoint(
            "POST",
            "/v1/process",
            lambda body: actions.process(*process_fields(body), request_id_field(body)),
        ),
        Endpoint(
            "POST", "/v1/pause", lambda body: actions.set_paused(True, request_id_field(body))
        ),
        Endpoint(
            "POST", "/v1/resume", lambda body: actions.set_paused(False, request_id_field(body))
        ),
        Endpoint(
            "POST",
            "/v1/reprocess",
            lambda body: actions.reprocess(image_ids_field(body), request_id_field(body)),
        ),
        Endpoint(
            "POST",
            "/v1/retry",
            lambda body: actions.retry_quarantined(request_id_field(body)),
        ),
        Endpoint(
            "POST",
            "/v1/corrections",
            lambda body: effects.correct(
                *correction_fields(body),
                request_id_field(body),
                *review_fields(body),
                chosen_from_field(body),
                by_field(body),
            ),
        ),
        Endpoint(
            "POST",
            "/v1/trials",
            lambda body: trials.ask(*trial_fields(body), request_id_field(body)),
        ),
        Endpoint(
            "POST",
            "/v1/trials/take",
            lambda body: trials.take(trial_id_field(body), request_id_field(body)),
        ),
        Endpoint(
            "POST",
            "/v1/trials/drop",
            lambda body: trials.drop(trial_id_field(body), request_id_field(body)),
        ),
        Endpoint(
            "POST",
            "/v1/backup",
            lambda body: backups.request(backup_file_field(body), request_id_field(body)),
        ),
        Endpoint("GET", "/v1/backup", lambda _: backups.state()),
        Endpoint("GET", "/v1/coverage", lambda _: coverage.answer()),
    ]
