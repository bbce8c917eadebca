"""Form fields: the protocol's values out of the reader's own numbers, errors at the field with limits in its unit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.urls import get_resolver

from protocol.amounts import MICRO
from protocol.errors import DelegationCapExceeded, ShareCutTooLarge
from web.formatting import write_numbers
from web.forms import (
    ALL,
    AddressField,
    AmountField,
    DurationField,
    FactorField,
    NumberField,
    PageForm,
    PercentField,
)

NODE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


class Terms(PageForm):
    share = PercentField(min_value=5_000, max_value=10_000)
    cap = AmountField(required=False)


def error(field: forms.Field, text: object) -> tuple[str, str]:
    """Message and code of the first error of a text."""
    with pytest.raises(forms.ValidationError) as refused:
        field.clean(text)
    return refused.value.messages[0], refused.value.error_list[0].code


def test_amounts_are_cleaned_to_micro_ifm_in_the_readers_style():
    field = AmountField(min_value=MICRO)
    assert field.clean("1500.5") == 1_500_500_000
    with write_numbers("comma"):
        assert field.clean("1.500,50 IFM") == 1_500_500_000
        assert field.prepare_value(1_500_500_000) == "1500,5"
        assert field.prepare_value("1500.500000") == "1500,5"
        assert field.prepare_value("1.500") == "1.500"


def test_an_ambiguous_amount_is_refused_with_both_readings():
    with write_numbers("comma"):
        assert error(AmountField(), "1.500") == (
            "“1.500” can mean 1,5 or 1500. Enter 1,5 or 1500.",
            "amount_invalid",
        )
    assert error(AmountField(), "1,500")[0] == "“1,500” can mean 1.5 or 1500. Enter 1.5 or 1500."


def test_errors_of_amounts_have_the_codes_of_the_protocol():
    field = AmountField(min_value=MICRO, max_value=2_000 * MICRO)
    assert error(field, "") == ("Enter an amount.", "amount_invalid")
    assert error(field, "ten") == (
        "“ten” cannot be read. Enter a number from 0 on, for example 1.5.",
        "amount_invalid",
    )
    assert error(field, "0.1234567") == ("Enter at most 6 decimals.", "amount_invalid")
    assert error(field, "0.5") == ("Enter a value from 1.00 IFM to 2,000.00 IFM.", "amount_too_small")
    assert error(field, "9" * 20) == ("Enter at most 9,223,372,036,854.775807 IFM.", "amount_invalid")
    assert error(AmountField(min_value=MICRO), "0.5") == ("Enter at least 1.00 IFM.", "amount_too_small")


def test_all_is_an_amount_only_where_everything_can_be_taken():
    assert AmountField(allow_all=True, min_value=MICRO).clean(" All ") == ALL
    assert error(AmountField(), "all")[1] == "amount_invalid"


def test_percentages_are_bps_and_their_limits_are_percentages():
    field = PercentField(min_value=5_000, max_value=10_000)
    assert field.clean("82.5") == 8_250
    assert field.clean("80 %") == 8_000
    assert field.prepare_value(8_250) == "82.5"
    assert error(field, "12") == ("Enter a value from 50% to 100%.", "parameter_out_of_bounds")
    assert error(field, "82.505") == ("Enter at most 2 decimals.", "parameter_out_of_bounds")


def test_factors_durations_and_whole_numbers_are_cleaned_to_the_smallest_unit():
    assert FactorField().clean("1.15") == 11_500
    assert error(FactorField(max_value=20_000), "2.5")[0] == "Enter at most 2.00×."
    hours = DurationField(unit_seconds=3_600, min_value=3_600, max_value=604_800)
    assert hours.clean("1.5") == 5_400
    assert hours.prepare_value(5_400) == "1.5"
    assert error(hours, "0.5")[0] == "Enter a value from 1 hour to 7 days."
    assert error(hours, "1.00001")[0] == "Enter a time of whole seconds."
    epochs = NumberField(min_value=1, max_value=30, unit="epochs")
    assert epochs.clean("30") == 30
    assert error(epochs, "31") == ("Enter a value from 1 to 30.", "parameter_out_of_bounds")


def test_addresses_are_canonical_and_a_wrong_checksum_is_an_error():
    assert AddressField().clean(f" {NODE} ") == NODE.lower()
    assert AddressField().prepare_value(NODE.lower()) == NODE
    assert error(AddressField(), NODE.replace("5aA", "5AA")) == (
        "Check the address for a typing error: its checksum is wrong.",
        "address_invalid",
    )
    assert AddressField(required=False).clean("") == ""


def test_a_wrong_field_is_named_described_and_focused():
    form = Terms({"share": "12", "cap": "2000"})
    assert form.status == 400
    html = form["share"].as_field_group()
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_share_error"' in html
    assert '<div id="id_share_error">' in html
    assert "Enter a value from 50% to 100%." in html
    assert "<code>parameter_out_of_bounds</code>" in html
    assert "autofocus" in html
    assert "autofocus" not in form["cap"].as_field_group()


def test_a_service_refusal_stands_at_its_field_or_above_the_form():
    form = Terms({"share": "80", "cap": ""})
    assert form.is_valid()
    assert form.cleaned_data == {"share": 8_000, "cap": None}
    form.add_refusal(ShareCutTooLarge("Too much at once.", field="share"))
    assert form.errors["share"] == ["Too much at once."]
    assert form.status == 400

    form = Terms({"share": "80"})
    form.add_refusal(DelegationCapExceeded())
    assert form.non_field_errors().as_data()[0].code == "delegation_cap_exceeded"
    assert form.status == 409


def forms_of_the_site() -> list[type[forms.BaseForm]]:
    """Every form class in the site's packages, with all pages imported."""
    # Reading the patterns imports the pages.
    assert get_resolver().url_patterns
    classes: list[type[forms.BaseForm]] = [forms.BaseForm]
    for one in classes:
        classes += one.__subclasses__()
    return [one for one in classes if not one.__module__.startswith(("django.", "tests."))]


def test_no_form_reads_numbers_without_the_readers_style():
    """Django's own number fields know one style: 1.000 would be 1 to them."""
    classes = forms_of_the_site()
    assert len(classes) > 20
    wrong = [
        f"{one.__module__}.{one.__name__}.{name}"
        for one in classes
        for name, field in getattr(one, "base_fields", {}).items()
        if isinstance(field, forms.IntegerField)
    ]
    assert wrong == []


def test_no_page_makes_a_number_field_of_django_for_itself():
    wrong = re.compile(r"\bforms\.(Integer|Decimal|Float)Field\(")
    root = Path(settings.BASE_DIR)
    pages = [file for file in root.glob("*/**/pages/**/*.py") if ".venv" not in file.parts]
    pages += root.glob("*/pages/*.py")
    assert len(pages) > 50
    assert [str(file) for file in pages if wrong.search(file.read_text())] == []
