"""``quietline up``: what it refuses before it makes anything."""

from __future__ import annotations

import os
import socket
import stat
from types import SimpleNamespace

import pytest

from quietline.errors import OperationError, SettingError


@pytest.fixture
def environ(monkeypatch):
    """The settings of this process taken away; what is set afterwards goes with the test."""
    for name in [name for name in os.environ if name.startswith("QUIETLINE_")]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE", "SECRET_KEY", "SECRET_KEY_FILE", "BASE_URL"])
def test_settings_of_a_real_installation_without_a_mode_are_no_demonstration(environ, tmp_path, name):
    from quietline.web.running.up import main

    environ.setenv(f"QUIETLINE_{name}", "something")
    environ.setenv("QUIETLINE_HOME", str(tmp_path / "country"))
    with pytest.raises(SettingError) as raised:
        main([])
    assert f"QUIETLINE_{name.removesuffix('_FILE')}" in str(raised.value)
    assert "QUIETLINE_MODE=production" in str(raised.value)
    assert not (tmp_path / "country").exists()


def test_without_any_setting_it_is_the_demonstration(environ):
    from quietline.web.running.up import _choose_mode

    environ.setenv("QUIETLINE_LISTEN", "127.0.0.1:8010")
    _choose_mode()
    assert os.environ.pop("QUIETLINE_MODE") == "demonstration"
    environ.setenv("QUIETLINE_MODE", "production")
    environ.setenv("QUIETLINE_DATABASE_URL", "postgresql://h/d")
    _choose_mode()
    assert os.environ["QUIETLINE_MODE"] == "production"


def test_a_port_that_another_server_shares_is_refused():
    from quietline.web.running.up import _refuse_taken_port

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as the web server does
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = other.getsockname()
        with pytest.raises(OperationError) as raised:
            _refuse_taken_port(SimpleNamespace(listen=listen))
        assert raised.value.code == "up.port"
        assert "--listen" in raised.value.advice
    _refuse_taken_port(SimpleNamespace(listen=listen))


def test_the_web_server_is_started_in_one_way():
    from quietline.web.running.management.commands.serve import web_command
    from quietline.web.running.up import _children

    environment = SimpleNamespace(listen=("127.0.0.1", 8010), web_workers=2, web_threads=3)
    (web,) = [child for child in _children(environment) if child.name == "web"]
    assert web.command == web_command(environment)
    assert "--workers-kill-timeout" in web.command


@pytest.fixture
def server(tmp_path, monkeypatch):
    from quietline.web import embedded_postgres

    monkeypatch.setattr(embedded_postgres.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(embedded_postgres, "_server_user", lambda: SimpleNamespace(pw_uid=os.geteuid(), pw_gid=os.getegid()))
    return embedded_postgres.EmbeddedPostgres(tmp_path / "home" / "database")


def test_the_folder_of_the_socket_is_closed_again(server):
    server._sockets.mkdir()
    server._sockets.chmod(0o777)
    server._prepare_sockets()
    assert stat.S_IMODE(server._sockets.stat().st_mode) == 0o700


def test_a_link_in_the_place_of_the_socket_is_not_followed(server, tmp_path):
    target = tmp_path / "keys"
    target.mkdir(mode=0o755)
    server._sockets.symlink_to(target)
    with pytest.raises(OperationError, match="belongs to somebody else"):
        server._prepare_sockets()
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_folder_of_somebody_else_is_refused(server):
    server._sockets.mkdir()
    os.chown(server._sockets, 12_345, 12_345)
    with pytest.raises(OperationError, match="belongs to somebody else"):
        server._prepare_sockets()
