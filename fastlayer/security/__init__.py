"""Security schemes: dependencies that read credentials and document themselves."""

from fastlayer.security.api_key import APIKeyCookie as APIKeyCookie
from fastlayer.security.api_key import APIKeyHeader as APIKeyHeader
from fastlayer.security.api_key import APIKeyQuery as APIKeyQuery
from fastlayer.security.http import HTTPAuthorizationCredentials as HTTPAuthorizationCredentials
from fastlayer.security.http import HTTPBasic as HTTPBasic
from fastlayer.security.http import HTTPBasicCredentials as HTTPBasicCredentials
from fastlayer.security.http import HTTPBearer as HTTPBearer
from fastlayer.security.http import HTTPDigest as HTTPDigest
from fastlayer.security.oauth2 import OAuth2 as OAuth2
from fastlayer.security.oauth2 import OAuth2AuthorizationCodeBearer as OAuth2AuthorizationCodeBearer
from fastlayer.security.oauth2 import OAuth2PasswordBearer as OAuth2PasswordBearer
from fastlayer.security.oauth2 import OAuth2PasswordRequestForm as OAuth2PasswordRequestForm
from fastlayer.security.oauth2 import OAuth2PasswordRequestFormStrict as OAuth2PasswordRequestFormStrict
from fastlayer.security.oauth2 import SecurityScopes as SecurityScopes
from fastlayer.security.open_id_connect_url import OpenIdConnect as OpenIdConnect
