"""Pages of identity: signing in and out, the account, and its API tokens."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chain.contract_wallets import chain_rpcs
from identity import counters, demo, signin, tokens
from identity.forms import USUAL_DAYS, SignInForm, TokenForm
from identity.origin import origin
from identity.throttles import LIMITS
from protocol.errors import ProtocolError, RateLimited
from web.return_page import return_page

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The wallets to sign in with; a POST brings the message that one of them signed."""
    if request.method != "POST":
        return _sign_in_page(request)
    form = SignInForm(request.POST)
    form.full_clean()
    try:
        _count(request)
        address = signin.verify(
            text=form.cleaned_data.get("message", ""),
            signature=form.cleaned_data.get("signature", ""),
            domain=request.get_host(),
            now=timezone.now(),
        )
        return _enter(request, address)
    except ProtocolError as error:
        return _sign_in_page(request, error)


@require_POST
def sign_in_demo(request: HttpRequest, role: str) -> HttpResponse:
    """Devnet: become one of the demo wallets."""
    try:
        _count(request)
        return _enter(request, demo.address_of(role))
    except ProtocolError as error:
        return _sign_in_page(request, error)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    logout(request)
    return redirect("signin")


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The signed-in wallet: its pages, its settings, signing out."""
    tokens_valid = tokens.usable(_address(request), now=timezone.now()).count()
    return render(request, "identity/account.html", {"tokens_valid": tokens_valid})


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The wallet's tokens; a POST makes one, whose secret is in the answer and nowhere else."""
    if request.method != "POST":
        return _tokens_page(request)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _tokens_page(request, form)
    try:
        secret, _ = tokens.issue(
            wallet=_address(request), scope=form.cleaned_data["scope"], now=timezone.now(),
            label=form.cleaned_data["label"], lifetime=form.lifetime,
        )  # fmt: skip
    except ProtocolError as refusal:
        form.add_refusal(refusal)
        return _tokens_page(request, form)
    return _tokens_page(request, secret=secret)


@require_POST
@login_required
def revoke_token(request: HttpRequest, number: int) -> HttpResponse:
    try:
        tokens.revoke(token=number, wallet=_address(request), now=timezone.now())
    except ProtocolError as error:
        return _tokens_page(request, error=error)
    return redirect("tokens")


def _sign_in_page(request: HttpRequest, error: ProtocolError | None = None) -> HttpResponse:
    request.return_to = _next(request) or _home()  # type: ignore[attr-defined]
    context = {
        "error": error,
        "next": _next(request),
        "demo": demo.wallets(),
        "has_chain": bool(chain_rpcs()),
    }
    return render(request, "identity/signin.html", context, status=error.status if error else 200)


def _tokens_page(
    request: HttpRequest,
    form: TokenForm | None = None,
    *,
    error: ProtocolError | None = None,
    secret: str = "",
) -> HttpResponse:
    form = form or TokenForm(initial={"days": USUAL_DAYS})
    valid = tokens.usable(_address(request), now=timezone.now())
    context = {"tokens": valid, "form": form, "error": error, "secret": secret}
    return render(request, "identity/tokens.html", context, status=error.status if error else form.status)


def _enter(request: HttpRequest, address: str) -> HttpResponse:
    """Open a session of its own for the wallet: the old session id is worthless afterwards."""
    login(request, signin.user_of(address), backend=BACKEND)
    return redirect(_next(request) or _home())


def _home() -> str:
    try:
        return reverse("portfolio")
    except NoReverseMatch:
        return "/"


def _next(request: HttpRequest) -> str:
    """The page of this site that the reader came from, if it is one."""
    return return_page(request, request.POST.get("next") or request.GET.get("next", ""))


def _count(request: HttpRequest) -> None:
    if not settings.INFRAMIND_RATE_LIMITS:
        return
    name = f"signin:address:{origin(request)}"
    if counters.count(name, limit=LIMITS["signin", "address"], closed=True) is not None:
        raise RateLimited


def _address(request: HttpRequest) -> str:
    return str(getattr(request.user, "address", ""))
