from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class NotificationsConfig(AppConfig):
    name = "notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        user_logged_in.connect(_start_inbox, dispatch_uid="notifications.start_inbox")


def _start_inbox(*, user: Any, **more: Any) -> None:
    from notifications import inbox

    address = getattr(user, "address", "")
    if address:
        inbox.start(address)
