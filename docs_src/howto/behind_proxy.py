from fastlayer import FastLayer, Request
from fastlayer.middleware import Middleware
from fastlayer.middleware.forwardedprefix import ForwardedPrefixMiddleware

app = FastLayer(middleware=[Middleware(ForwardedPrefixMiddleware, trusted_hosts=["10.0.0.2"])])


@app.get("/teas")
def list_teas(request: Request) -> dict[str, str]:
    return {"sencha": str(request.url_for("list_teas")) + "/sencha"}
