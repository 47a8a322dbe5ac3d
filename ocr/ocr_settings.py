"""The settings of ocr_service: one table, read once at start.

Each field of `Settings` is one setting (`ocr_contract.setting_fields`); README's table is tested
against them. A setting that is taken away moves to `RETIRED`.
"""

# ruff: noqa: RUF009  `setting` makes dataclass fields

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import language_choice
from ocr_contract import setting_fields
from ocr_contract.data_folder import (
    DATABASE_NAME,
    ENGINES_FOLDER,
    LANGUAGES_FOLDER,
    WEIGHTS_FOLDER,
)
from ocr_contract.logs import FORMATS
from ocr_contract.setting_fields import LOG_LEVELS, Retired, setting
from ocr_errors import SettingsError


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What ocr_service was told. Immutable; build it with `load`."""

    image_folder: Path = setting(
        "OCR_IMAGE_FOLDER", Path("samples"), "folder", "Where the images are; only ever read."
    )
    data_folder: Path = setting(
        "OCR_DATA_FOLDER", Path("data"), "folder", "Where the database, previews and socket live."
    )
    host_image_folder: str = setting(
        "OCR_HOST_IMAGE_FOLDER",
        "",
        "folder",
        "In a container: what the image folder is called outside, for messages.",
    )
    trigger: str = setting(
        "OCR_TRIGGER",
        "watch",
        "",
        "watch reads what appears; signal reads only when asked (POST /v1/process).",
        choices=("watch", "signal"),
    )
    profile: str = setting(
        "OCR_PROFILE",
        "balanced",
        "",
        "fast, balanced or best: OCR_MODEL, OCR_DETECTION_SIDE and OCR_ORIENTATION, unless set.",
        choices=("fast", "balanced", "best"),
    )
    model: str = setting(
        "OCR_MODEL",
        "",
        "name",
        "small, tiny, or NAME for the folders NAME_det and NAME_rec in data/paddle_models/whl; "
        "empty: as OCR_PROFILE says.",
    )
    detection_model: str = setting(
        "OCR_DETECTION_MODEL", "", "name", "Another folder for detection than OCR_MODEL's."
    )
    recognition_model: str = setting(
        "OCR_RECOGNITION_MODEL", "", "name", "Another folder for recognition than OCR_MODEL's."
    )
    languages: tuple[language_choice.Choice, ...] = setting(
        "OCR_LANGUAGES",
        "",
        "",
        "Languages that a second recogniser reads, such as rus+ell (fetch them: make languages); "
        "with =FOLDER a model in data/paddle_models/whl does.",
        parse=language_choice.parse,
    )
    engine: str = setting(
        "OCR_ENGINE",
        "auto",
        "name",
        "auto, openvino (CPU), onnxruntime, or paddleocr:NAME for PaddleOCR's own modules with "
        "its engine NAME.",
    )
    precision: str = setting(
        "OCR_PRECISION",
        "auto",
        "",
        "auto (bf16 where the processor computes in it, else f32), f32, bf16 or fp16 (TensorRT).",
        choices=("auto", "f32", "bf16", "fp16"),
    )
    device: str = setting(
        "OCR_DEVICE", "auto", "", "auto (a GPU when there is one), cpu, gpu or gpu:N."
    )
    threads: int = setting(
        "OCR_THREADS",
        0,
        "threads",
        "Threads for inference; 0: as many processors as the service may use.",
        minimum=0,
        maximum=1024,
    )
    workers: int = setting(
        "OCR_WORKERS",
        0,
        "processes",
        "Worker processes that read at the same time, each with its share of the threads and of "
        "the memory; 0: on a CPU one for each eight threads (four with AMX), as far as the memory "
        "lasts. One of them reads 6 to 20 pages a second at most, whatever computes.",
        minimum=0,
        maximum=32,
    )
    gpu_memory_mb: int = setting(
        "OCR_GPU_MEMORY_MB",
        0,
        "MB",
        "The most of a GPU's memory that each model takes in each pipeline; 0: what it needs.",
        minimum=0,
        maximum=1_000_000,
    )
    gpu_pipelines: int = setting(
        "OCR_GPU_PIPELINES",
        2,
        "pipelines",
        "Calls on a GPU at a time: one copies while another computes. Each has memory of its own.",
        minimum=1,
        maximum=8,
    )
    batch_size: int = setting(
        "OCR_BATCH_SIZE",
        0,
        "images",
        "Images read together; 0: 2 on a CPU, 16 on a GPU.",
        minimum=0,
        maximum=256,
    )
    orientation: str = setting(
        "OCR_ORIENTATION",
        "",
        "",
        "auto turns pages that lie on their side or head; off reads them as they are; empty: as "
        "OCR_PROFILE says.",
        choices=("auto", "off"),
    )
    detection_side: int = setting(
        "OCR_DETECTION_SIDE",
        0,
        "pixels",
        "The longer side at which text is searched; long strips get proportionally "
        "more. 0: as OCR_PROFILE says.",
        minimum=0,
        maximum=4000,
    )
    unclip_ratio: float = setting(
        "OCR_UNCLIP_RATIO",
        2.0,
        "",
        "How far a found text region grows before it is cut out.",
        minimum=1.0,
        maximum=4.0,
    )
    scan_interval_s: float = setting(
        "OCR_SCAN_INTERVAL_S",
        5.0,
        "seconds",
        "Between two looks at the folder; file events bring a look forward.",
        minimum=0.1,
        maximum=86400,
    )
    settle_s: float = setting(
        "OCR_SETTLE_S",
        1.0,
        "seconds",
        "A file is finished when it has not changed for this long.",
        minimum=0.05,
        maximum=3600,
    )
    max_file_mb: float = setting(
        "OCR_MAX_FILE_MB", 100.0, "MB", "Larger files are refused.", minimum=0.001, maximum=10_000
    )
    max_megapixels: float = setting(
        "OCR_MAX_MEGAPIXELS",
        0.0,
        "megapixels",
        "Larger images are refused; 0: up to 300, read at a reduced size where memory is short.",
        minimum=0,
        maximum=1000,
    )
    max_pages: int = setting(
        "OCR_MAX_PAGES",
        5000,
        "pages",
        "How many pages of one document are read; more are left out with a warning.",
        minimum=1,
        maximum=100_000,
    )
    pdf_dpi: float = setting(
        "OCR_PDF_DPI",
        200.0,
        "dots an inch",
        "At which a page of a PDF is drawn to be read; a scan is read as it was scanned.",
        minimum=72,
        maximum=600,
    )
    pdf_text: str = setting(
        "OCR_PDF_TEXT",
        "beside",
        "",
        "beside keeps a PDF's own text beside what is read; prefer takes it where it is sound, "
        "and does not read such pages.",
        choices=("beside", "prefer"),
    )
    timeout_s: float = setting(
        "OCR_TIMEOUT_S",
        120.0,
        "seconds",
        "Longest time without a step on one image before the worker is replaced.",
        minimum=0.1,
        maximum=86400,
    )
    max_attempts: int = setting(
        "OCR_MAX_ATTEMPTS",
        3,
        "attempts",
        "How many attempts may end the worker before an image is quarantined.",
        minimum=1,
        maximum=100,
    )
    worker_max_images: int = setting(
        "OCR_WORKER_MAX_IMAGES",
        5000,
        "images",
        "How many images a worker reads before a fresh one takes its place; 0: never.",
        minimum=0,
        maximum=999_999,
    )
    worker_max_rss_mb: int = setting(
        "OCR_WORKER_MAX_RSS_MB",
        0,
        "MB",
        "How much memory a worker may hold between two batches before a fresh one takes its "
        "place; 0: 60 % of what there is.",
        minimum=0,
        maximum=999_999,
    )
    watchdog_s: float = setting(
        "OCR_WATCHDOG_S",
        60.0,
        "seconds",
        "How long a loop may stand still before the service ends, to be started anew.",
        minimum=5,
        maximum=86400,
    )
    min_free_mb: float = setting(
        "OCR_MIN_FREE_MB",
        200.0,
        "MB",
        "With less room on the data folder's disk nothing is read until there is more.",
        minimum=0,
        maximum=10_000_000,
    )
    missing_grace_s: float = setting(
        "OCR_MISSING_GRACE_S",
        300.0,
        "seconds",
        "How long many files that vanish at once may be away before they are marked as missing.",
        minimum=0,
        maximum=864_000,
    )
    backup_every: float = setting(
        "OCR_BACKUP_EVERY",
        24.0,
        "hours",
        "Between two backups of the database by itself; 0: none.",
        minimum=0,
        maximum=8760,
    )
    backup_keep: int = setting(
        "OCR_BACKUP_KEEP",
        7,
        "backups",
        "How many of the backups that are named after their time are kept in data/backups.",
        minimum=1,
        maximum=1000,
    )
    backup_share: float = setting(
        "OCR_BACKUP_SHARE",
        30.0,
        "%",
        "How much of the data folder's disk those backups may take together; the oldest give way.",
        minimum=1,
        maximum=100,
    )
    log_level: str = setting(
        "OCR_LOG_LEVEL",
        "info",
        "",
        "debug, info, warning or error.",
        choices=LOG_LEVELS,
    )
    log_format: str = setting(
        "OCR_LOG_FORMAT",
        "text",
        "",
        "text, or json for programs; one line a message in both.",
        choices=FORMATS,
    )

    def __post_init__(self) -> None:
        """What the profile decides, where nothing else was said."""
        for name, decided in dataclasses.asdict(PROFILES[self.profile]).items():
            object.__setattr__(self, name, getattr(self, name) or decided)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data_folder / DATABASE_NAME

    @property
    def models_folder(self) -> Path:
        """Where the model folders lie."""
        return self.data_folder / WEIGHTS_FOLDER

    @property
    def languages_folder(self) -> Path:
        """Where tesseract's data lie."""
        return self.data_folder / LANGUAGES_FOLDER

    @property
    def engines_folder(self) -> Path:
        """Where the worker keeps what the engine compiled."""
        return self.data_folder / ENGINES_FOLDER


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """What OCR_PROFILE stands for."""

    model: str
    detection_side: int
    orientation: str


PROFILES = {
    "fast": Profile("tiny", 960, "off"),
    "balanced": Profile("small", 1120, "auto"),
    "best": Profile("small", 4000, "auto"),
}


RETIRED: Mapping[str, Retired] = {}
"""Settings of earlier versions by their names: an upgrade warns of them and goes on."""


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment; an unset or empty variable means the default.

    Raises:
        SettingsError: a value cannot be used, or an OCR_ variable is not known.
    """
    try:
        return setting_fields.load(Settings, environ, RETIRED)
    except setting_fields.SettingError as error:
        raise SettingsError(error.code, error.message) from None
