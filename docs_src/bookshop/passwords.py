"""Passwords are kept as salted scrypt hashes, never as text."""

import hashlib
import hmac
import secrets

# Compared with when there is no such user, so that an unknown name takes as long as a wrong password.
NOBODY = "00$00"


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${digest(password, salt)}"


def password_matches(password: str, stored: str) -> bool:
    salt, expected = stored.split("$")
    return hmac.compare_digest(digest(password, bytes.fromhex(salt)), expected)


def digest(password: str, salt: bytes) -> str:
    # One of the costs that OWASP's password storage cheat sheet recommends: 16 MiB, some 200 ms.
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5).hex()
