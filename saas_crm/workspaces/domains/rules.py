"""What can be a workspace's own domain, which records it takes, and what a look at DNS means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import ip_address
from typing import Literal

import idna

from tenants.marks import N_

LABEL = "_crm-challenge"
"""Where the TXT record is: a name below the domain, which no host can have."""
LONGEST = 253 - len(LABEL) - 1  # characters (RFC 1035), so that the record's own name fits too
GRACE = timedelta(days=7)
"""So long a domain is served on whose record is gone."""
_URL = re.compile(r"https?://([^/?#]*)/?", re.IGNORECASE)
_SPECIAL = frozenset({"alt", "arpa", "internal", "invalid", "lan", "local", "localhost", "onion"})
"""Last labels that no public DNS knows (RFC 6761, 6762, 7686, 9476 and what home networks use)."""

Seen = Literal["right", "other", "none", "silent"]
"""What DNS said: our word, other texts only, no record, or no answer at all."""
State = Literal["pending", "verified", "lost", "ended"]
Event = Literal["verify", "lose", "regain", "end"]


class DomainProblem(Enum):
    """Why a domain cannot be had; `message` is English source text, translated where it is shown."""

    MISSING = N_("This is needed.")
    ADDRESS = N_("Write a name such as crm.acme.example, not the numbers of a machine.")
    SHORT = N_("Write a whole domain, with a dot, such as crm.acme.example.")
    LONG = N_("This domain is too long.")
    SYNTAX = N_("Write a domain such as crm.acme.example, without a path.")
    SPECIAL = N_("This name is not known on the internet. Use a domain that you have registered.")
    OURS = N_("This is an address of this service. Use a domain of your own.")

    @property
    def code(self) -> str:
        """Return the stable name for programs, such as `syntax`."""
        return f"domain_{self.name.lower()}"


class DomainRefused(ValueError):
    """The text is no domain that a workspace can have."""

    def __init__(self, problem: DomainProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def parse_domain(text: str, ours: str) -> str:
    """Return a domain as DNS has it: small letters, other letters than ours as IDNA 2008 writes them (xn--…).

    `ours` is the host of the installation. A whole address (https://…/) is taken for its host. Raises DomainRefused.
    """
    typed = text.strip()
    address = _URL.fullmatch(typed)
    name = (address[1] if address else typed).removesuffix(".")
    if not name:
        raise DomainRefused(DomainProblem.MISSING)
    if _is_address(name):
        raise DomainRefused(DomainProblem.ADDRESS)
    domain = _ascii(name)
    last = domain.rpartition(".")[2]
    if "." not in domain:
        raise DomainRefused(DomainProblem.SPECIAL if domain in _SPECIAL else DomainProblem.SHORT)
    if last.isdigit() or not last[0].isalpha():
        raise DomainRefused(DomainProblem.SYNTAX)
    if last in _SPECIAL:
        raise DomainRefused(DomainProblem.SPECIAL)
    if f".{domain}".endswith(f".{ours}"):
        raise DomainRefused(DomainProblem.OURS)
    return domain


def readable(domain: str) -> str:
    """Return a domain in its own letters."""
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _ascii(name: str) -> str:
    if len(name) > LONGEST:
        raise DomainRefused(DomainProblem.LONG)
    try:
        domain = idna.encode(name, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise DomainRefused(DomainProblem.SYNTAX) from None
    if len(domain) > LONGEST:
        raise DomainRefused(DomainProblem.LONG)
    return domain


@dataclass(frozen=True, slots=True)
class Held:
    """A workspace's claim to a domain; `token` is what its TXT record has to say."""

    domain: str
    token: str
    verified_at: datetime | None = None
    checked_at: datetime | None = None
    lost_since: datetime | None = None

    @property
    def state(self) -> State:
        """How it stands: never shown, shown, its record gone lately, or gone for so long that it is off."""
        if self.verified_at is not None:
            return "lost" if self.lost_since else "verified"
        return "ended" if self.lost_since else "pending"

    @property
    def ends_at(self) -> datetime | None:
        """When it is switched off if the record stays away; None where it does not."""
        return self.lost_since + GRACE if self.verified_at is not None and self.lost_since else None

    @property
    def record_name(self) -> str:
        """Where the TXT record has to be."""
        return f"{LABEL}.{self.domain}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at DNS changes: the three moments, and what is told of it, if anything."""

    verified_at: datetime | None
    checked_at: datetime | None
    lost_since: datetime | None
    event: Event | None = None


def judge(held: Held, seen: Seen, at: datetime) -> Verdict:
    """Return what becomes of a claim. Silence alone is no loss, unless it lasts as long as a loss may."""
    checked = held.checked_at if seen == "silent" else at
    if held.verified_at is None:
        return Verdict(at, checked, None, "verify") if seen == "right" else Verdict(None, checked, held.lost_since)
    if seen == "right":
        return Verdict(held.verified_at, checked, None, "regain" if held.lost_since else None)
    if held.lost_since is None:
        if seen == "silent" and at - (held.checked_at or held.verified_at) < GRACE:
            return Verdict(held.verified_at, checked, None)
        return Verdict(held.verified_at, checked, at, "lose")
    if at - held.lost_since >= GRACE:
        return Verdict(None, checked, held.lost_since, "end")
    return Verdict(held.verified_at, checked, held.lost_since)
