"""Where a member stands in the tree of teams, found with the member: the columns behind `CurrentMember`.

Written as SQL: each stands inside the query that finds a member by `members` and `roles`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, Integer, Text, Uuid, literal_column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

_TEAMS = """ARRAY(
    SELECT members.team_id WHERE members.team_id IS NOT NULL
    UNION SELECT helped.team_id FROM team_helpers AS helped WHERE helped.member_id = members.id
    UNION SELECT managed.id FROM teams AS managed WHERE managed.manager_id = members.id AND managed.deleted_at IS NULL
    ORDER BY 1
)"""
_WALLS = """ARRAY(
    SELECT closed.id FROM teams AS closed
    WHERE closed.closed_at IS NOT NULL AND closed.deleted_at IS NULL AND roles.key IS DISTINCT FROM 'owner'
    AND NOT EXISTS (
        SELECT FROM unit_guests AS guest WHERE guest.team_id = closed.id AND guest.member_id = members.id
    )
    AND NOT EXISTS (
        SELECT FROM teams AS mine JOIN unnest({teams}) AS of_member(id) ON of_member.id = mine.id
        WHERE mine.path @> ARRAY[closed.id] OR closed.path @> ARRAY[mine.id]
    )
    ORDER BY 1
)""".replace("{teams}", _TEAMS)
_SHARES = "EXISTS (SELECT FROM shares WHERE shares.member_id = members.id)"
_DUE = """(
    SELECT policies.two_factor_from FROM policies WHERE NOT members.two_factor
    AND (policies.two_factor_roles IS NULL OR members.role_id = ANY (policies.two_factor_roles)) LIMIT 1
)"""
_ENTRY = """(
    SELECT jsonb_build_object('hours', asked.session_hours, 'idle', asked.idle_minutes, 'networks', asked.networks,
        'decided', extract(epoch FROM asked.updated_at), 'sso', trusted.mandatory, 'sso_from', trusted.since)
    FROM (VALUES (1)) AS one LEFT JOIN policies AS asked ON true
    LEFT JOIN (
        SELECT mandatory, extract(epoch FROM coalesce(trusted_from, created_at)) AS since
        FROM identity_providers WHERE enabled
    ) AS trusted ON true LIMIT 1
)"""
_WAYS = """(
    SELECT jsonb_build_object('fiscal_month', decided.fiscal_month, 'languages', decided.languages,
        'numbering', decided.numbering)
    FROM policies AS decided LIMIT 1
)"""
_PLACE = "(SELECT seat.place FROM member_seats AS seat WHERE seat.member_id = members.id)"
_FOLLOW = "coalesce((SELECT policies.children_follow FROM policies LIMIT 1), true)"


STANDING: ColumnElement[Any] = literal_column("public.standing()", Text).label("standing")
"""The workspace's own, as it is at this moment (`tenants.standing.key_of`): the shared tables tell it."""


def standing_columns() -> tuple[ColumnElement[Any], ...]:
    """Return the columns from `teams` to `place` behind `CurrentMember`, in their order.

    `teams` are their own, those they help and those they manage. `walls` are the closed units that hide from them what
    their members own: the member is neither inside, nor above, nor a guest, nor an owner of the workspace.
    `standing` is STANDING; `accent` and `logo` are how the workspace looks, `ways` how it does things (`access.ways`);
    `place` is the member's among those who keep a seat where the plan has fewer than there are people.
    """
    return (
        literal_column(_TEAMS, ARRAY(Uuid)).label("teams"), literal_column(_WALLS, ARRAY(Uuid)).label("walls"),
        literal_column(_SHARES, Boolean).label("shares"), literal_column(_FOLLOW, Boolean).label("children_follow"),
        literal_column(_DUE, DateTime(timezone=True)).label("second_factor_due"),
        literal_column(_ENTRY, JSONB).label("entry"),
        STANDING,
        literal_column("(SELECT policies.accent FROM policies LIMIT 1)", Text).label("accent"),
        literal_column("(SELECT policies.logo_digest FROM policies LIMIT 1)", Text).label("logo"),
        literal_column(_WAYS, JSONB).label("ways"),
        literal_column(_PLACE, Integer).label("place"),
    )  # fmt: skip
