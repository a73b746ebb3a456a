"""The reference page of the platform's settings, from the table that the platform reads them with."""

from __future__ import annotations

from law_pages import cell

__all__ = ["settings_page"]

_INTRODUCTION = """\
# Settings

What the platform may be told from outside.
Every setting is an environment variable `QUIETLINE_<NAME>`,
or `QUIETLINE_<NAME>_FILE`: the path of a file that holds the value, as service managers hand out secrets.
Both at once are refused, and so is a name that begins with `QUIETLINE_` and is none of these: most likely it is a slip.
All settings are read and checked at the start; what is wrong is said at once and together, and nothing is started.

*Required* means that production does not start without it.
The demonstration (`quietline up` without any setting) has values of its own.
A *secret* is never shown in an error or a log; give it as a file.
"""

_MORE = """\
## What goes together

- Production is reached by https only: `QUIETLINE_BASE_URL` begins with `https://`, and no host may be `*`.
- `QUIETLINE_SMS_GATEWAY=handset` shows everybody's messages on a page; production refuses it.
  `http` wants `QUIETLINE_SMS_URL=https://…`, `smpp` wants `smpp://system-id@host:2775`.
- Behind a proxy, `QUIETLINE_TRUSTED_PROXIES` names its network.
  Without it everybody seems to be the proxy: limits count all people as one, and `/metrics` is open.
- `QUIETLINE_DATABASE_URL` ends with the name of the database.
  A folder of sockets is written with `%2F`: `postgresql://quietline@%2Frun%2Fpostgresql/quietline`.
  How the connection is protected, PostgreSQL's own variables say: `PGSSLMODE=verify-full`, `PGSSLROOTCERT`.
- `QUIETLINE_OIDC` is a JSON list: `[{"id": "agency", "name": "Agency", "issuer": "https://login.agency.example",
  "client_id": "…", "client_secret": "…", "domains": ["agency.example"]}]`.
  An agency vouches only for addresses in its own domains.
- A new `QUIETLINE_SECRET_KEY`: put the old one into `QUIETLINE_SECRET_KEYS_RETIRED`, restart everything,
  run `seal_second_factors`, and after 8 hours, when no session of before is left, take it out again.
- `QUIETLINE_NAME` stands in every signed log. Changed, it begins new logs:
  see [back up and restore](../how-to/back-up-and-restore.md).

## Not settings of the platform

`PROMETHEUS_MULTIPROC_DIR` is the folder in which web server, sequencer and worker put their figures for `/metrics`.
Without it the web server gives the figures of one of its processes only.
"""


def settings_page() -> str:
    """Give the page."""
    from quietline.web.environment import PREFIX, SETTINGS

    lines = [_INTRODUCTION, "| setting | meaning | production | demonstration | secret |", "| --- | --- | --- | --- | --- |"]
    for setting in SETTINGS:
        production = "required" if setting.required else _value(setting.default)
        # what the demonstration has no value for it makes itself, where production requires it
        own = isinstance(setting.demonstration, str) or setting.demonstration is None
        shown = production if not own else _value(setting.demonstration, nothing="its own")
        secret = "secret" if setting.secret else ""
        lines.append(f"| `{PREFIX}{setting.name}` | {cell(setting.meaning)} | {production} | {shown} | {secret} |")
    return "\n".join([*lines, "", _MORE])


def _value(value: str | None, *, nothing: str = "–") -> str:
    return f"`{cell(value)}`" if value else nothing
