"""The room as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    """Complaints."""

    name = "quietline.web.complaints"
    label = "complaints"
    verbose_name = _("complaints")

    def ready(self) -> None:
        """Make the room's letters known to the outbox, and take the reports that come by text."""
        from quietline.web.complaints import counting, letters, stages
        from quietline.web.complaints.text_desk import TextDesk
        from quietline.web.subscribers.reports import REPORT_TAKERS

        letters.add_letters()
        counting.connect()
        if letters.tell_step not in stages.STEPPED:
            stages.STEPPED.append(letters.tell_step)
        if not any(isinstance(taker, TextDesk) for taker in REPORT_TAKERS):
            REPORT_TAKERS.append(TextDesk())
