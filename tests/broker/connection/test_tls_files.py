"""The files of TLS: which cannot be used and by which key, and a private key that others can read."""

from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Mqtt
from edged.errors import ConfigError
from edged.mqtt.security.tls import key_hint, tls_context
from tests.parts.broker.certificates import Authority, authority

__all__ = ["authority"]


@pytest.mark.parametrize("key", ["ca_file", "cert_file", "key_file"])
@pytest.mark.parametrize(
    ("content", "expected"), [(None, "No such file"), ("no certificate", "expected a PEM file"), ("", "expected a PEM")]
)
def test_file_that_cannot_be_used_is_a_config_error(
    authority: Authority, tmp_path: Path, key: str, content: str | None, expected: str
) -> None:
    """The message has the key and the file."""
    file = tmp_path / "given.pem"
    if content is not None:
        file.write_text(content)
    cert_file, key_file = authority.client()
    keys = {"ca_file": authority.ca_file, "cert_file": cert_file, "key_file": key_file, key: str(file)}
    with pytest.raises(ConfigError, match=rf"^mqtt\.{key} is '{file}'.*{expected}"):
        tls_context(msgspec.structs.replace(Mqtt(tls="on"), **keys))


def test_key_of_another_certificate_is_a_config_error(authority: Authority) -> None:
    """OpenSSL only says that values mismatch; the message says which."""
    cert_file, _ = authority.client("ann")
    _, key_file = authority.client("bob")
    with pytest.raises(ConfigError, match=r"^mqtt\.key_file is '.*bob\.key', expected the key of mqtt\.cert_file"):
        tls_context(Mqtt(tls="on", cert_file=cert_file, key_file=key_file))


def test_key_with_a_passphrase_is_a_config_error(authority: Authority, tmp_path: Path) -> None:
    """Nobody can type it, and OpenSSL must not ask."""
    from cryptography.hazmat.primitives import serialization as s  # noqa: PLC0415 -- comes with trustme

    cert_file, key_file = authority.client()
    key = s.load_pem_private_key(Path(key_file).read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"passphrase"))
    )
    with pytest.raises(ConfigError, match="it has a passphrase, expected a key without one"):
        tls_context(Mqtt(tls="on", cert_file=cert_file, key_file=str(locked)))


def test_certificate_without_any_key_is_a_config_error(authority: Authority) -> None:
    """The message has the three places for a key."""
    cert_file, _ = authority.client()
    with pytest.raises(ConfigError, match=r"expected a PEM file with a private key, or mqtt\.key_file, or the cred"):
        tls_context(Mqtt(tls="on", cert_file=cert_file))


def test_key_that_others_can_read_is_hinted_at(authority: Authority) -> None:
    """The connection works, but any local user could impersonate the device."""
    cert_file, key_file = authority.client()
    mqtt = Mqtt(tls="on", cert_file=cert_file, key_file=key_file)
    assert not key_hint(mqtt)
    Path(key_file).chmod(0o644)
    assert key_hint(mqtt) == f"mqtt.key_file '{key_file}' can be read by others: chmod 600"
