"""The structs of the section ``hub``: places with their inputs, the agent and its actions.

    hub: {places: {kitchen: {voice: [edged-1a2b3c4d], inputs: [{preset: rhasspy, …}]}}} ──► Hub

The comment behind a field is its description in docs/hub.md, which is generated from it.
"""

from typing import Annotated, Literal

import msgspec

from edged.config.limits import number, text, whole

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")  # those of the shipped bundle

Name = Annotated[str, text("at most 64 of a-z A-Z 0-9 _ -", r"^[a-zA-Z0-9_-]{1,64}\Z")]
_NameOrNone = Annotated[str, text("at most 64 of a-z A-Z 0-9 _ -, or ''", r"^[a-zA-Z0-9_-]{0,64}\Z")]
_Topic = Annotated[str, text("a topic without + and #, at most 1000 characters", r"^[^+#\x00-\x1f]{0,1000}\Z")]
_Path = Annotated[str, text("keys with dots between, such as emotion.scores", r"^[^\x00-\x1f]{0,200}\Z")]
_Words = Annotated[str, text("text of at most 500 characters", r"(?s)^.{0,500}\Z")]
_Url = Annotated[
    str, text("a URL that starts with http:// or https://, or ''", r"^(https?://[^\s\x00-\x1f]{1,1000})?\Z")
]
_Part = Annotated[str, text("a number and a count, such as 1/4", r"^[1-9][0-9]{0,2}/[1-9][0-9]{0,2}\Z")]

Scalar = str | int | float | bool
_Share = Annotated[float, number(0, 1)]
_Shares = Annotated[dict[str, _Share], msgspec.Meta(description="labels, each with its share, 0 to 1")]
_Map = Annotated[dict[str, str], msgspec.Meta(description="labels by label, such as {joy: happy}")]
_Where = Annotated[dict[str, Scalar], msgspec.Meta(description="values by path, such as {siteId: kitchen}")]
_Fields = Annotated[dict[str, Scalar], msgspec.Meta(description="values by name, such as {state: ON}")]
_Choices = Annotated[
    dict[Name, Annotated[list[Scalar], msgspec.Meta(min_length=1, max_length=20)]],
    msgspec.Meta(description="a list of allowed values for each name, such as {level: [low, high]}"),
]
_Reliability = Annotated[Annotated[float, number(0, 1)] | None, msgspec.Meta(description="a number, 0 to 1, or null")]
_Inputs = Annotated[list["Input"], msgspec.Meta(max_length=16, description="at most 16 inputs")]
_Names = Annotated[list[Name], msgspec.Meta(max_length=64, description="at most 64 names")]


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One topic with words or labels about a place."""

    preset: Literal["", "rhasspy", "esphome", "deepface"] = ""  # ready-made values; keys that are given replace them
    kind: Literal["", "text", "label"] = ""  # text: words, scored in memory and dropped; label: names of emotions
    name: _NameOrNone = ""  # of the source in `mood`; empty: `text`, or `face` for labels
    topic: _Topic = ""  # the whole topic, without wildcards
    text: _Path = ""  # path of the words; empty: the whole payload is the words
    label: _Path = ""  # path of the label; empty, without `scores`: the whole payload is the label
    scores: _Path = ""  # path of an object with a score for each label; empty: there is none
    time: _Path = ""  # path of the time of speaking: RFC 3339, or seconds since 1970; empty: none
    scale: Annotated[float, number(0.001, 1_000_000)] = 1.0  # what a score of 1 is in the payload: 100 for percent
    map: _Map = {}  # the program's labels to edged's, or to '' for one that is ignored, such as {contempt: ''}
    where: _Where = {}  # only payloads with these values count; one topic may serve several places
    reliability: _Reliability = None  # how much it is trusted; null: 0.05 for text, 0.55 for labels


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A room: its microphones and inputs, and how they become one mood."""

    voice: _Names = []  # nodes of the edged devices here; of several, the loudest with speech counts
    inputs: Annotated[
        list[Input], msgspec.Meta(max_length=16, description="at most 16 inputs")
    ] = []  # topics with words or labels
    method: Literal["pool", "rule"] = "pool"  # pool: weighted opinions; rule: the most frequent labels, text first
    window_s: Annotated[float, number(1, 120)] = 5.0  # seconds until a source counts 37 % (pool) or nothing (rule)
    reliability: Annotated[float, number(0, 1)] = 1.0  # how much the voice is trusted
    prior: _Shares = {}  # usual shares of emotions; other labels divide the rest; {}: all the same
    enter: Annotated[float, number(0, 1)] = 0.5  # score at which a label is the mood; below it: uncertain
    hold_s: Annotated[float, number(0, 600)] = 3.0  # seconds that a mood must last to be an event
    area: str = ""  # area that Home Assistant suggests for the place; empty: none


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that the agent may do: a fixed MQTT publish or HTTP request, with values from fixed lists."""

    description: _Words  # what it does, for the model
    topic: _Topic = ""  # topic to publish to; excludes `url`
    url: _Url = ""  # URL to request; excludes `topic`
    method: Literal["POST", "PUT", "GET"] = "POST"  # of the request
    word: _Words = ""  # the whole payload, if it is a bare word; excludes `payload` and `arguments`
    payload: _Fields = {}  # fixed fields of a JSON object
    arguments: _Choices = {}  # further fields, whose values the model picks from these lists
    qos: Literal[0, 1] = 1  # of the publish
    retain: bool = False  # whether the broker keeps it
    token_file: str = ""  # path of a file with a bearer token for the request; empty: none
    places: _Names = []  # where it may be used; []: everywhere


class Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A language model that is asked when a mood begins or changes, and may call an action."""

    base_url: _Url  # of an OpenAI-compatible API, such as http://localhost:11434/v1
    model: _Words  # name of the model there
    key_file: str = ""  # path of a file with the API key alone; empty: systemd's credential agent_key, or none
    places: _Names = []  # places whose moods it is asked about; []: all
    emotions: _Names = []  # moods that it is asked about; []: all labels
    instructions: _Words = ""  # what you want it to do, in your words
    timeout_s: Annotated[float, number(1, 600)] = 30.0  # seconds to wait for an answer
    cooldown_s: Annotated[float, number(0, 86_400)] = 300.0  # seconds between two questions about a place
    per_day: Annotated[int, whole(0, 10_000)] = 50  # maximum number of questions in 24 hours
    dry_run: bool = False  # true: it is asked, but no action is done


class Hub(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The hub: fusion of voice, words and faces, beside the broker."""

    name: _NameOrNone = ""
    places: Annotated[
        dict[Name, Place], msgspec.Meta(max_length=1000, description="at most 1000 places by name, each with its keys")
    ] = {}
    part: _Part = "1/1"
    labels: Annotated[list[Name], msgspec.Meta(min_length=2, max_length=32, description="2 to 32 labels")] = (
        msgspec.field(default_factory=lambda: list(LABELS))
    )
    agent: Annotated[Agent | None, msgspec.Meta(description="keys of the agent, or null")] = None
    actions: Annotated[
        dict[Name, Action], msgspec.Meta(max_length=50, description="at most 50 actions by name, each with its keys")
    ] = {}
