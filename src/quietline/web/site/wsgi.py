"""The web application, as a WSGI server loads it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quietline.web.site.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - loads every view now, and not while the first visitor waits
