"""What libphonenumber answers for plain digits, as decision diagrams.

The text is digits with or without a plus before them (punctuation is gone: the library drops it too). Each
function below follows the function of `phonenumbers.phonenumberutil` that its comment names, for texts of one
length at a time; where it does not follow every turn, it answers ASK and the library itself is asked. A test
compares the result with the library for every country.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import phonenumbers
from phonenumbers import phonenumberutil
from phonenumbers.phonemetadata import PhoneMetadata

from quietline.numbering._diagrams import FALSE, TRUE, Forest, leaf
from quietline.numbering._regexes import Alternative, NotUnderstoodError, Regexes
from quietline.numbering.statuses import Status

__all__ = ["ASK", "LONGEST_TEXT", "Label", "Logic"]

# Longest run of digits that a diagram is made for: a number of 15 digits, and perhaps a national prefix.
LONGEST_TEXT = 16
# E.164 allows 15 digits; the library accepts longer ones, and Quietline does not (it calls them too long).
LONGEST_NUMBER = 15
ASK = leaf(0)

_DESCRIPTIONS = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
_KEPT_WHEN_STRIPPED = {phonenumbers.ValidationResult.IS_POSSIBLE, phonenumbers.ValidationResult.TOO_LONG}
_POSSIBLE = {phonenumbers.ValidationResult.IS_POSSIBLE, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY}


_IMPOSSIBLE = {
    phonenumbers.ValidationResult.TOO_SHORT: Status.TOO_SHORT,
    phonenumbers.ValidationResult.TOO_LONG: Status.TOO_LONG,
    phonenumbers.ValidationResult.INVALID_LENGTH: Status.WRONG_LENGTH,
}


class Label(NamedTuple):
    """How an answer is made from the digits.

    Attributes:
        status: what the number is; only with OK and UNASSIGNED there is a key.
        calling_code: to be put before the digits, or 0: the digits are the E.164 number as they stand.
        dropped: digits at the beginning that are not part of the national number (with a calling code only).
    """

    status: Status
    calling_code: int
    dropped: int


class Logic:
    """The answers for every text of plain digits, kept in one forest."""

    def __init__(self) -> None:
        self.forest = Forest()
        self.regexes = Regexes(self.forest)
        self.labels: dict[Label, int] = {}
        self._valid: dict[tuple[int, int], int] = {}

    def international(self, length: int, codes: tuple[int, ...] | None = None) -> int:
        """Return the answers for a plus and ``length`` digits.

        Args:
            length: digits after the plus.
            codes: calling codes to cover; the others ask. None for all.
        """
        # parse, _maybe_extract_country_code, _extract_country_code. No calling code begins another, so order
        # is of no account; an unknown one makes the library start again without the plus: ask.
        result = ASK
        for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if codes is None else codes:
            digits = str(code)
            if length > len(digits):
                answers = self._or_ask(self.significant, code, _main(code), length - len(digits), len(digits), True)
                result = self.forest.choose(self._begins(digits), self.forest.after(len(digits), answers), result)
        return result

    def national(self, region: str, length: int) -> int:
        """Return the answers for ``length`` digits without a plus, the default region being ``region``."""
        return self._or_ask(self._national, region, length)

    def _or_ask(self, function: Any, *arguments: Any) -> int:
        try:
            return int(function(*arguments))
        except NotUnderstoodError:
            return ASK

    def _national(self, region: str, length: int) -> int:
        metadata: Any = PhoneMetadata.metadata_for_region(region)
        code = metadata.country_code
        answers = self.significant(code, metadata, length, 0, False)
        answers = self._own_code(code, metadata, length, answers)
        # _maybe_strip_i18n_prefix_and_normalize. An international prefix is reported as a repair, so it is
        # never taken here; nor are 00 and 011, which are repaired everywhere.
        for expression in (metadata.international_prefix, "00|011"):
            if expression is not None:
                prefix = self.regexes.starts(self.regexes.language(expression), length)
                answers = self.forest.choose(prefix, ASK, answers)
        return answers

    def _own_code(self, code: int, metadata: Any, length: int, otherwise: int) -> int:
        """Follow _maybe_extract_country_code for digits that begin with the region's own calling code."""
        digits = str(code)
        rest = length - len(digits)
        if rest < 1:
            return otherwise if length == 0 else ASK
        forest, general = self.forest, metadata.general_desc
        # What is left is looked at without its national prefix.
        rest_matches = whole_matches = self.matches(general, rest)
        stripped = unknown = FALSE
        for alternative, size in reversed(self._prefixes(metadata)):
            applies = self._applies(alternative, rest)
            after = forest.after(size or 0, self.matches(general, rest - (size or 0)))
            rest_matches = forest.choose(applies, forest.either(whole_matches, after), rest_matches)
            stripped = forest.choose(applies, TRUE if size else FALSE, stripped)
            unknown = forest.choose(applies, TRUE if size is None else FALSE, unknown)
        # Taken where the text is too long for a number, or matches only without the calling code. Having
        # stripped a national prefix to find out, the library would look for a second one: ask.
        better = forest.choose(self.matches(general, length), FALSE, forest.after(len(digits), rest_matches))
        too_long = self._length_result(metadata, length) == phonenumbers.ValidationResult.TOO_LONG
        taken = forest.after(len(digits), self.significant(code, _main(code), rest, len(digits), True))
        taken = forest.choose(forest.after(len(digits), stripped), ASK, taken)
        answers = forest.choose(TRUE if too_long else better, taken, otherwise)
        answers = forest.choose(forest.after(len(digits), unknown), ASK, answers)
        return forest.choose(self._begins(digits), answers, otherwise)

    def significant(self, code: int, metadata: Any, length: int, before: int, as_it_stands: bool) -> int:
        """Return the answers for ``length`` digits of which the national prefix may still have to go.

        Follows the second half of parse and _maybe_strip_national_prefix_carrier_code.

        Args:
            code: country calling code.
            metadata: of the region whose prefixes and lengths count.
            length: digits.
            before: digits of the text that stand before these.
            as_it_stands: the digits before these are the calling code.
        """
        forest = self.forest
        whole = self._outcome(code, length, 0 if as_it_stands else before, as_it_stands)
        answers = whole
        for alternative, size in reversed(self._prefixes(metadata)):
            effect = ASK if size is None else self._stripped(code, metadata, length, before=before, size=size, whole=whole)
            answers = forest.choose(self._applies(alternative, length), effect, answers)
        return answers

    def _stripped(self, code: int, metadata: Any, length: int, *, before: int, size: int, whole: int) -> int:
        """Return the answers where a national prefix stands first; ``whole`` where it stays."""
        left = length - size
        if size == 0 or left < 1 or self._length_result(metadata, left) not in _KEPT_WHEN_STRIPPED:
            return whole
        forest, general = self.forest, metadata.general_desc
        stripped = forest.after(size, self._outcome(code, left, before + size, False))
        still = forest.choose(forest.after(size, self.matches(general, left)), stripped, whole)
        return forest.choose(self.matches(general, length), still, stripped)

    def _outcome(self, code: int, length: int, dropped: int, as_it_stands: bool) -> int:
        """Return the answers for a national significant number of ``length`` digits.

        Args:
            code: country calling code.
            length: digits.
            dropped: digits of the text before the number.
            as_it_stands: the text is the calling code and the number, without more.
        """
        if length < 2:
            return ASK
        valid, unassigned = (
            Label(status, 0 if as_it_stands else code, 0 if as_it_stands else dropped)
            for status in (Status.OK, Status.UNASSIGNED)
        )
        # is_possible_number looks at the main region only, and only at the length.
        result = self._length_result(_main(code), length)
        otherwise = unassigned if result in _POSSIBLE else Label(_IMPOSSIBLE[result], 0, 0)
        if len(str(code)) + length > LONGEST_NUMBER:
            valid = Label(Status.TOO_LONG, 0, 0)
            otherwise = valid if result in _POSSIBLE else otherwise
        return self.forest.choose(self.valid(code, length), self._label(valid), self._label(otherwise))

    def valid(self, code: int, length: int) -> int:
        """Return the truth diagram of is_valid_number for national numbers of ``length`` digits."""
        known = self._valid.get((code, length))
        if known is None:
            known = self._valid[code, length] = self._valid_anywhere(code, length)
        return known

    def _valid_anywhere(self, code: int, length: int) -> int:
        # region_code_for_number, _region_code_for_number_from_list, is_valid_number_for_region
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        result = FALSE
        for region in reversed(regions):
            metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            of_known_type = self._of_known_type(metadata, length)
            if len(regions) > 1 and metadata.leading_digits is not None:
                leading = self.regexes.starts(self.regexes.language(metadata.leading_digits), length)
                result = self.forest.choose(leading, of_known_type, result)
            else:
                result = self.forest.either(of_known_type, result)
        return result

    def _of_known_type(self, metadata: Any, length: int) -> int:
        # _number_type_helper
        if not self._has_length(metadata.general_desc, length):
            return FALSE
        result = FALSE
        for name in _DESCRIPTIONS:
            description = getattr(metadata, name)
            if name == "mobile" and metadata.same_mobile_and_fixed_line_pattern:
                continue
            if self._has_length(description, length):
                result = self.forest.either(result, self.matches(description, length))
        return self.forest.choose(self.matches(metadata.general_desc, length), result, FALSE)

    def matches(self, description: Any, length: int) -> int:
        """Return the truth diagram of _match_national_number for strings of ``length`` digits."""
        if description is None or not description.national_number_pattern:
            return FALSE
        return self.regexes.language(description.national_number_pattern).get(length, FALSE)

    def _has_length(self, description: Any, length: int) -> bool:
        # _is_number_matching_desc
        if description is None:
            return False
        return not description.possible_length or length in description.possible_length

    def _length_result(self, metadata: Any, length: int) -> int:
        return int(phonenumberutil._test_number_length("0" * length, metadata))  # noqa: SLF001

    def _prefixes(self, metadata: Any) -> list[tuple[Alternative, int | None]]:
        """Return the ways to match a national prefix, and how many digits go with each.

        None where that varies, or where the digits are rewritten instead: that is left to the library.
        """
        expression = metadata.national_prefix_for_parsing
        if not expression:
            return []
        alternatives, groups = self.regexes.alternatives(expression)
        sizes: list[int | None] = []
        for alternative in alternatives:
            rewritten = metadata.national_prefix_transform_rule and groups in alternative.groups
            fixed = len(alternative.language) == 1 and not alternative.at_end and not rewritten
            sizes.append(next(iter(alternative.language)) if fixed else None)
        return list(zip(alternatives, sizes, strict=True))

    def _applies(self, alternative: Alternative, length: int) -> int:
        if alternative.at_end:
            return alternative.language.get(length, FALSE)
        return self.regexes.starts(alternative.language, length)

    def _begins(self, digits: str) -> int:
        result = TRUE
        for digit in reversed(digits):
            result = self.forest.branch(tuple(result if str(d) == digit else FALSE for d in range(10)))
        return result

    def _label(self, label: Label) -> int:
        return leaf(self.labels.setdefault(label, len(self.labels) + 1))


def _main(code: int) -> Any:
    return PhoneMetadata.metadata_for_region_or_calling_code(code, phonenumbers.region_code_for_country_code(code))
