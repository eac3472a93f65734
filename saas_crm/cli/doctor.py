"""`saas-crm doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click
from pydantic import ValidationError

from saas_crm.cli.checkup import Finding, bad, good
from saas_crm.cli.checkup.backups import examine_backups
from saas_crm.cli.checkup.database import examine_database
from saas_crm.cli.checkup.exposure import examine_encryption, examine_exposure
from saas_crm.cli.checkup.files import examine_files
from saas_crm.cli.checkup.mail import examine_mail
from saas_crm.cli.configuration import settings_faults
from saas_crm.cli.failures import FAILED
from tenants.settings import Settings

_MARKS = {"good": "ok  ", "warning": "note", "bad": "BAD "}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: one array of objects.")
def doctor(as_json: bool) -> None:
    """Check settings, database, migrations, privileges, worker, mail, backups and files; exit code 1 if any is bad."""
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=2))
    failed = sum(finding.state == "bad" for finding in findings)
    if not as_json:
        click.echo(f"{failed} thing{'' if failed == 1 else 's'} to mend." if failed else "All is well.")
    sys.exit(FAILED if failed else 0)


def examine() -> Iterator[Finding]:
    """Yield each finding as soon as it is known; without valid settings only the files are looked at."""
    try:
        settings = Settings()
    except ValidationError as invalid:
        for fault in settings_faults(invalid):
            yield bad("settings", fault, "Set it in the environment; docs/operations.md lists all settings.")
    else:
        yield good("settings", f"{settings.environment}, served as {settings.base_url}")
        yield from examine_database(settings)
        yield from examine_exposure(settings)
        yield from examine_encryption(settings)
        yield from examine_mail(settings)
        yield from examine_backups(settings)
    yield from examine_files()


def _show(finding: Finding) -> None:
    click.echo(f"{_MARKS[finding.state]}  {finding.name:<11} {finding.detail}")
    if finding.remedy:
        click.echo(f"{'':<18}{finding.remedy}")
