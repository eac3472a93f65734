"""Page: who can see this record, and why: for those who decide what roles may do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for

from saas_crm.access.chains import kinds
from saas_crm.access.explaining import Explained, Verdict, explained
from saas_crm.access.field_rules import FIELDS, rules_in
from saas_crm.access.role_rules import effective
from saas_crm.core.errors import NotFound
from saas_crm.core.folding import fold
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.lists import asked_choice
from web.settings.access_words import ASKED_BY, role_of, team_path, whys
from web.settings.field_words import field_labels

bp = Blueprint("settings_access", __name__)
SHOWN = 50
Told = dict[tuple[UUID, bool], list[str]]
"""The sentences of a role, for those who may edit the record and for those who may not."""
_PAGES = {
    "company": ("companies.show", "company_id"), "contact": ("contacts.show", "contact_id"),
    "opportunity": ("opportunities.show", "opportunity_id"), "activity": ("activities.show", "activity_id"),
}  # fmt: skip


@bp.get("/settings/access/<kind>/<uuid:record_id>")
@requires(ASKED_BY)
def show(kind: str, record_id: UUID) -> str:
    """Show owner and teams of a record, and for each member why they see it, or why not."""
    if kind not in kinds():
        raise NotFound
    found = explained(kind, record_id, asker=current_member())
    q, part = request.args.get("q", "").strip()[:200], asked_choice("part", ("can", "cannot"), "can")
    wanted = [
        verdict for verdict in found.verdicts if _matches(verdict, found, q) and (q or verdict.sees == (part == "can"))
    ]
    rest = _from(wanted, request.args.get("after", ""))
    endpoint, name = _PAGES[kind]
    here: dict[str, Any] = {name: record_id}
    told: Told = {}
    return render_template(
        "settings/record_access.html", label=found.label or _("Activity"), q=q, owner=_owner(found),
        record_url=url_for(endpoint, **here), rows=[_row(verdict, found, told) for verdict in rest[:SHOWN]],
        parts=_parts(found, part, kind, record_id), next_url=_following(rest, kind, record_id, part, q),
        kind=kind, record_id=record_id, part=part,
    )  # fmt: skip


def _matches(verdict: Verdict, found: Explained, q: str) -> bool:
    return not q or fold(q) in fold(found.world.people[verdict.member_id].name)


def _from(verdicts: list[Verdict], after: str) -> list[Verdict]:
    """Return the verdicts behind the member with this id."""
    at = next((at for at, verdict in enumerate(verdicts) if str(verdict.member_id) == after), -1)
    return verdicts[at + 1 :]


def _following(rest: list[Verdict], kind: str, record_id: UUID, part: str, q: str) -> str:
    if len(rest) <= SHOWN:
        return ""
    after = rest[SHOWN - 1].member_id
    return url_for("settings_access.show", kind=kind, record_id=record_id, part=part, q=q or None, after=after)


def _row(verdict: Verdict, found: Explained, told: Told) -> dict[str, Any]:
    person = found.world.people[verdict.member_id]
    common = (person.role_id, verdict.edits)
    if verdict.sees and common not in told:  # members share a handful of roles
        told[common] = _fields(person.role_id, found, edits=verdict.edits)
    return {
        "name": person.name, "role": role_of(verdict, found), "team": team_path(person.team_id, found),
        "sees": verdict.sees, "edits": verdict.edits, "whys": whys(verdict, found),
        "fields": told[common] if verdict.sees else [],
        "href": url_for("settings_members.show", member_id=person.id),
    }  # fmt: skip


def _fields(role_id: UUID, found: Explained, *, edits: bool) -> list[str]:
    """Return what a role takes away of the record's fields, a sentence for each rule."""
    role, resource = found.world.roles[role_id], found.ways[0].link.resource
    rules = rules_in(effective(role.key, role.permissions))
    labels = field_labels(resource) if resource in FIELDS else {}
    by_rule: dict[str, list[str]] = {"hidden": [], "masked": [], "read-only": []}
    for name in FIELDS.get(resource, ()):
        if rule := rules.get(f"{resource}.{name}"):
            by_rule[rule].append(labels[name])
    told = {rule: _(", ").join(fields) for rule, fields in by_rule.items()}
    words = {
        "hidden": _("Hidden from them: %(fields)s", fields=told["hidden"]),
        "masked": _("They see only a part of: %(fields)s", fields=told["masked"]),
        "read-only": _("They cannot change: %(fields)s", fields=told["read-only"]),
    }
    return [words[rule] for rule in words if told[rule] and (rule != "read-only" or edits)]


def _owner(found: Explained) -> dict[str, str]:
    owner = found.world.people.get(found.ways[0].owner_id)
    if owner is None:
        return {"name": _("Nobody"), "team": ""}
    return {"name": owner.name, "team": team_path(owner.team_id, found)}


def _parts(found: Explained, part: str, kind: str, record_id: UUID) -> list[dict[str, Any]]:
    seeing = sum(verdict.sees for verdict in found.verdicts)
    counts = {"can": seeing, "cannot": len(found.verdicts) - seeing}
    words = {"can": _("Can see it"), "cannot": _("Cannot see it")}
    return [
        {"label": words[name], "count": counts[name], "current": name == part,
         "href": url_for("settings_access.show", kind=kind, record_id=record_id, part=name)}
        for name in words
    ]  # fmt: skip
