"""Look-ups by index find what going through everything finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshgen.analysis.hosts import name_matches, namespace_matches
from meshgen.analysis.pattern_index import PatternIndex, any_matches

names = st.text("ab-", min_size=1, max_size=3)
parts = names | names.map(lambda name: f"{name}*") | st.just("*")


@given(st.lists(st.tuples(st.tuples(parts, parts).map("/".join), st.sampled_from("123")), max_size=8), names, names)
def test_items_of_a_namespace(items: list[tuple[str, str]], cluster: str, namespace: str) -> None:
    expected = [item for pattern, item in items if namespace_matches(pattern, cluster, namespace)]
    assert PatternIndex(items).matching(cluster, namespace) == list(dict.fromkeys(expected))


@given(parts, st.lists(names, max_size=6).map(sorted))
def test_a_pattern_in_sorted_names(pattern: str, known: list[str]) -> None:
    assert any_matches(pattern, known) == any(name_matches(pattern, name) for name in known)
