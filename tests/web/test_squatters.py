"""Who signs up with somebody else's address and waits in it, until that person sets a new password by mail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from saas_crm.access.email_change.by_operator import change_for
from saas_crm.access.factors.models import AuthenticatorApp, Passkey, RecoveryCode
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.jobs import clean_up
from saas_crm.access.models import ApiToken, Member
from saas_crm.access.sessions import open_sessions
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_models import KnownBrowser
from tenants.db import SHARED, db, tenant_scope
from tests.support.acts import acts
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.second_factor import AuthApp, with_app
from tests.support.security_key import SecurityKey
from tests.support.signing_in import enter
from tests.web.pages import flashed
from tests.web.passkeys import PAGE, options, register, rows

ClientFor = Callable[..., Browser]
CODE, NEW = "/signin/code", "another horse battery"
REP = "rep@acme.example"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
OFF = "Your two-factor sign-in was reset"


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


@pytest.fixture
def unconfirmed(app: Flask, cast: Cast) -> None:
    with app.app_context(), db.engines[SHARED].begin() as connection:
        mine = update(User).where(User.id == cast["rep"].user_id)
        connection.execute(mine.values(email_verified_at=None))


def reset(nobody: Browser, mailbox: Mailbox, email: str = REP) -> str:
    """Set a new password by mail; returns where one is led."""
    nobody.post("/forgot", data={"email": email})
    answer = nobody.post(mailbox.link(email, "/reset/"), data={"password": NEW})
    assert answer.status_code == 303
    return str(answer.location)


def left(cast: Cast) -> list[int]:
    """Return how much there is of each that a stranger could come in by, or be told apart by."""
    kinds = (AuthenticatorApp, Passkey, RecoveryCode, KnownBrowser)
    with db.engines[SHARED].connect() as connection:
        return [
            connection.scalar(select(func.count()).select_from(kind).where(kind.user_id == cast["rep"].user_id)) or 0
            for kind in kinds
        ]


@pytest.mark.usefixtures("unconfirmed")
def test_nothing_of_a_squatter_is_left_once_the_address_is_proven(
    nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast, client_for: ClientFor, api_for: Callable[..., Phone],
    acting: Callable[..., object],
) -> None:  # fmt: skip
    squatter, key, program = client_for(None), SecurityKey(), api_for("rep")
    enter(squatter)
    register(squatter, key)
    with_app(app, cast["rep"])
    assert program.get("/me").status_code == 200
    with app.app_context():
        assert all(left(cast))
    assert reset(nobody, mailbox) == "/acme/", "no code of the squatter's app is asked for"
    assert nobody.get("/acme/").status_code == 200
    assert squatter.get("/acme/").status_code == 302
    told = [mail for mail in mailbox.arrived(REP) if mail["Subject"] == OFF]
    assert len(told) == 1
    assert "never been confirmed" in body(told[0])
    assert program.get("/me").status_code == 401
    with app.app_context():
        assert left(cast)[:3] == [0, 0, 0]
        assert left(cast)[3] == 1, "the browser that has just come in"
        assert len(open_sessions(cast["rep"].user_id)) == 1
        with tenant_scope(cast.tenants["acme"]):
            assert db.session.scalar(select(Member.two_factor).where(Member.id == cast["rep"].member_id)) is False
            living = select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_(None))
            assert db.session.scalar(living.where(ApiToken.member_id == cast["rep"].member_id)) == 0
    assert acts(acting, action="two_factor_reset")  # type: ignore[arg-type]
    again = browser_of(app, None)
    assert enter(again).status_code == 422
    assert enter(again, password=NEW).location == "/acme/"


def test_a_confirmed_person_keeps_everything(
    nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast, client_for: ClientFor
) -> None:
    rep = client_for("rep")
    register(rep, SecurityKey())
    phone = with_app(app, cast["rep"])
    with app.app_context():
        before = left(cast)[:3]
    assert reset(nobody, mailbox) == CODE
    with app.app_context():
        assert left(cast)[:3] == before
    assert OFF not in [mail["Subject"] for mail in mailbox.arrived(REP)]
    assert nobody.post(CODE, data={"code": phone.code()}).location == "/acme/"


@pytest.fixture
def moved(app: Flask, cast: Cast) -> AuthApp:
    """The rep's app, after the operator gave the sign-in another address, which nobody has confirmed yet."""
    phone = with_app(app, cast["rep"])
    with app.app_context():
        change_for(cast["rep"].user_id, "new@elsewhere.example")
    return phone


def test_an_address_the_operator_gave_does_not_go_round_it(
    nobody: Browser, mailbox: Mailbox, moved: AuthApp, app: Flask, installation: Installation
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.email_changes SET undo_until = now() - interval '2 years'")
    with app.app_context():
        clean_up()
    assert reset(nobody, mailbox, "new@elsewhere.example") == CODE
    assert nobody.post(CODE, data={"code": moved.code()}).location == "/acme/"
    with app.app_context():
        clean_up()
        assert factors_of(moved.user_id).on
    with installation.place.owner() as connection:
        assert connection.execute("SELECT count(*) FROM public.email_changes").fetchone() == (0,)


@pytest.mark.usefixtures("unconfirmed")
def test_of_one_who_was_never_confirmed_it_tells_nothing(
    nobody: Browser, mailbox: Mailbox, moved: AuthApp, app: Flask
) -> None:
    assert reset(nobody, mailbox, "new@elsewhere.example") == "/acme/"
    with app.app_context():
        assert not factors_of(moved.user_id).on


@pytest.mark.usefixtures("unconfirmed")
def test_without_a_second_step_there_is_nothing_to_tell(nobody: Browser, mailbox: Mailbox) -> None:
    assert reset(nobody, mailbox) == "/acme/"
    assert "Your new password is set." in flashed(nobody.get("/acme/"))
    assert OFF not in [mail["Subject"] for mail in mailbox.arrived(REP)]


def test_a_passkey_that_is_just_being_added_comes_too_late(
    client_for: ClientFor, app: Flask, cast: Cast, installation: Installation
) -> None:
    """It waits for the new password to be set, and its session is over then."""
    squatter, key = client_for("rep"), SecurityKey()
    credential = key.make(options(squatter, f"{PAGE}/options"))
    with installation.place.owner() as watching, installation.place.owner() as setting, ThreadPoolExecutor(1) as pool:
        with setting.transaction():
            setting.execute("SELECT 1 FROM public.users WHERE email = %s FOR UPDATE", [REP])
            adding = pool.submit(squatter.post, PAGE, data={"name": "Mine", "credential": credential})
            while watching.execute(WAITING).fetchone() == (0,):
                assert not adding.done()
            setting.execute("DELETE FROM public.sessions WHERE user_id = %s", [cast["rep"].user_id])
        assert adding.result(60).status_code == 404
    assert rows(app, cast) == []
