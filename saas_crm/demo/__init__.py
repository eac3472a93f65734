"""Invented customers: two lively workspaces for the demo, and a small set a new workspace may start with.

Everything is told relative to the present day and the same seed gives the same story. `words_*` hold the
vocabulary of a language, `people`, `deals` and `days` invent the rows, `store` writes them in bulk.
"""
