"""The team tree and its teams."""

from web.settings import team, team_people, teams
from web.settings.teams_bp import bp

__all__ = ["bp", "team", "team_people", "teams"]
