"""The command that a bundle names as its origin: with the gate that was asked for."""

from typing import Any

import pytest

from convert.bundle.draft import naming_gate
from convert.bundle.shipped_gate import shipped_gate


@pytest.mark.parametrize(
    ("recipe", "added"),
    [
        ({"heads": {}, "trunk": {}}, " --shipped-gate"),
        ({"heads": None, "trunk": None}, " --shipped-gate"),
        ({"heads": {}, "trunk": None}, ""),  # on the encoder there is no other gate
    ],
)
def test_command_names_the_shipped_gate(recipe: dict[str, Any], added: str) -> None:
    """Whoever repeats the command gets the same gate; without a gate nothing is added."""
    training = {"recipe": recipe, "command": "python -m convert all"}
    assert naming_gate(training, shipped_gate())["command"] == f"python -m convert all{added}"
    assert naming_gate(training, None) == training
