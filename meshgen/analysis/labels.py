"""Labels of emitted objects and of remote endpoints."""

MANAGED_BY = "app.kubernetes.io/managed-by"
LABELS = {MANAGED_BY: "meshgen"}
"""What every emitted object has."""

TLS_MODE = {"security.istio.io/tlsMode": "istio"}
"""Clients speak mesh TLS to the endpoint (Istio: serviceregistry/serviceentry/conversion.go)."""
CANONICAL_NAME = "service.istio.io/canonical-name"
SHADOW_OF = "meshgen.io/shadow-of"
"""What a stub Service selects; no pod carries it."""
