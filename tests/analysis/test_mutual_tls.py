"""PeerAuthentications against what Istio makes of them (ComposePeerAuthentication, authn/policy_applier.go)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.analysis.mutual_tls import PeerAuthentications
from meshgen.language.foreign import ObservedPeerAuthentication

ROOT = "root"
MODES = st.sampled_from([None, "UNSET", "DISABLE", "PERMISSIVE", "STRICT"])
PORTS = st.sampled_from([80, 90])


def composed(policies: list[dict[str, Any]], labels: dict[str, str], port: int) -> str:
    """The mode of a port of a workload in namespace `shop`, as Istio composes it from at most one policy a level."""

    def of(namespace: str, *, chosen: bool) -> dict[str, Any]:
        for policy in policies:
            selector = policy.get("selector") or {}
            fits = selector.items() <= labels.items() if chosen else True
            if policy["namespace"] == namespace and bool(selector) is chosen and fits:
                return policy
        return {}

    mode = "PERMISSIVE"
    workload = of("shop", chosen=True)
    for policy in (of(ROOT, chosen=False), of("shop", chosen=False), workload):
        if policy.get("mode") not in (None, "UNSET"):
            mode = policy["mode"]
    if port in workload.get("disabledPorts", ()):
        return "DISABLE"
    return "STRICT" if port in workload.get("enabledPorts", ()) else mode


@st.composite
def policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    places = [(ROOT, {}), (ROOT, {"app": "a"}), ("shop", {}), ("shop", {"app": "a"}), ("other", {})]
    found = []
    for place in draw(st.lists(st.sampled_from(range(len(places))), unique=True)):
        namespace, selector = places[place]
        disabled = draw(st.lists(PORTS, unique=True, max_size=1))
        enabled = [port for port in draw(st.lists(PORTS, unique=True, max_size=1)) if port not in disabled]
        policy = {"name": f"p{place}", "namespace": namespace, "selector": selector or None, "mode": draw(MODES)}
        found.append(policy | {"disabledPorts": disabled, "enabledPorts": enabled})
    return found


@settings(max_examples=40)
@given(policies(), st.sampled_from([{"app": "a"}, {"app": "b"}, {"app": "a", "x": "y"}]), PORTS)
def test_mutual_tls_is_off_exactly_where_istio_says_so(
    found: list[dict[str, Any]], labels: dict[str, str], port: int
) -> None:
    known = PeerAuthentications(map(ObservedPeerAuthentication.model_validate, found), ROOT)
    assert (known.disabling("shop", labels, [port]) is not None) == (composed(found, labels, port) == "DISABLE")
