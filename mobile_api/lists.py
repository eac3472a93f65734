"""Lists: filters, order, chosen columns, and the cursor where the next page begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import orjson
from flask import Response
from pydantic import BaseModel, Field, create_model

from mobile_api.openapi.schemas import CURSOR_PATTERN
from mobile_api.problems import ApiProblem, FieldProblem, problem
from mobile_api.shapes import Shape
from saas_crm.core.cursors import MAX_LENGTH, CursorError, decode_cursor, encode_cursor
from saas_crm.core.fields import Described, Line
from saas_crm.core.forms import Input
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import Order, Page

Query = TypeVar("Query", bound="Listing")
Sought = Annotated[Line, Described("words", "Words or parts of them, Chinese or Latin, or part of a number.", "acme")]


class Listing(Input):
    """What every list can be asked for."""

    limit: int = Field(default=25, ge=1, le=200, description="How many records at most.")
    after: str | None = Field(
        default=None, max_length=MAX_LENGTH, pattern=CURSOR_PATTERN, description="The `next` of the page before.",
        json_schema_extra={"format": "cursor"},
    )  # fmt: skip
    sort: str = ""
    fields: list[str] = Field(default_factory=list)


def listing(base: type[Query], read: type[BaseModel], orders: Iterable[str], default: str) -> type[Query]:
    """Return the query model of one kind of list: its filters are `base`'s own fields."""
    choices: dict[str, Any] = {
        "sort": (
            Literal[tuple(orders)],
            Field(default=default, description="The order; - turns it round. Records without a value come last."),
        ),
        "fields": (
            list[Literal[tuple(read.model_fields)]],  # type: ignore[misc]
            Field(
                default_factory=list, min_length=1, description="The columns to answer with, separated by commas.",
                json_schema_extra={"uniqueItems": True},
            ),
        ),
    }  # fmt: skip
    name = f"{read.__name__.removesuffix('Read')}Listing"
    return create_model(name, __base__=base, __doc__=base.__doc__, **choices)


def start(query: Listing, scope: str, orders: Mapping[str, Order]) -> tuple[Any, ...] | None:
    """Return the key after which the page begins, None for the first. Raises ApiProblem (422)."""
    if query.after is None:
        return None
    kind = orders[query.sort].column.type.python_type
    try:
        return decode_cursor(query.after, _scope(scope, query), (kind, UUID))
    except CursorError:
        raise no_such_page() from None


def no_such_page() -> ApiProblem:
    """Return what is wrong with a cursor that is of no page of the list."""
    wrong = FieldProblem(parameter="after", detail=_("This is not the cursor of a page of this list."), code="cursor")
    return ApiProblem(problem("invalid", errors=[wrong]))


def listed(page: Page[Any], names: Sequence[str], shape: Shape, query: Listing, scope: str) -> Response:
    """Answer with a page of rows, and where the next one begins."""
    return answer_list(shape.rows(names, page.rows), cursor_after(page, query, scope))


def cursor_after(page: Page[Any], query: Listing, scope: str) -> str | None:
    """Return the cursor of the next page, None at the end."""
    return encode_cursor(_scope(scope, query), page.after) if page.after else None


def answer_list(items: Sequence[Any], following: str | None = None) -> Response:
    """Answer with a page of a list."""
    body = orjson.dumps({"items": items, "next": following}, option=orjson.OPT_UTC_Z)
    return Response(body, 200, content_type="application/json")


def _scope(scope: str, query: Listing) -> str:
    return f"{scope}:{query.sort}"
