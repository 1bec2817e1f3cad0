"""A microphone to chunks, whatever happens to the microphone: late, unplugged, plugged in again, hanging.

    audio.device ──driver──► Capture ──► Ring ──read──► Conditioner ──► AudioChunk at 16 kHz
         ▲                      │
         └── wait, list again ◄──┘ absent, failed, stalled

The reader thread makes every call into the driver: it opens, reads, closes and tries again after a growing wait.  It
initialises PortAudio each time, the only way to see what was plugged in since.  The pipeline's thread watches its
progress in ``read``.  A driver that hangs holds its lock, and the process cannot recover: that, and a microphone that
stays away for ``audio.max_recovery_s``, raise a ``CaptureError``, so that systemd starts a fresh process.

While muted, the device is closed.  A device that is muted from the start is not even looked for, because PortAudio
opens every device briefly when it is initialised.
"""

import logging
import threading
import time
from pathlib import Path
from typing import Self

from edged.audio import driver
from edged.audio.capture import STALLED_S, Capture, Counts
from edged.audio.channel import chooser_for
from edged.audio.condition import conditioner_for
from edged.audio.devices import selected
from edged.audio.interference import InterferenceWatch
from edged.audio.mute import Mute
from edged.audio.ring import AudioChunk, Ring
from edged.audio.usb_identity import SYSFS
from edged.config.structs import Audio
from edged.contract.fields import CaptureState
from edged.contract.status import SourceStatus
from edged.errors import CaptureError
from edged.features.geometry import GEOMETRY
from edged.host.backoff import Backoff

HUNG_S = 20.0  # a driver without progress for this long hangs; above its longest wait, below the watchdog's 30 s
_FIRST_S, _MAX_WAIT_S = 0.5, 8.0  # first and longest wait between two attempts to open the device
# Debian's ALSA plugins leak 13 kB each time that PortAudio is initialised (measured).  After seven hours that is 50 MB,
# and a fresh process is cheaper.
_MAX_TRIES = 4000
_STEADY = 10  # a device counts as recovered after this many times the wait that its loss would cause
_CLOSE_S = 2.0  # time limit for closing; a thread that hangs longer is left behind

_log = logging.getLogger(__name__)


class Microphone:
    """A source of samples from one microphone, present or not; ``with`` starts to look for it, and closes it.

    With ``audio.muted`` it stays closed until ``mute(False)``.
    """

    def __init__(self, audio: Audio, *, sysfs: Path = SYSFS) -> None:
        self.n_channels = 0  # of the device; one of them is chosen
        self._channels: dict[str, int] = {}  # last chosen channel index, by device
        self._ended = False
        self._name = audio.device  # the config's selector, until the device is known
        self._n_tries = self._sample_rate_hz = 0  # the rate at which the device is opened, before resampling
        self._audio, self._sysfs = audio, sysfs
        self._ring = Ring(round(audio.buffer_s * GEOMETRY.sample_rate_hz))
        self._counts = Counts()
        self._conditioner = conditioner_for(audio)
        self._interference = InterferenceWatch()
        self._fault = ""  # of the last attempt; a device that opens again has recovered only with its first block
        self._mute = Mute(muted=audio.muted)
        self._capture: Capture | None = None  # the opening that is being read
        self._stalled: Capture | None = None  # the one that was given up
        # Daemon threads: if the driver hangs forever, the program must still exit.
        self._reader = threading.Thread(target=self._keep_open, name="edged-microphone", daemon=True)
        self._progress = (0, 0)
        self._idle_s = self._deaf_s = 0.0

    def __enter__(self) -> Self:
        """Starts the reader thread, which opens the device when it is there."""
        self._reader.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        """Ends the reader thread and closes the device, within two seconds even if the driver hangs."""
        self._ended = True
        self._mute.end()
        self._ring.close()
        capture = self._capture
        known_to_hang = self._idle_s >= HUNG_S or (capture is not None and capture is self._stalled)
        self._reader.join(0.0 if known_to_hang else _CLOSE_S / 2)  # it ends by itself with the next block
        if self._reader.is_alive() and not known_to_hang:
            if capture is not None:
                capture.abort_apart()  # where no block comes any more, this ends the read of a sound card
            self._reader.join(_CLOSE_S / 2)
        if self._reader.is_alive():
            driver.abandon()
            _log.warning("microphone %r: the driver hangs; its thread is left behind", self._name)

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The samples since the last read, up to the next gap; None if none came in time.

        Raises:
            CaptureError: PortAudio is missing, the driver hangs, or a lost microphone stayed away for too long.
        """
        # Waits are added up instead of comparing clock readings: the time for which this process was stopped does not
        # count.
        began_s = time.monotonic()
        chunk = self._ring.read(timeout_s)
        if self._mute.muted:  # a block that the reader held when it was muted
            chunk = None
        if self._ended or chunk is not None:
            self._idle_s = self._deaf_s = 0.0
            if chunk is None:
                return None
            self._interference.push(self._name, chunk.samples)
            return self._conditioner.conditioned(chunk)
        self._watch(min(time.monotonic() - began_s, timeout_s))
        return None

    def await_count(self, count: int) -> None:
        """Lets ``read`` wait within its timeout until the samples before ``count`` have come."""
        self._ring.await_count(count)

    def wake(self) -> None:
        """Ends a waiting ``read``; may be called by any thread."""
        self._ring.wake()

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the word on the topic
        """Closes the device and discards waiting sound, or lets it be opened again; called by the thread that reads."""
        if muted != self._mute.muted:
            self._mute.set(muted=muted)
            self._ring.forget()
            self._idle_s = self._deaf_s = 0.0

    @property
    def status(self) -> SourceStatus:
        """A snapshot; ``n_dropped`` counts samples lost by the driver and those dropped by the full ring."""
        capture = self._capture
        state, found = self._state(capture), self._interference.newest
        return SourceStatus(
            name=self._name,
            live=True,
            ended=self._ended,
            state=state,
            trouble=self._trouble(state),
            muted=self._mute.muted,
            silent=capture is not None and capture.silent,
            sample_rate_hz=self._sample_rate_hz,
            channel=None if capture is None else capture.chooser.index + 1,
            n_channels=self.n_channels,
            interference="" if found is None else found.described,
            offset=None if found is None else found.offset,
            hum_hz=None if found is None else found.hum_hz,
            hum_dbfs=None if found is None else found.hum_dbfs,
            n_tries=self._n_tries + self._mute.n_rounds,
            n_dropped=self._ring.n_lost + self._ring.n_dropped,
            n_overflows=self._counts.n_overflows,
            n_gaps=self._ring.n_gaps,
            n_recoveries=self._counts.n_recoveries,
            n_clipped=self._counts.n_clipped,
        )

    def _state(self, capture: Capture | None) -> CaptureState:
        """``muted``: on purpose, or one constant value; ``stalled``: open, no sample; ``offline``: not open."""
        if self._mute.muted:
            return "muted"
        if capture is None or self._ended:
            return "offline"
        if capture is self._stalled:
            return "stalled"
        if capture.sound_since_s is None:
            return "offline"
        return "muted" if capture.silent else "online"

    def _trouble(self, state: CaptureState) -> str:
        if self._mute.muted:
            return self._mute.described
        return {
            "offline": self._fault,
            "stalled": f"microphone {self._name!r}: no sample for {STALLED_S:g} s",
            "muted": f"microphone {self._name!r}: nothing but one value for {self._audio.silent_after_s:g} s; muted?",
        }.get(state, "")

    def _watch(self, waited_s: float) -> None:
        """No chunk came: gives up an opening that stalls, then a driver that hangs or a lost device."""
        if self._mute.muted and self._mute.resting:  # no sound on purpose
            return
        progress, capture = (self._ring.n_written, self._n_tries + self._mute.n_rounds), self._capture
        self._idle_s = self._idle_s + waited_s if progress == self._progress else 0.0
        self._progress = progress
        self._deaf_s += waited_s
        if capture is not None and self._idle_s >= STALLED_S and capture is not self._stalled:
            self._stalled = capture
            capture.abort_apart()
        if self._idle_s >= HUNG_S:
            raise CaptureError(f"microphone {self._name!r}: the driver hangs, it made no progress for {HUNG_S:g} s")
        # A microphone that never was there is waited for: a restart would only make the node go offline and online.
        max_s = self._audio.max_recovery_s
        trouble = self._trouble(self._state(capture))
        if max_s and self._ring.n_written and self._deaf_s >= max_s and not self._mute.muted:
            raise CaptureError(f"{trouble or f'microphone {self._name!r}'}; no sound for {max_s:g} s")
        if capture is None and self._n_tries >= _MAX_TRIES:
            raise CaptureError(f"{trouble}; tried {self._n_tries} times")

    def _keep_open(self) -> None:
        """The reader thread: opens, reads and starts over, until it is stopped."""
        backoff = Backoff(_FIRST_S, _MAX_WAIT_S)
        unmuted = False
        try:
            while (release := self._mute.opening()) is not None:
                driver.load()
                if unmuted:
                    self._ring.skip_to(time.monotonic())
                wait_s = backoff.attempted()
                sound_since_s = self._try(release, unmuted=unmuted)
                if sound_since_s is not None:
                    wait_s = backoff.lasted((time.monotonic() - sound_since_s) / _STEADY)
                    unmuted = False
                unmuted = release.wait(wait_s) or unmuted
        except CaptureError as exc:
            self._ring.close(exc)
        except Exception as exc:  # noqa: BLE001 -- a thread's edge: the pipeline must raise any fault
            fault = CaptureError(f"microphone {self._name!r}: the reader failed ({exc!r})")
            fault.__cause__ = exc
            self._ring.close(fault)

    def _try(self, release: threading.Event, *, unmuted: bool) -> float | None:
        """Opens the device and reads it to its end; the monotonic clock at its first block, None if none came."""
        capture = None
        try:
            if self._n_tries:
                driver.refresh()
            device = selected(driver.microphones(self._sysfs), self._audio.device)
            if release.is_set():
                return None
            opened = driver.opened(device, self._audio.channel)
            self._name, self._sample_rate_hz, self.n_channels = device.name, opened.rate_hz, opened.n_channels
            silent_after_s = self._audio.silent_after_s
            chooser = chooser_for(self._audio.channel, opened.n_channels, self._channels.get(device.stable_name, 0))
            capture = Capture(
                opened, self._ring, self._counts, silent_after_s=silent_after_s, chooser=chooser, unmuted=unmuted
            )
            self._capture = capture
            self._n_tries += 1
            capture.read_until(release)
        except CaptureError as exc:
            self._fault = str(exc)
            self._n_tries += capture is None
        finally:
            if capture is not None:
                self._channels[device.stable_name] = capture.chooser.index
            self._capture = None
        return None if capture is None else capture.sound_since_s
