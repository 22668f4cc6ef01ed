"""strawberry-graphql: a GraphQL API as a router, with context from dependencies."""

import strawberry
from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from fastapi.testclient import TestClient
from strawberry.fastapi import GraphQLRouter
from strawberry.types import Info


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello {name}"

    @strawberry.field
    def visitor(self, info: Info) -> str:
        return info.context["visitor"]


def visitor(connection: HTTPConnection) -> str:
    return connection.headers.get("x-visitor", "nobody")


async def context(who: str = Depends(visitor)) -> dict[str, str]:
    return {"visitor": who}


def make_client() -> TestClient:
    app = FastAPI()
    app.include_router(GraphQLRouter(strawberry.Schema(Query), context_getter=context), prefix="/graphql")
    return TestClient(app)


def test_a_query_is_answered():
    response = make_client().post("/graphql", json={"query": '{ hello(name: "you") }'})
    assert response.json() == {"data": {"hello": "Hello you"}}


def test_the_context_comes_from_dependencies():
    response = make_client().post("/graphql", json={"query": "{ visitor }"}, headers={"x-visitor": "me"})
    assert response.json() == {"data": {"visitor": "me"}}


def test_the_page_to_try_it_is_served():
    response = make_client().get("/graphql", headers={"accept": "text/html"})
    assert response.status_code == 200
    assert "graphiql" in response.text.lower()


def test_a_subscription_socket_is_opened():
    with make_client().websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
