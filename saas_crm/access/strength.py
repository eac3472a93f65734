"""How hard a new password is to guess: by estimate, a list of what everybody tries, and what is known of its owner.

No rules of characters (NIST SP 800-63B-4): they make people write `Summer2026!`, which is guessed at once. Passwords
that are in use already are not asked about.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

MINIMUM, MAXIMUM = 8, 128
LEVELS = (3.0, 6.0, 8.0, 10.0)
"""From how many guesses on (as powers of ten) a password is of the level 1 to 4; zxcvbn's own steps."""
NEEDED = LEVELS[2]
"""So many take years where guesses have to wait, and still long for who has stolen the hashes."""
ESTIMATED = 32  # characters
AMBIGUOUS = 7
"""Different characters that may stand for letters ("@", "3"): what they may all mean together grows by powers, so that
a few dozen would keep a processor busy for seconds."""
_STAND_IN = frozenset("!$%(+0123456789<@[{|")
_OURS = """
    1234567890 12345678910 0123456789 9876543210 0987654321 123456789a a123456789 1q2w3e4r5t 1qaz2wsx3edc
    qwertyuiop qwerty12345 asdfghjkl1 abcdefghij abcd123456 abc1234567 password12 password123 password1234
    passwordpassword passw0rd123 iloveyou123 iloveyou12 woaini1314 woaini5201314 5201314520 administrator
    welcome123 changeme123 letmein123 football123 demo-demo-demo woaini520 a12345678 12345678a qq123456 qq123456789
    aa123456 abc123456 asd123456 zxc123456 wang1234 88888888 66666666 11223344 147258369 741852963 5201314a
    passwort1 passwort123 hallo123 schalke04 sommer2025 sommer2026 winter2025 winter2026
""".split()  # noqa: SIM905 - a list of words reads better in lines
COMMON = frozenset(_OURS) | frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MINIMUM)
"""What attackers try first; the demo's password is public, so it is one of them."""
_WORDS = re.compile(r"[^\W_]{3,}")
_one_at_a_time = threading.Lock()


def weakness(password: str, *, email: str = "", name: str = "", workspace: str = "") -> str | None:
    """Return why a new password will not do, or None.

    "short", "long", "common", "personal" (it is mostly the name, address or workspace of its owner) or "guessable".
    """
    if len(password) > MAXIMUM:
        return "long"
    return _judged(password, _known(email, name, workspace))[0]


def level(password: str, *, email: str = "", name: str = "", workspace: str = "") -> int:
    """Return 0 (guessed at once) to 4 (hard to guess) for a meter; below 3 a password is refused."""
    refused, found = _judged(password[:MAXIMUM], _known(email, name, workspace))
    reached = sum(found >= step for step in LEVELS)
    return min(reached, 2) if refused or len(password) > MAXIMUM else reached


def _judged(password: str, known: Sequence[str]) -> tuple[str | None, float]:
    """Return why a password will not do, or None, and how many guesses it takes; estimated only where that decides."""
    plain = _plain(password)
    if len(password) < MINIMUM:
        return "short", 0.0
    if plain in COMMON or len(set(plain)) <= 2:
        return "common", 0.0
    found, rest = guesses(plain, known), _without(plain, known)
    if rest != plain and (len(rest) < MINIMUM // 2 or guesses(rest, ()) < LEVELS[1]):
        return "personal", found
    return (None if found >= NEEDED else "guessable"), found


def guesses(plain: str, known: Iterable[str]) -> float:
    """Return how many guesses it takes, as a power of ten; never more than a few dozen milliseconds are spent on it.

    Estimated is the beginning. Of what follows only characters that have not been there before count, each as ten
    guesses: what is repeated adds nothing.
    """
    begins = plain[: _estimable(plain)]
    if not begins:
        return 0.0
    with _one_at_a_time:  # zxcvbn keeps the words of its caller in a dictionary of its own
        found = zxcvbn(begins, user_inputs=list(known))["guesses"]
    return math.log10(float(found)) + len(set(plain) - set(begins))


def _estimable(plain: str) -> int:
    met: set[str] = set()
    for at, char in enumerate(plain[:ESTIMATED]):
        met |= {char} & _STAND_IN
        if len(met) > AMBIGUOUS:
            return at
    return min(len(plain), ESTIMATED)


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password).casefold()


def _known(*texts: str) -> list[str]:
    """Return the words of what is known of somebody, longest first: names, the parts of an address."""
    found = {word for text in texts for word in _WORDS.findall(_plain(text))}
    return sorted(found | {_plain(text) for text in texts if len(text) >= 3}, key=len, reverse=True)


def _without(plain: str, known: Iterable[str]) -> str:
    """Return a password without the words that everybody knows of its owner, and without what parts them."""
    rest = plain
    for word in known:
        rest = rest.replace(word, "")
    return rest if rest == plain else re.sub(r"[\W_]+", "", rest)
