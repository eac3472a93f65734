"""Pages of one person: signing in and out, getting back in, the profile, joining a workspace, its first minutes."""
