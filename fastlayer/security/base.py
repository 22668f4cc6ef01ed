"""What a security scheme is to the rest of the framework."""

from fastlayer.openapi.schemes import SecurityBase as SecurityBaseModel


class SecurityBase:
    """A callable dependency that reads credentials, and says in OpenAPI which.

    `model` is its Security Scheme Object, `scheme_name` its key among the document's `securitySchemes`. Being an
    instance of this class is what makes a dependency appear there.
    """

    model: SecurityBaseModel
    scheme_name: str
