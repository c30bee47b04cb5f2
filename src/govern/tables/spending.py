from piccolo.columns import UUID, BigInt, Date, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.x_prices import CostKind
from govern.tables.account import Account
from govern.tables.checks import one_of
from govern.tables.publication import Publication


class RateWindow(Table, tablename="rate_window"):
    """How many calls X takes until `reset_at`: of one account, or of the whole X app (no account)."""

    id = UUID(primary_key=True, default=None, null=False)
    x_app = Varchar(length=40, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    bucket = Varchar(length=20, default=None, null=False)
    quota = Integer(default=None, null=False)
    remaining = Integer(default=None, null=False)
    opened_at = Timestamptz(default=None, null=False)
    reset_at = Timestamptz(default=None, null=False)
    seen_at = Timestamptz(default=None, null=True)
    """When X itself last told; without it these are the numbers of `x.toml`."""

    rate_window_unique = Unique(["x_app", "bucket", "account"], nulls_distinct=False)
    rate_window_remaining_check = Check("remaining >= 0 AND quota >= 0")


class XCost(Table, tablename="x_cost"):
    """What one thing cost, by the prices of a day. Insert only; an estimate, X's bill is the truth."""

    id = UUID(primary_key=True, default=None, null=False)
    counted_at = Timestamptz(default=None, null=False)
    x_app = Varchar(length=40, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    publication = ForeignKey(
        Publication, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None
    )
    kind = Varchar(length=20, default=None, null=False)
    units = Integer(default=1, null=False)
    micro_usd = BigInt(default=None, null=False)
    price_date = Date(default=None, null=False)

    x_cost_kind_check = one_of("kind", CostKind)
    x_cost_units_check = Check("units > 0 AND micro_usd >= 0")


class XSpend(Table, tablename="x_spend"):
    """The sums of `x_cost`, by account and month of UTC; `unplanned` is what was sent without a fixed time."""

    id = UUID(primary_key=True, default=None, null=False)
    x_app = Varchar(length=40, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    month = Date(default=None, null=False)
    sends = BigInt(default=0, null=False)
    unplanned = BigInt(default=0, null=False)
    reads = BigInt(default=0, null=False)

    x_spend_unique = Unique(["x_app", "account", "month"])


class XApp(Table, tablename="x_app"):
    """What X said of the whole app: that its credits are spent, or that it refused what our rules allow."""

    name = Varchar(length=40, primary_key=True, default=None, null=False)
    spent_at = Timestamptz(default=None, null=True)
    """Since when X says that there are no credits; null while there are."""
    probe_at = Timestamptz(default=None, null=True)
    """When one message may go, to see whether there are credits again."""
    outdated_at = Timestamptz(default=None, null=True)
    outdated_digest = Varchar(length=80, default=None, null=True)
    """The policy that X contradicted; another one answers the alarm."""
    outdated_reason = Text(default=None, null=True)

    x_app_spent_check = Check("(spent_at IS NULL) = (probe_at IS NULL)")
    x_app_outdated_check = Check(
        "(outdated_at IS NULL) = (outdated_digest IS NULL) AND (outdated_at IS NULL) = (outdated_reason IS NULL)"
    )
