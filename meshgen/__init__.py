"""meshgen compiles a fleet of mesh clusters into the manifests of each cluster."""

__version__ = "0.1.0"
