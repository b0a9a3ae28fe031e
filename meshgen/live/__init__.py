"""Reading a running cluster through the user's kubeconfig: no request of this package changes anything.

    with connect(Access("cluster-1", context="prod-eu")) as api:
        api.items(Resource("apps", "v1", "deployments", "Deployment"))  # all namespaces, all pages
        api.json("/api/v1/namespaces/istio-system/configmaps/istio")    # one object
        api.proxied("istio-system", "istiod", 8080, "debug/endpointz")  # what a Service answers, through the API server
        api.served("networking.istio.io")                               # plural → Resource that the cluster has

Every failure is a `LiveError` of `meshgen.live.errors`, which is a finding by its `diagnostic()`. The library that does
it is imported when somebody connects, and may be missing (ADR 52).
"""

from meshgen.live.access import Access, connect
from meshgen.live.api import Api, Resource
from meshgen.live.errors import LiveError

__all__ = ["Access", "Api", "LiveError", "Resource", "connect"]
