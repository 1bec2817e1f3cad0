"""program: who can reach the pages, and what `edged web` says when it cannot serve."""

import socket
from pathlib import Path
from typing import Final

import pytest

from edged.calls.page.markup import Html
from edged.config.load import parse_config
from edged.config.structs import Web
from edged.errors import ConfigError, UsageError
from edged.web.layout import ENTRIES, framed
from edged.web.program import check_reach, names, origin_of
from edged.web.server import Origin
from tests.parts.system.program import assert_one_line, edged

_EVERYWHERE = "0.0.0.0"  # noqa: S104 -- nothing listens on it here
_OPEN: Final = "anyone on the network may read every report"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_reach_loopback(host: str) -> None:
    """This machine alone needs no permission."""
    check_reach(Web(host=host), Origin())


@pytest.mark.parametrize("host", [_EVERYWHERE, "192.168.1.20", "::", "calls.example.org", "127.0.0.1.example.org"])
def test_reach_network(host: str) -> None:
    """A network needs the sentence, word for word."""
    with pytest.raises(ConfigError, match="expected a loopback address such as 127"):
        check_reach(Web(host=host), Origin())
    check_reach(Web(host=host, open_to_network=_OPEN), Origin())
    with pytest.raises(ConfigError, match=r"web\.open_to_network is 'yes'"):
        parse_config("web: {open_to_network: 'yes'}", "config.yaml")


def test_reach_names_who_gave_the_host() -> None:
    """A host of the config is the config's fault, even if the port is an option."""
    with pytest.raises(ConfigError, match=r"^web\.host 192\.168\.1\.20: "):
        check_reach(Web(host="192.168.1.20"), origin_of({"port"}))
    with pytest.raises(UsageError, match=r"^--host 192\.168\.1\.20: "):
        check_reach(Web(host="192.168.1.20"), origin_of({"host"}))


def test_names() -> None:
    """Loopback always, the address that is listened on, and names of the config in any case."""
    assert names(Web()) == {"127.0.0.1", "localhost", "::1"}
    assert {"192.168.1.20", "calls.example.org"} <= names(Web(host="192.168.1.20", names=["Calls.example.org"]))
    assert _EVERYWHERE not in names(Web(host=_EVERYWHERE))


def test_layout_marks_the_page() -> None:
    """Each entry of the navigation is on every page, the current one is marked, and no other is linked."""
    page = framed("Calls & <more>", Html(), path="/calls")
    assert page.count("<nav") == 1
    assert page.count('aria-current="page"') == 1
    assert all(f'href="{entry.path}"' in page for entry in ENTRIES)
    assert "<title>Calls &amp; &lt;more&gt;: edged</title>" in page


def test_web_port_taken(tmp_path: Path) -> None:
    """A port that is taken is one line, which names the option or the key that has it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = edged("web", "--port", str(port), environment={"XDG_STATE_HOME": str(tmp_path)})
        config = tmp_path / "config.yaml"
        config.write_text(f"{{state_dir: {tmp_path}, web: {{port: {port}}}}}\n", encoding="utf-8")
        by_config = edged("web", "--config", config)
    assert_one_line(done, 64, "web.host 127.0.0.1", f"--port {port}", "Address already in use")
    assert_one_line(by_config, 78, "web.host 127.0.0.1", f"web.port {port}", "Address already in use")


def test_web_host_open() -> None:
    """An address of the command line is not called one of the config."""
    assert_one_line(edged("web", "--host", "1.2.3.4"), 64, "--host 1.2.3.4: others can reach this address")
