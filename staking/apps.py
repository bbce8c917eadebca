from django.apps import AppConfig


class StakingConfig(AppConfig):
    name = "staking"
    label = "staking"
    default_auto_field = "django.db.models.BigAutoField"
