"""Pages before the sign-in: what the product is, signing a company up, the reader's language."""
