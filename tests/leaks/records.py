"""Records of everybody's, with a mark in every field, hanging on their own and on each other's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, select

from saas_crm.access.models import ApiToken, Invitation, Role, Team
from saas_crm.access.shared_models import UserSession
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from saas_crm.hand_over.models import HandOver, HandOverItem
from saas_crm.opportunities.models import Pipeline
from tenants.db import SHARED, db, new_id
from tenants.models import Archive, ArchivePiece
from tenants.versions import lacks_tables
from tests.access.ways_in import MODELS, World
from tests.guard.endpoints import Samples
from tests.leaks.marks import ARCHIVE, amount, phone, text
from tests.leaks.people import HOLDERS, Office, hung_of
from tests.leaks.privacy import privacy_of
from tests.support.cast import Cast, Person
from tests.support.clients import phone_of
from tests.support.making import Maker, acting

FURTHER = 4_000
"""From this number on it is no record that is marked, but a token, a hand-over, an invitation."""
FOREIGN = 5_000
"""From this number on it is another workspace's."""
PLACE = ("street", "city", "region", "postcode", "description")
FIXED: Mapping[str, Any] = {
    "pipeline_id": None, "stage_id": None, "digest": "0" * 8, "code": "en", "stamp": 1, "name": "404",
    "part": "buttons", "path": "app.css", "section": "contacts", "kind": "company", "token": "no-such-token",
}  # fmt: skip


class Records:
    """Makes what everybody owns, by the product's own actions, and notes it for the plain reckoning."""

    def __init__(
        self, app: Flask, cast: Cast, world: World, people: Mapping[str, Person], office: Office, spare: UUID
    ) -> None:
        self.app, self.cast, self.world, self.people, self.office = app, cast, world, people, office
        self._make, self._spare = Maker(app, cast), spare
        self.numbers: dict[UUID, int] = {}
        self.secrets: dict[int, tuple[str, str]] = {}
        self._gone: dict[str, UUID] = {}
        self._viewer: UUID | None = None
        self._number = {"acme": 0, "other": FOREIGN, "further": FURTHER}

    def fill(self, hunters: Sequence[str]) -> dict[str, Samples]:
        """Give everybody something of each kind; return the ids by whose they are."""
        owners = ["owner", *HOLDERS, *hunters]
        mine = {who: self._set_of(who) for who in owners}
        hung = self._hang_on_each_other(mine)
        self._rewrite({who: mine[who] for who in ("owner", "mate", "walled", *hunters)})
        self._recycle()
        self._share(mine)
        found = {who: self._samples("acme", self.people[who], mine[who]) for who in owners}
        for who, keys in hung.items():
            found[hung_of(who)] = Samples("acme", self.people[who], {**found[who].values, **keys})
        outsider = self.cast["outsider"]
        found["outsider"] = self._samples("other", outsider, self._foreign())
        member_id, team_id = self.people["mate"].member_id, self.office.teams["empty"]
        spare = {"team_id": team_id, "member_id": member_id, "role_id": self._viewer}
        found["spare"] = Samples("acme", self.people["owner"], {**found["owner"].values, **spare})
        found["nobody"] = Samples("acme", self.people["owner"], {
            name: new_id() if isinstance(value, UUID) else value for name, value in found["owner"].values.items()
        })  # fmt: skip
        return found

    def _set_of(self, who: str) -> dict[str, UUID]:
        company = self.add("company", who)
        contact = self.add("contact", who, company_id=company)
        deal = self.add("opportunity", who, company_id=company, contact_id=contact)
        activity = self.add("activity", who, company_id=company, contact_id=contact)
        return {"company_id": company, "contact_id": contact, "opportunity_id": deal, "activity_id": activity}

    def _hang_on_each_other(self, mine: Mapping[str, Mapping[str, UUID]]) -> dict[str, dict[str, UUID]]:
        """What one owns hangs on what the next one owns; and so do things of the hunters'. Return those, by whose."""
        ring, hung = list(HOLDERS), {}
        for who, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            company = mine[other]["company_id"]
            contact = self.add("contact", who, company_id=company)
            deal = self.add("opportunity", who, company_id=company, contact_id=contact)
            activity = self.add("activity", who, opportunity_id=mine[other]["opportunity_id"])
            hung[who] = {"contact_id": contact, "opportunity_id": deal, "activity_id": activity}
        for who, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            consumer = self.add("contact", other)
            deal = self.add("opportunity", who, contact_id=consumer)
            self.add("activity", other, opportunity_id=deal)
        for who in ("own", "rep", "mixed", "team", "no company"):
            walled, beside = mine["walled"], mine["beside"]
            hung[who] = {
                "contact_id": self.add("contact", who, company_id=walled["company_id"]),
                "opportunity_id": self.add(
                    "opportunity", who, company_id=beside["company_id"], contact_id=walled["contact_id"]
                ),
                "activity_id": self.add(
                    "activity", who, contact_id=walled["contact_id"], opportunity_id=walled["opportunity_id"]
                ),
            }
        return hung

    def _rewrite(self, mine: Mapping[str, Mapping[str, UUID]]) -> None:
        """Change something of everybody's, so that there is a history with a value to put back."""
        phone = phone_of(self.app, self.people["owner"])
        for records in mine.values():
            for kind, plural in _PLURALS.items():
                key = records[f"{kind}_id"]
                name = "body" if kind == "activity" else "description"
                answer = phone.patch(f"/{plural}/{key}", json={name: f"{text(self.numbers[key], name)} anew"})
                assert answer.status_code == 200, answer.text

    def _recycle(self) -> None:
        """Put something of each holder's into the bin."""
        for who in ("owner", *HOLDERS):
            self._gone[who] = self.add("company", who)
        marks = ", ".join(f"'{key}'" for key in self._gone.values())
        self.office._run(f"UPDATE companies SET deleted_at = now(), deleted_by_id = owner_id WHERE id IN ({marks})")

    def _share(self, mine: Mapping[str, Mapping[str, UUID]]) -> None:
        given = [
            ("own", "company", "beside", "read"), ("own", "opportunity", "walled", "edit"),
            ("rep", "company", "walled", "edit"), ("mixed", "contact", "within", "read"),
            ("mixed", "opportunity", "beside", "edit"), ("reading", "company", "within", "read"),
            ("no contact", "company", "clubbed", "edit"),
            *(("mate", kind, "owner", "read") for kind in ("company", "contact", "opportunity")),
        ]  # fmt: skip
        for who, kind, whose, level in given:
            key = mine[whose][f"{kind}_id"]
            self.office.share(kind, key, self.people[who].member_id, level)
            self.world.organisation.shares[key, who] = level

    def add(self, kind: str, who: str, **parents: UUID) -> UUID:
        """Make a record of somebody's in the hunt's workspace."""
        number = self._next("acme")
        owner = {"owner_id": self.people[who].member_id}
        record = self._record(kind, "owner", number, {**owner, **{name: str(key) for name, key in parents.items()}})
        hangs = [key for name, key in parents.items() if name in self._followed(kind, parents)]
        hangs += self._deals_customers(kind, parents)
        self.world.add(kind, record.id, who, *hangs)
        self.numbers[record.id] = number
        return UUID(str(record.id))

    def _followed(self, kind: str, parents: Mapping[str, UUID]) -> Sequence[str]:
        """A deal hangs on its company, and on its contact only where it has no company; the others on all they name."""
        if kind == "opportunity":
            return ["company_id"] if "company_id" in parents else ["contact_id"]
        return [name for name, _kind in MODELS[kind].__follows__]

    def _deals_customers(self, kind: str, parents: Mapping[str, UUID]) -> list[UUID]:
        """An activity on a deal is one with the deal's customer, too."""
        if kind != "activity" or "opportunity_id" not in parents:
            return []
        return self.customers().get(parents["opportunity_id"], [])

    def customers(self) -> dict[UUID, list[UUID]]:
        """Return the customers of each deal, and the company of each contact."""
        with acting(self.app, self.cast, "owner"):
            deal, contact = MODELS["opportunity"], MODELS["contact"]
            rows = list(db.session.execute(select(deal.id, deal.company_id, deal.contact_id)))
            rows += list(db.session.execute(select(contact.id, contact.company_id)))
        return {row[0]: [key for key in row[1:] if key] for row in rows}

    def _record(self, kind: str, who: str, number: int, fields: dict[str, Any]) -> Any:
        made = {name: text(number, name) for name in _TEXTS[kind]}
        if kind in ("company", "contact"):
            made |= {"email": f"{text(number, 'email').lower()}@leak.example", "phone": phone(number, "phone")}
        if kind == "company":
            made |= {"website": f"https://{text(number, 'website').lower()}.example"}
            return self._make.company(who, **made, **fields)
        if kind == "contact":
            return self._make.contact(who, **made, mobile=phone(number, "mobile"), birthday="1980-02-03", **fields)
        if kind == "opportunity":
            return self._make.deal(who, **made, amount=amount(number), **fields)
        due = now().replace(second=0, microsecond=0, tzinfo=None).isoformat()
        return self._make.activity(who, **made, kind="task", due_at=due, **fields)

    def _foreign(self) -> dict[str, UUID]:
        keys: dict[str, UUID] = {}
        for kind in ("company", "contact", "opportunity", "activity"):
            hung = {name: str(key) for name, key in keys.items() if kind != "company" and name in ("company_id",)}
            keys[f"{kind}_id"] = self._record(kind, "outsider", self._next("other"), hung).id
        return keys

    def _next(self, which: str) -> int:
        self._number[which] += 1
        return self._number[which]

    def _secret(self, permission: str, whose: str) -> str:
        number = self._next("further" if whose else "other")
        if whose:
            self.secrets[number] = (permission, whose)
        return text(number, "note")

    def _samples(self, slug: str, person: Person, records: Mapping[str, UUID]) -> Samples:
        """Return every id there is of one person's: records, and what else addresses name."""
        is_here = slug == "acme"
        admin, whose = ("owner", person.key) if is_here else ("outsider", "")
        with acting(self.app, self.cast, admin) as member:
            tokens = db.session.scalars(select(ApiToken).where(ApiToken.member_id == person.member_id)).all()
            tokens[0].name = self._secret("token:read", whose)
            pipeline_id = db.session.scalar(select(Pipeline.id))
            viewer_id = db.session.scalar(select(Role.id).where(Role.key == "viewer"))
            role_id = self._spare if is_here else viewer_id
            self._viewer = viewer_id if is_here else self._viewer
            team_id = self.office.teams.get(self._team(person)) if is_here else db.session.scalar(select(Team.id))
            invitation = Invitation(
                email=f"to-{person.key.replace(' ', '-')}@invited.example", role_id=viewer_id, invited_by_id=member.id,
                token_hash=token_hash(f"invitation of {person.key}"), expires_at=now(),
            )  # fmt: skip
            db.session.add(invitation)
            db.session.flush()
            values = {
                **FIXED, **records, **self._of_this_release(slug, person, member.id, records, whose),
                "member_id": person.member_id, "user_id": person.user_id, "token_id": tokens[0].id,
                "invitation_id": invitation.id, "pipeline_id": pipeline_id,
                "role_id": role_id, "team_id": team_id, "record_id": records["company_id"],
                "archive_id": self._archive(slug, person, whose),
                "owner_id": person.member_id, "recycled_id": self._gone.get(person.key, records["company_id"]),
            }  # fmt: skip
        with self.app.app_context(), db.engines[SHARED].connect() as connection:
            values["session_id"] = connection.scalar(
                select(UserSession.id).where(UserSession.user_id == person.user_id).limit(1)
            )
        values["stage_id"] = self._make.stages(admin)[1].id
        return Samples(slug, person, values)

    def _of_this_release(
        self, slug: str, person: Person, made_by: UUID, records: Mapping[str, UUID], whose: str
    ) -> dict[str, UUID]:  # fmt: skip
        """Make what has tables of its own since this release; in a workspace a release behind the ids are nobody's."""
        if lacks_tables(self.cast.tenants[slug]):
            return {name: new_id() for name in ("hand_over_id", "erasure_id", "processing_id")}
        hand_over = HandOver(from_id=person.member_id, made_by_id=made_by, note=self._secret("hand_over:read", whose))
        db.session.add(hand_over)
        db.session.flush()
        db.session.add(HandOverItem(
            hand_over_id=hand_over.id, record_id=records["company_id"], resource="company", to_id=person.member_id
        ))  # fmt: skip
        contact_id = records["contact_id"]
        about = privacy_of(contact_id, self.numbers.get(contact_id, FOREIGN), made_by)
        return {**about, "hand_over_id": hand_over.id}

    def _archive(self, slug: str, person: Person, whose: str) -> UUID:
        """Keep an archive that somebody asked for; of its file they alone get to know."""
        made, content = now(), self._secret(ARCHIVE, whose).encode()
        kept = {
            "id": new_id(), "tenant_id": self.cast.tenants[slug].id, "member_id": person.member_id, "made_at": made,
            "expires_at": made + timedelta(days=7), "size": len(content), "rows": 1,
        }  # fmt: skip
        with db.engines[SHARED].begin() as connection:
            connection.execute(insert(Archive).values(**kept))
            connection.execute(insert(ArchivePiece).values(archive_id=kept["id"], number=0, content=content))
        return kept["id"]

    def _team(self, person: Person) -> str:
        return self.world.organisation.team[person.key]


_PLURALS = {
    "company": "companies", "contact": "contacts", "opportunity": "opportunities", "activity": "activities",
}  # fmt: skip
_TEXTS = {
    "company": ("name", *PLACE, "tags", "industry"),
    "contact": ("name", *PLACE, "tags", "job_title"),
    "opportunity": ("name", "description"),
    "activity": ("subject", "body", "location"),
}
