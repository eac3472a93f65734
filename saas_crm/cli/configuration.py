"""The settings of a command, or a list of what is wrong with them."""

from __future__ import annotations

from pydantic import ValidationError

from saas_crm.cli.failures import WrongCall
from tenants.settings import Settings


def load_settings() -> Settings:
    """Return the settings of the environment; raises Failure that names each invalid one and its remedy."""
    try:
        return Settings()
    except ValidationError as invalid:
        faults = settings_faults(invalid)
        listed = "".join(f"\n  {fault}" for fault in faults)
        raise WrongCall(
            f"{len(faults)} setting{'s are' if len(faults) > 1 else ' is'} not valid:{listed}",
            "Settings are environment variables; docs/operations.md lists them all.",
        ) from None


def settings_faults(invalid: ValidationError) -> list[str]:
    """Return one line for each invalid setting: its name, what is wrong, what it is for. Never its value."""
    return [_fault(str(error["loc"][0]) if error["loc"] else "", error) for error in invalid.errors()]


def _fault(name: str, error: object) -> str:
    assert isinstance(error, dict)
    said = str(error["msg"]).removeprefix("Value error, ")
    if not name:
        return f"{said}."
    described = Settings.model_fields[name].description or ""
    if error["type"] == "missing":
        return f"{name.upper()} is missing. {described}"
    return f"{name.upper()} {said[:1].lower()}{said[1:]}. {described}"
