"""The skills' door to the warehouse."""

from skills.api_client.client import AriaAPIClient, SyncAriaAPIClient
from skills.api_client.result import SkillResult

__all__ = ["AriaAPIClient", "SkillResult", "SyncAriaAPIClient"]
