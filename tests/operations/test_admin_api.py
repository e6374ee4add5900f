"""What admins may do beyond the warehouse, and what nobody may."""

import os
import sys
import time
from pathlib import Path

import pytest

from apps.operations import service_control
from tests.conftest import ApiClient
from tests.factories import make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(db):
    return ApiClient(make_token("admin", name="boss"))


def python(code):
    return f"{sys.executable} -c '{code}'"


class TestServiceControl:
    @pytest.fixture(autouse=True)
    def enabled(self, settings):
        settings.ARIA_SERVICE_CONTROL_ENABLED = True
        settings.ARIA_ADMIN_TOKEN = "sesame"
        settings.SERVICE_COMMANDS = {}

    def run(self, client, path="aria-web/restart", token="sesame"):
        return client.post(f"/api/admin/services/{path}", headers={"X-Admin-Token": token})

    def test_checks_come_in_the_contracts_order(self, boss, settings):
        settings.ARIA_SERVICE_CONTROL_ENABLED, settings.ARIA_ADMIN_TOKEN = False, ""
        assert self.refusal(self.run(boss, "x/burn", "wrong")) == (403, "Service control disabled")
        settings.ARIA_SERVICE_CONTROL_ENABLED = True
        assert self.refusal(self.run(boss, "x/burn", "")) == (403, "Admin token not configured")
        settings.ARIA_ADMIN_TOKEN = "sesame"
        assert self.refusal(self.run(boss, "x/burn", "wrong")) == (401, "Unauthorized")
        assert self.refusal(boss.post("/api/admin/services/x/burn")) == (401, "Unauthorized")
        assert self.refusal(self.run(boss, "x/burn")) == (400, "Invalid action")
        assert self.refusal(self.run(boss, "x/stop")) == (400, "No command configured for x:stop")

    def refusal(self, response):
        return response.status_code, response.json()["detail"]

    def test_a_write_token_is_not_enough(self, api, settings):
        settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_ARIA_WEB_RESTART": "true"}
        assert self.run(api).status_code == 403

    @pytest.mark.parametrize(
        ("command", "expected"),
        [
            (python("print(1)"), {"status": "ok", "code": 0, "stdout": "1\n", "stderr": ""}),
            (
                "echo '$HOME; ls' `id` | cat",
                {"status": "ok", "code": 0, "stdout": "$HOME; ls `id` | cat\n", "stderr": ""},
            ),
            ("false", {"status": "error", "code": 1, "stdout": "", "stderr": ""}),
            (
                python('import sys; print("é" * 5000, end=""); print(2, file=sys.stderr)'),
                {"status": "ok", "code": 0, "stdout": "é" * 2000, "stderr": "2\n"},
            ),
        ],
    )
    def test_runs_the_command_without_a_shell(self, boss, settings, monkeypatch, command, expected):
        monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
        settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_ARIA_WEB_RESTART": command}
        response = self.run(boss)
        assert (response.status_code, response.json()) == (200, expected)

    @pytest.mark.parametrize("command", ["/no/such/program", "echo 'open", "/"])
    def test_what_cannot_be_run(self, boss, settings, command):
        settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_ARIA_WEB_RESTART": command}
        response = self.run(boss)
        assert response.status_code == 500 and "cannot be run" in response.json()["detail"]

    def test_ends_what_takes_too_long_with_its_children(self, boss, settings, monkeypatch, tmp_path):
        monkeypatch.setattr(service_control, "MOST_SECONDS", 0.5)
        mark = tmp_path / "mark"
        settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_ARIA_WEB_RESTART": f"sh -c '(sleep 1; touch {mark}) & sleep 20'"}
        response = self.run(boss)
        assert response.status_code == 500 and "did not end" in response.json()["detail"]
        time.sleep(0.8)
        assert not mark.exists()

    def test_does_not_wait_for_what_stays_in_the_background(self, boss, settings):
        settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_ARIA_WEB_RESTART": "sh -c 'sleep 30 & echo started'"}
        start = time.monotonic()
        assert self.run(boss).json()["stdout"] == "started\n"
        assert time.monotonic() - start < 20


@pytest.fixture
def workspace(tmp_path, settings):
    root = tmp_path / "workspace"
    settings.ARIA_WORKSPACE_DIR = str(root)
    mind = root / "aria_mind"
    for folder in ("skills", "__pycache__", ".git", "a"):
        (mind / folder).mkdir(parents=True)
    for name, text in {
        "SOUL.md": "I am", "b.md": "beta", "a/z.txt": "zeta", "a..b.md": "dots", "skills/x.bin": "?", ".env": "KEY=1",
        ".git/config.txt": "no", "__pycache__/x.py": "no", "é ü.md": "odd", "NOEXT": "x",
    }.items():  # fmt: skip
        (mind / name).write_text(text)
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "aria_mind_too").mkdir()
    (tmp_path / "aria_mind_too/secret.md").write_text("secret")
    return mind


class TestListing:
    def test_by_name_depth_first(self, boss, workspace):
        (workspace / "link.md").symlink_to(workspace.parent.parent / "secret.md")
        (workspace / "loop").symlink_to(workspace)
        entries = boss.get("/api/admin/files/mind").json()
        assert [entry["path"] for entry in entries] == [
            "NOEXT", "SOUL.md", "a", "a/z.txt", "a..b.md", "b.md", "skills", "skills/x.bin", "é ü.md",
        ]  # fmt: skip
        assert entries[2] == {"path": "a", "type": "dir"}
        assert entries[1].pop("mtime") == pytest.approx(time.time(), abs=60)
        assert entries[1] == {"path": "SOUL.md", "type": "file", "size": 4}

    def test_what_is_not_there(self, boss, workspace, settings):
        assert boss.get("/api/admin/files/souvenirs").json() == []
        assert boss.get("/api/admin/files/nobody").json() == {"detail": "Not Found"}
        settings.ARIA_WORKSPACE_DIR = ""
        assert boss.get("/api/admin/files/mind").json() == []

    def test_a_folder_that_leads_out_is_not_there(self, boss, workspace):
        (workspace.parent / "aria_agents").symlink_to("/")
        assert boss.get("/api/admin/files/agents").json() == []
        assert boss.get("/api/admin/files/agents/etc/os-release.txt").status_code == 404

    def test_very_deep_folders_end(self, boss, workspace):
        (workspace / "/".join("d" * 60)).mkdir(parents=True)
        assert len(boss.get("/api/admin/files/mind").json()) == 59

    def test_needs_an_admin(self, api, workspace):
        assert api.get("/api/admin/files/mind").status_code == 403
        assert api.get("/api/admin/files/mind/b.md").status_code == 403


class TestReading:
    @pytest.mark.parametrize(
        ("path", "text"), [("b.md", "beta"), ("a/z.txt", "zeta"), ("a..b.md", "dots"), ("é ü.md", "odd")]
    )
    def test_text(self, boss, workspace, path, text):
        response = boss.get(f"/api/admin/files/mind/{path}")
        assert (response.status_code, response.json()) == (200, {"path": path, "content": text})

    def test_a_link_within_the_folder(self, boss, workspace):
        (workspace / "link.md").symlink_to("a/z.txt")
        assert boss.get("/api/admin/files/mind/link.md").json()["content"] == "zeta"

    def test_bytes_that_are_no_text(self, boss, workspace):
        (workspace / "b.md").write_bytes(b"a\xff\x00")
        assert boss.get("/api/admin/files/mind/b.md").json()["content"] == "a�\0"

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("../../secret.md", 400),
            ("..%2F..%2Fsecret.md", 400),
            ("%2e%2e/%2e%2e/secret.md", 400),
            ("a/../b.md", 400),
            ("..%5c..%5csecret.md", 400),
            ("b.md%00.md", 400),
            ("%252e%252e%252f%252e%252e%252fsecret.md", 404),
            ("..%c0%af..%c0%afsecret.md", 404),
            ("/etc/passwd", 404),
            ("%2Fetc%2Fpasswd", 404),
            (".env", 404),
            (".git/config.txt", 404),
            ("./b.md", 404),
            ("__pycache__/x.py", 404),
            ("out.md", 404),
            ("outside/secret.md", 404),
            ("hidden.md", 404),
            ("self.md", 404),
            ("a", 404),
            ("nothing.md", 404),
            ("b.md/x.md", 404),
            ("x" * 300 + ".md", 404),
            ("y/" * 3000 + "x.md", 404),
            ("pipe.md", 404),
            ("skills/x.bin", 415),
            ("NOEXT", 415),
        ],
    )
    def test_refusals(self, boss, workspace, path, status):
        (workspace / "out.md").symlink_to(workspace.parent.parent / "secret.md")
        (workspace / "outside").symlink_to(workspace.parent.parent / "aria_mind_too")
        (workspace / "hidden.md").symlink_to(".git/config.txt")
        (workspace / "self.md").symlink_to("self.md")
        os.mkfifo(workspace / "pipe.md")
        response = boss.get(f"/api/admin/files/mind/{path}")
        assert response.status_code == status
        assert isinstance(response.json()["detail"], str) and "secret" not in response.json()["detail"]

    def test_a_file_of_at_most_1_mb(self, boss, workspace):
        (workspace / "b.md").write_bytes(b"x" * 1_000_000)
        assert len(boss.get("/api/admin/files/mind/b.md").json()["content"]) == 1_000_000
        (workspace / "b.md").write_bytes(b"x" * 1_000_001)
        assert boss.get("/api/admin/files/mind/b.md").status_code == 413

    def test_without_a_workspace_nothing_is_read(self, boss, settings):
        settings.ARIA_WORKSPACE_DIR = ""
        assert Path("README.md").exists()
        assert boss.get("/api/admin/files/mind/README.md").status_code == 404


class TestSoul:
    def test_one_of_the_named_files(self, reader, workspace):
        assert reader.get("/api/soul/SOUL.md").json() == {"filename": "SOUL.md", "content": "I am"}

    @pytest.mark.parametrize("name", ["b.md", "GOALS.md", "soul.md", ".env", "..%2FSOUL.md", "nobody"])
    def test_any_other(self, reader, workspace, name):
        assert reader.get(f"/api/soul/{name}").status_code == 404

    def test_that_leads_out(self, reader, workspace):
        (workspace / "USER.md").symlink_to(workspace.parent.parent / "secret.md")
        response = reader.get("/api/soul/USER.md")
        assert (response.status_code, response.json()) == (404, {"detail": "Soul file not found"})
