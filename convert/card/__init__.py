"""All Markdown and all plots: metrics to tables, sections, the whole card.

    metrics ──tables──► sections ──report, card──► README.md
    metrics ──plots, gate.plot──► PNG files

Nothing is measured here.  The sentences that explain a table stand beside the code that lays it out.
"""
