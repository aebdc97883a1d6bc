-- The least rights with which the engine may rotate the passwords of one service.
--
-- Run as a superuser, once for each service:
--     psql --set ON_ERROR_STOP=1 --set engine=runbook_rotator --set service=pulse_events \
--       --file setup.sql
-- It makes the role <service> that owns what the service uses, and the login roles <service>_a and
-- <service>_b, which rest until somebody gives one of them its first password. With
-- `--set shared=plana` in place of the service it takes a role that is there already and is shared.
-- The role of the engine must exist; give it a password with \password. Running it again changes
-- nothing.

BEGIN;

\if :{?service}
SELECT format('CREATE ROLE %I NOLOGIN', :'service')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec
SELECT format('CREATE ROLE %I NOLOGIN IN ROLE %I', name, :'service')
  FROM unnest(ARRAY[:'service' || '_a', :'service' || '_b']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- Whoever signs in acts as the group, so that what they make belongs to it. It is a default only:
-- pg_stat_activity still shows who signed in.
SELECT format('ALTER ROLE %I SET role TO %I', name, :'service')
  FROM unnest(ARRAY[:'service' || '_a', :'service' || '_b']) AS name \gexec
\set rotated '{' :service '_a,' :service '_b}'
\else
\set rotated '{' :shared '}'
\endif

ALTER ROLE :"engine" CREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS;
-- Who is connected since when, and from where.
GRANT pg_read_all_stats TO :"engine";

-- From 16 on CREATEROLE reaches only roles one has the ADMIN OPTION on; the engine gets that and
-- neither their rights nor SET ROLE. Up to 15 CREATEROLE reaches every role that is no superuser.
SELECT current_setting('server_version_num')::int >= 160000 AS has_admin_option,
       current_setting('server_version_num')::int >= 150000 AS has_grant_set \gset
\if :has_admin_option
SELECT format('GRANT %I TO %I WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', name, :'engine')
  FROM unnest(:'rotated'::text[]) AS name \gexec
\endif

-- So that not even the verifier of a password is in the server's log, statistics or activity.
\if :has_grant_set
GRANT SET ON PARAMETER log_statement, log_min_duration_statement, log_min_duration_sample,
  log_transaction_sample_rate, log_min_error_statement, pg_stat_statements.track_utility,
  track_activities
  TO :"engine";
\endif

COMMIT;
