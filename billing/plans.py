"""The plans as `plans.toml` describes them: read once, checked whole, and wrong ones told with their place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, field_validator, model_validator

from billing.money import digits, step
from saas_crm.core.i18n import LANGUAGES
from saas_crm.core.money import currencies, minor_digits
from tenants import plan as tenants_plan
from tenants.runtime import runtime_settings

Interval = Literal["month", "year"]
INTERVALS: tuple[Interval, ...] = ("month", "year")
FREE = "free"
PACKAGED = Path(__file__).with_name("plans.toml")
Limit = Literal["members", "customers", "storage_bytes", "mails_per_day", "api_per_minute"]
Feature = Literal["single_sign_on", "own_domain", "closed_units", "field_rules", "audit_export"]
_Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,19}$")]


class WrongPlans(ValueError):
    """The file that describes the plans cannot be read, or says what cannot be; the text names file and places."""


class UnknownPlan(LookupError):
    """There is no such plan."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one seat costs each month or year: a whole number of the currency's smallest unit, without tax."""

    plan: str
    interval: Interval
    currency: str
    amount: int

    @property
    def lookup_key(self) -> str:
        """Return the name under which Stripe keeps the price that is offered today."""
        return lookup_key(self.plan, self.interval, self.currency)


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Amounts(_Described):
    month: PositiveInt
    year: PositiveInt


class Trial(_Described):
    """What a new workspace has without a card, for so many days; `limits` are set where nobody has paid yet."""

    plan: _Key
    days: PositiveInt
    limits: Mapping[Limit, PositiveInt] = {}


class Plan(_Described):
    """A plan: its words in each language, its prices for one seat, what it allows and has."""

    key: _Key
    names: Mapping[str, str]
    texts: Mapping[str, str]
    included_seats: Annotated[int, Field(ge=0)] = 0
    limits: Mapping[Limit, PositiveInt] = {}
    features: frozenset[Feature] = frozenset()
    prices: Mapping[str, _Amounts] = {}

    @field_validator("names", "texts")
    @classmethod
    def _in_each_language(cls, words: Mapping[str, str]) -> Mapping[str, str]:
        if set(words) != set(LANGUAGES) or not all(text.strip() for text in words.values()):
            raise ValueError(f"must have a text in each of {', '.join(LANGUAGES)}")
        return words

    @field_validator("prices")
    @classmethod
    def _can_be_paid(cls, prices: Mapping[str, _Amounts]) -> Mapping[str, _Amounts]:
        for currency, amounts in prices.items():
            if currency not in currencies():
                raise ValueError(f"{currency} is no currency in use")
            spare = max(digits(currency) - minor_digits(currency), 0)
            for interval in INTERVALS:
                if getattr(amounts, interval) % max(step(currency), 10**spare):
                    raise ValueError(f"{currency}.{interval} must be a multiple of {max(step(currency), 10**spare)}")
        return prices

    @property
    def is_paid(self) -> bool:
        """Whether it has prices."""
        return bool(self.prices)

    @property
    def currencies(self) -> tuple[str, ...]:
        """Return the currencies it can be paid in, as the file has them."""
        return tuple(self.prices)

    def name(self, language: str) -> str:
        """Return what it is called in a language, or in English."""
        return self.names.get(language, self.names["en"])

    def text(self, language: str) -> str:
        """Return the sentence about it in a language, or in English."""
        return self.texts.get(language, self.texts["en"])

    def seats_to_buy(self, members: int) -> int:
        """Return how many seats so many members need beyond those the plan comes with: one at least.

        Of more members than the plan allows the others have no seat, and nobody pays for them.
        """
        return max(min(members, self.limits.get("members", members)) - self.included_seats, 1)

    def entitles(self, limits: Mapping[Limit, int] | None = None) -> tenants_plan.Plan:
        """Return what a tenant on this plan may do; `limits` take the place of the plan's own."""
        allowed = {str(limit): most for limit, most in (*self.limits.items(), *(limits or {}).items())}
        return tenants_plan.Plan(self.key, allowed, frozenset(self.features))


class Catalogue(_Described):
    """All plans, in the order in which they are shown, and the trial; `version` is that of the price list."""

    version: PositiveInt
    trial: Trial
    plans: tuple[Plan, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Catalogue:
        free = next((plan for plan in self.plans if plan.key == FREE), None)
        if free is None or free.is_paid:
            raise ValueError(f"plans.{FREE} must be there and have no prices")
        if self.trial.plan not in {plan.key for plan in self.plans}:
            raise ValueError(f"trial.plan: there is no plan {self.trial.plan!r}")
        if unpaid := [plan.key for plan in self.plans if not plan.is_paid and plan.key != FREE]:
            raise ValueError(f"plans.{unpaid[0]}.prices: must not be empty")
        if len({frozenset(plan.prices) for plan in self.plans if plan.is_paid}) > 1:
            raise ValueError("plans: all paid plans must have the same currencies")
        return self

    def plan(self, key: str) -> Plan:
        """Return the plan with this key; raises UnknownPlan."""
        for plan in self.plans:
            if plan.key == key:
                return plan
        raise UnknownPlan(key)

    def price(self, plan: str, interval: str, currency: str) -> Price | None:
        """Return what a seat of a plan costs, None where it has no such price (or there is no such plan)."""
        amounts = next((one.prices.get(currency) for one in self.plans if one.key == plan), None)
        if amounts is None or interval not in INTERVALS:
            return None
        return Price(plan, "month" if interval == "month" else "year", currency, getattr(amounts, interval))

    def prices(self) -> Iterator[Price]:
        """Yield every price that is offered."""
        for plan in self.plans:
            for currency in plan.prices:
                found = (self.price(plan.key, interval, currency) for interval in INTERVALS)
                yield from (price for price in found if price is not None)

    @property
    def ranks(self) -> dict[str, int]:
        """Return the place of each plan: a higher one is more."""
        return {plan.key: place for place, plan in enumerate(self.plans)}

    @property
    def currencies(self) -> tuple[str, ...]:
        """Return the currencies every paid plan can be paid in; of none where there is no paid plan."""
        return next((plan.currencies for plan in self.plans if plan.is_paid), ())


def lookup_key(plan: str, interval: str, currency: str) -> str:
    """Return the name under which Stripe keeps a price: crm_team_month_eur."""
    return f"crm_{plan}_{interval}_{currency.lower()}"


def catalogue() -> Catalogue:
    """Return the plans of this installation; raises WrongPlans, at the start of every process that has billing on."""
    chosen = runtime_settings().billing_plans
    return read(Path(chosen) if chosen else PACKAGED)


@lru_cache
def read(file: Path) -> Catalogue:
    """Return the plans that a file describes; raises WrongPlans."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failed:
        raise WrongPlans(f"{file}: {failed}") from None
    plans = told.get("plans")
    if isinstance(plans, dict):
        told["plans"] = [{"key": key, **plan} if isinstance(plan, dict) else plan for key, plan in plans.items()]
    try:
        return Catalogue.model_validate(told)
    except ValidationError as failed:
        raise WrongPlans(_faults(file, failed, tuple(plans) if isinstance(plans, dict) else ())) from None


def _faults(file: Path, failed: ValidationError, keys: tuple[str, ...]) -> str:
    """Return each fault with its place in the file, as plans.team.prices.EUR.month."""
    lines = []
    for fault in failed.errors(include_url=False, include_input=False):
        place = [
            keys[part] if isinstance(part, int) and number == 1 and part < len(keys) else str(part)
            for number, part in enumerate(fault["loc"]) if part != "[key]"
        ]  # fmt: skip
        lines.append(": ".join(filter(None, (".".join(place), fault["msg"].removeprefix("Value error, ")))))
    return "\n".join([f"{file}:", *(f"  {line}" for line in lines)])
