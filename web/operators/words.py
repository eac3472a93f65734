"""The console's words: what operators did, causes, tasks, and warnings about capacity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from billing.plans import catalogue
from saas_crm.core.i18n import LANGUAGES, ngettext, pgettext, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.operators.faults import parts
from saas_crm.operators.registry import PLAN_STATES
from saas_crm.operators.rules import moment_of
from saas_crm.operators.work import DELETE, RESTORE_FILE, RESTORE_FILE_OVER
from saas_crm.workspaces.capacity_rules import Capacity, Concern, worries
from web.formatting import moment, number, size
from web.history.words import browser_told

__all__ = [
    "act_name", "acts", "browser_told", "cause", "concerns", "details", "fault", "language", "plan", "plan_choices",
    "plan_state", "status", "whys",
]  # fmt: skip


def acts() -> dict[str, str]:
    """Return what each act is called."""
    return {
        "sign_in": _("Signed in"), "sign_out": _("Signed out"), "sign_in_refused": _("Sign-in refused"),
        "code_refused": _("Code refused"), "recovery_code_used": _("Recovery code used"),
        "set_up": _("Set the sign-in up"), "migrate": _("Migration asked for"),
        "retry_jobs": _("Failed jobs queued again"), "figures": _("Figures refreshed"), "suspend": _("Suspended"),
        "resume": _("Resumed"), "export": _("Archive taken"), "restore": _("Restored"),
        "delete": pgettext("act", "Deleted"),
        "create": _("Made"), "look_in": _("Looked in"), "look_in_refused": _("Looking in refused"),
        "look_in_end": _("Looking in ended"), "look_in_offer": _("Link to look in made by command"),
        "consent_ask": _("Asked to be let in"), "operator_add": _("Operator added"),
        "user_email": _("Address of a sign-in changed"),
        "operator_reset": _("Operator’s sign-in reset"), "operator_disable": _("Operator disabled"),
        "operator_enable": _("Operator enabled"), "domain": _("Own domain changed"),
        "backups": _("Looked for backups"), "restore_as": _("Restore as a new workspace asked for"),
        "restore_in_place": _("Restore in place asked for"), "restore_file": _("Restore from a file asked for"),
        "restore_file_in_place": _("Restore of a file in place asked for"), "delete_now": _("Deletion asked for"),
        "billing_manual": _("Plan arranged by hand"),
        "billing_manual_end": _("Plan by hand taken back"), "billing_sync": _("Prices at Stripe renewed"),
        "billing_replay": _("Event worked on again"), "billing_reconcile": _("Comparison with Stripe asked for"),
        "billing_export": _("Figures of billing exported"),
    }  # fmt: skip


def act_name(act: str) -> str:
    """Return what an act is called; one of a later release by its own name."""
    return acts().get(act, act)


def details(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield an act's details as a line each, as far as they say something to a reader."""
    if found.get("slugs"):
        yield ", ".join(found["slugs"][:20])
    if made_at := moment_of(str(found.get("backup", ""))):
        yield _("Backup of %(moment)s", moment=moment(made_at))
    if found.get("file"):
        yield str(found["file"])
    if found.get("slug") or found.get("former"):
        yield f"/{found.get('slug') or found['former']}"
    if found.get("plan"):
        yield " · ".join(str(part) for part in (plan(found["plan"]), found.get("invoice"), found.get("until")) if part)
    for name in ("reason", "why", "member", "email", "event"):
        if found.get(name):
            yield str(whys().get(found[name], found[name]))


def whys() -> dict[str, str]:
    """Return why looking in was refused or ended."""
    return {
        "consent": _("The workspace does not allow it"), "left": _("Left"), "time": _("The time was over"),
        "ticket": _("The ticket was used or is not for here"), "rights": _("The member is no longer active"),
        "change": _("Something was to be changed"), "signed out": _("Signed out"),
        "command": _("Ended by command"),
    }  # fmt: skip


def fault(error: str, kind: str = "") -> str:
    """Return why work of this kind failed, in plain words where there are some; else as the machine tells it."""
    code, detail = parts(error)
    said = _of_kind(kind).get(code, "") or {
        "bad_archive": _("The backup cannot be restored: it is damaged or not the archive of a workspace."),
        "newer": _("The backup was written by a newer release. Bring this installation up to it first."),
        "slug_taken": _("The address is taken by now. Choose another one."),
        "gone": _("This backup, or its workspace, is no longer there."),
        "former": _("This is the former data of a workspace that was restored. It stays closed."),
        "under_way": _("The workspace is being restored just now. Wait until that is done."),
        "store": _("The place for backups does not answer as it should."),
        "no_store": _("The worker knows no place for backups. Set BACKUP_URL."),
        "disk": _("A disk is full. Make room, on the worker’s scratch space or in the database, and ask again."),
        "done": _("This was done already."),
    }.get(code, "")  # fmt: skip
    return f"{said} ({detail})" if said and detail else said or detail


def _of_kind(kind: str) -> dict[str, str]:
    """Return what is said otherwise of a file that was sent, and of a deletion, than of a night's backup."""
    if kind == DELETE:
        return {
            "gone": _("The workspace is no longer there."),
            "store": _("Its backups could not be removed, so nothing was deleted: the place for backups does not "
                       "answer as it should."),
        }  # fmt: skip
    if kind not in (RESTORE_FILE, RESTORE_FILE_OVER):
        return {}
    return {
        "bad_archive": _("The file cannot be restored: it is damaged or not the archive of a workspace."),
        "newer": _("The file was written by a newer release. Bring this installation up to it first."),
        "gone": _("The file is no longer here. Send it again.")
        if kind == RESTORE_FILE
        else _("The file, or the workspace, is no longer here."),
    }


def language(code: str) -> str:
    """Return what a language calls itself; one of a later release by its code."""
    return LANGUAGES.get(code, code)


def cause(name: str) -> str:
    """Return what a cause of a suspension is called."""
    return {
        "operator": _("By an operator"), "billing": _("Unpaid"), "deletion": _("Will be deleted"),
        "restoring": _("Being restored"),
    }.get(name, name)  # fmt: skip


def status(name: str) -> tuple[str, str]:
    """Return what a workspace's status is called, and the tone of its badge."""
    return {
        "active": (pgettext("workspace", "Active"), "good"), "read_only": (pgettext("workspace", "Read-only"), "warn"),
        "suspended": (pgettext("workspace", "Closed"), "bad"), "closed": (pgettext("workspace", "Put aside"), ""),
    }.get(name, (name, ""))  # fmt: skip


def plan_state(name: str | None) -> tuple[str, str]:
    """Return what the state of a workspace's plan is called, and the tone of its badge."""
    return {
        "trialing": (pgettext("plan", "Trial"), "info"), "free": (pgettext("plan", "Free of charge"), ""),
        "active": (pgettext("plan", "Paid"), "good"), "past_due": (pgettext("plan", "Payment is due"), "warn"),
        "read_only": (pgettext("plan", "Read-only: unpaid"), "bad"),
        "cancelled": (pgettext("plan", "Cancelled"), "bad"),
    }.get(name or "", (name or "", ""))  # fmt: skip


def plan(key: str | None) -> str:
    """Return what a plan is called; one that is not offered any more by its key."""
    return {one.key: one.name(spoken()) for one in catalogue().plans}.get(key or "", key or "")


def plan_choices() -> list[tuple[str, str]]:
    """Return what a list can be narrowed to by plan: the plans, and the states of what is paid."""
    plans = [(one.key, one.name(spoken())) for one in catalogue().plans]
    return plans + [(f":{state}", plan_state(state)[0]) for state in PLAN_STATES]


def concerns(found: Capacity, memory: int | None) -> list[str]:
    """Return what should be looked at before it becomes a limit."""
    return [_concern(each, found) for each in worries(found, memory)]


def _concern(each: Concern, found: Capacity) -> str:
    if each == "behind":
        return ngettext("%(num)s workspace is behind this release.", "%(num)s workspaces are behind this release.",
                        found.behind)  # fmt: skip
    if each == "failed_jobs":
        return ngettext("%(num)s job failed.", "%(num)s jobs failed.", found.failed_jobs)
    return {
        "tenants": _("There are more workspaces than one cluster should have. Begin another one before it has twice as "
                     "many."),
        "connections": _("The application may want %(wanted)s connections of %(allowed)s. Raise max_connections, lower "
                         "DATABASE_POOL_SIZE, or put PgBouncer between.", wanted=number(found.connections_wanted),
                         allowed=number(found.connections_allowed)),
        "memory": _("Connections may take more than a quarter of the machine’s memory (%(size)s). Lower "
                    "CONNECTION_TENANTS or DATABASE_POOL_SIZE.", size=size(found.connection_memory)),
        "recovery": _("Recovery after a crash may take more than a minute. Set recovery_init_sync_method = syncfs, and "
                      "lower max_wal_size or checkpoint_timeout."),
        "transaction_ids": _("Transaction ids are half used up. See that autovacuum runs, and run VACUUM FREEZE."),
    }[each]  # fmt: skip
