"""What can be typed about somebody who contacts the desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation import phone
from madoguchi.people.models import Person


class PersonForm(forms.ModelForm):
    organization = forms.CharField(
        label=_("organization"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "organizations", "autocomplete": "off"}),
        help_text=_("A new name makes a new organization."),
    )

    class Meta:
        model = Person
        fields = (
            "family_name",
            "given_name",
            "family_kana",
            "given_kana",
            "organization",
            "title",
            "language",
            "note",
        )
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"family_kana": _("Any kana will do.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["family_name"].required = True
        self.initial["organization"] = self.instance.organization.name if self.instance.organization else ""

    def _post_clean(self) -> None:
        """The organisation is a name here; the act finds or makes it, so the model is not asked."""


class NewPersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("A blank between family and given name."))
    kana = forms.CharField(label=_("Reading"), max_length=200, required=False, help_text=_("Any kana will do."))
    organization = forms.CharField(
        label=_("organization"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "organizations", "autocomplete": "off"}),
        help_text=_("A new name makes a new organization."),
    )
    phone = forms.CharField(label=_("Phone"), max_length=60, required=False)
    email = forms.EmailField(label=_("Mail"), required=False)

    def clean_phone(self) -> str:
        written: str = self.cleaned_data["phone"]
        if written and not phone.normalise(written):
            raise forms.ValidationError(_("This is not a telephone number."))
        return written
