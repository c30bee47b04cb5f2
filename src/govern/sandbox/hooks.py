"""Webhooks and activity subscriptions, as the records tell them."""

from typing import assert_never

from govern.sandbox.records import HookRecord, Subscription, SubscriptionGone, Webhook, WebhookGone


class Hooks:
    """What is registered, oldest first."""

    def __init__(self) -> None:
        self.webhooks: dict[int, Webhook] = {}
        self.subscriptions: dict[int, Subscription] = {}

    def apply(self, record: HookRecord) -> None:
        match record:
            case Webhook():
                self.webhooks[record.id] = record
            case WebhookGone():
                self.webhooks.pop(record.id, None)
            case Subscription():
                self.subscriptions[record.id] = record
            case SubscriptionGone():
                self.subscriptions.pop(record.id, None)
            case _:
                assert_never(record)

    def clear(self) -> None:
        self.webhooks.clear()
        self.subscriptions.clear()

    def wanting(self, event_type: str, user: int) -> list[Subscription]:
        """Return the subscriptions that want this event of this account."""
        return [
            wanted
            for wanted in self.subscriptions.values()
            if wanted.event_type == event_type and wanted.user in {None, user} and wanted.webhook is not None
        ]
