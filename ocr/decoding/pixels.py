"""What every decoder makes and every reader takes: the pixels of an image."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""An image: (height, width, 3) uint8, channels in the order blue, green, red (OpenCV's)."""
