"""Members of the workspace: the list, one of them, and inviting more."""

from web.settings import invitations, member, member_freezing, member_sign_out, members, seats
from web.settings.members_bp import bp

__all__ = ["bp", "invitations", "member", "member_freezing", "member_sign_out", "members", "seats"]
