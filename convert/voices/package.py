"""The package that contains the voice encoder to its weights and its licence, whose hashes are checked.

    pip download resemblyzer ──► wheel ──pretrained.pt, LICENSE──► a folder of build/, or UsageError

Resemblyzer (Resemble AI, Apache-2.0) has an encoder of voices, trained with the generalized end-to-end loss (Wan
et al. 2018, arXiv 1710.10467).  The package is fetched alone: it needs torch, and nothing here does.
"""

from pathlib import Path

from convert.data.wheel import fetched

PACKAGE = "resemblyzer==0.1.4"
WEIGHTS, LICENCE = "pretrained.pt", "LICENSE"
# Member of the wheel, and the SHA-256 of what it holds.
MEMBERS = {
    WEIGHTS: (
        f"resemblyzer/{WEIGHTS}",
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    ),
    LICENCE: (
        "Resemblyzer-0.1.4.dist-info/LICENSE",
        "835cbdc5bdc6c60fae874e544e7d5ba648d77d25ec72e4c2efc26b5fde0862c3",
    ),
}


def fetch(folder: Path, wheel: Path | None = None) -> Path:
    """Puts both into ``folder``; files that are there and intact stay.  Returns ``folder``.

    Raises:
        UsageError: the package cannot be had, or its content is not what the hashes say.
    """
    return fetched(PACKAGE, MEMBERS, folder, wheel)
