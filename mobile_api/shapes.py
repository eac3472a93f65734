"""How a kind of record becomes JSON without a model for each row: 50 rows in well under a millisecond.

The Pydantic model describes what is answered; a test holds every shape to exactly what its model would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel

Fields = dict[str, Any]


class Shape:
    """The columns a record is shown by, under the names of its model's fields, and what is made of them.

    `hidden` are columns needed by `finish` but not shown: field → (name, column). `finish` turns the values
    of the database into those of the answer, in place.
    """

    def __init__(
        self, read: type[BaseModel], columns: Mapping[str, Any], *,
        hidden: Mapping[str, tuple[str, Any]] | None = None, finish: Callable[[Fields], None] | None = None,
    ) -> None:  # fmt: skip
        self.read = read
        self.columns = {name: columns[name] for name in read.model_fields}
        self.hidden = dict(hidden or {})
        self._finish = finish
        self._whole = self._chosen(tuple(self.columns))

    @cached_property
    def moments(self) -> frozenset[str]:
        """The fields that hold a moment."""
        return frozenset(name for name, field in self.read.model_fields.items() if _holds_moment(field.annotation))

    def select(self, fields: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """Return names and columns of the chosen fields, or of all; the id always comes first."""
        return self._chosen(tuple(dict.fromkeys(("id", *fields)))) if fields else self._whole

    def _chosen(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        further = [self.hidden[name] for name in names if name in self.hidden]
        columns = (*(self.columns[name] for name in names), *(column for _, column in further))
        return (*names, *(name for name, _ in further)), columns

    def rows(self, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> list[Fields]:
        """Return what is shown of some rows of one query: their values by these names; further ones are left."""
        records = [dict(zip(names, row, strict=False)) for row in rows]
        self._to_utc(names, records)
        if self._finish is not None:
            for record in records:
                self._finish(record)
        return records

    def shown(self, names: Sequence[str], values: Iterable[Any]) -> Fields:
        """Return what is shown of one row."""
        return self.rows(names, (values,))[0]

    def _to_utc(self, names: Sequence[str], records: Sequence[Fields]) -> None:
        """Turn moments into UTC where the database has another zone: it is one and the same for a whole query."""
        moments = [name for name in names if name in self.moments]
        zone = next((moment.tzinfo for record in records for name in moments if (moment := record[name])), UTC)
        if zone is UTC:
            return
        for record in records:
            record.update({name: record[name].astimezone(UTC) for name in moments if record[name] is not None})

    def of(self, record: Any, **others: Any) -> Fields:
        """Return what is shown of a loaded record; `others` are fields that are no attributes of it."""
        names = (*self.columns, *(name for name, _ in self.hidden.values()))
        return self.shown(names, [others[name] if name in others else getattr(record, name) for name in names])


def _holds_moment(annotation: Any) -> bool:
    return annotation is datetime or datetime in get_args(annotation)
