"""What runs on a workstation: corpora to a bundle of five full-integer models, with the figures that prove it.

    corpora/ ──► splits ──► dataset ──► augment, networks, train ──► quantize ──► calibrate, evaluate ──► bundle, card

``python -m convert all`` is the whole way; each stage keeps what it made under ``build/convert`` and goes on from
there.
"""

import os

# Read once, when TensorFlow is imported: without it every start writes two screens about kernels and instruction sets.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
