"""Forms of disputes, votes and representatives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from governance.services.texts import MAX_LINK, MAX_REASON, check_link
from protocol.errors import Invalid
from protocol.texts import check_text
from web.forms import AddressField, PageForm, RuleField

View = Callable[..., HttpResponse]


def redirect_get_to(page: str) -> Callable[[View], View]:
    """Decorate the view of a form on the page named `page`: a GET is redirected to that page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(reverse(page, kwargs=kwargs))
            return view(request, *args, **kwargs)

        return require_http_methods(["GET", "HEAD", "POST"])(guarded)

    return decorate


class TextField(RuleField):
    """A text of several lines, checked by the rule for all texts that people write."""

    def __init__(self, *, name: str, longest: int, rows: int, required: bool = True, **kwargs: Any) -> None:
        super().__init__(
            rule=partial(check_text, field=name, longest=longest, required=required),
            widget=forms.Textarea(attrs={"rows": rows, "maxlength": longest}),
            required=required,
            **kwargs,
        )


class DisputeForm(PageForm):
    """The reason of a dispute."""

    reason = TextField(
        name="reason",
        longest=MAX_REASON,
        rows=6,
        label=gettext_lazy("Why the slash is wrong"),
        help_text=gettext_lazy("Public. Voters read it. You can add evidence until the vote ends."),
    )


class EvidenceForm(PageForm):
    """A text and a link that the operator adds to a dispute."""

    text = TextField(
        name="text",
        longest=MAX_REASON,
        rows=3,
        label=gettext_lazy("Add evidence"),
        help_text=gettext_lazy("Public immediately. You can add evidence until the vote ends."),
    )
    link = RuleField(
        rule=check_link,
        required=False,
        label=gettext_lazy("Link (optional)"),
        widget=forms.URLInput(attrs={"maxlength": MAX_LINK, "placeholder": "https://"}),
    )


class VoteForm(PageForm):
    """A choice and an optional reason. A second vote replaces choice and reason, so the reason starts empty."""

    choice = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose one of the options."),
            "invalid_choice": gettext_lazy("Choose one of the options."),
        },
    )
    reason = TextField(
        name="reason",
        longest=MAX_REASON,
        rows=3,
        required=False,
        label=gettext_lazy("Reason (optional)"),
        help_text=gettext_lazy("Public."),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str, str]], **kwargs: Any) -> None:
        """`choices`: value, label and effect of each."""
        self.options = choices
        super().__init__(*args, **kwargs)
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(value, label) for value, label, _ in choices]


class RepresentativesForm(PageForm):
    """The representatives of a wallet; an empty field names nobody."""

    disputes = AddressField(
        required=False,
        label=gettext_lazy("For disputes"),
        help_text=gettext_lazy("Address of a wallet. Leave empty to have no representative."),
    )
    proposals = AddressField(
        required=False,
        label=gettext_lazy("For proposals"),
        help_text=gettext_lazy("Address of a wallet. Leave empty to have no representative."),
    )

    def __init__(self, *args: Any, wallet: str, **kwargs: Any) -> None:
        self.wallet = wallet
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for kind, address in list(values.items()):
            if address == self.wallet:
                message = gettext("Enter another wallet: a wallet cannot represent itself.")
                self.add_error(kind, forms.ValidationError(message, code=Invalid.code))
        return values

    def named(self) -> dict[str, str | None]:
        """The representatives by kind, None for nobody."""
        return {kind: address or None for kind, address in self.cleaned_data.items()}


def sent_fields(form: PageForm) -> dict[str, str]:
    """Return names and cleaned values of a form, to send them again from its review."""
    return {name: value for name, value in form.cleaned_data.items() if value}
