import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wellness.lib.signing import SignatureBroken, key_id, public_bytes, signing_key, verify

KEY = signing_key("s" * 32, "consent|coast")


def test_the_published_example_verifies() -> None:
    """RFC 8032, section 7.1, test 2."""
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert public_bytes(key).hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    verify(public_bytes(key), signature, b"\x72")


@given(st.binary(max_size=200))
def test_what_is_signed_verifies(text: bytes) -> None:
    verify(public_bytes(KEY), KEY.sign(text), text)


@given(st.integers(0, 64 * 8 - 1))
def test_any_flipped_bit_of_a_signature_is_refused(bit: int) -> None:
    altered = bytearray(KEY.sign(b"agreed"))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureBroken):
        verify(public_bytes(KEY), bytes(altered), b"agreed")


@pytest.mark.parametrize("public", [b"", bytes(31), public_bytes(signing_key("s" * 32, "consent|inland"))])
def test_another_key_or_none_does_not_verify(public: bytes) -> None:
    with pytest.raises(SignatureBroken):
        verify(public, KEY.sign(b"agreed"), b"agreed")


def test_keys_are_stable_and_differ_by_purpose_and_secret() -> None:
    others = [signing_key("s" * 32, "checkpoint"), signing_key("t" * 32, "consent|coast")]
    names = {key_id(public_bytes(key)) for key in (KEY, *others)}
    assert len(names) == 3
    assert key_id(public_bytes(signing_key("s" * 32, "consent|coast"))) in names
