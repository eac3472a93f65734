"""Proof: what the product promises, tried on a real PostgreSQL, a real server and a real browser."""
