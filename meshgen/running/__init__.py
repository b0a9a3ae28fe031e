"""The running mesh against the plan: objects of a cluster, what a proxy knows, who answers at gateways (ADR 53).

`expected` says what a proxy has to know, from the calls; `dump`, `istiod` and `dial` read what is; `proxies`, `objects`
and `gateways` compare.
"""
