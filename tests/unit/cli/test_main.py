"""The command line: exit statuses and one-line errors of all commands.

``replay`` and ``classify`` have their own test files.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.system.program import LIMIT_S, REPOSITORY, assert_one_line, edged


def test_wrong_config_ends_with_78(speech: Path, tmp_path: Path) -> None:
    """One line has the key, the value and what was expected."""
    config = tmp_path / "config.yaml"
    config.write_text("tracker: {span_s: soon}\n")
    assert_one_line(edged("classify", "--config", config, speech), 78, "tracker.span_s", "'soon'")


def test_threshold_for_a_label_that_the_bundle_lacks_ends_with_78(speech: Path, tmp_path: Path) -> None:
    """A mistyped label is an error, not a threshold without effect."""
    config = tmp_path / "config.yaml"
    config.write_text("tracker: {enter_for: {angri: 0.6}}\n")
    assert_one_line(
        edged("classify", "--config", config, speech), 78, f"{config}: tracker.enter_for names angri, ", "'angry'"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("tracker: {enter_for: {angri: 0.6}}", "tracker.enter_for names angri"),
        ("baseline: {expected: {neutral: 0.9, happy: 0.5}}", "baseline.expected has shares of 1.4 together"),
    ],
)
def test_check_rejects_labels_that_run_would_reject(tmp_path: Path, settings: str, words: str) -> None:
    """``check`` is OK only with a config that ``run`` accepts, labels included."""
    config = tmp_path / "config.yaml"
    config.write_text(f"{settings}\n")
    done = edged("check", "--config", config)
    assert done.returncode == 78
    assert any(line.startswith(f"labels        FAIL  {words}") for line in done.stdout.splitlines()), done.stdout


def test_bundle_with_a_flipped_byte_ends_with_78(speech: Path, tmp_path: Path) -> None:
    """A bundle that does not match its hashes is refused."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for file in (REPOSITORY / "edged" / "models" / "small").iterdir():
        (bundle / file.name).write_bytes(file.read_bytes())
    model = next(iter(sorted(bundle.glob("*.tflite"))))
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{bundle: {bundle}}}\n")
    assert_one_line(edged("classify", "--config", config, speech), 78, model.name, "sha256")


def test_config_is_found_where_edged_is_started(speech: Path, tmp_path: Path) -> None:
    """./config.yaml is used by default."""
    (tmp_path / "config.yaml").write_text("nod: lab\n")
    assert_one_line(edged("classify", speech, cwd=tmp_path), 78, "config.yaml", "nod")


CLOSED = """
import os, sys
from pathlib import Path
from edged.cli import config_file
from edged.cli.main import main
config_file.PLACES = ()
main(["acl", "--pattern"])  # while its modules can be read
config_file.PLACES = tuple(Path(argument) for argument in sys.argv[1:])
os.chmod(".", 0)
if os.geteuid() == 0:
    os.seteuid(65534)
sys.exit(main(["acl", "--pattern"]))
"""


def test_folder_that_is_closed_to_the_user_holds_no_config(tmp_path: Path) -> None:
    """``sudo -u edged edged check`` in root's home falls back to /etc/edged; if that is unreadable too it fails."""

    def pattern(*places: str | Path) -> tuple[int, list[str]]:
        tmp_path.chmod(0o700)
        command = [sys.executable, "-c", CLOSED, *places]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=LIMIT_S, env=environment
        )
        tmp_path.chmod(0o700)
        return done.returncode, done.stderr.splitlines()

    assert pattern("config.yaml") == (0, [])
    etc = tmp_path / "config.yaml"
    assert pattern("config.yaml", etc) == (
        78,
        [f"edged: {etc}: Permission denied, expected a readable YAML file"],
    )


def test_schema_prints_json_schema() -> None:
    """One document has every payload's schema."""
    document = json.loads(edged("schema").stdout)
    assert {"emotion", "event/start", "event/end", "health"} <= document["topics"].keys()


def test_history_without_an_outbox_is_one_line(tmp_path: Path) -> None:
    """The line names the missing file and what creates it."""
    config = tmp_path / "config.yaml"
    config.write_text(f"state_dir: {tmp_path}\n")
    assert_one_line(edged("history", "--config", config), 1, "outbox.sqlite3", "edged run")
