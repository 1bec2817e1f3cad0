"""YAML that is not a valid config: broken, expanding, duplicated; and how values are quoted in messages."""

import pytest

from edged.config.load import parse_config
from tests.parts.refusals import refusal, written


@pytest.mark.parametrize("mode", ["on", "off", "frozen"])
def test_parse_on_and_off_are_words(mode: str) -> None:
    """PyYAML alone would parse them as truth values."""
    assert parse_config(f"baseline: {{mode: {mode}}}", "").baseline.mode == mode


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("null", "without a value"),
        ("true", "true"),
        ("-1", "-1"),
        ("'x'", "'x'"),
        ("[1, 2]", "[1, 2]"),
        ('"a\\nb"', r"'a\nb'"),
    ],
)
def test_parse_wrong_value_shown(value: str, shown: str) -> None:
    """The message shows the value as it was written."""
    assert refusal(written("mqtt.port", value)) == (
        f"config.yaml: mqtt.port is {shown}, expected a whole number, 0 to 65535"
    )


def test_parse_wrong_value_long() -> None:
    """A value of a hundred thousand characters is shortened."""
    assert "..." in refusal(written("mqtt.port", "x" * 100_000))


@pytest.mark.parametrize("form", ["{}", "[{}]", "-{}", "{{a: {}}}"])
@pytest.mark.parametrize("key", ["mqtt.port", "audio.gain_db", "node"])
def test_parse_wrong_value_number_long(key: str, form: str) -> None:
    """Python reads such a number in hexadecimal but refuses to print it in decimal."""
    assert "a number too long" in refusal(written(key, form.format("0x" + "f" * 10_000)))


def test_parse_merges_multiplied() -> None:
    """Merged keys could expand a few lines to gigabytes before any check."""
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    assert "'<<' is not taken here" in refusal("\n".join(lines))


def test_parse_aliases_multiplied() -> None:
    """A few lines of aliases that expand to billions of values are refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "a0 is not a key" in refusal("\n".join(lines))
    nested = "".join(f"[&b{n} " for n in range(40)) + "x" + "".join(f", *b{n + 1}]" for n in reversed(range(39)))
    assert "mqtt.port is [" in refusal(written("mqtt.port", nested + "]"))


@pytest.mark.parametrize("key", ['"a\\nb"', '"x - at `$.q"', f"{'k' * 1000}"])
def test_parse_unknown_key_odd(key: str) -> None:
    """No key can break the message."""
    assert " is not a key, expected keys among " in refusal(f"{key}: 1")


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {",
        "mqtt: [",
        "a: b: c",
        "\tmqtt: 1",
        "mqtt:\n host: a\n  port: 1",
        "'",
        "&a *a",
        "a: &a [*a]",
        "? [a]\n: b",
        "node: !!python/object/apply:os.system ['true']",
        "node: !!int ''",
        "node: !!bool x",
        "node: !!timestamp x",
        "node: 2026-02-30",
        'node: "\\z"',
        'node: "\\UFFFFFFFF"',
        'mqtt: {username: "\\ud800"}',
        'mqtt: {password_file: "\\0"}',
        "!!map [a]",
        "mqtt: !!map [a]",
        "mqtt: !!map x",
        f"audio: {{gain_db: 1{':0' * 300}.0}}",
        "mqtt: {<<: {port: 1}}",
        "node: \0",
        "---\nnode: a\n---\nnode: b\n",
        "[" * 10_000,  # deeper than Python recurses
        "- a",
        "text",
        "5",
    ],
)
def test_parse_broken_yaml(text: str) -> None:
    """Invalid YAML, YAML without keys and values, and unsafe tags are refused."""
    refusal(text)


def test_parse_broken_yaml_place() -> None:
    """The message gives the position of the fault."""
    assert refusal("node: a\nmqtt: [1\n").startswith("config.yaml: line 3, column 1: ")


@pytest.mark.parametrize("character", ["\0", "\x07"])
def test_parse_control_character(character: str) -> None:
    """A character that YAML does not take is shown, with its place, and not in PyYAML's words."""
    expected = f"config.yaml: line 2, column 8: the character {character!r}, expected text"
    assert refusal(f"node: a\naudio: {character}") == expected


@pytest.mark.parametrize("text", ["node: a\nnode: b\n", "mqtt:\n  port: 1\n  port: 2\n", "mqtt:\nmqtt:\n"])
def test_parse_key_twice(text: str) -> None:
    """YAML would use the last one, which its author may not have meant."""
    assert "is given twice" in refusal(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("\tnode: a", "line 1, column 1: a tab, expected spaces"),
        ("node: @a", "line 1, column 7: a value that starts with @, expected it in quotes"),
        ("tracker:\n  enter: 0.6\n leave: 0.5", "line 3, column 2: expected the same indentation as the keys above"),
        (
            "node: a: b",
            "line 1, column 8: a second colon, expected one key a line, and text with a colon in quotes",
        ),
        (
            "mqtt:\n  host\n  port: 1",
            "line 3, column 7: a second colon, expected one key a line, and text with a colon",
        ),
        ("node\nmqtt: {}", "line 2, column 5: a second colon, expected one key a line"),
        ("node: 'a", "line 1, column 9: the file ends within quotes, expected the closing one"),
        ("mqtt: {host: a", "line 1, column 15: the file ends within brackets, expected the closing one"),
        ("mqtt: {host: a\nnode: b", "line 2, column 5: expected a comma or }"),
    ],
)
def test_parse_slips_of_the_keyboard(text: str, fault: str) -> None:
    """In words for people who never heard of tokens and blocks."""
    assert refusal(text).startswith(f"config.yaml: {fault}")
