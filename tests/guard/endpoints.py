"""The live list of endpoints, sample values for their addresses, and the answer each person should get.

Expectations come from the declarations and the tables of permissions alone, never from a list of pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, select
from werkzeug.routing import Rule

from saas_crm.access.factors.models import Passkey
from saas_crm.access.invitations import Invitation
from saas_crm.access.models import ApiToken, Role
from saas_crm.access.permissions import BUILT_IN, CurrentMember
from saas_crm.access.shared_models import UserSession
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from saas_crm.edge.declared import Declared, declared_for
from saas_crm.hand_over.models import HandOver
from saas_crm.opportunities.models import Pipeline
from saas_crm.privacy.models import Erasure, ProcessingActivity
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, new_id
from tenants.versions import lacks_tables
from tests.support.cast import Cast, Person
from tests.support.making import Maker, acting

SAFE = {"GET", "HEAD", "OPTIONS"}
UNREADABLE = {400, 415, 422, 428}
RESOURCE_OF = {
    "company_id": "company", "contact_id": "contact", "opportunity_id": "opportunity", "activity_id": "activity",
    "token_id": "token",
}  # fmt: skip
QUERIES = {"/api/v1/search": "?q=canary", "/settings/billing/change": "?plan=team&interval=month"}
TEAM_PATHS = {"root": ("root",), "north": ("root", "north"), "south": ("root", "south")}


@dataclass(frozen=True)
class Endpoint:
    """One rule and one of its methods."""

    rule: Rule
    method: str
    declared: Declared

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def is_api(self) -> bool:
        """Whether it belongs to the JSON API."""
        return self.rule.rule.startswith("/api/")

    @property
    def in_workspace(self) -> bool:
        """Whether its address is below a workspace's."""
        return self.declared.place == "workspace"

    @property
    def named_records(self) -> list[str]:
        """Return the arguments that name a record somebody owns."""
        return [name for name in self.rule.arguments if name in RESOURCE_OF]

    @property
    def shared_resource(self) -> str | None:
        """Return the kind of record whose account team this is about, if it is."""
        found = re.search(r"(compan|contact|opportunit)", self.rule.rule) if "account-team" in self.rule.rule else None
        return {"compan": "company", "contact": "contact", "opportunit": "opportunity"}[found[1]] if found else None


@dataclass(frozen=True)
class Samples:
    """Values for the arguments of addresses, all of one workspace; records belong to `owner`."""

    slug: str
    owner: Person
    values: Mapping[str, Any]

    def address(self, app: Flask, endpoint: Endpoint, slug: str | None = None) -> str:
        """Return the endpoint's address; raises KeyError for an argument nobody has a sample of."""
        arguments = {name: self.values[name] for name in endpoint.rule.arguments}
        if "record_id" in arguments:  # of which kind the path says
            kinds = {"contact": "contact_id", "opportunit": "opportunity_id"}
            named = next((name for word, name in kinds.items() if word in endpoint.rule.rule), "record_id")
            arguments["record_id"] = self.values[named]
        adapter = app.url_map.bind("localhost")
        path = adapter.build(endpoint.rule.endpoint, arguments, method=endpoint.method)
        path += QUERIES.get(endpoint.rule.rule, "")
        return f"/{slug or self.slug}{path}" if endpoint.in_workspace else path


def endpoints(app: Flask) -> Iterator[Endpoint]:
    """Yield every rule and method of the application that declares something."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        declared = declared_for(app.view_functions[rule.endpoint])
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if declared is not None:
                yield Endpoint(rule, method, declared)


def make_samples(app: Flask, cast: Cast, who: str, admin: str) -> Samples:
    """Make one of everything in a workspace; `who` owns the records."""
    make = Maker(app, cast)
    company = make.company(who, name=f"Canary company of {who}")
    contact = make.contact(who, name=f"Canary contact of {who}", company_id=str(company.id))
    deal = make.deal(who, name=f"Canary deal of {who}", company_id=str(company.id), amount="10")
    activity = make.activity(who, subject=f"Canary activity of {who}", company_id=str(company.id))
    person = cast[who]
    with acting(app, cast, who):
        token_id = db.session.scalar(select(ApiToken.id).where(ApiToken.member_id == person.member_id))
        pipeline_id = db.session.scalar(select(Pipeline.id))
        role_id = db.session.scalar(select(Role.id).where(Role.key == "viewer"))
    with acting(app, cast, admin) as member:
        invitation = Invitation(
            email=f"canary-{who}@invited.example", role_id=role_id, invited_by_id=member.id,
            token_hash=token_hash(f"invitation of {who}"), expires_at=now(),
        )  # fmt: skip
        db.session.add(invitation)
        new_here = _of_this_release(cast.tenants[person.slug], person, member)
    with app.app_context(), db.engines[SHARED].connect() as connection:
        session_id = connection.scalar(select(UserSession.id).where(UserSession.user_id == person.user_id))
        passkey_id = connection.scalar(insert(Passkey).returning(Passkey.id).values(
            user_id=person.user_id, credential_id=str(person.user_id).encode(), public_key=b"", sign_count=0,
            transports=[], name="Canary key",
        ))  # fmt: skip
        connection.commit()
    stage = make.stages(who)[1]
    values = {
        "company_id": company.id, "contact_id": contact.id, "opportunity_id": deal.id, "activity_id": activity.id,
        "member_id": person.member_id, "user_id": person.user_id, "session_id": session_id, "token_id": token_id,
        "passkey_id": passkey_id,
        "invitation_id": invitation.id, "team_id": person.team_id, "pipeline_id": pipeline_id, "stage_id": stage.id,
        "kind": "company", "record_id": company.id, "token": "no-such-token", "digest": "0" * 8, "code": "en",
        "stamp": 1, "name": "404", "part": "buttons", "path": "app.css", "section": "contacts",
        "role_id": role_id, "archive_id": new_id(), "slug": person.slug, "work_id": new_id(),
        "upload_id": new_id(), "number": 0, "certificate_id": new_id(),
        "ticket": "no-such-ticket", **new_here,
    }  # fmt: skip
    return Samples(person.slug, person, values)


def _of_this_release(tenant: ActiveTenant, person: Person, maker: CurrentMember) -> dict[str, Any]:
    """Make what has a table of its own since this release; in a workspace a release behind the ids are nobody's."""
    if lacks_tables(tenant):
        return {name: new_id() for name in ("hand_over_id", "processing_id", "erasure_id")}
    hand_over = HandOver(from_id=person.member_id, made_by_id=maker.id)
    entry = ProcessingActivity(name=f"Canary processing of {person.key}")
    erasure = Erasure(number=1, contact_id=new_id(), member_id=maker.id, reason="request", parts=[], salt=b"",
                      fingerprints=[])  # fmt: skip
    db.session.add_all([hand_over, entry, erasure])
    db.session.flush()
    return {"hand_over_id": hand_over.id, "processing_id": entry.id, "erasure_id": erasure.id}


def unknown(samples: Samples) -> Samples:
    """Return samples whose ids exist nowhere."""
    values = {name: new_id() if isinstance(value, UUID) else value for name, value in samples.values.items()}
    return Samples(samples.slug, samples.owner, values)


def expected(endpoint: Endpoint, person: Person | None, samples: Samples, cast: Cast) -> set[int] | None:
    """Return the statuses that refuse this person, or None where they are let in."""
    declared = endpoint.declared
    if declared.kind in ("public", "operator-door"):
        return None
    if declared.kind == "operator":  # nobody's sign-in opens the operators' console
        return {404} if endpoint.in_workspace else {302, 303}
    if person is None:
        return {401} if endpoint.is_api else {302}
    if declared.kind == "signed-in":
        return None
    if person.slug != samples.slug:
        return {401} if endpoint.is_api else {404}
    if declared.kind == "owner":
        return None if person.role == "owner" else {403}
    if declared.permission is None:
        return None
    permissions = BUILT_IN[person.role or ""]
    if declared.permission not in permissions:
        return {403}
    shared = [endpoint.shared_resource] if endpoint.shared_resource else []
    for resource in [*(RESOURCE_OF[name] for name in endpoint.named_records), *shared]:
        if not _covers(permissions.get(f"{resource}:read"), person, samples.owner):
            return {404} | (UNREADABLE if endpoint.is_api and endpoint.method not in SAFE else set())
        wanted = declared.permission if declared.permission.startswith(f"{resource}:") else f"{resource}:read"
        if not _covers(permissions.get(wanted), person, samples.owner):
            # What was sent may be refused before the record's owner is looked at.
            return {403, 404} if endpoint.method in SAFE else {403, 404} | UNREADABLE
    return None


def _covers(scope: str | None, person: Person, owner: Person) -> bool:
    if scope is None or scope == "all":
        return scope is not None
    if person.key == owner.key:
        return True
    mine, theirs = TEAM_PATHS[_team(person)], TEAM_PATHS[_team(owner)]
    return (scope == "team" and mine == theirs) or (scope == "subtree" and mine[-1] in theirs)


def _team(person: Person) -> str:
    from tests.support.cast import TEAMS

    return TEAMS[person.key]
