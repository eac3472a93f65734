"""What is mailed to those who take over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language, ngettext
from saas_crm.core.mail import Letter, send
from saas_crm.hand_over.models import HandOver, HandOverItem
from saas_crm.hand_over.planning import Plan
from saas_crm.hand_over.queries import counts_of
from tenants.address import address_of
from tenants.context import ActiveTenant
from tenants.db import AnyRow, db, fetch


def tell_successors(made: HandOver, plan: Plan, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str) -> None:
    """Write to everybody who got something, in their language; not to who did it."""
    address = f"{address_of(tenant, base_url)}/handed-to-me?hand_over={made.id}"
    for to_id, counts in counts_of([made.id])[made.id].items():
        person = plan.people[to_id]
        if to_id == actor.id:
            continue
        with in_language(actor.ways.speaks(person.locale, tenant.locale)):
            subject = _("You have taken over customers of %(name)s", name=plan.source.name)
            words = _paragraphs(person.name, actor.name, plan.source.name, written(counts), made.note)
            send(db.session(), Letter(person.email, subject, words, (_("See what you got"), address)))


def tell_undone(found: HandOver, former: str, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str) -> None:
    """Write to who had got something that it went back, and to whose it is again; not to who did it."""
    for person in _concerned(found):
        if person.id == actor.id:
            continue
        own = person.id == found.from_id
        with in_language(actor.ways.speaks(person.locale, tenant.locale)):
            subject = (_("Your customers are yours again") if own
                       else _("What you took over from %(name)s has gone back", name=former))  # fmt: skip
            went = (
                _("%(actor)s has taken the hand-over back: what was given to others of yours, and is still theirs, is "
                  "yours again.", actor=actor.name)
                if own
                else _("%(actor)s has taken the hand-over back: what you got of %(name)s, and still had, is theirs "
                       "again.", actor=actor.name, name=former)
            )  # fmt: skip
            button = (_("Open the workspace"), f"{address_of(tenant, base_url)}/")
            send(db.session(), Letter(person.email, subject, [_("Hello %(name)s,", name=person.name), went], button))


def _concerned(found: HandOver) -> Sequence[AnyRow]:
    """Return the active members who gave or got something by a hand-over."""
    got = select(HandOverItem.to_id).where(HandOverItem.hand_over_id == found.id)
    query = select(Member.id, Member.name, Member.email, Member.locale).where(
        Member.status == "active", or_(Member.id == found.from_id, Member.id.in_(got))
    )
    return fetch(query.order_by(Member.id)).all()


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
