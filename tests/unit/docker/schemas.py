"""Kubernetes' own schemas, strictly: a field that they do not know is an error."""

import kubernetes_validate

from tests.unit.docker.manifests import Document, Documents

VERSIONS = ("1.33", "1.35", "1.37")
ERRORS = (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError)


def validate(document: Document, version: str) -> None:
    """Raise what kubernetes-validate raises; a schema that it does not have is an error, too, unlike in its command."""
    assert kubernetes_validate.validate(document, version, strict=True) == version


def validate_all(documents: Documents) -> None:
    """Validate each by the newest schemas."""
    for document in documents:
        validate(document, VERSIONS[-1])
