"""Operators to sign in as."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from tests.support.installation import Installation
from tests.support.operators import OperatorPerson, make_operator


@pytest.fixture
def operator_for(app: Flask, installation: Installation) -> Callable[..., OperatorPerson]:
    """Make an operator: `operator_for("otto@operators.example", "Otto", set_up=False)`, by default signed in."""
    return partial(make_operator, app, installation)
