"""Recognisers that other works propose, trained and measured on the cascade's own speakers.

clips ──features──► arrays ──families──► Recogniser ──trials──► a result a fold ──summary──► rows of docs/zoo.md
"""
