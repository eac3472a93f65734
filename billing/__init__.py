"""What a workspace pays for: plans, trials, subscriptions, seats and invoices, and what a plan allows.

Without a Stripe key the product runs whole with billing off: nobody's plan is written, and nothing is limited.
"""
