"""XXH3 of 64 bits with the seed 0, as the ledgers' indexes have it, of more than 240 bytes.

https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""
import struct

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
_PRIME32 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_PRIME64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
            0x27D4EB2F165667C5)
_ALL = (1 << 64) - 1
_STRIPE, _STEP = 64, 8
_STRIPES_OF_BLOCK = (len(_SECRET) - _STRIPE) // _STEP


def _words(data, at):
    return struct.unpack_from("<8Q", data, at)


def _accumulate(lanes, data, at, secret_at):
    keys = _words(_SECRET, secret_at)
    for lane, word in enumerate(_words(data, at)):
        mixed = word ^ keys[lane]
        lanes[lane ^ 1] = (lanes[lane ^ 1] + word) & _ALL
        lanes[lane] = (lanes[lane] + (mixed & 0xFFFFFFFF) * (mixed >> 32)) & _ALL


def _scramble(lanes):
    keys = _words(_SECRET, len(_SECRET) - _STRIPE)
    for lane, value in enumerate(lanes):
        lanes[lane] = ((value ^ value >> 47 ^ keys[lane]) * _PRIME32[0]) & _ALL


def _fold(left, right):
    product = left * right
    return product & _ALL ^ product >> 64


def xxh3(data):
    assert len(data) > 240
    lanes = [_PRIME32[2], _PRIME64[0], _PRIME64[1], _PRIME64[2], _PRIME64[3], _PRIME32[1],
             _PRIME64[4], _PRIME32[0]]
    for stripe in range((len(data) - 1) // _STRIPE):
        in_block = stripe % _STRIPES_OF_BLOCK
        if stripe and in_block == 0:
            _scramble(lanes)
        _accumulate(lanes, data, stripe * _STRIPE, in_block * _STEP)
    # Of a last block that is full by its last byte.
    if (len(data) - 1) // _STRIPE % _STRIPES_OF_BLOCK == 0:
        _scramble(lanes)
    _accumulate(lanes, data, len(data) - _STRIPE, len(_SECRET) - _STRIPE - 7)
    keys = struct.unpack_from("<8Q", _SECRET, 11)
    total = len(data) * _PRIME64[0]
    for lane in range(0, 8, 2):
        total += _fold(lanes[lane] ^ keys[lane], lanes[lane + 1] ^ keys[lane + 1])
    total &= _ALL
    total = (total ^ total >> 37) * 0x165667919E3779F9 & _ALL
    return total ^ total >> 32
