"""Runs damaged models in a process of its own, since a runtime may crash its process.

    python -m tests.parts.faults.fuzz_child RUNTIME FOLDER PART    lines of JSON on stdin ──► one line with the verdict

Each line is a list of edits, with their bytes in hexadecimal, of PART: the shipped bundle's first ``model``, or the
``trunk`` of a tiny one.  Each case runs in
a fork of this process, which has imported the runtime but run nothing: 2 ms instead of 500 ms.
"""

import dataclasses
import hashlib
import json
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np

from edged.errors import ModelError
from edged.models.bundle import Bundle, load_bundle
from edged.models.cascade import Answer, Cascade
from edged.models.interpreter import Runtime, Seen, installed_runtimes
from edged.models.trunk import Trunk
from tests.parts.faults.fuzzing import damaged
from tests.parts.models.bundles import NETWORKS
from tests.parts.models.trunk_bundles import trunk_bundle

ALLOWED_S = 3  # of CPU time per case, which no other load changes; a good one takes 20 ms
_ASLEEP_S = 120  # per case, for one that waits for ever


def rehashed(bundle: Bundle, folder: Path, part: str, content: bytes) -> Bundle:
    """The bundle with ``content`` as this part and a matching hash, written to ``folder`` and loaded again."""
    manifest, contents, trunk = bundle.manifest, dict(bundle.contents), bundle.trunk
    sha256 = hashlib.sha256(content).hexdigest()
    if part == "trunk":
        assert manifest.trunk is not None
        manifest = msgspec.structs.replace(manifest, trunk=msgspec.structs.replace(manifest.trunk, sha256=sha256))
        trunk = content
    else:
        first = manifest.routes.hard.model
        model = msgspec.structs.replace(manifest.models[first], sha256=sha256)
        manifest = msgspec.structs.replace(manifest, models={**manifest.models, first: model})
        contents[first] = content
    (folder / "bundle.json").write_bytes(msgspec.json.encode(manifest))
    for name, other in contents.items():
        (folder / manifest.models[name].file).write_bytes(other)
    for described, file in ((manifest.gate, bundle.gate), (manifest.trunk, trunk)):
        if described is not None and file is not None:
            (folder / described.file).write_bytes(file)
    if manifest.adaptation is not None and bundle.adaptation is not None:
        (folder / manifest.adaptation.file).write_bytes(bundle.adaptation)
    return load_bundle(folder)


def answer_of(bundle: Bundle, runtime: Runtime) -> Answer:
    """To silence; only the trunk and the first model are loaded: the others would take most of the time."""
    hard = msgspec.structs.replace(bundle.manifest.routes.hard, branches=())
    routes = msgspec.structs.replace(bundle.manifest.routes, hard=hard)
    alone = dataclasses.replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, routes=routes))
    geometry = bundle.geometry
    image = np.zeros((geometry.n_frames, geometry.n_bands), np.int8)
    seen: Seen = Trunk(bundle, runtime=runtime).features(image) if bundle.trunk is not None else image
    return Cascade(alone, "hard", runtime=runtime).answer(seen)


def verdict(bundle: Bundle, folder: Path, part: str, content: bytes, runtime: Runtime) -> str:
    """``answered``, ``refused``, or a description of the failure."""
    try:
        answer = answer_of(rehashed(bundle, folder, part, content), runtime)
    except ModelError as exc:
        return "refused" if str(exc).isprintable() else f"refused in more than a line: {exc!r}"
    except Exception as exc:  # noqa: BLE001 -- any exception is a finding
        return f"{type(exc).__name__}: {exc}"
    shares = answer.scores
    return "answered" if np.isfinite(shares).all() and 0 <= shares.min() <= shares.max() <= 1 else f"scores {shares}"


def in_fork(bundle: Bundle, folder: Path, part: str, content: bytes, runtime: Runtime) -> str:
    """The verdict, or the signal that killed the process."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (ALLOWED_S, ALLOWED_S + 1))
        signal.alarm(_ASLEEP_S)
        os.write(write, verdict(bundle, folder, part, content, runtime).encode()[:4000])
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
    part = sys.argv[3]
    with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
        if part == "trunk":
            bundle = trunk_bundle(Path(folder) / "tiny", "float")
            content = bundle.trunk or b""
        else:
            bundle = load_bundle(NETWORKS)
            content = bundle.contents[bundle.manifest.routes.hard.model]
        for line in sys.stdin:
            changes = [(place, n_removed, bytes.fromhex(new)) for place, n_removed, new in json.loads(line)]
            case = damaged(content, changes)
            sys.stdout.write(json.dumps(in_fork(bundle, Path(folder), part, case, runtime)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
