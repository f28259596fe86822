"""Events as API Gateway's HTTP API sends them (payload 2.0), and a client that calls a handler with them."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

JSON = "application/json"

CONTEXT = SimpleNamespace(
    function_name="collections-test-api",
    function_version="1",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:collections-test-api",
    aws_request_id="00000000-0000-4000-8000-000000000000",
)
"""What Lambda tells a function about an invocation."""


@dataclass(frozen=True)
class Response:
    """What a handler answered."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class GatewayClient:
    """Calls `handler` as API Gateway would after verifying `user_id`'s token; as nobody if there is none."""

    handler: Handler
    user_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_user(self, user_id: str | None) -> "GatewayClient":
        return GatewayClient(self.handler, user_id, self.headers)

    def get(self, path: str, **query: str | int) -> Response:
        return self.request("GET", path, query=query)

    def delete(self, path: str) -> Response:
        return self.request("DELETE", path)

    def post(self, path: str, body: object) -> Response:
        return self.send("POST", path, body)

    def patch(self, path: str, body: object) -> Response:
        return self.send("PATCH", path, body)

    def send(self, method: str, path: str, body: object) -> Response:
        return self.request(method, path, body=json.dumps(body).encode(), content_type=JSON)

    def post_file(self, path: str, filename: str, content: bytes, content_type: str, part: str = "file") -> Response:
        boundary = uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{filename}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self.request("POST", path, body=body, content_type=f"multipart/form-data; boundary={boundary}")

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Response:
        event = gateway_event(method, path, self.user_id, query or {}, body, content_type, self.headers)
        answer = self.handler(event, CONTEXT)
        text = answer["body"]
        if answer["isBase64Encoded"]:
            text = base64.b64decode(text).decode()
        return Response(answer["statusCode"], answer.get("headers", {}), text)


def gateway_event(
    method: str,
    path: str,
    user_id: str | None,
    query: Mapping[str, str | int],
    body: bytes,
    content_type: str | None,
    headers: Mapping[str, str],
) -> dict[str, Any]:
    """The event of one request; bodies other than JSON arrive in base64, as from the real gateway."""
    context: dict[str, Any] = {
        "accountId": "000000000000",
        "apiId": "api",
        "domainName": "api.execute-api.eu-central-1.amazonaws.com",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
        "requestId": f"request-{uuid4().hex}",
        "routeKey": "ANY /{proxy+}",
        "stage": "$default",
        "timeEpoch": 1,
    }
    if user_id is not None:
        context["authorizer"] = {"jwt": {"claims": {"sub": user_id, "token_use": "access"}, "scopes": None}}
    text = content_type == JSON
    return {
        "version": "2.0",
        "routeKey": context["routeKey"],
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "headers": {
            "host": context["domainName"],
            "x-forwarded-proto": "https",
            "x-forwarded-port": "443",
            **({"content-type": content_type} if content_type else {}),
            **headers,
        },
        "requestContext": context,
        "isBase64Encoded": bool(body) and not text,
        **({"body": body.decode() if text else base64.b64encode(body).decode()} if body else {}),
    }
