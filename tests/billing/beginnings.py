"""How lives by chance begin, and what people do in them."""

from __future__ import annotations

ACTS = ("subscribed", "paid twice", "changed", "cancelled", "stayed", "answered the bank", "took a change back",
        "wanted seats", "was asked by the bank")  # fmt: skip
BEGINNINGS = {
    "on trial": ("", "", ""), "by the month": ("team", "month", "works"), "by the year": ("business", "year", "works"),
    "asked by the bank": ("team", "month", "3ds_always"), "owing": ("business", "month", "works"),
}  # fmt: skip
"""How a life begins: what is paid for, how often and by which card."""
AS_NEW = """
    DELETE FROM public.subscriptions; DELETE FROM public.stripe_events; DELETE FROM public.billing_changes;
    DELETE FROM public.tenant_deletions; DELETE FROM public.suspensions;
    UPDATE public.tenants SET status = 'active', plan = NULL WHERE slug = 'acme';
    TRUNCATE jobs.procrastinate_jobs CASCADE;
"""
