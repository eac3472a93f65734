"""The mail that offers somebody a seat."""

from __future__ import annotations

from urllib.parse import urlencode

from saas_crm.access.models import Invitation
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language
from saas_crm.core.mail import Letter, send
from tenants.address import address_of
from tenants.context import ActiveTenant
from tenants.db import db


def mail_link(
    invitation: Invitation, token: str, actor: CurrentMember, tenant: ActiveTenant, base_url: str, *, name: str = ""
) -> None:
    """Mail the link of an invitation, in the language of the workspace.

    `name` is what the inviter calls the person. It is kept with nothing of ours but travels in the link, so also where
    links are written down (the letter's job, a browser's history, a proxy's lines). Whoever opens it finds the field
    filled in and writes it as they like.
    """
    link = f"{address_of(tenant, base_url)}/invitations/{token}" + (f"?{urlencode({'name': name})}" if name else "")
    with in_language(tenant.locale):
        send(db.session(), Letter(
            to=invitation.email,
            subject=_("%(name)s invites you to %(workspace)s", name=actor.name, workspace=tenant.name),
            paragraphs=[
                _("Hello,"),
                _("%(name)s (%(email)s) invites you to work together in %(workspace)s.",
                  name=actor.name, email=actor.email, workspace=tenant.name),
            ],
            button=(_("Join the workspace"), link),
            footer=_("The invitation is good for 7 days."),
        ))  # fmt: skip
