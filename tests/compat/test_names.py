"""The names that published packages import from FastAPI, or reach through an object, are there under the alias."""

import importlib
from functools import reduce

import pytest

from fastlayer.compat.finder import place_of

# Module -> names in it; collected from the runtime code of 54 packages.
NAMES = {
    "fastapi": (
        "APIRouter BackgroundTasks BackgroundTasks.add_task Body Depends FastAPI File Form HTTPException "
        "Header Path Query Request Response Response.delete_cookie Response.set_cookie Security UploadFile "
        "WebSocket WebSocketDisconnect WebSocketException __version__ applications params routing status "
        "utils"
    ),
    "fastapi._compat": (
        "ModelField field_annotation_is_sequence get_definitions get_flat_models_from_fields "
        "get_model_name_map is_bytes_or_nonable_bytes_annotation is_bytes_sequence_annotation"
    ),
    "fastapi._compat.v2": ("ModelField get_flat_models_from_fields get_model_name_map"),
    "fastapi.applications": ("FastAPI get_swagger_ui_html"),
    "fastapi.background": ("BackgroundTasks"),
    "fastapi.concurrency": ("run_in_threadpool"),
    "fastapi.datastructures": ("Default QueryParams _Unset"),
    "fastapi.dependencies": ("models utils"),
    "fastapi.dependencies.models": ("Dependant"),
    "fastapi.dependencies.utils": (
        "_get_body_field _get_flat_body_params _get_form_model _get_form_models _get_multidict_value "
        "_get_param_aliases _is_form_model_supplied _normalize_form_model _should_embed_body_fields "
        "get_cached_model_fields get_dependant get_flat_params get_parameterless_sub_dependant "
        "get_typed_return_annotation get_typed_signature get_validation_alias lenient_issubclass "
        "request_params_to_args solve_dependencies"
    ),
    "fastapi.encoders": ("jsonable_encoder"),
    "fastapi.exception_handlers": ("http_exception_handler"),
    "fastapi.exceptions": ("HTTPException RequestValidationError"),
    "fastapi.middleware.cors": ("CORSMiddleware"),
    "fastapi.middleware.gzip": ("GZipMiddleware"),
    "fastapi.middleware.wsgi": ("WSGIMiddleware"),
    "fastapi.openapi.docs": ("get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html"),
    "fastapi.openapi.models": (
        "APIKey APIKey.model_validate APIKeyIn APIKeyIn.cookie APIKeyIn.header APIKeyIn.query HTTPBase "
        "HTTPBase.model_validate HTTPBearer HTTPBearer.model_validate OAuth2 OAuth2.model_validate "
        "OAuthFlowAuthorizationCode OAuthFlowClientCredentials OAuthFlows OpenIdConnect "
        "OpenIdConnect.model_validate Operation Operation.model_validate Operation.model_validate_json "
        "Parameter ParameterInType ParameterInType.path Reference RequestBody Response Schema "
        "Schema.model_validate Schema.model_validate_json SecurityBase SecurityScheme SecuritySchemeType "
        "SecuritySchemeType.openIdConnect"
    ),
    "fastapi.openapi.utils": (
        "_get_openapi_dependency_data _get_openapi_operation_parameters get_fields_from_routes get_openapi"
    ),
    "fastapi.param_functions": ("Body Depends Form Path"),
    "fastapi.params": ("Body Depends File Form Header Param ParamTypes ParamTypes.query Query Security"),
    "fastapi.requests": ("Request"),
    "fastapi.responses": (
        "FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse RedirectResponse Response "
        "StreamingResponse"
    ),
    "fastapi.routing": (
        "APIRoute APIRoute.handle APIRouter APIRouter.add_api_route APIRouter.add_api_websocket_route "
        "APIRouter.add_route APIRouter.add_websocket_route APIRouter.include_router APIRouter.mount "
        "APIWebSocketRoute Mount Mount.handle RouteContext _EffectiveRouteContext _IncludedRouter "
        "_iter_routes_with_context get_request_handler iter_route_contexts request_response "
        "run_endpoint_function serialize_response solve_dependencies"
    ),
    "fastapi.security": (
        "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials "
        "HTTPBearer OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
        "SecurityScopes base"
    ),
    "fastapi.security.api_key": ("APIKeyHeader"),
    "fastapi.security.base": ("SecurityBase"),
    "fastapi.security.utils": ("get_authorization_scheme_param"),
    "fastapi.staticfiles": ("StaticFiles"),
    "fastapi.templating": ("Jinja2Templates"),
    "fastapi.testclient": ("TestClient"),
    "fastapi.types": ("DecoratedCallable IncEx"),
    "fastapi.utils": ("create_model_field generate_unique_id"),
    "fastapi.websockets": ("WebSocket WebSocketDisconnect"),
}


@pytest.mark.parametrize("module", NAMES)
def test_every_name_is_there(module: str) -> None:
    place = place_of(module)
    assert place is not None
    found = importlib.import_module(place)
    for name in NAMES[module].split():
        reduce(getattr, name.split("."), found)  # raises for one that is missing
