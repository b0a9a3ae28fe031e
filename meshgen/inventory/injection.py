"""Which revisions of Istio inject pods, as the webhooks of a cluster show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.injection import DEFAULT_REVISION, NAMESPACE_INJECTION, REVISION, Injectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.inventory.fields import Fields
    from meshgen.inventory.objects import KubernetesObject

_OURS = "sidecar-injector.istio.io"
_DEACTIVATED = "istio.io/deactivated"
_BY_DEFAULT = "auto."


def injectors_in(objects: Iterable[KubernetesObject]) -> Injectors:
    """What Istio's injection webhooks among `objects` answer; nothing is known where there are none.

    Source: istio-discovery/templates/mutatingwebhook.yaml and revision-tags-mwc.yaml; a webhook that a tag replaced
    stays there with a label that nothing has (istioctl/pkg/tag).
    """
    revisions: set[str] = set()
    seen = by_default = False
    for item in objects:
        if item.kind != "MutatingWebhookConfiguration":
            continue
        for webhook in item.fields.items("webhooks"):
            name = webhook.text("name") or ""
            if not name.endswith(_OURS):
                continue
            seen = True
            chosen = list(_expressions(webhook))
            if any(key == _DEACTIVATED for key, _ in chosen):
                continue
            revisions |= {value for key, values in chosen if key == REVISION for value in values}
            if any(key == NAMESPACE_INJECTION and "enabled" in values for key, values in chosen):
                revisions.add(DEFAULT_REVISION)
            by_default = by_default or name.startswith(_BY_DEFAULT)
    return Injectors(frozenset(revisions) if seen else None, by_default=by_default)


def _expressions(webhook: Fields) -> Iterator[tuple[str, list[str]]]:
    """Label and wanted values, of namespace and pod, of everything that the webhook asks for."""
    for which in ("namespaceSelector", "objectSelector"):
        selector = webhook.at(which)
        for key, value in selector.labels("matchLabels").items():
            yield key, [value]
        for expression in selector.items("matchExpressions"):
            if expression.text("operator") == "In":
                yield expression.text("key") or "", expression.texts("values") or []
