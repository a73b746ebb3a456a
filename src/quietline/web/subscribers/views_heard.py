"""The page for a code that was heard in a call from the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from quietline.errors import NotProvenError, TooManyError
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.subscribers.forms import HeardForm
from quietline.web.subscribers.heard import prove_heard
from quietline.web.subscribers.line_sessions import remember
from quietline.web.subscribers.proving import CODE_SECONDS
from quietline.web.subscribers.views import afterwards

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["heard"]


@require_http_methods(["GET", "HEAD", "POST"])
def heard(request: HttpRequest) -> HttpResponse:
    """Ask for the number and the code; where they fit, open the page of the number."""
    form = HeardForm(request.POST or None)
    if form.is_valid():
        [line] = form.cleaned_data["raw"]
        try:
            confirmed = prove_heard(line=line, typed=form.cleaned_data["code"], client=client_of(request), at=now())
        except TooManyError as error:
            return render(request, "subscribers/too_many.html", {"minutes": error.retry_seconds // 60 + 1}, status=429)
        except NotProvenError as error:
            form.add_error("code", f"{error.message} {error.advice}")
        else:
            response = redirect(afterwards(request))
            response.delete_cookie("afterwards", samesite="Lax")
            remember(response, confirmed.token)
            return response
    context = {"form": form, "minutes": CODE_SECONDS // 60}
    return render(request, "subscribers/heard.html", context, status=422 if form.errors else 200)
