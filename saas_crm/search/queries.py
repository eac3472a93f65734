"""Reading the index: what a member may see of what they look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.access.field_rules import may_know
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.reaching import array_of
from saas_crm.access.visibility import READERS, Reader, parent_model, reader
from saas_crm.core.folding import fold
from saas_crm.core.keyset import at_most
from saas_crm.core.pinyin import pinyin_words
from saas_crm.core.search_query import prepare, rank
from saas_crm.search.models import FIELDS, OF_FIELD, OF_PARENT, PERSON, SearchEntry
from saas_crm.search.seeing import may_see, parent_unseen
from tenants.db import AnyRow, AnySelect, AnyUnion, fetch
from tenants.kept import kept_queries

CANDIDATES = 200
MATCHES = 1_001
OPENINGS = 200
LONGEST_BEGINNING = 80
_TITLED = SearchEntry.kind + literal_column("' '", Text) + SearchEntry.folded
BEGINNING = func.left(_TITLED, literal_column(str(LONGEST_BEGINNING))).collate("C")
"""Kind and beginning of a title, as their index has them: in one, or it would be used for the kind alone."""
KINDS = ("company", "contact", "opportunity")
SUBTITLES = ("address", "industry", "job_title")
"""Fields of which the second line of an entry may be."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for, as far as queries depend on it: those of as many terms are the same query, built once.

    `values` are what such a query takes in each run.
    """

    terms: int
    query: str = field(compare=False)
    values: dict[str, Any] = field(compare=False)


NOTHING = Sought(0, "", {})


def sought(query: str, kinds: Sequence[str]) -> Sought | None:
    """Return a search made ready for queries that are kept; None matches nothing, and NOTHING is no search."""
    if not query.strip():
        return NOTHING
    wanted = prepare(query)
    if not wanted.grams:
        return None
    values: dict[str, Any] = {"each_grams": list(wanted.grams), "each_title": wanted.folded}
    values |= {f"each_patterns_{at}": list(patterns) for at, patterns in enumerate(wanted.patterns)}
    for kind in kinds:
        begun = f"{kind} {wanted.folded}"[:LONGEST_BEGINNING]
        values |= {f"each_begun_{kind}": begun, f"each_ended_{kind}": f"{begun}\U0010ffff"}
    return Sought(len(wanted.patterns), query, values)


def find(query: str, member: CurrentMember, *, kinds: Sequence[str] = KINDS, limit: int = 20) -> list[AnyRow]:
    """Return the best matches the member may see (kind, record_id, title, subtitle), best first.

    At most CANDIDATES are ranked, so that a very common word costs no more than a rare one. Where there are more,
    those called so and those whose name begins so are asked for by themselves, and are always among them.
    """
    words = sought(query, kinds)
    if words is None or words is NOTHING:
        return []
    asking, asked = reader(member, *_READING), tuple(kinds)
    found = {row.record_id: row for row in fetch(_holding(asking, asked, words, CANDIDATES), words.values)}
    if len(found) == CANDIDATES:
        opening = _all_openings(asking, asked, words, limit)
        found |= {row.record_id: row for row in fetch(opening, words.values)}
    rows, folded = list(found.values()), words.values["each_title"]
    rows.sort(key=lambda row: (_rank(folded, row), -row.updated_at.timestamp()))
    return rows[:limit]


_READING = tuple(f"{kind}:read" for kind in KINDS)


def _entry(member: CurrentMember) -> AnySelect:
    return select(SearchEntry.kind, SearchEntry.record_id, SearchEntry.title, _told(member), SearchEntry.updated_at)


@kept_queries(READERS)
def _holding(asking: Reader, kinds: tuple[str, ...], words: Sought, limit: int) -> AnySelect:
    member = asking.member
    return _entry(member).where(_matches(words, member, kinds), may_see(member, kinds)).limit(at_most(limit))


@kept_queries(READERS)
def _all_openings(asking: Reader, kinds: tuple[str, ...], words: Sought, limit: int) -> AnyUnion:
    return union_all(*(_opening(_entry(asking.member), words, kind, asking.member, limit) for kind in kinds))


def found_by(key: SQLColumnExpression[UUID], query: str, kind: str, member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause "its key is among those of the records that match".

    As an array, found once and looked up by the key: of a sub-query the planner expects two rows, however many it
    brings, and compares each of them with all that the member owns.
    """
    ids = matching_ids(query, kind, member)
    return false() if ids is None else key == any_(array_of(ids))


def matching_ids(query: str, kind: str, member: CurrentMember) -> AnyUnion | None:
    """Return a query of the records of one kind that match: the OPENINGS first names that begin so, MATCHES others.

    None matches nothing. Only what the member may see counts towards MATCHES, or a common word's first thousand
    could all be somebody else's. The list that uses it starts from `visible()` all the same.
    """
    words = sought(query, (kind,))
    if words is None or words is NOTHING:
        return None
    key = select(SearchEntry.record_id)
    holding = key.where(may_see(member, (kind,)), _matches(words, member, (kind,))).limit(at_most(MATCHES))
    return union_all(_opening(key, words, kind, member, OPENINGS), holding)


def _each(words: Sought, name: str, type_: Any) -> BindParameter[Any]:
    return bindparam(name, words.values[name], type_=type_)


def _opening(query: AnySelect, words: Sought, kind: str, member: CurrentMember, limit: int) -> AnySelect:
    """Narrow to the entries of a kind whose title begins with the query: first who is called just so.

    The index has no more than the beginning of a long title; the rest of it is compared behind that.
    """
    begun, ended = (_each(words, f"each_{end}_{kind}", Text) for end in ("begun", "ended"))
    return (
        query.where(BEGINNING.between(begun, ended))
        .where(func.starts_with(SearchEntry.folded, _each(words, "each_title", Text)))
        .where(may_see(member, (kind,)))
        .order_by(BEGINNING)
        .limit(at_most(limit))
    )


def _rank(folded_query: str, row: AnyRow) -> int:
    label = fold(row.title)
    written = rank(folded_query, label)
    if written < 4 or row.title.isascii():
        return written
    return rank(folded_query, label, pinyin_words(row.title, person=row.kind == PERSON))


def _matches(words: Sought, member: CurrentMember, kinds: Sequence[str]) -> ColumnElement[bool]:
    """Match what the member may know of an entry.

    Nothing is found by the name of a customer they do not see, nor by a field that their role does not show.
    """
    text = _known_text(member)
    have_parents = any(parent_model(kind).__follows__ for kind in kinds)
    if have_parents and (unseen := parent_unseen(member)) is not None:
        text = case((unseen, func.split_part(text, OF_PARENT, 1)), else_=text)
    patterns = [_each(words, f"each_patterns_{at}", ARRAY(Text)) for at in range(words.terms)]
    rechecks = [text.like(any_(one_of)) for one_of in patterns]
    return and_(SearchEntry.grams.contains(_each(words, "each_grams", ARRAY(Text))), *rechecks)


def _known_text(member: CurrentMember) -> ColumnElement[str]:
    """Return the text of an entry without the fields that the member's role does not show."""
    closed = [(kind, [name for name in FIELDS if not may_know(member, kind, name)]) for kind in KINDS]
    kinds = [(SearchEntry.kind == kind, _without(names)) for kind, names in closed if names]
    return case(*kinds, else_=SearchEntry.folded) if kinds else SearchEntry.folded.expression


def _without(names: Sequence[str]) -> ColumnElement[str]:
    """Return the text without some fields; what comes after the last field, the parent's name, stays.

    Of an entry that was written before fields were kept apart, and not renewed yet, only the first line is known.
    """
    own, parents = (func.split_part(SearchEntry.folded, OF_PARENT, at) for at in (1, 2))
    kept = [func.split_part(own, OF_FIELD, at) for at, name in enumerate(FIELDS, start=2) if name not in names]
    apart = func.strpos(own, OF_FIELD) > 0
    before = case((apart, func.split_part(own, OF_FIELD, 1)), else_=func.split_part(own, "\n", 1))
    return func.concat(before, *kept, OF_PARENT, parents, type_=Text)


def _told(member: CurrentMember) -> ColumnElement[str]:
    """Return the second line of an entry, unless it may be of a field that the member's role does not show.

    It names the parent, which is told only to who sees that.
    """
    untold = [SearchEntry.kind == kind for kind in KINDS if any(not may_know(member, kind, name) for name in SUBTITLES)]
    if (unseen := parent_unseen(member)) is not None:
        untold.append(unseen)
    if not untold:
        return SearchEntry.subtitle.label("subtitle")
    return case((or_(*untold), ""), else_=SearchEntry.subtitle).label("subtitle")
