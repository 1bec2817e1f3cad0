"""Argument values: which pass, and the errors for others."""

import argparse
from pathlib import Path

import pytest

from edged.cli import values


def test_values_that_pass() -> None:
    """Valid values pass unchanged."""
    assert values.node("kitchen_2-a") == "kitchen_2-a"
    assert values.host("::1") == "::1"
    assert values.port("8883") == 8883


@pytest.mark.parametrize("text", ["", "a/b", "+", "#", "x" * 65, "kitchen\n"])
def test_node_that_is_none(text: str) -> None:
    """A wildcard or another level would subscribe to other topics."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"is not a node, expected 1 to 64 of a-z A-Z 0-9 _ -"):
        values.node(text)


def test_host_that_is_a_url() -> None:
    """A URL as host gets the same hint as in the config."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"it has a port, expected the name alone: host: hub"):
        values.host("hub:1883")


def test_sound_file_with_an_empty_name() -> None:
    """An empty shell variable is not the current folder."""
    assert values.sound_file("-") == Path("-")
    with pytest.raises(argparse.ArgumentTypeError, match=r"the name is empty, expected a sound file"):
        values.sound_file("")


def test_path_with_an_empty_name() -> None:
    """As above, for configs, folders and other files."""
    assert values.path("a/b") == Path("a/b")
    with pytest.raises(argparse.ArgumentTypeError, match=r"the name is empty, expected a file or folder"):
        values.path("")


@pytest.mark.parametrize("text", ["0", "65536", "-1", "mqtt", "", "1e3"])
def test_port_that_is_none(text: str) -> None:
    """The message gives the whole range."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"is not a port, expected 1 to 65535"):
        values.port(text)


def test_port_of_a_server() -> None:
    """0 is any that is free, and the message says so."""
    assert values.port_or_0("0") == 0
    assert values.port_or_0("8095") == 8095
    with pytest.raises(argparse.ArgumentTypeError, match=r"^'65536' is not a port, expected 1 to 65535, or 0 for any"):
        values.port_or_0("65536")
