"""The machine's reachable addresses, as the kernel lists them."""

import ipaddress
from pathlib import Path

import pytest

from edged.host.addresses import addresses, in_url, is_loopback


def test_addresses_of_this_machine() -> None:
    """Each is a valid address, not loopback, and listed once."""
    mine = addresses()
    assert len(mine) == len(set(mine))
    assert not any(ipaddress.ip_address(address).is_loopback for address in mine)


def test_loopback_and_link_local_are_left_out(tmp_path: Path) -> None:
    """Only the reachable address of an interface counts; a vanished interface is skipped."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "lo").touch()
    (tmp_path / "net" / "gone0").touch()
    (tmp_path / "if_inet6").write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000000000000000001 02 40 20 80     eth0\n"
        "20010db8000000000000000000000007 02 40 00 00     eth0\n"
    )
    assert addresses(tmp_path / "net", tmp_path / "if_inet6") == ["2001:db8::7"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_loopback(host: str) -> None:
    """Names and addresses that only this machine reaches."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.20", "::", "127.0.0.1.example.org", "localhost.example.org"])  # noqa: S104 -- nothing listens
def test_no_loopback(host: str) -> None:
    """Others may reach these."""
    assert not is_loopback(host)


def test_in_url() -> None:
    """Brackets for IPv6 alone."""
    assert [in_url(host) for host in ("::1", "127.0.0.1", "localhost")] == ["[::1]", "127.0.0.1", "localhost"]


def test_system_that_does_not_say(tmp_path: Path) -> None:
    """Without the file or without addresses the list is empty."""
    (tmp_path / "if_inet6").write_text("no address\n")
    assert addresses(tmp_path / "absent", tmp_path / "absent") == []
    assert addresses(tmp_path / "absent", tmp_path / "if_inet6") == []
