"""README, docs/ and config.yaml describe everything that exists, and nothing that does not."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from edged.cli.parser import ENTRIES
from edged.config.load import load_config, parse_config
from edged.config.structs import Config
from edged.contract.commands import FORMS
from edged.contract.topics import HUB_TOPICS, TOPICS, Topic

_REPOSITORY = Path(__file__).parents[2]
_DOCS = _REPOSITORY / "docs"
_README = _REPOSITORY / "README.md"
_PAGES = {
    str(page.relative_to(_REPOSITORY)): page.read_text(encoding="utf-8")
    for page in [_README, *sorted(_REPOSITORY.glob("[A-Z]*.md")), *sorted(_DOCS.rglob("*.md"))]
}
_MAX_WORDS = 1300  # of the README
_HISTORY = ("CHANGELOG.md", "docs/decisions/")  # may name what no longer exists


def keys(kind: type, above: str = "") -> list[str]:
    """All keys of the config as ``section.key``."""
    names = []
    for field in msgspec.structs.fields(kind):
        if isinstance(field.default, msgspec.Struct):
            names += keys(type(field.default), f"{field.name}.")
        else:
            names.append(above + field.name)
    return names


def commands() -> list[str]:
    """All commands, as the program lists them."""
    return [entry.name for entry in ENTRIES]


def current_pages() -> dict[str, str]:
    """Pages that describe the program as it is now."""
    return {name: text for name, text in _PAGES.items() if not name.startswith(_HISTORY)}


def prose(text: str) -> str:
    """``text`` without fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Relative links of ``page`` to missing files or headings."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        missing = not target.exists()
        if missing or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("name", _PAGES)
def test_links(name: str) -> None:
    """Relative links lead to files, and anchors to headings."""
    assert broken_links(_REPOSITORY / name) == []


def test_broken_link_is_seen(tmp_path: Path) -> None:
    """Links to missing files and headings are reported; fenced blocks have no links."""
    page = tmp_path / "page.md"
    page.write_text("# One thing\n[a](none.md) [b](#one-thing) [c](#other)\n```\n[d](none.md)\n```\n", encoding="utf-8")
    assert broken_links(page) == ["none.md", "#other"]


@pytest.mark.parametrize("name", sorted(_PAGES.keys() - {"README.md"}))
def test_page_is_linked(name: str) -> None:
    """Every page can be reached from the README, the index or another page."""
    target = (_REPOSITORY / name).resolve()
    for other, text in _PAGES.items():
        links = re.findall(r"\]\(([^)#\s]+)", text)
        if other != name and any(((_REPOSITORY / other).parent / link).resolve() == target for link in links):
            return
    pytest.fail(f"no page links to {name}")


def test_readme_is_short() -> None:
    """The README takes a newcomer a few minutes."""
    assert len(_README.read_text(encoding="utf-8").split()) <= _MAX_WORDS


def test_readme_says_what_a_newcomer_needs() -> None:
    """It explains how to try, install and test, and marks its picture as an excerpt."""
    text = _README.read_text(encoding="utf-8")
    for needed in ("make demo", "make test", "sudo make install", "pipx install", "docs/index.md", "](docs/demo.svg)"):
        assert needed in text
    assert re.search(r"\]\(docs/demo\.svg\)\n\n\*[^*]*excerpt[^*]*\*$", text, re.MULTILINE)


@pytest.mark.parametrize("key", keys(Config))
def test_config_key_is_documented(key: str) -> None:
    """Every key is in the config reference."""
    assert f"\n| `{key}` | " in _PAGES["docs/config.md"]


def test_config_keys_exist() -> None:
    """No page names a key that does not exist."""
    sections = [field.name for field in msgspec.structs.fields(Config) if isinstance(field.default, msgspec.Struct)]
    named = set(re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)", "\n".join(current_pages().values())))
    assert named - {*keys(Config), "baseline.json", "outbox.sqlite"} == set()


def test_commands_are_documented() -> None:
    """docs/cli.md lists every command, and no page names another."""
    assert "run" in commands()
    assert set(re.findall(r"^\| `edged ([a-z]+)", _PAGES["docs/cli.md"], re.MULTILINE)) == set(commands())
    named = set(re.findall(r"`edged ([a-z]+)", "\n".join(current_pages().values())))
    assert named - set(commands()) == set()


def test_make_targets_exist() -> None:
    """Every ``make`` target that a page names exists."""
    targets = re.findall(r"^([a-z0-9-]+):", (_REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"(?:`|^|sudo )make ([a-z][a-z0-9-]+)", "\n".join(current_pages().values()), re.MULTILINE))
    assert {"demo", "test", "install"} <= named
    assert named - set(targets) == set()


def test_convert_commands_exist() -> None:
    """No page names a subcommand of ``python -m convert`` that does not exist."""
    files = (_REPOSITORY / "convert" / "commands").rglob("*.py")
    named = set(re.findall(r"python -m convert ([a-z]+)", "\n".join(current_pages().values())))
    assert {"evaluate", "gate"} <= named
    assert named - {file.stem for file in files} == set()


@pytest.mark.parametrize("topic", [*TOPICS, *HUB_TOPICS], ids=lambda topic: str(topic.name))
def test_topic_is_documented(topic: Topic) -> None:
    """Every topic is in the table of docs/mqtt.md, with QoS and retain flag."""
    retained = "yes" if topic.retained else "no"
    assert re.search(rf"^\| `{topic.name}` \| {topic.qos} \| {retained} \|", _PAGES["docs/mqtt.md"], re.MULTILINE)


@pytest.mark.parametrize("name", FORMS)
def test_mqtt_command_is_documented(name: str) -> None:
    """Every MQTT command is in the table of docs/mqtt.md."""
    assert f"\n| `{name}` | " in _PAGES["docs/mqtt.md"].partition("\n## Commands")[2]


def test_folders_are_documented() -> None:
    """docs/development.md lists every folder of the program."""
    for folder in sorted((_REPOSITORY / "edged").iterdir()):
        if (folder / "__init__.py").exists():
            assert f"| `edged/{folder.name}/` |" in _PAGES["docs/development.md"]


def test_paths_exist() -> None:
    """Files and folders of the repository that a page names exist."""
    text = "\n".join(current_pages().values())
    named = set(re.findall(r"`((?:edged|convert|tests|docs|systemd|\.github)/[\w./-]*)`", text))
    assert [path for path in sorted(named) if not (_REPOSITORY / path).exists()] == []


def test_named_tests_exist() -> None:
    """Each row of the fault table names its tests, and every test that a page names exists."""
    table = _PAGES["docs/operations.md"].partition("\n## Faults and what happens")[2]
    rows = [row for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"`test_\w+` \|$", row)] == []
    named = set(re.findall(r"`(test_\w+)`", "\n".join(current_pages().values())))
    there = "\n".join(file.read_text(encoding="utf-8") for file in (_REPOSITORY / "tests").rglob("test_*.py"))
    assert [test for test in sorted(named) if f"def {test}" not in there] == []


def test_shown_configs_load() -> None:
    """Every config shown on a page loads."""
    sections = "|".join(field.name for field in msgspec.structs.fields(Config))
    shown = [
        parse_config(re.sub(r"^ {3}", "", block, flags=re.MULTILINE) if block.startswith("   ") else block, name)
        for name, text in current_pages().items()
        for block in re.findall(r"^ *```yaml\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
        if re.search(rf"^ *(?:{sections}):", block, re.MULTILINE)
    ]
    assert len(shown) >= 4
    assert any(config.homeassistant.suggested_area == "Kitchen" for config in shown)


def test_decisions_are_listed() -> None:
    """Decision records are dated, listed, and numbered without gaps."""
    records = sorted((_DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, 1 + len(records)))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.search(r"^Date: \d{4}-\d\d-\d\d · Status: ", text, re.MULTILINE), record.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], record.name
        assert f"({record.name})" in _PAGES["docs/decisions/README.md"]


def test_changelog_has_its_form() -> None:
    """Keep a Changelog: Unreleased first, then dated versions, newest first."""
    versions = re.findall(r"^## (.+)$", _PAGES["CHANGELOG.md"], re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])
    kinds = set(re.findall(r"^### (.+)$", _PAGES["CHANGELOG.md"], re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_no_gaps() -> None:
    """No placeholder is left."""
    for name, text in _PAGES.items():
        assert not re.search(r"@@|TODO|TBD|FIXME", text), name
        assert name == "CHANGELOG.md" or not re.search(r"^## .+\n+(?=## |\Z)", text, re.MULTILINE), name


def test_config_yaml_is_the_defaults() -> None:
    """config.yaml loads and equals the defaults."""
    assert load_config(_REPOSITORY / "config.yaml") == Config()


def test_config_yaml_complete() -> None:
    """config.yaml has every key, each with a comment on its line."""
    text = (_REPOSITORY / "config.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    for key in keys(Config):
        section, _, name = key.rpartition(".")
        assert name in (values[section] if section else values)
        assert re.search(rf"^ *{name}: .*\S +# \S.+$", text, re.MULTILINE)
