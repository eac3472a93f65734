"""The benchmark: what it invents, how it drives, how it judges."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from infra.bench.filling import fill
from infra.bench.growth import next_release
from infra.bench.invented import COLUMNS, COMPANY, CONTACT, Invented, company_name, spread
from infra.bench.meanwhile import Answer, Run, judged
from infra.bench.plan import Size
from infra.bench.report import write
from infra.bench.results import CONSTANT, TABLE, Crowd, Figures, Report, Verdict, growth, judge, percentile
from saas_crm.customers.models import Company
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, Stage, StageChange
from saas_crm.search.queries import find
from tenants.context import current_tenant
from tenants.db import db
from tenants.migrations.lines import head, steps
from tests.support.installation import Installation

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SIZE = Size.of(400)


@pytest.fixture(scope="module")
def invented() -> Invented:
    stages = [(uuid4(), uuid4(), kind) for kind in ("open", "open", "open", "open", "won", "lost")]
    return Invented(SIZE, [uuid4() for _ in range(9)], stages, "EUR", NOW)


def test_what_looks_like_chance_is_spread_evenly_and_always_the_same() -> None:
    counted = Counter(spread(number, 3) % 10 for number in range(20_000))
    assert all(1_800 < count < 2_200 for count in counted.values())
    assert [spread(number, 1) for number in range(3)] == [spread(number, 1) for number in range(3)]
    assert sum("有限公司" in company_name(number) for number in range(100)) == 25


def test_rows_fit_their_tables(invented: Invented) -> None:
    for table in ("companies", "contacts", "opportunities", "activities"):
        width = len(COLUMNS[table].split())
        assert all(len(row) == width for row in invented.rows(table, 0, 50))
    keys = [invented.key(kind, number) for kind in (COMPANY, CONTACT) for number in range(400)]
    assert len(set(keys)) == 800
    assert all(key.version == 7 for key in keys)
    assert keys[:400] == sorted(keys[:400])


def test_a_filled_workspace_is_what_the_product_would_have_made(acting, installation: Installation) -> None:
    with acting("owner") as owner:
        schema = current_tenant().schema_name
        stages = [(s.id, s.pipeline_id, s.kind) for s in db.session.scalars(select(Stage).order_by(Stage.position))]
        owners = [owner.id]
    fill(installation.place.owner_url, schema, Invented(SIZE, owners, stages, "USD", NOW))
    with acting("owner") as owner:
        assert db.session.scalar(select(func.count()).select_from(Company)) == 400
        assert db.session.scalar(select(func.count()).select_from(Opportunity)) == 400
        assert db.session.scalar(select(func.sum(OpportunityTotal.count))) == 400
        assert db.session.scalar(select(func.count()).select_from(StageChange)) > 800
        broken = "SELECT count(*) FROM activities a LEFT JOIN companies c ON c.id = a.company_id WHERE c.id IS NULL"
        assert db.session.scalar(text(broken)) == 0
        assert find("深圳", owner)
        assert find("firm77", owner)


class Answers(BaseHTTPRequestHandler):
    """Answers each path as the test needs it, and remembers bodies."""

    protocol_version = "HTTP/1.1"
    bodies: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        Answers.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer(201)

    def do_GET(self) -> None:
        self._answer(404 if self.path == "/missing" else 200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "5")
        self.send_header("Server-Timing", 'app;dur=1.0, sql;desc="7"')
        if self.path == "/closing":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        Answers.bodies.clear()
        yield server.server_address[1]
        server.shutdown()


def drive(port: int, groups: list[list[dict[str, object]]]) -> dict[str, object]:
    job = {"host": "127.0.0.1", "port": port, "seconds": 0.3, "warm_up": 0.1, "connections": groups}
    done = subprocess.run([sys.executable, "-m", "infra.bench.load"], input=json.dumps(job), capture_output=True,
                          text=True, cwd=CHECKOUT, check=True)  # fmt: skip
    found: dict[str, object] = json.loads(done.stdout)
    return found


def get(path: str) -> dict[str, object]:
    return {"variants": [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"], "right": [200]}


def test_the_load_tool_counts_answers_bytes_and_statements(port: int) -> None:
    found = drive(port, [[get("/a"), get("/b")], [get("/closing")]])
    assert found["wrong_count"] == 0
    assert len(found["seconds"]) > 10
    assert set(found["statements"]) == {7}
    assert found["bytes"] > len(found["seconds"]) * 50


def test_the_load_tool_tells_wrong_answers(port: int) -> None:
    found = drive(port, [[get("/missing")]])
    assert found["seconds"] == []
    assert found["wrong_count"] > 0
    assert found["wrong"][0].startswith("404")


def test_numbers_and_versions_are_filled_in_in_turn(port: int) -> None:
    bodies = ["to=A&version=%VVVVVVV%&n=%NNNNNNNNN%", "to=B&version=%VVVVVVV%&n=%NNNNNNNNN%"]
    variants = [f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}" for body in bodies]
    drive(port, [[{"variants": variants, "right": [201], "version": 5}]])
    said = [dict(pair.split("=") for pair in body.split("&")) for body in Answers.bodies]
    assert [one["to"] for one in said[:4]] == ["A", "B", "A", "B"]
    assert [int(one["version"]) for one in said[:3]] == [5, 6, 7]
    assert len({one["n"] for one in said}) == len(said)


def figures(per_second: float, p95: float = 10, ratio: float | None = None) -> Figures:
    return Figures(per_second, p95 / 2, p95, p95 * 2, 1_000, 4, 1, 1, ratio)


def test_verdicts_say_by_how_much() -> None:
    found = {TABLE: {4: figures(1000)}, CONSTANT: {4: figures(3000)}, "board": {4: figures(200, 45, 0.2)},
             "api_list": {4: figures(720, 12, 0.72)}}  # fmt: skip
    verdicts = {v.name: v for v in judge(found, {"board": "page", "api_list": "read"})}
    board = verdicts["board: requests/s beside the second ceiling"]
    assert (board.measured, board.wanted, board.holds) == (0.2, 0.25, False)
    assert not verdicts["board: p95 beside the ceiling's"].holds
    api = verdicts["api_list: requests/s beside the second ceiling"]
    assert api.holds
    assert api.reaches_aim
    assert growth("board", figures(130), figures(100), "slower").holds
    assert not growth("board", figures(140), figures(100), "slower").holds


def test_what_is_compared_in_a_crowd_is_said_precisely() -> None:
    crowd = Crowd(few=15, many=1_000, few_asked=10, many_asked=200)
    one, around = (growth(named[0], figures(130), figures(100), named[1]).name
                   for named in (crowd.one("board"), crowd.around("today and board")))  # fmt: skip
    assert one == "board, all requests in one workspace among 1,000: slower than in one among 15"
    assert around == ("today and board, each request in another one of 200 workspaces among 1,000:"
                      " slower than in another one of 10 among 15")  # fmt: skip


def test_work_beside_a_migration_is_counted_from_when_it_was_due() -> None:
    """Two hands: what was sent after the command but was due while it ran counts as beside it, with its whole wait."""
    run = Run(began=10.0, ended=14.0, migrated={"a": 12.0}, said="tenants: 2 brought to 9999, 0 failed\n")
    answers = [Answer("a", 9.0, 0.1), Answer("a", 9.95, 0.1), Answer("a", 13.9, 0.6), Answer("b", 14.5, 0.1, "500 oh")]
    failed, waited, command = judged(answers, run, "2 tenants are migrated", "before 0.1 s")
    assert (failed.measured, failed.holds) == (1, False)
    assert "4 requests, 2 of them while it ran" in failed.note
    assert "3 before their workspace's turn and 1 after it; '500 oh'" in failed.note
    assert (waited.measured, waited.holds) == (0.6, True)
    assert (command.measured, command.holds) == (4.0, True)
    assert "2 brought to 9999" in command.note


def test_percentiles_are_by_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([3.0], 0.99)) == (51, 96, 3)


def test_the_report_is_written_for_people_and_programs(tmp_path: Path) -> None:
    report = Report("quick", {"day": "2026-11-21", "cores": 2, "processor": "x", "memory_gb": 4, "python": "3.11"},
                    {TABLE: "Ceiling 2", "board": "Board"})  # fmt: skip
    report.figures = {TABLE: {1: figures(500), 4: figures(1000)}, "board": {4: figures(200, 45, 0.2)}}
    report.verdicts = [Verdict("board", 0.2, 0.25, "×", at_least=True, aim=0.5), Verdict("claim", 2, 20, "ms")]
    as_json, as_markdown = write(report, tmp_path)
    assert json.loads(as_json.read_text())["verdicts"][0]["holds"] is False
    said = as_markdown.read_text()
    assert "| Board | 200 | 0.20 |" in said
    assert "Targets: 1 of 2 met" in said
    assert "**missed**" in said


def test_the_next_release_is_known_only_inside() -> None:
    newest = head("tenant")
    with next_release():
        assert head("tenant") == "9999"
        assert steps("tenant")[-1].revision == "9999"
        assert "ADD COLUMN bench_probe" in steps("tenant")[-1].sql
    assert head("tenant") == newest
    assert steps("tenant")[-1].revision == newest


def test_a_pace_is_kept_and_what_is_late_counts_from_its_moment(port: int) -> None:
    """More requests than connections: each is sent once, and answered or told as wrong; also where lines are closed."""
    posts = [f"POST /{number} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{number:02}" for number in range(40)]
    wrong = ["GET /missing HTTP/1.1\r\nHost: x\r\n\r\n", "GET /closing HTTP/1.1\r\nHost: x\r\n\r\n"]
    job = {"host": "127.0.0.1", "port": port, "rate": 400, "connections": 3, "requests": posts + wrong, "right": 201}
    done = subprocess.run([sys.executable, "-m", "infra.bench.paced"], input=json.dumps(job), capture_output=True,
                          text=True, cwd=CHECKOUT, check=True)  # fmt: skip
    found = json.loads(done.stdout)
    assert sorted(Answers.bodies) == [f"{number:02}" for number in range(40)]
    assert (len(found["seconds"]), found["wrong_count"]) == (40, 2)
    assert found["duration"] >= 41 / 400, "nothing is sent before its moment"
