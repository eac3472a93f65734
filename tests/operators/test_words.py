"""The console in its reader's words: nothing is told as a program keeps it."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_browsers_and_languages_are_named(operator_for: Make) -> None:
    operator = operator_for()
    operator.browser.post("/operator/signout")
    operator.browser.set_cookie("lang", "zh_Hans")
    operator.browser.post("/operator/signin", data={"email": operator.email, "password": "no"},
                          headers={"User-Agent": FIREFOX})  # fmt: skip
    operator.sign_in()
    log = operator.browser.get("/operator/log").text
    assert "Windows 上的 Firefox" in log
    assert "Firefox on Windows" not in log
    assert "<dd>English</dd>" in operator.browser.get("/operator/workspaces/acme").text.replace("\n", "")
