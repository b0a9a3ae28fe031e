"""Whether Istio injects a pod: its labels and those of its namespace, and the webhooks that answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

INJECT = "sidecar.istio.io/inject"
REVISION = "istio.io/rev"
NAMESPACE_INJECTION = "istio-injection"
DEFAULT_REVISION = "default"
DATAPLANE_MODE = "istio.io/dataplane-mode"
IGNORED_NAMESPACES = frozenset({"kube-node-lease", "kube-public", "kube-system", "local-path-storage"})
"""Namespaces in which nothing is ever injected (pkg/kube/inject/initializer.go)."""


@dataclass(frozen=True, slots=True)
class Injectors:
    """What the webhooks of a cluster answer."""

    revisions: frozenset[str] | None = None
    """Revisions and tags that inject pods; None: unknown."""
    by_default: bool = False
    """Whether pods are injected where no label says anything (`enableNamespacesByDefault`)."""


class Injection(NamedTuple):
    """Whether a pod is injected, and why not."""

    injected: bool | None
    """None: unknown."""
    reason: str = ""
    """Why it is not injected, as the end of a sentence; empty where it is, or where that is unknown."""


def injection(
    injectors: Injectors,
    namespace: str,
    namespace_labels: Mapping[str, str] | None,
    pod_labels: Mapping[str, str],
    *,
    annotation: str | None = None,
    host_network: bool = False,
    by_default: bool = True,
) -> Injection:
    """Whether a pod of these labels is injected in a namespace; `namespace_labels`: None where they are unknown.

    `annotation`: the pod's `sidecar.istio.io/inject`, which can only refuse. `by_default`: whether the injector wants a
    pod that has no wish. Labels decide whether the webhook is
    asked: istio-discovery/templates/mutatingwebhook.yaml; the rest is injectRequired in pkg/kube/inject/inject.go.
    """
    wish = pod_labels.get(INJECT)
    if host_network:
        return Injection(injected=False, reason="they use the network of their node (`hostNetwork`)")
    if namespace in IGNORED_NAMESPACES:
        return Injection(injected=False, reason=f"Istio injects nothing in namespace `{namespace}`")
    if (annotation if wish is None else wish) == "false":
        return Injection(injected=False, reason=f"they say `{INJECT}: false`")
    if namespace_labels is None:
        return Injection(injected=None)
    of_namespace = namespace_labels.get(NAMESPACE_INJECTION)
    if of_namespace not in {None, "enabled"}:
        return Injection(injected=False, reason=f"namespace `{namespace}` says `{NAMESPACE_INJECTION}: {of_namespace}`")
    asked = DEFAULT_REVISION if of_namespace else namespace_labels.get(REVISION, pod_labels.get(REVISION))
    if asked is None and wish == "true":
        asked = DEFAULT_REVISION
    if asked is None:
        if wish is None and injectors.by_default and by_default:
            return Injection(injected=True)
        if namespace_labels.get(DATAPLANE_MODE) == "ambient":
            return Injection(injected=None)  # no sidecar is meant to be there
        return Injection(
            injected=False, reason=f"neither they nor namespace `{namespace}` have a label that asks for it"
        )
    if injectors.revisions is not None and asked not in injectors.revisions:
        return Injection(injected=False, reason=f"no webhook of the cluster injects for revision `{asked}`")
    if not by_default and (annotation if wish is None else wish) != "true":
        return Injection(injected=False, reason="the injector leaves them out (`policy`, `neverInjectSelector`)")
    return Injection(injected=True)


def injection_labels(revision: str | None) -> dict[str, str]:
    """The labels with which a gateway's pods ask for injection themselves; `revision`: by which istiod."""
    return {INJECT: "true"} if revision is None else {INJECT: "true", REVISION: revision}
