from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "inframind.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
