"""Companies, the people there, and consumers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from saas_crm.core.folding import fold
from saas_crm.customers.indexing import name_forms
from saas_crm.customers.models import Company, Contact
from saas_crm.demo.scene import Row, Scene
from saas_crm.demo.words import City, Firm
from tenants.pinyin import syllables
from tenants.slugs import suggest_slug

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i"})


def invent_customers(scene: Scene) -> None:
    """Add the companies with one to three people each, and the consumers."""
    taken: set[str] = set()
    for firm in scene.words.firms[: scene.sizes.companies]:
        company = _company(scene, firm, taken)
        for place in range(scene.rng.choice((1, 1, 2, 2, 3))):
            _person(scene, company, first=place == 0)
    for _ in range(scene.sizes.consumers):
        _person(scene, None, first=False)


def _company(scene: Scene, firm: Firm, taken: set[str]) -> Row:
    slug = suggest_slug(firm.name, taken.__contains__)
    taken.add(slug)
    domain = f"{slug}.example"
    made = scene.ago(scene.rng.triangular(4, 420, 120))
    return scene.add(
        "companies",
        name=firm.name, **name_forms(Company, firm.name), industry=firm.industry,
        email=f"info@{domain}", website=f"https://www.{domain}", domain=domain, lifecycle="potential",
        description=scene.rng.choice(scene.words.about_firm), tags=_tags(scene),
        owner_id=scene.owner(), created_at=made, updated_at=made, last_activity_at=None, **_place(scene),
    )  # fmt: skip


def _person(scene: Scene, company: Row | None, *, first: bool) -> Row:
    given, family = scene.rng.choice(scene.words.given), scene.rng.choice(scene.words.family)
    name = scene.words.full_name.format(given=given, family=family)
    made = company["created_at"] if company else scene.ago(scene.rng.triangular(2, 300, 60))
    place = _place(scene) if company is None else dict.fromkeys(("street", "city", "region", "postcode"), "")
    place |= {"country": scene.country if company is None else "", "phone": place.get("phone", "")}
    return scene.add(
        "contacts",
        name=name, **name_forms(Contact, name), company_id=company and company["id"],
        job_title=scene.rng.choice(scene.words.titles) if company else "",
        email=f"{_local_part(scene, given, family)}@{company['domain'] if company else 'mail.example'}",
        mobile=_mobile(scene) if first or scene.rng.random() < 0.7 else "", birthday=_birthday(scene),
        lifecycle="potential", tags=_tags(scene) if company is None else [], description="",
        owner_id=company["owner_id"] if company else scene.owner(),
        created_at=made, updated_at=made, last_activity_at=None, **place,
    )  # fmt: skip


def _place(scene: Scene) -> dict[str, Any]:
    city: City = scene.rng.choice(scene.words.cities)
    number = len(scene.rows.get("companies", ())) + len(scene.rows.get("contacts", ()))
    phone = scene.phone(number) if scene.phone else city.phone.format(number % 1000)
    street = scene.rng.choice(scene.words.streets).format(scene.rng.randint(1, 120))
    return {
        "street": street, "city": city.name, "region": city.region, "postcode": city.postcode,
        "country": scene.country, "phone": phone,
    }  # fmt: skip


def _mobile(scene: Scene) -> str:
    number = sum(bool(row["mobile"]) for row in scene.rows.get("contacts", ()))
    if scene.phone:
        return ""
    patterns = scene.words.mobiles
    return patterns[number // 100 % len(patterns)].format(number % 100)


def _tags(scene: Scene) -> list[str]:
    return sorted(scene.rng.sample(scene.words.tags, scene.rng.choice((0, 0, 1, 1, 2))))


def _birthday(scene: Scene) -> date | None:
    """Return a birthday for two of five; one in ten of those is in the next days."""
    if scene.rng.random() > 0.4:
        return None
    soon = scene.rng.random() < 0.1
    ahead = scene.rng.randint(0, 6) if soon else scene.rng.randint(7, 350)
    day = scene.today + timedelta(days=ahead)
    return datetime(scene.today.year - scene.rng.randint(24, 63), day.month, min(day.day, 28)).date()  # noqa: DTZ001


def _local_part(scene: Scene, given: str, family: str) -> str:
    words = [_latin(given), _latin(family)]
    known = {row["email"].partition("@")[0] for row in scene.rows.get("contacts", ())}
    plain = ".".join(words)
    return plain if plain not in known else f"{plain}{len(known)}"


def _latin(name: str) -> str:
    if name.isascii() or name[0] < "\u3400":
        return fold(name.lower().translate(_UMLAUTS)).replace(" ", "")
    return "".join(syllables(name))
