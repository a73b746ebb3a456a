"""What is handed out to run Quietline names programs, files, settings and figures that exist."""

from __future__ import annotations

import configparser
import http.server
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from quietline.web.environment import SETTINGS, read_environment

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
COMMANDS = {path.stem for path in (ROOT / "src/quietline/web").glob("*/management/commands/*.py")} | {
    "migrate",
    "collectstatic",
}
SECRET_VALUES = {
    "database_url": "postgresql://quietline@%2Frun%2Fpostgresql/quietline",
    "secret_key": "k" * 48,
    "key_ring": "ring",
    "sms_token": "token",
    "inbound_token": "t" * 48,
}


def unit(path):
    """Read a unit; a name that is given several times has several values, and an empty one drops those before."""
    sections, section = {}, {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            section.setdefault(name, []).append(value)
    return sections


def commands_of(path):
    return [shlex.split(line) for name in ("ExecStart", "ExecStartPre") for line in unit(path)["Service"].get(name, [])]


def ids(paths):
    return [path.name for path in paths]


def test_the_units_that_are_promised_are_there():
    names = {path.name for path in SERVICES}
    wanted = ("web@", "sequencer", "worker", "migrate", "backup")
    assert names == {f"quietline-{name}.service" for name in wanted}
    assert (DEPLOY / "systemd/quietline-backup.timer").exists()


@pytest.mark.parametrize("path", SERVICES, ids=ids(SERVICES))
def test_each_command_of_a_unit_is_one_that_there_is(path):
    seen = 0
    for words in commands_of(path):
        text = " ".join(words)
        name = re.search(r"/opt/quietline/bin/python -m quietline\.web (\w+)", text)
        assert name, text
        assert name[1] in COMMANDS, text
        seen += 1
    assert seen


@pytest.mark.parametrize("path", SERVICES, ids=ids(SERVICES))
def test_a_unit_may_do_no_more_than_it_needs(path):
    service = unit(path)["Service"]
    for name, value in {
        "User": "quietline", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "PrivateDevices": "yes", "CapabilityBoundingSet": "", "UMask": "0077", "StateDirectoryMode": "0700",
    }.items():  # fmt: skip
        assert service[name] == [value], name
    if "oneshot" not in service["Type"]:
        assert service["Restart"] == ["always"]
    assert not any("s3cr3t" in value or "password" in value for values in service.values() for value in values)


@pytest.mark.parametrize("path", SERVICES, ids=ids(SERVICES))
def test_the_settings_of_a_unit_are_enough_to_start(path, tmp_path):
    service = unit(path)["Service"]
    environ = {}
    for line in (DEPLOY / "quietline.env").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            environ[name] = value
    credentials = dict(value.split(":", 1) for value in service["LoadCredential"])
    for name, source in credentials.items():
        assert source == f"/etc/quietline/secrets/{name.replace('_', '-')}"
        (tmp_path / name).write_text(SECRET_VALUES[name])
    for value in service["Environment"]:
        name, _, given = value.strip('"').partition("=")
        environ[name] = given.replace("%d", str(tmp_path)).replace("%i", "8001")
    environment = read_environment(environ)
    assert not environment.is_demonstration
    used = {name for name in environ if name.endswith("_FILE")}
    assert used == {f"QUIETLINE_{name.upper()}_FILE" for name in credentials}


def test_only_who_signs_can_read_the_signing_key():
    hidden = {path.name for path in SERVICES if "signing.pem" in str(unit(path)["Service"].get("InaccessiblePaths"))}
    assert hidden == {"quietline-web@.service", "quietline-backup.service"}


def test_by_hand_a_command_gets_the_settings_and_secrets_of_the_services(tmp_path):
    """With a stand-in for systemd-run, which hands out credentials as systemd does."""
    (tmp_path / "secrets").mkdir()
    for name, value in SECRET_VALUES.items():
        (tmp_path / "secrets" / name.replace("_", "-")).write_text(value)
    (tmp_path / "systemd-run").write_text(
        f"""#!{sys.executable}
import os, pathlib, sys
given, command = [word for word in sys.argv[1:] if word.startswith("--")], sys.argv[1:]
while command[0].startswith("--"):
    command.pop(0)
folder = pathlib.Path({str(tmp_path)!r}, "credentials")
folder.mkdir()
for word in given:
    if word.startswith("--property=LoadCredential="):
        name, path = word.removeprefix("--property=LoadCredential=").split(":")
        (folder / name).write_text(pathlib.Path(path).read_text())
assert "--property=User=quietline" in given
assert "--property=EnvironmentFile=/etc/quietline/quietline.env" in given
os.execve(command[0], command, os.environ | {{"CREDENTIALS_DIRECTORY": str(folder)}})
"""
    )
    shows = "import json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n"
    (tmp_path / "python").write_text(f"#!{sys.executable}\n{shows}")
    text = (DEPLOY / "systemd/quietline-run").read_text("utf-8")
    (tmp_path / "quietline-run").write_text(text.replace("/opt/quietline/bin/python", str(tmp_path / "python")))
    for name in ("systemd-run", "python", "quietline-run"):
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "QUIETLINE_SECRETS": str(tmp_path / "secrets")}
    done = subprocess.run(
        [tmp_path / "quietline-run", "found_authority", "Office for Quiet Lines", "--administrator", "ada@office.example"],
        env=environ, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    arguments, seen = json.loads(done.stdout)
    assert arguments == [
        "-m", "quietline.web", "found_authority", "Office for Quiet Lines", "--administrator", "ada@office.example",
    ]  # fmt: skip
    for name, value in SECRET_VALUES.items():
        assert Path(seen[f"QUIETLINE_{name.upper()}_FILE"]).read_text() == value
    known = {f"QUIETLINE_{setting.name}_FILE" for setting in SETTINGS}
    assert {name for name in seen if name.startswith("QUIETLINE_") and name.endswith("_FILE")} <= known


def test_the_registers_are_founded_wherever_the_migrations_run():
    """Without them the code that is sent lists nothing."""
    (unit_lines,) = [commands_of(path) for path in SERVICES if "migrate" in path.name]
    assert [words[3] for words in unit_lines] == ["migrate", "found_registers", "collectstatic"]
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))["services"]
    assert compose["registers"]["command"] == ["found_registers"]
    assert "migrate" in compose["registers"]["depends_on"]
    assert "registers" in compose["static"]["depends_on"]


def test_the_drop_folders_are_made_where_the_units_may_write_and_sftp_users_may_pass():
    line = next(
        line.split() for line in (DEPLOY / "systemd/quietline.tmpfiles").read_text("utf-8").splitlines() if "drops" in line
    )
    assert line[:5] == ["d", "/var/lib/quietline-drops", "2751", "quietline", "quietline-drops"]
    assert "g quietline-drops -" in (DEPLOY / "systemd/quietline.sysusers").read_text("utf-8")
    for name in ("web@", "worker"):
        service = unit(DEPLOY / f"systemd/quietline-{name}.service")["Service"]
        assert f"QUIETLINE_DROPS={line[1]}" in service["Environment"]
        assert f"-{line[1]}" in service["ReadWritePaths"]
    text = (ROOT / "src/quietline/web/washing/drops.py").read_text("utf-8")
    assert not re.search(r"0o[2-7]\d{3}\b", text), "RestrictSUIDSGID=yes refuses chmod with such a bit"


def test_restarting_the_migrations_stops_nobody():
    for path in SERVICES:
        assert "Requires" not in unit(path)["Unit"], "Requires= would pass a restart on"
    migrate = unit(DEPLOY / "systemd/quietline-migrate.service")["Service"]
    assert '"PGOPTIONS=-c lock_timeout=1s"' in migrate["Environment"]


def test_systemd_finds_nothing_wrong(tmp_path):
    tool = shutil.which("systemd-analyze")
    if tool is None:
        # where there is no systemd, at least each line of a unit is a name and a value
        for path in SERVICES:
            parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
            parser.read(path)
        return
    for path in [*SERVICES, DEPLOY / "systemd/quietline-backup.timer"]:
        text = path.read_text("utf-8").replace("/opt/quietline/bin/python", sys.executable)
        (tmp_path / path.name.replace("@.", "@8001.")).write_text(text)
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run([tool, "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "quietline" in line]
    assert not ours


def test_what_the_container_copies_is_there():
    text = (DEPLOY / "container/Containerfile").read_text("utf-8")
    stages, seen = re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE), 0
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        words = shlex.split(line)
        if words[0].startswith("--from="):
            assert words[0].removeprefix("--from=") in stages
            continue
        for source in words[:-1]:
            assert (ROOT / source).exists(), source
            seen += 1
    assert seen >= 8
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["quietline"]
    assert "HEALTHCHECK" in text
    assert text.index("USER quietline") < text.index("ENTRYPOINT")


def test_what_the_theme_is_built_from_is_all_copied():
    theme = ROOT / "src/quietline/web/site/theme"
    text = (DEPLOY / "container/Containerfile").read_text("utf-8")
    needed = {path.name for path in theme.iterdir()} - {"node_modules", "build.sh", ".gitignore"}
    assert needed
    for name in needed:
        assert f"theme/{name}" in text, name


def test_the_composed_services_use_settings_and_commands_that_there_are():
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))
    known = {f"QUIETLINE_{setting.name}" for setting in SETTINGS}
    for name, service in compose["services"].items():
        if name == "database":
            continue
        for variable in service["environment"]:
            assert variable.removesuffix("_FILE") in known or variable == "PGOPTIONS", variable
        for command in service.get("command", ["serve"])[:1]:
            assert command in COMMANDS
        assert set(service["secrets"]) <= compose["secrets"].keys()
        for other in service.get("depends_on", {}):
            assert other in compose["services"]


def test_alerts_ask_for_figures_that_there_are():
    from prometheus_client import REGISTRY

    import quietline.web.base.metrics  # noqa: F401 - declares them

    names = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("quietline_")}
    rules = yaml.safe_load((DEPLOY / "prometheus/quietline.rules.yaml").read_text("utf-8"))["groups"][0]["rules"]
    assert len(rules) >= 8
    seen = set()
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")
        for name in re.findall(r"quietline_\w+", rule["expr"]):
            assert re.sub(r"_(bucket|count|sum|total)$", "", name) in names, name
            seen.add(name)
    assert len(seen) >= 5


def test_the_proxy_writes_no_path_no_query_and_no_address():
    text = (DEPLOY / "nginx/quietline.conf").read_text("utf-8")
    (written,) = re.findall(r"log_format quietline '([^']*)'", text)
    assert not re.search(r"\$(request\b|request_uri|uri|args|query_string|remote_|http_)", written)
    assert "X-Forwarded-For $remote_addr;" in text
    assert "$proxy_add_x_forwarded_for;" not in text
    assert "location = /metrics { return 404; }" in text


class _Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthy" and self.headers["Host"] == "register.example" else 400)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_the_containers_health_check_asks_as_one_of_the_hosts(monkeypatch):
    spec = importlib.util.spec_from_file_location("healthcheck", DEPLOY / "container/healthcheck.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Health) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("QUIETLINE_LISTEN", f"0.0.0.0:{server.server_address[1]}")
        monkeypatch.setenv("QUIETLINE_HOSTS", "register.example,www.register.example")
        monkeypatch.setenv("no_proxy", "*")
        assert module.main() == 0
        monkeypatch.setenv("QUIETLINE_HOSTS", "other.example")
        assert module.main() == 1
        server.shutdown()
        thread.join()
    assert module.main() == 1


def test_no_file_is_executable_by_accident():
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert not os.access(path, os.X_OK) or path.read_bytes().startswith(b"#!"), path
