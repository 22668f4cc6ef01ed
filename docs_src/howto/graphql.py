from typing import Annotated

from ariadne import QueryType, make_executable_schema
from ariadne.asgi import GraphQL
from graphql import GraphQLResolveInfo

from fastlayer import Depends, FastLayer, HTTPException, Request

PRICES = {"sencha": 4.5, "assam": 3.0}


class Shop:
    """What both interfaces are made of; it knows neither."""

    def price(self, name: str) -> float | None:
        return PRICES.get(name)


app = FastLayer()
app.state.shop = Shop()

# --- REST ---


async def get_shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


@app.get("/teas/{name}")
async def read_tea(name: str, shop: Annotated[Shop, Depends(get_shop)]) -> dict[str, float]:
    price = shop.price(name)
    if price is None:
        raise HTTPException(404, f"There is no {name}.")
    return {"price": price}


# --- GraphQL ---

query = QueryType()


@query.field("tea")
async def resolve_tea(_: object, info: GraphQLResolveInfo, name: str) -> dict[str, object] | None:
    price = info.context["request"].app.state.shop.price(name)
    return None if price is None else {"name": name, "price": price}


schema = make_executable_schema(
    """
    type Query { tea(name: String!): Tea }
    type Tea { name: String!, price: Float! }
    """,
    query,
)
app.mount("/graphql", GraphQL(schema))
