"""Payloads of commands: one struct per command, and the bare words that stand for it.

    b"ON" | b'{"muted": true, "id": "7"}' ──arguments──► Mute(muted=True, id="7"), or a Fault with what was expected

A payload is a bare word, as a button or switch sends it, or a JSON object.  An ``id`` is returned in the result, so a
sender of several commands can tell the results apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from edged.contract.fields import Score
from edged.decoding import MALFORMED
from edged.errors import counted, shown

UNKNOWN = "unknown"  # stands for any unknown command
READ_ONLY = ("identify", "snapshot")  # commands obeyed if mqtt.commands is read-only
MAX_BYTES = 1000  # of a payload
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Label = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ALL = "*"  # all labels


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that every command may have; ``reload``, ``restart``, ``identify`` and ``snapshot`` have no others."""

    id: _Id | msgspec.UnsetType = msgspec.UNSET  # returned in the result


class Mute(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Closes the microphone or opens it again; null: as in the config."""

    muted: bool | None


class Threshold(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sets the probability at which an episode of the label starts; null or missing: as in the config."""

    label: _Label = ALL
    enter: Score | None = None


class LogLevel(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sets the log level until the next restart; null or missing: as in the config."""

    level: Literal["debug", "info", "warning", "error"] | None = None


class BaselineMode(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sets ``baseline.mode``, or resets the adaptation with ``reset``; null or missing: as in the config."""

    mode: Literal["on", "frozen", "off", "reset"] | None = None


class Calibrate(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Adapts to the voice that speaks two or three sentences now; ``forget`` undoes that."""

    forget: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Allowed payloads of a command."""

    kind: type[Arguments]
    words: Mapping[str, Mapping[str, object]]  # bare word, in upper case, to its object
    example: str  # a JSON object


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a payload is refused."""

    message: str  # for the sender
    id: str | msgspec.UnsetType
    logged: str  # for the log: without the payload, which may hold anything


_NOTHING = Form(Arguments, {"": {}, "PRESS": {}}, "{}")
FORMS: dict[str, Form] = {
    "mute": Form(Mute, {"ON": {"muted": True}, "OFF": {"muted": False}}, '{"muted": true}'),
    "threshold": Form(Threshold, {}, '{"label": "angry", "enter": 0.6}, from 0 to 1'),
    "log_level": Form(
        LogLevel, {word: {"level": word} for word in ("debug", "info", "warning", "error")}, '{"level": "info"}'
    ),
    "baseline": Form(
        BaselineMode, {word: {"mode": word} for word in ("on", "frozen", "off", "reset")}, '{"mode": "frozen"}'
    ),
    "calibrate": Form(Calibrate, {"": {}, "PRESS": {}, "FORGET": {"forget": True}}, '{"forget": true}'),
    **dict.fromkeys(("reload", "restart", "identify", "snapshot"), _NOTHING),
}


class _Identified(msgspec.Struct):
    """The ``id`` of any object."""

    id: _Id


def arguments(name: str, payload: bytes) -> Arguments | Fault:
    """Parse ``payload`` of the command ``name``, one of ``FORMS``; never raises."""
    form = FORMS[name]
    if len(payload) > MAX_BYTES:
        message = f"the payload has more than {MAX_BYTES} bytes, {_expected(form)}"
        return Fault(message, msgspec.UNSET, message)
    try:
        text = payload.decode("utf-8").strip()
        known: Any = {word.lower(): content for word, content in form.words.items()}.get(text.lower())
        if known is not None:
            return msgspec.convert(known, form.kind)
        return msgspec.json.decode(text, type=form.kind)
    except MALFORMED:
        message = f"the payload is {_quoted(payload)}, {_expected(form)}"
        what = f"of {counted(len(payload), 'byte')} is malformed" if payload else "is empty"
        return Fault(message, _id_of(payload), f"the payload {what}, {_expected(form)}")


def _expected(form: Form) -> str:
    words = [word or "nothing" for word in form.words]
    return f"expected {' or '.join(filter(None, [', '.join(words), form.example]))}"


def _quoted(payload: bytes) -> str:
    return shown(payload.decode("utf-8", "replace")) if payload else "empty"


def _id_of(payload: bytes) -> str | msgspec.UnsetType:
    """The id of an otherwise invalid object, so that its result is recognised."""
    try:
        return msgspec.json.decode(payload, type=_Identified).id
    except MALFORMED:
        return msgspec.UNSET
