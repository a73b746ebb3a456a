"""Which organisation can give which role, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from quietline.web.accounts.models import Organisation, Role

__all__ = ["MANAGING", "OVERSEEING", "ROLES", "STAFF", "RoleRule", "roles_of"]

_Kind = Organisation.Kind


@dataclass(frozen=True, slots=True)
class RoleRule:
    """What goes with a role.

    Attributes:
        kinds: of organisations whose people can have it.
        staff: whether it reaches other people's records, and so needs a second factor.
        manages: whether it invites and ends members of its own organisation and makes its keys.
    """

    kinds: frozenset[Organisation.Kind]
    staff: bool = False
    manages: bool = False


_SELLERS = frozenset((_Kind.SELLER, _Kind.TELEMARKETER, _Kind.AGENCY, _Kind.EXEMPT))
_AUTHORITIES = frozenset((_Kind.AUTHORITY,))

ROLES: dict[Role, RoleRule] = {
    Role.REPRESENTATIVE: RoleRule(_SELLERS, manages=True),
    Role.DOWNLOADER: RoleRule(_SELLERS),
    Role.SELLER_AUDITOR: RoleRule(_SELLERS),
    Role.OPERATOR: RoleRule(frozenset((_Kind.OPERATOR,)), manages=True),
    Role.RESELLER: RoleRule(frozenset((_Kind.RESELLER,)), manages=True),
    Role.INVESTIGATOR: RoleRule(_AUTHORITIES, staff=True),
    Role.SUPERVISOR: RoleRule(_AUTHORITIES, staff=True),
    Role.PRIVACY_OFFICER: RoleRule(_AUTHORITIES, staff=True),
    Role.AUDITOR: RoleRule(_AUTHORITIES, staff=True),
    Role.ADMINISTRATOR: RoleRule(_AUTHORITIES, staff=True, manages=True),
}
STAFF = frozenset(role for role, rule in ROLES.items() if rule.staff)
OVERSEEING = frozenset((Role.ADMINISTRATOR, Role.SUPERVISOR))
"""Roles of an authority that enter, verify, suspend and close organisations."""
MANAGING = frozenset(role for role, rule in ROLES.items() if rule.manages)


def roles_of(kind: str) -> list[Role]:
    """List the roles that people of such an organisation can have."""
    return [role for role, rule in ROLES.items() if kind in rule.kinds]
