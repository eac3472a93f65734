"""Rows of a large workspace, each computed from its number alone, so that several processes can write at once.

What looks like chance is computed from the number (the mixing of SplitMix64), the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from infra.bench.plan import Size
from saas_crm.customers.indexing import name_forms
from saas_crm.customers.models import Company, Contact
from saas_crm.search.actions import Findable, row_of

COMPANY, CONTACT, DEAL, ACTIVITY, CHANGE = range(1, 6)
CITIES = ("Berlin", "Hamburg", "Lyon", "Graz", "Porto", "Leeds", "Turin", "Gent", "Brno", "Malmö", "Zürich", "Kraków")
_FIRST = """Northern Southern Eastern Western Sterling Golden Silver Alpine Baltic Nordic Central Royal United Prime
Delta Omega Vector Quantum Stellar Harbour Summit Granite Cedar Falcon Phoenix Aurora Cobalt Crystal""".split()  # noqa: SIM905
_SECOND = """Instruments Logistics Robotics Foods Textiles Pharma Optics Motors Ceramics Printing Packaging Energy
Software Plastics Furniture Bakery Dental Hydraulics Timber Seafood Steel Glass Farming Coffee""".split()  # noqa: SIM905
_FORMS = ("GmbH", "Ltd", "S.A.", "AG", "B.V.", "Inc")
_PLACES = ("北京", "上海", "深圳", "杭州", "成都", "苏州", "武汉", "青岛")
_BRANDS = """华宇 金辉 东方 恒泰 瑞丰 天成 博远 鼎盛 长青 明珠 蓝海 星河
永安 宏图 新锐 远航 泰山 凤凰 海棠 百川""".split()  # noqa: SIM905
_TRADES = """精密机械 电子科技 食品 汽车零部件 包装材料 医疗器械 新能源 纺织 化工 建材 物流 软件""".split()  # noqa: SIM905
_GIVEN = "Anna Lukas Mia Felix Emma Jan Sofia Tim Lena Paul Ines Kai 伟 芳 娜 敏 静 强 晓燕 明远".split()  # noqa: SIM905
_FAMILY = "Müller Weber Rossi Novak Silva Dubois Larsen Kowalski Meyer Brown 王 李 张 刘 陈 杨".split()  # noqa: SIM905
_WARES = "Combi ovens|Service contract|Pilot project|Second site|Renewal|包装线改造|机器人工作站|年度维保".split("|")  # noqa: SIM905
_KINDS = ("call", "call", "email", "email", "note", "meeting", "visit")
_SPAN = timedelta(days=730)
_ALL = 2**64 - 1

Row = tuple[Any, ...]
COLUMNS = {
    "companies": "id name sort_name name_key phone email website domain industry lifecycle tags city country owner_id "
    "last_activity_at created_at updated_at",
    "contacts": "id name sort_name company_id job_title email mobile lifecycle city country owner_id last_activity_at "
    "created_at updated_at",
    "opportunities": "id name pipeline_id stage_id status amount currency expected_close company_id contact_id "
    "owner_id closed_at close_reason stage_since last_activity_at created_at updated_at",
    "stage_changes": "id opportunity_id from_stage_id to_stage_id amount member_id at",
    "activities": "id kind subject body company_id contact_id opportunity_id owner_id at due_at done_at created_at "
    "updated_at",
    "search_entries": "record_id kind title subtitle folded grams owner_id parent_id parent_owner_id",
}


def spread(number: int, salt: int) -> int:
    """Return a number between 0 and 2**32 that looks like chance."""
    mixed = ((number + 1) * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9) & _ALL
    mixed = ((mixed ^ mixed >> 31) * 0x94D049BB133111EB) & _ALL
    return mixed >> 32


class Invented:
    """The rows of one workspace: `owners` are its selling members, `stages` are (id, pipeline id, kind)."""

    def __init__(
        self, size: Size, owners: list[UUID], stages: list[tuple[UUID, UUID, str]], currency: str, now: datetime
    ) -> None:
        self.size, self.owners, self.stages, self.currency, self.now = size, owners, stages, currency, now
        self._start = now - _SPAN

    def key(self, kind: int, number: int) -> UUID:
        """Return the n-th key of a kind, in the layout of UUID version 7: ordered by time of creation."""
        millis = int(self.made(kind, number).timestamp() * 1000)
        return UUID(int=millis << 80 | 7 << 76 | (number & 0xFFF) << 64 | 2 << 62 | kind << 48 | number)

    def made(self, kind: int, number: int) -> datetime:
        """Return when the n-th record of a kind was made: evenly over two years."""
        total = (1, self.size.companies, self.size.contacts, self.size.deals, self.size.activities, self.size.deals * 3)
        return self._start + _SPAN * (number / total[kind])

    def owner(self, company: int) -> UUID:
        """Return who owns a company and what belongs to it."""
        return self.owners[spread(company, 3) % len(self.owners)]

    def deal_company(self, deal: int) -> int:
        """Return the number of the company a deal is with."""
        return spread(deal, 5) % self.size.companies

    def is_open(self, deal: int) -> bool:
        """Whether a deal is still open: one of four."""
        return spread(deal, 7) % 4 == 0

    def rows(self, table: str, first: int, last: int) -> Iterator[Row]:
        """Yield the rows of a table from one number up to another, in the order of COLUMNS."""
        make = {"companies": self._company, "contacts": self._contact, "opportunities": self._deal,
                "activities": self._activity}[table]  # fmt: skip
        return (make(number) for number in range(first, last))

    def changes(self, first: int, last: int) -> Iterator[Row]:
        """Yield the stage history of some deals."""
        for deal in range(first, last):
            yield from self._changes(deal)

    def entries(self, table: str, first: int, last: int) -> Iterator[Row]:
        """Yield the search entries of a table's rows."""
        find = {"companies": self._company_entry, "contacts": self._contact_entry, "opportunities": self._deal_entry}
        names = COLUMNS["search_entries"].split()
        for number in range(first, last):
            entry = row_of(find[table](number))
            yield tuple(entry[name] for name in names)

    def _company(self, n: int) -> Row:
        name, domain, made = company_name(n), f"firm{n}.example", self.made(COMPANY, n)
        lifecycle = ("potential", "new", "active", "active", "dormant")[spread(n, 11) % 5]
        tags = [("key account", "referral", "trade fair")[n % 3]] if n % 4 == 0 else []
        return (self.key(COMPANY, n), name, *name_forms(Company, name).values(), _phone(n), f"info@{domain}",
                f"https://www.{domain}", domain, _SECOND[n % len(_SECOND)], lifecycle, tags, CITIES[n % len(CITIES)],
                "DE", self.owner(n), self._lately(n), made, made)  # fmt: skip

    def _contact(self, n: int) -> Row:
        name, made, company = contact_name(n), self.made(CONTACT, n), self._company_of_contact(n)
        return (self.key(CONTACT, n), name, *name_forms(Contact, name).values(),
                None if company is None else self.key(COMPANY, company), "Purchasing" if n % 3 else "Director",
                f"person{n}@firm{n // 2}.example", _phone(n + 1), "active", CITIES[n % len(CITIES)], "DE",
                self.owner(n // 2), self._lately(n), made, made)  # fmt: skip

    def _company_of_contact(self, n: int) -> int | None:
        return None if n % 10 == 9 else n // 2

    def _deal(self, n: int) -> Row:
        stage, company, made = self._stage(n), self.deal_company(n), self.made(DEAL, n)
        closed = None if stage[2] == "open" else min(made + timedelta(days=spread(n, 13) % 90), self.now)
        since = closed or max(made, self.now - timedelta(days=spread(n, 17) % 40))
        expected = closed or self.now + timedelta(days=spread(n, 19) % 120 - 20)
        return (self.key(DEAL, n), deal_name(n), stage[1], stage[0], stage[2], 1000 + spread(n, 23) % 90_000,
                self.currency, expected.date(), self.key(COMPANY, company), self.key(CONTACT, company * 2),
                self.owner(company), closed, "price" if stage[2] == "lost" else "", since,
                max(since, self._lately(n)), made, since)  # fmt: skip

    def _stage(self, deal: int) -> tuple[UUID, UUID, str]:
        kinds = "open" if self.is_open(deal) else ("won", "won", "lost")[spread(deal, 29) % 3]
        fitting = [stage for stage in self.stages if stage[2] == kinds]
        return fitting[spread(deal, 31) % len(fitting)]

    def _changes(self, deal: int) -> Iterator[Row]:
        """Yield how a deal came to its stage: by the first, by one between, into where it is."""
        final, made = self._stage(deal), self.made(DEAL, deal)
        way = list(dict.fromkeys([self.stages[0][0], self.stages[1][0], final[0]]))
        owner, former = self.owner(self.deal_company(deal)), None
        for step, stage_id in enumerate(way):
            yield (self.key(CHANGE, deal * 3 + step), self.key(DEAL, deal), former, stage_id, 1000, owner,
                   made + timedelta(days=step * 9))  # fmt: skip
            former = stage_id

    def _activity(self, n: int) -> Row:
        deal = spread(n, 37) % self.size.deals if n % 3 == 0 else None
        company = self.deal_company(deal) if deal is not None else self._busy_company(n)
        owner, made = self.owner(company), self.made(ACTIVITY, n)
        due, done = None, made
        kind = _KINDS[n % len(_KINDS)]
        if n % 331 == 0:
            kind, done = "task", None
            due = self.now + timedelta(hours=spread(n, 41) % 960 - 240)
        return (self.key(ACTIVITY, n), kind, "Follow up" if done is None else "Talked about the offer",
                "" if kind == "task" else "Price is fine; the start date is open. They will call next week.",
                self.key(COMPANY, company), self.key(CONTACT, company * 2),
                None if deal is None else self.key(DEAL, deal), owner, due or made, due, done, made, made)  # fmt: skip

    def _busy_company(self, activity: int) -> int:
        """Return a company: some have thousands of activities, most a handful."""
        share = spread(activity, 43) / 2**32
        return int(self.size.companies * share * share)

    def _lately(self, n: int) -> datetime:
        return self.now - timedelta(hours=spread(n, 47) % 9_000)

    def _company_entry(self, n: int) -> Findable:
        return Findable("company", self.key(COMPANY, n), company_name(n), subtitle=CITIES[n % len(CITIES)],
                        fields={"website": f"https://www.firm{n}.example", "address": CITIES[n % len(CITIES)],
                                "industry": _SECOND[n % len(_SECOND)], "email": f"info@firm{n}.example",
                                "phone": _phone(n)}, owner_id=self.owner(n))  # fmt: skip

    def _contact_entry(self, n: int) -> Findable:
        company = self._company_of_contact(n)
        at = "" if company is None else company_name(company)
        return Findable("contact", self.key(CONTACT, n), contact_name(n), subtitle=at,
                        parent_name=at, fields={"address": CITIES[n % len(CITIES)], "phone": _phone(n + 1),
                                                "email": f"person{n}@firm{n // 2}.example"},
                        owner_id=self.owner(n // 2),
                        parent_id=None if company is None else self.key(COMPANY, company),
                        parent_owner_id=None if company is None else self.owner(company))  # fmt: skip

    def _deal_entry(self, n: int) -> Findable:
        company = self.deal_company(n)
        at, owner = company_name(company), self.owner(company)
        return Findable("opportunity", self.key(DEAL, n), deal_name(n), subtitle=at, parent_name=at, owner_id=owner,
                        parent_id=self.key(COMPANY, company), parent_owner_id=owner)  # fmt: skip


@lru_cache(4)
def company_name(n: int) -> str:
    """Return the n-th company's name: three of four Latin, the fourth Chinese."""
    if n % 4 == 3:
        parts = (_PLACES, _BRANDS, _TRADES)
        return "".join(part[spread(n, salt) % len(part)] for salt, part in enumerate(parts, 51)) + "有限公司"
    words = (part[spread(n, salt) % len(part)] for salt, part in enumerate((_FIRST, _SECOND, CITIES, _FORMS), 61))
    return " ".join(words)


def contact_name(n: int) -> str:
    """Return the n-th person's name."""
    return f"{_GIVEN[spread(n, 71) % len(_GIVEN)]} {_FAMILY[spread(n, 73) % len(_FAMILY)]}"


def deal_name(n: int) -> str:
    """Return the n-th deal's name."""
    return f"{_WARES[spread(n, 79) % len(_WARES)]} {spread(n, 83) % 900 + 100}"


def _phone(n: int) -> str:
    """Return one of five thousand numbers: their spellings for the index are computed once."""
    return f"+493023{spread(n, 89) % 5_000 + 10_000}"


def today_utc() -> datetime:
    """Return the present full hour, from which everything is told."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
