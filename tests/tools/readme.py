"""Puts what `edged schema --markdown` prints between its two markers in the README.

python -m tests.tools.readme        (make reference)
"""

from pathlib import Path

from edged.contract.reference import BEGIN, END, markdown

README = Path(__file__).parents[2] / "README.md"


def renewed(text: str) -> str:
    """``text`` with the reference as the source has it now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    assert after, f"the README lacks {BEGIN} or {END}"
    return f"{before}{BEGIN}\n\n{markdown()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
