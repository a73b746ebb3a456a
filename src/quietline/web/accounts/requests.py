"""Who asks, and whose page it is: what a request says about people and organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404

from quietline.web.accounts.models import Person
from quietline.web.accounts.queries import organisation_by_code

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.models import Organisation

__all__ = ["organisation_of", "person_of"]


def person_of(request: HttpRequest) -> Person:
    """Give who is signed in, on pages that the access table opens to nobody else."""
    assert isinstance(request.user, Person)  # noqa: S101 - see above
    return request.user


def organisation_of(code: str) -> Organisation:
    """Give the organisation that an address names by its account number.

    Raises:
        Http404: there is none.
    """
    found = organisation_by_code(code)
    if found is None:
        raise Http404
    return found
