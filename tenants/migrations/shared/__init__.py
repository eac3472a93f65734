"""The shared line of history."""
