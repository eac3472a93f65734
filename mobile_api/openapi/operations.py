"""What an endpoint declares about itself, and the registry that collects the declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from saas_crm.edge.declared import declared_for, takes_proof

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path, exactly as it behaves.

    `path` is a Werkzeug rule below the API's base path, `responses` the good answers (None: no body). The bad
    ones follow from the rest: a token is needed unless `public`, a body or query can be invalid, a path can
    lead nowhere; `problems` adds further statuses. `idempotent` takes an Idempotency-Key, `etag` answers with
    an ETag (a GET then takes If-None-Match and can answer 304), `if_match` takes If-Match and can answer 412;
    where it is "needed", 428 without. `proven` asks devices for a proof that is not old.
    """

    method: Method
    path: str
    operation_id: str
    summary: str
    tag: str
    responses: Mapping[int, type[BaseModel] | None]
    description: str = ""
    permission: str | None = None
    public: bool = False
    proven: bool = False
    request_model: type[BaseModel] | None = None
    query_model: type[BaseModel] | None = None
    idempotent: bool = False
    etag: bool = False
    if_match: bool | Literal["needed"] = False
    problems: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not any(200 <= status < 300 for status in self.responses):
            raise ValueError(f"{self.operation_id} has no good answer")
        if self.method == "GET" and (self.request_model or self.idempotent):
            raise ValueError(f"{self.operation_id} is a GET: it has no body and needs no Idempotency-Key")
        for model in filter(None, (self.request_model, self.query_model)):
            if model.model_config.get("extra") != "forbid":
                raise ValueError(f"{model.__name__} must refuse unknown fields")

    @property
    def revalidates(self) -> bool:
        """Whether the reader may ask "only if it has changed"."""
        return self.method == "GET" and self.etag

    @property
    def body_types(self) -> tuple[str, ...]:
        """Return the media types a body may have; a change is a JSON merge patch (RFC 7396)."""
        if self.request_model is None:
            return ()
        plain = ("application/json",)
        return ("application/merge-patch+json", *plain) if self.method == "PATCH" else plain


@dataclass(slots=True)
class Registry:
    """All operations of one API, with the view that answers each."""

    _bound: dict[str, tuple[Operation, Callable[..., Any]]] = field(default_factory=dict)

    def add(self, operation: Operation, view: Callable[..., Any]) -> None:
        """Take an operation in. Raises ValueError for an id, or a method on a path, that is there already."""
        if operation.operation_id in self._bound:
            raise ValueError(f"two operations are called {operation.operation_id!r}")
        for other, _ in self._bound.values():
            if (other.method, other.path) == (operation.method, operation.path):
                raise ValueError(f"two operations on {operation.method} {operation.path}")
        self._bound[operation.operation_id] = (operation, view)

    def operation(self, method: Method, path: str, **declared: Any) -> Callable[[View], View]:
        """Declare the decorated view as an operation; its name is the id unless `operation_id` is given.

        Its docstring says what it does: the first line is the summary, the rest the description. The permission
        is the one the view names with `requires`, `members_only` or `public`, which must stand below this
        decorator. Raises ValueError for a view that names none.
        """

        def take(view: View) -> View:
            declared.setdefault("operation_id", view.__name__)
            summary, _, rest = (inspect.getdoc(view) or "").partition("\n\n")
            declared.setdefault("summary", summary.rstrip("."))
            declared.setdefault("description", rest.replace("\n", " ").replace("  ", "\n\n"))
            self.add(Operation(method=method, path=path, **_access(view), **declared), view)
            return view

        return take

    def bound(self) -> Iterator[tuple[Operation, Callable[..., Any]]]:
        """Yield every operation with its view, in a stable order, for registering the routes."""
        yield from sorted(self._bound.values(), key=lambda pair: (pair[0].path, pair[0].method))

    def operations(self) -> list[Operation]:
        """Return every operation, in a stable order."""
        return [operation for operation, _ in self.bound()]

    def __getitem__(self, operation_id: str) -> Operation:
        """Return an operation by its id. Raises KeyError."""
        return self._bound[operation_id][0]


def _access(view: Callable[..., Any]) -> dict[str, Any]:
    declared = declared_for(view)
    if declared is None:
        raise ValueError(f"{view.__name__} names no permission")
    return {"permission": declared.permission, "public": declared.kind == "public", "proven": takes_proof(view)}
