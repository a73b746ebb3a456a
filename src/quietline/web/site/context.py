"""What every page knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, Any]:
    """Name the installation, and say whether it is the demonstration."""
    return {
        "installation_name": settings.ENVIRONMENT.title,
        "is_demonstration": settings.ENVIRONMENT.is_demonstration,
    }
