"""How customers go along when a member hands over what they own."""

from __future__ import annotations

from sqlalchemy import func

from saas_crm.customers import telling
from saas_crm.customers.models import Company, Contact
from saas_crm.hand_over.registry import HandedOver

COMPANIES = HandedOver(Company, Company.name, Company.id, "customers", briefed=True, tells=telling.tell)
CONTACTS = HandedOver(Contact, Contact.name, func.coalesce(Contact.company_id, Contact.id), "customers", briefed=True)
