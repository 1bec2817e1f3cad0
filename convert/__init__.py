"""What runs on a workstation: corpora to a bundle of five full-integer models and their measured quality.

    corpora/ ──► data/ ──► augment/ ──► train/ (score/ validates) ──► evaluate/ (stream/) ──► card/, bundle/
                                    └─► gate/

``python -m convert all`` runs every stage; each one keeps its files under ``build/convert`` and continues from there.
"""

from convert.quiet_tensorflow import quiet_tensorflow

quiet_tensorflow()
