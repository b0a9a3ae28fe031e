"""The codes of findings that no rule over the whole fleet makes: severity and title of each stand here only.

Rules (MG2xx, MG3xx) have theirs in the tables of their topics (`meshgen.check.rules`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.diagnostics.model import Diagnostic

if TYPE_CHECKING:
    from meshgen.diagnostics.model import Cause, Note, Severity, Span


class Code(NamedTuple):
    """What all findings of one code have in common."""

    code: str
    severity: Severity
    title: str
    since: str
    """The first version with the code."""


CODES = (
    Code("MG001", "error", "no fleet to read", "0.1"),
    Code("MG002", "error", "a file that cannot be read", "0.1"),
    Code("MG003", "error", "a file that is too large", "0.1"),
    Code("MG004", "error", "a file that is not UTF-8", "0.1"),
    Code("MG005", "error", "invalid YAML", "0.1"),
    Code("MG006", "error", "a tab as indentation", "0.1"),
    Code("MG007", "error", "an unquoted `*` read as an alias", "0.1"),
    Code("MG008", "error", "a key that stands twice", "0.1"),
    Code("MG009", "error", "a merge key", "0.1"),
    Code("MG010", "error", "aliases that expand too much", "0.1"),
    Code("MG011", "error", "an alias inside its own anchor", "0.1"),
    Code("MG012", "error", "nested too deep", "0.1"),
    Code("MG013", "error", "a key that is not text", "0.1"),
    Code("MG014", "error", "a tag", "0.1"),
    Code("MG015", "error", "a document that is not a mapping", "0.1"),
    Code("MG016", "error", "an unknown apiVersion", "0.1"),
    Code("MG017", "error", "an unknown kind", "0.1"),
    Code("MG018", "error", "not exactly one Fleet", "0.1"),
    Code("MG019", "error", "no C parser", "0.1"),
    Code("MG020", "error", "a link that leads out of the fleet", "0.1"),
    Code("MG021", "error", "an inventory that changed while it was imported", "0.1"),
    Code("MG022", "error", "an inventory's file that cannot be replaced", "0.1"),
    Code("MG050", "error", "manifests that cannot be read", "0.1"),
    Code("MG051", "error", "no Kubernetes object", "0.1"),
    Code("MG052", "error", "an object without a name", "0.1"),
    Code("MG053", "error", "a field that the API server would refuse", "0.1"),
    Code("MG054", "error", "an object twice, with different content", "0.1"),
    Code("MG055", "error", "an input without objects", "0.1"),
    Code("MG056", "error", "a file that holds something else", "0.1"),
    Code("MG057", "error", "a fact that an inventory cannot have", "0.1"),
    Code("MG058", "error", "an inventory in another file", "0.1"),
    Code("MG059", "error", "a kustomization or chart that is not rendered", "0.1"),
    Code("MG060", "error", "a template that is not rendered", "0.1"),
    Code("MG061", "error", "an import that takes away what the fleet uses", "0.1"),
    Code("MG062", "warning", "another kind of the same short name", "0.1"),
    Code("MG063", "error", "a cluster that the fleet does not have", "0.1"),
    Code("MG064", "error", "an announcement of what is so already", "0.1"),
    Code("MG065", "error", "a Service to announce that no inventory has", "0.1"),
    Code("MG066", "error", "Kubernetes manifests in the fleet", "0.1"),
    Code("MG067", "error", "copies of files of the fleet", "0.1"),
    Code("MG068", "error", "an announcement for which the inventory lacks the ground", "0.1"),
    Code("MG069", "warning", "a selector of one revision", "0.1"),
    Code("MG100", "error", "an unknown field", "0.1"),
    Code("MG101", "error", "a missing field", "0.1"),
    Code("MG102", "error", "a value of the wrong type", "0.1"),
    Code("MG103", "error", "a number or boolean where text belongs", "0.1"),
    Code("MG104", "error", "a word where a boolean belongs", "0.1"),
    Code("MG105", "error", "an unknown value", "0.1"),
    Code("MG106", "error", "a text of the wrong form", "0.1"),
    Code("MG107", "error", "a value out of range", "0.1"),
    Code("MG108", "error", "a field without a value", "0.1"),
    Code("MG109", "error", "a name that stands twice", "0.1"),
    Code("MG110", "warning", "a boolean word as text", "0.1"),
    Code("MG111", "warning", "a date or number of YAML 1.1 as text", "0.1"),
    Code("MG112", "error", "another version of meshgen is required", "0.1"),
    Code("MG113", "error", "a required version that says nothing", "0.1"),
    Code("MG114", "warning", "an unused accept", "0.1"),
    Code("MG115", "error", "a name that Windows reserves", "0.1"),
    Code("MG501", "error", "an output object does not match its schema", "0.1"),
    Code("MG502", "error", "no schema for a kind of output object", "0.1"),
    Code("MG503", "error", "one object is emitted twice", "0.1"),
    Code("MG504", "error", "two objects want one file", "0.1"),
    Code("MG505", "error", "an output object is too large", "0.1"),
    Code("MG506", "error", "the annotations of an output object are too large", "0.1"),
    Code("MG507", "error", "kubeconform refuses an output object", "0.1"),
    Code("MG508", "error", "kubeconform is wanted and not there", "0.1"),
    Code("MG509", "error", "kubeconform failed", "0.1"),
    Code("MG510", "error", "an output that is not what the fleet says", "0.1"),
    Code("MG601", "error", "a file that meshgen wrote was edited", "0.1"),
    Code("MG602", "error", "a foreign file stands where one is to be written", "0.1"),
    Code("MG603", "warning", "a sync would read a file that meshgen did not write", "0.1"),
    Code("MG604", "error", "a symbolic link in the output tree", "0.1"),
    Code("MG605", "error", "something else stands where a file or directory is needed", "0.1"),
    Code("MG606", "error", "two paths differ only in case", "0.1"),
    Code("MG608", "warning", "an earlier write did not end", "0.1"),
    Code("MG609", "error", "another build writes the tree", "0.1"),
    Code("MG610", "warning", "a cluster of the fleet gets no manifest any more", "0.1"),
    Code("MG611", "error", "a directory would stay without manifests", "0.1"),
    Code("MG612", "error", "the disk refuses", "0.1"),
    Code("MG613", "error", "the tree changed while the build ran", "0.1"),
    Code("MG614", "warning", "Git cannot be asked", "0.1"),
    Code("MG615", "warning", "a sparse checkout leaves out what would change", "0.1"),
    Code("MG616", "error", "a file of the local state that has another name", "0.1"),
    Code("MG650", "error", "an exposure withdrawn while it has consumers", "0.1"),
    Code("MG651", "error", "output and fleet inside of each other", "0.1"),
    Code("MG652", "error", "an unknown cluster to build", "0.1"),
    Code("MG653", "error", "the history that says what is in use is not here", "0.1"),
    Code("MG654", "error", "the fleet of an earlier commit cannot be compiled", "0.1"),
    Code("MG655", "error", "no commit to compare with", "0.1"),
    Code("MG656", "error", "a consumer loses its last endpoint or its failover", "0.1"),
    Code("MG657", "warning", "an identity that consumers do not accept yet", "0.1"),
    Code("MG658", "warning", "a port that consumers do not have yet, or no more", "0.1"),
    Code("MG659", "warning", "a drained service was the last endpoint of a consumer", "0.1"),
    Code("MG660", "error", "a consumer that nobody answers while clusters sync", "0.1"),
    Code("MG661", "error", "an ingress gateway that closes to edge gateways which call it", "0.1"),
    Code("MG662", "warning", "requests that find nothing while a cluster syncs", "0.1"),
    Code("MG710", "warning", "an output that the engine does not find", "0.1"),
    Code("MG734", "error", "a pipeline that gives strangers' files rights", "0.1"),
    Code("MG735", "warning", "a comment that the forge does not take", "0.1"),
    Code("MG736", "error", "an output that cannot be committed", "0.1"),
    Code("MG737", "warning", "nothing is committed for a fork", "0.1"),
    Code("MG740", "error", "the library that reads clusters is missing", "0.1"),
    Code("MG741", "error", "a kubeconfig or context that cannot be used", "0.1"),
    Code("MG742", "error", "credentials that the API server does not accept", "0.1"),
    Code("MG743", "error", "an API server that does not answer", "0.1"),
    Code("MG744", "error", "a TLS connection to the API server that fails", "0.1"),
    Code("MG745", "error", "something in the cluster that the user may not read", "0.1"),
    Code("MG746", "error", "an answer of the API server that cannot be used", "0.1"),
    Code("MG747", "warning", "a cluster without Istio's kinds", "0.1"),
    Code("MG750", "error", "something in a cluster that its inventory does not have", "0.1"),
    Code("MG751", "error", "something in an inventory that its cluster no longer has", "0.1"),
    Code("MG752", "error", "something in a cluster that is not what its inventory says", "0.1"),
    Code("MG754", "warning", "a root certificate that expires soon", "0.1"),
    Code("MG760", "error", "an object that the cluster lacks", "0.1"),
    Code("MG761", "error", "an object in the cluster that is not as emitted", "0.1"),
    Code("MG762", "warning", "an object of ours that the plan does not have", "0.1"),
    Code("MG763", "error", "an object that istiod does not take", "0.1"),
    Code("MG764", "error", "a dump that cannot be compared", "0.1"),
    Code("MG765", "error", "a proxy in another network than the fleet says", "0.1"),
    Code("MG766", "error", "a host that a proxy does not know", "0.1"),
    Code("MG767", "error", "an endpoint that a proxy lacks", "0.1"),
    Code("MG768", "error", "an endpoint that the plan does not have", "0.1"),
    Code("MG769", "error", "a Service whose pods a proxy does not know", "0.1"),
    Code("MG770", "error", "endpoints that a proxy tries in another order", "0.1"),
    Code("MG771", "error", "shares that are others than the plan's", "0.1"),
    Code("MG772", "warning", "an endpoint that a proxy sends nothing to", "0.1"),
    Code("MG773", "error", "a host that a gateway does not let in", "0.1"),
    Code("MG774", "error", "a proxy that refuses what istiod sends", "0.1"),
    Code("MG775", "error", "an address of a gateway where nobody answers", "0.1"),
    Code("MG776", "error", "a gateway that gives no way to a host", "0.1"),
    Code("MG777", "error", "an identity that clients do not accept", "0.1"),
    Code("MG778", "error", "a certificate of another root", "0.1"),
    Code("MG833", "error", "an item to drain that the fleet does not have", "0.1"),
    Code("MG834", "error", "a service to drain that nothing lists", "0.1"),
    Code("MG835", "error", "draining that has to be changed by hand", "0.1"),
    Code("MG836", "error", "a file of the fleet that cannot be replaced", "0.1"),
    Code("MG838", "error", "users lose a published host", "0.1"),
    Code("MG900", "error", "an internal error", "0.1"),
    Code("MG901", "error", "a disk that does not cooperate", "0.1"),
    Code("MG902", "warning", "more findings than anybody reads", "0.1"),
)
_SEVERITIES = {code.code: code.severity for code in CODES}


def diagnose(
    code: str,
    message: str,
    span: Span | None = None,
    help: str = "",  # noqa: A002 - the field's name
    notes: tuple[Note, ...] = (),
    object: str = "",  # noqa: A002 - the field's name
    cause: Cause | None = None,
) -> Diagnostic:
    """A finding of `code`, with the severity of its line in `CODES`. Raises KeyError for a code without one."""
    return Diagnostic(code, _SEVERITIES[code], message, span, help, notes, object, cause)
