import django.db.models.deletion
import postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("staking", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("wallet", postgres.fields.AddressField(primary_key=True, serialize=False)),
                ("read_event", models.BigIntegerField(default=0)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("email_confirmed", models.BooleanField(default=False)),
                ("email_kinds", models.JSONField(default=list)),
                ("webhook", models.URLField(blank=True, max_length=500)),
                ("webhook_secret", models.CharField(blank=True, max_length=64)),
                ("webhook_kinds", models.JSONField(default=list)),
                (
                    "webhook_format",
                    models.CharField(
                        choices=[
                            ("json", "JSON"),
                            ("slack", "Slack"),
                            ("discord", "Discord"),
                            ("telegram", "Telegram"),
                        ],
                        default="json",
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="staking.event",
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                (
                    "channel",
                    models.CharField(choices=[("email", "Email"), ("webhook", "Webhook")], max_length=7),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("queued", "Queued"), ("sent", "Sent"), ("failed", "Failed")],
                        default="queued",
                        max_length=6,
                    ),
                ),
                ("attempts", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("fault", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "queued")),
                        fields=["due_at", "id"],
                        name="notifications_delivery_due",
                    ),
                    models.Index(fields=["wallet", "-id"], name="notifications_delivery_wallet"),
                    models.Index(
                        condition=models.Q(("status", "queued"), _negated=True),
                        fields=["due_at"],
                        name="notifications_delivery_over",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "wallet", "channel"), name="notifications_delivery_once"
                    )
                ],
            },
        ),
    ]
