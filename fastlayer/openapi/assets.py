"""The scripts and styles of the documentation pages: which ones, pinned how, and where they are kept if they are.

`scripts/vendor-docs-assets` loads this file by its path and fills the folder; it may therefore import nothing but the
standard library.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "assets"
CDN: Final = "https://cdn.jsdelivr.net/npm"


@dataclass(frozen=True, slots=True)
class Package:
    """A published npm package; `integrity` is of its archive (sha512, as the registry states it)."""

    name: str
    version: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of a package; `integrity` is of the file, as browsers check it (W3C Subresource Integrity)."""

    package: Package
    path: str
    integrity: str
    media_type: str

    @property
    def served_name(self) -> str:
        """Where it is served, below the assets' URL: names the version, so that it may be cached for ever."""
        folder = self.package.name.lstrip("@").replace("/", "-")
        return f"{folder}@{self.package.version}/{self.path.rpartition('/')[2]}"

    @property
    def cdn_url(self) -> str:
        return f"{CDN}/{self.package.name}@{self.package.version}/{self.path}"

    @property
    def file(self) -> Path | None:
        """The local copy, or None if it was not put there."""
        file = FOLDER / self.served_name
        return file if file.is_file() else None


SWAGGER: Final = Package(
    "swagger-ui-dist",
    "5.35.0",
    "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
)
REDOC: Final = Package(
    "redoc",
    "3.0.1",
    "sha512-KDfoKaYW19LCl4YStgBnwlaNjYEFfs5zCNt1s1WZ2YM5u8d26Yuzd2l43fZO851ZsgIMe/D640fDJkD8eaRQKQ==",
)
SCALAR: Final = Package(
    "@scalar/api-reference",
    "1.72.1",
    "sha512-XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow==",
)

SWAGGER_JS: Final = Asset(
    SWAGGER,
    "swagger-ui-bundle.js",
    "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
    "text/javascript",
)
SWAGGER_CSS: Final = Asset(
    SWAGGER,
    "swagger-ui.css",
    "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
    "text/css",
)
REDOC_JS: Final = Asset(
    REDOC,
    "bundles/redoc.standalone.js",
    "sha384-j07qRKHNNmcwU1/Y1elJc7pDLHXP/QfbQXTtSkbOJ7uYGJikqAzsFVbY2zR9FqOT",
    "text/javascript",
)
SCALAR_JS: Final = Asset(
    SCALAR,
    "dist/browser/standalone.js",
    "sha384-U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK",
    "text/javascript",
)

PACKAGES: Final = (SWAGGER, REDOC, SCALAR)
ASSETS: Final = (SWAGGER_JS, SWAGGER_CSS, REDOC_JS, SCALAR_JS)
