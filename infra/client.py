"""Client of the REST API: safe retries, pages, and refusals from problem+json."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from infra import __version__
from infra.refusals import Refused, from_problem

if TYPE_CHECKING:
    import httpx

Row = dict[str, Any]

ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
PAGE = 200
ROOT = "/api/v1/"
AWAY = (502, 503, 504)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def path(*parts: object) -> str:
    """A path below ROOT with every part quoted."""
    return "/".join(quote(str(part), safe="") for part in parts)


class Api:
    """One network. `token` is the wallet's; reading needs none."""

    def __init__(self, url: str, token: str | None) -> None:
        import httpx

        self.url = url
        headers = {"Accept": "application/json", "User-Agent": f"infra/{__version__}"}
        self._rights = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy meant for the outside must not be asked for a network on this machine.
        outside = urlsplit(url).hostname not in LOOPBACK
        timeout = httpx.Timeout(30, connect=5)
        self._http = httpx.Client(headers=headers, timeout=timeout, trust_env=outside)

    def address(self, where: str) -> str:
        return f"{self.url}{ROOT}{where}"

    def get(self, where: str, query: Row | None = None) -> Any:
        """The answer to a read, which is public: no token is sent, because it could have expired. Raises Refused."""
        return self._answer("GET", where, params=query or {}, headers={})

    def download(self, where: str) -> bytes:
        """The content of a published file. Raises Refused."""
        response = self._send("GET", self.address(where), headers={"Accept": "*/*"})
        if response.is_success:
            return bytes(response.content)
        raise self._refusal(response)

    def me(self) -> Row:
        """The token's wallet. Raises Refused."""
        wallet: Row = self._answer("GET", "me", headers=self._rights)
        return wallet

    def post(self, where: str, body: Row, key: str) -> Any:
        """POST under an idempotency key and return the answer; however often it is retried, it runs once."""
        return self._answer("POST", where, json=body, headers={"Idempotency-Key": key, **self._rights})

    def object(self, where: str) -> Row:
        """The answer to a read that is one JSON object. Raises Refused."""
        answer = self.get(where)
        if not isinstance(answer, dict):
            raise Refused("bad_answer", f"{self.address(where)} answered with no object. Check --url.")
        return answer

    def pages(self, where: str, query: Row | None = None, limit: int | None = None) -> Row:
        """A list over its pages, up to `limit` rows, in the form of its first page."""
        query = dict(query or {})
        first: Row = {}
        rows: list[Row] = []
        while True:
            query["limit"] = PAGE if limit is None else min(PAGE, limit - len(rows))
            page = self.get(where, query)
            if not isinstance(page, dict) or not isinstance(page.get("results"), list):
                raise Refused("bad_answer", f"{self.address(where)} answered with no list. Check --url.")
            first = first or page
            rows += page["results"]
            following = page.get("next")
            if not following or (limit is not None and len(rows) >= limit):
                return {**first, "results": rows, "next": following}
            # Only path and query are taken over: no request goes to another address than ours.
            parts = urlsplit(following)
            where = parts.path.partition(ROOT)[2] or where
            query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def _answer(self, method: str, where: str, **request: Any) -> Any:
        response = self._send(method, self.address(where), **request)
        answer = _json(response)
        if response.is_success and answer is not None:
            return answer
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> Refused:
        answer = _json(response)
        if isinstance(answer, dict) and "code" in answer:
            return from_problem(answer, response.headers.get("Retry-After"))
        return Refused(
            "bad_answer",
            f"{response.url} answered {response.status_code} and not as an InfraMind API does. Check --url.",
        )

    def _send(self, method: str, address: str, **request: Any) -> httpx.Response:
        import httpx

        may_have_arrived = False
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                response = self._http.request(method, address, **request)
                if response.status_code not in AWAY or last:
                    return response
                may_have_arrived = True
            except httpx.TransportError as error:
                may_have_arrived |= not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if last:
                    raise self._unreachable(error, method, may_have_arrived, request) from None
            time.sleep(FIRST_PAUSE_S * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _unreachable(self, error: Exception, method: str, arrived: bool, request: Row) -> Refused:
        reason = str(error) or type(error).__name__
        sentence = f"No answer from {self.url} ({reason}). Check --url, and that the network is up."
        if method == "POST" and arrived:
            key = request["headers"]["Idempotency-Key"]
            sentence += f" The action may have been executed: repeat it safely with --idempotency-key {key}."
        return Refused("unreachable", sentence)


def _json(response: httpx.Response) -> Any:
    """The JSON of an answer; None for anything else."""
    try:
        return response.json()
    except ValueError:
        return None
