"""Who can sign in to the demonstration, and what to try first."""

from __future__ import annotations

from dataclasses import dataclass

from quietline.web.accounts.models import Role

__all__ = ["PASSWORD", "PEOPLE", "SECOND_FACTOR", "LogIn", "greeting"]

PASSWORD = "quiet-evening-2026"  # noqa: S105 - of invented people on a machine's own loopback address
SECOND_FACTOR = "QUIETLINEDEMONSTRATION22"
"""Secret of the staff's authenticators (base32); an authenticator app takes it, and /handset/ shows the code of now."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """One invented person.

    Attributes:
        email: to sign in with.
        name: shown on pages.
        organisation: key of :data:`quietline.web.running.demonstration.country.ORGANISATIONS`.
        role: in it.
    """

    email: str
    name: str
    organisation: str
    role: Role


PEOPLE = (
    LogIn("ada@authority.example", "Ada Ames", "authority", Role.ADMINISTRATOR),
    LogIn("ines@authority.example", "Ines Ito", "authority", Role.INVESTIGATOR),
    LogIn("sam@authority.example", "Sam Shah", "authority", Role.SUPERVISOR),
    LogIn("sue@authority.example", "Sue Sato", "authority", Role.SUPERVISOR),
    LogIn("pia@authority.example", "Pia Park", "authority", Role.PRIVACY_OFFICER),
    LogIn("otto@authority.example", "Otto Olsen", "authority", Role.AUDITOR),
    LogIn("rosa@brightbath.example", "Rosa Reyes", "seller", Role.REPRESENTATIVE),
    LogIn("dan@brightbath.example", "Dan Diaz", "seller", Role.DOWNLOADER),
    LogIn("una@brightbath.example", "Una Udo", "seller", Role.SELLER_AUDITOR),
    LogIn("tom@busylines.example", "Tom Tran", "telemarketer", Role.REPRESENTATIVE),
    LogIn("fay@charity.example", "Fay Fox", "charity", Role.REPRESENTATIVE),
    LogIn("nora@newwindows.example", "Nora Nash", "applicant", Role.REPRESENTATIVE),
    LogIn("olga@northtel.example", "Olga Orr", "operator", Role.OPERATOR),
    LogIn("rui@citymobile.example", "Rui Rocha", "reseller", Role.RESELLER),
)


def greeting(base_url: str) -> str:
    """Say where the demonstration is, who can sign in, and what to try."""
    from quietline.web.running.demonstration.history import call_log_path  # needs the platform to be set up, people do not

    width = max(len(person.email) for person in PEOPLE)
    people = "\n".join(f"  {person.email:<{width}}  {person.role.label}" for person in PEOPLE)
    return f"""
Quietline runs at {base_url}

Try this:
  List a number:        {base_url}/           with (212) 555-0123; the code arrives at {base_url}/handset/
  See who asked:        {base_url}/my-number/ with (212) 555-0101, which firms have asked about
  Report a call:        {base_url}/reports/   from (617) 555-0177, say; the reference leads to its status
  Watch it:             {base_url}/triage/ and the cases at {base_url}/cases/ as ines@authority.example
  Reply to a case:      {base_url}/account/, "Cases about us", as rosa@brightbath.example
  A forged number:      (212) 555-0188 is a trusted insurer's: seven reports, and why no seal, in {base_url}/triage/clusters/
  A sealed number:      {base_url}/seals/     with (305) 555-0161; object to it there
  Carry out orders:     {base_url}/account/, "Orders and requests", as rui@citymobile.example
  Read the figures:     {base_url}/figures/;  publish the next book as sue@authority.example
  Wash a list:          {base_url}/sellers/home/, signed in as rosa@brightbath.example
  Audit a call log:     {base_url}/account/, "Audits of past calls", as rosa@brightbath.example, with
                        {call_log_path()}
  Decide who may call:  {base_url}/sellers/office/, signed in as sam@authority.example
  Check the ledger:     {base_url}/proofs/
  Sign in as somebody:  {base_url}/account/login/; everything that one may do stands on the page that follows

{people}

  Everybody's password: {PASSWORD}
  The authority's people need a second factor too: its code of now is shown at {base_url}/handset/

Ctrl-C ends it; 'make reset' forgets everything.
"""
