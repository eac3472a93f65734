"""The hammer: many threads, several tenants with the same primary keys, and every byte of every answer checked.

Each tenant has a canary, a word that stands in no other tenant's rows and in every text of its own that can hold one
(`canaries` knows which cannot, and why). An answer that holds another tenant's canary, or lacks its own where it must
have it, is a leak.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from saas_crm.access.api_tokens import issue_token
from saas_crm.access.models import Role, Team
from saas_crm.access.queries import member_by_id
from saas_crm.core.fields import InputContext
from saas_crm.core.forms import parse
from saas_crm.core.jobs import defer
from saas_crm.customers.models import Company
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.opportunities.models import Pipeline, Stage
from saas_crm.opportunities.schemas import OpportunityWrite
from tenants.context import ActiveTenant
from tenants.db import db, new_id, tenant_scope
from tests.support.cast import Person, found_another
from tests.support.clients import Client, browser_of, phone_of
from tests.support.installation import Installation, Place
from tests.tenants import canaries

ENOUGH = 20
WORDS = tuple(
    f"qq{stone}{wood}qq"
    for wood in ("ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "yew")
    for stone in ("amber", "beryl", "coral", "diamond", "ebony")
)
"""A canary for each of up to fifty tenants."""


def foreign(text: str, canary: str) -> set[str]:
    """Return the canaries of other tenants that stand in a text."""
    lowered = text.lower()
    return {word for word in WORDS if word in lowered} - {canary}


@dataclass(frozen=True)
class Target:
    """One tenant under the hammer."""

    tenant: ActiveTenant
    owner: Person
    canary: str


@dataclass(frozen=True)
class Keys:
    """The keys that records have in every tenant."""

    company: UUID
    contact: UUID
    deal: UUID
    activity: UUID
    team: UUID
    role: UUID


@dataclass(frozen=True)
class Anvil:
    """The tenants, and the keys they share."""

    targets: Sequence[Target]
    keys: Keys


def prepare(app: Flask, place: Place, count: int = 4) -> Anvil:
    """Found `count` tenants and give each the same keys with texts of its own; needs as many spares."""
    keys = Keys(*(new_id() for _ in range(6)))
    targets = []
    for canary in WORDS[:count]:
        tenant, owner = found_another(app, canary, f"Company {canary}")
        targets.append(Target(tenant, owner, canary))
        canaries.fill(place, tenant.schema_name, canary, _fill(app, targets[-1], keys))
    return Anvil(targets, keys)


def _fill(app: Flask, target: Target, keys: Keys) -> dict[str, UUID]:
    """Write what people write first, by the product's own actions; returns the ids that what else there is hangs on."""
    from saas_crm.activities import actions as activities
    from saas_crm.activities.schemas import ActivityWrite
    from saas_crm.customers import actions as customers
    from saas_crm.opportunities import actions as opportunities

    word, context = target.canary, InputContext(form=True)
    assert target.owner.member_id is not None
    with app.app_context(), tenant_scope(target.tenant):
        actor = member_by_id(target.owner.member_id)
        company = {"name": f"{word} works", "city": word, "tags": word, "website": f"{word}.example"}
        customers.create_company(parse(CompanyWrite, company, context), actor=actor, company_id=keys.company)
        contact = {"name": f"Ann {word}", "job_title": word, "company_id": str(keys.company)}
        customers.create_contact(parse(ContactWrite, contact, context), actor=actor, contact_id=keys.contact)
        deal = {"name": f"Sale to {word}", "amount": "5", "company_id": str(keys.company), "description": word}
        opportunities.open_opportunity(
            parse(OpportunityWrite, deal, context), actor=actor, currency="USD", opportunity_id=keys.deal
        )
        note = {"kind": "note", "subject": word, "body": word, "company_id": str(keys.company)}
        activities.create_activity(parse(ActivityWrite, note, context), actor=actor, activity_id=keys.activity)
        issue_token(actor, f"Phone of {word}")
        role = _organise(actor.team_id, word, keys)
        db.session.commit()
    return {"member": target.owner.member_id, "role": role, "company": keys.company, "contact": keys.contact}


def _organise(root: UUID | None, word: str, keys: Keys) -> UUID:
    """Put the canary on what the workspace is made of: its roles, teams and stages; returns a role it began with."""
    assert root is not None
    built_in = db.session.scalars(select(Role.id).where(Role.key == "rep")).one()
    for kind in (Role, Team, Pipeline, Stage):
        for row in db.session.scalars(select(kind)):
            row.name = f"{row.name} {word}"
            if isinstance(row, (Pipeline, Stage)):
                row.names = {locale: f"{name} {word}" for locale, name in (row.names or {}).items()}
    db.session.add(Role(id=keys.role, name=f"Guild of {word}", permissions={"company:read": "own"}))
    crew = {"id": keys.team, "name": f"Crew of {word}", "parent_id": root, "path": [root, keys.team]}
    db.session.execute(insert(Team).values(crew))  # not as an object: a workspace behind has fewer columns
    return built_in


class Hammer:
    """Strikes an application, and keeps the count of what was wrong."""

    def __init__(self, app: Flask, anvil: Anvil, *, seed: int = 1) -> None:
        self._app = app
        self._anvil = anvil
        self._seed = seed
        self._lock = threading.Lock()
        self.leaks: list[str] = []
        self.failures: list[str] = []
        self.requests = 0

    @property
    def problems(self) -> list[str]:
        """Return leaks and answers that failed."""
        return self.leaks + self.failures

    def strike(self, requests: int, *, threads: int = 8, until: Callable[[Hammer], bool] | None = None) -> None:
        """Send `requests` requests from several threads, each to a tenant by chance; `until` may end it early."""
        stop = until or (lambda _: len(self.problems) >= ENOUGH)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda number: self._work(number, requests // threads, stop), range(threads)))

    def _work(self, number: int, requests: int, stop: Callable[[Hammer], bool]) -> None:
        chance = random.Random(f"{self._seed} {number}")
        clients: dict[str, tuple[Client, Client]] = {}
        for _ in range(requests):
            if stop(self):
                return
            target = chance.choice(self._anvil.targets)
            if target.canary not in clients:
                browser, phone = browser_of(self._app, target.owner), phone_of(self._app, target.owner)
                clients[target.canary] = browser, phone
            if chance.random() < 0.06:
                self._hop(chance)
            else:
                self._request(chance, target, *clients[target.canary])

    def _request(self, chance: random.Random, target: Target, browser: Client, phone: Client) -> None:
        keys, word = self._anvil.keys, target.canary
        slug = target.tenant.slug
        pages = (
            f"/companies/{keys.company}", f"/contacts/{keys.contact}", f"/deals/{keys.deal}", "/companies", "/contacts",
            "/deals", "/deals?view=list", "/search?q=works", f"/companies/{keys.company}/edit",
        )  # fmt: skip
        calls = (
            f"/companies/{keys.company}", "/companies", f"/contacts/{keys.contact}", f"/opportunities/{keys.deal}",
            f"/activities/{keys.activity}", "/search?q=works", "/opportunities", "/contacts",
        )  # fmt: skip
        kind = chance.random()
        if kind < 0.05:
            data = {"kind": "note", "recent": f"company:{keys.company}", "body": f"{word} {chance.random()}"}
            self._check(browser.post(f"/{slug}/log", data=data), target, must_have=False)
        elif kind < 0.15:
            body = {"city": f"{word} {chance.random()}"}
            answer = phone.patch(
                f"/companies/{keys.company}", json=body, headers={"Content-Type": "application/merge-patch+json"}
            )
            self._check(answer, target, may_lose=True)
        elif kind < 0.3:
            self._check(browser.get(f"/{slug}{chance.choice(pages)}"), target)
        else:
            self._check(phone.get(chance.choice(calls)), target)

    def _check(self, answer: TestResponse, target: Target, *, must_have: bool = True, may_lose: bool = False) -> None:
        """Look for canaries in every byte of an answer, headers included."""
        everything = f"{answer.headers}\n{answer.get_data(as_text=True)}"
        what = f"{answer.request.method} {answer.request.path}: {answer.status_code}"
        lost = may_lose and answer.status_code in (409, 412)
        with self._lock:
            self.requests += 1
            if foreign(everything, target.canary):
                self.leaks.append(what)
            elif answer.status_code >= 400 and not lost:
                self.failures.append(f"{what} {everything[-300:]}")
            elif must_have and not lost and target.canary not in answer.get_data(as_text=True):
                self.failures.append(f"{what} lacks its canary")

    def _hop(self, chance: random.Random) -> None:
        """Do what a job does: visit several tenants in one application context, holding on to what was read."""
        held: list[Any] = []
        try:
            with self._app.app_context():
                for target in chance.sample(list(self._anvil.targets), k=2):
                    with tenant_scope(target.tenant):
                        company = db.session.get(Company, self._anvil.keys.company)
                        names = db.session.scalars(select(Company.name)).all()
                        defer(db.session(), "recycle_bin.purge", at=None)
                        held.append(company)
                        self._compare(target, company.name if company else "", *names)
                        db.session.commit()
        except Exception as error:
            with self._lock:
                self.failures.append(f"hop: {type(error).__name__} {error}")

    def _compare(self, target: Target, *texts: str) -> None:
        with self._lock:
            self.requests += 1
            if not texts or any(target.canary not in text for text in texts):
                self.leaks.append(f"a visit to {target.canary} found {texts}")


def _in_bytes(text: str) -> set[str]:
    """Return the canaries in what the database writes as hexadecimal digits: answers that are kept, for example."""
    return {word for word in WORDS if word.encode().hex() in text}


def strays(installation: Installation, anvil: Anvil) -> list[str]:
    """Return every table of the database where a canary stands that is not its tenant's: rows, jobs, shared tables."""
    found = []
    words = {target.tenant.schema_name: target.canary for target in anvil.targets}
    ids = {target.canary: str(target.tenant.id) for target in anvil.targets}
    with installation.place.owner() as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname ~ '^t_[0-9a-f]{16}$'"
        ).fetchall()
        for schema, table in tables:
            text = "\n".join(row[0] for row in connection.execute(f'SELECT t::text FROM {schema}."{table}" t'))
            own = words.get(schema, "")
            found += [f"{word} in {schema}.{table}" for word in foreign(text, own) | _in_bytes(text) - {own}]
        for args, text in connection.execute("SELECT args, j::text FROM jobs.procrastinate_jobs j").fetchall():
            found += [
                f"{word} in a job of {args['tenant_id']}"
                for word in foreign(text, "")
                if args["tenant_id"] not in (ids[word], None)
            ]
        throttles = connection.execute("SELECT t::text FROM public.throttles t").fetchall()
        found += [f"{word} in a limit" for word in foreign(str(throttles), "")]
    return found
