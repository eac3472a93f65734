"""Which parts of the product speak to other machines: no address that somebody typed is asked but by one of them."""

from __future__ import annotations

from tests.guard.source import imports, sources

SPEAKING = {"httpx", "urllib.request", "http.client", "socket", "smtplib", "requests", "obstore", "ftplib", "urllib3",
            "aiohttp", "telnetlib", "xmlrpc", "socketserver", "dns", "stripe"}  # fmt: skip
KNOWN = {
    "saas_crm/access/sso/asking.py", "saas_crm/access/sso/talking.py",
    # identity providers, by its own rules: public https addresses alone
    "saas_crm/core/mail.py", "saas_crm/core/chores.py", "saas_crm/cli/checkup/mail.py",  # the operator's mail server
    "saas_crm/workspaces/backups.py",  # the operator's store
    "saas_crm/workspaces/domains/asking.py",  # DNS: whether a domain that somebody claims is theirs
    "saas_crm/cli/ports.py", "saas_crm/cli/demo/run.py",  # this machine, before the demo is served
    "billing/stripe_gateway.py",  # Stripe, by its own library
    "saas_crm/demo/paying.py",  # the demo's double of Stripe, on this machine
}  # fmt: skip
"""Addresses of websites that people write into records are shown as links; nothing here follows them."""


def test_no_other_part_asks_other_machines() -> None:
    found = {
        source.name
        for source in sources()
        if not source.name.startswith("infra/")
        for _node, module in imports(source)
        if any(module == name or module.startswith(f"{name}.") for name in SPEAKING)
    }
    assert found - {name for name in found if name.startswith("tenants/embedded/")} == KNOWN
