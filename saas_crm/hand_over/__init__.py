"""Parting with a colleague without losing a customer: all that a member owns goes to others, and back for 30 days.

Rooms whose records have owners join by one registration each, in `app.py`.
"""
