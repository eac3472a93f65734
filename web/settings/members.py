"""The list of members: searched, narrowed, sorted, paged; many changed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import bulk
from saas_crm.access.member_list import ANSWERS, ORDERS, STATUSES, MemberFilter, member_page, named_members
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.preview import Preview, preview_of_member_change
from saas_crm.access.queries import open_invitations, roles
from saas_crm.access.seats import anybody_without
from saas_crm.core.clock import now
from saas_crm.core.cursors import CursorError, decode_cursor, encode_cursor
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, pgettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from saas_crm.edge.standing import is_owner
from tenants.db import AnyRow
from web.billing.seat_asking import SeatsNeeded, check_seats, seats_page, want
from web.context import photo_url
from web.formatting import dotted, relative
from web.forms import came_from, saved, shown_again, wants_part
from web.lists import asked, asked_choice, asked_id, sorting, with_query
from web.settings.confirming import AskedFirst, confirm_page, once_confirmed, sent
from web.settings.inviting import all_roles, role_choices
from web.settings.locking_out import asks_to_lock_out, lock_out_page, locked_or_let_in
from web.settings.members_bp import bp
from web.settings.role_names import role_abilities, role_name
from web.settings.team_choices import team_choices

Choices = list[tuple[str, str]]
Query = Mapping[str, str]


def members_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show who works here, to those who may change them with boxes to choose them, and the open invitations."""
    query = _as_listed() if request.method == "POST" else request.args.to_dict()
    member, listing = current_member(), _listing(query)
    if wants_part("results", "rows"):
        return render_template("settings/_members_results.html", values=values or {}, **listing)
    may_invite = member.can("member:create")
    return render_template(
        "settings/members.html", may_invite=may_invite, may_see_teams=member.can("team:read"),
        invitations=[_open(found) for found in open_invitations()] if may_invite else [],
        abilities=role_abilities(), errors=errors or {}, **listing, few_seats=is_owner(member) and anybody_without(),
        **_choices_shown(member, listing["filter_values"], opened=bool(asked("filters", query))),
        values={**listing["filter_values"], **(values or {})}, beyond=_beyond(listing["rows"], values or {}),
    )  # fmt: skip


def _as_listed() -> Query:
    """Return search, filters and order of the page on which members were chosen."""
    return {name: value for name, value in parse_qsl(urlsplit(came_from("")).query) if name != "after"}


def _beyond(rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> Sequence[AnyRow]:
    """Return id and name of those who are chosen and not among the rows shown."""
    shown = {row["id"] for row in rows}
    return named_members([found for text in values.get("members", ()) if text not in shown and (found := _id(text))])


def _asked_filter(query: Query) -> MemberFilter:
    return MemberFilter(
        asked("q", query),
        asked_id("role", query),
        asked_id("team", query),
        asked_choice("status", STATUSES, source=query),
        asked_choice("two_factor", ANSWERS, source=query),
    )


def _listing(query: Query) -> dict[str, Any]:
    member, wanted, sort = current_member(), _asked_filter(query), asked_choice("sort", ORDERS, "name", query)
    page = member_page(member, wanted, sort=sort, after=_after(sort, query))
    href = partial(with_query, url_for("settings_members.index"), query)
    following = href(after=encode_cursor(f"members:{sort}", page.after)) if page.after else ""
    return {
        "rows": [_row(found, member) for found in page.rows], "count": page.count, "next_url": following,
        "wanted": wanted, "columns": _columns(sort, member, href), "choosing": member.can("member:update"),
        "filter_values": {
            "role": str(wanted.role_id or ""), "team": str(wanted.team_id or ""), "status": wanted.status, "sort": sort,
            "two_factor": wanted.two_factor,
        },
    }  # fmt: skip


def _after(sort: str, query: Query) -> tuple[Any, ...] | None:
    try:
        return decode_cursor(query["after"], f"members:{sort}", (str, UUID)) if "after" in query else None
    except CursorError:
        return None


def _columns(sort: str, member: CurrentMember, href: Callable[..., str]) -> list[dict[str, Any]]:
    box = [{"label": _("Choose"), "hidden": True}] if member.can("member:update") else []
    seen = sorting(_("Last seen"), "-last_seen_at", sort, href=href)
    names = sorting(pgettext("person", "Name"), "name", sort, href=href)
    return [*box, names, {"label": _("Role")}, {"label": _("Team")}, seen, {"label": _("Two-factor")},
            {"label": _("Status")}]  # fmt: skip


def _row(found: Any, viewer: CurrentMember) -> dict[str, Any]:
    return {
        "id": str(found.id), "href": url_for("settings_members.show", member_id=found.id), "name": found.name,
        "email": found.email, "role": role_name(found.role_key, found.role_name), "team": found.team_name or "",
        "frozen": found.status == "frozen", "two_factor": found.two_factor, "me": found.id == viewer.id,
        "seatless": found.status == "active" and not found.seated,
        "seen": relative(found.last_seen_at) or _("Not yet"), "photo": photo_url(found.user_id, found.photo_digest),
    }  # fmt: skip


def _open(found: Any) -> dict[str, Any]:
    return {
        "id": found.id, "email": found.email, "role": role_name(found.role_key, found.role_name),
        "team": found.team_name or "",
        "expires_at": found.expires_at, "expired": found.expires_at < now(),
    }  # fmt: skip


def _choices_shown(member: CurrentMember, chosen: dict[str, str], *, opened: bool) -> dict[str, Any]:
    """Return what the bar for the chosen members offers, and the filter bar.

    The choices of the latter come when it is opened, unless something is chosen already.
    """
    count = sum(bool(chosen[name]) for name in ("role", "team", "status", "two_factor")) + (chosen["sort"] != "name")
    opened, may_update = opened or bool(count), member.can("member:update")
    known = roles() if opened or may_update else ()
    teams = team_choices() if opened or may_update else []
    return {
        "filters_set": count, "filters_open": opened, "roles": role_choices(member, known), "teams": teams,
        **(_filter_choices(all_roles(known), teams) if opened else {}),
    }  # fmt: skip


def _filter_choices(named: Choices, teams: Choices) -> dict[str, Choices]:
    return {
        "filter_roles": named, "filter_teams": teams,
        "statuses": [("active", pgettext("member", "Active")), ("frozen", _("Locked out"))],
        "answers": [("yes", pgettext("two-factor", "On")), ("no", pgettext("two-factor", "Off"))],
        "sorts": [("name", pgettext("person", "Name")), ("email", _("E-mail")), ("-last_seen_at", _("Last seen first")),
                  ("last_seen_at", _("Longest away first"))],
    }  # fmt: skip


@bp.get("/settings/members")
@requires("member:read")
def index() -> str:
    """List the members."""
    return members_page()


@bp.get("/settings/members/filters")
@requires("member:read")
def filters() -> str:
    """Answer what the list can be narrowed to, when the filters are opened."""
    choices = _filter_choices(all_roles(roles()), team_choices())
    return render_template("settings/_members_filters.html", values={"sort": "name"}, **choices)


@bp.post("/settings/members/changes")
@requires("member:update")
@proven
@shown_again(members_page, lists=("members",))
def change_many() -> ResponseReturnValue:
    """Give the chosen members another role or team, lock them out or let them in again; each refusal is told.

    Whom it touches is shown before, and who would be locked out. Undoing that names the members in the address.
    """
    ids = [found for text in request.values.getlist("members") if (found := _id(text)) is not None]
    back = came_from(url_for("settings_members.index"))
    try:
        agreed = check_seats(bulk.frozen_among(ids) if request.values.get("what") == "thaw" else 0)
        change = _asked_for(ids)
        outcome = once_confirmed(lambda: bulk.carry_out(change), lambda: _foreseen(change))
    except AskedFirst as asked_first:
        return confirm_page(
            asked_first.preview, title=_("Members"), action=url_for("settings_members.change_many"), back_url=back,
            kept=[*(pair for pair in sent() if pair[0] != "next"), ("next", back)], again=True, told=_told(change),
        )  # fmt: skip
    except SeatsNeeded as needed:
        here = url_for("settings_members.change_many")
        return seats_page(needed.needed, action=here, back_url=back, purpose="thaw")
    want(agreed)
    if asks_to_lock_out(outcome):
        return lock_out_page(outcome, back)
    for name, reason in outcome.refused:
        flash(f"{name}: {reason}", "error")
    if not outcome.done:
        return redirect(back, 303)
    if request.values.get("what") in ("freeze", "thaw"):
        return locked_or_let_in(outcome, back)
    return saved(back, ngettext("%(num)s person changed.", "%(num)s people changed.", outcome.done))


def _foreseen(change: bulk.Change) -> Preview:
    """Return whom another role or team of these members touches; locking out has a page of its own."""
    given = {name: value for name, value in change.values.items() if name != "status"}
    return preview_of_member_change(change.ids, **given) if given else Preview(())


def _told(change: bulk.Change) -> str:
    """Return what many get, and how many they are."""
    role_id, team_id = (str(change.values.get(name, "")) for name in ("role_id", "team_id"))
    given = [
        (_("Role"), dict(all_roles(roles())).get(role_id, "")) if role_id else ("", ""),
        (_("Team"), dict(team_choices()).get(team_id, "").strip()) if team_id else ("", ""),
    ]
    lines = [_("%(field)s: %(entry)s", field=label, entry=name) for label, name in given if name]
    return dotted(*lines, ngettext("%(num)s person", "%(num)s people", len(change.ids)))


def _asked_for(ids: list[UUID]) -> bulk.Change:
    actor, what = current_member(), request.values.get("what", "")
    if what == "role":
        return bulk.role_change(ids, _chosen("role_id", _("Choose a role.")), actor=actor)
    if what == "team":
        return bulk.team_change(ids, _chosen("team_id", _("Choose a team.")), actor=actor)
    if what in ("freeze", "thaw"):
        return bulk.freezing(ids, what == "freeze", actor=actor)
    raise InvalidInput({"": _("Choose what to change.")})


def _chosen(name: str, message: str) -> UUID:
    found = _id(request.form.get(name, ""))
    if found is None:
        raise InvalidInput({name: message})
    return found


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
