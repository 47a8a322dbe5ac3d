"""A stand-in for ocr_service that really corrects lines, with the code of ocr_service."""

import dataclasses
import time
from pathlib import Path
from typing import Any

from fake_reader import FakeReader

from control.control_requests import (
    by_field,
    chosen_from_field,
    correction_fields,
    request_id_field,
    review_fields,
)
from ocr_contract.data_folder import DATABASE_NAME
from ocr_errors import RequestError
from records.database import Database
from records.request_effects import RequestEffects


class CorrectingReader(FakeReader):
    """Stores what it is asked to; its next answers come by `waits_s` later."""

    def __init__(self, data_folder: Path) -> None:
        super().__init__(data_folder)
        self._database = Database(data_folder / DATABASE_NAME)
        self._effects = RequestEffects(self._database)
        self.waits_s: list[float] = []
        self.answer_posts_by(self._answer)

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert path == "/v1/corrections"
        seen, review = review_fields(body)
        try:
            reply = self._effects.correct(
                *correction_fields(body),
                request_id_field(body),
                seen,
                review,
                chosen_from_field(body),
                by_field(body),
            )
        except RequestError as error:
            return error.http_status, {"error": {"code": error.code, "message": error.message}}
        if self.waits_s:
            time.sleep(self.waits_s.pop(0))
        return 200, dataclasses.asdict(reply)

    def __exit__(self, *arguments: object) -> None:
        super().__exit__(*arguments)
        self._database.close()
