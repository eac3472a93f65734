"""A domain is claimed, shown by a real name server, lost, found again, switched off and given up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask

from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import NotFound
from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from saas_crm.workspaces.domains import keeping
from saas_crm.workspaces.domains.asking import look as ask_dns
from saas_crm.workspaces.domains.keeping import Checked
from saas_crm.workspaces.domains.rules import LABEL, Held
from saas_crm.workspaces.standing import suspend
from tenants.db import db, tenant_scope
from tenants.standing import Suspension
from tests.domains.conftest import BY, DOMAIN, claim, look
from tests.support.cast import Cast
from tests.support.clients import browser_of
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, queued
from tests.support.name_server import NameServer

RECORD = f"{LABEL}.{DOMAIN}"


def at(served: Flask) -> int:
    """Ask for a page of a workspace at the domain; 404 where it is the installation's, which has no such one."""
    return browser_of(served, None).get("/companies", base_url=f"http://{DOMAIN}").status_code


def lines(served: Flask, cast: Cast, slug: str = "acme") -> list[tuple[str, str, str | None]]:
    """Return what the log says of domains."""
    with served.app_context(), tenant_scope(cast.tenants[slug]):
        found = db.session.query(AuditEntry).filter(AuditEntry.action.like("%\\_domain")).order_by(AuditEntry.id)
        return [(entry.action, entry.through, entry.changes["domain"][1]) for entry in found]


def age(installation: Installation, **days: float) -> None:
    """Let moments of Acme's domain be so many days ago."""
    with installation.place.owner() as connection:
        for column, ago in days.items():
            connection.execute(
                f"UPDATE public.tenant_domains SET {column} = now() - %s WHERE domain = %s",
                [timedelta(days=ago), DOMAIN],
            )


@pytest.mark.parametrize(("texts", "seen"), [
    (["TOKEN"], "right"), (["v=spf1 -all", "TOKEN"], "right"), (["something else"], "other"),
    (["TOKEN "], "other"), ([], "none"),
])  # fmt: skip
def test_what_the_record_says(served: Flask, cast: Cast, dns: NameServer, texts: list[str], seen: str) -> None:
    token = claim(served, cast)
    dns.say(RECORD, *(text.replace("TOKEN", token) for text in texts))
    found = look(served, cast)
    assert found.seen == seen
    assert found.held.state == ("verified" if seen == "right" else "pending")
    assert dns.asked == [RECORD]
    assert at(served) == (302 if seen == "right" else 404)


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_no_answer_is_no_finding(dns: NameServer, mode: str) -> None:
    dns.mode = mode
    assert ask_dns(Held(DOMAIN, "x"), [("127.0.0.1", dns.port)], seconds=0.5) == "silent"
    assert ask_dns(Held(DOMAIN, "x"), [("127.0.0.1", 1)], seconds=0.5) == "silent"


def test_a_claim_keeps_nobody_from_the_domain(served: Flask, cast: Cast, dns: NameServer) -> None:
    claim(served, cast, "other")
    dns.say(RECORD, claim(served, cast, "acme"))
    assert look(served, cast, "acme").held.state == "verified"
    late = look(served, cast, "other")
    assert (late.seen, late.held.state) == ("other", "pending")


def test_who_shows_it_second_is_told(served: Flask, own: str, cast: Cast, dns: NameServer) -> None:
    dns.say(RECORD, *dns.texts[RECORD], claim(served, cast, "other"))
    late = look(served, cast, "other")
    assert (late.seen, late.taken, late.held.state) == ("right", True, "pending")
    assert look(served, cast, "acme").held.state == "verified"
    assert lines(served, cast, "other") == [("set_domain", "command", DOMAIN)]


def test_of_two_at_the_same_moment_one_wins(served: Flask, cast: Cast, dns: NameServer) -> None:
    dns.say(RECORD, claim(served, cast, "acme"), claim(served, cast, "other"))
    both = Barrier(2)

    def show(slug: str) -> Checked:
        both.wait()
        return look(served, cast, slug)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(show, ["acme", "other"]))
    assert sorted(one.taken for one in found) == [False, True]
    assert sorted(one.held.state for one in found) == ["pending", "verified"]


def test_a_lost_record_is_told_once_and_ends_after_a_week(
    served: Flask, own: str, cast: Cast, dns: NameServer, installation: Installation, mailbox: Mailbox
) -> None:
    dns.say(RECORD)
    assert look(served, cast).held.state == "lost"
    assert at(served) == 302, "served on"
    assert look(served, cast).held.state == "lost"
    [mail] = [mail for mail in mailbox.arrived() if DOMAIN in mail["Subject"]]
    assert mail["To"] == cast["owner"].email
    assert "http://localhost/acme/settings/domain" in mail.get_body(("plain",)).get_content()
    age(installation, lost_since=6.9)
    assert look(served, cast).held.state == "lost"
    age(installation, lost_since=7.1)
    assert look(served, cast).held.state == "ended"
    assert at(served) == 404
    assert [line[0] for line in lines(served, cast)] == ["set_domain", "verify_domain", "lose_domain", "end_domain"]
    dns.say(RECORD, keeping_token(served, cast))
    assert look(served, cast).held.state == "verified"


def keeping_token(served: Flask, cast: Cast) -> str:
    """Return the word of Acme's claim."""
    with served.app_context():
        held = keeping.domain_of(cast.tenants["acme"].id)
    assert held is not None
    return held.token


def test_found_again_it_is_as_before(served: Flask, own: str, cast: Cast, dns: NameServer) -> None:
    [token] = dns.texts[RECORD]
    dns.say(RECORD, "parked")
    assert look(served, cast).held.lost_since is not None
    dns.say(RECORD, token)
    assert look(served, cast).held.lost_since is None
    assert lines(served, cast)[-1] == ("regain_domain", "command", DOMAIN)


def test_silence_is_a_loss_only_after_a_week(
    served: Flask, own: str, cast: Cast, dns: NameServer, installation: Installation
) -> None:
    dns.mode = "refuse"
    assert look(served, cast).held.state == "verified"
    age(installation, checked_at=6.9)
    assert look(served, cast).held.state == "verified"
    age(installation, checked_at=7.1)
    assert look(served, cast).held.state == "lost"


def test_the_daily_job_looks_at_each_by_a_job_of_its_own(
    served: Flask, own: str, cast: Cast, dns: NameServer, installation: Installation
) -> None:
    claim(served, cast, "other")
    execute(served, registry["workspaces.look_after_domains"], {"timestamp": 0})
    waiting = [args for name, args in queued(installation) if name == "workspaces.check_domain"]
    assert waiting == [{"tenant_id": str(cast.tenants["acme"].id)}], "what is only claimed is not looked at"
    dns.say(RECORD)
    execute(served, registry["workspaces.check_domain"], dict(waiting[0]))
    assert lines(served, cast)[-1] == ("lose_domain", "job", None)
    with served.app_context():
        keeping.give_up(served.extensions["settings"], cast.tenants["acme"], BY)
    execute(served, registry["workspaces.check_domain"], dict(waiting[0]))


def test_a_closed_workspace_keeps_it_and_says_so_there(
    served: Flask, own: str, cast: Cast, dns: NameServer, installation: Installation
) -> None:
    suspend(installation.settings.database_url, "acme", Suspension("operator", "closed", "Unpaid"))
    served.extensions["directory"].forget()
    nobody = browser_of(served, None)
    assert nobody.get("/signin", base_url=f"http://{DOMAIN}").status_code == 200
    assert nobody.get("/api/v1/openapi.json", base_url=f"http://{DOMAIN}").status_code == 403
    dns.say(RECORD)
    execute(served, registry["workspaces.check_domain"], {"tenant_id": str(cast.tenants["acme"].id)})
    with served.app_context():
        held = keeping.domain_of(cast.tenants["acme"].id)
    assert held is not None
    assert held.state == "lost"


def test_given_up_it_is_nobody_s_at_once(served: Flask, own: str, cast: Cast) -> None:
    with served.app_context():
        settings, acme = served.extensions["settings"], cast.tenants["acme"]
        assert keeping.give_up(settings, acme, BY)
        assert not keeping.give_up(settings, acme, BY)
        with pytest.raises(NotFound):
            keeping.check(settings, acme, BY)
        served.extensions["directory"].forget()
    assert at(served) == 404
    assert lines(served, cast)[-1] == ("remove_domain", "command", None)


def test_the_same_claim_keeps_its_word_and_another_one_gets_a_new_one(
    served: Flask, own: str, cast: Cast, app_with: Callable[..., Flask]
) -> None:
    first = keeping_token(served, cast)
    assert claim(served, cast) == first
    assert at(served) == 302
    assert claim(served, cast, domain="crm2.acme.test") != first
    served.extensions["directory"].forget()
    assert at(served) == 404


def test_what_another_process_decided_holds_within_seconds(
    served: Flask, own: str, cast: Cast, app_with: Callable[..., Flask]
) -> None:
    """A process remembers a tenant, and that a host is nobody's, for as long as all it knows of tenants."""
    other = app_with()
    directory = other.extensions["directory"]
    moment = [0.0]
    directory._clock = lambda: moment[0]
    assert at(other) == 302
    with served.app_context():
        keeping.give_up(served.extensions["settings"], cast.tenants["acme"], BY)
    moment[0] = 4.9
    assert at(other) == 302
    moment[0] = 5.1
    assert at(other) == 404
