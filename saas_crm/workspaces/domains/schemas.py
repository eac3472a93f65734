"""What may be said of a domain: one schema for the form and the API."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from saas_crm.core.fields import Described, FieldError, clean_line
from saas_crm.core.forms import Input
from saas_crm.workspaces.domains.rules import DomainRefused, parse_domain
from tenants.runtime import runtime_settings


def _domain(value: str) -> str:
    try:
        return parse_domain(value, urlsplit(runtime_settings().base_url).hostname or "")
    except DomainRefused as refused:
        raise FieldError(refused.problem.code, refused.problem.value) from None


class DomainWrite(Input):
    """The domain at which the workspace is to be served."""

    domain: Annotated[
        str, StringConstraints(max_length=1_000), BeforeValidator(clean_line), AfterValidator(_domain),
        Described("domain", "A name as crm.acme.example, in any letters.", "crm.acme.example"),
    ]  # fmt: skip
