"""Sources of the broker's password; errors name the file, never its content."""

import os
from pathlib import Path

import pytest

from edged.config.structs import Mqtt
from edged.errors import ConfigError
from edged.mqtt.security.password import read_password


def test_password_is_the_file_without_its_line_end(tmp_path: Path) -> None:
    """A final newline is removed, and CRLF too."""
    file = tmp_path / "password"
    for content in (b"secret", b"secret\n", b"secret\r\n"):
        file.write_bytes(content)
        assert read_password(Mqtt(username="ann", password_file=str(file))) == "secret"


def test_password_comes_from_systemds_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LoadCredential=mqtt_password:… provides the file."""
    (tmp_path / "mqtt_password").write_text("secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password(Mqtt(username="ann")) == "secret"


def test_password_is_none_where_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user name may have no password; without a user name no credential is read."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password(Mqtt(username="ann")) is None
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert read_password(Mqtt(username="ann")) is None
    (tmp_path / "mqtt_password").write_text("secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password(Mqtt()) is None


@pytest.mark.parametrize(
    "content",
    [
        b"s\xc3\xa9cret",
        b"\xef\xbb\xbfs\xc3\xa9cret\r\n",
        b"s\xc3\xa9cret\n\n",
        "\ufeffs\u00e9cret\r\n".encode("utf-16-le"),
    ],
    ids=["alone", "mark and CRLF", "empty line", "UTF-16"],
)
def test_password_without_what_an_editor_adds(tmp_path: Path, content: bytes) -> None:
    """Notepad's byte order mark and line ends are removed."""
    file = tmp_path / "password"
    file.write_bytes(content)
    assert read_password(Mqtt(username="ann", password_file=str(file))) == "s\u00e9cret"


@pytest.mark.parametrize("content", ["", "\n", "\ufeff\r\n"])
def test_empty_credential_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """The unit always passes a credential; an empty one is no password."""
    (tmp_path / "mqtt_password").write_text(content)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password(Mqtt(username="ann")) is None


@pytest.mark.parametrize("content", [None, b"", b"\n", b"secret\nsecret\n", b"secret\xff", b"secret" * 20_000])
def test_password_file_that_can_not_be_used(tmp_path: Path, content: bytes | None) -> None:
    """A missing, empty, multi-line, non-UTF-8 or too long file: key and file are named, the content never."""
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"mqtt\.password_file is .*password.*expected") as caught:
        read_password(Mqtt(username="ann", password_file=str(file)))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None or "secret" not in str(caught.value.__cause__)


def test_credential_that_is_closed_to_the_user_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreadable credential is an error, like an unreadable file of the config."""
    (tmp_path / "mqtt_password").write_text("secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    tmp_path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(ConfigError, match=r"mqtt_password': Permission denied, expected a readable file$"):
            read_password(Mqtt(username="ann"))
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)
