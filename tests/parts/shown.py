"""The line that a person sees of a message, without its time; scores for such messages."""

import re

import msgspec

from edged.cli.view import View
from edged.contract.payloads import encoded
from edged.contract.topics import Received

SCORES = {"angry": 0.84, "disgust": 0.09, "fear": 0.04, "sad": 0.03}


def shown(view: View, name: str, payload: msgspec.Struct | bytes) -> str:
    """The line for a message of the node kitchen, without its time."""
    content = payload if isinstance(payload, bytes) else encoded(payload)
    line = view.line(Received(f"edged/kitchen/{name}", content, retained=False))
    assert len(line) <= 79
    assert re.match(r"\d\d:\d\d:\d\d  ", line)
    return line[10:]
