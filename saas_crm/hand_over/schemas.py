"""What may be said about a hand-over: one schema for the wizard and for programs."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from saas_crm.core.fields import Text
from saas_crm.core.forms import Input
from saas_crm.hand_over.rules import Way


class Pick(Input):
    """A single customer that goes to somebody else than the division says."""

    customer_id: UUID = Field(description="A company, or a contact or deal that belongs to none.")
    to_id: UUID = Field(description="Who gets it, with all that belongs to it; the member themself keeps it.")


class HandOverWrite(Input):
    """Who hands over to whom, and how it is divided."""

    from_id: UUID = Field(description="The member who hands over what they own.")
    by: Way = Field(
        default="one",
        description="`one`: all to one. `team`: evenly, customer by customer; without `to_ids` among the others of "
        "the member's team. `load`: a customer with open deals to who has fewest of these then, any other to who has "
        "fewest customers then. `picked`: only the `picks`.",
    )
    to_ids: Annotated[list[UUID], Field(max_length=200)] = Field(
        default_factory=list,
        description="Who takes over: active members the token's member may give records to, and whose role "
        "can edit what they own.",
    )
    picks: Annotated[list[Pick], Field(max_length=5_000)] = Field(
        default_factory=list, description="Customers that go elsewhere than the division says."
    )
    closed: bool = Field(default=True, description="Whether closed deals go along, or stay with who closed them.")
    then: Literal["keep", "freeze", "remove"] = Field(
        default="keep", description="What becomes of the member: nothing, locked out, or removed; all in one go."
    )
    note: Text = Field(default="", description="A word to those who take over.")
