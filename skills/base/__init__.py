"""What every skill is made of."""

from skills.api_client.result import SkillResult
from skills.base.schemas import Arg
from skills.base.skill import Skill
from skills.base.tools import tool

__all__ = ["Arg", "Skill", "SkillResult", "tool"]
