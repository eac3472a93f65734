"""Every endpoint says who may call it; one that says nothing is refused and a test names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from saas_crm.access.permissions import PERMISSIONS

View = TypeVar("View", bound=Callable[..., Any])
Place = Literal["outside", "workspace", "anywhere"]


@dataclass(frozen=True, slots=True)
class Declared:
    """Who may call an endpoint, and whether it lives in a workspace or outside any."""

    kind: Literal["public", "signed-in", "member", "permission", "owner", "operator", "operator-door"]
    place: Place
    permission: str | None = None


ATTRIBUTE = "__declared__"
WORKS_READ_ONLY = "__works_read_only__"
WORKS_SEATLESS = "__works_seatless__"
LEADS_ON = "__leads_on__"
LETS_SIGN_IN = "__lets_sign_in__"
ON_DOMAINS = "__on_domains__"
PROVEN = "__proven__"


def _declare(declared: Declared) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, declared)
        return view

    return mark


def requires(permission: str) -> Callable[[View], View]:
    """Only members of the workspace who have the permission, at least on their own records.

    Raises ValueError, at import, for a permission the product does not have.
    """
    if permission not in PERMISSIONS:
        raise ValueError(f"unknown permission {permission!r}")
    return _declare(Declared("permission", "workspace", permission))


def members_only(view: View) -> View:
    """Every member of the workspace, whatever their role: only what is theirs alone."""
    return _declare(Declared("member", "workspace"))(view)


def owners_only(view: View) -> View:
    """Only owners of the workspace: what decides about it as a whole and no role may be given."""
    return _declare(Declared("owner", "workspace"))(view)


def signed_in(view: View) -> View:
    """Everybody with a sign-in, outside any workspace."""
    return _declare(Declared("signed-in", "outside"))(view)


def operators_only(view: View) -> View:
    """Only who runs the installation, by the console's own sign-in; no person's sign-in opens it."""
    return _declare(Declared("operator", "outside"))(view)


def operators_inside(view: View) -> View:
    """Only who runs the installation, at an address of a workspace: how they come in."""
    return _declare(Declared("operator", "workspace"))(view)


def operators_door(view: View) -> View:
    """Who is not signed in to the console yet: what leads in, from where the console may be reached at all."""
    return _declare(Declared("operator-door", "outside"))(view)


def public(place: Place = "outside") -> Callable[[View], View]:
    """Everybody. `place` says whether the endpoint lives in a workspace."""
    return _declare(Declared("public", place))


def while_read_only(view: View) -> View:
    """Also where the workspace is read-only: what changes nothing of its own, such as signing in."""
    setattr(view, WORKS_READ_ONLY, True)
    return view


def without_seat(view: View) -> View:
    """Also for a member without one of the plan's seats: what changes nothing but the person themselves."""
    setattr(view, WORKS_SEATLESS, True)
    return view


def works_without_seat(view: Any) -> bool:
    """Whether an endpoint that changes something works for who has no seat: all that works while one can only read."""
    return bool(getattr(view, WORKS_SEATLESS, False)) or works_while_read_only(view)


def leads_everybody_on(view: View) -> View:
    """Also from a former address of the workspace, for whoever asks: who has such a link knows the workspace by it."""
    setattr(view, LEADS_ON, True)
    return view


def leads_on(view: Any) -> bool:
    """Whether an endpoint leads everybody on from a former address."""
    return bool(getattr(view, LEADS_ON, False))


def works_while_read_only(view: Any) -> bool:
    """Whether an endpoint that changes something works in a read-only workspace."""
    return bool(getattr(view, WORKS_READ_ONLY, False))


def lets_sign_in(view: View) -> View:
    """Also where the workspace is closed to all but its owners: who it is that signs in here is known only then."""
    setattr(view, LETS_SIGN_IN, True)
    return view


def works_for_signing_in(view: Any) -> bool:
    """Whether an endpoint only lets people sign in."""
    return bool(getattr(view, LETS_SIGN_IN, False))


def also_on_domains(view: View) -> View:
    """Also at workspaces' own domains, though it lives outside any: what lets people in and out, and no more."""
    setattr(view, ON_DOMAINS, True)
    return view


def works_on_domains(view: Any) -> bool:
    """Whether an endpoint outside workspaces is served at their own domains."""
    return bool(getattr(view, ON_DOMAINS, False))


def takes_proof(view: Any) -> bool:
    """Whether an endpoint takes step-up, always or for some of what it does (`edge.proof`)."""
    return getattr(view, PROVEN, None) is not None


def declared_for(view: Any) -> Declared | None:
    """Return what a view function declares, or None."""
    found: Declared | None = getattr(view, ATTRIBUTE, None)
    return found
