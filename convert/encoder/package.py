"""The package with the encoder to its ONNX file and its licence, both checked by their hashes.

    pip download pipecat-ai ──► wheel ──smart-turn-v3.2-cpu.onnx, LICENSE──► a folder of build/, or UsageError

Smart Turn v3.2 (Daily, BSD-2-Clause) is a Whisper-tiny encoder (OpenAI, MIT; Radford et al. 2022, arXiv 2212.04356)
that was fine-tuned to detect the end of a speaker's turn.  The package is fetched alone: its dependencies are not
needed.
"""

from pathlib import Path

from convert.data.wheel import fetched

PACKAGE = "pipecat-ai==1.14.0"
ONNX = "smart-turn-v3.2-cpu.onnx"
NOTICE = (
    "The encoder is the first layers of Smart Turn v3.2 (Copyright (c) 2024-2026, Daily; BSD-2-Clause), from the"
    f" package {PACKAGE}, which is a fine-tuned Whisper-tiny encoder (Copyright (c) 2022 OpenAI; MIT)."
)
# Member of the wheel, and the SHA-256 of what it holds.
MEMBERS = {
    ONNX: (
        f"pipecat/audio/turn/smart_turn/data/{ONNX}",
        "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
    ),
    "LICENSE": (
        "pipecat_ai-1.14.0.dist-info/licenses/LICENSE",
        "e31a733ecb79cbffafd5474e964e5eca15e0a0876a42b1d7253b51b198eb61aa",
    ),
}


def fetch(folder: Path, wheel: Path | None = None) -> Path:
    """Puts the ONNX file and its licence into ``folder``, unless they are there and intact; the path of the ONNX file.

    Args:
        folder: created if it is absent.
        wheel: the package's file, for machines on which pip cannot fetch it.

    Raises:
        UsageError: the package cannot be fetched, or its content does not match the hashes.
    """
    return fetched(PACKAGE, MEMBERS, folder, wheel) / ONNX
