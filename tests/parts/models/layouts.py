"""Tiny corpora with synthetic sound in their authors' layouts, to test the readers and training."""

from pathlib import Path

import numpy as np
import soundfile

from tests.parts.sound.speech import RATE_HZ, noise, sine

# One speaker per split, as in convert/data/splits.
CREMAD = {"train": "1018", "validation": "1005", "test": "1029"}
EMODB = {"train": "15", "validation": "13", "test": "14"}
_PITCHES_HZ = {"ANG": 320, "DIS": 140, "FEA": 400, "HAP": 260, "NEU": 200, "SAD": 110}
_TURNS = ((0.5, 1.0), (1.6, 0.8), (4.5, 1.0))  # start and length, s
_EMODB_LETTERS = {"W": "ANG", "E": "DIS", "A": "FEA", "F": "HAP", "N": "NEU", "T": "SAD", "L": "SAD"}


def sound(file: Path, pitch_hz: float = 200, duration_s: float = 0.7, rate_hz: int = RATE_HZ) -> Path:
    """Write ``file``, a rough voice: harmonics over noise, different for each name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    place = sum(file.name.encode()) % 17
    voice = sum(sine(pitch_hz * n * (1 + place / 100), duration_s, 0.2 / n) for n in range(1, 8))
    samples = np.asarray(voice, np.float32) + noise(duration_s, 0.01)
    soundfile.write(file, samples[: round(duration_s * rate_hz)], rate_hz)
    return file


def cremad(folder: Path, actors: dict[str, str] | None = None) -> Path:
    """AudioWAV with six clips per actor, and both tables."""
    for actor in (actors or CREMAD).values():
        for emotion, pitch_hz in _PITCHES_HZ.items():
            sound(folder / "AudioWAV" / f"{actor}_DFA_{emotion}_XX.wav", pitch_hz)
    demographics = '"ActorID","Age","Sex","Race","Ethnicity"\n1018,25,"Female","Caucasian","Hispanic"\n'
    (folder / "VideoDemographics.csv").write_text(demographics, encoding="utf-8")
    votes = folder / "processedResults" / "tabulatedVotes.csv"
    votes.parent.mkdir()
    levels = "meanAngerResp,meanDisgustResp,meanFearResp,meanHappyResp,meanNeutralResp,meanSadResp"
    votes.write_text(
        f'"",A,D,F,H,N,S,fileName,{levels}\n'
        "100001,5,5,0,0,1,1,1018_DFA_ANG_XX,37.2,58.6,-1,-1,57,71\n"
        "200001,0,0,0,9,0,0,1018_DFA_ANG_XX,-1,-1,-1,50,-1,-1\n",
        encoding="utf-8",
    )
    return folder


def emodb(folder: Path) -> Path:
    """``wav`` with seven emotions per speaker, boredom among them."""
    for speaker in EMODB.values():
        for letter, emotion in _EMODB_LETTERS.items():
            sound(folder / "wav" / f"{speaker}a01{letter}a.wav", _PITCHES_HZ[emotion], 1.4)  # a second of speech
    return folder


def ravdess(folder: Path) -> Path:
    """Eight spoken emotions of an actress, and a song."""
    for emotion in range(1, 9):
        sound(folder / "Actor_02" / f"03-01-{emotion:02d}-01-01-01-02.wav", 100 + 30 * emotion)
    sound(folder / "Actor_02" / "03-02-05-02-01-01-02.wav")
    return folder


def nemo(folder: Path) -> Path:
    """``samples`` and ``data.tsv``, with spaces as published."""
    rows = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for number, emotion in enumerate(("anger", "fear", "happiness", "neutral", "sadness", "surprised")):
        name = f"WR0_{emotion}_{number}.wav"
        sound(folder / "samples" / name)
        rows.append(f"{name}\t{emotion}\t„Żołwica” to\tżołwica to\t        WR0\tmale\t23")
    (folder / "data.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def iemocap(folder: Path) -> Path:
    """One dialog of session 1 with ten turns: one per label, and one without agreement among the annotators."""
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for number, emotion in enumerate(("ang", "dis", "exc", "fea", "fru", "hap", "neu", "sad", "sur", "xxx")):
        turn = f"Ses01F_impro01_{'FM'[number % 2]}{number:03d}"
        lines += [f"[6.2901 - 8.2357]\t{turn}\t{emotion}\t[2.5000, 3.5000, 1.5000]", "C-E2:\tNeutral;\t()", ""]
        sound(folder / "Session1" / "sentences" / "wav" / "Ses01F_impro01" / f"{turn}.wav")
    table = folder / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro01.txt"
    table.parent.mkdir(parents=True)
    table.write_text("\n".join(lines), encoding="utf-8")
    spoken = folder / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro01.txt"
    spoken.parent.mkdir(parents=True)
    said = [
        "Ses01F_impro01_F000 [006.2901-008.2357]: I am so angry with you.",
        "Ses01F_impro01_M001 [008.3-009.1]: That is disgusting, it makes me sick. ",
        "M: (laughs)",
        "Ses01F_impro01_F002 [010.0-011.5]: Thank you, this is wonderful!",
    ]
    spoken.write_text("\n".join(said), encoding="utf-8")
    return folder


def tess(folder: Path) -> Path:
    """Both women, seven emotions, folder names spelt as published; one file name lacks its F."""
    for speaker, spelt in (("OAF", "OAF_Fear"), ("YAF", "YAF_fear")):
        for emotion in ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad"):
            place = folder / (spelt if emotion == "fear" else f"{speaker}_{emotion}")
            sound(place / f"{speaker}_back_{emotion}.wav")
    sound(folder / "OAF_neutral" / "OA_bite_neutral.wav")
    return folder


def savee(folder: Path, *, flat: bool = False) -> Path:
    """Two of the four men, seven emotions, in the authors' folders or in one."""
    for speaker in ("DC", "KL"):
        for letters in ("a", "d", "f", "h", "n", "sa", "su"):
            name = f"{letters}01.wav"
            sound(folder / f"{speaker}_{name}" if flat else folder / "AudioData" / speaker / name)
    return folder


def emovo(folder: Path) -> Path:
    """An actress and an actor, seven emotions, below the archive's top folder."""
    for speaker in ("f1", "m3"):
        for letters in ("dis", "gio", "pau", "rab", "neu", "sor", "tri"):
            sound(folder / "EMOVO" / speaker / f"{letters}-{speaker}-b1.wav")
    return folder


def esc10(folder: Path) -> Path:
    """Two sounds in each of three folds, one fold per split."""
    rows = ["file,sound,fold,duration_s"]
    for fold in (1, 3, 4):
        for sound_name, hiss in (("Rain", 0.3), ("Dog bark", 0.1)):
            name = f"{fold}-{sound_name[:3]}.flac"
            folder.mkdir(exist_ok=True)
            soundfile.write(folder / name, noise(4, hiss), RATE_HZ)
            rows.append(f"{name},{sound_name},{fold},4.0")
    (folder / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def ami(folder: Path) -> Path:
    """One meeting per split: two turns with a short gap, a long pause, another turn."""
    lines = []
    for name in ("trn00", "trn04", "dev00"):
        sound(folder / f"{name}.flac", 180, 6.0)
        lines += [f"SPEAKER {name} 1 {start_s} {length_s} <NA> <NA> A <NA> <NA>" for start_s, length_s in _TURNS]
    (folder / "meetings.rttm").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def noises(folder: Path) -> Path:
    """One noise per split."""
    folder.mkdir(exist_ok=True)
    for name in ("sb_noise_noise1", "am_noise_hens", "am_noise_sheep"):
        soundfile.write(folder / f"{name}.flac", noise(4), RATE_HZ)
    return folder
