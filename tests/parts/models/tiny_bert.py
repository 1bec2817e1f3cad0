"""A BERT of a few thousand random weights in the files that keras-hub reads, and tables of sentences to train it on."""

import json
from pathlib import Path

import numpy as np

_WIDTH, _LAYERS, _INNER, _POSITIONS = 8, 3, 16, 64
WORDS = {
    "anger": "hate furious angry shut",
    "disgust": "gross disgusting sick awful",
    "fear": "scared afraid terrified run",
    "joy": "love great happy thanks",
    "neutral": "table window monday paper",
    "sadness": "sad miss lonely cry",
    "surprise": "wow really sudden what",
}
_COMMON = "i am so the it is you and this that they were here now"


def tiny_bert(folder: Path, seed: int = 0) -> Path:
    """``config.json``, ``model.safetensors`` and ``tokenizer.json``."""
    from safetensors.numpy import save_file  # noqa: PLC0415 - of an extra
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415 - as above

    folder.mkdir(parents=True, exist_ok=True)
    words = sorted({word for text in (*WORDS.values(), _COMMON) for word in text.split()})
    pieces = {piece: number for number, piece in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))  # noqa: S106 - a piece, no password
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    rng = np.random.default_rng(seed)
    save_file(_weights(rng, len(pieces)), str(folder / "model.safetensors"), metadata={"format": "pt"})
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": len(pieces),
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": 2,
        "hidden_size": _WIDTH,
        "intermediate_size": _INNER,
        "hidden_dropout_prob": 0.1,
        "max_position_embeddings": _POSITIONS,
        "type_vocab_size": 2,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def tables(folder: Path, n_rows: int = 140) -> Path:
    """GoEmotions and MELD as they are laid out, of made-up sentences whose words give the label away."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for corpus, head in (("goemotions", "text\tlabels"), ("meld", "text\tlabel\tdialogue\tutterance")):
        for split in ("train", "validation", "test"):
            lines = [head]
            for number in range(n_rows):
                label = list(WORDS)[number % len(WORDS)]
                words = [*rng.choice(WORDS[label].split(), 2), *rng.choice(_COMMON.split(), 4)]
                lines.append(f"{' '.join(words)}\t{label}" + ("\t0\t0" if corpus == "meld" else ""))
            (folder / f"{corpus}_{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _weights(rng: np.random.Generator, n_pieces: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Random weights under the names of Hugging Face's BERT."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (n_pieces, _WIDTH),
        "embeddings.position_embeddings.weight": (_POSITIONS, _WIDTH),
        "embeddings.token_type_embeddings.weight": (2, _WIDTH),
        "embeddings.LayerNorm.weight": (_WIDTH,),
        "embeddings.LayerNorm.bias": (_WIDTH,),
        "pooler.dense.weight": (_WIDTH, _WIDTH),
        "pooler.dense.bias": (_WIDTH,),
    }
    for number in range(_LAYERS):
        layer = f"encoder.layer.{number}."
        dense = {f"attention.self.{name}": (_WIDTH, _WIDTH) for name in ("query", "key", "value")}
        dense |= {"attention.output.dense": (_WIDTH, _WIDTH)}
        dense |= {"intermediate.dense": (_INNER, _WIDTH), "output.dense": (_WIDTH, _INNER)}
        for name, shape in dense.items():
            shapes |= {f"{layer}{name}.weight": shape, f"{layer}{name}.bias": shape[:1]}
        for name in ("attention.output", "output"):
            shapes |= {f"{layer}{name}.LayerNorm.{part}": (_WIDTH,) for part in ("weight", "bias")}
    return {
        name: (rng.normal(0, 0.3, shape) + name.endswith("LayerNorm.weight")).astype(np.float32)
        for name, shape in shapes.items()
    }
