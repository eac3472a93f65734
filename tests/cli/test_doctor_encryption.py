"""The doctor tells what goes to another machine in the clear."""

from __future__ import annotations

import pytest

from saas_crm.cli.checkup.exposure import examine_encryption
from tests.support.installation import Installation

BY_SOCKET = "postgresql://crm_app:x@/crm?host=%2Frun%2Fpostgresql"


@pytest.mark.parametrize(("database", "mail", "told"), [
    (BY_SOCKET, None, ""), ("postgresql://a:b@127.0.0.1/crm", None, ""), ("postgresql://a:b@[::1]/crm", None, ""),
    ("postgresql://a:b@pgbouncer:6432/crm", None, ""), ("postgresql://a:b@db.example/crm", None, "DATABASE_URL"),
    ("postgresql://a:b@10.0.0.5/crm", None, "DATABASE_URL"),
    ("postgresql://a:b@db.example/crm?sslmode=prefer", None, "DATABASE_URL"),
    ("postgresql://a:b@db.example/crm?sslmode=require", None, ""),
    ("postgresql://a:b@db.example/crm?sslmode=verify-full", None, ""),
    ("postgresql://a:b@localhost,db.example/crm", None, "DATABASE_URL"),
    (BY_SOCKET, "smtp://u:p@mail.example:587", "MAIL_URL"), (BY_SOCKET, "smtp://u:p@mail.example:587?tls=starttls", ""),
    (BY_SOCKET, "smtps://u:p@mail.example", ""), (BY_SOCKET, "smtp://127.0.0.1:25", ""),
    (BY_SOCKET, "file:///tmp/x", ""),
])  # fmt: skip
def test_it_names_the_setting(installation: Installation, database: str, mail: str | None, told: str) -> None:
    changes = {"database_url": database, "database_owner_url": BY_SOCKET, "mail_url": mail}
    [finding] = examine_encryption(installation.settings.model_copy(update=changes))
    assert finding.state == ("warning" if told else "good")
    assert finding.detail.startswith(told) or not told
    assert bool(finding.remedy) == bool(told)
