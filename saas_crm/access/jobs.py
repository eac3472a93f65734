"""Jobs around tenants and sign-ins: spares, clean-up, links by mail, the daily round."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from saas_crm.access import seat_letters
from saas_crm.access.email_change.asking import mail_change
from saas_crm.access.email_change.forgetting import forget_changes
from saas_crm.access.factors.models import SpentChallenge
from saas_crm.access.known_browsers import forget_browsers
from saas_crm.access.mailed import mail_reset
from saas_crm.access.models import ApiToken, Member
from saas_crm.access.own_devices import end_devices
from saas_crm.access.policy import forget_batch
from saas_crm.access.profile import tenants_of
from saas_crm.access.queries import user_by_email
from saas_crm.access.shared_models import MailedToken, Membership, Throttle, UserSession
from saas_crm.access.sign_in_log import forget_own_logs, note_own
from saas_crm.core.audit import Actor, act_as, record_act, record_once
from saas_crm.core.clock import now
from saas_crm.core.i18n import in_language
from saas_crm.core.jobs import defer, job
from saas_crm.core.rounds import in_each
from tenants.context import current_tenant
from tenants.db import SHARED, db, tenant_scope
from tenants.directory import shared_reader
from tenants.models import Tenant
from tenants.provisioning import make_spares
from tenants.runtime import runtime_directory, runtime_settings
from tenants.versions import lacks_tables, served_first

DAILY = ("idempotency.forget", "recycle_bin.purge", "audit.forget")


@job("tenants.make_spares", cron="* * * * *")
def keep_spares() -> None:
    """Keep ready-made workspaces in stock, so that a sign-up takes milliseconds."""
    settings = runtime_settings()
    make_spares(settings.owner_url, settings.database_url, wanted=settings.spare_tenants)


@job("access.mail_reset", retries=4)
def mail_password_reset(email: str) -> None:
    """Mail a link for a new password if somebody has this address.

    Looked up here and not in the request: it then takes the same time for every address.
    """
    user = user_by_email(email)
    if user is None:
        return
    with db.engines[SHARED].begin() as connection, in_language(user.locale):
        mail_reset(connection, user.id, user.email, user.name, runtime_settings().base_url)


@job("access.mail_email_change", retries=4)
def mail_email_change(change_id: str, *, first: bool) -> None:
    """Mail about a change of an address that somebody asked for, if it still waits."""
    mail_change(UUID(change_id), first=first)


@job("access.end_tokens", retries=8)
def end_tokens(user_id: str, origin: dict[str, str] | None = None, *, devices_only: bool = False) -> None:
    """End a person's API tokens in all their workspaces: whoever knew the old password may hold one.

    With an `origin` the log names them and from where they did it; else it was somebody else's act. With `devices_only`
    what was made for programs goes on: nobody's password was known, they only sign out everywhere else.
    """
    if devices_only:
        end_devices(UUID(user_id), origin=origin)
        return
    for tenant in served_first(tenants_of(UUID(user_id), None)):
        with tenant_scope(tenant):
            held = select(ApiToken).join(Member, Member.id == ApiToken.member_id)
            living = held.where(Member.user_id == UUID(user_id), ApiToken.revoked_at.is_(None))
            for token in db.session.scalars(living):
                act_as(db.session(), Actor(token.member_id if origin else None, "password", None, origin or {}))
                token.revoked_at = now()
            db.session.commit()


@job("access.note_sign_in", retries=8)
def note_sign_in(
    *, entry_id: str, moment: str, action: str, origin: dict[str, str], user_id: str = "", email: str = "",
    through: str = "web", workspace_id: str = "",
) -> None:  # fmt: skip
    """Write a sign-in down in the person's own log and in their workspaces, or one; see `access.sign_in_log`."""
    user = None if user_id else user_by_email(email)
    known = UUID(user_id) if user_id else user and user.id
    if known is None:
        return
    note_own(known, entry_id=UUID(entry_id), at=datetime.fromisoformat(moment), action=action, origin=origin)
    theirs = [one for one in tenants_of(known, None) if workspace_id in ("", str(one.id))]
    for tenant in served_first(theirs):
        with tenant_scope(tenant):
            member_id = db.session.scalar(select(Member.id).where(Member.user_id == known))
            if member_id is not None:
                act_as(db.session(), Actor(None if through == "command" else member_id, through, None, origin))
                record_once(
                    db.session(), action, "session", entry_id=UUID(entry_id), at=datetime.fromisoformat(moment),
                    record_id=member_id if through == "command" else None,
                )  # fmt: skip
                db.session.commit()


@job("access.note_view_as_end", retries=8)
def note_view_as_end(
    *, entry_id: str, moment: str, origin: dict[str, str], workspace_id: str, reader_id: str, member_id: str
) -> None:  # fmt: skip
    """Write down that somebody who looked as another member signed out; run again it writes nothing twice."""
    found = runtime_directory().by_id(UUID(workspace_id))
    for tenant in served_first([found] if found else []):
        with tenant_scope(tenant):
            act_as(db.session(), Actor(UUID(reader_id), "web", None, {**origin, "as": member_id}))
            record_once(
                db.session(), "view_as_end", "member", entry_id=UUID(entry_id), at=datetime.fromisoformat(moment),
                record_id=UUID(member_id), changes={"why": [None, "signed_out"]},
            )  # fmt: skip
            db.session.commit()


@job(seat_letters.JOB, retries=8)
def tell_seats(tenant: str = "") -> None:
    """Tell those who lost a seat; of a `tenant` whose plan has changed just now, from outside any."""
    if not tenant:
        seat_letters.tell()
        return
    found = runtime_directory().renew(UUID(tenant))
    for one in served_first([found] if found else []):
        with tenant_scope(one):
            seat_letters.tell()
            db.session.commit()


@job("audit.forget")
def forget_audit() -> None:
    """Let go of audit entries that are older than the workspace keeps them, batch after batch."""
    if lacks_tables(current_tenant()):
        return
    gone = 0
    while few := forget_batch():
        gone += few
        db.session.commit()
    if gone:
        record_act(db.session(), "forget", "audit", None, {"rows": [gone, None]})


@job("access.drop_membership", retries=8)
def drop_membership(member_id: str) -> None:
    """Take the workspace off the list of somebody who was removed from it, unless they have come back.

    The member is held meanwhile, as `accepting.accept` holds them before it writes the same row.
    """
    held = select(Member).where(Member.id == UUID(member_id), Member.status == "removed").with_for_update()
    member = db.session.scalar(held)
    if member is None:
        return
    gone = delete(Membership).where(Membership.user_id == member.user_id, Membership.tenant_id == current_tenant().id)
    with db.engines[SHARED].begin() as connection:
        connection.execute(gone)


@job("access.clean_up", cron="17 * * * *")
def clean_up() -> None:
    """Forget sessions and links that have expired and failures that no longer count, and what is too old to matter."""
    moment = now()
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(UserSession).where(UserSession.expires_at < moment))
        connection.execute(delete(MailedToken).where(MailedToken.expires_at < moment - timedelta(days=30)))
        connection.execute(delete(Throttle).where(Throttle.updated_at < moment - timedelta(days=2)))
    with db.engines[SHARED].begin() as connection:  # apart: a release behind this table is not there
        connection.execute(delete(SpentChallenge).where(SpentChallenge.expires_at < moment))
    with db.engines[SHARED].begin() as connection:  # and this one
        connection.execute(forget_changes(moment - timedelta(days=30)))


@job("access.forget_sign_ins", cron="23 2 * * *")
def forget_sign_ins() -> None:
    """Forget what is too old of sign-ins and browsers: once a day, since these tables are read as a whole for it."""
    with db.engines[SHARED].begin() as connection:
        forget_own_logs(connection)
        forget_browsers(connection)


@job("tenants.daily_round", cron="41 3 * * *")
def daily_round() -> None:
    """Defer the daily jobs once in every active tenant, each in the tenant's own name."""
    with shared_reader() as connection:
        ids = connection.scalars(select(Tenant.id).where(Tenant.status == "active")).all()
    in_each(ids, _defer_daily, what="daily round")


def _defer_daily() -> None:
    for name in DAILY:
        defer(db.session(), name, queueing_lock=f"{name}:{current_tenant().id}")
