"""Whether the device may be open: set by the pipeline's thread, obeyed by the reader's.

    set(muted=True) ──► the current opening ends ──► the reader rests, in rounds of 2 s ──set(muted=False)──► opening

Each opening has an event of its own that ends it, so a mute that is taken back at once still closes the device.  Rounds
are counted, because they feed the watchdog while no sound is wanted.  If the driver does not release the device, the
reader does not come to rest and makes no rounds.
"""

import threading

REST_S = 2.0  # from round to round
_RELEASE_S = 0.5  # how long the pipeline waits for the reader to release the device; usually a tenth of it


class Mute:
    """One switch between two threads, without a lock: each event is set by one side and waited for by the other."""

    def __init__(self, *, muted: bool) -> None:
        self._open = threading.Event()
        self._release = threading.Event()
        self._ended = False
        self._resting = threading.Event()  # the reader has released the device
        self.n_rounds = 0
        if not muted:
            self._open.set()

    @property
    def muted(self) -> bool:
        """Whether the device is to be closed."""
        return not self._open.is_set()

    @property
    def resting(self) -> bool:
        """Whether the reader has released the device."""
        return self._resting.is_set()

    @property
    def described(self) -> str:
        """While muted, whether the device is closed yet, in words."""
        closed = "closed" if self.resting else "not closed yet"
        return f"muted by command or config, the microphone is {closed}"

    def set(self, *, muted: bool) -> None:
        """For the pipeline: ends the current opening, at once unless the driver hangs, or allows the next one."""
        if muted:
            self._open.clear()
            self._release.set()
            self._resting.wait(_RELEASE_S)
        else:
            self._open.set()

    def end(self) -> None:
        """For the pipeline: allows no further opening, muted or not."""
        self._ended = True
        self._release.set()
        self._open.set()

    def opening(self) -> threading.Event | None:
        """For the reader: rests while muted, then returns the event that ends the next opening; None at the end."""
        while not self._ended:
            while not self._open.is_set():
                self._resting.set()
                self._open.wait(REST_S)
                self.n_rounds += 1
            self._resting.clear()
            release = self._release = threading.Event()
            if self._open.is_set() and not self._ended:  # else ``set`` or ``end`` was called before this event existed
                return release
        return None
