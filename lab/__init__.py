"""A real multi-cluster Istio mesh on one Linux machine: development equipment, no part of the product."""
