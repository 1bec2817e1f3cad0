"""PortAudio, through sounddevice: the microphones that it lists, and a started stream of one.

    microphones ──► InputDevice … ──opened──► Opened: a stream of int16, 16 kHz before other rates, stereo before mono
    refresh: the list is read again        abandon: the program exits without waiting for PortAudio

Streams are read with blocking reads, because a callback through cffi needs writable and executable memory and dies
under systemd's MemoryDenyWriteExecute (python-cffi #73, python-sounddevice #397).  Every call, even the
import of sounddevice, may hang forever if a sound server hangs, so all are made by a thread that can be left behind.
"""

import atexit
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal

from edged.audio.capture import DriverStream, Opened
from edged.audio.devices import InputDevice, identified
from edged.audio.usb_identity import SYSFS, usb_identities
from edged.errors import CaptureError
from edged.features.geometry import GEOMETRY

_RATES_HZ = (48_000, 44_100)  # tried after 16 kHz and the driver's default rate
_LIST_S = 10.0  # time to list the devices; PortAudio opens each of them briefly
_DRIVER_BUFFER_S = 0.25  # how late the reader may be before the driver loses samples

_log = logging.getLogger(__name__)


def microphones(sysfs: Path = SYSFS) -> list[InputDevice]:
    """Every input device with its selector; ``sysfs`` is the folder in which the kernel lists the sound cards.

    A device whose name is not UTF-8 (the kernel truncates long ones) is left out: sounddevice cannot open it either.

    Raises:
        CaptureError: PortAudio is not installed, or fails.
    """
    portaudio = load()
    try:
        everything = list(_listed(portaudio))
    except portaudio.PortAudioError as exc:
        raise CaptureError(f"microphone: PortAudio cannot list the devices ({exc})") from exc
    default = portaudio.default.device[0]
    devices = [
        InputDevice(
            name=str(listed["name"]),
            index=index,
            n_channels=int(listed["max_input_channels"]),
            rate_hz=int(listed["default_samplerate"]),
            default=index == default,
        )
        for index, listed in everything
        if listed["max_input_channels"] > 0
    ]
    return identified(devices, usb_identities(sysfs))


def microphones_in_time(within_s: float = _LIST_S) -> list[InputDevice]:
    """``microphones`` with a time limit, for commands: Ctrl-C does not reach a thread that hangs in a driver.

    Raises:
        CaptureError: as above, or the driver hangs.
    """
    answers: SimpleQueue[list[InputDevice] | CaptureError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(microphones())
        except CaptureError as exc:
            answers.put(exc)
        except Exception as exc:  # noqa: BLE001 -- a thread's edge
            answers.put(CaptureError(f"microphone: the devices cannot be listed ({exc!r})"))

    Thread(target=ask, name="edged-devices", daemon=True).start()
    try:
        answer = answers.get(timeout=within_s)
    except Empty:
        abandon()
        raise CaptureError(
            f"microphone: the driver hangs, no list of devices in {within_s:g} s; does the sound server answer?"
        ) from None
    if isinstance(answer, CaptureError):
        raise answer
    return answer


def _listed(portaudio: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401 -- sounddevice ships no types
    try:
        yield from enumerate(portaudio.query_devices())
    except UnicodeDecodeError:  # one bad name makes this call fail for all devices
        pass
    else:
        return
    for index in count():
        try:
            yield index, portaudio.query_devices(index)
        except UnicodeDecodeError as exc:
            _say_left_out(exc.object.decode(errors="replace"))
        except portaudio.PortAudioError:  # there are no more
            return


@cache  # logged once per process, however often a lost microphone is looked for
def _say_left_out(name: str) -> None:
    _log.warning("sound device %r is left out: its name is not UTF-8", name)


def opened(device: InputDevice, channel: int | Literal["auto"] = "auto") -> Opened:
    """A started stream of int16: 16 kHz before other rates; stereo before mono if the channel is to be chosen.

    If asked for one channel, PortAudio opens as many as the card needs and returns the first, which may be an empty
    slot.

    Raises:
        CaptureError: none of the rates was accepted, or the device has no such channel.
    """
    if channel != "auto" and channel > device.n_channels:
        raise CaptureError(
            f"microphone {device.name!r} has {device.n_channels} channels; expected audio.channel to be one of them"
        )
    widths = [2, 1] if channel == "auto" else [1, 2] if channel == 1 else [channel]
    widths = [n_channels for n_channels in widths if n_channels <= device.n_channels]
    portaudio = load()
    rates_hz = list(dict.fromkeys([GEOMETRY.sample_rate_hz, device.rate_hz, *_RATES_HZ]))
    reason: Exception | None = None
    for rate_hz in rates_hz:
        for n_channels in widths:
            try:
                with _quiet():
                    stream = _started(portaudio, device, rate_hz, n_channels)
            except (portaudio.PortAudioError, ValueError) as exc:
                reason = exc
                continue
            _log.info(
                "microphone %r opened at %d Hz, %s%s",
                device.name,
                rate_hz,
                {1: "mono", 2: "stereo"}.get(n_channels, f"{n_channels} channels"),
                "" if rate_hz == GEOMETRY.sample_rate_hz else f", resampled to {GEOMETRY.sample_rate_hz} Hz",
            )
            return Opened(device.name, stream, rate_hz, n_channels)
    tried = ", ".join(str(rate_hz) for rate_hz in rates_hz)
    raise CaptureError(
        f"microphone {device.name!r} cannot be opened, tried {tried} Hz: {reason}; is another program using it?"
    ) from reason


def _started(portaudio: Any, device: InputDevice, rate_hz: int, n_channels: int) -> DriverStream:  # noqa: ANN401 -- the module
    stream: DriverStream = portaudio.RawInputStream(
        samplerate=rate_hz, device=device.index, channels=n_channels, dtype="int16", latency=_DRIVER_BUFFER_S
    )
    try:
        stream.start()
    except portaudio.PortAudioError:
        stream.close()
        raise
    return stream


@contextmanager
def _quiet() -> Iterator[None]:
    """Redirects file descriptor 2, as sounddevice does at import: ALSA and PortAudio write 36 lines per failed attempt.

    A device that is busy for a week must not fill the log, which has one line with the reason.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def refresh() -> None:
    """Initialises PortAudio again, the only way to see devices that were plugged in since; no stream may be open.

    It also makes ALSA read its own configuration again, which it otherwise reads once per process.

    Raises:
        CaptureError: it cannot be initialised.
    """
    portaudio = load()
    try:
        # sounddevice has no public way; its maintainer names this one (python-sounddevice #125).
        while portaudio._initialized:  # noqa: SLF001 -- as above
            portaudio._terminate()  # noqa: SLF001 -- as above
        portaudio._initialize()  # noqa: SLF001 -- as above
    except portaudio.PortAudioError as exc:
        raise CaptureError(f"microphone: PortAudio cannot be initialised again ({exc})") from exc


def abandon() -> None:
    """Keeps sounddevice from terminating PortAudio at exit, which would close the hanging stream and hang too."""
    portaudio = sys.modules.get("sounddevice")
    if portaudio is not None and hasattr(portaudio, "_exit_handler"):
        atexit.unregister(portaudio._exit_handler)  # noqa: SLF001 -- as above


def load() -> Any:  # noqa: ANN401 -- sounddevice ships no types
    """The module sounddevice, imported only here because it loads PortAudio; replaying files needs neither.

    Raises:
        CaptureError: it is not installed.
    """
    try:
        import sounddevice  # noqa: PLC0415 -- see the docstring
    except ImportError as exc:
        raise CaptureError("microphone: the Python package sounddevice is missing; pip install sounddevice") from exc
    except OSError as exc:
        raise CaptureError(
            "microphone: the PortAudio library is missing; install the Debian package libportaudio2"
        ) from exc
    return sounddevice
