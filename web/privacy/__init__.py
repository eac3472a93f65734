"""Pages about privacy: consent, everything about one person, erasure, the register."""
