"""Names in the image folder that are never images of anybody's: not looked at, but counted.

What desktops, editors and network storage keep for themselves, their recycle bins above all: what
was thrown away is not to be found again by its text.
"""

from ocr_contract.error_codes import ErrorCode

_SYSTEM_NAMES = frozenset(
    name.lower()
    for name in (
        # Recycle bins that do not begin with a dot: Synology and TerraMaster, QNAP and ASUSTOR,
        # Windows of three ages, Buffalo, ReadyNAS, AppleShare, Nextcloud.
        b"#recycle", b"@Recycle", b"$RECYCLE.BIN", b"RECYCLER", b"RECYCLED", b"trashbox",
        b"Recycle Bin", b"Network Trash Folder", b"files_trashbin",
        # Snapshots and versions: each file once more, for each day.
        b"#snapshot", b"@Recently-Snapshot", b"@snapshots", b"~snapshot", b"files_versions",
        # What storage systems note for themselves: Synology, QNAP.
        b"@eaDir", b"@tmp", b"@sharebin", b"@__thumb",
        # File systems and Windows.
        b"lost+found", b"System Volume Information", b"$Extend", b"aquota.user", b"aquota.group",
        b"Thumbs.db", b"ehthumbs.db", b"desktop.ini", b"pagefile.sys", b"swapfile.sys",
        b"hiberfil.sys",
        # macOS.
        b"Temporary Items", b"TheVolumeSettingsFolder", b"Icon\r",
    )
)  # fmt: skip
_UNFINISHED_SUFFIXES = (b".part", b".partial", b".crdownload", b".download", b".filepart", b".tmp",
                        b".swp", b"~")  # fmt: skip
OFTEN = frozenset(
    form
    for ending in (b".png", b".jpg", b"jpeg", b".tif", b"tiff", b"webp", b".bmp", b".gif")
    for form in (ending, ending.upper())
)
"""The last four bytes of most names: with them only a name's beginning can be odd."""


def why_left_out(name: bytes) -> str | None:
    """Why a file or folder of this name is not even looked at; None when it is."""
    if name.startswith(b"."):
        return ErrorCode.HIDDEN
    if name[-4:] in OFTEN and name[:1] != b"~":
        return None
    lower = name.lower()
    if lower in _SYSTEM_NAMES or name.startswith(b"~$"):
        return ErrorCode.SYSTEM_FILE
    return ErrorCode.UNFINISHED_COPY if lower.endswith(_UNFINISHED_SUFFIXES) else None
