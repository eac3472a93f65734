"""Which request does what: each operation of Stripe's that the double has learned, with the parameters it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.stripe.description import find, parameters
from tests.stripe.errors import Misused
from tests.stripe.forms import checked

if TYPE_CHECKING:
    from tests.stripe.world import World

Handler = Callable[..., dict[str, Any]]
_HANDLERS: dict[str, tuple[Handler, frozenset[str]]] = {}
_ALWAYS = frozenset({"expand"})
PAGING = "limit starting_after ending_before"


def operation(name: str, knows: str = "") -> Callable[[Handler], Handler]:
    """Mark what answers an operation such as "POST /v1/prices/{}".

    `knows` are the parameters it heeds; "a.b" means that of `a` it only heeds `b`. Others are refused loudly, since a
    parameter that is passed over would let a wrong program pass.
    """

    def keep(handler: Handler) -> Handler:
        _HANDLERS[name] = (handler, frozenset(knows.split()) | _ALWAYS)
        return handler

    return keep


def learned() -> list[str]:
    """Return all operations that the double knows."""
    return sorted(_HANDLERS)


def heeded(name: str) -> frozenset[str]:
    """Return the parameters that the double heeds of an operation."""
    return _HANDLERS[name][1]


class Call:
    """A request that was understood: what it does, its ids, and its parameters in their types."""

    def __init__(self, method: str, path: str, given: dict[str, Any]) -> None:
        """Raises Misused for what Stripe or the double does not know."""
        found = find(method, path)
        if found is None:
            raise Misused(404, f"Unrecognized request URL ({method}: {path}).")
        self.operation, self.ids = found
        if self.operation not in _HANDLERS:
            raise Misused(400, f"The double has not learned {self.operation}.")
        self._handler, knows = _HANDLERS[self.operation]
        self.params: dict[str, Any] = checked(given, parameters(self.operation))
        _refuse_unlearned(self.operation, self.params, knows)
        self.expand: list[str] = self.params.pop("expand", [])

    def carry_out(self, world: World) -> dict[str, Any]:
        """Do it, in the time that its customer lives in."""
        customer = self.params.get("customer")
        if not customer and self.ids:
            customer = _customer_of(world, self.ids[0])
        with world.at(world.moment_of(customer)):
            return self._handler(world, *self.ids, **{"params": self.params})


def _customer_of(world: World, id: str) -> str | None:
    if id in world.tables["customer"]:
        return id
    for kind in ("subscription", "invoice", "checkout.session", "invoiceitem"):
        if id in world.tables[kind]:
            found: str | None = world.tables[kind][id]["customer"]
            return found
    return None


def _refuse_unlearned(operation: str, params: dict[str, Any], knows: frozenset[str]) -> None:
    for name, value in params.items():
        if name in knows:
            continue
        inner = {entry.partition(".")[2] for entry in knows if entry.startswith(f"{name}.")}
        if not inner:
            raise Misused(400, f"The double has not learned the parameter {name} of {operation}.", param=name)
        for structure in value if isinstance(value, list) else [value]:
            if isinstance(structure, dict) and (rest := structure.keys() - inner):
                raise Misused(400, f"The double has not learned {name}[{min(rest)}] of {operation}.", param=name)
