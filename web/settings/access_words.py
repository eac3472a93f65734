"""Why somebody sees a record, or does not, in the reader's words."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from saas_crm.access.explaining import Explained, Ground, Verdict
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.reach import NOBODY
from saas_crm.core.i18n import gettext as _

ASKED_BY = "role:update"
"""Who may change roles may know what they do."""


def access_url(resource: str, record_id: UUID, member: CurrentMember) -> str:
    """Return the address of "Who can see this?", "" for who may not ask."""
    if not member.can(ASKED_BY):
        return ""
    return url_for("settings_access.show", kind=resource, record_id=record_id)


def whys(verdict: Verdict, found: Explained) -> list[str]:
    """Return a sentence for each reason why the member sees the record, or one why not."""
    return [_why(ground, verdict, found) for ground in verdict.grounds]


def _why(ground: Ground, verdict: Verdict, found: Explained) -> str:
    text = _reasons(ground, verdict, found)[ground.why]
    if ground.through:
        return _("Through the %(parent)s it belongs to: %(why)s", parent=_parents()[ground.through], why=text)
    return text


def _parents() -> dict[str, str]:
    return {"company": _("company"), "contact": _("contact"), "opportunity": _("deal"), "activity": _("activity")}


def _reasons(ground: Ground, verdict: Verdict, found: Explained) -> dict[str, str]:
    world, owner = found.world, found.world.people.get(ground.owner_id or NOBODY)
    node = world.teams.get(owner.team_id) if owner and owner.team_id else None
    team = node.name if node else _("no team")
    role = role_of(verdict, found)
    shared = _("It is shared with them: may edit.") if ground.level == "edit" else _("It is shared with them: may see.")
    return {
        "own": _("Owns it."),
        "team": _("Is in the owner's team, %(team)s.", team=team),
        "helper": _("Helps the owner's team, %(team)s.", team=team),
        "manager": _("Leads the owner's team, %(team)s.", team=team),
        "below": _("The owner's team, %(team)s, is below one they work for.", team=team),
        "all": _("The role %(role)s sees everything.", role=role),
        "guest": _("Is a guest of the closed unit that %(team)s belongs to.", team=team),
        "shared": shared,
        "inactive": _("Is locked out."),
        "no_permission": _("The role %(role)s does not see records of this kind.", role=role),
        "only_own": _("The role %(role)s sees only what is one's own.", role=role),
        "other_team": _("The owner's team, %(team)s, is none they work for.", team=team),
        "not_below": _("The owner's team, %(team)s, is neither theirs nor below it.", team=team),
        "closed": _("The owner's team, %(team)s, belongs to a closed unit.", team=team),
        "nobodys": _("It belongs to nobody, and only who sees everything sees that."),
    }  # fmt: skip


def role_of(verdict: Verdict, found: Explained) -> str:
    """Return the name of a member's role as the page shows it."""
    from web.settings.role_names import role_name

    role = found.world.roles[found.world.people[verdict.member_id].role_id]
    return role_name(role.key, role.name)


def team_path(team_id: UUID | None, found: Explained) -> str:
    """Return a team with those above it: "Acme › North", "" for none."""
    names = [found.world.teams[step].name for step in found.world.path(team_id) if step in found.world.teams]
    return " › ".join(names)
