from django.apps import AppConfig


class SkillsetConfig(AppConfig):
    name = "apps.skillset"
