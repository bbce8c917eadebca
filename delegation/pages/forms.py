"""Forms of an operator that move no money: register a node, change its terms or its details."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from protocol.amounts import MAX_AMOUNT
from protocol.bounds import SHARE_CEILING, SHARE_FLOOR
from protocol.errors import Invalid, ShareCutTooLarge
from protocol.texts import NAME_LENGTH, check_name
from staking.selectors.nodes import regions
from staking.templatetags.node_cells import REGIONS, region_name
from web.formatting import percent
from web.forms import AddressField, AmountField, NumberField, PageForm, PercentField, RuleField
from web.number_input import canonical_number

# Offered in the form; any other accelerator can be named.
ACCELERATORS = ("H200", "H100", "A100", "L40S", "L4", "RTX 4090", "MI300X", "TPU v5e")
OTHER = "other"
_WHOLE = re.compile(r"-?[0-9]{1,18}")
LONGEST = 4_000


class HardwareLines(forms.CharField):
    """Lines of `name = value` as named values; whole numbers become integers."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "form-control font-monospace"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, required=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        values: dict[str, Any] = {}
        for line in str(super().to_python(value) or "").splitlines():
            if not line.strip():
                continue
            name, equal, text = (part.strip() for part in line.partition("="))
            if not equal or not name:
                message = gettext("Write each value on a line of its own, for example ram_gb = 512.")
                raise ValidationError(message, code=Invalid.code)
            whole = _WHOLE.fullmatch(text) and abs(int(text)) <= MAX_AMOUNT
            values[name] = int(text) if whole else text
        return values

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{n} = {v}" for n, v in value.items()) if isinstance(value, dict) else value


class NodeDetailsForm(PageForm):
    """Name, region, hardware and signing key of a node. Nothing typed for a part of the hardware leaves it out."""

    name = RuleField(rule=check_name, label=gettext_lazy("Name"), max_length=NAME_LENGTH)
    region = forms.ChoiceField(label=gettext_lazy("Region"))
    gpu = forms.ChoiceField(label=gettext_lazy("Accelerator"), required=False)
    gpu_name = forms.CharField(label=gettext_lazy("Other accelerator"), required=False, max_length=64)
    gpus = NumberField(
        label=gettext_lazy("Number of accelerators"), required=False, min_value=1, max_value=1_024
    )
    gpu_memory_gb = NumberField(
        label=gettext_lazy("Memory of each"), unit="GB", required=False, min_value=1, max_value=4_096
    )
    tee = forms.BooleanField(label=gettext_lazy("Trusted execution environment"), required=False)
    more = HardwareLines(
        label=gettext_lazy("More hardware, one value per line"),
        help_text=gettext_lazy(
            "Declare what an attestation measures: a declared whole number above the measured one is an offence."
        ),
    )
    signing_key = AddressField(
        label=gettext_lazy("Signing key"),
        help_text=gettext_lazy(
            "From a change on, every receipt that arrives is judged by the new key, whenever its job was accepted. "
            "Let receipts signed with the former key arrive first."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = str(self.initial.get("region", ""))
        region, gpu = self.fields["region"], self.fields["gpu"]
        assert isinstance(region, forms.ChoiceField)
        assert isinstance(gpu, forms.ChoiceField)
        codes = sorted({*REGIONS, *regions(), own} - {""}, key=region_name)
        region.choices = [("", gettext("Choose a region")), *((code, region_name(code)) for code in codes)]
        named = [(name, name) for name in ACCELERATORS]
        gpu.choices = [("", gettext("None")), *named, (OTHER, gettext("Other"))]

    @classmethod
    def initial_of(cls, hardware: dict[str, Any]) -> dict[str, Any]:
        """Initial values for declared hardware."""
        rest = dict(hardware)
        gpu = str(rest.pop("gpu", ""))
        values: dict[str, Any] = {"gpu": gpu if gpu in ("", *ACCELERATORS) else OTHER}
        values["gpu_name"] = gpu if values["gpu"] == OTHER else ""
        for name in ("gpus", "gpu_memory_gb"):
            if isinstance(rest.get(name), int) and not isinstance(rest.get(name), bool):
                values[name] = rest.pop(name)
        if rest.get("tee") in (0, 1):
            values["tee"] = bool(rest.pop("tee"))
        return values | {"more": rest}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("gpu") == OTHER and not values.get("gpu_name"):
            self.add_error("gpu_name", gettext("Name the accelerator."))
        return values

    def hardware(self) -> dict[str, Any]:
        """The declared hardware as named values."""
        values = self.cleaned_data
        gpu = values["gpu_name"] if values["gpu"] == OTHER else values["gpu"]
        named = {"gpu": gpu, "gpus": values["gpus"], "gpu_memory_gb": values["gpu_memory_gb"]}
        declared = {name: value for name, value in named.items() if value}
        if values["tee"]:
            declared["tee"] = 1
        return declared | values["more"]

    def changes(self) -> dict[str, Any]:
        """The form's values as arguments of the node service."""
        values = self.cleaned_data
        return {
            "name": values["name"],
            "region": values["region"],
            "signing_key": values["signing_key"],
            "hardware": self.hardware(),
        }


class RegisterForm(NodeDetailsForm):
    """A new node of the signed-in wallet."""

    address = AddressField(
        label=gettext_lazy("Address of the node"),
        help_text=gettext_lazy("Receipts are signed with its key unless you name a signing key."),
    )
    delegation_cap = AmountField(label=gettext_lazy("Delegation cap, empty for none"), required=False)
    delegator_share_bps = PercentField(
        label=gettext_lazy("Delegator share"), min_value=SHARE_FLOOR, max_value=SHARE_CEILING
    )
    custodial = forms.BooleanField(
        label=gettext_lazy("Custodial: no part of a slash returns to delegators"), required=False
    )
    field_order = ("address", "name", "region")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["signing_key"].required = False
        self.fields["signing_key"].label = gettext("Signing key, if it is another")
        self.fields["signing_key"].help_text = ""

    def values(self) -> dict[str, Any]:
        """Arguments of the registration service, without operator and time."""
        values = self.cleaned_data
        return {
            **self.changes(),
            "signing_key": values["signing_key"] or None,
            "address": values["address"],
            "delegation_cap": values["delegation_cap"],
            "share_bps": values["delegator_share_bps"],
            "custodial": values["custodial"],
        }


class TermsForm(PageForm):
    """Delegation cap and delegator share of a node. `least_share`: the lowest share allowed from the next epoch."""

    delegation_cap = AmountField(
        label=gettext_lazy("Delegation cap"),
        required=False,
        help_text=gettext_lazy("Delegations above a lower cap stay; empty means no cap."),
    )
    delegator_share_bps = PercentField(
        label=gettext_lazy("Delegator share"), min_value=SHARE_FLOOR, max_value=SHARE_CEILING
    )

    def __init__(self, *args: Any, least_share: int, **kwargs: Any) -> None:
        self.least_share = least_share
        super().__init__(*args, **kwargs)

    def clean_delegator_share_bps(self) -> int:
        share: int = self.cleaned_data["delegator_share_bps"]
        if share < self.least_share:
            message = gettext("Enter at least %(least)s: the share is reduced in steps, one each epoch.")
            least = percent(self.least_share, 0 if self.least_share % 100 == 0 else 2)
            raise ValidationError(message % {"least": least}, code=ShareCutTooLarge.code)
        return share

    def changes(self) -> dict[str, Any]:
        """The form's values as arguments of the node service."""
        return dict(self.cleaned_data)

    def fields_to_send(self) -> dict[str, str]:
        """Names and values for the review, in canonical form."""
        cap = self.cleaned_data["delegation_cap"]
        return {
            "delegation_cap": "" if cap is None else canonical_number(cap, 6),
            "delegator_share_bps": canonical_number(self.cleaned_data["delegator_share_bps"], 2),
        }


def sent_fields(form: PageForm) -> dict[str, str]:
    """Names and values of a form as they were typed, to send them again from a review."""
    values: dict[str, str] = {}
    for name in form.fields:
        text = str(form.data.get(name, "")).replace("\r\n", "\n").strip()
        if text:
            values[name] = text
    return values
