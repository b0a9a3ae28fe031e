"""Parts of a mesh configuration that choose namespaces, as an inventory has them."""

from typing import Literal

from pydantic import Field

from meshgen.language.base import Item


class LabelRequirement(Item):
    """One of the `matchExpressions` of a label selector."""

    key: str = Field(title="Key", description="Key of the label.")
    operator: str = Field(title="Operator", description="`In`, `NotIn`, `Exists` or `DoesNotExist`.")
    values: list[str] = Field([], title="Values", description="Values for `In` and `NotIn`.")


class LabelSelector(Item):
    """A label selector of Kubernetes."""

    match_labels: dict[str, str] = Field({}, title="Labels", description="Labels that all have to be there.")
    match_expressions: list[LabelRequirement] = Field(
        [], title="Expressions", description="Requirements that all have to hold."
    )


Visibility = Literal["VISIBILITY_UNSPECIFIED", "NONE", "NAMESPACE", "PUBLIC"]


class VisibilityPolicy(Item):
    """One of the policies of `serviceEntryVisibility`."""

    visibility: Visibility = Field(
        "VISIBILITY_UNSPECIFIED", title="Visibility", description="Who sees ServiceEntries of these namespaces."
    )
    namespace_selectors: list[LabelSelector] = Field(
        [], title="Namespace selectors", description="Selectors that all have to match. Empty: every namespace."
    )


class ServiceEntryVisibility(Item):
    """Who sees ServiceEntries, as the mesh decides it by their namespace (from Istio 1.31 on)."""

    default_visibility: Visibility = Field(
        "VISIBILITY_UNSPECIFIED", title="Default", description="Visibility where no policy matches."
    )
    policies: list[VisibilityPolicy] = Field(
        [], title="Policies", description="The first that matches a namespace decides."
    )
