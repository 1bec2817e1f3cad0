"""librosa where it is installed: what the published features were computed with.

the extra zoo ──► the module
"""

from typing import Any

from edged.errors import UsageError


def librosa() -> Any:  # noqa: ANN401 -- it ships no types
    """The module.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import librosa as found  # noqa: PLC0415 -- an extra, and it takes a second
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra zoo: pip install -e '.[zoo]'") from exc
    return found
