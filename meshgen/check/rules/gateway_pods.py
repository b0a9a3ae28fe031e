"""The pods of gateways that meshgen runs: what has to be there before they can start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.injection import injection, injection_labels
from meshgen.check.places import gateway_object, notes
from meshgen.check.rule import Finding, Rule
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context


def gateway_not_injected(context: Context) -> Iterator[Finding]:
    """Find gateways whose pods nobody would inject: their image stays `auto`, which no registry has.

    The pods ask for injection by their own labels, which suffices unless their namespace says otherwise.

    Source: istio-discovery/templates/mutatingwebhook.yaml, injectRequired in pkg/kube/inject/inject.go.
    """
    relations = context.relations
    if platform(relations.fleet.spec.platform).runs_gateways != "injected":
        return
    for cluster, gateways in relations.gateway_places.items():
        inventory = relations.inventory(cluster)
        namespaces = {item.name: item for item in inventory.namespaces} if inventory else {}
        facts = relations.facts[cluster]
        for key, workspaces in gateways.items():
            if not relations.gateways[key].managed:
                continue
            namespace, name = key
            observed = namespaces.get(namespace)
            labels = observed.labels if observed is not None else {}
            injected, reason = injection(facts.injectors, namespace, labels, injection_labels(facts.revision))
            if injected is not False:
                continue
            settings = relations.gateways[key]
            inline = (w.east_west_gateway for w in workspaces if settings.role == "eastWest")
            named = next(filter(None, inline), settings)
            yield Finding(
                message=f"the pods of gateway `{name}` in cluster `{cluster}` would not be injected and cannot start: "
                f"{reason}",
                span=named.span("namespace"),
                help=_advice(reason, facts.injectors.revisions),
                notes=notes((observed.span(), f"the namespace in `{cluster}`")) if observed is not None else (),
                object=gateway_object(cluster, key),
            )


def _advice(reason: str, revisions: frozenset[str] | None) -> str:
    if "for revision" in reason:
        known = ", ".join(f"`{name}`" for name in sorted(revisions or ()))
        if not known:
            return "Install Istio's injection webhook, or import the cluster's MutatingWebhookConfigurations again."
        return f"Set `istio.revision` of the cluster, or the namespace's label, to one that does: {known}."
    return "Put the gateway into a namespace of its own, or change the label and import the namespace again."


def gateway_without_proxy(context: Context) -> Iterator[Finding]:
    """Find gateways of others whose pods have no proxy of Istio: no Gateway object configures them.

    Source: the selector of a Gateway chooses proxies that istiod knows (pilot/pkg/model/gateway.go).
    """
    relations = context.relations
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            settings, observed = relations.gateways[key], relations.observed_gateways[cluster].get(key)
            if settings.managed or observed is None or observed.injected is not False:
                continue
            yield Finding(
                message=f"the pods of gateway `{key[1]}` in cluster `{cluster}` have no proxy of Istio, so nothing of "
                "what is published or exposed reaches them",
                span=observed.span("injected"),
                help="Name a gateway of Istio, or leave out `managed: false` and let meshgen run one.",
                notes=notes((settings.span("managed"), "somebody else runs it")),
                object=gateway_object(cluster, key),
            )


RULES = (
    Rule("MG420", "error", "a gateway that nobody injects", "0.1", gateway_not_injected),
    Rule("MG489", "error", "a gateway without a proxy of Istio", "0.1", gateway_without_proxy),
)
