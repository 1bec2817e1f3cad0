"""Coverage-guided fuzzing of the parsers in Python with atheris, where it is installed.

    python -m tests.tools.guided [RUNS]        (or: make fuzz)

    shipped file, example ──libFuzzer, guided by coverage──► config | manifest | command ──► or a crash

atheris cannot see into the C parsers of recordings, models and outbox files: ``test_fuzz.py``, ``test_fuzz_models.py``
and ``test_database.py`` damage those at random.  libFuzzer ends its process, so each target gets its own.
"""

import importlib
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

_REPOSITORY = Path(__file__).parents[2]
_MANIFEST = _REPOSITORY / "edged" / "models" / "small" / "bundle.json"
_RUNS = 10_000


def one_line(message: str) -> None:
    """The message has one line and no control characters."""
    assert message.isprintable(), repr(message)


def config(folder: Path) -> Callable[[bytes], None]:
    """Bytes as config.yaml: a config, or a one-line error."""
    from edged.config.load import load_config  # noqa: PLC0415 -- atheris instruments imports made here
    from edged.errors import ConfigError  # noqa: PLC0415

    def parse(content: bytes) -> None:
        file = folder / "config.yaml"
        file.write_bytes(content)
        try:
            load_config(file)
        except ConfigError as exc:
            one_line(str(exc))

    return parse


def manifest(folder: Path) -> Callable[[bytes], None]:
    """Bytes as bundle.json: a one-line error, since none of its files exist."""
    from edged.errors import ModelError  # noqa: PLC0415
    from edged.models.bundle import load_bundle  # noqa: PLC0415

    def parse(content: bytes) -> None:
        (folder / "bundle.json").write_bytes(content)
        try:
            load_bundle(folder)
        except ModelError as exc:
            one_line(str(exc))
        else:
            raise AssertionError("a bundle without files was taken")

    return parse


def command(folder: Path) -> Callable[[bytes], None]:
    """Bytes as payload of every command: arguments that can be encoded again, or a one-line fault."""
    from edged.contract.commands import FORMS, Fault, arguments  # noqa: PLC0415

    del folder

    def parse(content: bytes) -> None:
        for name in FORMS:
            parsed = arguments(name, content)
            if isinstance(parsed, Fault):
                one_line(parsed.message)
            else:
                msgspec.json.encode(parsed)

    return parse


TARGETS = {function.__name__: function for function in (config, manifest, command)}
SEEDS = {
    "config": [
        (_REPOSITORY / "config.yaml").read_bytes(),
        b"mqtt: {host: a}\n",
        b"tracker:\n  enter_for: {sad: 0.5}\n",
    ],
    "manifest": [_MANIFEST.read_bytes()],
    "command": [b'{"muted": true, "id": "7"}', b'{"label": "angry", "enter": 0.6}', b'{"mode": "reset"}', b"OFF"],
}


def fuzz(target: str, n_runs: int, folder: Path) -> None:
    """Fuzz one target; libFuzzer ends the process, with a status other than 0 on a finding."""
    atheris: Any = importlib.import_module("atheris")  # optional, x86 only
    with atheris.instrument_imports(include=["edged", "yaml"]):
        parse = TARGETS[target](folder)
    seeds = folder / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(SEEDS[target]):
        (seeds / str(number)).write_bytes(seed)
    longest = 2 * max(map(len, SEEDS[target]))
    arguments = [sys.argv[0], f"-runs={n_runs}", f"-max_len={longest}", f"-artifact_prefix={folder}/", "-seed=1"]
    atheris.Setup([*arguments, str(seeds)], parse)
    atheris.Fuzz()


def main(n_runs: int) -> int:
    """Run each target in its own process; 0 if none has a finding or atheris is missing."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (pip install 'edged[fuzz]'): no coverage-guided fuzzing")
        return 0
    status = 0
    for target in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            command_line = [sys.executable, "-m", "tests.tools.guided", str(n_runs), target, folder]
            done = subprocess.run(command_line, check=False, capture_output=True, text=True)
        log_lines = done.stderr.splitlines()
        if done.returncode:
            print(f"{target}: FAILED", *log_lines[-60:], sep="\n")
            status = 1
        else:
            print(f"{target}: {next(line for line in reversed(log_lines) if 'DONE' in line)}")
    return status


if __name__ == "__main__":
    if len(sys.argv) > 2:  # RUNS TARGET FOLDER
        fuzz(sys.argv[2], int(sys.argv[1]), Path(sys.argv[3]))
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else _RUNS))
