"""Customers: companies, and contacts at a company or on their own; duplicates; tags."""
