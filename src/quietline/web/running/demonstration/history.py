"""What lies behind the figures: reports of two quarters that are over, a published book, and a log that is audited."""

from __future__ import annotations

import csv
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.web.accounts.models import Person
from quietline.web.complaints.historic import import_reports
from quietline.web.compliance.audits import start_audit
from quietline.web.statistics.counting import count_days
from quietline.web.statistics.operations import propose_book, publish_book
from quietline.web.statistics.periods import quarter_with
from quietline.web.washing.places import incoming_folder
from quietline.web.washing.wanted import read_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.web.accounts.models import Organisation
    from quietline.web.statistics.periods import Period

__all__ = ["call_log_path", "make_history", "write_call_log"]

_HEADINGS = (
    "Company_Phone_Number", "Created_Date", "Violation_Date", "Consumer_City", "Consumer_State", "Consumer_Area_Code",
    "Subject", "Recorded_Message_Or_Robocall",
)  # fmt: skip
_PLACES = (
    ("New York", "New York", "212"), ("Miami", "Florida", "305"), ("Chicago", "Illinois", "312"),
    ("Austin", "Texas", "512"), ("Boston", "Massachusetts", "617"),
)  # fmt: skip
_SUBJECTS = (
    "Home improvement & cleaning", "Medical & prescriptions", "Reducing your debt (credit cards, mortgage, student loans)",
    "Warranties & protection plans", "Other",
)  # fmt: skip
_CALLERS = ("214", "469", "614", "720")
_QUARTERS = (340, 460)
"""Reports in each of the two quarters, the older one first: a rise that can be seen."""
_LOG_HEADINGS = ("call_date", "start_epoch", "phone_code", "phone_number_dialed", "status", "user")
"""As VICIdial exports calls; ``start_epoch`` says the moment without a time zone."""
_LOGGED = 60


def make_history(bodies: dict[str, Organisation], *, at: datetime) -> None:
    """Make it.

    Args:
        bodies: organisations of the country by key.
        at: now.
    """
    latest = quarter_with(at.date()).before
    sam, sue = (Person.objects.get(email=f"{name}@authority.example") for name in ("sam", "sue"))
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        file = Path(folder) / f"reports-{latest.before.name}-{latest.name}.csv"
        with file.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(_HEADINGS)
            for period, count in zip((latest.before, latest), _QUARTERS, strict=True):
                writer.writerows(_rows(period, count))
        import_reports(
            path=file, name=file.name, source="files of the office that kept reports before", country="US", by=sam,
            at=at,
        )  # fmt: skip
    count_days(at=at)
    # the older book is published; the later one waits for a second person
    publish_book(draft=propose_book(country="US", period=latest.before, by=sam, at=at), by=sue, at=at)
    propose_book(country="US", period=latest, by=sam, at=at)
    _audit(bodies["seller"], at=at)


def _rows(period: Period, count: int) -> Iterator[tuple[str, ...]]:
    """Give reports as the public file has them: some without a number, some with one that is none."""
    chance = random.Random(f"reports of {period.name}")  # noqa: S311 - invented people, the same at each making
    days = (period.last - period.first).days
    for _place in range(count):
        called = datetime(period.first.year, period.first.month, 1, 9, tzinfo=UTC) + timedelta(
            days=chance.randrange(days), minutes=chance.randrange(600)
        )
        city, state, area = chance.choice(_PLACES)
        number = f"{chance.choice(_CALLERS)}55501{chance.randrange(40, 60)}"
        kind = chance.random()
        raw = "" if kind < 0.06 else number[:7] if kind < 0.09 else number
        yield (
            raw, f"{called + timedelta(hours=2):%Y-%m-%d %H:%M:%S}", f"{called:%Y-%m-%d %H:%M:%S}", city, state, area,
            chance.choice(_SUBJECTS), chance.choice(("Y", "Y", "Y", "N")),
        )  # fmt: skip


def call_log_path() -> Path:
    """Say where the log of calls lies that the seller can audit: in the installation's folder."""
    home: Path = settings.ENVIRONMENT.home
    return home / "examples" / "brightbath-calls.csv"


def write_call_log(path: Path, *, at: datetime) -> None:
    """Write what a dialler has logged in the last six weeks: to numbers of the country, at good and at bad hours.

    Args:
        path: of the file; its folder is made.
        at: now.
    """
    chance = random.Random("calls of Brightbath")  # noqa: S311 - invented calls, the same at each making
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(_LOG_HEADINGS)
        for place in range(_LOGGED):
            # 15 to 23 hours UTC is day where these numbers are; every seventh call came at night
            hour = 5 if place % 7 == 6 else chance.randrange(15, 23)
            day = (at - timedelta(days=42 - place * 40 // _LOGGED)).date()
            called = datetime(day.year, day.month, day.day, hour, chance.randrange(60), tzinfo=UTC)
            number = f"{chance.choice(('212', '305', '312'))}55501{chance.randrange(1, 60):02d}"
            status = chance.choice(("SALE", "NI", "NI", "A"))
            writer.writerow(
                (f"{called:%Y-%m-%d %H:%M:%S}", int(called.timestamp()), "1", number, status, f"agent{place % 3 + 1}")
            )


def _audit(seller: Organisation, *, at: datetime) -> None:
    """Hand the log in as the seller does; the worker judges it."""
    log = call_log_path()
    write_call_log(log, at=at)
    incoming = incoming_folder() / "demonstration.part"
    incoming.write_bytes(log.read_bytes())
    said = {
        "country": "US", "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown",
    }  # fmt: skip
    start_audit(
        organisation=seller, path=incoming, name=log.name, wanted=read_wanted(said, today=at.date()),
        by=Person.objects.get(email="rosa@brightbath.example"), language="en", at=at,
    )  # fmt: skip
