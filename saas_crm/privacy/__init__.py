"""What is known of people, and their say in it: consent, everything about one person, erasure, the register.

Rooms that hold something about people join by one registration each, in `app.py`.
"""
