"""What may be said about single sign-on."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from saas_crm.access.entry_rules import MOST_DOMAINS
from saas_crm.access.entry_schemas import Domain
from saas_crm.access.schemas import SomeId, needed
from saas_crm.core.fields import FieldError, clean_line
from saas_crm.core.forms import Input
from tenants.marks import N_


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        known = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return known and not (parts.query or parts.fragment or parts.username)


def _issuer(value: str) -> str:
    if not _is_address(value):
        raise FieldError("issuer", N_("Write the provider's address as it names it itself: https://…"))
    return value


Line = Annotated[str, StringConstraints(max_length=500), BeforeValidator(clean_line), AfterValidator(needed)]


class SsoWrite(Input):
    """The identity provider, and whom it lets in. An empty secret leaves the one of before."""

    issuer: Annotated[Line, AfterValidator(_issuer)]
    client_id: Line
    client_secret: Annotated[str, StringConstraints(max_length=1_000)] = ""
    enabled: bool = False
    mandatory: bool = False
    domains: list[Domain] = Field(default_factory=list, max_length=MOST_DOMAINS)
    role_id: SomeId = None
