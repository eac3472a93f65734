"""Which rows a member may have changed, by the tables of permissions alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from tests.leaks.asking import Case
from tests.leaks.payments import TABLES as PAYMENTS
from tests.leaks.watch import Change
from tests.leaks.world import OUTSIDER, Estate, follows

SALES = {
    "companies": "company", "contacts": "contact", "opportunities": "opportunity", "activities": "activity",
}  # fmt: skip
FOLLOWING = frozenset({
    "audit_log", "search_entries", "usage_sums", "opportunity_totals", "opportunity_sums", "opportunity_owner_sums",
    "idempotency_keys", "stage_changes", "hand_over_items", "record_numbers", "number_counts",
    "member_seats",
})  # fmt: skip
"""Tables that follow what is changed in others."""
STAMPS = frozenset(
    {"version", "updated_at", "updated_by_id", "last_activity_at", "created_at", "sort_name", "name_key"}
)
OWN_COLUMNS = frozenset(
    {"name", "locale", "timezone", "photo_digest", "working_hours", "substitute_id", "last_seen_at"}
)
TAKES: Mapping[str, frozenset[str]] = {
    "roles": frozenset({"role"}), "teams": frozenset({"team", "member"}), "team_helpers": frozenset({"team", "member"}),
    "unit_guests": frozenset({"team", "member"}), "policies": frozenset({"workspace"}),
    "identity_providers": frozenset({"workspace"}), "sso_identities": frozenset({"workspace"}),
    "pipelines": frozenset({"pipeline"}), "stages": frozenset({"pipeline"}), "invitations": frozenset({"member"}),
    "hand_overs": frozenset({"hand_over"}), "tenants": frozenset({"workspace"}), "memberships": frozenset({"member"}),
    "mailed_tokens": frozenset({"member"}), "authenticator_apps": frozenset({"member"}),
    "recovery_codes": frozenset({"member"}), "processing_activities": frozenset({"privacy:update"}),
    "archives": frozenset({"workspace"}), "archive_pieces": frozenset({"workspace"}),
    "tenant_domains": frozenset({"workspace"}),
    "support_consents": frozenset({"workspace"}),
    "privacy_settings": frozenset({"privacy:update"}), "privacy_holds": frozenset({"privacy:update"}),
    "erasures": frozenset({"privacy:delete"}), "erasure_items": frozenset({"privacy:delete"}),
}  # fmt: skip
"""Tables of the workspace itself, and of which resources one needs a permission beyond reading to change them; or the
permission itself."""
PERSONAL = frozenset({
    "users", "user_photos", "sessions", "mailed_tokens", "authenticator_apps", "recovery_codes", "pending_sign_ins",
    "passkeys", "known_browsers", "sign_ins", "email_changes",
})  # fmt: skip
"""Shared tables whose rows are a person's own."""
COUNTED = frozenset({"throttles", "spent_challenges"})


BY_DESIGN: Mapping[str, str] = {
    "account.load_sample": "sample customers come with the workspace, in the name of who sets it up",
    "account.remove_sample": "and go with it",
    "privacy.erase": "who erases a person erases what others noted of them, too",
    "api.erase_contact": "the same",
}  # fmt: skip
"""Endpoints whose own permission is all that is asked, and why."""


def wrong_changes(estate: Estate, case: Case, changes: list[Change]) -> Iterator[str]:
    """Yield which rows were changed by somebody who may not."""
    if case.endpoint.rule.endpoint in BY_DESIGN:
        return
    new = {change.is_now["id"] for change in changes if change.act == "INSERT" and change.table in SALES}
    for change in changes:
        wrong = _wrong(estate, case, change, new)
        if wrong:
            yield f"{change.act} of {change.table} {sorted(change.columns - STAMPS)[:6]}: {wrong}"


def _wrong(estate: Estate, case: Case, change: Change, new: set[str]) -> str:
    row, scopes, me = change.is_now or change.was, estate.scopes[case.who], estate.people[case.who]
    if change.place != "public" and change.place != estate.schema:
        return "it is another workspace's"
    if change.place == "public" and change.table in PERSONAL and str(row.get("user_id", row["id"])) == str(me.user_id):
        return ""
    if change.table in PAYMENTS or (change.table == "tenants" and change.columns - STAMPS <= {"plan"}):
        return _of_payments(estate, case.who, row)
    if change.table in FOLLOWING or change.table in COUNTED or not change.columns - STAMPS:
        return ""
    if change.table in SALES:
        return _of_record(estate, case.who, SALES[change.table], change, new)
    if change.table == "opportunity_contacts":
        told = change.act != "INSERT" or estate.can_see(case.who, "contact", UUID(row["contact_id"]))
        return "" if told else "a contact that is not seen was put to a deal"
    if change.table == "shares":
        return _of_share(estate, case.who, change)
    if change.table == "consents":
        may = change.act == "INSERT" and estate.may(case.who, "contact", "update", UUID(row["contact_id"]))
        return "" if may else "no right to say what the contact said"
    if change.table == "api_tokens":
        return _of_token(estate, case.who, change)
    if change.table == "members":
        return _of_member(estate, case.who, change)
    if change.table == "sessions":
        return _of_session(estate, case.who, change)
    if change.table == "archives" and str(row["id"]) == str(estate.samples[OUTSIDER].values["archive_id"]):
        return "it is another workspace's"
    needed = TAKES.get(change.table)
    if needed is None:
        return "nobody has said who may change this table"
    able = any({name, name.split(":")[0]} & needed and not name.endswith(":read") for name in scopes)
    if able and "contact_id" in row and change.table == "privacy_holds":
        able = estate.can_see(case.who, "contact", UUID(row["contact_id"]))
    return "" if able else f"it takes a permission for {' or '.join(sorted(needed))}"


def _of_payments(estate: Estate, who: str, row: dict[str, str]) -> str:
    if str(row.get("tenant_id") or row["id"]) != str(estate.tenant_id):
        return "it is another workspace's"
    return "" if "billing:update" in estate.scopes[who] else "it takes a permission for billing"


def _of_record(estate: Estate, who: str, kind: str, change: Change, new: set[str]) -> str:
    row, key = change.is_now or change.was, UUID((change.is_now or change.was)["id"])
    if change.act == "DELETE":
        return "a record is gone for good"
    if change.act == "INSERT":
        if f"{kind}:create" not in estate.scopes[who]:
            return "it takes the permission to create"
        return _of_owner(estate, who, kind, row["owner_id"]) or _of_references(estate, who, kind, row, set(row), new)
    if estate.covers(who, "hand_over:create", estate.world.owner.get(key, "")) and change.columns - STAMPS <= {
        "owner_id"
    }:
        return ""
    action = "delete" if "deleted_at" in change.columns else "update"
    if not estate.may(who, kind, action, key):
        return f"no right to {action} it"
    wrong = _of_references(estate, who, kind, row, change.columns, new)
    return wrong or (_of_owner(estate, who, kind, row["owner_id"]) if "owner_id" in change.columns else "")


def _of_owner(estate: Estate, who: str, kind: str, owner_id: str | None) -> str:
    owner = estate.name_of(owner_id)
    given = owner == who or (owner and estate.covers(who, f"{kind}:assign", owner))
    able = given and (owner == who or f"{kind}:update" in estate.scopes[owner])
    return "" if able else f"it was given to {owner or owner_id}"


def _of_references(
    estate: Estate, who: str, kind: str, row: dict[str, str], columns: set[str], new: set[str]
) -> str:  # fmt: skip
    """What a record is hung on has to be seen, or to be made by the same request."""
    for name, other in follows(kind).items():
        key = row.get(name) if name in columns else None
        if key and _comes_along(estate, name, row, UUID(key)):
            continue
        if key and key not in new and not estate.can_see(who, other, UUID(key)):
            return f"it was hung on a {other} that is not seen"
    return ""


def _comes_along(estate: Estate, name: str, row: dict[str, str], key: UUID) -> bool:
    """Whether a customer is that of the deal or the contact which was chosen, and which is looked at by itself."""
    chosen = [row.get(other) for other in ("opportunity_id", "contact_id") if other != name]
    return any(one and key in estate.customers.get(UUID(one), ()) for one in chosen)


def _of_share(estate: Estate, who: str, change: Change) -> str:
    row = change.is_now or change.was
    leaves = change.act == "DELETE" and estate.name_of(row["member_id"]) == who
    kind, key = row["resource"], UUID(row["record_id"])
    removes = change.act == "DELETE" and "member:delete" in estate.scopes[who]  # who is removed leaves every team
    return "" if leaves or removes or estate.may(who, kind, "share", key) else "no right to share it"


def _of_token(estate: Estate, who: str, change: Change) -> str:
    row, owner = change.is_now or change.was, estate.name_of((change.is_now or change.was)["member_id"])
    if change.act == "INSERT":
        return "" if owner == who and "token:create" in estate.scopes[who] else "no right to make it"
    if change.columns - STAMPS <= {"last_used_at", "address", "proved_at"} and owner == who:
        return ""
    if {"member:update", "member:delete"} & estate.scopes[who].keys():
        return ""  # who leaves or is frozen loses their tokens
    return "" if row and estate.covers(who, "token:delete", owner) else "no right to take it back"


def _of_session(estate: Estate, who: str, change: Change) -> str:
    """Of somebody else's a session is only ended, by who may change them; nobody makes or prolongs one."""
    user_id = str((change.is_now or change.was)["user_id"])
    whose = next((name for name, person in estate.people.items() if str(person.user_id) == user_id), "")
    able = "member:update" in estate.scopes[who] and (not whose or estate.covers(who, "member:update", whose))
    return "" if change.act == "DELETE" and able else "it takes a permission for the member"


def _of_member(estate: Estate, who: str, change: Change) -> str:
    if change.act == "UPDATE" and change.columns <= STAMPS | {"last_seen_at"}:
        return ""
    if str(change.is_now.get("id")) == str(estate.people[who].member_id) and change.columns - STAMPS <= OWN_COLUMNS:
        return ""
    changed = estate.name_of(change.is_now.get("id") or change.was.get("id"))
    able = {"team:update", "team:delete", "member:create"} & estate.scopes[who].keys() or any(
        estate.covers(who, permission, changed) for permission in ("member:update", "member:delete") if changed
    )
    handing = "hand_over:create" in estate.scopes[who] and change.columns - STAMPS <= {"substitute_id"}
    return "" if able or handing else "it takes a permission for member or team"
