"""Wallets, their API tokens, and the answers stored for their idempotency keys."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Now

from postgres.fields import AddressField
from protocol.addresses import normalize
from protocol.errors import AddressInvalid


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        try:
            return self.get(address=normalize(username or ""))
        except AddressInvalid:
            raise self.model.DoesNotExist from None

    def create_superuser(self, address: str, password: str) -> User:
        user = self.model(address=normalize(address), is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A wallet that has signed in. Only the service's own staff have a password (for the admin)."""

    address = AddressField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    preferences = models.JSONField(default=dict)

    USERNAME_FIELD = "address"
    objects = UserManager()

    def __str__(self) -> str:
        return self.address


class Token(models.Model):
    """An API token, stored as a hash. An oracle's has no wallet, but the address of the oracle that holds it."""

    class Scope(models.TextChoices):
        READ = "read"
        WRITE = "write"
        ORACLE = "oracle"

    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    wallet = models.CharField(max_length=42, blank=True, db_index=True, db_collation="C")
    oracle = models.CharField(max_length=42, blank=True, db_collation="C")
    scope = models.CharField(max_length=6, choices=Scope)
    label = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.scope} token {self.hint}…"


class Nonce(models.Model):
    """A sign-in challenge, used once (EIP-4361)."""

    nonce = models.CharField(max_length=32, primary_key=True)
    address = AddressField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.nonce


# A caller without token or session: where it calls from follows.
NOBODY = "address:"


class IdempotencyKey(models.Model):
    """The first answer to a POST, stored in the transaction of its effect and returned to repeats."""

    caller = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)
    body = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(name="identity_idempotencykey_once", fields=["caller", "path", "key"])
        ]
        indexes = [
            models.Index(fields=["created_at"], name="identity_idempotency_age"),
            models.Index(
                fields=["id"],
                name="identity_idempotency_nobody",
                condition=models.Q(caller__startswith=NOBODY),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} at {self.path}"
