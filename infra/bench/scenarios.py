"""What is driven: pages, reads and writes of a signed-in person and of a program, each as raw requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import psycopg
from psycopg import sql

from infra.bench.client import Browser, api_token, signed_in
from infra.bench.servers import HOST
from infra.bench.workspaces import OWNER, PASSWORD

Group = list[dict[str, Any]]
LATIN = ("tern", "ogist", "robotics", "silver", "xim", "motors graz", "hoenix", "firm77")
CHINESE = ("精密", "华宇", "深圳", "汽车零", "东方", "机械有限", "北京星河", "医疗")
DEALS_EACH = 120


@dataclass(frozen=True)
class Scenario:
    """One thing to measure; `kind` says which target it is held to, `build` writes one group a connection."""

    name: str
    label: str
    kind: str
    build: Callable[[int], list[Group]]


@dataclass(frozen=True)
class Actor:
    """A member who is signed in, in the browser and with a token."""

    member_id: UUID
    browser: Browser
    token: str


class Workspace:
    """A workspace under load, and the members who use it in turn: the owner, a manager, two reps."""

    def __init__(self, port: int, slug: str, owner_url: str, emails: Sequence[str]) -> None:
        self.slug, self._owner_url = slug, owner_url
        with psycopg.connect(owner_url) as connection:
            row = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone()
            assert row is not None, slug
            self._schema = str(row[0])
        self.actors = [self._actor(port, email) for email in emails]

    def _actor(self, port: int, email: str) -> Actor:
        browser = signed_in(port, email, PASSWORD)
        browser.get(f"/{self.slug}/")
        found = self.query("SELECT id FROM members WHERE email = %s", [email])
        return Actor(found[0][0], browser, api_token(port, self.slug, email, PASSWORD))

    def query(self, text: str, values: Sequence[Any] = ()) -> list[Any]:
        """Ask the workspace's own tables."""
        with psycopg.connect(self._owner_url) as connection:
            connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(self._schema)))
            return connection.execute(text.encode(), list(values)).fetchall()

    def page(self, actor: Actor, path: str, slug: str = "") -> dict[str, Any]:
        """Return the request for a page, of another of the actor's workspaces when one is named."""
        head = {"Cookie": actor.browser.cookie, **_BROWSER}
        return {"variants": [self._raw("GET", path, head, slug=slug)], "right": [200]}

    def api(
        self, actor: Actor, method: str, path: str, bodies: Sequence[Any] = (None,), *, right: int = 200,
        version: int = 0, **headers: str,
    ) -> dict[str, Any]:  # fmt: skip
        """Return the request of a program, with a variant for each body."""
        head = {"Authorization": f"Bearer {actor.token}", "Accept": "application/json"}
        head |= {name.replace("_", "-"): value for name, value in headers.items()}
        texts = [None if body is None else json.dumps(body, ensure_ascii=False) for body in bodies]
        kind = {"Content-Type": "application/json"}
        return {
            "variants": [
                self._raw(method, f"/api/v1{path}", head if t is None else head | kind, t or "") for t in texts
            ],
            "right": [right], "version": version,
        }  # fmt: skip

    def form(self, actor: Actor, path: str, forms: Sequence[dict[str, str]], *, version: int = 0) -> dict[str, Any]:
        """Return the request by which htmx sends a form, with a variant for each set of fields."""
        head = {
            "Cookie": actor.browser.cookie, "X-CSRFToken": actor.browser.token, "HX-Request": "true",
            "Content-Type": "application/x-www-form-urlencoded", **_BROWSER,
        }  # fmt: skip
        bodies = [urlencode(fields, safe="%") for fields in forms]
        return {
            "variants": [self._raw("POST", path, head, body) for body in bodies],
            "right": [200],
            "version": version,
        }

    def _raw(self, method: str, path: str, headers: dict[str, str], body: str = "", *, slug: str = "") -> str:
        sent = body.encode()
        lines = [f"{method} {quote(f'/{slug or self.slug}{path}', safe='/?=&%+')} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {len(sent)}")
        return "\r\n".join(lines) + "\r\n\r\n" + sent.decode("latin-1")


_BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en"}


def staff_of(slug: str) -> list[str]:
    """Return who uses a staffed workspace: its owner, a manager, two reps of different teams."""
    return [OWNER, *(f"member{n}@{slug}.example" for n in (1, 5, 10))]


def scenarios(workspace: Workspace) -> list[Scenario]:
    """Return everything that is driven in one workspace."""
    # The oldest ten are those with the longest timelines.
    companies = [row[0] for row in workspace.query(
        "(SELECT id FROM companies ORDER BY md5(id::text) LIMIT 190)"
        " UNION (SELECT id FROM companies ORDER BY id LIMIT 10)"
    )]  # fmt: skip
    reading = [
        ("today", "Today", ["/"]), ("companies", "Company list", ["/companies"]),
        ("search_latin", "Company search, Latin substring", [f"/companies?q={quote(q)}" for q in LATIN]),
        ("search_chinese", "Company search, Chinese substring", [f"/companies?q={quote(q)}" for q in CHINESE]),
        ("company", "Company page with timeline", [f"/companies/{key}" for key in companies]),
        ("board", "Board", ["/deals"]),
    ]  # fmt: skip
    found = [
        Scenario(name, label, "page", _everybody(workspace, paths, by_owner=name == "company"))
        for name, label, paths in reading
    ]
    listing = [f"/opportunities?limit={limit}" for limit in (25, 50)]
    found += [
        Scenario("api_list", "Opportunities, list (API)", "read", lambda n: spread(
            n, [workspace.api(actor, "GET", path) for actor in workspace.actors for path in listing])),
        Scenario("move_web", "Deal stage move (web)", "move", lambda n: _moves(workspace, n, _web_move)),
        Scenario("move_api", "Deal stage move (API)", "move", lambda n: _moves(workspace, n, _api_move)),
        Scenario("create_api", "Create opportunity (API)", "write", lambda n: spread(
            n, [_creation(workspace, actor) for actor in workspace.actors])),
    ]  # fmt: skip
    return found


def _everybody(workspace: Workspace, paths: list[str], *, by_owner: bool) -> Callable[[int], list[Group]]:
    """Each connection goes round all pages and all members; company pages are the owner's, who sees all."""

    def build(connections: int) -> list[Group]:
        actors = workspace.actors[:1] if by_owner else workspace.actors
        return spread(connections, [workspace.page(actor, path) for path in paths for actor in actors])

    return build


def spread(connections: int, requests: Group) -> list[Group]:
    """Return all requests for each connection, each beginning at another place."""
    steps = [len(requests) * number // connections for number in range(connections)]
    return [requests[step:] + requests[:step] for step in steps]


Move = Callable[[Workspace, Actor, UUID, int, list[str]], dict[str, Any]]


def _moves(workspace: Workspace, connections: int, move: Move) -> list[Group]:
    """Each connection moves deals of its own to and fro; every move counts on the version before."""
    stages = [str(r[0]) for r in workspace.query("SELECT id FROM stages WHERE kind = 'open' ORDER BY position")]
    requests = []
    for actor in workspace.actors[1:]:
        deals = workspace.query(
            "SELECT id, version, stage_id FROM opportunities WHERE owner_id = %s AND status = 'open'"
            " AND deleted_at IS NULL ORDER BY id LIMIT %s", [actor.member_id, DEALS_EACH])  # fmt: skip
        for key, version, stage_id in deals:
            here = str(stage_id)
            there = stages[(stages.index(here) + 1) % len(stages)]
            requests.append(move(workspace, actor, key, version, [there, here]))
    return [requests[number::connections] for number in range(connections)]


def _web_move(workspace: Workspace, actor: Actor, key: UUID, version: int, stages: list[str]) -> dict[str, Any]:
    forms = [{"stage_id": stage, "version": "%VVVVVVV%", "from": "board"} for stage in stages]
    return workspace.form(actor, f"/deals/{key}/stage", forms, version=version)


def _api_move(workspace: Workspace, actor: Actor, key: UUID, version: int, stages: list[str]) -> dict[str, Any]:
    return workspace.api(
        actor, "PUT", f"/opportunities/{key}/stage", [{"stage_id": stage} for stage in stages], version=version,
        If_Match='"v%VVVVVVV%"', Idempotency_Key="bench-%NNNNNNNNN%",
    )  # fmt: skip


def _creation(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    body = {"name": "Lead %NNNNNNNNN%", "amount": {"amount": "1250.00", "currency": "EUR"},
            "expected_close": "2027-03-31"}  # fmt: skip
    return workspace.api(actor, "POST", "/opportunities", [body], right=201, Idempotency_Key="bench-%NNNNNNNNN%")
