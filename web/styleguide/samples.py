"""Made-up records for the style guide: long names, several scripts, every state."""

from __future__ import annotations

from typing import Any

from saas_crm.core.clock import now

COMPANIES: tuple[dict[str, Any], ...] = (
    {
        "id": "c1",
        "name": "Bäckerei Österreicher & Söhne",
        "city": "Linz",
        "owner": "Mara Lindqvist",
        "lifecycle": "active",
        "grade": "A",
        "deals": "€ 48,200",
        "phone": "+437321234567",
        "seen": "2 hours ago",
    },
    {
        "id": "c2",
        "name": "华东精密仪器有限公司",
        "city": "上海",
        "owner": "王小明",
        "lifecycle": "new",
        "grade": "B",
        "deals": "€ 120,000",
        "phone": "+862112345678",
        "seen": "yesterday",
    },
    {
        "id": "c3",
        "name": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH",
        "city": "Wien",
        "owner": "Jonas Weber",
        "lifecycle": "dormant",
        "grade": "C",
        "deals": "€ 0",
        "phone": "",
        "seen": "4 months ago",
    },
    {
        "id": "c4",
        "name": "Ribeiro Têxteis",
        "city": "Porto",
        "owner": "Mara Lindqvist",
        "lifecycle": "potential",
        "grade": "",
        "deals": "€ 9,750",
        "phone": "+351220123456",
        "seen": "never",
    },
    {
        "id": "c5",
        "name": "Cobalt Freight Ltd",
        "city": "Leeds",
        "owner": "Aisha Khan",
        "lifecycle": "lost",
        "grade": "D",
        "deals": "€ 0",
        "phone": "+441132345678",
        "seen": "last year",
    },
)

STAGES: tuple[dict[str, str], ...] = (
    {"id": "s1", "name": "Lead", "kind": "open"},
    {"id": "s2", "name": "Qualified", "kind": "open"},
    {"id": "s3", "name": "Proposal", "kind": "open"},
    {"id": "s4", "name": "Negotiation", "kind": "open"},
    {"id": "s5", "name": "Won", "kind": "won"},
    {"id": "s6", "name": "Lost", "kind": "lost"},
)

_DEALS: tuple[tuple[str, str, str, str, str, str, bool, str], ...] = (
    (
        "d1",
        "s1",
        "Ovens for the new branch",
        "Bäckerei Österreicher & Söhne",
        "€ 18,000",
        "30 Nov",
        False,
        "Mara Lindqvist",
    ),
    ("d2", "s1", "Measuring bench", "华东精密仪器有限公司", "€ 64,500", "", False, "王小明"),
    (
        "d3",
        "s2",
        "Yearly maintenance, all sites",
        "Cobalt Freight Ltd",
        "€ 7,200",
        "2 Nov",
        True,
        "Aisha Khan",
    ),
    ("d4", "s3", "二期扩建项目设备采购", "华东精密仪器有限公司", "€ 120,000", "15 Dec", False, "王小明"),
    ("d5", "s3", "Loom retrofit", "Ribeiro Têxteis", "€ 9,750", "20 Dec", False, "Mara Lindqvist"),
    (
        "d6",
        "s4",
        "Framework agreement",
        "Bäckerei Österreicher & Söhne",
        "€ 30,200",
        "28 Nov",
        False,
        "Jonas Weber",
    ),
    ("d7", "s5", "Spare parts 2025", "Cobalt Freight Ltd", "€ 3,400", "1 Nov", False, "Aisha Khan"),
)

SUMS = {
    "s1": (2, "€ 82,500", "8,250"),
    "s2": (1, "€ 7,200", "1,800"),
    "s3": (2, "€ 129,750", "64,875"),
    "s4": (1, "€ 30,200", "22,650"),
    "s5": (1, "€ 3,400", ""),
    "s6": (0, "€ 0", ""),
}


def languages() -> list[dict[str, Any]]:
    """The language links of the frame."""
    pairs = (("en", "English"), ("zh-Hans", "简体中文"), ("zh-Hant", "繁體中文"))
    return [{"tag": tag, "name": name, "href": f"?lang={tag}", "chosen": tag == "en"} for tag, name in pairs]


def companies(typed: str) -> list[dict[str, Any]]:
    """Companies whose name contains what was typed."""
    return [company for company in COMPANIES if typed.casefold() in company["name"].casefold()]


def deal(stage_id: str) -> dict[str, Any]:
    """The first deal, in the stage given."""
    return {**deals()[0], "stage_id": stage_id}


def deals() -> list[dict[str, Any]]:
    """All deals of the sample board."""
    keys = ("id", "stage_id", "name", "customer", "amount", "close", "late")
    return [
        dict(zip(keys, row, strict=False))
        | {
            "owner": {"name": row[7], "photo_url": ""},
            "href": "/styleguide/records",
            "version": 1,
            "move_url": "/styleguide/moved",
        }
        for row in _DEALS
    ]


def conflict() -> dict[str, Any]:
    """What the conflict page shows."""
    return {
        "who": "Jonas Weber",
        "when": "3 minutes ago",
        "action": "/styleguide/",
        "version": 4,
        "back_url": "/styleguide/records",
        "workspace_name": "Nordwind Maschinenbau",
        "retry_after": 30,
        "request_id": "01JD2M6W",
        "address": "198.51.100.7",
        "seen": "Jonas Weber",
        "label": "Donaudampfschifffahrtsgesellschaft Maschinenbau",
        "kind_name": "Company",
        "deleted_at": now(),
        "days": 30,
        "restore_url": "/styleguide/",
        "bin_url": "/styleguide/lists",
        "languages": languages(),
        "fields": [
            {
                "name": "phone",
                "label": "Phone",
                "mine": "+43 732 123456",
                "theirs": "+43 732 765432",
                "mine_raw": "+43732123456",
                "theirs_raw": "+43732765432",
            },
            {
                "name": "notes",
                "label": "Notes",
                "mine": "Wants an offer by Friday, before the holidays.",
                "theirs": "",
                "mine_raw": "x",
                "theirs_raw": "",
            },
        ],
    }


def everything() -> dict[str, Any]:
    """All samples under the names that the templates use."""
    return {"companies": COMPANIES, "stages": STAGES, "deals": deals(), "sums": SUMS}
