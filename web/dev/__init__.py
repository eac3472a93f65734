"""Pages: dev."""
