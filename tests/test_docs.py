"""What the documents promise is there, and what is there is documented."""

import re
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_readme_and_the_other_way_round():
    code = "".join((ROOT / "aria_site" / name).read_text() for name in ("settings.py", "database.py"))
    code += (ROOT / "skills" / "api_client" / "environment.py").read_text()
    read = set(re.findall(r'env(?:_bool|_int|_list)?\("([A-Z_]+)"|environ(?:\.get\(|\[)"([A-Z_]+)"', code))
    names = {one or other for one, other in read} - {"DJANGO_SETTINGS_MODULE"}
    table = README.split("## Configuration")[1].split("## ")[0]
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", table)) - {"INFO", "SECRET_KEY_FILE"}
    assert documented == names


def test_commands_and_targets_named_in_the_readme_exist():
    for command in set(re.findall(r"manage\.py (\w+)", README)):
        assert command in get_commands()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make (run|demo|test|lint|lock|help|serve)\b", README)) <= set(targets)


def test_links_in_the_documents_lead_somewhere():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            assert target.startswith("http") or (ROOT / target).exists(), (document.name, target)


def test_nothing_is_loaded_from_another_origin():
    for path in [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/**/*.css"), *ROOT.glob("static/**/*.js")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"""(?:src|href|url|import|from)\s*[=(]?\s*["']?(?:https?:)?//""", text), path


def test_no_inline_script_style_or_handler():
    for path in ROOT.glob("templates/**/*.html"):
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|(?<!help_text)\|safe\b", text), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path


def test_the_lock_pins_by_hash_and_names_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", lock)
    for block in re.split(r"\n(?=\S)", lock.strip()):
        assert "==" in block and "--hash=sha256:" in block
