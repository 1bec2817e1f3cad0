"""A real llama server on a model of random weights: it serves the protocol and says nonsense."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np

from tests.parts.broker.mosquitto import wait_until

_WIDTH, _N_HEADS, _FEED, _CONTEXT = 64, 4, 128, 4096
_START_S = 60


def write_model(file: Path) -> None:
    """One layer of llama with a token for each byte; half a megabyte."""
    tokens = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL, *[gguf.TokenType.BYTE] * 256]
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_FEED)
    writer.add_head_count(_N_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _N_HEADS)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    generator = np.random.default_rng(0)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, (0.1 * generator.standard_normal(shape)).astype(np.float32))

    add("token_embd.weight", len(tokens), _WIDTH)
    add("output.weight", len(tokens), _WIDTH)
    for name in ("output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"):
        writer.add_tensor(name, np.ones(_WIDTH, np.float32))
    for part in ("q", "k", "v", "output"):
        add(f"blk.0.attn_{part}.weight", _WIDTH, _WIDTH)
    add("blk.0.ffn_gate.weight", _FEED, _WIDTH)
    add("blk.0.ffn_up.weight", _FEED, _WIDTH)
    add("blk.0.ffn_down.weight", _WIDTH, _FEED)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextmanager
def llama_server(folder: Path) -> Iterator[str]:
    """Runs the server; its base URL."""
    model = folder / "tiny.gguf"
    write_model(model)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cyllama.llama.server", "-m", str(model), "--port", str(port), "--gpu-layers", "0"]
    command += ["--ctx-size", str(_CONTEXT)]
    log = folder / "llama.log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ}) as server:
        try:
            wait_until(lambda: server.poll() is not None or _answers(port), what="the server", within_s=_START_S)
            assert server.poll() is None, log.read_text(errors="replace")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()
            server.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
