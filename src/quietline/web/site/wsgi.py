"""The web application, as a WSGI server loads it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from quietline.web.environment import PREFIX

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quietline.web.site.settings")
application = get_wsgi_application()
# the web server puts the environment into what it tells of each request: the settings have been read, and their secrets
# have no business there
for name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[name]
get_resolver().url_patterns  # noqa: B018 - loads every view now, and not while the first visitor waits
