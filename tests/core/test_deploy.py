"""The files of `deploy/` do what they say: nginx and systemd read theirs, and those for Docker name what there is."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import httpx
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from aria_site.database import OLDEST_POSTGRES
from tests.core.test_serve import serving, ws_port
from tests.servers import free_port, login, open_socket, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
UNTRUSTED = ssl.create_default_context()
UNTRUSTED.check_hostname, UNTRUSTED.verify_mode = False, ssl.CERT_NONE


@pytest.fixture(scope="module")
def folder():
    folder = Path(tempfile.mkdtemp(prefix="aria-nginx-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def address(folder):
    """Of our nginx in front of a site."""
    plain, secure = free_port(), free_port()
    with serving(folder, ARIA_HTTPS="1") as site:
        named = {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
            "127.0.0.1:8000;": f"127.0.0.1:{site.port};",
            "127.0.0.1:8001;": f"127.0.0.1:{ws_port(site)};",
            "/etc/ssl/certs/aria.pem": str(folder / "aria.pem"),
            "/etc/ssl/private/aria.key": str(folder / "aria.key"),
        }
        nginx = start_nginx(folder, named)
        try:
            wait_until(lambda: listens(secure), 20)
            yield f"https://127.0.0.1:{secure}", plain, secure
        finally:
            nginx.send_signal(signal.SIGQUIT)
            nginx.wait(20)


def start_nginx(folder, named):
    """As whoever runs the tests, with the repository's file but for its ports and certificate."""
    make_certificate(folder)
    site = (DEPLOY / "nginx.conf").read_text()
    for ours, tests in named.items():
        assert ours in site
        site = site.replace(ours, tests)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/nginx-{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off;\n{own}{site}}}\n"
    )
    return subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"])


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        + ["-subj", "/CN=127.0.0.1", "-keyout", folder / "aria.key", "-out", folder / "aria.pem"],
        check=True,
        capture_output=True,
    )


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class TestNginx:
    @pytest.fixture
    def browser(self, address):
        with httpx.Client(base_url=address[0], verify=UNTRUSTED, timeout=60) as browser:
            yield browser

    def test_pages_and_static_files_over_https(self, browser):
        page = browser.get("/login")
        assert page.status_code == 200 and "max-age" in page.headers["Strict-Transport-Security"]
        style = re.search(r'href="(/static/css/base\.[0-9a-f]+\.css)"', page.text)[1]
        assert "immutable" in browser.get(style).headers["Cache-Control"]

    def test_plain_http_leads_to_https(self, address):
        response = httpx.get(f"http://127.0.0.1:{address[1]}/login?next=/x", headers={"X-Forwarded-Proto": "https"})
        assert response.status_code == 301 and response.headers["Location"] == "https://127.0.0.1/login?next=/x"

    def test_sockets_at_the_same_address(self, address, folder):
        url, _, secure = address
        cookies = login(url, folder, verify=UNTRUSTED)
        page = httpx.get(f"{url}/sprint-board", cookies=cookies, verify=UNTRUSTED, timeout=60)
        assert page.status_code == 200 and "socket-origin" not in page.text
        with open_socket(secure, url, cookies, tls=UNTRUSTED) as answer:
            assert answer.startswith(b"HTTP/1.1 101")
        with open_socket(secure, "https://elsewhere.example", cookies, tls=UNTRUSTED) as answer:
            assert answer.startswith(b"HTTP/1.1 403")

    def test_a_large_batch(self, browser, folder):
        headers = {"Authorization": f"Bearer {(folder / 'api_token').read_text()}"}
        item = {"kind": "activity", "action": "x", "details": {"text": "x" * 1400}}
        response = browser.post("/api/telemetry/batch", json=[item] * 10_000, headers=headers)
        assert len(response.request.content) > 14_000_000
        assert response.status_code == 200, response.text[:500]
        too_much = browser.post("/api/telemetry/batch", content=b"x" * 17_000_000, headers=headers)
        assert too_much.status_code == 413


DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNIT = (DEPLOY / "aria-site.service").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_systemd_understands_the_unit(tmp_path):
    unit = tmp_path / "aria-site.service"
    unit.write_text(
        UNIT.replace("/opt/aria-site/.venv/bin/python", sys.executable).replace("/opt/aria-site", str(ROOT))
    )
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert verified.returncode == 0 and unit.name not in verified.stderr, verified.stderr


def test_all_of_them_set_what_there_is_and_run_what_there_is():
    table = (ROOT / "README.md").read_text().split("## Configuration")[1].split("\n## ")[0]
    site = COMPOSE["services"]["site"]
    named = {*site["environment"], *re.findall(r"(\w+)=", " ".join(re.findall(r"^ENV (.+)", DOCKERFILE, re.M)))}
    named |= set(re.findall(r"([A-Z_]+)=", " ".join(re.findall(r"^Environment=(.+)", UNIT, re.M))))
    assert {"ARIA_DATA_DIR", "DATABASE_URL", "LOG_FORMAT"} <= named
    assert named <= set(re.findall(r"`([A-Z_]+)`", table))
    assert '["python", "manage.py", "serve"]' in DOCKERFILE and "manage.py serve\n" in UNIT
    assert "serve" in get_commands()


def test_the_image_holds_all_that_runs():
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.M) for name in line.split()]
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert {*project["tool"]["importlinter"]["root_packages"], "manage.py", "static", "templates"} < {*copied}
    oldest = project["project"]["requires-python"].removeprefix(">=")
    assert re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.M) == [oldest]


def test_ports_are_the_sites_own():
    own = [settings.ARIA_PORT, settings.ARIA_WS_PORT]
    assert re.findall(r"^EXPOSE (\d+) (\d+)", DOCKERFILE, re.M) == [tuple(map(str, own))]
    assert COMPOSE["services"]["site"]["ports"] == [f"127.0.0.1:{port}:{port}" for port in own]
    nginx = (DEPLOY / "nginx.conf").read_text()
    assert re.findall(r"server 127.0.0.1:(\d+);", nginx) == list(map(str, own))


def test_compose_finds_its_parts():
    build = COMPOSE["services"]["site"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    version = re.fullmatch(r"pgvector/pgvector:pg(\d+)", COMPOSE["services"]["database"]["image"])[1]
    assert int(version) >= OLDEST_POSTGRES
    volumes = {volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service["volumes"]}
    assert volumes == {*COMPOSE["volumes"]}
