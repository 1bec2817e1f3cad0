"""A window to the input of the bundle's models: its image, or the features that the bundle's trunk computes from it.

    Window ──image (188, 64) int8──────────────────────────► models
           ──image, or frames of the bundle's own geometry──Trunk──features (n,)──► models

It is called only for windows with speech, so the others cost neither frames of another geometry nor a run of the trunk.
"""

from edged.features.geometry import GEOMETRY
from edged.features.late_frames import LateFrames
from edged.features.logmel import Floats, int8_input, steps_of
from edged.features.spectrum import BLOCK
from edged.features.windows import Window
from edged.models.bundle import Bundle
from edged.models.interpreter import Runtime, Seen
from edged.models.trunk import Trunk


class ModelInput:
    """Holds the samples and frames of one stream, if the bundle has a front end of its own."""

    def __init__(self, bundle: Bundle, *, behind: int, n_threads: int, runtime: Runtime, block: int = BLOCK) -> None:
        """Loads the trunk, if there is one; windows may be up to ``behind`` samples older than the newest sample.

        ``block`` frames are computed at once.

        Raises:
            ModelError: the trunk cannot be run here.
        """
        geometry = bundle.geometry
        self._geometry = geometry
        self._frames = None if geometry == GEOMETRY else LateFrames(geometry, behind=behind, block=block)
        has_trunk = bundle.manifest.trunk is not None
        self._trunk = Trunk(bundle, n_threads=n_threads, runtime=runtime) if has_trunk else None

    def restart(self) -> None:
        """Begins a new stream."""
        if self._frames is not None:
            self._frames.restart()

    def push(self, samples: Floats, start: int) -> None:
        """Takes the samples (n,) of the next windows, as ``Windows`` does."""
        if self._frames is not None:
            self._frames.push(samples, start)

    def finish(self) -> None:
        """The stream has ended; its last windows follow."""
        if self._frames is not None:
            self._frames.finish()

    def seen(self, window: Window) -> Seen:
        """The models' input for ``window``: an image (n_frames, n_bands), or features (n,)."""
        levels = None if self._frames is None else self._frames.window(window.end)
        if self._trunk is not None:
            return self._trunk.features(window.image if levels is None else levels)
        return window.image if levels is None else int8_input(steps_of(levels, self._geometry))
