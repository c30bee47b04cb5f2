#!/bin/bash
# Runs once, when PostgreSQL makes its data folder: the logins of the service, each with its own password.
# What they may do, the migrations give to the roles govern_app and govern_sequencer. The sequencer is no member of
# the first: it places entries of the audit log and writes none. Only the worker reads the sealed keys of accounts.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set web="$WEB_DATABASE_PASSWORD" --set worker="$WORKER_DATABASE_PASSWORD" \
    --set sequencer="$SEQUENCER_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE govern_app NOLOGIN;
CREATE ROLE govern_keys NOLOGIN;
CREATE ROLE govern_web LOGIN PASSWORD :'web' IN ROLE govern_app;
CREATE ROLE govern_worker LOGIN PASSWORD :'worker' IN ROLE govern_app, govern_keys;
CREATE ROLE govern_sequencer LOGIN PASSWORD :'sequencer';
SQL
