"""A window to the input of the bundle's models: its image, or the features that the bundle's trunk computes from it.

    Window ──image (188, 64) int8──────────────────────────► models
           ──image, or frames of the bundle's own geometry──Trunk──features (n,)──► models

It is called only for windows with speech, so the others cost neither frames of another geometry nor a run of the trunk.
"""

from collections.abc import Sequence

from edged.features.geometry import GEOMETRY
from edged.features.late_frames import LateFrames
from edged.features.logmel import Floats, int8_input, steps_of
from edged.features.spectrum import BLOCK
from edged.features.windows import Window
from edged.models.bundle import Bundle
from edged.models.interpreter import Runtime, Seen, reals_in
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
        return self.seen_in_a_row([window])[0]

    def seen_in_a_row(self, windows: Sequence[Window]) -> list[Seen]:
        """As ``seen`` for each of ``windows``.

        All frames are computed before the trunk runs: it is faster several times in a row than between other work.
        """
        frames = self._frames
        levels: list[Seen] = [window.image if frames is None else frames.window(window.end) for window in windows]
        if self._trunk is not None:
            return [self._trunk.features(one) for one in levels]
        if frames is None:
            return levels
        return [int8_input(steps_of(reals_in(one), self._geometry)) for one in levels]
