"""Settings: each mistake is named, all at once, before anything starts, and no secret is ever shown."""

from __future__ import annotations

import copy
import ipaddress
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import SettingError
from quietline.web.environment import PREFIX, SETTINGS, Environment, mail_options, read_environment

SECRET = "s3cr3t-" * 8
PRODUCTION = {
    "HOME": "/var/lib/quietline",
    "DATABASE_URL": f"postgresql://quietline:{SECRET}@db.example/register",
    "SECRET_KEY": SECRET,
    "BASE_URL": "https://register.example",
    "HOSTS": "register.example",
    "NAME": "register.example",
    "COUNTRIES": "US,GB",
    "SMS_GATEWAY": "http",
    "SMS_URL": "https://sms.example/send",
}


def read(**changes):
    given = {PREFIX + name: value for name, value in (PRODUCTION | changes).items() if value is not None}
    return read_environment(given | {"PATH": "/usr/bin", "QUIET": "1"})


def refused(**changes):
    with pytest.raises(SettingError) as caught:
        read(**changes)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert "docs/reference/settings.md" in caught.value.advice
    return caught.value.message


def test_what_production_needs_is_enough():
    environment = read()
    assert not environment.is_demonstration
    assert environment.home == Path("/var/lib/quietline")
    assert environment.listen == ("127.0.0.1", 8000)
    assert environment.countries == ("US", "GB")
    assert environment.wash_log_days == 92
    assert environment.mail_url is None
    assert environment.trusted_proxies == ()


def test_all_that_is_missing_is_said_at_once():
    said = refused(**dict.fromkeys(PRODUCTION))
    for setting in SETTINGS:
        assert (f"{PREFIX}{setting.name}: it must be set" in said) == setting.required, setting.name
    assert sum(setting.required for setting in SETTINGS) == len(PRODUCTION) - 1  # the gateway's address follows from it


def test_what_follows_from_another_setting_is_said_with_the_rest():
    said = refused(SMS_URL=None, BASE_URL="http://register.example", HOME=None, WEB_WORKERS="0")
    for name in ("SMS_URL", "BASE_URL", "HOME", "WEB_WORKERS"):
        assert f"{PREFIX}{name}: " in said


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("QUIETLINE_DATABSE_URL", "QUIETLINE_DATABASE_URL"),
        ("QUIETLINE_SECRET_KEY_FIEL", "QUIETLINE_SECRET_KEY_FILE"),
        ("QUIETLINE_HOST", "QUIETLINE_HOSTS"),
    ],
)
def test_an_unknown_name_is_refused_with_the_one_that_was_meant(name, near):
    given = {PREFIX + key: value for key, value in PRODUCTION.items()}
    with pytest.raises(SettingError, match=f"{name} is no setting, {near} is") as caught:
        read_environment(given | {name: SECRET})
    assert "s3cr3t" not in str(caught.value)


def test_an_unknown_name_that_resembles_nothing_is_refused_too():
    assert "QUIETLINE_XYZZY is no setting." in refused(XYZZY="1")


@pytest.mark.parametrize("name", ["KEY", "KEY_PASSPHRASE_FILE", "SHARED_DATA", "TOKEN"])
def test_names_of_the_command_line_are_left_alone(name):
    assert read(**{name: "x"}).name == "register.example"


def test_a_value_comes_from_a_file_and_its_last_line_end_does_not_count(tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    assert read(SECRET_KEY=None, SECRET_KEY_FILE=str(file)).secret_key == SECRET


def test_a_value_given_twice_is_refused(tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    said = refused(SECRET_KEY_FILE=str(tmp_path / "secret"))
    assert "QUIETLINE_SECRET_KEY: give it directly or as QUIETLINE_SECRET_KEY_FILE, not both." in said


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: path.write_bytes(b"\xff\xfe")])
def test_a_file_that_cannot_be_read_is_named_by_its_setting(tmp_path, make):
    path = tmp_path / "secret"
    make(path)
    assert "the file named by QUIETLINE_SECRET_KEY_FILE cannot be read" in refused(
        SECRET_KEY=None, SECRET_KEY_FILE=str(path)
    )


def test_an_empty_file_is_no_secret(tmp_path):
    (tmp_path / "empty").touch()
    assert "at least 40 characters" in refused(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "empty"))


def test_production_has_no_handset_no_http_and_no_host_that_matches_all():
    said = refused(SMS_GATEWAY="handset", BASE_URL="http://register.example", HOSTS="*")
    assert "SMS_GATEWAY: handset shows everybody's messages" in said
    assert "BASE_URL: production is reached by https only" in said
    assert "HOSTS: name each host" in said
    assert "HOSTS: name each host" in refused(HOSTS="register.example,*.example")


def test_the_address_of_the_gateway_fits_the_gateway():
    assert "SMS_URL: it is no address for the gateway smpp" in refused(SMS_GATEWAY="smpp")
    assert "SMS_URL: it is no address for the gateway http" in refused(SMS_URL="smpp://system@sms.example:2775")
    assert read(SMS_GATEWAY="smpp", SMS_URL="smpp://system@sms.example:2775").sms_gateway == "smpp"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("MODE", "prod", "it is production or demonstration"),
        ("HOME", "  ", "it may not be empty"),
        ("DATABASE_URL", "mysql://db.example/register", "begins with postgresql:// or postgres://"),
        ("DATABASE_URL", f"postgresql://quietline:{SECRET}\u2100@db.example/register", "begins with postgresql://"),
        ("DATABASE_URL", f"postgresql://quietline:{SECRET}@[db.example/register", "begins with postgresql://"),
        ("DATABASE_URL", f"postgresql://quietline:{SECRET}@db.example/", "names no database"),
        ("DATABASE_URL", f"postgresql://quietline:{SECRET}@db.example/register?sslmode=require", "PGSSLMODE"),
        ("SECRET_KEY", "s3cr3t-short", "at least 40 characters"),
        ("INBOUND_TOKEN", "s3cr3t-short", "at least 40 characters"),
        ("METRICS_TOKEN", "s3cr3t-short", "at least 40 characters"),
        ("BASE_URL", "register.example", "begins with https:// or http://"),
        ("BASE_URL", "https:///path", "begins with https://"),
        ("BASE_URL", "https://register.example/dnc", "scheme and host alone"),
        ("BASE_URL", f"https://me:{SECRET}@register.example", "scheme and host alone"),
        ("HOSTS", " , ", "it names at least one"),
        ("LISTEN", "8000", "it is ADDRESS:PORT"),
        ("LISTEN", "127.0.0.1:99999", "it is ADDRESS:PORT"),
        ("LISTEN", "127.0.0.1:²", "it is ADDRESS:PORT"),
        ("COUNTRIES", "USA", "two-letter country codes"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "a list of networks"),
        ("WEB_WORKERS", "two", "a whole number from 1 to 256"),
        ("WEB_THREADS", "257", "a whole number from 1 to 256"),
        ("DAILY_MESSAGES", "1e6", "a whole number from 1 to 100000000"),
        ("FEED_MILLISECONDS", "9", "a whole number from 10 to 60000"),
        ("SMS_GATEWAY", "email", "it is http, smpp or handset"),
        ("SMS_URL", "ftp://sms.example", "begins with https:// or http:// or smpp://"),
        ("MAIL_URL", f"imap://me:{SECRET}@mail.example", "begins with smtp://"),
        ("MAIL_URL", f"smtp://me:{SECRET}@:25", "names no mail server"),
        ("MAIL_URL", f"smtp://me:{SECRET}@mail.example:99999", "names no mail server"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_can(name, value, why):
    said = refused(**{name: value})
    assert f"{PREFIX}{name}: " in said
    assert why in said


def test_no_secret_is_shown_by_the_settings_themselves():
    secrets = {"INBOUND_TOKEN": SECRET, "SMS_TOKEN": SECRET, "METRICS_TOKEN": SECRET, "KEY_RING": SECRET, "OIDC": SECRET}
    environment = read(MAIL_URL=f"smtps://me:{SECRET}@mail.example", **secrets)
    for shown in (repr(environment), str(environment), f"{environment}"):
        assert "s3cr3t" not in shown
        assert "'secret_key': '…'" in shown
        assert "register.example" in shown
    assert environment.inbound_token == SECRET


def test_every_setting_whose_name_says_so_is_secret():
    for setting in SETTINGS:
        speaks_of_secrets = any(
            word in setting.name for word in ("TOKEN", "SECRET", "RING", "DATABASE_URL", "MAIL_URL", "OIDC")
        )
        assert setting.secret == speaks_of_secrets, setting.name


def test_a_setting_that_does_not_exist_is_no_attribute():
    environment = read()
    with pytest.raises(AttributeError, match="colour"):
        environment.colour  # noqa: B018
    assert copy.deepcopy(environment).name == environment.name
    assert pickle.loads(pickle.dumps(environment)).hosts == environment.hosts


def test_networks_hosts_and_listeners_are_typed():
    environment = read(TRUSTED_PROXIES="10.0.0.0/8, ::1/128", HOSTS=" a.example ,b.example", LISTEN="[::]:8443")
    assert environment.trusted_proxies == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))
    assert environment.hosts == ("a.example", "b.example")
    assert environment.listen == ("::", 8443)


def test_the_demonstration_starts_without_any_setting_and_sends_nothing():
    environment = read_environment({"QUIETLINE_MODE": "demonstration"})
    assert environment.is_demonstration
    assert environment.sms_gateway == "handset"
    assert environment.hosts == ("127.0.0.1", "localhost", "[::1]")


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtps://me:p%40ss@mail.example", 465, True, False),
        ("smtp+starttls://me:p%40ss@mail.example:2525", 2525, False, True),
    ],
)
def test_a_mail_servers_address_says_how_it_is_reached(url, port, ssl, tls):
    options = mail_options(url)
    assert (options["host"], options["port"], options["use_ssl"], options["use_tls"]) == ("mail.example", port, ssl, tls)
    assert options["password"] == ("p@ss" if "@mail" in url else "")


@given(st.sampled_from([setting for setting in SETTINGS if setting.secret]), st.text(max_size=80))
def test_whatever_stands_in_a_secret_is_never_part_of_an_error(setting, text):
    marked = f"{text}s3cr3t{text}"
    try:
        environment = read(**{setting.name: marked})
    except SettingError as error:
        assert "s3cr3t" not in str(error)
    else:
        assert "s3cr3t" not in repr(environment)


def test_environments_are_made_of_values_only():
    assert Environment({"mode": "demonstration"}).is_demonstration
