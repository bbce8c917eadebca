from django.apps import AppConfig


class DevnetConfig(AppConfig):
    name = "inframind.devnet"
    label = "devnet"
