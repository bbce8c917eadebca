"""Forms of where notifications are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from notifications.kinds import Kind
from notifications.models import Subscription
from web.forms import PageForm


class CheckBoxes(forms.CheckboxSelectMultiple):
    """One check box below the other, each with its label."""

    template_name = "components/checkboxes.html"


class KindsField(forms.MultipleChoiceField):
    """Kinds of notifications. A kind that is not offered is dropped, not an error."""

    widget = CheckBoxes
    offered: frozenset[str] = frozenset()

    def offer(self, kinds: Sequence[Kind]) -> None:
        self.offered = frozenset(kind.name for kind in kinds)
        self.choices = [(kind.name, kind.label) for kind in kinds]

    def valid_value(self, value: Any) -> bool:
        return True

    def clean(self, value: Any) -> list[str]:
        return [name for name in super().clean(value) if name in self.offered]


class _DestinationForm(PageForm):
    """An address, and the kinds of notifications for it."""

    prefix_of_ids: str

    def __init__(self, *args: Any, kinds: Sequence[Kind], **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"{self.prefix_of_ids}-%s", **kwargs)
        field = self.fields["kinds"]
        assert isinstance(field, KindsField)
        field.offer(kinds)


class EmailForm(_DestinationForm):
    """E-mail address and kinds; an empty address ends the e-mails."""

    prefix_of_ids = "mail"
    email = forms.EmailField(label=gettext_lazy("Address"), required=False, max_length=254)
    kinds = KindsField(label=gettext_lazy("Send me"), required=False)


class WebhookForm(_DestinationForm):
    """An empty address ends the calls."""

    prefix_of_ids = "hook"
    webhook = forms.CharField(
        label=gettext_lazy("Address"), required=False, max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )  # fmt: skip
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=Subscription.Format.choices, required=False,
        help_text=gettext_lazy("Slack and Discord: the address of an incoming webhook. Telegram: the address of "
                               "sendMessage with ?chat_id=…"),
    )  # fmt: skip
    kinds = KindsField(label=gettext_lazy("Call for"), required=False)
    refusal_field = "webhook"
