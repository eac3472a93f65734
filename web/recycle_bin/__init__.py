"""Pages: recycle bin."""
