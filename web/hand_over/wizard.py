"""The wizard: who gets what, a look at it, and then all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import AlreadyExists, InvalidInput
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.hand_over import actions
from saas_crm.hand_over.owned import closed_of, owned_by
from saas_crm.hand_over.people import candidates, source, sources
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import current_tenant
from tenants.db import AnyRow, new_id
from web.context import photo_url
from web.forms import form_id, saved, saved_before, shown_again
from web.hand_over.bp import bp
from web.hand_over.preview import picks_of, preview
from web.lists import asked_id

TOO_LONG = "57014"
"""PostgreSQL's code for a statement that took longer than it may."""
UNABLE_SHOWN = 20
"""Of those left out, because their role cannot edit, so many are named."""


def choosing(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show whose records, and how they shall be divided; without a member, whose they are."""
    member = current_member()
    from_id = asked_id("from") or asked_id("from_id", request.form)
    if from_id is None:
        whose = [(found.id, _called(found)) for found in sources(member)]
        return render_template("hand_over/whose.html", people=whose, may_read=member.can("hand_over:read"))
    person = source(from_id, member)
    known = candidates(person.id, member)
    people = sorted((found for found in known if found.edits), key=lambda found: found.id != person.substitute_id)
    loads = owned_by([person.id, *(found.id for found in people)])
    team = [found.name for found in people if person.team_id and found.team_id == person.team_id]
    return render_template(
        "hand_over/choose.html", person=person, photo=photo_url(person.user_id, person.photo_digest),
        owned=loads[person.id], closed_deals=closed_of(person.id), team=team, people=_offered(people, loads, person),
        thens=_thens(person, member), values=values or {"by": "one", "closed": "1", "then": _then(person)},
        errors=errors or {}, labels=labels(), may_read=member.can("hand_over:read"),
        people_options=[(str(found.id), _named(found, person)) for found in people],
        unable=[found.name for found in known if not found.edits][:UNABLE_SHOWN],
    )  # fmt: skip


def labels() -> dict[str, str]:
    """Return what the fields are called in the list of errors."""
    return {"to_ids": _("Who takes over"), "by": _("How it is divided"), "note": _("A word to who takes over")}


def _called(person: AnyRow) -> str:
    left = {"frozen": _("Locked out"), "removed": _("has left")}.get(person.status)
    return f"{person.name} ({left})" if left else str(person.name)


def _named(found: AnyRow, person: AnyRow) -> str:
    """Return what a successor is called in a list; who stands in for the member already is told as such."""
    return f"{found.name} ({_('Substitute')})" if found.id == person.substitute_id else str(found.name)


def _offered(people: Sequence[AnyRow], loads: Mapping[UUID, Mapping[str, int]], person: AnyRow) -> list[dict[str, Any]]:
    return [
        {"id": str(found.id), "name": found.name, "team": found.team_name or "",
         "photo": photo_url(found.user_id, found.photo_digest), "deals": loads[found.id].get("opportunity", 0),
         "substitute": found.id == person.substitute_id,
         "customers": loads[found.id].get("company", 0) + loads[found.id].get("contact", 0)}
        for found in people
    ]  # fmt: skip


def _thens(person: AnyRow, member: CurrentMember) -> list[tuple[str, str]]:
    """Return what may become of the member afterwards; nothing to choose where they are locked out already."""
    choices = [("keep", _("They keep working here"))]
    if person.status == "active" and person.id != member.id and member.can("member:update"):
        choices.append(("freeze", _("Lock them out at once")))
    if person.status != "removed" and person.id != member.id and member.can("member:delete"):
        choices.append(("remove", _("Remove them from the workspace")))
    return choices


def _then(person: AnyRow) -> str:
    wanted = request.args.get("then", "")
    return wanted if wanted in ("freeze", "remove") and person.status != "removed" else "keep"


@bp.get("/hand-overs/new")
@requires("hand_over:create")
def new() -> str:
    """Ask how what a member owns shall be divided."""
    return choosing()


def chosen() -> HandOverWrite:
    """Return what the form says; raises InvalidInput."""
    form = request.form.copy()
    if form.get("by", "one") == "one" and form.get("to_one"):
        form.setlist("to_ids", [form["to_one"]])
    elif form.get("by") == "team":
        form.setlist("to_ids", [])
    several = form.getlist("to_ids")
    data: dict[str, Any] = {name: form[name] for name in ("from_id", "by", "note", "then") if form.get(name)}
    data |= {"to_ids": [one for one in several if one], "closed": form.get("closed") == "1", "picks": picks_of(form)}
    return parse(HandOverWrite, data, input_context(form=True))


@bp.get("/hand-overs/preview")
@requires("hand_over:create")
def begin() -> ResponseReturnValue:
    """Lead who looks for the second step to the first one."""
    return redirect(url_for("hand_overs.new"), 303)


@bp.post("/hand-overs/preview")
@requires("hand_over:create")
@shown_again(choosing, lists=("to_ids",))
def look() -> ResponseReturnValue:
    """Show what each would have before and after, and who would get which customer; nothing is changed."""
    return preview(chosen(), current_member(), record_id=request.form.get("record_id") or str(new_id()))


@bp.post("/hand-overs")
@requires("hand_over:create")
@shown_again(choosing, lists=("to_ids",))
def create() -> ResponseReturnValue:
    """Hand over, all or nothing; sent twice, it happens once."""
    hand_over_id = form_id()
    try:
        actions.hand_over(
            chosen(), actor=current_member(), tenant=current_tenant(), base_url=settings().base_url,
            hand_over_id=hand_over_id,
        )  # fmt: skip
    except AlreadyExists:
        return saved_before(_page(hand_over_id))
    except OperationalError as failed:
        if getattr(failed.orig, "sqlstate", "") != TOO_LONG:
            raise
        raise InvalidInput(
            {"": _("That is too much at once, and nothing was changed. Pick a part of it first.")}
        ) from None
    return saved(_page(hand_over_id), _("Handed over. It can be taken back for 30 days."))


def _page(hand_over_id: UUID) -> str:
    return url_for("hand_overs.show", hand_over_id=hand_over_id)
