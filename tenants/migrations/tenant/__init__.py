"""The tenant line of history."""
