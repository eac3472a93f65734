"""What a browser calls itself, in words that its owner recognises.

User-agent strings lie about their ancestors ("Mozilla … like Gecko … Safari"), so the order matters: the
more particular name first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_BROWSERS = (
    ("MicroMessenger", "WeChat"), ("DingTalk", "DingTalk"), ("Lark", "Lark"), ("EdgA", "Edge"), ("EdgiOS", "Edge"),
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("HuaweiBrowser", "Huawei"),
    ("MiuiBrowser", "Mi Browser"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"), ("CriOS", "Chrome"),
    ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone", True), ("iPad", "iPad", True), ("HarmonyOS", "HarmonyOS", True), ("Android", "Android", True),
    ("Windows", "Windows", False), ("Macintosh", "Mac", False), ("CrOS", "ChromeOS", False), ("Linux", "Linux", False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Device:
    """A browser and the machine it runs on; names are proper names and need no translation."""

    browser: str
    system: str
    handheld: bool


@lru_cache(1_000)
def device_of(user_agent: str) -> Device:
    """Return what a User-Agent header seems to tell; empty names where it tells nothing known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    for mark, name, handheld in _SYSTEMS:
        if mark in user_agent:
            return Device(browser, name, handheld)
    return Device(browser, "", False)
