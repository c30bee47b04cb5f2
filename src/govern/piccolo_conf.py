"""Piccolo's configuration: the engine of this process and the one app it migrates. Nobody imports this module."""

from piccolo.conf.apps import AppRegistry

from govern import database, settings

DB = database.make_engine(settings.current().database_url)
APP_REGISTRY = AppRegistry(apps=["govern.piccolo_app"])
