"""YAML text to plain values, stricter than YAML: constructs that no config needs are refused, with their line.

    text ──SafeLoader without double keys, merges, broken text──► dict, or ConfigError: file, line, what is wrong

YAML itself silently takes the last of two equal keys, expands merged keys to gigabytes, and reads ``on`` as a truth
value.
"""

import re
from typing import Any

import yaml

from edged.errors import ConfigError, shown

# PyYAML names its tokens; what people do who meet these messages is a slip of the keyboard.
_SLIPS = {
    re.compile(pattern): words
    for pattern, words in {
        r"found character '\\t'": "a tab, expected spaces",
        r"found character '([^'])'": r"a value that starts with \1, expected it in quotes",
        "expected <block end>": "expected the same indentation as the keys above",
        "mapping values are not allowed": "a second colon, expected one key a line, and text with a colon in quotes",
        "could not find expected ':'": "a line without a colon above, expected key: value",
        "unexpected end of stream": "the file ends within quotes, expected the closing one",
        "but got '<stream end>'": "the file ends within brackets, expected the closing one",
        r"expected ',' or '([\]}])'": r"expected a comma or \1",
    }.items()
}
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # no file's name and no MQTT string holds these


def plain_values(text: str, name: str) -> dict[Any, Any]:
    """The keys and values of ``text``, empty where it is; ``name`` stands for the file in messages.

    Raises:
        ConfigError: it is not YAML, or not keys and values; one line, with line and column.
    """
    try:
        values = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 -- a SafeLoader that also refuses double keys
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        raise ConfigError(f"{name}:{where} {_slip(exc.problem or exc.context or 'broken YAML')}") from exc
    except yaml.reader.ReaderError as exc:  # a control character; PyYAML's message is for programmers
        start = text[: exc.position]
        where = f"line {start.count(chr(10)) + 1}, column {exc.position - start.rfind(chr(10))}"
        raise ConfigError(f"{name}: {where}: the character {chr(exc.character)!r}, expected text") from exc
    except (yaml.YAMLError, ArithmeticError, ValueError, LookupError, AttributeError, RecursionError) as exc:
        # PyYAML lets all these through: a 30th of February, `!!int ""`, `!!bool x`, `!!timestamp x`, deep nesting, and
        # `"\UFFFFFFFF"`.
        raise ConfigError(f"{name}: broken YAML: {_one_line(str(exc))}") from exc
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise ConfigError(f"{name}: the file is {shown(values)}, expected keys and values")
    return values


def _slip(problem: str) -> str:
    """``problem`` in words for people who do not know YAML's parts; as it is where it is none of the usual ones."""
    for pattern, words in _SLIPS.items():
        if match := pattern.search(problem):
            return match.expand(words)
    return _one_line(problem)


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses what YAML allows and no config needs: a key given twice, merged keys, broken text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401, FBT001, FBT002 -- PyYAML's
        """YAML would silently take the last of two equal keys; merges expand a few lines to gigabytes."""
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(problem="'<<' is not taken here, expected keys", problem_mark=key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    problem = f"the key {shown(key.value)} is given twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_scalar(self, node: Any) -> Any:  # noqa: ANN401 -- PyYAML's
        """Refuses text that neither the system nor a broker can take."""
        value = super().construct_scalar(node)
        if _NO_TEXT.search(value):
            raise yaml.MarkedYAMLError(
                problem=f"{shown(value)} has a NUL or surrogate character, expected text", problem_mark=node.start_mark
            )
        return value


def _whole_mapping(loader: _UniqueKeyLoader, node: yaml.Node) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


# on and off are words of this config, and by YAML 1.2 they are nothing else; only true and false stay truth values.
_UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if first in "tTfF" or resolver[0] != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _whole_mapping)
