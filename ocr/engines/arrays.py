"""What the models answer in: the types of arrays that several modules name."""

from typing import Any

import numpy as np
import numpy.typing as npt

Polygons = npt.NDArray[np.float32]
"""(count, 4, 2): four points (x, y) of each line, from its top left, clockwise."""
Numbers = npt.NDArray[np.float32]
Classes = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]
