"""The part of a bundle that all its models share: a window in, features out.

    window (n_frames, n_bands) ──TFLite──► outputs (n_positions, width) ──pooled over speech──► (2 * width,)

The file has one output row per position, and numpy pools them here: which positions count depends on the levels of the
window, and training, evaluation and device must agree on it (docs/decisions/0031).  A window is the int8 image if the
bundle has the usual geometry, else dB relative to its loudest cell.
"""

import numpy as np

from edged.errors import ModelError
from edged.features.logmel import Floats, int8_input, levels_of, steps_of
from edged.features.pooling import active_positions, pooled
from edged.features.whisper import encoder_input
from edged.models.bundle import Bundle
from edged.models.interpreter import Network, Runtime, Seen, check_image, image_in, reals_in


class Trunk:
    """A bundle's trunk, ready to run.  One thread owns it."""

    def __init__(self, bundle: Bundle, *, n_threads: int = 1, runtime: Runtime) -> None:
        """Loads the file and runs it once.

        Raises:
            ModelError: the bundle has no trunk, or its file does not take windows of the bundle's geometry.
        """
        trunk, content = bundle.manifest.trunk, bundle.trunk
        if trunk is None or content is None:
            raise ModelError(f"{bundle.path}: no trunk in bundle.json, expected one")
        self._geometry = geometry = bundle.geometry
        self._active_db = trunk.active_db
        self._network = Network(trunk.file, content, n_threads=n_threads, runtime=runtime)
        wanted, output = self._network.input, self._network.output
        size = (1, geometry.n_frames, geometry.n_bands)
        if wanted.dtype == "int8":
            check_image(self._network, (*size, 1), geometry.quantum_db)
        elif wanted.shape not in {size, (*size, 1)}:
            raise self._network.fault("inputs are", wanted.written(), f"float32 {size}")
        # (1, n_positions, width), possibly with axes of length 1 in between, as convolutions leave them.
        n_positions = int(np.prod(output.shape)) // trunk.width
        if [n for n in output.shape if n > 1] != [n for n in (n_positions, trunk.width) if n > 1]:
            raise self._network.fault("outputs are", output.written(), f"(1, n_positions, {trunk.width})")
        if not 1 <= n_positions <= geometry.n_frames:
            raise self._network.fault("outputs are", output.written(), f"at most {geometry.n_frames} positions")
        self._work = np.empty((n_positions, trunk.width), np.float32)
        self._outputs = None if output.dtype == "float32" else np.empty_like(self._work)
        self._network.prove(np.zeros(wanted.shape, wanted.dtype))

    def features(self, window: Seen) -> Floats:
        """(2 * width,) for one ``window`` (n_frames, n_bands): an int8 image, or dB relative to its loudest cell.

        Raises:
            ModelError: a feature is not finite, as a damaged file may make it.
        """
        geometry = self._geometry
        image = image_in(window)
        levels = reals_in(window) if image is None else levels_of(image, geometry)
        if self._network.input.dtype == "float32":
            seen: Seen = encoder_input(levels)
        else:
            seen = int8_input(steps_of(levels, geometry)) if image is None else image
        n_positions = len(self._work)
        active = active_positions(levels, n_positions, self._active_db)
        steps = self._network.run(seen).reshape(self._work.shape)
        # float32 outputs are read in the runtime's memory; int8 outputs are dequantised into memory of their own.
        outputs = steps if self._outputs is None else self._network.output.real(steps, out=self._outputs)
        made = pooled(outputs, active, self._work)
        if not np.isfinite(made).all():
            raise self._network.fault("outputs", "are not finite", "features")
        return made
