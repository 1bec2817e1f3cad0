"""The command line as a user meets it: processes, their stdout, stderr and exit status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.config import Mqtt
from tests.hearing import hearing
from tests.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until  # noqa: F401 -- fixtures
from tests.speech import RATE_HZ, clips, noise

REPOSITORY = Path(__file__).parent.parent
LIMIT_S = 180  # what takes longer hangs


def edged(*arguments: str | Path, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Runs ``edged`` with these arguments to its end."""
    return subprocess.run(
        [sys.executable, "-m", "edged", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=LIMIT_S,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )


@pytest.fixture(scope="module")
def clip(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About ten seconds of real speech as a wav file."""
    file = tmp_path_factory.mktemp("clips") / "speech.wav"
    soundfile.write(file, np.concatenate(clips(corpora, "emodb", 5)), RATE_HZ)
    return file


def assert_one_line(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The command ended with ``status`` and one line on stderr that has ``words``."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("edged: ")
    for word in words:
        assert word in lines[0]


def test_replay_jsonl_prints_json_lines_only(clip: Path) -> None:
    """Every line of stdout is one object of a known type, windows in order of time."""
    done = edged("replay", clip, "--jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["type"] for row in rows} == {"window", "start", "end"}
    starts = [row["start_s"] for row in rows if row["type"] == "window"]
    assert starts == sorted(starts)
    assert all(row["v"] == 1 for row in rows)


def test_replay_with_a_baseline(clip: Path, tmp_path: Path) -> None:
    """Learning within the file changes all but its first window; without, a replay is repeated to the digit."""
    plain, again, fresh = (
        [json.loads(line) for line in edged("replay", clip, "--jsonl", "--baseline", how).stdout.splitlines()]
        for how in ("none", "none", "fresh")
    )
    windows = [[row["scores"] for row in rows if row.get("scores")] for rows in (plain, again, fresh)]
    assert windows[0] == windows[1]
    assert windows[0][0] == windows[2][0]
    assert len(windows[0]) == len(windows[2]) > 10
    assert all(without != learned for without, learned in zip(windows[0][1:], windows[2][1:], strict=True))
    assert_one_line(edged("replay", clip, "--jsonl", "--baseline", tmp_path / "none.json"), 78, "none.json")


def test_replay_reaches_a_subscriber(clip: Path, mosquitto: Mosquitto, tmp_path: Path) -> None:  # noqa: F811
    """Without --jsonl the events go to the broker, all of them before the command ends, and stdout stays empty."""
    config = tmp_path / "config.yaml"
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    with hearing(mosquitto.port, "edged/lab/#") as (_, came):
        done = edged("replay", clip, "--config", config)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        wait_until(lambda: came and came[-1].payload == b"offline", "its goodbye")
    topics = [message.topic.removeprefix("edged/lab/") for message in came]
    assert topics[0] == topics[-1] == "availability"
    assert {"emotion", "event/start", "event/end", "health"} <= set(topics)
    ids = {
        name: [json.loads(message.payload)["episode_id"] for message in came if message.topic == f"edged/lab/{name}"]
        for name in ("event/start", "event/end")
    }
    assert ids["event/start"] == ids["event/end"]


def test_replay_without_broker_says_so(clip: Path, tmp_path: Path) -> None:
    """A broker that is not there: one line with host and port, status 1."""
    config = tmp_path / "config.yaml"
    config.write_text("mqtt: {host: 127.0.0.1, port: 1}\n")
    done = edged("replay", clip, "--config", config)
    assert done.returncode == 1
    assert "edged: broker 127.0.0.1:1: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_classify_prints_a_line_a_file(clip: Path) -> None:
    """Label, confidence and all scores, for people and for programs."""
    done = edged("classify", clip, clip)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    (row,) = [json.loads(line) for line in edged("classify", clip, "--jsonl").stdout.splitlines()]
    assert row["label"] in done.stdout
    assert row["confidence"] == max(row["scores"].values())
    assert row["windows"] > 5


def written(folder: Path, name: str, sound: object, rate_hz: int = RATE_HZ, subtype: str | None = None) -> Path:
    """A sound file in ``folder``."""
    file = folder / name
    soundfile.write(file, sound, rate_hz, subtype=subtype)
    return file


@pytest.mark.parametrize("kind", ["8-bit", "24-bit", "float", "stereo", "8 kHz", "96 kHz", "flac", "ogg", "mp3"])
def test_classify_takes_every_usual_form(corpora: Path, tmp_path: Path, kind: str) -> None:
    """The same clip in another form has nearly the same scores as in its own."""
    sound = clips(corpora, "emodb", 3)[1]
    forms: dict[str, tuple[str, object, int, str | None]] = {
        "8-bit": ("a.wav", sound, RATE_HZ, "PCM_U8"),
        "24-bit": ("a.wav", sound, RATE_HZ, "PCM_24"),
        "float": ("a.wav", sound, RATE_HZ, "FLOAT"),
        "stereo": ("a.wav", np.stack([sound, sound], axis=1), RATE_HZ, None),
        "8 kHz": ("a.wav", sound[::2], RATE_HZ // 2, None),
        "96 kHz": ("a.wav", np.repeat(sound, 6), 6 * RATE_HZ, None),
        "flac": ("a.flac", sound, RATE_HZ, None),
        "ogg": ("a.ogg", sound, RATE_HZ, None),
        "mp3": ("a.mp3", sound, RATE_HZ, None),
    }
    done = edged("classify", "--jsonl", written(tmp_path, "own.wav", sound), written(tmp_path, *forms[kind]))
    assert done.returncode == 0, done.stderr
    own, other = [json.loads(line) for line in done.stdout.splitlines()]
    assert other["duration_s"] == pytest.approx(own["duration_s"], abs=0.1)
    if kind != "8 kHz":  # which lacks half of the bands
        lossless = kind in {"24-bit", "float", "stereo", "flac"}
        assert other["scores"] == pytest.approx(own["scores"], abs=0.02 if lossless else 0.2)


def test_name_that_is_no_text_is_shown_and_told_all_the_same(tmp_path: Path) -> None:
    """A file of an old disk, named in Latin-1, in each command's output."""
    file = tmp_path / os.fsdecode(b"k\xfcche.wav")
    soundfile.write(os.fsencode(file), noise(4), RATE_HZ, format="WAV")
    shown = edged("classify", file)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.endswith(r"k\udcfcche.wav" + "\n")
    told = edged("classify", "--jsonl", file)
    assert json.loads(told.stdout)["file"].endswith("k\ufffdche.wav")
    assert edged("replay", "--jsonl", file).returncode == 0


def test_too_short_and_silent_files_have_no_emotion(tmp_path: Path) -> None:
    """A tenth of a second, or silence: the label is none, without scores."""
    tenth = written(tmp_path, "tenth.wav", noise(0.1))
    silent = written(tmp_path, "silent.wav", np.zeros(RATE_HZ * 10, np.float32))
    done = edged("classify", "--jsonl", tenth, silent)
    assert done.returncode == 0, done.stderr
    assert [(row["label"], row["scores"]) for row in map(json.loads, done.stdout.splitlines())] == [("none", None)] * 2


def test_hour_of_silence_is_replayed_without_events(tmp_path: Path) -> None:
    """An hour has a window each stride and not one event."""
    file = tmp_path / "hour.flac"
    with soundfile.SoundFile(file, "w", RATE_HZ, 1) as out:
        for _ in range(60):
            out.write(np.zeros(60 * RATE_HZ, np.float32))
    done = edged("replay", "--jsonl", file)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == pytest.approx(3600 / 0.496, abs=10)
    assert {(row["type"], row["speech"]) for row in rows} == {("window", False)}


def test_nan_samples_are_refused_with_their_place(tmp_path: Path) -> None:
    """A NaN in the middle: one line that says at which second, status 65."""
    sound = noise(3)
    sound[2 * RATE_HZ] = np.nan
    done = edged("classify", written(tmp_path, "nan.wav", sound, subtype="FLOAT"))
    assert_one_line(done, 65, "nan.wav", "2.000 s")


@pytest.mark.parametrize(
    ("name", "content"), [("empty.wav", b""), ("text.wav", b"this is no sound\n" * 50), ("cut.wav", b"RIFF\x10")]
)
def test_what_is_no_sound_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Empty, text or a torn header: one line with the file's name, status 65, nothing on stdout."""
    (tmp_path / name).write_bytes(content)
    done = edged("replay", "--jsonl", tmp_path / name)
    assert_one_line(done, 65, name)
    assert not done.stdout


def test_bad_file_does_not_keep_others_from_their_turn(clip: Path, tmp_path: Path) -> None:
    """The good file is classified, the bad one reported, and the status says that not all was well."""
    done = edged("classify", tmp_path / "absent.wav", clip)
    assert_one_line(done, 65, "absent.wav", "no such file")
    assert len(done.stdout.splitlines()) == 1


def test_wrong_config_ends_with_78(clip: Path, tmp_path: Path) -> None:
    """The key, the value and what is expected, in one line."""
    config = tmp_path / "config.yaml"
    config.write_text("tracker: {span_s: soon}\n")
    assert_one_line(edged("classify", "--config", config, clip), 78, "tracker.span_s", "'soon'")


def test_threshold_for_a_label_that_the_bundle_lacks_ends_with_78(clip: Path, tmp_path: Path) -> None:
    """A mistyped label would be a threshold for nothing."""
    config = tmp_path / "config.yaml"
    config.write_text("tracker: {enter_for: {angri: 0.6}}\n")
    assert_one_line(edged("classify", "--config", config, clip), 78, "tracker.enter_for", "angri", "'angry'")


def test_bundle_with_a_flipped_byte_ends_with_78(clip: Path, tmp_path: Path) -> None:
    """A bundle that is not what its hashes say is not run."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for file in (REPOSITORY / "edged" / "models" / "default").iterdir():
        (bundle / file.name).write_bytes(file.read_bytes())
    model = next(iter(sorted(bundle.glob("*.tflite"))))
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{bundle: {bundle}}}\n")
    assert_one_line(edged("classify", "--config", config, clip), 78, model.name, "sha256")


def test_config_is_found_where_edged_is_started(clip: Path, tmp_path: Path) -> None:
    """./config.yaml counts without being named."""
    (tmp_path / "config.yaml").write_text("nod: lab\n")
    assert_one_line(edged("classify", clip, cwd=tmp_path), 78, "config.yaml", "nod")


CLOSED = """
import os, sys
from pathlib import Path
from edged import cli
cli._PLACES = tuple(Path(argument) for argument in sys.argv[1:])
os.chmod(".", 0)
if os.geteuid() == 0:
    os.seteuid(65534)
sys.exit(cli.main(["acl", "--pattern"]))
"""


def test_folder_that_is_closed_to_the_user_holds_no_config(tmp_path: Path) -> None:
    """``sudo -u edged edged check`` in root's home goes on to /etc/edged; where that is closed too it is a fault."""

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
    """Every payload's schema, in one document."""
    document = json.loads(edged("schema").stdout)
    assert {"emotion", "event/start", "event/end", "health"} <= document["topics"].keys()


def test_history_without_an_outbox_is_one_line(tmp_path: Path) -> None:
    """The file that is missing is named, and what makes one."""
    config = tmp_path / "config.yaml"
    config.write_text(f"state_dir: {tmp_path}\n")
    assert_one_line(edged("history", "--config", config), 1, "outbox.sqlite3", "edged run")


def test_wrong_usage_ends_with_64() -> None:
    """An unknown command or speed: argparse's lines, no traceback."""
    for arguments in (
        ["sing"],
        ["replay"],
        ["replay", "--speed", "fast", "x.wav"],
        ["replay", "--speed", "0", "x.wav"],
        ["history", "--since", "yesterday"],
    ):
        done = edged(*arguments)
        assert done.returncode == 64
        assert "Traceback" not in done.stderr


def test_reader_that_leaves_ends_the_replay_quietly(clip: Path) -> None:
    """``edged replay | head -1`` leaves no traceback behind."""
    command = f"{sys.executable} -m edged replay --jsonl {clip} {clip} {clip} | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=LIMIT_S,
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_sigterm_ends_a_replay_in_real_time(clip: Path, mosquitto: Mosquitto, tmp_path: Path) -> None:  # noqa: F811
    """A stop in the middle is a clean end: status 0, the state of the node offline, files that wait are not begun."""
    config = tmp_path / "config.yaml"
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    from edged.mqtt.subscriber import Subscriber  # noqa: PLC0415 -- paho only where it is needed

    with Subscriber(Mqtt(host="127.0.0.1", port=mosquitto.port), "lab") as subscriber:
        assert subscriber.wait_connected(15)
        with subprocess.Popen(
            [sys.executable, "-m", "edged", "replay", "--speed", "1", clip, "absent.wav", "--config", config],
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
        ) as replay:
            seen: list[str] = []

            def came(name: str) -> bool:
                message = subscriber.received(0.1)
                seen.append("" if message is None else f"{message.topic} {message.payload.decode()}")
                return any(name in line for line in seen)

            wait_until(lambda: came("edged/lab/emotion"), "the first state")
            replay.send_signal(signal.SIGTERM)
            assert replay.wait(15) == 0
            wait_until(lambda: came("edged/lab/availability offline"), "offline")
