"""The room as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatisticsConfig(AppConfig):
    """Statistics."""

    name = "quietline.web.statistics"
    label = "statistics"
    verbose_name = _("figures")
