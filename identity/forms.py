"""Forms of the account pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from identity.models import Token
from identity.tokens import LABEL_LENGTH
from protocol.texts import check_text
from web.forms import PageForm, RuleField

DAYS = (1, 7, 30, 90, 365)
USUAL_DAYS = 30


def _check_label(text: str) -> str:
    return check_text(text, field="label", longest=LABEL_LENGTH, one_line=True)


class SignInForm(forms.Form):
    """The message that a wallet signed, and its signature; a browser's form sends line ends as CR LF."""

    message = forms.CharField(required=False, strip=False)
    signature = forms.CharField(required=False)

    def clean_message(self) -> str:
        return str(self.cleaned_data["message"]).replace("\r\n", "\n")


class TokenForm(PageForm):
    """A new API token: what it is for, what it may do, how long it is valid."""

    label = RuleField(rule=_check_label, label=gettext_lazy("Name"), required=False, strip=False)
    scope = forms.ChoiceField(
        label=gettext_lazy("Permission"),
        choices=[
            (Token.Scope.READ.value, gettext_lazy("Read")),
            (Token.Scope.WRITE.value, gettext_lazy("Read and write: it can move your tokens")),
        ],
    )
    days = forms.TypedChoiceField(label=gettext_lazy("Valid for"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        days = self.fields["days"]
        assert isinstance(days, forms.TypedChoiceField)
        days.choices = [(n, ngettext("%d day", "%d days", n) % n) for n in DAYS]
        self.fields["label"].widget.attrs |= {"maxlength": LABEL_LENGTH, "autocomplete": "off"}

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])
