"""What a request must not do, reckoned from roles, teams, units and shares alone: show, change, or answer wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from tests.guard.endpoints import RESOURCE_OF, SAFE, UNREADABLE
from tests.leaks.asking import Case, Outcome
from tests.leaks.changing import wrong_changes
from tests.leaks.marks import FIELDS, Mark
from tests.leaks.world import NOBODY, OUTSIDER, Estate

REFUSED = frozenset({400, 403, 404, 405, 409, 412, 415, 422, 428})
LOST = frozenset({"archive_id", "member_id", "team_id",
                  "role_id", "invitation_id", "hand_over_id", "pipeline_id", "stage_id",
                  *RESOURCE_OF, "record_id"})  # fmt: skip
"""Arguments of addresses that name something of a workspace: of another one, they name nothing."""


def complaints(estate: Estate, case: Case, outcome: Outcome) -> Iterator[str]:
    """Yield what is wrong with an outcome."""
    status = outcome.answer.status_code
    wanted = refusals(estate, case)
    if wanted is not None and status not in wanted:
        yield f"answers {status}, expected {sorted(wanted)}"
    if status >= 500:
        yield f"answers {status}"
    hidden = sorted(mark for mark in outcome.marks if not _is_told(estate, case, mark))
    if hidden:
        yield f"shows {', '.join(f'{FIELDS[mark.field]} of {whose(estate, mark.number)}' for mark in hidden[:4])}"
    yield from wrong_changes(estate, case, outcome.changes)
    if case.expects is not None and status < 400 and (wrong := case.expects(outcome.answer.text)):
        yield wrong


def _is_told(estate: Estate, case: Case, mark: Mark) -> bool:
    """Whether a field may be shown there: what one sees; and in a file, of its own kind, what one may export."""
    kind, _colon, action = (case.endpoint.declared.permission or "").partition(":")
    key = estate.record(mark.number) if mark.number in estate.numbered else None
    if action == "export" and key is not None and estate.world.kind[key] == kind:
        return estate.may(case.who, kind, "export", key) and estate.sees(case.who, mark)
    if key is not None and _is_about_a_person(case) and action == "export":
        # All that is known of a person, whoever owns it: what was left out would make the answer to them a wrong one.
        contact = UUID(str(estate.samples[case.target].values["contact_id"]))
        return estate.can_see(case.who, "contact", contact) and estate.is_of(key, contact)
    return estate.sees(case.who, mark)


def _is_about_a_person(case: Case) -> bool:
    """Whether it gives out everything about a person, or erases them."""
    whole = case.endpoint.declared.permission in ("privacy:export", "privacy:delete")
    return whole and "contact_id" in case.endpoint.rule.arguments


def whose(estate: Estate, number: int) -> str:
    """Say which record has a number."""
    if number in estate.secrets:
        return " of ".join(estate.secrets[number])
    if number not in estate.numbers.values():
        return "another workspace"
    key = estate.record(number)
    return f"{estate.world.owner[key]}'s {estate.world.kind[key]}"


def refusals(estate: Estate, case: Case) -> set[int] | None:
    """Return the statuses with which a request has to be refused; None where it may be let in."""
    endpoint, declared = case.endpoint, case.endpoint.declared
    if declared.permission is not None and declared.permission not in estate.scopes[case.who]:
        return {403}
    if _is_about_a_person(case) and not estate.knows_people(case.who):
        return {403, 404}
    unread = UNREADABLE if endpoint.is_api and endpoint.method not in SAFE else set()
    if "archive_id" in endpoint.rule.arguments:
        return _of_archive(case)
    if case.target in (OUTSIDER, NOBODY) and LOST & set(endpoint.rule.arguments):
        return {404} | unread | ({403} if declared.permission is None else set())
    if case.target in (OUTSIDER, NOBODY):
        return None
    if endpoint.rule.rule.startswith("/recycle-bin/"):
        gone = estate.samples[case.target].values["recycled_id"]
        return None if estate.may(case.who, "company", "delete", gone) else {404}
    for kind, key in records_named(estate, case):
        if not estate.can_see(case.who, kind, key):
            return {404} | unread
        action = (declared.permission or "").removeprefix(f"{kind}:") if declared.permission else ""
        if action in ("update", "delete", "share", "assign") and not estate.may(case.who, kind, action, key):
            return set(REFUSED) if endpoint.method not in SAFE else {403, 404}
    return None


def _of_archive(case: Case) -> set[int] | None:
    """Whoever may have one is told of all in the workspace and may remove any; only who asked for it downloads it."""
    mine = case.target == case.who if case.endpoint.method in SAFE else case.target not in (OUTSIDER, NOBODY)
    return None if mine else {403, 404}


def records_named(estate: Estate, case: Case) -> list[tuple[str, object]]:
    """Return the kinds and keys of the records in the path."""
    arguments, values = case.endpoint.rule.arguments, estate.samples[case.target].values
    found = [(RESOURCE_OF[name], values[name]) for name in sorted(arguments & RESOURCE_OF.keys()) if name != "token_id"]
    if (shared := case.endpoint.shared_resource) is not None:
        found.append((shared, values[f"{shared}_id"]))
    return found
