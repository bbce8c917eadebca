from __future__ import annotations

from django.urls import path

from identity import pages

urlpatterns = [
    path("signin/", pages.sign_in, name="signin"),
    path("signin/demo/<slug:role>/", pages.sign_in_demo, name="signin-demo"),
    path("signout/", pages.sign_out, name="signout"),
    path("account/", pages.account, name="account"),
    path("tokens/", pages.token_list, name="tokens"),
    path("tokens/<int:number>/revoke/", pages.revoke_token, name="token-revoke"),
]
