from __future__ import annotations

from time import monotonic, sleep

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chain.configuration import ChainConfiguration, chain_configuration
from chain.models import ChainStatus
from chain.problems import Problem, action, sentence
from chain_sync.anchoring import accept_chain, check_chain
from chain_sync.epoch_reports import last_settled
from chain_sync.observation import network_identifier
from protocol.addresses import checksum
from protocol.amounts import format_amount
from staking.models import Network
from staking.services.epochs import NO_GENESIS

# A tick lasts a third of it, and longer while a node does not answer.
PATIENCE_SECONDS = 60.0


class Command(BaseCommand):
    help = "Check the chain that anchors epochs: contract, oracle, funds. Exit 1 with what is wrong; sends nothing."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept",
            action="store_true",
            help="take the chain as it is now, after a reorganisation of final blocks or a restored chain",
        )

    def handle(self, *, accept: bool, **options: object) -> None:
        configuration = chain_configuration()
        if settings.INFRAMIND_NETWORK == "production" and not Network.objects.exists():
            raise CommandError(NO_GENESIS)
        if configuration is None:
            raise CommandError(
                "This network has no chain: INFRAMIND_CHAIN_RPC is not set. A settlement contract for it is deployed "
                f"with the network 0x{network_identifier().hex()}."
            )
        if accept:
            self._accept()
            self.stdout.write("The chain is taken as it is now; the next tick goes on.")
            return
        self._describe(configuration)
        try:
            status = check_chain(configuration, now=timezone.now())
        except Problem as problem:
            code, data = problem.code, problem.data
            raise CommandError(f"{code}: {sentence(code, data)} {action(code, data)}") from None
        self._report(status)

    def _accept(self) -> None:
        until = monotonic() + PATIENCE_SECONDS
        while not accept_chain():
            if monotonic() >= until:
                raise CommandError("A tick reads the chain at this moment. Run the command again.")
            sleep(1)

    def _describe(self, configuration: ChainConfiguration) -> None:
        self.stdout.write(f"chain id       {configuration.chain_id}")
        self.stdout.write(f"network        0x{network_identifier().hex()}")
        self.stdout.write(f"settlement     {checksum(configuration.settlement)}")
        self.stdout.write(f"token          {checksum(configuration.token) if configuration.token else '–'}")

    def _report(self, status: ChainStatus) -> None:
        self.stdout.write(f"oracle         {checksum(status.oracle)}")
        if status.balance is not None:
            self.stdout.write(f"funds          {status.balance / 10**18:.6f} ether")
        self.stdout.write(f"newest block   {status.head}")
        waiting = max(last_settled() - status.last_epoch, 0)
        self.stdout.write(f"last epoch     {status.last_epoch}, {waiting} waiting")
        self.stdout.write(f"emitted        {format_amount(status.emitted)} IFM")
