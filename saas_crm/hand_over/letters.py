"""What is mailed to those who take over."""

from __future__ import annotations

from collections.abc import Mapping

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language, ngettext
from saas_crm.core.mail import Letter, send
from saas_crm.hand_over.models import HandOver
from saas_crm.hand_over.planning import Plan
from saas_crm.hand_over.queries import counts_of
from tenants.context import ActiveTenant
from tenants.db import db


def tell_successors(made: HandOver, plan: Plan, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str) -> None:
    """Write to everybody who got something, in their language; not to who did it."""
    address = f"{base_url}/{tenant.slug}/handed-to-me?hand_over={made.id}"
    for to_id, counts in counts_of([made.id])[made.id].items():
        person = plan.people[to_id]
        if to_id == actor.id:
            continue
        with in_language(person.locale):
            subject = _("You have taken over customers of %(name)s", name=plan.source.name)
            words = _paragraphs(person.name, actor.name, plan.source.name, written(counts), made.note)
            send(db.session(), Letter(person.email, subject, words, (_("See what you got"), address)))


def _paragraphs(name: str, actor: str, former: str, numbers: str, note: str) -> list[str]:
    return [
        _("Hello %(name)s,", name=name),
        _("%(actor)s has handed over to you what %(name)s looked after until now:", actor=actor, name=former),
        numbers,
        *([note] if note else []),
        _("For each customer and each deal there is a page that tells who they are, what is open, what was said last "
          "and what comes next."),
    ]  # fmt: skip


def written(counts: Mapping[str, int]) -> str:
    """Return numbers of records in words: "3 companies, 1 deal"; what there is none of is left out."""
    words = {
        "company": ngettext("%(num)s company", "%(num)s companies", counts.get("company", 0)),
        "contact": ngettext("%(num)s contact", "%(num)s contacts", counts.get("contact", 0)),
        "opportunity": ngettext("%(num)s deal", "%(num)s deals", counts.get("opportunity", 0)),
        "activity": ngettext("%(num)s planned activity", "%(num)s planned activities", counts.get("activity", 0)),
    }
    parts = [word for resource, word in words.items() if counts.get(resource)]
    return _(", ").join(parts) if parts else _("nothing")
