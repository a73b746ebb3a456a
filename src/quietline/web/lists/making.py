"""Make the lists that are handed out, from published files: cut out, marked, written, kept by their hash."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.web.lists.canaries import batches_of, hidden_from
from quietline.web.lists.content import difference, keys_of_area, without
from quietline.web.lists.models import ListFile
from quietline.web.lists.objects import list_store, opened_file, work_folder
from quietline.web.lists.writing import ListPlan, write_changes, write_full
from quietline.web.publishing.areas import ALL
from quietline.web.publishing.models import RegisterFile

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation
    from quietline.web.publishing.models import Register

__all__ = ["latest_file", "make_list", "marked_keys"]


def latest_file(register: Register) -> RegisterFile | None:
    """Give the newest published file of all numbers of a register; None before the first."""
    return RegisterFile.objects.filter(register=register, projection=ALL).order_by("-version").first()


def marked_keys(organisation: Organisation, register: Register, area: str, version: int) -> NDArray[np.uint64]:
    """Give the numbers of an area as they stand in one organisation's lists of one version; uint64, ascending.

    Raises:
        RegisterFile.DoesNotExist: there is no such version.
        RegisterError: its file is damaged.
    """
    file = RegisterFile.objects.select_related("register").get(register=register, projection=ALL, version=version)
    with opened_file(file) as reader:
        keys = keys_of_area(reader, area)
    return without(keys, hidden_from(organisation, batches_of(register, area=area)))


def make_list(
    *, organisation: Organisation, register: Register, area: str, form: ListFile.Form, file: RegisterFile,
    from_version: int, at: datetime,
) -> ListFile:  # fmt: skip
    """Make a list as a file and describe it; the row is not saved yet.

    Args:
        organisation: whose marks it carries.
        register: a common register.
        area: ``1212`` or ``44``.
        form: how to write it.
        file: the version it is made from.
        from_version: changes since this version; 0 for a full list.
        at: now.

    Raises:
        OutputError: the disk is full.
        RegisterError: the published file is damaged.
    """
    plan = ListPlan(register.code, register.title, register.country, area, file.version, file.at)
    new = marked_keys(organisation, register, area, file.version)
    with tempfile.TemporaryDirectory(dir=work_folder()) as temporary:
        made, removed_count = Path(temporary) / "list", 0
        if from_version:
            added, removed = difference(marked_keys(organisation, register, area, from_version), new)
            write_changes(added, removed, plan, form, made)
            count, removed_count = len(added), len(removed)
        else:
            write_full(new, plan, form, made)
            count = len(new)
        with made.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        length = made.stat().st_size
        list_store().keep_file(f"{register.code}/{sha256}", made)
    return ListFile(
        organisation=organisation, register=register, area=area, form=form, version=file.version,
        published_date=file.at.date(), from_version=from_version,
        kind=ListFile.Kind.CHANGES if from_version else ListFile.Kind.FULL, numbers_count=count,
        removed_count=removed_count, bytes=length, sha256=sha256,
        object_path=f"{register.code}/{sha256}", made_at=at,
    )  # fmt: skip
