"""The one Piccolo app: its tables and where its migrations are."""

from piccolo.conf.apps import AppConfig

from govern.settings import shipped
from govern.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="govern",
    migrations_folder_path=str(shipped("migrations")),
    table_classes=list(TABLES),
)
