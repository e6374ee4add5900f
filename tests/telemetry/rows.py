"""Rows of telemetry: one function a model, everything overridable; `ago` counts back from now."""

from datetime import timedelta

from django.utils import timezone

from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage, SkillInvocation


def ago(**period):
    return timezone.now() - timedelta(**period)


def make_activity(**over) -> ActivityLog:
    return ActivityLog.objects.create(**{"action": "look_around"} | over)


def make_session(**over) -> AgentSession:
    return AgentSession.objects.create(**{"agent_id": "main"} | over)


def make_usage(**over) -> ModelUsage:
    return ModelUsage.objects.create(**{"model": "qwen3", "provider": "local"} | over)


def make_invocation(**over) -> SkillInvocation:
    return SkillInvocation.objects.create(**{"skill_name": "goals", "tool_name": "list"} | over)
