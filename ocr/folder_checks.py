"""The image folder and the data folder before the start: there, readable, writable, apart."""

import os
from pathlib import Path

import folder_rights
from folder_rights import ImageRights
from ocr_contract.error_codes import ErrorCode
from ocr_errors import FolderError
from ocr_settings import Settings
from own_data import OwnData, is_data_folder


def check_folders(settings: Settings) -> None:
    """Make the data folder if there is none.

    Raises:
        FolderError: the image folder cannot be read, the data folder cannot be written, or the
            image folder shows what lies in the data folder.
    """
    images, data = settings.image_folder, settings.data_folder
    rights = ImageRights(images, settings.host_image_folder)
    _check_images(images, rights)
    in_container = bool(settings.host_image_folder)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            ErrorCode.DATA_FOLDER_UNUSABLE,
            f"The data folder {data} cannot be made: {error.strerror}."
            + folder_rights.to_make(data, error),
        ) from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise FolderError(
            ErrorCode.DATA_FOLDER_UNUSABLE,
            folder_rights.of_data_folder(data, in_container=in_container),
        )
    if _shows_data(images, data):
        raise FolderError(
            ErrorCode.FOLDERS_OVERLAP,
            f"The image folder {rights.shown} is the data folder or lies within it. The service "
            "would read its own pictures: choose another image folder.",
        )


def _check_images(images: Path, rights: ImageRights) -> None:
    try:
        is_folder = images.is_dir()
    except PermissionError as error:  # a folder above it cannot be entered
        raise FolderError(ErrorCode.IMAGE_FOLDER_UNREADABLE, rights.of_folder()) from error
    if not is_folder and images.exists():
        raise FolderError(
            ErrorCode.IMAGE_FOLDER_MISSING,
            f"The image folder {rights.shown} is no folder. Name one with OCR_IMAGE_FOLDER.",
        )
    if not is_folder:
        raise FolderError(
            ErrorCode.IMAGE_FOLDER_MISSING,
            f"The image folder {rights.shown} does not exist. Create it, or name another one with "
            "OCR_IMAGE_FOLDER.",
        )
    if not os.access(images, os.R_OK | os.X_OK):
        raise FolderError(ErrorCode.IMAGE_FOLDER_UNREADABLE, rights.of_folder())


def _shows_data(images: Path, data: Path) -> bool:
    """By path, by what is mounted there, and by what lies in it."""
    if images.resolve().is_relative_to(data.resolve()):
        return True
    return OwnData(data).has(images.stat()) or is_data_folder(images)
