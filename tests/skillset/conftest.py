import pytest


@pytest.fixture
def folder(tmp_path, settings):
    """The folder of skills, still empty."""
    settings.ARIA_SKILLS_DIR = tmp_path / "skills"
    settings.ARIA_SKILLS_DIR.mkdir()
    return settings.ARIA_SKILLS_DIR
