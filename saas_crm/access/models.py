"""Members, teams, roles, invitations and API tokens: the tenant's own tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from saas_crm.core.records import Record
from tenants.db import TenantModel


class Role(Record, TenantModel):
    """A named set of permissions: `{"company:read": "team", …}`."""

    __tablename__ = "roles"
    __resource__ = "role"

    key: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    permissions: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)


class Team(Record, TenantModel):
    """A node of the sales organisation; `path` lists its ancestors and itself, root first.

    One with `closed_at` is a business unit: what the members of its branch own is hidden from the rest, except from
    who stands above it and from its guests.
    """

    __tablename__ = "teams"
    __resource__ = "team"
    __table_args__ = (Index("ix_teams_path", "path", postgresql_using="gin"),)

    name: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    path: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    manager_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("members.id", name="fk_teams_manager_id_members", use_alter=True), deferred=True
    )
    closed_at: Mapped[datetime | None] = mapped_column(deferred=True)


class Member(Record, TenantModel):
    """A user in this tenant; name and e-mail are copied so that no query reaches outside the schema."""

    __tablename__ = "members"
    __resource__ = "member"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'frozen', 'removed')", name="status"),
        Index("ix_members_team_id", "team_id"),
    )

    user_id: Mapped[UUID] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str]
    locale: Mapped[str]
    timezone: Mapped[str]
    photo_digest: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="active", default="active")
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    last_seen_at: Mapped[datetime | None]
    working_hours: Mapped[dict[str, list[str]] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    substitute_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"), deferred=True)
    two_factor: Mapped[bool] = mapped_column(deferred=True)
    """Copied: whether their sign-in takes a second step; what that is only the shared tables know. The database begins
    with false; told here (`server_default`) each save would ask for it, also where there is no such column yet."""

    role: Mapped[Role] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise", foreign_keys=[team_id])


class TeamHelper(Record, TenantModel):
    """A member who works for a team besides their own."""

    __tablename__ = "team_helpers"
    __resource__ = "team_helper"
    __table_args__ = (
        UniqueConstraint("team_id", "member_id", name="uq_team_helpers_team_id"),
        Index("ix_team_helpers_member_id", "member_id"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))


class UnitGuest(Record, TenantModel):
    """A member from outside a closed unit who sees into it as far as their role reaches."""

    __tablename__ = "unit_guests"
    __resource__ = "unit_guest"
    __table_args__ = (
        UniqueConstraint("team_id", "member_id", name="uq_unit_guests_team_id"),
        Index("ix_unit_guests_member_id", "member_id"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))


class Share(Record, TenantModel):
    """A member of a record's account team, who may read it or edit it whatever their scope."""

    __tablename__ = "shares"
    __resource__ = "share"
    __table_args__ = (
        CheckConstraint("level IN ('read', 'edit')", name="level"),
        UniqueConstraint("record_id", "member_id", name="uq_shares_record_id"),
        Index("ix_shares_member_id", "member_id", "resource"),
    )

    resource: Mapped[str]
    record_id: Mapped[UUID]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    level: Mapped[str]


class Policy(Record, TenantModel):
    """What the workspace decided for all: at most one row; without it, what `access.policy` names as usual.

    A session ends after `session_hours`, or after `idle_minutes` without use here; invitations go to `email_domains`,
    and who is not in `networks` is not let in; None asks nothing. From `two_factor_from` on members need two-factor
    sign-in, those with the roles named or, without any, all. Years begin in `fiscal_month`, None is January; of the
    product's languages `languages` are offered, None is all. `numbering` has a rule for each kind of record that was
    ever numbered.
    """

    __tablename__ = "policies"
    __resource__ = "policy"
    __unaudited__ = Record.__unaudited__ | {"logo"}
    __table_args__ = (Index("uq_policies_one", text("(true)"), unique=True),)

    children_follow: Mapped[bool] = mapped_column(default=True)
    audit_days: Mapped[int | None]
    two_factor_from: Mapped[datetime | None] = mapped_column(deferred=True)
    two_factor_roles: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid), deferred=True)
    session_hours: Mapped[int | None] = mapped_column(deferred=True)
    idle_minutes: Mapped[int | None] = mapped_column(deferred=True)
    email_domains: Mapped[list[str] | None] = mapped_column(ARRAY(String), deferred=True)
    networks: Mapped[list[str] | None] = mapped_column(ARRAY(String), deferred=True)
    accent: Mapped[str | None] = mapped_column(deferred=True)
    logo_digest: Mapped[str | None] = mapped_column(deferred=True)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    fiscal_month: Mapped[int | None] = mapped_column(SmallInteger, deferred=True)
    languages: Mapped[list[str] | None] = mapped_column(ARRAY(String), deferred=True)
    numbering: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)


class Invitation(Record, TenantModel):
    """A seat offered to an e-mail address for seven days."""

    __tablename__ = "invitations"
    __resource__ = "invitation"
    __unaudited__ = Record.__unaudited__ | {"token_hash"}
    __table_args__ = (
        Index("uq_invitations_open", "email", unique=True,
              postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL")),
    )  # fmt: skip

    email: Mapped[str]
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    role: Mapped[Role] = relationship(lazy="raise")


class ApiToken(Record, TenantModel):
    """A bearer token of a member's "device", made by signing in; "personal" or for an "integration", made on a page.

    Only its hash is kept. What it may do is what its member may, and within that what `role_id` may, if it has one;
    with `read_only` nothing but reading. `address` is from where its use was noted last, or where it was made;
    `proved_at` is when its person last gave their password for it.
    """

    __tablename__ = "api_tokens"
    __resource__ = "token"
    __unaudited__ = Record.__unaudited__ | {"token_hash", "last_used_at", "address", "proved_at"}
    __table_args__ = (Index("ix_api_tokens_member_id", "member_id"),)

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    # Defaults of ours and not of the server: what the server sets is read again with each change, and a workspace a
    # release behind has no such columns.
    kind: Mapped[str] = mapped_column(default="device", deferred=True)
    role_id: Mapped[UUID | None] = mapped_column(ForeignKey("roles.id"), deferred=True)
    read_only: Mapped[bool] = mapped_column(default=False, deferred=True)
    address: Mapped[str | None] = mapped_column(deferred=True)
    proved_at: Mapped[datetime | None] = mapped_column(deferred=True)


class IdentityProvider(Record, TenantModel):
    """Where members prove who they are instead of here (OpenID Connect): at most one row. The secret is sealed.

    With `mandatory` there is no other way in but for owners. Who comes with a confirmed address of `domains` becomes a
    member with `role_id`; without domains only who is one, or is invited. Sessions from before `trusted_from` are over:
    another provider vouched for them, or this one before it was switched off.
    """

    __tablename__ = "identity_providers"
    __resource__ = "identity_provider"
    __unaudited__ = Record.__unaudited__ | {"client_secret", "trusted_from"}
    __table_args__ = (Index("uq_identity_providers_one", text("(true)"), unique=True),)

    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes]
    enabled: Mapped[bool]
    mandatory: Mapped[bool]
    domains: Mapped[list[str]] = mapped_column(ARRAY(String))
    role_id: Mapped[UUID | None] = mapped_column(ForeignKey("roles.id"))
    trusted_from: Mapped[datetime | None] = mapped_column(deferred=True)


class SsoIdentity(Record, TenantModel):
    """Who a member is at the workspace's identity provider: found by e-mail once, and by this from then on."""

    __tablename__ = "sso_identities"
    __resource__ = "sso_identity"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_sso_identities_issuer"),
        Index("ix_sso_identities_member_id", "member_id"),
    )

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    issuer: Mapped[str]
    subject: Mapped[str]
