"""Rows of improvement: one function a model, everything overridable."""

from apps.improvement.models import ImprovementProposal


def make_proposal(**over) -> ImprovementProposal:
    return ImprovementProposal.objects.create(**{"title": "Sleep more", "description": "At night."} | over)
