"""Payloads of other programs: recorded ones of each preset, paths, filters, labels and scores; garbage of all kinds."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.config.hub.presets import complete
from edged.config.hub.structs import LABELS, Input
from edged.hub.inputs import Ignored, Reader, Said
from edged.hub.linear_text import load_text_scorer

_PAYLOADS = Path(__file__).parent / "payloads"
NOW_S = 1_795_725_600.0  # 2026-11-26T20:40:00Z


class Words:
    """A text model that knows two words, and records nothing."""

    labels = ("angry", "happy", "other")

    def scores(self, sentence: str) -> Mapping[str, float] | None:
        """Angry for "hate", other for "wow"."""
        if "hate" in sentence:
            return {"angry": 0.7, "happy": 0.1, "other": 0.2}
        return {"angry": 0.1, "happy": 0.1, "other": 0.8} if "wow" in sentence else None


def reader(**keys: object) -> Reader:
    """For an input with these keys."""
    return Reader(complete(Input(**keys)), LABELS, Words())  # type: ignore[arg-type]


def said(result: Said | Ignored) -> Said:
    """The result, which must say something."""
    assert isinstance(result, Said)
    assert math.fsum(result.scores.values()) == pytest.approx(1)
    assert tuple(result.scores) == LABELS
    return result


def payload(preset: str) -> bytes:
    """A recorded payload."""
    return (_PAYLOADS / f"{preset}.json").read_bytes()


def test_rhasspy() -> None:
    """The words are found, for the site alone."""
    read = []

    class Recording(Words):
        def scores(self, sentence: str) -> Mapping[str, float] | None:
            read.append(sentence)
            return {"happy": 1.0}

    one = complete(Input(preset="rhasspy", where={"siteId": "default"}))
    assert one.topic == "hermes/asr/textCaptured"
    assert said(Reader(one, LABELS, Recording()).read(payload("rhasspy"))).vote == "happy"
    assert read == ["ημερομηνία"]
    elsewhere = reader(preset="rhasspy", where={"siteId": "kitchen"})
    assert elsewhere.read(payload("rhasspy")) == Ignored("elsewhere")


def test_words_of_another_language_are_no_evidence() -> None:
    """The recorded sentence of Rhasspy is Greek, and the text model knows English."""
    one = complete(Input(preset="rhasspy"))
    assert Reader(one, LABELS, load_text_scorer()).read(payload("rhasspy")) == Ignored("no_evidence")


def test_esphome() -> None:
    """What docs/hub.md has on_stt_end publish."""
    assert reader(preset="esphome", topic="satellite/stt").read(payload("esphome")) == Ignored("no_evidence")
    hateful = payload("esphome").replace(b"the time", b"this I hate")
    assert said(reader(preset="esphome", topic="satellite/stt").read(hateful)).vote == "angry"


def test_deepface() -> None:
    """Percentages by label; surprise says nothing of ours."""
    result = said(reader(preset="deepface", topic="cam").read(payload("deepface")))
    assert (result.vote, result.unknown) == ("happy", ())
    # 0.998495 and a sixth of surprise, through the channel of reliability 0.55.
    happy = 0.9984946 + 5.2e-08 / 6
    assert result.scores["happy"] == pytest.approx(0.55 * happy + 0.45 / 5 * (1 - happy), abs=1e-6)


@pytest.mark.parametrize("name", ["frigate_face", "frigate_event", "double_take"])
@pytest.mark.parametrize(
    "keys",
    [{"preset": "deepface"}, {"preset": "esphome"}, {"preset": "rhasspy"}, {"kind": "label", "label": "emotion"}],
)
def test_identities_are_nothing_to_any_input(name: str, keys: dict[str, str]) -> None:
    """Frigate and Double Take say who, not how: malformed, and the name is in no result."""
    assert reader(**{"topic": "cameras", **keys}).read(payload(name)) == Ignored("malformed")


def test_bare_label() -> None:
    """(r at the label, (1 - r) / (K - 1) elsewhere)."""
    scores = said(reader(kind="label", topic="a", reliability=0.75).read(b" Joy\n")).scores
    assert scores["happy"] == pytest.approx(0.75)
    assert scores["sad"] == pytest.approx(0.05)


def test_label_by_path_and_map() -> None:
    """Through objects and lists; our own map comes before the usual names, case aside."""
    one = reader(kind="label", topic="a", label="faces.1.mood", map={"Grim": "sad", "joy": "neutral"})
    assert said(one.read(b'{"faces": [{}, {"mood": "grim"}]}')).vote == "sad"
    assert said(one.read(b'{"faces": [{}, {"mood": "JOY"}]}')).vote == "neutral"
    assert said(one.read(b'{"faces": [{}, {"mood": "anger"}]}')).vote == "angry"
    assert one.read(b'{"faces": [{}]}') == Ignored("malformed")
    assert one.read(b'{"faces": {"1": 5}}') == Ignored("malformed")


def test_label_that_says_nothing() -> None:
    """Surprise: even scores, and no vote."""
    result = said(reader(kind="label", topic="a").read(b"surprise"))
    assert result.vote == ""
    assert [*result.scores.values()] == pytest.approx([1 / 6] * 6)


def test_unknown_label() -> None:
    """Alone it is ignored; among scores its share goes to all in equal parts."""
    assert reader(kind="label", topic="a").read(b"woozy") == Ignored("unknown_labels", ("woozy",))
    result = said(
        reader(kind="label", topic="a", scores="s", reliability=1).read(b'{"s": {"happy": 0.4, "woozy": 0.6}}')
    )
    assert result.unknown == ("woozy",)
    assert result.scores["happy"] == pytest.approx(0.4 + 0.1)


def test_scores_with_a_scale_and_without_a_label() -> None:
    """Percent; the likeliest is the vote. Scores that sum to more than 1 are shares."""
    one = reader(kind="label", topic="a", scores="s", scale=100, reliability=1)
    assert said(one.read(b'{"s": {"sad": 80, "happy": 20}}')).vote == "sad"
    assert said(one.read(b'{"s": {"sad": 300, "happy": 100}}')).scores["sad"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    "scores",
    ["[]", "{}", '"x"', '{"sad": -1}', '{"sad": true}', '{"sad": "1"}', '{"sad": 0}', '{"sad": null}', '{"woozy": 1}'],
)
def test_scores_that_are_none(scores: str) -> None:
    """Without a label beside them there is nothing to take."""
    assert isinstance(reader(kind="label", topic="a", scores="s").read(f'{{"s": {scores}}}'.encode()), Ignored)


def test_words_are_scored() -> None:
    """What the text model calls other goes to all labels; no known word is no evidence."""
    one = reader(kind="text", topic="a")
    result = said(one.read(b"I hate it"))
    assert result.vote == "angry"
    assert result.scores["angry"] == pytest.approx(0.7 + 0.2 / 6)
    assert said(one.read(b"wow")).vote == ""
    assert one.read(b"quite so") == Ignored("no_evidence")
    assert one.read(b"  ") == Ignored("no_evidence")
    assert one.read(b"\xff") == Ignored("malformed")
    assert reader(kind="text", topic="a", text="b").read(b'{"b": 5}') == Ignored("malformed")


def test_words_without_a_model() -> None:
    """No text model: no evidence."""
    assert Reader(complete(Input(kind="text", topic="a")), LABELS, None).read(b"I hate it") == Ignored("no_evidence")


@pytest.mark.parametrize(
    ("where", "content", "matches"),
    [
        ({"a.b": 1}, '{"a": {"b": 1}}', True),
        ({"a.b": 1}, '{"a": {"b": 1.0}}', True),
        ({"a.b": 1}, '{"a": {"b": true}}', False),
        ({"a.b": True}, '{"a": {"b": 1}}', False),
        ({"a.b": "1"}, '{"a": {"b": 1}}', False),
        ({"a": "x", "b": "y"}, '{"a": "x", "b": "y"}', True),
        ({"a": "x", "b": "y"}, '{"a": "x"}', False),
        ({"a": "x"}, "[]", False),
    ],
)
def test_where(where: dict[str, object], content: str, matches: bool) -> None:  # noqa: FBT001 -- a parameter
    """Values must be equal, and of one type."""
    result = reader(kind="label", topic="t", label="l", where=where).read(content.encode())
    assert (result == Ignored("elsewhere")) is not matches


@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        (NOW_S, None),
        (NOW_S - 9, None),
        (NOW_S + 9, None),
        (NOW_S - 11, "late"),
        (NOW_S + 11, "late"),
        ("2026-11-26T20:40:00Z", None),
        ("2026-11-26T21:40:00+01:00", None),
        ("2026-11-26T20:39:00Z", "late"),
        ("yesterday", "malformed"),
        (True, "malformed"),
        (None, "malformed"),
        (1e300, "late"),
    ],
)
def test_late(moment: object, fault: str | None) -> None:
    """A time within ten seconds of our clock, on either side."""
    content = json.dumps({"t": moment, "l": "sad"}).encode()
    result = reader(kind="label", topic="a", label="l", time="t").read(content, NOW_S)
    assert (result.fault if isinstance(result, Ignored) else None) == fault


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_garbage_never_raises(content: bytes) -> None:
    """Whatever comes, a result."""
    for one in (
        reader(preset="rhasspy"),
        reader(preset="deepface", topic="a"),
        reader(kind="label", topic="a"),
        reader(kind="text", topic="a", where={"a": 1}, time="t"),
    ):
        assert isinstance(one.read(content, NOW_S), Said | Ignored)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "emotion", "0"]), inner),
    max_leaves=8,
)


@given(_json)
def test_odd_json_never_raises(content: object) -> None:
    """Objects of every form at every path."""
    line = json.dumps(content).encode()
    for one in (
        reader(kind="label", topic="a", label="a.b", scores="emotion"),
        reader(kind="label", topic="a", scores="a"),
        reader(kind="text", topic="a", text="a.0", time="b"),
    ):
        result = one.read(line, NOW_S)
        assert isinstance(result, Ignored) or math.fsum(result.scores.values()) == pytest.approx(1)


def test_deep_brackets_and_huge_numbers() -> None:
    """Neither a stack nor a float overflows."""
    one = reader(kind="label", topic="a", label="l", scores="s")
    assert one.read(b"[" * 4000) == Ignored("malformed")
    assert isinstance(one.read(b'{"s": {"sad": 1e308, "happy": 1e308}}'), Said | Ignored)
    assert isinstance(one.read(b'{"s": {"sad": ' + b"9" * 400 + b"}}"), Said | Ignored)
