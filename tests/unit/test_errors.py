"""The error classes, and the exit statuses that systemd and scripts rely on."""

import pytest

from edged import errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UsageError, 64),
        (errors.RecordingError, 65),
        (errors.CalibrationError, 1),
        (errors.CaptureError, 1),
        (errors.HistoryError, 1),
        (errors.StateError, 1),
        (errors.OutputError, 1),
        (errors.PublishError, 1),
        (errors.AlreadyRunningError, 69),
        (errors.ThreadError, 1),
        (errors.RestartError, 75),
        (errors.ConfigError, 78),
        (errors.ModelError, 78),
    ],
)
def test_exit_status_each_error(error: type[errors.EdgedError], status: int) -> None:
    """The status matches the documentation and the unit."""
    assert error.exit_status == status
    assert issubclass(error, errors.EdgedError)


def test_tree_docstring_complete() -> None:
    """The module's tree has every error with its exit status."""
    drawing = {line.split()[1]: line for line in (errors.__doc__ or "").splitlines() if "──" in line}
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.EdgedError) and error is not errors.EdgedError:
            assert f" {error.exit_status} " in drawing[error.__name__]


@pytest.mark.parametrize(
    ("word", "name"),
    [("prot", "port"), ("hots", "host"), ("root_", "root"), ("prt", "port"), ("certificate", "")],
)
def test_nearest_name(word: str, name: str) -> None:
    """Two exchanged letters are one slip; a word that is near to none has no answer."""
    assert errors.nearest(word, ("host", "root", "port")) == name


def test_reason_names_no_file() -> None:
    """The system's words without number and file; other errors as they are."""
    assert errors.reason(FileNotFoundError(2, "No such file or directory", "nope.npz")) == "No such file or directory"
    assert errors.reason(EOFError("No data left in file")) == "No data left in file"
    assert errors.reason(OSError("no code")) == "no code"


@pytest.mark.parametrize(("count", "text"), [(0, "0 labels"), (1, "1 label"), (2, "2 labels")])
def test_counted(count: int, text: str) -> None:
    """One thing has no s."""
    assert errors.counted(count, "label") == text
