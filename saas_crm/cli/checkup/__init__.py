"""What `saas-crm doctor` looks at: one module a part of the body."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one place; anything but good comes with a remedy."""

    name: str
    state: Literal["good", "warning", "bad"]
    detail: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for a program."""
        return asdict(self)


def good(name: str, detail: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(name, "good", detail)


def warning(name: str, detail: str, remedy: str) -> Finding:
    """Say that something works, but perhaps not as the operator thinks."""
    return Finding(name, "warning", detail, remedy)


def bad(name: str, detail: str, remedy: str) -> Finding:
    """Say that something does not work."""
    return Finding(name, "bad", detail, remedy)
