"""Who may come into a workspace now: by what it asks of sign-ins, on every request, by page and by token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import g, request, session

from saas_crm.access.entry_rules import DEVICE, EntryRules, Over, is_within
from saas_crm.access.narrowing import TokenFacts
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.sessions import SignedInUser
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden
from saas_crm.edge.viewing import READING

SEEN = "seen"
SEEN_EVERY = timedelta(minutes=1)
"""So exact is what a browser's cookie says of its last use here."""
TOKEN_SEEN_EVERY = timedelta(minutes=10)
"""And so exact what is known of a token's."""
MOST = 20  # workspaces a cookie remembers


class SecondFactorOwed(Exception):
    """The workspace asks its members for two-factor sign-in, and this one has none."""


class NetworkRefused(Exception):
    """The workspace does not let anybody in from this address."""


class SignInOver(Exception):
    """The sign-in is too old for the workspace, was not used for too long, or is not by the single sign-on of today."""

    def __init__(self, why: Over | str) -> None:
        super().__init__(why)
        self.why = why


def check_browser(reader: CurrentMember, user: SignedInUser) -> None:
    """Let a member's browser in; raises SecondFactorOwed, NetworkRefused and SignInOver."""
    rules = reader.entry
    _check_network(rules)
    if rules.sso_only and not user.by_sso:
        raise SignInOver("sso")
    if user.by_sso and (rules.trusted_from is None or user.since < rules.trusted_from):
        raise SignInOver("provider")
    over = rules.over(user.since, _seen_here(user, rules), now(), SEEN_EVERY)
    if over:
        raise SignInOver(over)
    if rules.idle is not None:
        note_use(g.tenant.id)
    if not user.by_sso:
        _check_second_factor(reader)


def check_token(reader: CurrentMember, token: TokenFacts) -> None:
    """Let a member's program in; raises SecondFactorOwed, NetworkRefused, SignInOver, and Forbidden.

    One that only reads changes nothing, whatever an endpoint asks of its member.

    A device that signed in by password is as a browser is, with longer limits; what was made on a page has an end of
    its own.
    """
    rules = reader.entry
    _check_network(rules)
    if token.kind == "device":
        if rules.sso_only:
            raise SignInOver("sso")
        used = token.last_used_at or token.created_at
        for asked in (rules, DEVICE):
            if over := asked.over(token.created_at, used, now(), TOKEN_SEEN_EVERY):
                raise SignInOver(over)
    _check_second_factor(reader)
    if token.read_only and request.method not in READING:
        raise Forbidden("read_only")


def _check_network(rules: EntryRules) -> None:
    if rules.networks and not is_within(request.remote_addr or "", rules.networks):
        raise NetworkRefused


def _check_second_factor(reader: CurrentMember) -> None:
    if reader.second_factor_due is not None and reader.second_factor_due <= now():
        raise SecondFactorOwed


def _seen_here(user: SignedInUser, rules: EntryRules) -> datetime:
    """Return when this browser was in this workspace last; an older cookie only says longer ago.

    Nobody noted it before the workspace decided, so who works there at that moment counts as seen then.
    """
    kept = session.get(SEEN)
    at = kept.get(g.tenant.id.hex) if isinstance(kept, Mapping) else None
    return datetime.fromtimestamp(at, UTC) if isinstance(at, int) else max(user.since, rules.decided)


def note_use(tenant_id: UUID) -> None:
    """Let the browser's cookie say that it is in this workspace now; not oftener than once a minute."""
    kept = session.get(SEEN)
    known = dict(kept) if isinstance(kept, Mapping) else {}
    moment = int(now().timestamp())
    if moment - known.get(tenant_id.hex, 0) < SEEN_EVERY.total_seconds():
        return
    known[tenant_id.hex] = moment
    session[SEEN] = dict(sorted(known.items(), key=lambda pair: -pair[1])[:MOST])
