"""E-mail addresses: checked for form, kept in one spelling, and what their domain tells.

Form only, no DNS: a phone in a basement saves a contact too, and a name server must not decide whether a form
answers. Rules are those of the `email-validator` package (RFC 5321/5322 as mail servers apply them, RFC 6531
for other scripts). Importing it costs 1.5 MB and about 50 ms, so it is imported at the first address.
"""

from __future__ import annotations

import unicodedata

from tenants.marks import N_

MASK = "\N{BULLET}"
MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets (RFC Editor's erratum 1690)

PUBLIC_DOMAINS = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com
    aol.com
    icloud.com me.com mac.com proton.me protonmail.com pm.me fastmail.com hey.com tutanota.com tuta.com
    zoho.com mail.com email.com gmx.com yandex.com
    gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org arcor.de 1und1.de
    outlook.de hotmail.de live.de yahoo.de
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr hotmail.fr yahoo.fr outlook.fr bluewin.ch
    libero.it virgilio.it tiscali.it alice.it hotmail.it yahoo.it hotmail.es yahoo.es telefonica.net
    yahoo.co.uk hotmail.co.uk live.co.uk outlook.co.uk btinternet.com sky.com virginmedia.com talktalk.net
    comcast.net verizon.net att.net sbcglobal.net cox.net bellsouth.net charter.net rogers.com shaw.ca
    ziggo.nl kpnmail.nl planet.nl hotmail.nl telenet.be skynet.be telia.com wp.pl o2.pl onet.pl interia.pl
    seznam.cz centrum.cz azet.sk ukr.net mail.ru bk.ru list.ru inbox.ru yandex.ru rambler.ru
    qq.com vip.qq.com foxmail.com 163.com vip.163.com 126.com yeah.net 188.com sina.com sina.cn vip.sina.com
    sohu.com tom.com 21cn.com 139.com 189.cn wo.cn aliyun.com hotmail.com.tw yahoo.com.cn yahoo.cn
    yahoo.com.tw yahoo.com.hk pchome.com.tw hinet.net seed.net.tw netvigator.com msa.hinet.net
    naver.com hanmail.net daum.net nate.com yahoo.co.jp docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp
    outlook.jp rediffmail.com yahoo.co.in yahoo.com.br uol.com.br bol.com.br terra.com.br hotmail.com.br
    bigpond.com optusnet.com.au yahoo.com.au xtra.co.nz yahoo.com.sg singnet.com.sg yahoo.co.id yahoo.com.vn
    """.split()  # noqa: SIM905
)
"""Domains at which anybody may have a mailbox: sharing one says nothing about working at one company."""


class EmailError(ValueError):
    """What was typed is no e-mail address; `message` is English source text, translated where it is shown."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_email(raw: str) -> str:
    """Return the one spelling of an address: full-width forms and case do not matter, blanks around it go.

    The part before the @ is small too: RFC 5321 lets a server tell A from a there, but none that people use
    does, and two records of one person are the greater harm. Raises EmailError with the code `no_at_sign`,
    `too_long`, `masked` or `invalid`.
    """
    import email_validator

    text = unicodedata.normalize("NFKC", raw[: MAX_LENGTH * 2]).strip()
    if len(text) > MAX_LENGTH:
        raise EmailError("too_long", N_("This e-mail address is too long."))
    if MASK in text:  # shown in part, and sent back so: it is no address
        raise EmailError("masked", N_("This is only a part of an e-mail address."))
    if "@" not in text:
        raise EmailError("no_at_sign", N_("An e-mail address has an @ in it, as in name@example.com."))
    try:
        found = email_validator.validate_email(text, check_deliverability=False, strict=True)
    except email_validator.EmailNotValidError:
        raise EmailError("invalid", N_("This is not an e-mail address. Please check it.")) from None
    return found.normalized.lower()


def email_domain(email: str) -> str:
    """Return the part after the @ in small letters, "" when there is none."""
    return email.rpartition("@")[2].strip().lower() if "@" in email else ""


def is_public_domain(domain: str) -> bool:
    """Say whether anybody may have a mailbox there, so that it identifies no company."""
    return domain.lower() in PUBLIC_DOMAINS


def company_domain(email: str) -> str | None:
    """Return the domain that tells which company an address belongs to, None for public mailboxes."""
    domain = email_domain(email)
    return domain if domain and not is_public_domain(domain) else None
