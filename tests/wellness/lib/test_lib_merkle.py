"""Merkle trees: known roots, the proofs of RFC 9162's example, and the RFC's definition."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellness.lib.merkle import EMPTY, Frontier, Grown, continues, includes, leaf_hash, node_hash

# The test vectors of Certificate Transparency's reference implementation: leaves, and roots of the first n.
LEAVES = [
    bytes.fromhex(data)
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(data: list[bytes]) -> bytes:
    """MTH(D_n), written as RFC 9162 2.1.1 defines it, sharing nothing with the module."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def hashed(n: int) -> list[bytes]:
    return [leaf_hash(str(i).encode()) for i in range(n)]


@pytest.mark.parametrize("n", range(1, 9))
def test_the_known_roots(n: int) -> None:
    leaves = [leaf_hash(data) for data in LEAVES[:n]]
    assert Frontier().extended(leaves).root.hex() == ROOTS[n - 1] == mth(LEAVES[:n]).hex()


def test_an_empty_tree() -> None:
    assert Frontier().root == Grown(Frontier(), []).root == EMPTY == hashlib.sha256().digest()
    assert continues(old=EMPTY, old_size=0, new=hashed(1)[0], new_size=1, proof=[])


def test_the_proofs_of_the_rfcs_example() -> None:
    """Section 2.1.5: seven leaves a … j, and the nodes that each proof names."""
    a, b, c, d, e, f, j = hashed(7)
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l_ = node_hash(g, h), node_hash(i, j)
    tree = Grown(Frontier(), [a, b, c, d, e, f, j])
    assert tree.root == node_hash(k, l_)
    assert tree.inclusion(0) == [b, h, l_]
    assert tree.inclusion(3) == [c, g, l_]
    assert tree.inclusion(4) == [f, j, k]
    assert tree.inclusion(6) == [i, k]
    grown = {m: Grown(Frontier().extended(tree.leaves[:m]), tree.leaves[m:]) for m in (3, 4, 6)}
    assert grown[3].consistency() == [c, d, g, l_]
    assert grown[4].consistency() == [l_]
    assert grown[6].consistency() == [i, j, k]


@given(st.integers(0, 70), st.integers(1, 70))
def test_every_proof_holds_and_no_other_does(n_before: int, n_new: int) -> None:
    leaves = hashed(n_before + n_new)
    before = Frontier().extended(leaves[:n_before])
    tree = Grown(before, leaves[n_before:])
    size, root = len(leaves), mth([str(i).encode() for i in range(len(leaves))])
    assert tree.root == root == before.extended(leaves[n_before:]).root
    for index in range(n_before, size):
        path = tree.inclusion(index)
        assert includes(root=root, size=size, leaf=leaves[index], index=index, path=path)
        assert not includes(root=root, size=size, leaf=EMPTY, index=index, path=path)
        assert not includes(root=root, size=size, leaf=leaves[index], index=index ^ 1, path=path)
        assert not includes(root=root, size=size, leaf=leaves[index], index=index, path=[*path, EMPTY])
    proof = tree.consistency()
    old = before.root
    assert continues(old=old, old_size=n_before, new=root, new_size=size, proof=proof)
    if n_before:  # every tree begins with the empty one
        assert not continues(old=old, old_size=n_before, new=EMPTY, new_size=size, proof=proof)
        assert not continues(old=EMPTY, old_size=n_before, new=root, new_size=size, proof=proof)
        assert not continues(old=old, old_size=n_before, new=root, new_size=size, proof=[*proof, EMPTY])


def test_a_frontier_fits_its_size_and_a_proof_its_tree() -> None:
    with pytest.raises(ValueError, match="one node"):
        Frontier(3, (EMPTY,))
    with pytest.raises(ValueError, match="not among"):
        Grown(Frontier().extended(hashed(3)), hashed(2)).inclusion(2)
    assert not includes(root=EMPTY, size=0, leaf=EMPTY, index=0, path=[])
    assert not continues(old=EMPTY, old_size=3, new=EMPTY, new_size=2, proof=[])
