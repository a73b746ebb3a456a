"""Which organisation gets which projection of which register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation, Scope
from quietline.web.publishing.models import Register

if TYPE_CHECKING:
    from quietline.web.accounts.api_keys import Credential

__all__ = ["may_read"]

_WHOLE = frozenset((Organisation.Kind.AUTHORITY, Organisation.Kind.OPERATOR))
_COMMON = frozenset((Register.Kind.DO_NOT_CALL, Register.Kind.REASSIGNED))
_SHARED = frozenset((Register.Kind.SEALED, Register.Kind.TRUSTED))
_LINES = _WHOLE | {Organisation.Kind.RESELLER}


def may_read(credential: Credential, register: Register, projection: str) -> bool:
    """Whether a program may fetch a projection of a register.

    A register of a seller's own (its consents, its requests to stop) is that seller's alone, so that what a person says
    to one firm reaches no other. The common registers go whole to authorities and operators; sellers get the areas that
    they subscribe to. Sealed and trusted numbers go to everybody who switches calls, resellers as well.
    """
    if Scope.FEED_READ not in credential.scopes:
        return False
    if register.owner_id is not None:
        return register.owner_id == credential.organisation.pk
    readers = _LINES if register.kind in _SHARED else _WHOLE if register.kind in _COMMON else frozenset()
    return credential.organisation.kind in readers
