"""A whole workspace as one file: written while it works, read back here or in another installation.

A ZIP file: `manifest.json` first says what must be in it, `tables/*.jsonl` hold every row of every table as JSON Lines.
Rooms above add files of their own (the people's names, sheets to read).
"""
