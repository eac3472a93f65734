"""What may go wrong in the business, said without any word of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class BusinessError(Exception):
    """Root of everything a person can be told about and mend."""


class NotFound(BusinessError):
    """The record does not exist, or this member may not know that it does."""


class Forbidden(BusinessError):
    """The member sees the record but may not do this with it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class InvalidInput(BusinessError):
    """Input breaks a rule; `errors` has a message for each field ("" for the whole).

    Messages are already in the reader's language.
    """

    def __init__(self, errors: Mapping[str, str], codes: Mapping[str, str] | None = None) -> None:
        super().__init__(", ".join(f"{field}: {message}" for field, message in errors.items()))
        self.errors = dict(errors)
        self.codes = dict(codes or {})


class NamesGone(InvalidInput):
    """A record that a write names was deleted, or erased, at this very moment: the database refused the reference."""


class VersionConflict(BusinessError):
    """Somebody else saved first: carries the record as it now is."""

    def __init__(self, current: Any) -> None:
        super().__init__("somebody else changed this record first")
        self.current = current


class LimitReached(BusinessError):
    """The workspace's plan allows no more of something: `limit` is one of `tenants.plan.LIMITS`, in its own unit."""

    def __init__(self, limit: str, most: int, used: int) -> None:
        super().__init__(f"{limit}: {used} of {most}")
        self.limit, self.most, self.used = limit, most, used


class FeatureNotInPlan(BusinessError):
    """The workspace's plan does not have this feature, one of `tenants.plan.FEATURES`."""

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


class AlreadyExists(BusinessError):
    """A record with this client-made id exists already."""
