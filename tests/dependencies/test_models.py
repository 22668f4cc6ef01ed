"""Dependant: the node third parties read and edit."""

from functools import partial
from typing import Any

import pytest

from fastlayer.dependencies.analysis import get_dependant
from fastlayer.dependencies.models import Dependant, walk
from fastlayer.param_functions import Depends, Security
from fastlayer.security import APIKeyHeader, SecurityScopes


def plain() -> None: ...


def test_the_scopes_are_those_above_and_its_own_each_once() -> None:
    dependant = Dependant(parent_oauth_scopes=["a", "b"], own_oauth_scopes=["b", "c"])
    assert dependant.oauth_scopes == ["a", "b", "c"]
    assert Dependant().oauth_scopes == []


def test_a_scheme_is_recognised_through_partials() -> None:
    scheme = APIKeyHeader(name="key")
    assert Dependant(call=scheme).security_scheme is scheme
    assert Dependant(call=partial(scheme)).is_security_scheme
    assert not Dependant(call=plain).is_security_scheme
    assert not Dependant().is_security_scheme


def test_scopes_are_part_of_the_key_only_where_something_reads_or_asks_for_them() -> None:
    def reads(scopes: SecurityScopes) -> None: ...

    def above(value: Any = Depends(reads)) -> None: ...

    def below(value: Any = Depends(plain), other: Any = Security(plain, scopes=["c"])) -> None: ...

    def node(call: Any) -> Dependant:
        return get_dependant(path="/", call=lambda value=Security(call, scopes=["b", "a"]): None).dependencies[0]

    first, second = node(below).dependencies
    assert (first.cache_key, second.cache_key) == ((plain, (), ""), (plain, ("a", "b", "c"), ""))
    assert node(reads).cache_key == (reads, ("a", "b"), "")
    assert node(above).cache_key == (above, ("a", "b"), "")
    assert node(APIKeyHeader(name="key")).uses_scopes


def test_the_lifetime_is_part_of_the_key() -> None:
    keys = {Dependant(call=plain, scope=scope).cache_key for scope in (None, "function", "request")}
    assert len(keys) == 3


def test_nodes_are_mutable_and_compared_by_identity() -> None:
    one, other = Dependant(call=plain), Dependant(call=plain)
    one.call = print
    assert one != other
    assert one.query_params is not other.query_params


def test_a_walk_meets_shared_nodes_once_even_in_a_deep_graph_of_diamonds() -> None:
    dependency: Any = plain

    def level(below: Any) -> Any:
        def diamond(a: Any = Depends(below), b: Any = Depends(below)) -> None: ...

        return diamond

    for _ in range(40):
        dependency = level(dependency)
    dependant = get_dependant(path="/", call=dependency)
    assert len(walk(dependant)) == 41
    assert not dependant.uses_scopes


@pytest.mark.parametrize(("call", "expected"), [(plain, False), (lambda: (yield), True)])
def test_a_generator_is_closed_at_the_end_of_a_scope(call: Any, expected: bool) -> None:
    assert Dependant(call=call).is_generator is expected
