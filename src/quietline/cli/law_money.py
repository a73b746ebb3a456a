"""``quietline law fee``, ``penalty``, ``window`` and ``severity``: what the dated tables of the law say."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from quietline.cli.clock import day as as_day
from quietline.cli.clock import today
from quietline.errors import LawError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from quietline.law import Confidence
    from quietline.law.complaint_windows import Timeliness
    from quietline.law.fees import Fee
    from quietline.law.money import Grounds, Undetermined
    from quietline.law.penalties import Amounts, Party, Penalties, Penalty
    from quietline.law.rulebook import Rulebook
    from quietline.law.severity import Severity

__all__ = ["fee", "penalty", "severity", "window"]

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_COUNTRY = re.compile(r"[A-Za-z]{2}(-[A-Za-z]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,16}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")

_WORDS: dict[str, dict[str, str]] = {
    "undetermined": {"en": "Undetermined. {}", "zh": "无法确定。{}"},
    "no_rulebook": {"en": "There is no rulebook for {}.", "zh": "没有{}的规则库。"},
    "fee": {"en": "{}, {}: {}, {} months, {}", "zh": "{}，{}：{}，{}个月，{}"},
    "areas": {"en": "{} area(s)", "zh": "{}个区域"},
    "all": {"en": "all areas", "zh": "全部区域"},
    "late": {"en": "{}, {} more added in the second half", "zh": "{}，后半段另增{}个"},
    "reckoned": {"en": "{} at {}, {} free of charge", "zh": "{}个按{}计，{}个免费"},
    "reckoned_late": {"en": "; {} added late at {}", "zh": "；后半段增加的{}个按{}计"},
    "never_more": {"en": "; never more than {}", "zh": "；最高不超过{}"},
    "capped": {"en": "; the maximum is reached", "zh": "；已达最高额"},
    "cheaper": {"en": "All areas together cost less: {}.", "zh": "订阅全部区域更便宜：{}。"},
    "citation": {"en": "written in: {}", "zh": "出处：{}"},
    "known": {"en": "how well known: {}{} ({})", "zh": "可靠程度：{}{}（{}）"},
    "since": {"en": "in force since {}", "zh": "自{}起施行"},
    "since_until": {"en": "in force since {}, until before {}", "zh": "自{}起施行，至{}前"},
    "note": {"en": "note: {}", "zh": "备注：{}"},
    "remarks": {"en": "besides: {}", "zh": "另：{}"},
    "penalties": {"en": "{}, violation of {}, assessed on {}", "zh": "{}，违反之日{}，处罚决定之日{}"},
    "titled": {"en": "{} ({})", "zh": "{}（{}）"},
    "case": {"en": "{}, {}", "zh": "{}，{}"},
    "up_to": {"en": "up to {}", "zh": "至多为{}"},
    "or_more": {"en": "{} or more", "zh": "{}以上"},
    "span": {"en": "{} to {}", "zh": "{}以上{}以下"},
    "how": {"en": "reckoned as: {}", "zh": "计算方式：{}"},
    "assessment_date": {"en": "The day of the assessment counts.", "zh": "以处罚决定之日为准。"},
    "violation_date": {"en": "The day of the violation counts.", "zh": "以违反之日为准。"},
    "not_said": {
        "en": "The rulebook does not say which day counts; the day of the violation is taken.",
        "zh": "规则库未说明以哪一日为准，此处取违反之日。",
    },
    "by_assessment": {"en": "by the law of the assessment, {}: {}", "zh": "按处罚决定之日（{}）的规定：{}"},
    "by_violation": {"en": "by the law of the violation, {}: {}", "zh": "按违反之日（{}）的规定：{}"},
    "in_time": {"en": "In time. {} days; the last day is {}.", "zh": "未逾期。时限{}日，最后一日为{}。"},
    "too_late": {"en": "Too late. {} days; the last day was {}.", "zh": "已逾期。时限{}日，最后一日为{}。"},
    "call_date": {"en": "The law of the day of the call decides.", "zh": "适用来电当日的规定。"},
    "report_date": {"en": "The law of the day of the complaint decides.", "zh": "适用投诉当日的规定。"},
    "window": {"en": "{}: {}, called {}, reported {}", "zh": "{}：{}，来电日{}，投诉日{}"},
    "offence": {"en": "{}, {}: {}", "zh": "{}，{}：{}"},
    "not_serious": {"en": "Not serious by number or gain.", "zh": "就条数与违法所得而言，未达情节严重。"},
    "serious": {"en": "Serious.", "zh": "情节严重。"},
    "very_serious": {"en": "Very serious.", "zh": "情节特别严重。"},
    "share": {"en": "class {}: {} records of {}: {}", "zh": "{}类：{}条，标准{}条：{}"},
    "total": {"en": "together: {} (1 is serious)", "zh": "合计：{}（达到1即为情节严重）"},
    "gain": {"en": "gain: {} of the amount that is serious", "zh": "违法所得：为情节严重数额的{}"},
    "very_from": {"en": "very serious from {} on", "zh": "达到{}即为情节特别严重"},
    "business": {"en": "Lawful business: only the gain counts.", "zh": "为合法经营活动：只看获利数额。"},
    "no_business": {
        "en": "The rule for lawful business does not cover these records; the general rule was used.",
        "zh": "合法经营活动的规定不适用于这些信息，已按一般规定衡量。",
    },
    "nature": {
        "en": "administrative civil criminal damages",
        "zh": "行政处罚 民事罚款 刑事罚金 损害赔偿",
    },
}
_NATURES = ("administrative", "civil", "criminal", "damages")


def _common(command: _Command) -> _Command:
    """Give a command its country and what decides how it answers."""
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="As a JSON object."),
        click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language."),
        click.argument("country"),
    ):
        command = decorate(command)
    return command


@click.command()
@_common
@click.option("--areas", required=True, metavar="N|all", help="How many areas, or all.")
@click.option("--on", required=True, metavar="DATE", callback=as_day, help="The day whose prices count.")
@click.option("--months", type=int, default=12, show_default=True, help="How long the subscription runs.")
@click.option("--added-late", type=int, default=0, metavar="N", help="Areas added in the second half of the term.")
def fee(country: str, lang: str, as_json: bool, areas: str, on: date, months: int, added_late: int) -> None:
    """Say what access to the register costs.

    COUNTRY is two letters. Where the rulebook has no fee by area, or does not know it, the answer is "undetermined".
    """
    from quietline.law.fees import subscription_fee
    from quietline.law.money import Undetermined

    day = on
    wanted: int | Literal["all"] = "all" if areas.lower() == "all" else _count("--areas", areas)
    rulebook = _rulebook(country)
    if rulebook is None:
        _tell_missing(country, lang, as_json)
        return
    found = subscription_fee(rulebook.fees, areas=wanted, on=day, months=months, added_late=added_late)
    if isinstance(found, Undetermined):
        _tell_undetermined(rulebook, found, lang, as_json)
    elif as_json:
        _tell_json(rulebook, found.as_dict(lang))
    else:
        _tell(_fee_lines(rulebook, found, lang))


@click.command()
@_common
@click.option("--on", required=True, metavar="DATE", callback=as_day, help="Day of the violation.")
@click.option(
    "--assessed",
    metavar="DATE",
    callback=as_day,
    help="Day on which the penalty is imposed (default: that of the violation).",
)
@click.option("--party", type=click.Choice(["individual", "organisation"]), help="Only penalties for these.")
@click.option("--turnover", metavar="N", help="Turnover, in the currency of the penalty.")
@click.option("--income", metavar="N", help="Illegal income, in the currency of the penalty.")
def penalty(
    country: str,
    lang: str,
    as_json: bool,
    on: date,
    assessed: date | None,
    party: str | None,
    turnover: str | None,
    income: str | None,
) -> None:
    """Say how high the penalties for a violation may be.

    COUNTRY is two letters. Where the day of the assessment counts, the amounts of both days are shown.
    """
    from quietline.law.penalties import maximum_penalty

    day = on
    decided = assessed
    worth = None if turnover is None else _amount("--turnover", turnover)
    gain = None if income is None else _amount("--income", income)
    rulebook = _rulebook(country)
    if rulebook is None:
        _tell_missing(country, lang, as_json)
        return
    found = maximum_penalty(
        rulebook.penalties, on=day, assessed=decided, party=cast("Party | None", party), turnover=worth, income=gain
    )
    if as_json:
        _tell_json(rulebook, found.as_dict(lang))
    else:
        _tell(_penalties_lines(rulebook, found, lang))


@click.command()
@_common
@click.option("--called", required=True, metavar="DATE", callback=as_day, help="Day of the call or message.")
@click.option("--reported", required=True, metavar="DATE", callback=as_day, help="Day of the complaint.")
def window(country: str, lang: str, as_json: bool, called: date, reported: date) -> None:
    """Say whether a complaint is in time.

    COUNTRY is two letters. Where the rulebook knows no time limit, the answer is "undetermined".
    """
    from quietline.law.complaint_windows import in_time
    from quietline.law.money import Undetermined

    call_date, report_date = called, reported
    rulebook = _rulebook(country)
    if rulebook is None:
        _tell_missing(country, lang, as_json)
        return
    found = in_time(rulebook.complaint_windows, called=call_date, reported=report_date)
    if isinstance(found, Undetermined):
        _tell_undetermined(rulebook, found, lang, as_json)
    elif as_json:
        _tell_json(rulebook, found.as_dict(lang))
    else:
        _tell(_window_lines(rulebook, found, lang))


@click.command()
@_common
@click.argument("more", metavar="[KIND=COUNT]...", nargs=-1)
@click.option("--records", multiple=True, metavar="KIND=COUNT", help="How many records of a kind or class; more may follow.")
@click.option("--insider", is_flag=True, help="They were got in office or service.")
@click.option("--income", metavar="N", help="Illegal gain, in the currency of the rulebook.")
@click.option("--lawful-business", is_flag=True, help="They were got for lawful trade.")
@click.option("--on", metavar="DATE", callback=as_day, help="The day whose law counts (default: today, UTC).")
def severity(
    country: str,
    lang: str,
    as_json: bool,
    more: tuple[str, ...],
    records: tuple[str, ...],
    insider: bool,
    income: str | None,
    lawful_business: bool,
    on: date | None,
) -> None:
    """Say how grave an offence with personal data is, by records and gain.

    COUNTRY is two letters. KIND is the name of a kind of records, such as location, or the letter of its class.
    """
    from quietline.law.money import Undetermined
    from quietline.law.severity import severity_of

    day = on or today()
    gain = None if income is None else _amount("--income", income)
    counts: dict[str, int] = {}
    for text in (*records, *more):
        kind, equals, count = text.partition("=")
        if not kind or not equals:
            raise UsageError(f"--records {text!r} is not KIND=COUNT.", advice="Give it as location=50.")
        counts[kind.lower()] = counts.get(kind.lower(), 0) + _count("--records", count)
    rulebook = _rulebook(country)
    if rulebook is None:
        _tell_missing(country, lang, as_json)
        return
    found = severity_of(
        rulebook.severity, records=counts, on=day, insider=insider, income=gain, lawful_business=lawful_business
    )
    if isinstance(found, Undetermined):
        _tell_undetermined(rulebook, found, lang, as_json)
    elif as_json:
        _tell_json(rulebook, found.as_dict(lang))
    else:
        _tell(_severity_lines(rulebook, found, lang, asked_business=lawful_business))


def _count(option: str, text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise UsageError(f"{option} {text!r} is not a whole number of 0 or more.", advice="Write it with digits only.")
    return int(text)


def _amount(option: str, text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise UsageError(f"{option} {text!r} is not an amount.", advice="Write it as 20000000 or 1250.50.")
    return Decimal(text)


def _rulebook(country: str) -> Rulebook | None:
    """Load the rulebook; None where there is none for the country."""
    from quietline.law.rulebook import load_rulebook

    if not _COUNTRY.fullmatch(country):
        raise UsageError(f"{country!r} is not a country code of two letters.", advice="Give one such as US, GB or CN.")
    try:
        return load_rulebook(country)
    except LawError as error:
        if error.code == "law.undetermined":
            return None
        raise


def _tell(lines: list[str]) -> None:
    click.echo("\n".join(lines))


def _tell_json(rulebook: Rulebook, facts: dict[str, Any]) -> None:
    click.echo(json.dumps({"country": rulebook.name.upper(), **facts}, indent=2, ensure_ascii=False))


def _tell_missing(country: str, lang: str, as_json: bool) -> None:
    why = _WORDS["no_rulebook"][lang].format(country.upper())
    if as_json:
        facts = {"country": country.upper(), "verdict": "undetermined", "why": why, "reason": "no_rulebook", "known": []}
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        click.echo(_WORDS["undetermined"][lang].format(why))


def _tell_undetermined(rulebook: Rulebook, found: Undetermined, lang: str, as_json: bool) -> None:
    if as_json:
        _tell_json(rulebook, found.as_dict(lang))
    else:
        _tell([_WORDS["undetermined"][lang].format(found.why[lang]), *_cited_lines(found, lang)])


def _known_line(confidence: Confidence, lang: str) -> str:
    """Say how well something is known; what nobody checked against a text is marked with (!)."""
    from quietline.law.money import CONFIDENCE_TEXT

    mark = "" if confidence.startswith("seen_") else "(!) "
    return _WORDS["known"][lang].format(mark, CONFIDENCE_TEXT[confidence][lang], confidence)


def _cited_lines(found: Undetermined, lang: str, indent: str = "  ") -> list[str]:
    if found.cited is None:
        return []
    lines = [_WORDS["citation"][lang].format(found.cited.citation), _known_line(found.cited.confidence, lang)]
    if found.cited.note:
        lines.append(_WORDS["note"][lang].format(found.cited.note))
    return [indent + line for line in lines]


def _ground_lines(grounds: Grounds, lang: str, indent: str = "  ") -> list[str]:
    since, until = grounds.from_date, grounds.next_change
    lines = [
        _WORDS["citation"][lang].format(grounds.citation),
        _known_line(grounds.confidence, lang),
        _WORDS["since_until"][lang].format(since, until) if until else _WORDS["since"][lang].format(since),
    ]
    if grounds.note:
        lines.append(_WORDS["note"][lang].format(grounds.note))
    return [indent + line for line in lines]


def _fee_lines(rulebook: Rulebook, found: Fee, lang: str) -> list[str]:
    what = _WORDS["all"][lang] if found.areas == "all" else _WORDS["areas"][lang].format(found.areas)
    if found.added_late:
        what = _WORDS["late"][lang].format(what, found.added_late)
    head = _WORDS["fee"][lang].format(rulebook.name.upper(), found.on, found.title[lang], found.months, what)
    lines = [head, f"  {found.amount}"]
    if found.charged is not None:
        free = (0 if found.areas == "all" else found.areas) + found.added_late - found.charged - found.charged_late
        how = _WORDS["reckoned"][lang].format(found.charged, found.area_price, free)
        if found.charged_late:
            how += _WORDS["reckoned_late"][lang].format(found.charged_late, found.late_price)
        if found.maximum is not None:
            how += _WORDS["never_more"][lang].format(found.maximum)
        lines.append("  " + how + (_WORDS["capped"][lang] if found.capped else ""))
    if found.all_areas_price is not None:
        lines.append("  " + _WORDS["cheaper"][lang].format(found.all_areas_price))
    lines += _ground_lines(found.grounds, lang)
    if found.remarks:
        lines.append("  " + _WORDS["remarks"][lang].format(found.remarks[lang]))
    return lines


def _amounts_text(found: Amounts | Undetermined, lang: str) -> str:
    from quietline.law.money import Undetermined

    if isinstance(found, Undetermined):
        return _WORDS["undetermined"][lang].format(found.why[lang])
    if found.maximum is None:
        return _WORDS["or_more"][lang].format(found.minimum)
    if found.minimum is None:
        return _WORDS["up_to"][lang].format(found.maximum)
    return _WORDS["span"][lang].format(found.minimum, found.maximum)


def _penalties_lines(rulebook: Rulebook, found: Penalties, lang: str) -> list[str]:
    lines = [_WORDS["penalties"][lang].format(rulebook.name.upper(), found.on, found.assessed)]
    if found.why:
        lines.append(_WORDS["undetermined"][lang].format(found.why[lang]))
    natures = dict(zip(_NATURES, _WORDS["nature"][lang].split(), strict=True))
    title = ""
    for each in found.penalties:
        if each.title[lang] != title:
            title = each.title[lang]
            lines += ["", _WORDS["titled"][lang].format(title, natures[each.nature])]
            if each.remarks:
                lines.append("  " + _WORDS["remarks"][lang].format(each.remarks[lang]))
        lines += _penalty_lines(each, found, lang)
    return lines


def _penalty_lines(each: Penalty, found: Penalties, lang: str) -> list[str]:
    from quietline.law.penalties import Amounts

    said = _amounts_text(each.applies, lang)
    lines = ["  " + _WORDS["case"][lang].format(each.case[lang], each.per[lang]), f"    {said}"]
    if isinstance(each.applies, Amounts) and each.applies.formula[lang] != said:
        lines.append("    " + _WORDS["how"][lang].format(each.applies.formula[lang]))
    if each.also:
        lines.append("    " + _WORDS["remarks"][lang].format(each.also[lang]))
    if isinstance(each.applies, Amounts):
        lines.append("    " + _WORDS[each.counts if each.counts_found else "not_said"][lang])
    if each.by_assessment is not None:
        for name, day, amounts in (
            ("by_assessment", found.assessed, each.by_assessment),
            ("by_violation", found.on, each.by_violation),
        ):
            lines.append("    " + _WORDS[name][lang].format(day, _amounts_text(amounts, lang)))
    if isinstance(each.applies, Amounts):
        lines += _ground_lines(each.applies.grounds, lang, "    ")
    else:
        lines += _cited_lines(each.applies, lang, "    ")
    return lines


def _window_lines(rulebook: Rulebook, found: Timeliness, lang: str) -> list[str]:
    return [
        _WORDS["window"][lang].format(rulebook.name.upper(), found.title[lang], found.called, found.reported),
        "  " + _WORDS[found.verdict][lang].format(found.days, found.last_day),
        "  " + _WORDS[found.day_that_counts][lang],
        *_ground_lines(found.grounds, lang),
        *(["  " + _WORDS["remarks"][lang].format(found.remarks[lang])] if found.remarks else []),
    ]


def _severity_lines(rulebook: Rulebook, found: Severity, lang: str, *, asked_business: bool) -> list[str]:
    lines = [
        _WORDS["offence"][lang].format(rulebook.name.upper(), found.on, found.title[lang]),
        "  " + _WORDS[found.verdict][lang],
    ]
    if asked_business:
        lines.append("  " + _WORDS["business" if found.lawful_business else "no_business"][lang])
    lines += [
        "  " + _WORDS["share"][lang].format(share.name, share.count, share.threshold, share.share) for share in found.shares
    ]
    if len(found.shares) > 1:
        lines.append("  " + _WORDS["total"][lang].format(found.total))
    if found.gain_share is not None:
        lines.append("  " + _WORDS["gain"][lang].format(found.gain_share))
    if found.very_serious_from is not None:
        lines.append("  " + _WORDS["very_from"][lang].format(found.very_serious_from))
    lines += _ground_lines(found.grounds, lang)
    if found.remarks:
        lines.append("  " + _WORDS["remarks"][lang].format(found.remarks[lang]))
    return lines
