-- Roles. Nobody logs in as a role that owns a table. The two log-in roles have no rights of their own (NOINHERIT):
-- every statement runs under one of the five scope roles, taken for one transaction with set_config('role', ..., true).
DO $$
DECLARE scope text;
BEGIN
  FOREACH scope IN ARRAY ARRAY['kombify_tenant', 'kombify_identity', 'kombify_agent', 'kombify_staff', 'kombify_system'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = scope) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', scope);
    END IF;
  END LOOP;
  FOREACH scope IN ARRAY ARRAY['kombify_web', 'kombify_worker'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = scope) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', scope);
    END IF;
  END LOOP;
END $$;
--> statement-breakpoint
GRANT kombify_tenant, kombify_identity, kombify_agent, kombify_staff, kombify_system TO kombify_web;
--> statement-breakpoint
GRANT kombify_worker TO CURRENT_USER;
--> statement-breakpoint
REVOKE ALL ON SCHEMA public FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO kombify_tenant, kombify_identity, kombify_agent, kombify_staff, kombify_system, kombify_worker;
--> statement-breakpoint
-- Who a transaction acts for. An empty setting is null, and null matches no row.
CREATE FUNCTION app_tenant_id() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
--> statement-breakpoint
CREATE FUNCTION app_user_id() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;
--> statement-breakpoint
CREATE FUNCTION app_instance_id() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.instance_id', true), '')::uuid $$;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kombify_system', name);
    EXECUTE format('CREATE POLICY system ON %I TO kombify_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- The trail is written once, whoever writes.
REVOKE UPDATE, DELETE ON audit_events FROM kombify_system;
--> statement-breakpoint

-- A signed-in person inside one tenant.
GRANT SELECT ON tenants, memberships, audit_events, instance_reports TO kombify_tenant;
--> statement-breakpoint
GRANT UPDATE (name) ON tenants TO kombify_tenant;
--> statement-breakpoint
GRANT INSERT ON audit_events TO kombify_tenant;
--> statement-breakpoint
GRANT SELECT (id, email, name) ON users TO kombify_tenant;
--> statement-breakpoint
GRANT SELECT (id, name, region, public_url, internal_url, engine, desired_revision) ON instances TO kombify_tenant;
--> statement-breakpoint
CREATE POLICY tenant ON tenants TO kombify_tenant USING (id = app_tenant_id()) WITH CHECK (id = app_tenant_id());
--> statement-breakpoint
CREATE POLICY tenant ON memberships TO kombify_tenant USING (tenant_id = app_tenant_id()) WITH CHECK (tenant_id = app_tenant_id());
--> statement-breakpoint
CREATE POLICY tenant ON audit_events TO kombify_tenant USING (tenant_id = app_tenant_id()) WITH CHECK (tenant_id = app_tenant_id());
--> statement-breakpoint
CREATE POLICY tenant ON users FOR SELECT TO kombify_tenant USING (id IN (SELECT user_id FROM memberships));
--> statement-breakpoint
CREATE POLICY tenant ON instances FOR SELECT TO kombify_tenant USING (id IN (SELECT instance_id FROM tenants));
--> statement-breakpoint
CREATE POLICY tenant ON instance_reports FOR SELECT TO kombify_tenant USING (instance_id IN (SELECT instance_id FROM tenants));
--> statement-breakpoint

-- Sign-in, before a tenant is known: people and sessions, and the caller's own memberships.
GRANT SELECT ON users, sessions, memberships TO kombify_identity;
--> statement-breakpoint
GRANT INSERT, DELETE ON sessions TO kombify_identity;
--> statement-breakpoint
GRANT UPDATE (expires_at) ON sessions TO kombify_identity;
--> statement-breakpoint
GRANT SELECT (id, slug, name, status) ON tenants TO kombify_identity;
--> statement-breakpoint
GRANT INSERT ON audit_events TO kombify_identity;
--> statement-breakpoint
CREATE POLICY identity ON users FOR SELECT TO kombify_identity USING (true);
--> statement-breakpoint
CREATE POLICY identity ON sessions TO kombify_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity ON memberships FOR SELECT TO kombify_identity USING (
  user_id = app_user_id()
  OR user_id = (SELECT s.user_id FROM sessions s WHERE s.id = nullif(current_setting('app.session_id', true), ''))
);
--> statement-breakpoint
CREATE POLICY identity ON tenants FOR SELECT TO kombify_identity USING (id IN (SELECT tenant_id FROM memberships));
--> statement-breakpoint
CREATE POLICY identity ON audit_events FOR INSERT TO kombify_identity WITH CHECK (tenant_id IS NULL);
--> statement-breakpoint

-- An agent: its own instance and the tenants placed there.
GRANT SELECT ON tenants, instances, instance_reports, agent_certificates TO kombify_agent;
--> statement-breakpoint
GRANT UPDATE (status, namespace_begun_at, namespace_ready_at, activated_at, error) ON tenants TO kombify_agent;
--> statement-breakpoint
GRANT UPDATE (connection, good_beats, boot_epoch, seq, applied_revision, last_seen_at, health, health_detail, versions, orphans) ON instance_reports TO kombify_agent;
--> statement-breakpoint
GRANT INSERT ON audit_events, health_checks, agent_certificates TO kombify_agent;
--> statement-breakpoint
GRANT SELECT (kid, public_jwk, created_at, retired_at) ON signing_keys TO kombify_agent;
--> statement-breakpoint
CREATE POLICY agent ON tenants TO kombify_agent USING (instance_id = app_instance_id()) WITH CHECK (instance_id = app_instance_id());
--> statement-breakpoint
CREATE POLICY agent ON instances TO kombify_agent USING (id = app_instance_id()) WITH CHECK (id = app_instance_id());
--> statement-breakpoint
CREATE POLICY agent ON instance_reports TO kombify_agent USING (instance_id = app_instance_id()) WITH CHECK (instance_id = app_instance_id());
--> statement-breakpoint
CREATE POLICY agent ON agent_certificates TO kombify_agent USING (instance_id = app_instance_id()) WITH CHECK (instance_id = app_instance_id());
--> statement-breakpoint
CREATE POLICY agent ON health_checks FOR INSERT TO kombify_agent WITH CHECK (instance_id = app_instance_id());
--> statement-breakpoint
CREATE POLICY agent ON audit_events FOR INSERT TO kombify_agent
  WITH CHECK (tenant_id IS NULL OR tenant_id IN (SELECT id FROM tenants));
--> statement-breakpoint
CREATE POLICY agent ON signing_keys FOR SELECT TO kombify_agent USING (true);
--> statement-breakpoint

-- Staff: the whole fleet, but no password hash, no session, no sealed key.
GRANT SELECT ON tenants, memberships, instances, instance_reports, health_checks, agent_certificates, audit_events, fleet_watch TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (id, email, name, staff_role, created_at) ON users TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (id, instance_id, created_by, created_at, expires_at, used_at) ON join_tokens TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (fingerprint, certificate, created_at, not_after, retired_at) ON certificate_authorities TO kombify_staff;
--> statement-breakpoint
GRANT INSERT ON audit_events, instances, instance_reports, health_checks, join_tokens TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (name, region, lifecycle, cordoned_at, capacity, desired_revision) ON instances TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (connection, good_beats) ON instance_reports TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (revoked_at) ON agent_certificates TO kombify_staff;
--> statement-breakpoint
GRANT DELETE ON instances, join_tokens TO kombify_staff;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tenants', 'memberships', 'instances', 'instance_reports', 'health_checks', 'agent_certificates',
    'audit_events', 'fleet_watch', 'users', 'join_tokens', 'certificate_authorities'] LOOP
    EXECUTE format('CREATE POLICY staff ON %I TO kombify_staff USING (app_user_id() IS NOT NULL) WITH CHECK (app_user_id() IS NOT NULL)', name);
  END LOOP;
END $$;
--> statement-breakpoint

-- The durable queue belongs to its own role; everybody else can only add a job, inside the transaction of the deed.
CREATE SCHEMA IF NOT EXISTS graphile_worker AUTHORIZATION kombify_worker;
--> statement-breakpoint
-- Placements update the row of an instance very often: room on the page keeps those updates in place (HOT).
ALTER TABLE instances SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE instance_reports SET (fillfactor = 50);
