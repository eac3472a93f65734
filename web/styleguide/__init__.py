"""The style guide: every component in every state, for the people who build and check the interface.

It is registered in development and in the demo only, needs no sign-in and reads no database.
"""

from web.styleguide.routes import bp

__all__ = ["bp"]
