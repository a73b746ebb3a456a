"""Which rows the ledger has leaves of: a model says so itself, by its attribute ``leaf_kind``.

A model of proven rows has two things: ``leaf_kind: ClassVar[str]``, the kind that stands in the leaf, and the property
``canonical``, what the leaf is the hash of. Nothing has to be registered, so no room is known here by name, and a room
that is added is verified from its first day.

A model with a large column that ``canonical`` does not look at names it in ``leaf_without``: it is not read then.

Rows stay, and so do their leaves: what is erased of them is no part of ``canonical``, or only as a hash of sealed content.
A model whose rows cannot be erased so, since their leaves cover personal data in the clear, names the acts that bury them:
``buried_by: ClassVar[tuple[str, ...]]``, the reasons that stand in tombstones. A tombstone of any other row is a finding.
"""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

__all__ = ["burial_reasons", "model_of", "proven_models", "undeclared_models", "unerased_fields"]


def proven_models() -> dict[str, type[models.Model]]:
    """Give the model of each kind of leaf, in the order of kinds.

    Raises:
        ImproperlyConfigured: two models declare the same kind, or one declares a kind and cannot be hashed.
    """
    found: dict[str, type[models.Model]] = {}
    for model in apps.get_models():
        kind = getattr(model, "leaf_kind", None)
        if not isinstance(kind, str):
            continue
        if kind in found:
            raise ImproperlyConfigured(f"{model.__name__} and {found[kind].__name__} both have leaves {kind!r}")
        if not hasattr(model, "canonical"):
            raise ImproperlyConfigured(f"{model.__name__} has leaves {kind!r} but no property canonical")
        found[kind] = model
    return dict(sorted(found.items()))


def model_of(kind: str) -> type[models.Model]:
    """Give the model of one kind of leaf.

    Raises:
        KeyError: no model declares it.
    """
    return proven_models()[kind]


def undeclared_models() -> list[str]:
    """Name the models that can be hashed and do not say what kind of leaf they have: somebody forgot a line."""
    return sorted(
        f"{model.__module__}.{model.__name__}"
        for model in apps.get_models()
        if hasattr(model, "canonical") and not isinstance(getattr(model, "leaf_kind", None), str)
    )


def burial_reasons(model: type[models.Model]) -> tuple[str, ...]:
    """Give the reasons for which rows of a model may be buried; none for most."""
    return tuple(getattr(model, "buried_by", ()))


def unerased_fields(row: models.Model) -> list[str]:
    """Name the fields of a row that ``keeping`` declares as erased, or as an index, and that are not empty."""
    keeping = getattr(row, "keeping", {})
    fields = row._meta.concrete_fields  # noqa: SLF001 - documented by Django under this name
    return sorted(
        field.name
        for field in fields
        if keeping.get(field.name) in {"erased", "indexed"} and getattr(row, field.attname) not in (None, "", b"", [], {})
    )
