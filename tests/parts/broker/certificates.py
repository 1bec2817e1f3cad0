"""Certificates for mosquitto with TLS and its clients: valid, expired, for another name, from another CA.

Authority(folder) ──► ca_file, lines of mosquitto.conf, (cert_file, key_file) of a client
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

_EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)


class Authority:
    """A private CA; its files are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._ca = trustme.CA(organization_name="a home")
        self.ca_file = str(folder / "ca.pem")
        self._ca.cert_pem.write_to_path(self.ca_file)

    def broker(self, name: str = "127.0.0.1", *, expired: bool = False) -> tuple[str, str]:
        """Certificate and key files of a server called ``name``."""
        if expired:
            return self._written(self._ca.issue_cert(name, not_after=_EXPIRED), "broker")
        return self._written(self._ca.issue_cert(name), "broker")

    def lines(self, name: str = "127.0.0.1", *, expired: bool = False, wants_certificate: bool = False) -> list[str]:
        """mosquitto.conf lines for a TLS listener of a server called ``name``."""
        cert_file, key_file = self.broker(name, expired=expired)
        lines = [f"cafile {self.ca_file}", f"certfile {cert_file}", f"keyfile {key_file}"]
        lines += ["require_certificate true"] if wants_certificate else []
        return [*lines, "tls_version tlsv1.1"]  # the oldest version mosquitto supports, if OpenSSL allows it

    def newest(self, version: str) -> dict[str, str]:
        """Environment that limits OpenSSL to TLS ``version`` or older."""
        file = self._folder / "openssl.cnf"
        file.write_text(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
            f"[c]\nMinProtocol = TLSv1\nMaxProtocol = {version}\nCipherString = DEFAULT@SECLEVEL=0\n"
        )
        return {"OPENSSL_CONF": str(file)}

    def client(self, name: str = "ann") -> tuple[str, str]:
        """Certificate and key files of a client."""
        return self._written(self._ca.issue_cert(common_name=name), f"client-{name}")

    def _written(self, leaf: trustme.LeafCert, name: str) -> tuple[str, str]:
        cert_file, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        leaf.cert_chain_pems[0].write_to_path(str(cert_file))
        leaf.private_key_pem.write_to_path(str(key_file))
        key_file.chmod(0o600)
        return str(cert_file), str(key_file)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The CA that signs the broker's certificate."""
    return Authority(tmp_path / "authority")


@pytest.fixture
def unknown_authority(tmp_path: Path) -> Authority:
    """A CA that neither broker nor client trusts."""
    return Authority(tmp_path / "unknown_authority")
