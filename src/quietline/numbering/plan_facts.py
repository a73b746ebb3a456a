"""What the numbering plan says of a number: where it belongs, its kind of line, who was given it first.

Facts of the plan, not of the line: numbers are ported, people move, and nothing here asks a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quietline.errors import UsageError
from quietline.numbering.keys import SERVICE_BASE, SERVICE_STEP, Kind, key_of, kind_of, number_of

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

__all__ = ["Facts", "facts", "library_number"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the numbering plan says of a number.

    Attributes:
        number: as `number_of` writes it.
        kind: telephone number, service code or sender.
        valid: in a range that is in use.
        possible: of a length that numbers there have.
        country_calling_code: such as 86; 0 for a sender.
        region: ISO 3166 code of the country or territory; ``"001"`` for numbers of the world (+800, +870);
            None where the plan does not tell, and then ``regions`` lists all that share the calling code.
        regions: all regions the number may belong to.
        line_type: ``fixed_line``, ``mobile``, ``fixed_line_or_mobile`` (the plan does not tell them apart),
            ``toll_free``, ``premium_rate``, ``shared_cost``, ``voip``, ``personal_number``, ``pager``,
            ``uan``, ``voicemail``, ``unknown``, ``service_code`` or ``sender``.
        original_carrier: who was given the range, in English; empty where not known. The number may have been
            ported.
        original_carrier_zh: the same in Chinese; empty where the library has no Chinese name.
        time_zones: every zone the number's place may lie in, IANA names, sorted; empty where not known.
        location: the place in English, as exactly as the plan tells; empty where not known.
        location_zh: the same in Chinese; empty where the library has no Chinese name.
    """

    number: str
    kind: Kind
    valid: bool
    possible: bool
    country_calling_code: int
    region: str | None
    regions: tuple[str, ...]
    line_type: str
    original_carrier: str = ""
    original_carrier_zh: str = ""
    time_zones: tuple[str, ...] = ()
    location: str = ""
    location_zh: str = ""


def facts(number_or_key: str | int) -> Facts:
    """Return what the numbering plan says of a number.

    Args:
        number_or_key: E.164 text with plus, service code or sender as `number_of` writes them; or uint64 key.

    Raises:
        UsageError: it is none of these, or no country has the calling code.

    Source: libphonenumber, of the installed release.
    """
    key = key_of(number_or_key) if isinstance(number_or_key, str) else int(number_or_key)
    kind = kind_of(key)
    if kind is Kind.SENDER:
        return Facts(number_of(key), kind, True, True, 0, None, (), "sender")
    if kind is Kind.SERVICE:
        return _service_facts(key)
    return _number_facts(key)


def _service_facts(key: int) -> Facts:
    import phonenumbers

    code = (key - SERVICE_BASE) // SERVICE_STEP
    regions = phonenumbers.region_codes_for_country_code(code)
    region = regions[0] if len(regions) == 1 else None
    return Facts(number_of(key), Kind.SERVICE, bool(regions), bool(regions), code, region, regions, "service_code")


def _number_facts(key: int) -> Facts:
    import phonenumbers

    numobj: Any = library_number(key)
    valid = phonenumbers.is_valid_number(numobj)
    regions = phonenumbers.region_codes_for_country_code(numobj.country_code)
    if valid:
        regions = tuple(region for region in regions if phonenumbers.is_valid_number_for_region(numobj, region))
    line_type = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(numobj)).lower()
    return Facts(
        number=number_of(key),
        kind=Kind.E164,
        valid=valid,
        possible=phonenumbers.is_possible_number(numobj),
        country_calling_code=numobj.country_code,
        region=phonenumbers.region_code_for_number(numobj) if valid else regions[0] if len(regions) == 1 else None,
        regions=regions,
        line_type=line_type,
        time_zones=_time_zones(numobj),
        **_names(numobj),
    )


def library_number(key: int) -> PhoneNumber:
    """Return a key as phonenumbers has it: from the digits, as reading them again could strip a prefix, and takes longer.

    Args:
        key: of an E.164 number.

    Raises:
        UsageError: ``usage.number``, no country has its calling code.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber

    digits = str(key)
    for length in (1, 2, 3):
        if int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE and len(digits) > length:
            national = digits[length:]
            zeros = min(len(national) - len(national.lstrip("0")), len(national) - 1)
            return PhoneNumber(
                country_code=int(digits[:length]),
                national_number=int(national),
                italian_leading_zero=zeros > 0 or None,
                number_of_leading_zeros=zeros if zeros > 1 else None,
            )
    raise UsageError(f"No country has the calling code of +{key}.", code="usage.number")


def _time_zones(numobj: PhoneNumber) -> tuple[str, ...]:
    from phonenumbers import PhoneNumberType, number_type, timezone

    if number_type(numobj) == PhoneNumberType.UNKNOWN:  # by its first digits all the same
        zones = timezone.time_zones_for_geographical_number(numobj)
    else:
        zones = timezone.time_zones_for_number(numobj)
    return tuple(sorted(zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE))


def _names(numobj: PhoneNumber) -> dict[str, Any]:
    from phonenumbers import carrier, geocoder

    names = {
        "original_carrier": carrier.name_for_number(numobj, "en"),
        "original_carrier_zh": carrier.name_for_number(numobj, "zh"),
        "location": geocoder.description_for_number(numobj, "en"),
        "location_zh": geocoder.description_for_number(numobj, "zh"),
    }
    for name in ("original_carrier", "location"):  # without a Chinese name the library gives the English one
        if names[f"{name}_zh"] == names[name]:
            names[f"{name}_zh"] = ""
    return names
