"""Reading an Authorization header: RFC 9110, 11.6.2."""


def get_authorization_scheme_param(authorization_header_value: str | None) -> tuple[str, str]:
    """Return the scheme as written and what follows it, both "" where there is none.

    >>> get_authorization_scheme_param("Bearer  abc ")
    ('Bearer', 'abc')
    """
    if not authorization_header_value:
        return "", ""
    scheme, _, param = authorization_header_value.partition(" ")
    return scheme, param.strip()
