"""From what was sent to a checked value, with messages in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import InputContext
from saas_crm.core.i18n import gettext as _
from saas_crm.core.money_schema import MONEY_ERRORS
from tenants.marks import N_

Schema = TypeVar("Schema", bound=BaseModel)


class Input(BaseModel):
    """Base of all that a form or a JSON body may say: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


MESSAGES: Mapping[str, str] = {
    "missing": N_("This is needed."),
    "string_too_short": N_("This is needed."),
    "string_too_long": N_("At most %(max_length)s characters."),
    "too_long": N_("At most %(max_length)s entries."),
    "extra_forbidden": N_("This field does not exist."),
    "literal_error": N_("Choose one of the values offered."),
    "enum": N_("Choose one of the values offered."),
    "uuid_parsing": N_("Choose one of the values offered."),
    "uuid_type": N_("Choose one of the values offered."),
    "date_from_datetime_parsing": N_("Write a date."),
    "date_parsing": N_("Write a date."),
    "date_type": N_("Write a date."),
    "datetime_from_date_parsing": N_("Write a date and a time."),
    "datetime_parsing": N_("Write a date and a time."),
    "datetime_type": N_("Write a date and a time."),
    "int_parsing": N_("Write a whole number."),
    "int_type": N_("Write a whole number."),
    "decimal_parsing": N_("Write a number."),
    "decimal_max_digits": N_("This number is too large."),
    "greater_than_equal": N_("At least %(ge)s."),
    "less_than_equal": N_("At most %(le)s."),
    "string_type": N_("Write text."),
}


def parse(schema: type[Schema], data: Any, context: InputContext | None = None) -> Schema:
    """Return the checked value; raises InvalidInput with a message for each field."""
    try:
        return schema.model_validate(data, context=context)
    except ValidationError as failed:
        raise explain(failed) from failed


def explain(failed: ValidationError) -> InvalidInput:
    """Turn Pydantic's findings into one message per field, in the reader's language."""
    errors: dict[str, str] = {}
    codes: dict[str, str] = {}
    for found in failed.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in found["loc"] if not str(part).startswith("function-"))
        if where not in errors:
            errors[where] = _message(found)
            codes[where] = getattr((found.get("ctx") or {}).get("error"), "code", found["type"])
    return InvalidInput(errors, codes)


def _message(found: Any) -> str:
    context = found.get("ctx") or {}
    own = context.get("error")
    if isinstance(own, Exception):  # ours; of a broken UUID and the like Pydantic tells its own English text here
        return _(getattr(own, "message", str(own)), **getattr(own, "params", {}))
    text = found["msg"] if found["type"] in MONEY_ERRORS else MESSAGES.get(found["type"])
    return _(text, **context) if text else _("This cannot be used here.")


def from_form(schema: type[Schema], form: Any, context: InputContext) -> Schema:
    """Check a submitted form; fields the schema does not have (tokens, buttons) are left aside.

    A field sent empty counts as empty, a field not sent as not given. Raises InvalidInput.
    """
    data: dict[str, Any] = {}
    for name, field in schema.model_fields.items():
        if name not in form:
            continue
        data[name] = form.getlist(name) if _takes_list(field) and len(form.getlist(name)) > 1 else form.get(name)
        if data[name] == "" and not field.is_required() and not _takes_text(field):
            data[name] = None if _takes_none(field) else field.get_default(call_default_factory=True)
    return parse(schema, data, context)


def _flat(annotation: Any) -> tuple[Any, ...]:
    return tuple(a for part in get_args(annotation) for a in (_flat(part) or (part,))) or (annotation,)


def _takes_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is list


def _takes_none(field: FieldInfo) -> bool:
    return type(None) in _flat(field.annotation)


def _takes_text(field: FieldInfo) -> bool:
    return field.annotation is str


@cache
def patch_of(schema: type[Schema], name: str, *, ids_kept: tuple[str, ...] = ()) -> type[Schema]:
    """Return the schema of a merge patch (RFC 7396): every field may be missing, and then stays as it is.

    Null takes a field's value away: what remains is what a new record has there. A field that no record can
    do without refuses null; so do references that only a new record may leave to us, which `ids_kept` names.
    """
    fields: dict[str, Any] = {
        key: (UUID, FieldInfo(default_factory=lambda: None)) if key in ids_kept else _patched(field)
        for key, field in schema.model_fields.items()
    }
    told = "Changes, as a JSON merge patch: what is left out stays as it is, null empties."
    return create_model(name, __base__=schema, __doc__=told, **fields)


def _patched(field: FieldInfo) -> tuple[Any, Any]:
    kept: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    if not field.is_required():
        kept = Annotated[kept | None, BeforeValidator(lambda value: _emptied(field) if value is None else value)]
    return kept, FieldInfo(default_factory=lambda: None, description=field.description)


def _emptied(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def given(value: BaseModel) -> dict[str, Any]:
    """Return only what was said, for a patch; nested values stay objects."""
    return {key: getattr(value, key) for key in value.model_fields_set}
