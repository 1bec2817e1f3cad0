"""A model's tool call to an action of the config, or a refusal.

    name, arguments as JSON text ──names and values of the config──► Approved(name, fields), or Refused

Nothing of the model's text goes further than this module: what is approved are the config's own objects, compared with
the model's text, and a refusal never quotes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from edged.config.hub.structs import Action, Scalar
from edged.decoding import MALFORMED

_MAX_BYTES = 4096  # of a call's arguments


@dataclass(frozen=True, slots=True)
class Approved:
    """An allowed call, made of objects of the config."""

    name: str
    action: Action
    arguments: Mapping[str, Scalar]  # by name, the config's values

    @property
    def payload(self) -> str | dict[str, Scalar]:
        """What is sent: the bare word, or the fields of a JSON object."""
        return self.action.word or {**self.action.payload, **self.arguments}


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that the config does not have."""

    message: str
    action: str | None = None  # the action's name, if there is such an action


def checked(name: object, arguments: object, actions: Mapping[str, Action]) -> Approved | Refused:
    """The call of ``name`` with ``arguments``, JSON text of an object, among the ``actions`` of its place."""
    own = next((known for known in actions if known == name), None)
    if own is None:
        return Refused(f"it called an action that is not in hub.actions ({', '.join(actions) or 'none'})")
    action = actions[own]
    given = _object(arguments)
    if given is None:
        return Refused(f"it called {own} with arguments that are no JSON object", own)
    if given.keys() != action.arguments.keys():
        expected = ", ".join(action.arguments) or "none"
        return Refused(f"it called {own} with other arguments than {expected}", own)
    chosen: dict[str, Scalar] = {}
    for argument, values in action.arguments.items():
        value = next((value for value in values if _is_same(value, given[argument])), None)
        if value is None:
            return Refused(f"it called {own} with a value of {argument} that is not in the list", own)
        chosen[argument] = value
    return Approved(own, action, chosen)


def _object(arguments: object) -> dict[str, object] | None:
    if isinstance(arguments, dict):  # some servers send the object itself
        return arguments
    if not isinstance(arguments, str) or len(arguments.encode(errors="replace")) > _MAX_BYTES:
        return None
    try:
        found = msgspec.json.decode(arguments.strip() or "{}")
    except MALFORMED:
        return None
    return found if isinstance(found, dict) else None


def _is_same(value: Scalar, given: object) -> bool:
    """Equal, and true is not 1: a model may write 1 for 1.0, but not for true."""
    return value == given and isinstance(value, bool) == isinstance(given, bool)
