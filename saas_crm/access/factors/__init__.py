"""Two-factor sign-in: what somebody has beside the password, and the step that asks for it.

An *app* shows codes of six digits that change twice a minute (TOTP, RFC 6238); *recovery codes* stand in for it when
the phone is gone. Both belong to the person, not to a workspace.
"""
