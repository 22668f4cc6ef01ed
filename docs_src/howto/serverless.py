from mangum import Mangum

from .versioning import app

handler = Mangum(app, lifespan="off")  # "auto" runs the lifespan, once for each instance that the platform starts
