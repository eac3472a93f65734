"""Pages: with whom a record is shared."""
