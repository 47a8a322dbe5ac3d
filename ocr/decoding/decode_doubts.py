"""What the decoder is not sure of, as sentences for people."""

from typing import Any

import numpy.typing as npt

from image_warnings import ImageWarning

REMEDY = "Copy or scan it again."
ALL_TRANSPARENT = ImageWarning(
    "all_transparent",
    "The whole image is transparent: what lies under the transparency was read. Save it without "
    "transparency to be sure what it shows.",
)

DAMAGED_INSIDE = ImageWarning(
    "picture_incomplete",
    "The file is damaged inside: parts of the picture may be missing, shifted or of wrong colours. "
    f"{REMEDY}",
)

FIRST_FRAME_ONLY = ImageWarning(
    "first_frame_only",
    "The file is an animation or has several pictures: only the first that shows something was "
    "read. Save the others as files of their own to have them read, too.",
)


def reduced(size: tuple[int, int], factor: int) -> tuple[ImageWarning, ...]:
    if factor == 1:
        return ()
    message = (
        f"The image has {size[0] * size[1] / 1e6:.0f} megapixels, more than fit into the memory; "
        f"it was read at 1/{factor} of its width and height, and small print may be missing. "
        "Divide it, or give the service more memory."
    )
    return (ImageWarning("picture_reduced", message),)


def incomplete(missing: npt.NDArray[Any], *, blurred: bool) -> tuple[ImageWarning, ...]:
    """What a person should know; `missing` is upright."""
    share = float(missing.mean())
    if blurred:
        message = "The file ends too soon: the picture is less sharp than it was stored, and small "
        return (ImageWarning("picture_incomplete", f"{message}print may be wrong. {REMEDY}"),)
    if not share:
        return ()
    sides = {"top": missing[: len(missing) // 2 + 1], "bottom": missing[len(missing) // 2 :],
             "left": missing[:, : missing.shape[1] // 2 + 1],
             "right": missing[:, missing.shape[1] // 2 :]}  # fmt: skip
    side = max(sides, key=lambda name: float(sides[name].mean()))
    percent = f"{share * 100:.0f}" if share >= 0.01 else "Less than 1"
    message = f"{percent} % of the picture are missing at its {side}: the file ends too soon or "
    return (ImageWarning("picture_incomplete", f"{message}is damaged there. {REMEDY}"),)
