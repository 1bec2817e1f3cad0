"""Content checks for everything a run let out: schema conformance, sound, information in bits.

    control packets, pulseaudio streams, files, log lines ──► misfits, bytes of sound, bits, pieces of recorded sound

Destinations are checked in leaks.py.  The node is called ``NODE``.
"""

import json
import lzma
import math
import re
import struct
from collections.abc import Container
from typing import Any

import msgspec
import numpy as np

from edged.config.structs import Mqtt
from edged.contract.payloads import PAYLOADS, WORDS
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Windows
from tests.parts.broker.wire import PUBLISH, Sent

NODE = "lab"
_GRAM = 16  # bytes; a match of this length is no coincidence
_STRIDE = 31 * GEOMETRY.hop  # the config's default
_CONTROL = 0xFFFFFFFF  # channel of pulseaudio's commands; all other channels are streams of samples
_MAX_REST = 200  # bytes of a control packet other than PUBLISH: names, a will, filters
_MAX_PROPERTIES = 100  # bytes of MQTT 5 properties of a message


def misfits(packets: list[Sent], known: Container[tuple[str, bytes]] = ()) -> list[str]:
    """Packets to the broker that are neither payloads of the schema, to the last byte, nor necessary.

    ``known`` are messages, by topic and payload, that do not depend on the sound.
    """
    faults = []
    for packet in packets:
        if packet.kind != PUBLISH:
            if len(packet.rest) > _MAX_REST:
                faults.append(f"a control packet of type {packet.kind} with {len(packet.rest)} bytes")
            continue
        if (packet.topic, packet.payload) in known:
            continue
        topic = packet.topic.removeprefix(f"{Mqtt().root}/{NODE}/")
        topic = re.sub(r"^cmd/\w+/", "cmd/<name>/", topic)
        if (words := WORDS.get(topic)) is not None:
            fits = packet.payload.decode() in words
        elif (payload := PAYLOADS.get(topic)) is not None:
            fits = is_whole(packet.payload, payload)
        else:
            faults.append(f"a message on {packet.topic}")
            continue
        if not fits:
            faults.append(f"{topic}: {packet.payload[:200]!r}")
        if len(packet.rest) > _MAX_PROPERTIES:
            faults.append(f"{topic}: properties of {len(packet.rest)} bytes")
    return faults


def is_whole(content: bytes, payload: type[msgspec.Struct]) -> bool:
    """Whether ``content`` is this payload and nothing else: re-encoding reproduces it except for spaces."""
    try:
        decoded = msgspec.json.decode(content, type=payload)
    except msgspec.DecodeError:
        return False
    return bool(json.loads(msgspec.json.encode(decoded)) == json.loads(content))


def pieces_of(samples: Floats) -> set[bytes]:
    """Sound in the forms a file could have: 16-bit, float, and the log-mel images of all windows."""
    pieces = [np.round(samples * 32768).astype("<i2").tobytes(), samples.astype("<f4").tobytes()]
    pieces += [window.image.tobytes() for window in Windows(GEOMETRY, _STRIDE).push(samples, 0)]
    return {
        piece[at : at + _GRAM]
        for piece in pieces
        for at in range(0, len(piece) - _GRAM, 2)
        if len(set(piece[at : at + _GRAM])) > _GRAM // 2  # silence would match everywhere
    }


def is_in(content: bytes, pieces: set[bytes]) -> bool:
    """Whether ``content`` contains any of ``pieces``."""
    return any(content[at : at + _GRAM] in pieces for at in range(len(content) - _GRAM + 1))


def bits_of_sound(before: bytes, after: bytes) -> int:
    """Compressed bits that ``after`` adds to ``before``: an upper bound of its information."""
    return 8 * (len(lzma.compress(after, preset=9)) - len(lzma.compress(before, preset=9)))


def played(stream: bytes) -> int:
    """Bytes of sound in a stream to pulseaudio; a frame has length, channel, offset and flags."""
    at = count = 0
    while at < len(stream):
        length, channel = struct.unpack_from(">II", stream, at)
        at += 20 + length
        count += length if channel != _CONTROL else 0
    assert at == len(stream)
    return count


def window_bits(window: dict[str, Any]) -> float:
    """Bits of the digits that depend on the sound; time, start, label and confidence follow from other fields."""
    numbers = [*(window["scores"] or {}).values(), window["level_dbfs"]]
    assert all(re.fullmatch(r"-?\d{1,2}\.\d{1,4}", str(number)) for number in numbers), numbers
    n_digits = sum(len(re.sub(r"^-?0?|\.", "", str(number))) for number in numbers)
    return n_digits * math.log2(10) + 3 * len(window["asked"] or [])


def numbers_in_a_row(kind: type[msgspec.Struct]) -> list[str]:
    """Fields that may hold a list of numbers of any length."""
    row = re.compile(r"item_types?=\(?(?:UnionType\(types=\()?(Int|Float)Type")
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return [packet.name for packet in info.fields if row.search(repr(packet.type))]
