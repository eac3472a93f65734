"""Everything one can ask to be changed: each form and each body, with everybody's ids in the path and in the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from mobile_api.openapi.schemas import schema_of
from tests.guard.endpoints import SAFE, Endpoint
from tests.leaks.asking import Case
from tests.leaks.batches import body_batches, form_batches
from tests.leaks.filling import id_kind, value_of
from tests.leaks.forms import UNTOLD, Field
from tests.leaks.marks import text
from tests.leaks.offers import Offers, hunted, key_of
from tests.leaks.reading import addresses, operations_by_path, targets
from tests.leaks.world import OUTSIDER, Estate

OTHERS = ("mate", "walled", OUTSIDER)
UNSEEN: Mapping[str, Mapping[str, str]] = {
    "billing.begin_checkout": {"plan": "team", "interval": "month"}, "billing.pay": {}, "billing.take_back": {},
    "billing.close": {"reason": "unused"}, "billing.take_back_change": {},
    "billing.put_near_away": {"limit": "customers"},
    "settings_numbering.number_what_is_there": {}, "settings_security.forget_sso": {},
    "activities.reopen": {}, "opportunities.reopen": {}, "settings_members.end_help": {}, "settings_members.thaw": {},
    "settings_pipelines.unarchive": {}, "settings_roles.restore": {}, "settings_roles.undelete": {},
    "settings_members.reset_two_factor": {},
    "settings_teams.end_visit": {}, "settings_teams.end_help": {}, "settings_teams.open_again": {},
    "privacy.lift": {}, "privacy.usual_entry": {}, "privacy.record": {"purpose": "marketing"},
    "settings_members.choose_seats": {"member_ids": ""}, "settings_appearance.remove_logo": {},
    "settings_domain.check": {},
    "settings_domain.remove": {}, "settings_archives.remove": {}, "settings_deletion.take_back": {},
    "account.remove_sample": {}, "viewing.end": {}, "support.leave": {}, "support.withdraw": {},
    "settings_teams.add_guest": {"guest_id": ""},
    "hand_overs.create": {"from_id": "", "to_one": "", "by": "one", "then": "keep", "note": "Typed by a hunter",
                          "to_ids": "", "pick": ""},
    "settings_members.change_many": {"members": "", "what": "team"},
    "settings_members.invite": {"email": "typed@hunt.example", "role_id": "", "team_id": ""},
}  # fmt: skip
"""What is sent where no page of the estate has a form (it is done already, or comes after another form), or where the
form has nothing chosen."""
NOT_SO_HERE: Mapping[str, str] = {
    "POST /api/v1/billing/checkout": "takes a workspace that does not pay yet: tests/mobile_api/test_billing.py",
    "DELETE /api/v1/billing/cancellation": "takes one that is to end: tests/mobile_api/test_billing.py",
    "DELETE /api/v1/billing/confirmation": "takes a change whose bank asks: tests/mobile_api/test_billing.py",
    "POST /settings/members/seats": "takes a plan with fewer seats than people: tests/web/test_seats.py",
    "POST /api/v1/seats": "the same: tests/mobile_api/test_member_seats.py",
    "POST /settings/deletion": "takes the workspace's name, typed: tests/workspaces/test_ending.py",
    "POST /settings/appearance/logo": "takes a picture: tests/web/test_appearance.py",
    "POST /settings/roles/<uuid:role_id>/undeletion": "takes a deleted role: tests/web/test_roles.py",
    "POST /settings/security":
        "takes two-factor sign-in of one's own: tests/web/test_two_factor_policy.py",
    "POST /settings/security/sso": "asks an identity provider whether it is there: tests/web/test_sso.py",
    "POST /settings/numbering/<kind>/existing": "takes numbers that are switched on: tests/web/test_numbering.py",
    "POST /api/v1/numbering/<kind>/existing": "the same: tests/mobile_api/test_numbers.py",
    "POST /api/v1/tokens/proof": "takes the password: tests/mobile_api/test_proof.py",
    "PATCH /api/v1/sso": "takes an identity provider: tests/mobile_api/test_sso.py",
    "POST /settings/privacy/register/<uuid:processing_id>/usual":
        "takes an entry that every workspace begins with: tests/web/test_privacy_register.py",
}  # fmt: skip
"""Changes that cannot succeed in the estate, and where they do."""
OF_OTHERS = {"helper_id": "beside", "guest_id": "beside", "substitute_id": "mate", "member_id": "mate",
             "to_one": "mate", "to_ids": "mate", "manager_id": "mate", "members": "mate",
             "parent_id": "beside"}  # fmt: skip
"""Fields in which one does not name oneself."""


class Unfilled(LookupError):
    """Nobody knows what an endpoint takes."""


def form_writes(estate: Estate, offers: Offers, who: str) -> Iterator[Case]:
    """Yield every change a page can ask for. Raises Unfilled for one to which no form leads."""
    for endpoint in hunted(estate.app):
        if endpoint.is_api or endpoint.method in SAFE:
            continue
        fields = fields_of(offers, endpoint)
        for target in targets(estate, who, endpoint):
            for address in addresses(estate, endpoint, target):
                sent = filled(estate, fields, who) | confirmation(estate, endpoint, target)
                yield Case(who, endpoint, address, target, sent)
        if endpoint.declared.permission in (None, *estate.scopes[who]):
            yield from _with_others(estate, who, endpoint, fields)
            yield from form_batches(estate, who, endpoint, fields, filled(estate, fields, who))


def _with_others(estate: Estate, who: str, endpoint: Endpoint, fields: list[Field]) -> Iterator[Case]:
    for field in fields:
        if id_kind(field.name) is not None:
            for whose in OTHERS:
                sent = filled(estate, fields, who) | {field.name: value_of(estate, field.name, whose)}
                for address in addresses(estate, endpoint, who):
                    yield Case(who, endpoint, address, who, sent, named=f"{field.name} {whose}")


def confirmation(estate: Estate, endpoint: Endpoint, target: str) -> dict[str, str]:
    """Return what confirms that a person shall be erased: their name; and for deleting all, a name it never has.

    The workspace may be called by then what an earlier hunter typed.
    """
    if endpoint.rule.rule == "/settings/deletion":
        return {"name": "No workspace is called so"}
    number = estate.numbers.get(estate.samples[target].values["contact_id"])
    erases = endpoint.rule.rule.endswith("<uuid:contact_id>/erasure")
    return {"name": text(number, "name")} if erases and number is not None else {}


def fields_of(offers: Offers, endpoint: Endpoint) -> list[Field]:
    """Return all fields of the forms that lead to an endpoint. Raises Unfilled."""
    forms = offers.forms.get(key_of(endpoint), [])
    found = {field.name: field for fields in forms for field in fields if field.name not in UNTOLD}
    for name, value in UNSEEN.get(endpoint.rule.endpoint, {}).items():
        found[name] = Field(name, "hidden", value)
    if not forms and endpoint.rule.endpoint not in UNSEEN:
        raise Unfilled(f"no form of any page leads to {endpoint}: say in UNSEEN what is sent there")
    return list(found.values())


def filled(estate: Estate, fields: list[Field], whose: str) -> dict[str, Any]:
    """Return what a form would send; ids are somebody's own."""
    sent: dict[str, Any] = {"confirmed": "1"}
    for field in fields:
        value = value_of(estate, field.name, OF_OTHERS.get(field.name, whose))
        if id_kind(field.name) is not None:
            sent[field.name] = str(value)
        elif field.kind in ("checkbox", "button"):
            if field.value:
                sent[field.name] = field.value
        elif field.kind == "hidden" and field.options:
            sent[field.name] = [field.value, *field.options]
        elif field.kind in ("radio", "select", "hidden"):
            first = "" if field.is_chosen else next(filter(None, field.options), "")
            sent[field.name] = field.value or first
        elif field.kind != "file":
            sent[field.name] = field.value or (value if value is not None else "")
    return sent


def body_writes(estate: Estate, who: str) -> Iterator[Case]:
    """Yield every change a program can ask for."""
    for endpoint in hunted(estate.app):
        if not endpoint.is_api or endpoint.method in SAFE:
            continue
        operation = operations_by_path()[endpoint.method, endpoint.rule.rule]
        model = operation.request_model
        head = {"If-Match": "*"} if operation.if_match == "needed" else {}
        body = body_of(estate, model, who, patch=endpoint.method == "PATCH")
        for target in targets(estate, who, endpoint):
            for address in addresses(estate, endpoint, target):
                sent = body | confirmation(estate, endpoint, target)
                yield Case(who, endpoint, address, target, sent, headers=head)
        if model is None or endpoint.declared.permission not in (None, *estate.scopes[who]):
            continue
        [address] = addresses(estate, endpoint, who)[:1]
        yield from body_batches(estate, who, endpoint, properties(model), body)
        for name, schema in properties(model).items():
            for whose in OTHERS if id_kind(name) is not None else ():
                given = str(value_of(estate, name, whose))
                sent = {**body, name: [given] if schema.get("type") == "array" else given}
                yield Case(who, endpoint, address, who, sent, named=f"{name} {whose}")


def body_of(estate: Estate, model: type[BaseModel] | None, whose: str, *, patch: bool) -> dict[str, Any]:
    """Return a body that fits a model: a change says one thing, everything else all that must be said."""
    if model is None:
        return {}
    found: dict[str, Any] = {}
    needed = schema_of(model).get("required", [])
    for name, schema in properties(model).items():
        value = _value(estate, name, schema, whose)
        if value is not None and (name in needed or (patch and not found)):
            found[name] = value
    return found


def _value(estate: Estate, name: str, schema: Mapping[str, Any], whose: str) -> Any:
    value = value_of(estate, name, whose)
    if "enum" in schema:
        return value if value in schema["enum"] else schema["enum"][0]
    if schema.get("type") == "array":
        return [str(value)] if value is not None else []
    if schema.get("type") == "integer":
        return {"session_hours": 24, "idle_minutes": 60}.get(name, 50)
    if schema.get("type") == "object":
        return {"amount": "10.00", "currency": "USD"} if name == "amount" else {}
    if schema.get("type") == "boolean":
        return True
    if value is None and name in ("role_name", "description", "text"):
        return "Typed by a hunter"
    return str(value) if value is not None else None


@cache
def properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the properties of a model's schema, each without its null and what it refers to put in."""
    schema = schema_of(model)
    return {name: _plain(one, schema.get("$defs", {})) for name, one in schema.get("properties", {}).items()}


def _plain(schema: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _plain(known.get(schema["$ref"].rsplit("/", 1)[-1], {}), known)
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return _plain(one, known)
    return schema
