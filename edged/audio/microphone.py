"""A microphone to stretches: chosen by name, opened as it allows, read by a thread of its own.

    audio.device ──selected──► InputDevice ──PortAudio──► stream ──Capture──► Ring ──read──► Stretch at 16 kHz

The stream is read with blocking reads, because a callback through cffi needs writable and executable memory and dies
under systemd's MemoryDenyWriteExecute (python-cffi #73, python-sounddevice #397).  sounddevice is imported when a
microphone is asked for: replaying files needs no PortAudio.
"""

import atexit
import logging
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edged.audio.capture import Capture, Opened
from edged.audio.devices import InputDevice, identified, selected
from edged.audio.identity import SYSFS, usb_identities
from edged.audio.ring import Ring, Stretch
from edged.errors import CaptureError
from edged.features.geometry import GEOMETRY

_RATES_HZ = (48_000, 44_100)  # tried after 16 kHz and the rate that the driver names
_DRIVER_BUFFER_S = 0.25  # how late the reader may be before the driver loses samples
_STALLED_S = 5.0  # no sample for so long is a fault

_log = logging.getLogger(__name__)


def microphones(sysfs: Path = SYSFS) -> list[InputDevice]:
    """Every input device, with what selects it in the config; ``sysfs`` is where the kernel lists the sound cards.

    Raises:
        CaptureError: PortAudio is not installed.
    """
    portaudio = _portaudio()
    default = portaudio.default.device[0]
    devices = [
        InputDevice(
            name=str(listed["name"]),
            index=index,
            n_channels=int(listed["max_input_channels"]),
            rate_hz=int(listed["default_samplerate"]),
            default=index == default,
        )
        for index, listed in enumerate(portaudio.query_devices())
        if listed["max_input_channels"] > 0
    ]
    return identified(devices, usb_identities(sysfs))


class Microphone:
    """A source of samples from one microphone; ``with`` opens and closes it.

    ``device`` is the config's ``audio.device``, ``buffer_s`` the seconds that the pipeline may be behind before samples
    are dropped, ``silent_after_s`` how long one value without change must last to be called silent.
    """

    def __init__(self, device: str = "auto", *, buffer_s: float = 10.0, silent_after_s: float = 10.0) -> None:
        self.live = True  # sound comes whether or not it is read
        self.ended = False
        self._selector = device
        self._silent_after_s = silent_after_s
        self._ring = Ring(round(buffer_s * GEOMETRY.sample_rate_hz))
        self._deaf_s = 0.0

    def __enter__(self) -> Self:
        """Opens the device and starts the reader thread.

        Raises:
            CaptureError: no PortAudio, no such microphone, or none of the rates accepted.
        """
        self._device = selected(microphones(), self._selector)
        self._capture = Capture(_opened(self._device), self._ring, silent_after_s=self._silent_after_s)
        self._capture.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Ends the reader thread and closes the device, within two seconds even where the driver hangs."""
        self.ended = True
        self._ring.close()
        if not self._capture.close():
            # At exit sounddevice would terminate PortAudio, which closes the stream that hangs, and would hang with it.
            atexit.unregister(_portaudio()._exit_handler)  # noqa: SLF001 -- there is no public way
            _log.warning("microphone %r: the driver hangs; its thread is left behind", self.name)

    def read(self, timeout_s: float) -> Stretch | None:
        """The samples that came since the last read, up to the next gap; None when none came in time.

        Raises:
            CaptureError: the driver failed, or no sample came for 5 s.
        """
        # Waits are added up, not clock readings compared: a program that was itself stopped has not been deaf.
        began_s = time.monotonic()
        stretch = self._ring.read(timeout_s)
        if stretch is not None or self.ended:
            self._deaf_s = 0.0
            return stretch
        self._deaf_s += min(time.monotonic() - began_s, timeout_s)
        if self._deaf_s >= _STALLED_S:
            raise CaptureError(f"microphone {self.name!r}: stalled, no sample for {_STALLED_S:g} s; was it unplugged?")
        return None

    @property
    def name(self) -> str:
        """The device's name, with what ALSA and PortAudio add to it."""
        return self._device.name

    @property
    def sample_rate_hz(self) -> int:
        """The rate at which the device was opened, before resampling."""
        return self._capture.opened.rate_hz

    @property
    def n_channels(self) -> int:
        """How many channels are down-mixed."""
        return self._capture.opened.n_channels

    @property
    def n_samples(self) -> int:
        """Samples at 16 kHz that came from the driver."""
        return self._ring.n_written

    @property
    def n_dropped(self) -> int:
        """Samples at 16 kHz that never reached the pipeline: lost by the driver, or dropped by the full ring."""
        return self._ring.n_lost + self._ring.n_dropped

    @property
    def n_overflows(self) -> int:
        """How often the driver lost samples because the reader came late."""
        return self._capture.n_overflows

    @property
    def silent(self) -> bool:
        """Whether the microphone gives one value without change: unplugged, muted by a switch, or broken."""
        return self._capture.silent

    @property
    def newest(self) -> tuple[int, float]:
        """The count just past the newest sample, and the monotonic clock when that sample was captured."""
        return self._ring.newest


def _opened(device: InputDevice) -> Opened:
    """A started stream of int16: 16 kHz before other rates, mono before stereo."""
    portaudio = _portaudio()
    rates_hz = list(dict.fromkeys([GEOMETRY.sample_rate_hz, device.rate_hz, *_RATES_HZ]))
    reason: Exception | None = None
    for rate_hz in rates_hz:
        for n_channels in range(1, min(device.n_channels, 2) + 1):
            stream = None
            try:
                stream = portaudio.RawInputStream(
                    samplerate=rate_hz,
                    device=device.index,
                    channels=n_channels,
                    dtype="int16",
                    latency=_DRIVER_BUFFER_S,
                )
                stream.start()
            except (portaudio.PortAudioError, ValueError) as exc:
                reason = exc
                if stream is not None:
                    stream.close()
                continue
            _log.info(
                "microphone %r opened at %d Hz, %s%s",
                device.name,
                rate_hz,
                "mono" if n_channels == 1 else "stereo, down-mixed",
                "" if rate_hz == GEOMETRY.sample_rate_hz else f", resampled to {GEOMETRY.sample_rate_hz} Hz",
            )
            return Opened(device.name, stream, rate_hz, n_channels)
    tried = ", ".join(str(rate_hz) for rate_hz in rates_hz)
    raise CaptureError(
        f"microphone {device.name!r} cannot be opened, tried {tried} Hz: {reason}; is another program using it?"
    ) from reason


def _portaudio() -> Any:  # noqa: ANN401 -- sounddevice ships no types
    """The module sounddevice, which loads PortAudio when it is imported."""
    try:
        import sounddevice  # noqa: PLC0415 -- replaying files needs no PortAudio
    except ImportError as exc:
        raise CaptureError("microphone: the Python package sounddevice is missing; pip install sounddevice") from exc
    except OSError as exc:
        raise CaptureError(
            "microphone: the PortAudio library is missing; install the Debian package libportaudio2"
        ) from exc
    return sounddevice
