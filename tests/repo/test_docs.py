"""What a user reads: the README and config.yaml say all that there is, and nothing that is not."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from edged.config.load import load_config, parse_config
from edged.config.structs import Config
from edged.contract.commands import FORMS
from edged.contract.topics import TOPICS, Topic
from tests.parts.system.program import edged

_REPOSITORY = Path(__file__).parents[2]
_README = (_REPOSITORY / "README.md").read_text(encoding="utf-8")


def keys(kind: type, above: str = "") -> list[str]:
    """All keys of the config, as ``section.key``."""
    found = []
    for field in msgspec.structs.fields(kind):
        if isinstance(field.default, msgspec.Struct):
            found += keys(type(field.default), f"{field.name}.")
        else:
            found.append(above + field.name)
    return found


def commands() -> list[str]:
    """The commands, as the program itself lists them."""
    return re.findall(r"^ {4}([a-z]+)(?: |$)", edged("--help").stdout, re.MULTILINE)


@pytest.mark.parametrize("key", keys(Config))
def test_readme_config_key(key: str) -> None:
    """Every key is in the README's table."""
    assert f"`{key}`" in _README


def test_readme_config_keys_exist() -> None:
    """The README names no key that is not one."""
    sections = [field.name for field in msgspec.structs.fields(Config) if isinstance(field.default, msgspec.Struct)]
    named = re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)`", _README)
    assert set(named) <= {*keys(Config), "mqtt.py", "baseline.json"}


def test_readme_commands() -> None:
    """Every command is in the README, and the README names no other."""
    assert "run" in commands()
    assert set(re.findall(r"`edged ([a-z]+)", _README)) == set(commands())


def test_readme_make_targets() -> None:
    """Every ``make`` that the README names is a target."""
    targets = re.findall(r"^([a-z]+):", (_REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", _README, re.MULTILINE))
    assert {"demo", "test"} <= named <= set(targets)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: str(topic.name))
def test_readme_topics(topic: Topic) -> None:
    """Every topic is in the README's table with its QoS and retention."""
    retained = "yes" if topic.retained else "no"
    assert re.search(rf"^\| `{topic.name}` \| {topic.qos} \| {retained} \|", _README, re.MULTILINE)


@pytest.mark.parametrize("name", FORMS)
def test_readme_commands_over_mqtt(name: str) -> None:
    """Every command that the broker may bring is in the README's table."""
    assert f"\n| `{name}` | " in _README.partition("\n## Commands over MQTT")[2].partition("\n## ")[0]


def test_readme_folders() -> None:
    """Every folder of the program is in the README."""
    for folder in sorted((_REPOSITORY / "edged").iterdir()):
        if (folder / "__init__.py").exists():
            assert f"`edged/{folder.name}/`" in _README


def test_readme_links() -> None:
    """Links to files lead to files."""
    for link in re.findall(r"\]\(([^)#:]+)\)", _README):
        assert (_REPOSITORY / link).exists(), link


def test_readme_no_gaps() -> None:
    """Nothing in it still waits to be filled in."""
    assert "@@" not in _README
    assert "TODO" not in _README


def test_readme_configs_load() -> None:
    """What it says to write into config.yaml is a config."""
    shown = re.findall(r"^```yaml\n(# /etc/edged/config\.yaml.*?)^```$", _README, re.MULTILINE | re.DOTALL)
    assert [parse_config(text, "README.md").homeassistant.suggested_area for text in shown] == ["Kitchen"]


def test_config_yaml_is_the_defaults() -> None:
    """config.yaml loads, and says what is so without it."""
    assert load_config(_REPOSITORY / "config.yaml") == Config()


def test_config_yaml_complete() -> None:
    """config.yaml has every key, each with a comment on its line."""
    text = (_REPOSITORY / "config.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    for key in keys(Config):
        section, _, name = key.rpartition(".")
        assert name in (values[section] if section else values)
        assert re.search(rf"^ *{name}: .*\S +# \S.+$", text, re.MULTILINE)


def test_readme_named_tests_exist() -> None:
    """Each fault of "What happens when" names the test that shows it, and that test is there."""
    table = _README.partition("### What happens when")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")][1:]
    named = [re.findall(r"`(test_\w+)` \|$", row) for row in rows]
    there = "\n".join(file.read_text(encoding="utf-8") for file in (_REPOSITORY / "tests").rglob("test_*.py"))
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    assert [test for (test,) in named if f"def {test}(" not in there] == []
