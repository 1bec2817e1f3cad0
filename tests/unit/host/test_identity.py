"""The identity of the device."""

from pathlib import Path

import pytest

from edged.host.identity import device_id, device_id_from, node_name


def file(folder: Path, content: str) -> Path:
    """Write a machine-id file."""
    path = folder / "machine-id"
    path.write_text(content, encoding="ascii")
    return path


def test_device_id_of_the_machine_id(tmp_path: Path) -> None:
    """The id is a stable hash of the machine id and does not reveal it."""
    machine_id = "0123456789abcdef0123456789abcdef"
    identity = device_id_from((file(tmp_path, f"{machine_id}\n"),))
    assert identity == device_id_from((file(tmp_path, machine_id),))
    assert len(identity) == 16
    assert int(identity, 16)
    assert identity not in machine_id


def test_device_ids_of_two_machines_differ(tmp_path: Path) -> None:
    """Different machine ids give different device ids."""
    assert device_id_from((file(tmp_path, "a" * 32),)) != device_id_from((file(tmp_path, "b" * 32),))


@pytest.mark.parametrize("content", ["", "uninitialized\n", None])
def test_device_id_without_a_machine_id(tmp_path: Path, content: str | None) -> None:
    """Without a machine id the host name is used."""
    there = tmp_path / "missing" if content is None else file(tmp_path, content)
    assert device_id_from((there,)) == device_id_from(())


def test_node_name_configured_or_of_the_device() -> None:
    """A configured name is used; otherwise two devices from one image still differ."""
    assert node_name("kitchen") == "kitchen"
    assert node_name("") == f"edged-{device_id()[:8]}"
