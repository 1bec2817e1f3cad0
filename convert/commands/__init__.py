"""``python -m convert``: one file a subcommand, with the options that it takes.

arguments ──► a Run or a Bundle ──the measuring folders──► plain results ──card, bundle──► text, files

A command may measure and then write.  The folders below it do one or the other.
"""
