"""convert.text.sentences: tables of sentences, and what is refused."""

from pathlib import Path

import pytest

from convert.text.sentences import TEXT_LABELS, read
from edged.errors import UsageError


def _table(folder: Path, text: str) -> Path:
    (folder / "goemotions_test.tsv").write_text(text, encoding="utf-8")
    return folder


def test_rows_with_one_label(tmp_path: Path) -> None:
    """Several labels are left out; surprise is other; quotes stay."""
    text = 'text\tlabels\n"Oh, no\tsadness\nboth\tjoy,anger\nwow\tsurprise\nfun\tjoy\n'
    sentences = read(_table(tmp_path, text), "goemotions", "test")
    assert sentences.texts == ['"Oh, no', "wow", "fun"]
    assert [TEXT_LABELS[index] for index in sentences.labels] == ["sad", "other", "happy"]
    assert sentences.first(1).texts == ['"Oh, no']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sentence\tlabels\na\tjoy\n", "expected text and labels"),
        ("text\tlabels\nsecret words\tbliss\n", "goemotions_test.tsv:2: expected 2 columns"),
        ("text\tlabels\nsecret words\n", "goemotions_test.tsv:2: expected 2 columns"),
        ("text\tlabels\nsecret words\tjoy,anger\n", "no sentence with one label"),
        ("text\tlabels\n", "no sentence with one label"),
        ("", "expected text and labels"),
    ],
)
def test_wrong_table(tmp_path: Path, text: str, message: str) -> None:
    """The line is named, its words are not."""
    with pytest.raises(UsageError, match=message) as caught:
        read(_table(tmp_path, text), "goemotions", "test")
    assert "secret" not in str(caught.value)


def test_absent_table(tmp_path: Path) -> None:
    """The option is named."""
    with pytest.raises(UsageError, match=r"meld_test.tsv: No such file .*--text"):
        read(tmp_path, "meld", "test")
