"""What was let out, by its content: whether it fits a schema to the last byte, what it holds, how many bits it tells.

    control packets, streams to pulseaudio, files, lines ──► misfits, bytes of sound, bits, pieces of what was heard

Where it may go is judged in leaks.py.  The node is named as in ``NODE``.
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
_GRAM = 16  # bytes; so long a piece of sound is nowhere by chance
_STRIDE = 31 * GEOMETRY.hop  # the config's default
_CONTROL = 0xFFFFFFFF  # the channel of pulseaudio's commands; any other is a stream's, and holds samples
_MOST_REST = 200  # bytes of a control packet that is no message: names, a will, filters
_MOST_PROPERTIES = 100  # bytes of MQTT 5's properties of a message


def misfits(found: list[Sent], known: Container[tuple[str, bytes]] = ()) -> list[str]:
    """What went to the broker and is no payload of the schema, to the last byte, or no packet that needs be.

    ``known`` are messages, by topic and payload, that are the same whatever is heard.
    """
    faults = []
    for one in found:
        if one.kind != PUBLISH:
            if len(one.rest) > _MOST_REST:
                faults.append(f"a control packet of type {one.kind} with {len(one.rest)} bytes")
            continue
        if (one.topic, one.payload) in known:
            continue
        topic = one.topic.removeprefix(f"{Mqtt().root}/{NODE}/")
        topic = re.sub(r"^cmd/\w+/", "cmd/<name>/", topic)
        if (words := WORDS.get(topic)) is not None:
            fits = one.payload.decode() in words
        elif (payload := PAYLOADS.get(topic)) is not None:
            fits = is_whole(one.payload, payload)
        else:
            faults.append(f"a message on {one.topic}")
            continue
        if not fits:
            faults.append(f"{topic}: {one.payload[:200]!r}")
        if len(one.rest) > _MOST_PROPERTIES:
            faults.append(f"{topic}: properties of {len(one.rest)} bytes")
    return faults


def is_whole(content: bytes, payload: type[msgspec.Struct]) -> bool:
    """Whether it is such a payload and nothing else: encoded again it is the same but for spaces."""
    try:
        decoded = msgspec.json.decode(content, type=payload)
    except msgspec.DecodeError:
        return False
    return bool(json.loads(msgspec.json.encode(decoded)) == json.loads(content))


def pieces_of(samples: Floats) -> set[bytes]:
    """Pieces of sound as they would stand in a file: 16 bits, floats, and the log-mel images of all windows."""
    pieces = [np.round(samples * 32768).astype("<i2").tobytes(), samples.astype("<f4").tobytes()]
    pieces += [window.image.tobytes() for window in Windows(GEOMETRY, _STRIDE).push(samples, 0)]
    return {
        piece[at : at + _GRAM]
        for piece in pieces
        for at in range(0, len(piece) - _GRAM, 2)
        if len(set(piece[at : at + _GRAM])) > _GRAM // 2  # silence is everywhere
    }


def is_in(content: bytes, pieces: set[bytes]) -> bool:
    """Whether any piece stands anywhere in it."""
    return any(content[at : at + _GRAM] in pieces for at in range(len(content) - _GRAM + 1))


def bits_of_sound(before: bytes, after: bytes) -> int:
    """How much ``after`` adds to ``before`` once both are compressed: no less than what it tells."""
    return 8 * (len(lzma.compress(after, preset=9)) - len(lzma.compress(before, preset=9)))


def played(stream: bytes) -> int:
    """Bytes of sound in a stream to pulseaudio, by its native protocol's frames: length, channel, offset, flags."""
    at = count = 0
    while at < len(stream):
        length, channel = struct.unpack_from(">II", stream, at)
        at += 20 + length
        count += length if channel != _CONTROL else 0
    assert at == len(stream)
    return count


def window_bits(window: dict[str, Any]) -> float:
    """Digits that the sound sets; its time and start follow from its number, label and confidence from its scores."""
    numbers = [*(window["scores"] or {}).values(), window["level_dbfs"]]
    assert all(re.fullmatch(r"-?\d{1,2}\.\d{1,4}", str(number)) for number in numbers), numbers
    n_digits = sum(len(re.sub(r"^-?0?|\.", "", str(number))) for number in numbers)
    return n_digits * math.log2(10) + 3 * len(window["asked"] or [])


def numbers_in_a_row(kind: type[msgspec.Struct]) -> list[str]:
    """Fields that may hold a list of numbers, of any length."""
    row = re.compile(r"item_types?=\(?(?:UnionType\(types=\()?(Int|Float)Type")
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return [one.name for one in info.fields if row.search(repr(one.type))]
