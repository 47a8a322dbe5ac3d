"""The parts of the running service and how they hang together.

watcher → catalogue → database ← store ← pipelines → pools → worker processes
                                  ↑ trials → a pool and a process of their own
                                  ↑ control server ← ocrctl, web_service
"""

import logging
import threading
from typing import NamedTuple

from control.actions import ServiceActions
from control.control_api import build_app
from control.control_endpoints import endpoints
from control.control_server import ControlServer
from control.export_reply import Exports
from control.service_report import ServiceReport
from disk_guard import DiskGuard
from folder.folder_coverage import FolderCoverage
from folder.intake import Intake
from folder.watcher import Watcher
from folder_rights import ImageRights
from ocr_contract.data_folder import SOCKET_PATH
from ocr_settings import Settings
from own_data import OwnData
from pipelines import Pipelines
from records.catalogue import Catalogue, path_exists
from records.database import Database
from records.request_effects import RequestEffects
from records.search_backlog import SearchBacklog
from records.store import Store
from records.thorough_check import ThoroughCheck
from records.trial_store import TrialStore
from safekeeping.backups import Backups
from safekeeping.upkeep import Upkeep
from trial_reading import TrialReader
from worker_link.reading_pools import Pools

log = logging.getLogger("service")


class Parts(NamedTuple):
    """What has a thread, a process, a file or a socket of its own."""

    database: Database
    pools: Pools
    pipelines: Pipelines
    watcher: Watcher
    upkeep: Upkeep
    search: SearchBacklog
    check: ThoroughCheck
    trials: TrialReader
    control: ControlServer


def build(settings: Settings, pools: Pools, stop: threading.Event) -> Parts:
    """Open the database, recover what was in work, and bind the socket; nothing runs yet but
    what `pools` have launched.

    Raises:
        OcrError: something that a person must mend; the message says what.
    """
    database = Database(settings.database)
    store = Store(database)
    effects = RequestEffects(database)
    _recover(store, settings)
    guard = _guard(settings, database)
    pipeline = _pipeline(settings, store, pools, guard, stop)
    own = OwnData(settings.data_folder)
    rights = ImageRights(settings.image_folder, settings.host_image_folder)
    catalogue = Catalogue(database, exists=path_exists(settings.image_folder))
    watcher = _watcher(settings, database, catalogue, pipeline, own, rights, stop)
    backups = Backups(
        database,
        guard,
        every_h=settings.backup_every,
        keep=settings.backup_keep,
        share_percent=settings.backup_share,
        stop=stop,
    )
    upkeep = Upkeep(database, effects, guard, backups, stop=stop, on_room=pipeline.wake)
    check = ThoroughCheck(
        database,
        stop=stop,
        is_busy=lambda: pipeline.batch is not None,
        on_change=pipeline.wake,
    )
    trials = TrialReader(settings, TrialStore(database, effects), stop=stop)
    report = ServiceReport(
        settings,
        database=database,
        store=store,
        pools=pools,
        pipeline=pipeline,
        watcher=watcher,
        guard=guard,
        backups=backups,
        check=check,
        readings=trials.choices,
    )
    actions = ServiceActions(store, effects, pipeline, watcher, stop=stop)
    coverage = FolderCoverage(
        settings.image_folder,
        catalogue,
        found_by=lambda: watcher.found_by,
        own=own,
        rights=rights,
    )
    asked = endpoints(report, actions, effects, backups, coverage, trials)
    app = build_app(asked, report, Exports(settings))
    control = ControlServer(app, settings.data_folder / SOCKET_PATH)
    search = SearchBacklog(database, stop=stop, is_busy=lambda: pipeline.state == "working")
    return Parts(database, pools, pipeline, watcher, upkeep, search, check, trials, control)


def _recover(store: Store, settings: Settings) -> None:
    recovered = store.recover(settings.max_attempts)
    if any(recovered):
        log.info(
            "when the service last ended, %d images were in work and wait again, %d are "
            "quarantined",
            *recovered,
        )


def _guard(settings: Settings, database: Database) -> DiskGuard:
    return DiskGuard(
        settings.data_folder,
        min_free_mb=settings.min_free_mb,
        wal_bytes=database.wal_bytes,
        is_full=lambda: database.is_full,
    )


def _pipeline(
    settings: Settings, store: Store, pools: Pools, guard: DiskGuard, stop: threading.Event
) -> Pipelines:
    return Pipelines(
        store,
        pools,
        stop=stop,
        max_attempts=settings.max_attempts,
        wait_for_signal=settings.trigger == "signal",
        hold=guard.hold,
    )


def _watcher(
    settings: Settings,
    database: Database,
    catalogue: Catalogue,
    pipeline: Pipelines,
    own: OwnData,
    rights: ImageRights,
    stop: threading.Event,
) -> Watcher:
    max_bytes = int(settings.max_file_mb * 1e6)
    return Watcher(
        settings.image_folder,
        catalogue,
        Intake(
            settings.image_folder, database, catalogue, max_bytes=max_bytes, own=own, rights=rights
        ),
        stop=stop,
        interval_s=settings.scan_interval_s,
        settle_s=settings.settle_s,
        on_change=pipeline.wake,
        missing_grace_s=settings.missing_grace_s,
        own=own,
        rights=rights,
    )
