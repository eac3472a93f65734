"""Lists as files: what a list's filter shows, within the member's scope to export."""
