"""What may be said about sign-ins, networks and domains: one schema for the form and the API."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from saas_crm.access.entry_rules import IDLE_MINUTES, MOST_DOMAINS, MOST_NETWORKS, SESSION_HOURS, parse_network
from saas_crm.core.emails import EmailError, email_domain, parse_email
from saas_crm.core.fields import FieldError, OrNone, clean_line
from saas_crm.core.forms import Input
from tenants.marks import N_

TOLD = 50
"""So many characters of what does not fit are told: among many lines it is found by them."""


def _domain(value: str) -> str:
    """Return a domain as addresses are spelt that are of it: one of other letters than ours keeps them."""
    try:
        return email_domain(parse_email(f"x@{value.removeprefix('@')}"))
    except EmailError:
        wrong = N_("“%(entry)s” is no domain. Write domains such as acme.example.")
        raise FieldError("domain", wrong, entry=value[:TOLD]) from None


def _network(value: str) -> str:
    try:
        return str(parse_network(value))
    except ValueError:
        wrong = N_("“%(entry)s” is no network. Write networks such as 203.0.113.0/24 or 2001:db8::/48.")
        raise FieldError("network", wrong, entry=value[:TOLD]) from None


def _one_of(offered: Collection[int]) -> Callable[[int | None], int | None]:
    def check(value: int | None) -> int | None:
        if value is not None and value not in offered:
            raise FieldError("enum", N_("Choose one of the values offered."))
        return value

    return check


Domain = Annotated[str, BeforeValidator(clean_line), AfterValidator(_domain)]
NetworkText = Annotated[str, BeforeValidator(clean_line), AfterValidator(_network)]


class EntryWrite(Input):
    """How long sign-ins are good, from which networks, and whom one may invite; nothing asks nothing."""

    session_hours: Annotated[int | None, OrNone, AfterValidator(_one_of(SESSION_HOURS))] = Field(
        default=None, description="After so many hours one signs in again: 1, 4, 8, 12, 24, 72, 168 or 336."
    )
    idle_minutes: Annotated[int | None, OrNone, AfterValidator(_one_of(IDLE_MINUTES))] = Field(
        default=None, description="After so many minutes without use, too: 15, 30, 60, 120, 240 or 480."
    )
    email_domains: list[Domain] = Field(
        default_factory=list,
        max_length=MOST_DOMAINS,
        examples=[["acme.example"]],
        description="Only addresses of these domains can be invited; without any, all.",
    )
    networks: list[NetworkText] = Field(
        default_factory=list, max_length=MOST_NETWORKS, examples=[["203.0.113.0/24", "2001:db8::/48"]],
        description="Only from these networks one gets in; without any, from everywhere.",
    )  # fmt: skip
