"""Pages: activities."""
