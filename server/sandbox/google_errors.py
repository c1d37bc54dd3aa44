"""Errors in the shape in which Google's APIs answer them."""

from __future__ import annotations

from flask import Response, jsonify

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GoogleError(Exception):
    """`reason` is Google's camelCase word; `retry_after_s` becomes the Retry-After header."""

    def __init__(
        self, code: int, reason: str, message: str, *, domain: str = "global", retry_after_s: int | None = None
    ) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.domain = domain
        self.retry_after_s = retry_after_s
        super().__init__(f"{code} {reason}: {message}")

    def response(self) -> Response:
        body = {
            "error": {
                "code": self.code,
                "message": self.message,
                "errors": [{"message": self.message, "domain": self.domain, "reason": self.reason}],
                "status": _STATUS.get(self.code, "UNKNOWN"),
            }
        }
        response = jsonify(body)
        response.status_code = self.code
        if self.code == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
        if self.code == 403 and self.reason == "insufficientPermissions":
            response.headers["WWW-Authenticate"] = (
                'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'
            )
        if self.retry_after_s is not None:
            response.headers["Retry-After"] = str(self.retry_after_s)
        return response


class OAuthError(Exception):
    """RFC 6749, 5.2: {"error": code, "error_description": text}."""

    def __init__(self, error: str, description: str, *, code: int = 400) -> None:
        self.error = error
        self.description = description
        self.code = code
        super().__init__(f"{error}: {description}")

    def response(self) -> Response:
        response = jsonify({"error": self.error, "error_description": self.description})
        response.status_code = self.code
        response.headers["Cache-Control"] = "no-store"
        if self.code == 401:
            response.headers["WWW-Authenticate"] = "Basic"
        return response


def invalid_argument(message: str) -> GoogleError:
    return GoogleError(400, "invalidArgument", message)


def not_found() -> GoogleError:
    return GoogleError(404, "notFound", "Requested entity was not found.")


def invalid_credentials() -> GoogleError:
    return GoogleError(
        401,
        "authError",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
    )


def insufficient_scope() -> GoogleError:
    return GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
