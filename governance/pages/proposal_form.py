"""The form of a proposal: title, reasons, and a field for each parameter that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy

from governance.pages.forms import TextField
from governance.pages.parameter_fields import field_of, to_api
from governance.pages.parameter_labels import joint_rule
from governance.services.proposals import MAX_BODY, MAX_TITLE
from protocol.errors import ParameterOutOfBounds
from protocol.parameters import TABLES, Parameters, apply_changes, numbers_of, to_json
from protocol.texts import check_text
from web.forms import PageForm, RuleField
from web.number_input import canonical_number

CHANGE, VERSION = "change", "version"


class ProposalForm(PageForm):
    """`keys`: the parameters to change, in the order of the page; `version`: of the parameters that are in force."""

    title = RuleField(
        rule=partial(check_text, field="title", longest=MAX_TITLE, required=True, one_line=True),
        label=gettext_lazy("Title"),
        widget=forms.TextInput(attrs={"maxlength": MAX_TITLE}),
    )
    body = TextField(
        name="body",
        longest=MAX_BODY,
        rows=4,
        required=False,
        label=gettext_lazy("Reasons (optional)"),
        help_text=gettext_lazy("Public."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, keys: Sequence[str], params: Parameters, version: int
    ) -> None:
        self.params, self.keys, self.version = params, keys, version
        super().__init__(data)
        in_force = dict(numbers_of(to_json(params)))
        for key in keys:
            self.fields[key] = field_of(key, in_force[key])
            self.fields[key].widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.data.get(VERSION, "") not in ("", str(self.version)):
            raise ValidationError(
                gettext_lazy("The parameters have changed since you opened this form. Check the values.")
            )
        if not self.errors:
            self._check_joint_bounds()
        return values

    def changes(self) -> dict[str, Any]:
        """Return the changes in the format of the API."""
        return api_changes({key: self.cleaned_data[key] for key in self.keys})

    def valid_changes(self) -> dict[str, dict[str, Any]]:
        """Return the changes of each valid field alone, by key, in the format of the API."""
        values = getattr(self, "cleaned_data", {})
        return {key: api_changes({key: values[key]}) for key in self.keys if values.get(key) is not None}

    def sent_fields(self) -> dict[str, str]:
        """Return names and values to send the form again, with numbers that every number style reads alike."""
        texts = {name: self.cleaned_data[name] for name in ("title", "body") if self.cleaned_data[name]}
        numbers = {key: self._canonical(key) for key in self.keys}
        return {VERSION: str(self.version), **texts, **numbers}

    def _canonical(self, key: str) -> str:
        field: Any = self.fields[key]
        value = self.cleaned_data[key]
        unit = getattr(field, "unit_seconds", 0)
        return canonical_number(value * 10**field.scale // unit if unit else value, field.scale)

    def _check_joint_bounds(self) -> None:
        try:
            apply_changes(self.params, self.changes())
        except ParameterOutOfBounds as error:
            sentence, names = joint_rule(error.detail)
            field = next((key for key in self.keys if key.partition(".")[0] in names), None)
            self.add_error(field, ValidationError(sentence, code=error.code))


def api_changes(values: dict[str, int]) -> dict[str, Any]:
    """Return changes by key ("tiers.1.minimum") in the format of the API, with rows for the tables."""
    changes: dict[str, Any] = {}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for key, value in values.items():
        table, _, rest = key.partition(".")
        if table not in TABLES:
            changes[key] = to_api(key, value)
            continue
        row, _, column = rest.rpartition(".")
        if (table, row) not in rows:
            rows[table, row] = {TABLES[table]: int(row) if table == "tiers" else row}
            changes.setdefault(table, []).append(rows[table, row])
        rows[table, row][column] = to_api(key, value)
    return changes


def chosen_keys(request: HttpRequest, params: Parameters) -> list[str]:
    """Return the parameters that a request names, in the order of the parameters.

    A GET names them as `change`, a POST by their fields.
    """
    chosen = request.POST.keys() if request.method == "POST" else set(request.GET.getlist(CHANGE))
    return [key for key, _ in numbers_of(to_json(params)) if key in chosen]
