"""Who may come in and what they may do: users, members, teams, roles, permissions, sign-in, tokens, sessions.

A *user* is one person's sign-in for the whole installation (shared tables); a *member* is that user
inside one tenant (the tenant's own schema), with a role and a team.
"""
