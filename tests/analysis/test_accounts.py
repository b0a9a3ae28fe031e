"""Which service account each entry of a source carries."""

from __future__ import annotations

from meshgen.analysis.accounts import accounts_by_place, needed_accounts
from meshgen.language.inventory import ObservedService


def service(*accounts: str, known: bool = True) -> ObservedService:
    return ObservedService.model_validate(
        {"name": "details", "namespace": "bookinfo", **({"serviceAccounts": list(accounts)} if known else {})}
    )


def test_accounts_of_the_local_copy_need_no_entry() -> None:
    assert needed_accounts([(service("a"), service("c", "a", "b"))]) == ["b", "c"]


def test_without_a_local_copy_all_accounts_need_one() -> None:
    assert needed_accounts([(None, service("b", "a"))]) == ["a", "b"]


def test_services_that_share_entries_add_up() -> None:
    pairs = [(service("a"), service("a", "b")), (service("b"), service("c"))]
    assert needed_accounts(pairs) == ["b", "c"]


def test_needed_accounts_come_first_then_the_others_then_all_again() -> None:
    accounts = accounts_by_place([(service("a"), service("a", "b"))], 4)
    assert accounts == {1: "b", 2: "a", 3: "b", 4: "a"}


def test_an_unknown_account_leaves_all_entries_without() -> None:
    assert accounts_by_place([(None, service(known=False))], 2) == {1: None, 2: None}
