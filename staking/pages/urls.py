from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from staking.pages import epochs, faucet, how, live, node_incidents, nodes, proof, styleguide, watchlist
from web import preferences, theme

urlpatterns = [
    path("", nodes.nodes, name="nodes"),
    path("top-nodes/", nodes.top_nodes_chart, name="top-nodes"),
    path(
        "field/",
        RedirectView.as_view(
            pattern_name="top-nodes", permanent=True, query_string=True, http_method_names=["get", "head"]
        ),
    ),
    path("faucet/", faucet.get_tokens, name="faucet"),
    path("nodes/<str:address>/incidents/", node_incidents.node_incidents, name="node-incidents"),
    path("watchlist/", watchlist.change, name="watchlist"),
    path("epochs/", epochs.epoch_list, name="epochs"),
    path("epochs/<int:number>/", epochs.epoch_page, name="epoch"),
    path("epochs/<int:number>/proof/<str:address>/", proof.proof_page, name="proof"),
    path("verify/", proof.verify_page, name="verify"),
    path("how/", how.how, name="how"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("theme/", theme.set_theme, name="theme"),
    path("live/", live.live, name="live"),
]
