"""What may be said when people sign up, sign in, describe themselves, invite and set a workspace up."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, model_validator

from saas_crm.access.strength import weakness
from saas_crm.core.fields import Email, FieldError, Name, OrNone, clean_line
from saas_crm.core.forms import Input
from saas_crm.core.money import currencies
from saas_crm.core.places import countries, currency_of, timezone_of, timezones
from tenants.marks import N_
from tenants.slugs import check_slug

Locale = Literal["en", "zh_Hans", "zh_Hant"]

PASSWORD_PROBLEMS = {
    "short": N_("Use at least 8 characters; a few words are easy to remember."),
    "long": N_("Use at most 128 characters."),
    "common": N_("Everybody tries this password first. Choose another one."),
    "personal": N_("This is hardly more than your name, address or workspace. Choose another password."),
    "guessable": N_("This is too easy to guess. Add a word or two that do not belong together."),
}


def needed(value: str) -> str:
    """Return what is not empty; raises FieldError for what is."""
    if not value:
        raise FieldError("missing", N_("This is needed."))
    return value


def _strong(value: str, info: ValidationInfo) -> str:
    known = info.data
    workspace = " ".join(filter(None, (known.get("company"), known.get("slug"), known.get("workspace"))))
    found = value and weakness(value, email=known.get("email", ""), name=known.get("name", ""), workspace=workspace)
    if found:
        raise FieldError(found, PASSWORD_PROBLEMS[found])
    return needed(value)


def _slug(value: str) -> str:
    problem = check_slug(needed(value))
    if problem:
        raise FieldError(problem.code, problem.message)
    return value


def _country(value: str) -> str:
    if value not in countries():
        raise FieldError("country", N_("Choose a country."))
    return value


def _currency(value: str) -> str:
    if value and value not in currencies():
        raise FieldError("currency", N_("Choose a currency."))
    return value


def _timezone(value: str) -> str:
    if value and value not in timezones():
        raise FieldError("timezone", N_("Choose a time zone."))
    return value


SomeId = Annotated[UUID | None, OrNone]
GivenEmail = Annotated[Email, AfterValidator(needed)]
Secret = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(needed)]
"""A password somebody says they have: taken as it is, also one from when longer ones were allowed."""
Code = Annotated[str, StringConstraints(max_length=64), AfterValidator(needed)]
"""A code of an authenticator app, or a recovery code, as it was typed."""
StrongPassword = Annotated[str, AfterValidator(_strong)]
"""A new password; declare it after `name`, `email`, `company` and `workspace`, which it must not repeat."""
Slug = Annotated[str, BeforeValidator(clean_line), BeforeValidator(str.lower), AfterValidator(_slug)]
CountryOfSeat = Annotated[str, BeforeValidator(clean_line), AfterValidator(_country)]
Currency = Annotated[str, BeforeValidator(clean_line), AfterValidator(_currency)]
Timezone = Annotated[str, BeforeValidator(clean_line), AfterValidator(_timezone)]
ChosenTimezone = Annotated[Timezone, AfterValidator(needed)]


class Seat(Input):
    """Where a company is; the currency and the time zone follow its country unless they are chosen."""

    locale: Locale
    country: CountryOfSeat
    currency: Currency = ""
    timezone: Timezone = ""

    @model_validator(mode="after")
    def _follow_country(self) -> Self:
        self.currency = self.currency or currency_of(self.country)
        self.timezone = self.timezone or timezone_of(self.country)
        return self


class NewWorkspace(Seat):
    """A further workspace for somebody who is signed in."""

    company: Name
    slug: Slug


class SignUp(NewWorkspace):
    """A company and its first person."""

    name: Name
    email: GivenEmail
    password: StrongPassword


class AddressWrite(Input):
    """The workspace's address, as it stands in every link."""

    slug: Slug


class SignIn(Input):
    """Who says who they are."""

    email: GivenEmail
    password: Secret


class Forgotten(Input):
    """Whose password is forgotten."""

    email: GivenEmail


class EmailChangeWrite(Input):
    """The address somebody wants to sign in with from now on."""

    email: GivenEmail


class NewPassword(Input):
    """The password that a mailed link sets; the person's name, address and workspaces are ours to fill in."""

    name: str = ""
    email: str = ""
    workspace: str = ""
    password: StrongPassword


class PasswordChange(NewPassword):
    """The old password and the new one."""

    current: Secret


class PasswordAgain(Input):
    """The present password, asked for once more."""

    current: Secret


class SecondStep(Input):
    """A code of the authenticator app, or a recovery code."""

    code: Code


class PasskeyName(Input):
    """What a passkey is called."""

    name: Annotated[str, StringConstraints(max_length=80), BeforeValidator(clean_line), AfterValidator(needed)]


class ProofAgain(PasswordAgain, SecondStep):
    """Both, for what takes both."""


class ProfileWrite(Input):
    """How a person is named and spoken to, in all their workspaces."""

    name: Name
    locale: Locale
    timezone: ChosenTimezone


class InvitationWrite(Input):
    """Who is offered a seat, in which role and which team."""

    email: GivenEmail
    role_id: UUID
    team_id: SomeId = Field(default=None, description="Without one it is the inviter's.")


class Joining(Input):
    """What a person without a sign-in tells when they accept an invitation; address and workspace are known."""

    workspace: str = ""
    name: Name
    email: GivenEmail
    password: StrongPassword


class SignInHere(Input):
    """The password of the sign-in that an invited address has."""

    password: Secret


class RoleChoice(Input):
    """The role a member gets."""

    role_id: UUID


class TwoFactorRequirement(Input):
    """Who needs two-factor sign-in, and how many days people have to set it up; None leaves the day as it is."""

    who: Literal["nobody", "all", "roles"]
    role_ids: list[UUID] = Field(default_factory=list, max_length=200)
    days: Annotated[Literal["0", "7", "14", "30"] | None, OrNone] = None


class ShareWrite(Input):
    """Whom a record is shared with, and whether they may edit it."""

    member_id: UUID
    level: Literal["read", "edit"] = "read"


class TokenWrite(Input):
    """An API token: what it is for, what it may do, and after how many days it ends by itself, if ever."""

    kind: Literal["personal", "integration"] = "personal"
    role_id: SomeId = None
    read_only: bool = False
    name: Annotated[str, StringConstraints(min_length=1, max_length=80), BeforeValidator(clean_line)]
    days: Annotated[Literal["30", "90", "365"] | None, OrNone] = None
