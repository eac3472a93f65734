"""Opportunities ("deals" in the interface): pipelines and stages, the board, closing, the forecast."""
