import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from wellness.lib.sealing import SealBroken, new_key, seal, subkey, unseal

KEY = bytes(range(32))
SEALED = seal(KEY, b"slept badly", context="v1|study|ada|note|1")


@given(st.binary(max_size=300), st.text(max_size=30).filter(lambda t: t.isprintable()), st.integers(0, 65535))
def test_what_is_sealed_opens_again(plain: bytes, context: str, version: int) -> None:
    sealed = seal(KEY, plain, context=context, key_version=version)
    assert len(sealed) == len(plain) + 32
    assert unseal(KEY, sealed, context=context) == plain


@pytest.mark.parametrize(
    "elsewhere", ["v1|study|bea|note|1", "v1|study|ada|note|2", "v1|other|ada|note|1", ""]
)
def test_moved_to_another_row_person_or_study_it_does_not_open(elsewhere: str) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, SEALED, context=elsewhere)


@given(st.integers(0, len(SEALED) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    altered = bytearray(SEALED)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(altered), context="v1|study|ada|note|1")


@given(st.integers(0, len(SEALED) - 1))
def test_a_cut_envelope_is_refused(length: int) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, SEALED[:length], context="v1|study|ada|note|1")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        unseal(new_key(), SEALED, context="v1|study|ada|note|1")


def test_the_layout_is_the_published_one() -> None:
    """Version, algorithm, key version, nonce, ciphertext and tag; the header is authenticated too."""
    sealed = seal(KEY, b"x", context="c", key_version=258)
    assert sealed[:4] == bytes((1, 1, 1, 2))
    assert AESGCM(KEY).decrypt(sealed[4:16], sealed[16:], sealed[:4] + b"c") == b"x"


def test_subkeys_differ_by_purpose_and_are_stable() -> None:
    assert len({subkey(KEY, purpose) for purpose in ("blob", "field", "export")} | {KEY}) == 4
    assert subkey(KEY, "blob") == subkey(KEY, "blob")
