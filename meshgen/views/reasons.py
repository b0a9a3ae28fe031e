"""The reasons of a call in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.analysis.unexposed import Unexposed, WhyUnexposed
    from meshgen.calls import Reason
    from meshgen.calls.model import Why

_WORDS: dict[Why, str] = {
    "own Service": "`{cluster}` has the Service, so callers stay local",
    "arriving": "the Service is arriving in `{cluster}`: callers are remote until it is there, then local",
    "namesake": "its Service is not in workspace {names} and keeps the name",
    "shared entries": "it shares its entries with the Services that select the same pods: {names}",
    "failover off": "failover is off",
    "other workspace": "the remote copies belong to another workspace",
    "stays": "callers cannot move to other clusters: {text}",
    "no Service": "no Service of that name here",
    "Service state": "its Service is {text}",
    "served": "`{cluster}` serves it through gateway {names}",
    "not exposed elsewhere": "no other cluster exposes it",
    "ordered": "the fleet gives the clusters an order",
    "weighted": "the fleet gives the clusters shares; where one dies, the others take over",
    "regions": "the fleet says which regions are near",
    "not a source": "not from `{cluster}`: `sources` does not choose it",
    "not named": "not from `{cluster}`: the order or the shares do not name it",
    "share 0": "not from `{cluster}`: its share is 0",
    "cluster draining": "not from `{cluster}`: cluster `{cluster}` is draining",
    "workspace draining": "not from `{cluster}`: workspace {names} is draining",
    "workspace draining there": "not from `{cluster}`: workspace {names} is draining there",
    "service draining": "not from `{cluster}`: the exposed service is draining",
    "service draining there": "not from `{cluster}`: the exposed service is draining there",
    "gateway draining": "not from `{cluster}`: gateway {names} is draining there",
    "source state": "not from `{cluster}`: the Service is {text} in `{cluster}`",
    "no address": "not from `{cluster}`: gateway {names} of `{cluster}` has no known address yet",
    "no family": "not from `{cluster}`: gateway {names} of `{cluster}` has no address of a family that is dialled here",
    "no consumer": "not from `{cluster}`: {names} is not among the consumers",
    "no cluster": "the fleet has no cluster `{cluster}`",
    "no namespace": "not from `{cluster}`: namespace {names} is not in its inventory",
    "source gone": "not from `{cluster}`: the Service is not in its inventory",
    "no workspace": "not from `{cluster}`: no workspace spans namespace {names} there",
    "no gateway": "not from `{cluster}`: workspace {names} has no east-west gateway there",
    "gateway elsewhere": "not from `{cluster}`: its gateway is not there",
    "not listed": "not from `{cluster}`: workspace {names} does not expose it",
    "exception": "not from `{cluster}`: workspace {names} leaves it out",
    "cannot": "not from `{cluster}`: the Service {text}",
    "port gone": "not from `{cluster}`: the Service there has no such port",
}


_UNEXPOSED: dict[WhyUnexposed, str] = {
    "no workspace": "no workspace spans namespace {names}",
    "no gateway": "workspace {names} has no east-west gateway",
    "gateway elsewhere": "gateway {names} is not in this cluster",
    "not listed": "`exposedServices` of workspace {names} does not name it",
    "exception": "`unexposedServices` of workspace {names} names it",
    "cannot": "it {text}",
}


def unexposed_sentence(reason: Unexposed) -> str:
    """Why a Service is not exposed, as a sentence without a full stop."""
    return _UNEXPOSED[reason.why].format(
        names=" of workspace ".join(f"`{name}`" for name in reason.names), text=reason.names[0]
    )


def sentence(reason: Reason) -> str:
    """One reason as a sentence without a full stop."""
    return reason.said(_WORDS[reason.why])
