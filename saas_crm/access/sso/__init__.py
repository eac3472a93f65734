"""Single sign-on by OpenID Connect: a workspace lets an identity provider of its own say who its members are.

What such a provider says counts in that workspace alone: a sign-in it vouched for opens no other one, and not the
person's own pages either. Else whoever runs one workspace could come into all others of a person.
"""
