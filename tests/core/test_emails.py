"""E-mail addresses."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas_crm.core.emails import EmailError, company_domain, email_domain, is_public_domain, parse_email


@pytest.mark.parametrize(
    ("raw", "email"),
    [
        ("Anna.Meyer@Example.COM", "anna.meyer@example.com"),
        ("  owner@demo.example ", "owner@demo.example"),
        ("ａｎｎａ＠example．com", "anna@example.com"),
        ("a+b_c-d@sub.example.co.uk", "a+b_c-d@sub.example.co.uk"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("x@Exämple.de", "x@exämple.de"),
        ("x@xn--exmple-cua.de", "x@exämple.de"),
    ],
)
def test_parse(raw: str, email: str) -> None:
    assert parse_email(raw) == email
    assert parse_email(email) == email


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "no_at_sign"),
        ("anna", "no_at_sign"),
        ("@", "invalid"),
        ("a@b", "invalid"),
        ("a@b@c.de", "invalid"),
        ("a b@c.de", "invalid"),
        ("Anna <a@b.de>", "invalid"),
        ("a@b.de\x00", "invalid"),
        ("a@b.de\r\nBcc: x@y.de", "invalid"),
        ("a@[127.0.0.1]", "invalid"),
        ("a@localhost", "invalid"),
        ("a" * 70 + "@b.de", "invalid"),
        ("a@" + "b" * 300 + ".de", "too_long"),
        ("a" * 100_000 + "@b.de", "too_long"),
    ],
)
def test_refused(raw: str, code: str) -> None:
    with pytest.raises(EmailError) as refusal:
        parse_email(raw)
    assert refusal.value.code == code
    assert refusal.value.message


@pytest.mark.parametrize(
    ("email", "domain", "public"),
    [
        ("a@gmail.com", "gmail.com", True),
        ("a@QQ.com", "qq.com", True),
        ("a@163.com", "163.com", True),
        ("a@gmx.de", "gmx.de", True),
        ("a@huawei.com", "huawei.com", False),
        ("a", "", False),
        ("", "", False),
    ],
)
def test_domains(email: str, domain: str, public: bool) -> None:
    assert email_domain(email) == domain
    assert is_public_domain(email_domain(email)) is public
    assert company_domain(email) == (None if public or not domain else domain)


@settings(max_examples=300)
@given(st.text(max_size=60) | st.emails())
def test_any_text_is_parsed_or_refused(raw: str) -> None:
    try:
        email = parse_email(raw)
    except EmailError:
        return
    assert parse_email(email) == email


def test_the_checker_is_not_loaded_at_start() -> None:
    program = "import sys, saas_crm.core.emails; assert 'email_validator' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
