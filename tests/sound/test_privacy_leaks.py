"""The checks of test_privacy.py detect leaks: programs and messages that let sound out are each caught.

a program with a leak ──strace──► leaks.py, contents.py ──► the fault that names it
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile

from edged.contract.payloads import encoded
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from tests.parts.broker.mosquitto import free_port
from tests.parts.broker.payloads import emotion_state
from tests.parts.broker.wire import PUBLISH, Sent, WireError, sent
from tests.parts.faults.contents import bits_of_sound, is_in, misfits, numbers_in_a_row, pieces_of, played
from tests.parts.faults.leaks import Allowed, outlets, outlets_of
from tests.parts.faults.listening import beginning
from tests.parts.faults.trace import Call, Traced, strace  # noqa: F401 -- a fixture
from tests.parts.sound.pulse import VirtualMicrophone, expect_pulseaudio
from tests.parts.sound.speech import SPEECH_S
from tests.sound.test_privacy import SPEECH_BITS_PER_S

LEAKS = {
    "file": ("open('{folder}/sound', 'wb').write(sound)", "openat: the file {folder}/sound"),
    "child": ("import os; os.system('cp {speech} {folder}/sound')", "execve: the program /bin/sh"),
    "datagram": (
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(sound[:999], ('127.0.0.1', 9))",
        "sendto: 999 bytes to UDP",
    ),
    "address": (
        "import socket; socket.socket().connect_ex(('127.0.0.1', {port}))",
        "connect: the address 127.0.0.1:{port}",
    ),
    "memory": (
        "import mmap; f = open('{folder}/other', 'r+b'); mmap.mmap(f.fileno(), 9)[:] = sound[:9]",
        "mmap: the file {folder}/other",
    ),
    "name": ("import os; os.mkdir('{folder}/' + sound[:9].hex())", "mkdir: the file {folder}/"),
    "socket": (
        "import socket; socket.socket(socket.AF_UNIX).connect_ex(chr(0) + 'x')",
        "connect: the socket",
    ),
    "unknown call": (
        "import os; f = open('{speech}', 'rb'); os.sendfile(1, f.fileno(), 0, 999)",
        "sendfile: an unknown call",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.usefixtures("strace")
def test_way_out_is_found(leak: str, speech: Path, tmp_path: Path) -> None:
    """A program that writes or sends samples to a forbidden place is caught."""
    script, fault = LEAKS[leak]
    values = {"folder": tmp_path, "speech": speech, "port": free_port()}
    (tmp_path / "other").write_bytes(bytes(9))
    program = f"sound = open({str(speech)!r}, 'rb').read()[-9999:]; " + script.format(**values)
    outlet, _ = outlets_of(tmp_path, [sys.executable, "-c", program], Allowed())
    assert any(one.startswith(fault.format(**values)) for one in outlet.faults), outlet.faults


EMOTION: dict[str, Any] = json.loads(encoded(emotion_state("sad")))


@pytest.mark.parametrize(
    ("topic", "content"),
    [
        ("edged/lab/emotion", json.dumps(EMOTION | {"samples": [0.1, 0.2]}).encode()),
        ("edged/lab/emotion", json.dumps(EMOTION).encode() + b"\x00\x01"),
        ("edged/lab/sound", b"\x00\x01"),
        ("edged/lab/capture", b"\x00\x01"),
    ],
)
def test_message_that_fits_no_schema_is_found(topic: str, content: bytes) -> None:
    """An extra field, a trailing byte, another topic or word is a misfit; the original message is not."""
    assert len(misfits([Sent(PUBLISH, topic, content, b"", 1, retained=True)])) == 1
    assert misfits([Sent(PUBLISH, "edged/lab/emotion", json.dumps(EMOTION).encode(), b"", 1, retained=True)]) == []


def test_call_that_the_end_of_the_process_cut_off() -> None:
    """strace has no result of it: all bytes of a write may have left, and an open file has nobody to use it."""
    calls = [
        Call(1.0, "openat", r'AT_FDCWD</>, "\x2f\x78", O_WRONLY|O_CREAT, 0666', "?"),
        Call(1.1, "recvfrom", "5<TCP:[1]>, 0, 0, NULL, NULL", "?"),
        Call(1.2, "write", r'3</x>, "\x61\x62"', "?"),
    ]
    assert outlets(calls, Allowed()).files == {"/x": [(1.2, b"ab")]}


def test_bytes_that_are_no_mqtt_are_found() -> None:
    """Other data on the broker's connection is no control packet."""
    with pytest.raises(WireError):
        list(sent(b"\x00\x01\x02\x03"))


def test_sound_to_the_sound_server_is_found(tmp_path: Path, speech: Path) -> None:
    """A player sends frames on a stream's channel."""
    expect_pulseaudio()
    with VirtualMicrophone() as microphone:
        native = Path(microphone.environment["PULSE_SERVER"].removeprefix("unix:"))
        command: list[str | Path] = ["paplay", "-d", "vmic", beginning(speech, tmp_path)]
        with Traced(command, tmp_path, microphone.environment) as traced:
            assert traced.exit_status(60) == 0
            outlet = outlets(traced.calls(), Allowed(pulse=native))
    assert max(played(bytes(stream)) for stream in outlet.pulse.values()) >= 3 * GEOMETRY.sample_rate_hz


def test_sound_is_found_in_whatever_form_stands_there(speech: Path) -> None:
    """The search detects 16-bit samples, floats and log-mel at any offset."""
    samples = soundfile.read(speech, dtype="float32")[0]
    pieces = pieces_of(samples)
    image = next(iter(Windows(GEOMETRY, 31 * GEOMETRY.hop).push(samples, 0))).image
    loudest = int(np.abs(samples).argmax())  # a pause of the conversation looks like any other silence
    cut = samples[loudest : loudest + 400]
    for form in (np.round(cut * 32768).astype("<i2").tobytes(), cut.tobytes(), image[90:96].tobytes()):
        assert is_in(b"odd" + form, pieces)
    assert not is_in(json.dumps(EMOTION).encode() * 10, pieces)


def test_speech_in_the_leanest_code_would_be_found() -> None:
    """As many bits as a codec needs, however spread over messages, exceed the limit."""
    random = np.random.default_rng(7)
    coded = random.bytes(int(SPEECH_BITS_PER_S * SPEECH_S / 8))
    messages = [
        json.dumps(EMOTION | {"confidence": int.from_bytes(coded[at : at + 4], "big")})
        for at in range(0, len(coded), 4)
    ]
    assert bits_of_sound(b"", "".join(messages).encode()) > SPEECH_BITS_PER_S * SPEECH_S


def test_list_of_numbers_is_seen() -> None:
    """A field that could hold sound is detected, nested fields too."""
    leaky = msgspec.defstruct("Leaky", [("samples", list[float]), ("bands", dict[str, list[int] | None]), ("n", int)])
    assert numbers_in_a_row(leaky) == ["samples", "bands"]
