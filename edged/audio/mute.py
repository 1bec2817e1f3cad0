"""Whether the device may be open: set by the pipeline's thread, obeyed by the reader's.

    muted(True) ──► the opening under way ends ──► the reader rests, coming round now and then ──muted(False)──► opening

Each opening has an event of its own that ends it, so that a mute which is taken back at once closes the device all the
same.  The rounds are counted: they are what the watchdog lives on while no sound is wanted, and a reader that does not
come to rest, because the driver keeps the device, makes none.
"""

import threading

REST_S = 2.0  # from round to round
_RELEASE_S = 0.5  # the pipeline waits so long for the reader to let go; a block and closing take a tenth of it


class Mute:
    """One switch between two threads, without a lock: each event is set by one side and waited for by the other."""

    def __init__(self, *, muted: bool) -> None:
        self._open = threading.Event()
        self._release = threading.Event()
        self._ended = False
        self._resting = threading.Event()  # the reader has let go of the device
        self.n_rounds = 0
        if not muted:
            self._open.set()

    @property
    def muted(self) -> bool:
        """Whether the device is to be closed."""
        return not self._open.is_set()

    @property
    def resting(self) -> bool:
        """Whether the reader has let go of the device."""
        return self._resting.is_set()

    @property
    def described(self) -> str:
        """While muted, how far that has come, in words."""
        closed = "closed" if self.resting else "not closed yet"
        return f"muted by command or config, the microphone is {closed}"

    def set(self, *, muted: bool) -> None:
        """For the pipeline: the opening under way ends, at once unless the driver hangs, or the next one may begin."""
        if muted:
            self._open.clear()
            self._release.set()
            self._resting.wait(_RELEASE_S)
        else:
            self._open.set()

    def end(self) -> None:
        """For the pipeline: there is to be no opening any more, muted or not."""
        self._ended = True
        self._release.set()
        self._open.set()

    def opening(self) -> threading.Event | None:
        """For the reader: rests while muted, then what ends the opening that may begin; None at the end."""
        while not self._ended:
            while not self._open.is_set():
                self._resting.set()
                self._open.wait(REST_S)
                self.n_rounds += 1
            self._resting.clear()
            release = self._release = threading.Event()
            if self._open.is_set() and not self._ended:  # else it was said before there was this event to set
                return release
        return None
