"""A process that publishes the files of all feeds, over and over; run with the settings of the installation."""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "quietline.web.site.settings"
    import django

    django.setup()
    from django.db import Error, connection

    from quietline.errors import QuietlineError
    from quietline.web.base.clock import now
    from quietline.web.publishing.files import publish_file
    from quietline.web.publishing.models import Feed

    pause = float(sys.argv[1])
    while True:
        try:
            for feed in Feed.objects.select_related("register"):
                publish_file(feed=feed, at=now())
                time.sleep(pause)
        except (Error, QuietlineError, OSError) as error:  # as the worker's chores: the next time may do
            print(f"publisher: {type(error).__name__}: {error}", file=sys.stderr)
            connection.close()
            time.sleep(0.5)


if __name__ == "__main__":
    main()
