"""Runs damaged models in a process of its own, since a runtime may crash its process.

    python -m tests.parts.faults.fuzz_child RUNTIME    lines of JSON on stdin ──► one line with the verdict on stdout

Each line is a list of edits, with their bytes in hexadecimal, of the shipped bundle's first model.  Each case runs in
a fork of this process, which has imported the runtime but run nothing: 2 ms instead of 500 ms.
"""

import dataclasses
import hashlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import Runtime, installed_runtimes
from tests.parts.faults.fuzzing import damaged

ALLOWED_S = 3  # per case; a good one takes 20 ms


def rehashed(bundle: Bundle, folder: Path, content: bytes) -> Bundle:
    """The bundle with ``content`` as its first model and a matching hash, written to ``folder`` and loaded again."""
    first = bundle.manifest.routes.hard.model
    model = msgspec.structs.replace(bundle.manifest.models[first], sha256=hashlib.sha256(content).hexdigest())
    models = {**bundle.manifest.models, first: model}
    (folder / "bundle.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(bundle.manifest, models=models)))
    for name, other in bundle.contents.items():
        (folder / models[name].file).write_bytes(content if name == first else other)
    if bundle.manifest.gate is not None and bundle.gate is not None:
        (folder / bundle.manifest.gate.file).write_bytes(bundle.gate)
    return load_bundle(folder)


def verdict(bundle: Bundle, folder: Path, content: bytes, runtime: Runtime) -> str:
    """``answered``, ``refused``, or a description of the failure."""
    try:
        loaded = rehashed(bundle, folder, content)
        # Only the damaged model is loaded: the others would take most of the time.
        hard = msgspec.structs.replace(loaded.manifest.routes.hard, branches=())
        routes = msgspec.structs.replace(loaded.manifest.routes, hard=hard)
        alone = dataclasses.replace(loaded, manifest=msgspec.structs.replace(loaded.manifest, routes=routes))
        answer = Cascade(alone, "hard", runtime=runtime).answer(
            np.zeros((GEOMETRY.n_frames, GEOMETRY.n_bands), np.int8)
        )
    except ModelError as exc:
        return "refused" if str(exc).isprintable() else f"refused in more than a line: {exc!r}"
    except Exception as exc:  # noqa: BLE001 -- any exception is a finding
        return f"{type(exc).__name__}: {exc}"
    shares = answer.scores
    return "answered" if np.isfinite(shares).all() and 0 <= shares.min() <= shares.max() <= 1 else f"scores {shares}"


def in_fork(bundle: Bundle, folder: Path, content: bytes, runtime: Runtime) -> str:
    """The verdict, or the signal that killed the process."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(ALLOWED_S)
        os.write(write, verdict(bundle, folder, content, runtime).encode()[:4000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        output = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (
        output if status == 0 else f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
    )


def main() -> None:
    """Print one verdict per line of stdin."""
    runtime = next(name for name in get_args(Runtime) if name == sys.argv[1])
    assert runtime in installed_runtimes()  # imports it as well, once for all forks
    bundle = load_bundle(DEFAULT_BUNDLE)
    content = bundle.contents[bundle.manifest.routes.hard.model]
    with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
        for line in sys.stdin:
            changes = [(place, n_removed, bytes.fromhex(new)) for place, n_removed, new in json.loads(line)]
            case = damaged(content, changes)
            sys.stdout.write(json.dumps(in_fork(bundle, Path(folder), case, runtime)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
