"""What runs on a workstation: corpora to a bundle of five full-integer models and their measured quality.

    corpora/ ──► data/ ──► augment/ ──► train/ (score/ validates) ──► evaluate/ (stream/) ──► card/, bundle/
                                    └─► gate/

``python -m convert all`` runs every stage; each one keeps its files under ``build/convert`` and continues from there.
"""

import os

# Read once, when TensorFlow is imported: without it every start writes two screens about kernels and instruction sets.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
