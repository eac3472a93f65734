"""From a choice to a plan: who gets which customer. Preview and hand-over make it the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.hand_over.owned import bundles_of, owned_by
from saas_crm.hand_over.people import candidates, source
from saas_crm.hand_over.rules import Bundle, Seat, divided, gains, with_picks
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.db import AnyRow


@dataclass(frozen=True)
class Plan:
    """What will happen: each customer's successor, and what all of them have before and after.

    `default` is the division before single customers were picked.
    """

    source: AnyRow
    people: Mapping[UUID, AnyRow]
    bundles: Sequence[Bundle]
    default: Mapping[UUID, UUID]
    division: Mapping[UUID, UUID]
    loads: Mapping[UUID, Mapping[str, int]]

    @cached_property
    def gains(self) -> dict[UUID, Bundle]:
        """What each successor gets."""
        return gains(self.division, self.bundles)


def plan_of(data: HandOverWrite, actor: CurrentMember) -> Plan:
    """Divide what a member owns as it was asked.

    Raises NotFound, Forbidden, and InvalidInput for successors the actor may not give records to, or who could not
    edit them.
    """
    person = source(data.from_id, actor)
    known = candidates(person.id, actor)
    _check_edits(data, known)
    people = {found.id: found for found in known if found.edits}
    chosen = _chosen(data, person, people)
    picks = _picks(data, person, people)
    bundles = bundles_of(person.id, closed=data.closed)
    loads = owned_by([*dict.fromkeys([*chosen, *picks.values()])] or [person.id])
    seats = [_seat(member_id, loads[member_id]) for member_id in chosen]
    default = divided(data.by, bundles, seats)
    return Plan(person, people, bundles, default, with_picks(default, picks, bundles, person.id), loads)


def _seat(member_id: UUID, had: Mapping[str, int]) -> Seat:
    return Seat(member_id, had.get("opportunity", 0), had.get("company", 0) + had.get("contact", 0))


def _check_edits(data: HandOverWrite, known: Sequence[AnyRow]) -> None:
    """Refuse by its field whoever was named but could not change what they would own."""
    unable = {found.id: found.name for found in known if not found.edits}
    for field, named in (("to_ids", data.to_ids), ("picks", [pick.to_id for pick in data.picks])):
        names = [unable[member_id] for member_id in dict.fromkeys(named) if member_id in unable]
        if names:
            told = _("%(names)s: their role cannot edit what they would get. Choose others.", names=_(", ").join(names))
            raise InvalidInput({field: told}, {field: "cannot_edit"})


def _chosen(data: HandOverWrite, person: AnyRow, people: Mapping[UUID, AnyRow]) -> list[UUID]:
    """Return who takes over; in the team of who hands over when nobody is named and it shall be the team."""
    chosen = list(dict.fromkeys(data.to_ids))
    if not chosen and data.by == "team":
        chosen = [found.id for found in people.values() if person.team_id and found.team_id == person.team_id]
        if not chosen:
            raise InvalidInput(
                {"to_ids": _("Nobody else of their team can take over. Choose who does.")}, {"to_ids": "nobody"}
            )
    if not set(chosen) <= set(people):
        raise InvalidInput({"to_ids": _("Choose members you may give records to.")}, {"to_ids": "owner"})
    if data.by == "one" and len(chosen) != 1:
        raise InvalidInput({"to_ids": _("Choose one who gets everything.")}, {"to_ids": "one"})
    if data.by == "load" and not chosen:
        raise InvalidInput({"to_ids": _("Choose who takes over.")}, {"to_ids": "missing"})
    return chosen


def _picks(data: HandOverWrite, person: AnyRow, people: Mapping[UUID, AnyRow]) -> dict[UUID, UUID]:
    picks = {pick.customer_id: pick.to_id for pick in data.picks}
    if not set(picks.values()) <= {*people, person.id}:
        raise InvalidInput({"picks": _("Choose members you may give records to.")}, {"picks": "owner"})
    return picks
