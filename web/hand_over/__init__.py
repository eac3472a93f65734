"""Pages: handing over what a member owns, what was handed over, and the briefs for who takes over."""
