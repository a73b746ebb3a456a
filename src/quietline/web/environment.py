"""Settings: one table of what may be set from outside, read once, typed and checked.

Every setting is ``QUIETLINE_<NAME>`` in the environment, or ``QUIETLINE_<NAME>_FILE``, the path of a file that holds the
value (as container and service managers hand out secrets). An unknown ``QUIETLINE_`` name is refused, since it is most
likely a slip. What production needs has no default there; the demonstration makes its own keys in its own folder.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from quietline.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["DEMONSTRATION", "PREFIX", "PRODUCTION", "SETTINGS", "Environment", "Setting", "mail_options", "read_environment"]

PREFIX = "QUIETLINE_"
PRODUCTION = "production"
DEMONSTRATION = "demonstration"
_MAIL_SECONDS = 15
_MAIL_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_MOST_LINES, _LONGEST_LINE = 8, 80
_REQUIRED = object()
# names with the prefix that belong to the command line and the library, not to the platform
_ELSEWHERE = ("KEY", "KEY_PASSPHRASE", "KEY_PASSPHRASE_FILE", "SHARED_DATA", "TEST_PROFILE", "TOKEN")


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be set.

    Attributes:
        name: without the prefix.
        read: turns text into the value; raises ValueError with what is allowed.
        meaning: one sentence for the reference page.
        default: text as it would be given; None leaves it unset; required in production where it is not given.
        demonstration: default there, if another one.
        secret: never shown.
    """

    name: str
    read: Callable[[str], Any]
    meaning: str
    default: Any = _REQUIRED
    demonstration: Any = _REQUIRED
    secret: bool = False

    @property
    def required(self) -> bool:
        """Whether production does not start without it."""
        return self.default is _REQUIRED


def _text(raw: str) -> str:
    if not raw.strip():
        raise ValueError("it may not be empty")
    return raw.strip()


def _secret(raw: str) -> str:
    if len(raw.strip()) < 40:
        raise ValueError("it must have at least 40 characters; 'openssl rand -base64 48' makes one")
    return raw.strip()


def _secrets(raw: str) -> tuple[str, ...]:
    return tuple(_secret(part) for part in raw.split(",") if part.strip())


def _mode(raw: str) -> str:
    if raw not in (PRODUCTION, DEMONSTRATION):
        raise ValueError(f"it is {PRODUCTION} or {DEMONSTRATION}")
    return raw


def _path(raw: str) -> Path:
    return Path(_text(raw)).expanduser().resolve()


def _objects(raw: str) -> str:
    if not raw.strip().startswith("s3://"):
        return str(_path(raw))
    parts = urlsplit(_url("s3")(raw))
    prefix = [part for part in parts.path.split("/") if part]
    if "@" in parts.netloc or parts.query or parts.fragment or any(part.startswith(".") for part in prefix):
        raise ValueError("it is a folder, or s3://bucket/prefix without anything else")
    return f"s3://{parts.netloc}" + "".join(f"/{part}" for part in prefix)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        if not raw.strip().isascii() or not raw.strip().isdigit() or not low <= int(raw) <= high:
            raise ValueError(f"it is a whole number from {low} to {high}")
        return int(raw)

    return read


def _listen(raw: str) -> tuple[str, int]:
    host, colon, port = raw.strip().rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        raise ValueError("it is ADDRESS:PORT, 127.0.0.1:8000 say")
    return host.strip("[]"), int(port)


def _list(raw: str) -> tuple[str, ...]:
    values = tuple(part.strip() for part in raw.split(",") if part.strip())
    if not values:
        raise ValueError("it names at least one, separated by commas")
    return values


def _countries(raw: str) -> tuple[str, ...]:
    values = tuple(value.upper() for value in _list(raw))
    if any(len(value) != 2 or not value.isalpha() for value in values):
        raise ValueError("it is a list of two-letter country codes, US,GB say")
    return values


def _networks(raw: str) -> tuple[Any, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in raw.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("it is a list of networks, 10.0.0.0/8,::1/128 say") from error


def _url(*schemes: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        try:
            parts = urlsplit(raw.strip())
            fits = parts.scheme in schemes and bool(parts.netloc)
        except ValueError:  # its words may quote the password
            fits = False
        if not fits:
            raise ValueError(f"it is an address that begins with {allowed} and a host")
        return raw.strip()

    return read


def _database_url(raw: str) -> str:
    url = _url("postgresql", "postgres")(raw)
    parts = urlsplit(url)
    if not parts.path.strip("/"):
        raise ValueError("it names no database, postgresql://user:password@host/database say")
    if parts.query or parts.fragment:
        raise ValueError("it takes nothing behind the name of the database; PGSSLMODE and its like are set by themselves")
    return url


def _base_url(raw: str) -> str:
    url = _url("https", "http")(raw)
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("it is scheme and host alone, https://register.example say")
    return url


def _mail_url(raw: str) -> str:
    url = _url(*_MAIL_PORTS)(raw)
    try:
        mail_options(url)
    except SettingError as error:
        raise ValueError("it names no mail server, smtp+starttls://user:password@host:587 say") from error
    return url


def _rulebook(raw: str) -> str:
    text = raw.strip()
    if text == DEMONSTRATION or re.fullmatch(r"[A-Za-z]{2}(-[a-z]+)*", text):
        return text
    folder = Path(text).expanduser().resolve()
    if "/" not in text or not any(folder.glob("*.yaml")):
        raise ValueError("it is the name of a rulebook, us say, or the path of a folder that holds one (with a /)")
    return str(folder)


def _scanner(raw: str) -> str:
    parts = urlsplit(raw.strip())
    if parts.scheme != "clamav" or not (parts.hostname or parts.path.strip("/")):
        raise ValueError("it is clamav://host:port, or clamav:///path/of/a/socket")
    return raw.strip()


def _lines(raw: str) -> tuple[str, ...]:
    values = tuple(part.strip() for part in raw.split(";") if part.strip())
    if not values or len(values) > _MOST_LINES or any(len(value) > _LONGEST_LINE for value in values):
        raise ValueError(f"it is 1 to {_MOST_LINES} lines of at most {_LONGEST_LINE} characters, separated by semicolons")
    return values


def _gateway(raw: str) -> str:
    if raw not in ("http", "smpp", "handset"):
        raise ValueError("it is http, smpp or handset (the demonstration's own)")
    return raw


def _voice_gateway(raw: str) -> str:
    if raw not in ("http", "none"):
        raise ValueError("it is http or none")
    return raw


def _yes_or_no(raw: str) -> bool:
    if raw not in ("yes", "no"):
        raise ValueError("it is yes or no")
    return raw == "yes"


SETTINGS = (
    Setting("MODE", _mode, "production, or demonstration with a country of fictitious numbers.", PRODUCTION, DEMONSTRATION),
    Setting(
        "HOME",
        _path,
        "Folder for keys, published files and, in the demonstration, the database.",
        demonstration="quietline-home",
    ),
    Setting("DROPS", _path, "Folder of the drop folders, in which lists are handed in by SFTP; else HOME/drops.", None),
    Setting("DATABASE_URL", _database_url, "The PostgreSQL database.", demonstration=None, secret=True),
    Setting("SECRET_KEY", _secret, "Signs sessions; 40 characters at least.", demonstration=None, secret=True),
    Setting(
        "SECRET_KEYS_RETIRED",
        _secrets,
        "Secret keys of before, separated by commas: sessions and second factors that they made go on working.",
        "",
        secret=True,
    ),
    Setting("KEY_RING", _text, "The key ring that guards identity data (its text); else HOME/keys/ring.", None, secret=True),
    Setting("SIGNING_KEY", _path, "Key file that signs the log, feeds and files; else HOME/keys/signing.pem.", None),
    Setting("OBJECTS", _objects, "Published files and logs: a folder, or s3://bucket/prefix; else HOME/objects.", None),
    Setting("S3_ENDPOINT", _base_url, "Address of the object store, where it is not Amazon's.", None),
    Setting("S3_PUBLIC_ENDPOINT", _base_url, "Its address as sellers and operators reach it, where that is another.", None),
    Setting("S3_REGION", _text, "Region of the bucket.", "us-east-1"),
    Setting("S3_ACCESS_KEY_ID", _text, "Key for the bucket; without it the role of the machine is taken.", None),
    Setting("S3_SECRET_ACCESS_KEY", _text, "Secret of that key.", None, secret=True),
    Setting("BASE_URL", _base_url, "Address under which people reach the site.", demonstration=None),
    Setting("HOSTS", _list, "Host names that the site answers to.", demonstration="127.0.0.1,localhost,[::1]"),
    Setting("LISTEN", _listen, "Address and port of the web server.", "127.0.0.1:8000"),
    Setting(
        "NAME",
        _text,
        "Name of the installation in signed logs: a host name of yours, never changed.",
        demonstration="quietline.example",
    ),
    Setting("TITLE", _text, "Name of the site, on its pages.", "Quietline"),
    Setting(
        "COUNTRIES", _countries, "Countries whose numbers can be listed, the first is the default.", demonstration="US,GB"
    ),
    Setting("TRUSTED_PROXIES", _networks, "Networks of proxies whose X-Forwarded-For is believed.", ""),
    Setting("WEB_WORKERS", _whole(1, 256), "Processes of the web server.", "2"),
    Setting("WEB_THREADS", _whole(1, 256), "Threads in each of them.", "2"),
    Setting("SMS_GATEWAY", _gateway, "How texts leave, and calls where it is http: http or smpp.", demonstration="handset"),
    Setting("SMS_URL", _url("https", "http", "smpp"), "Address of the gateway.", None),
    Setting("SMS_TOKEN", _text, "Secret that the gateway asks for.", None, secret=True),
    Setting("SMS_SENDER", _text, "Sender that people see.", "Quietline"),
    Setting(
        "SMS_RECEIVE", _yes_or_no, "Whether texts come in over SMPP too, by a connection of their own: yes or no.", "no"
    ),
    Setting(
        "VOICE_GATEWAY", _voice_gateway, "How calls leave: http, or none; else by the SMS gateway where it is http.", None
    ),
    Setting("VOICE_URL", _url("https", "http"), "Address of the gateway for calls.", None),
    Setting("VOICE_TOKEN", _text, "Secret that the gateway for calls asks for.", None, secret=True),
    Setting("INBOUND_TOKEN", _secret, "Secret with which the gateway hands in texts and calls.", None, secret=True),
    Setting(
        "MAIL_URL",
        _mail_url,
        "Mail server, smtp+starttls://user:password@host:587.",
        None,
        secret=True,
    ),
    Setting("MAIL_FROM", _text, "Sender of mail.", "Quietline <quietline@localhost>"),
    Setting("DAILY_MESSAGES", _whole(1, 100_000_000), "Codes sent a day at most, to cap what abuse can cost.", "200000"),
    Setting("WASH_LOG_DAYS", _whole(1, 3_660), "Days for which the sets of numbers of washes are kept.", "92"),
    Setting("FEED_MILLISECONDS", _whole(10, 60_000), "Pause between two batches of the sequencer.", "100"),
    Setting("METRICS_TOKEN", _secret, "Secret for /metrics; without it only this machine may read them.", None, secret=True),
    Setting(
        "RULEBOOK",
        _rulebook,
        "Rulebook for fees, clocks and penalties in all countries: a name, or a folder that holds one; else each country's.",
        None,
        demonstration=DEMONSTRATION,
    ),
    Setting("COMPLAINT_DAYS", _whole(1, 365), "Days within which a complaint is answered, where no law says so.", "30"),
    Setting("APPEAL_DAYS", _whole(1, 365), "Days within which an appeal is decided, where no law says so.", "5"),
    Setting("ORDER_HOURS", _whole(1, 720), "Hours within which operators carry out an order, where no law says so.", "24"),
    Setting("SCANNER", _scanner, "ClamAV that scans what is attached: clamav://host:3310, or clamav:///socket.", None),
    Setting(
        "ISSUER",
        _lines,
        "Who writes invoices: name, address and tax number, lines separated by semicolons; else TITLE.",
        None,
        demonstration="Office for Quiet Lines;1 Harbour Street;Quiet Town",
    ),
    Setting(
        "BANK_ACCOUNT",
        _lines,
        "Account that fees are paid to, as invoices print it, lines separated by semicolons; without it, no bank transfer.",
        None,
        demonstration="Office for Quiet Lines;IBAN ZZ00 0000 0000 0000 0000 00;BIC ZZZZZZ00",
    ),
    Setting("CARD_URL", _url("https", "http"), "Hosted page of the card gateway; without it, no payment by card.", None),
    Setting(
        "CARD_SECRET",
        _secret,
        "Secret shared with the card gateway: signs what goes there, and checks what comes back.",
        None,
        secret=True,
    ),
    Setting(
        "OIDC",
        _text,
        "Agencies' log-in: JSON list of {id, name, issuer, client_id, client_secret, domains}.",
        None,
        secret=True,
    ),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


class Environment:
    """The values of all settings, as attributes in lower case."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy in the making has no values yet
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        shown = {n: "…" if _BY_NAME[n.upper()].secret and v is not None else v for n, v in self._values.items()}
        return f"Environment({shown})"

    @property
    def is_demonstration(self) -> bool:
        """Whether this is a country of fictitious numbers, with open messages and known log-ins."""
        return bool(self.mode == DEMONSTRATION)

    @property
    def makes_calls(self) -> bool:
        """Whether there is a gateway that calls people: one of its own, or the SMS gateway unless that is SMPP."""
        return bool((self.voice_gateway or self.sms_gateway) in ("http", "handset"))


def read_environment(environ: Mapping[str, str]) -> Environment:
    """Read all settings.

    Raises:
        SettingError: one is missing, unknown or wrong; the message names every one of them, never a secret's value.
    """
    problems = [*_unknown(environ)]
    values: dict[str, Any] = {}
    mode = PRODUCTION
    for setting in SETTINGS:
        try:
            raw = _given(environ, setting)
            if raw is None:
                raw = _default(setting, mode)
            values[setting.name.lower()] = None if raw is None else setting.read(raw)
        except ValueError as error:
            problems.append(f"{PREFIX}{setting.name}: {error}.")
        if setting.name == "MODE":
            mode = values.get("mode", PRODUCTION)
    problems += _together(values)
    if problems:
        raise SettingError(
            "The settings do not fit: " + " ".join(problems),
            advice="docs/reference/settings.md lists them all.",
        )
    return Environment(values)


def _given(environ: Mapping[str, str], setting: Setting) -> str | None:
    name = PREFIX + setting.name
    direct, file = environ.get(name), environ.get(f"{name}_FILE")
    if direct is not None and file is not None:
        raise ValueError(f"give it directly or as {name}_FILE, not both")
    if file is None:
        return direct
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file named by {name}_FILE cannot be read ({type(error).__name__})") from error


def _default(setting: Setting, mode: str) -> str | None:
    if mode == DEMONSTRATION and setting.demonstration is not _REQUIRED:
        value = setting.demonstration
    elif setting.default is _REQUIRED:
        raise ValueError(f"it must be set: {setting.meaning[0].lower()}{setting.meaning[1:].rstrip('.')}")
    else:
        value = setting.default
    return None if value is None else str(value)


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = {PREFIX + s.name for s in SETTINGS} | {f"{PREFIX}{s.name}_FILE" for s in SETTINGS}
    known |= {PREFIX + name for name in _ELSEWHERE}
    problems = []
    for name in sorted(set(environ) - known):
        if name.startswith(PREFIX):
            short = [other.removeprefix(PREFIX) for other in sorted(known)]  # the prefix would make all alike
            near = difflib.get_close_matches(name.removeprefix(PREFIX), short, n=1)
            problems.append(f"{name} is no setting" + (f", {PREFIX}{near[0]} is." if near else "."))
    return problems


def _together(values: Mapping[str, Any]) -> list[str]:
    """Say what does not fit together, as far as what is there has been read."""
    problems = []
    if (values.get("s3_access_key_id") is None) != (values.get("s3_secret_access_key") is None):
        problems.append(f"{PREFIX}S3_ACCESS_KEY_ID and {PREFIX}S3_SECRET_ACCESS_KEY: give both or none.")
    problems += _voice_together(values)
    if values.get("mode") != PRODUCTION:
        return problems
    gateway = values.get("sms_gateway")
    if gateway == "handset":
        problems.append(f"{PREFIX}SMS_GATEWAY: handset shows everybody's messages and is for the demonstration only.")
    elif gateway and values.get("sms_url", "") is None:
        problems.append(f"{PREFIX}SMS_URL: it must be set: the address of the gateway.")
    elif gateway and values.get("sms_url") and (gateway == "smpp") != values["sms_url"].startswith("smpp:"):
        problems.append(f"{PREFIX}SMS_URL: it is no address for the gateway {gateway}.")
    if (values.get("card_url") is None) != (values.get("card_secret") is None):
        problems.append(f"{PREFIX}CARD_URL and {PREFIX}CARD_SECRET: set both, or neither.")
    elif values.get("card_url") and not values["card_url"].startswith("https:"):
        problems.append(f"{PREFIX}CARD_URL: money goes by https only.")
    if urlsplit(values.get("base_url") or "https:").scheme != "https":
        problems.append(f"{PREFIX}BASE_URL: production is reached by https only.")
    if any("*" in host for host in values.get("hosts") or ()):
        problems.append(f"{PREFIX}HOSTS: name each host; with * anybody could have links made that lead elsewhere.")
    return problems


def _voice_together(values: Mapping[str, Any]) -> list[str]:
    problems = []
    is_http = values.get("voice_gateway") == "http"
    if is_http and values.get("voice_url", "") is None:
        problems.append(f"{PREFIX}VOICE_URL: it must be set: the address of the gateway for calls.")
    unused = [name for name in ("VOICE_URL", "VOICE_TOKEN") if values.get(name.lower()) and not is_http]
    problems += [f"{PREFIX}{name}: nothing uses it unless {PREFIX}VOICE_GATEWAY is http." for name in unused]
    if values.get("sms_receive") and values.get("sms_gateway") not in (None, "smpp"):
        problems.append(f"{PREFIX}SMS_RECEIVE: only {PREFIX}SMS_GATEWAY=smpp brings texts; others hand them in by HTTP.")
    return problems


def mail_options(url: str) -> dict[str, Any]:
    """Read a mail server's address into the options of Django's SMTP connection.

    Args:
        url: ``smtp://``, ``smtps://`` (TLS from the start) or ``smtp+starttls://``, with user and password where
            needed, percent-encoded.

    Raises:
        SettingError: it names no host, or a port that is none.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or _MAIL_PORTS[parts.scheme]
    except (ValueError, KeyError):
        port = 0
    if not parts.hostname or not port:
        raise SettingError(
            "QUIETLINE_MAIL_URL: it names no mail server.", advice="Write smtp+starttls://user:password@host:587, say."
        )
    return {
        "host": parts.hostname,
        "port": port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parts.scheme == "smtp+starttls",
        "timeout": _MAIL_SECONDS,
    }
