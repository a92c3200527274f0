DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['oidc_identities', 'api_tokens', 'token_denials', 'session_endings', 'password_resets', 'second_factors',
    'recovery_codes', 'sign_in_challenges', 'invitations', 'service_certificates', 'encryption_keys', 'rotations', 'rotation_policies',
    'webhook_secrets', 'webhook_events', 'mails', 'plan_limits'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kombify_system', name);
    EXECUTE format('CREATE POLICY system ON %I TO kombify_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- What signs and issues today was activated when it was made.
UPDATE signing_keys SET activated_at = created_at;
--> statement-breakpoint
UPDATE certificate_authorities SET activated_at = created_at;
--> statement-breakpoint

-- Sign-in, before a person is known: what proves who somebody is. What a person owns is written in that person's name alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, recovery_codes, sign_in_challenges TO kombify_identity;
--> statement-breakpoint
GRANT SELECT, INSERT ON oidc_identities, api_tokens, token_denials TO kombify_identity;
--> statement-breakpoint
GRANT INSERT ON session_endings, mails TO kombify_identity;
--> statement-breakpoint
GRANT DELETE ON oidc_identities TO kombify_identity;
--> statement-breakpoint
GRANT UPDATE (last_seen_at) ON oidc_identities TO kombify_identity;
--> statement-breakpoint
GRANT UPDATE (last_used_at, revoked_at) ON api_tokens TO kombify_identity;
--> statement-breakpoint
GRANT UPDATE (before, expires_at) ON token_denials TO kombify_identity;
--> statement-breakpoint
GRANT UPDATE (name, password_hash) ON users TO kombify_identity;
--> statement-breakpoint
GRANT UPDATE (id) ON sessions TO kombify_identity;
--> statement-breakpoint
GRANT DELETE ON password_resets TO kombify_identity;
--> statement-breakpoint
GRANT SELECT (user_id) ON password_resets TO kombify_identity;
--> statement-breakpoint
GRANT SELECT (instance_id, plan, org_id, org_issuer) ON tenants TO kombify_identity;
--> statement-breakpoint
GRANT SELECT (id, desired_revision), UPDATE (desired_revision) ON instances TO kombify_identity;
--> statement-breakpoint
GRANT SELECT ON plan_limits TO kombify_identity, kombify_tenant;
--> statement-breakpoint
CREATE POLICY identity ON second_factors TO kombify_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity ON recovery_codes TO kombify_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity ON sign_in_challenges TO kombify_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity_read ON oidc_identities FOR SELECT TO kombify_identity USING (true);
--> statement-breakpoint
CREATE POLICY identity_write ON oidc_identities TO kombify_identity USING (user_id = app_user_id()) WITH CHECK (user_id = app_user_id());
--> statement-breakpoint
CREATE POLICY identity_read ON api_tokens FOR SELECT TO kombify_identity USING (true);
--> statement-breakpoint
CREATE POLICY identity_write ON api_tokens TO kombify_identity USING (user_id = app_user_id()) WITH CHECK (user_id = app_user_id());
--> statement-breakpoint
CREATE POLICY identity ON token_denials TO kombify_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity ON session_endings FOR INSERT TO kombify_identity WITH CHECK (user_id = app_user_id());
--> statement-breakpoint
CREATE POLICY identity ON mails FOR INSERT TO kombify_identity WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity_write ON users FOR UPDATE TO kombify_identity USING (id = app_user_id()) WITH CHECK (id = app_user_id());
--> statement-breakpoint
CREATE POLICY identity ON password_resets TO kombify_identity USING (user_id = app_user_id()) WITH CHECK (user_id = app_user_id());
--> statement-breakpoint
CREATE POLICY identity ON instances TO kombify_identity USING (id IN (SELECT instance_id FROM tenants)) WITH CHECK (id IN (SELECT instance_id FROM tenants));
--> statement-breakpoint
CREATE POLICY everybody ON plan_limits FOR SELECT TO kombify_identity, kombify_tenant USING (true);
--> statement-breakpoint

-- A member inside one tenant: who else belongs to it, and what their going means for its Stack.
GRANT SELECT, INSERT, UPDATE ON invitations TO kombify_tenant;
--> statement-breakpoint
GRANT INSERT, DELETE ON memberships TO kombify_tenant;
--> statement-breakpoint
GRANT UPDATE (role) ON memberships TO kombify_tenant;
--> statement-breakpoint
GRANT INSERT ON session_endings, mails TO kombify_tenant;
--> statement-breakpoint
GRANT UPDATE (desired_revision) ON instances TO kombify_tenant;
--> statement-breakpoint
CREATE POLICY tenant ON invitations TO kombify_tenant USING (tenant_id = app_tenant_id()) WITH CHECK (tenant_id = app_tenant_id());
--> statement-breakpoint
CREATE POLICY tenant ON session_endings FOR INSERT TO kombify_tenant WITH CHECK (tenant_id = app_tenant_id());
--> statement-breakpoint
CREATE POLICY tenant ON mails FOR INSERT TO kombify_tenant WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY tenant_write ON instances FOR UPDATE TO kombify_tenant
  USING (id IN (SELECT instance_id FROM tenants)) WITH CHECK (id IN (SELECT instance_id FROM tenants));
--> statement-breakpoint

-- An agent: whom it has to sign out, whose certificates it must not believe, whom it trusts.
GRANT SELECT ON session_endings TO kombify_agent;
--> statement-breakpoint
GRANT SELECT (tenant_id, user_id, role) ON memberships TO kombify_agent;
--> statement-breakpoint
GRANT SELECT (user_id, issuer, subject) ON oidc_identities TO kombify_agent;
--> statement-breakpoint
CREATE POLICY agent ON memberships FOR SELECT TO kombify_agent USING (tenant_id IN (SELECT id FROM tenants));
--> statement-breakpoint
CREATE POLICY agent ON oidc_identities FOR SELECT TO kombify_agent USING (user_id IN (SELECT user_id FROM memberships));
--> statement-breakpoint
GRANT SELECT ON service_certificates TO kombify_agent;
--> statement-breakpoint
GRANT SELECT (fingerprint, certificate, created_at, activated_at, not_after, retired_at) ON certificate_authorities TO kombify_agent;
--> statement-breakpoint
GRANT SELECT (activated_at) ON signing_keys TO kombify_agent;
--> statement-breakpoint
GRANT UPDATE (trusted_cas, certificate_serial) ON instance_reports TO kombify_agent;
--> statement-breakpoint
CREATE POLICY agent ON session_endings FOR SELECT TO kombify_agent USING (tenant_id IN (SELECT id FROM tenants));
--> statement-breakpoint
CREATE POLICY agent ON service_certificates FOR SELECT TO kombify_agent USING (true);
--> statement-breakpoint
CREATE POLICY agent ON certificate_authorities FOR SELECT TO kombify_agent USING (true);
--> statement-breakpoint

-- Staff: everything about keys but the keys.
GRANT SELECT ON service_certificates, rotations, rotation_policies, plan_limits, oidc_identities, webhook_events TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (activated_at) ON certificate_authorities TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (kid, public_jwk, created_at, activated_at, retired_at) ON signing_keys TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (id, created_at, retired_at) ON encryption_keys TO kombify_staff;
--> statement-breakpoint
GRANT SELECT (id, provider, created_at, seen_at, retired_at), INSERT (id, provider, sealed_secret), UPDATE (retired_at) ON webhook_secrets TO kombify_staff;
--> statement-breakpoint
GRANT INSERT ON rotations, rotation_policies, plan_limits TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE ON rotation_policies, plan_limits TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (cancelled_at) ON rotations TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (revoked_at) ON service_certificates TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (renew_certificates_before) ON instances TO kombify_staff;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['service_certificates', 'rotations', 'rotation_policies', 'plan_limits', 'oidc_identities',
    'webhook_events', 'signing_keys', 'encryption_keys', 'webhook_secrets'] LOOP
    EXECUTE format('CREATE POLICY staff ON %I TO kombify_staff USING (app_user_id() IS NOT NULL) WITH CHECK (app_user_id() IS NOT NULL)', name);
  END LOOP;
END $$;
--> statement-breakpoint

-- Every process remembers what plans allow; whoever changes it, by whatever means, tells them.
CREATE FUNCTION tell_plan_limits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_notify('kombify_changes', '{"noun":"plan-limits","id":""}');
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER tell_plan_limits AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON plan_limits FOR EACH STATEMENT EXECUTE FUNCTION tell_plan_limits();
--> statement-breakpoint

-- A role has one password, so each of the two log-in roles has a twin: while processes move from one to the other, both let
-- in. The twin of the queue's owner acts as the owner, whose schema that is.
DO $$
DECLARE twin text;
BEGIN
  FOREACH twin IN ARRAY ARRAY['kombify_web_b', 'kombify_worker_b'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = twin) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', twin);
    END IF;
  END LOOP;
END $$;
--> statement-breakpoint
GRANT kombify_tenant, kombify_identity, kombify_agent, kombify_staff, kombify_system TO kombify_web_b;
--> statement-breakpoint
GRANT kombify_worker TO kombify_worker_b;
--> statement-breakpoint
ALTER ROLE kombify_worker_b SET role = 'kombify_worker';
--> statement-breakpoint
-- The twin of a log-in role; refuses every other role.
CREATE FUNCTION twin_of(login text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN CASE login
    WHEN 'kombify_web' THEN 'kombify_web_b' WHEN 'kombify_web_b' THEN 'kombify_web'
    WHEN 'kombify_worker' THEN 'kombify_worker_b' WHEN 'kombify_worker_b' THEN 'kombify_worker'
  END;
END $$;
--> statement-breakpoint
-- Both act with the owner's right over roles, and on a log-in role that nobody is connected as alone. What one gets is a
-- verifier (RFC 5803), from which the password cannot be had: statements end up in logs.
CREATE FUNCTION open_login(login text, verifier text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF public.twin_of(login) IS NULL THEN
    RAISE EXCEPTION '% is none of the log-in roles', login USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT FROM pg_stat_activity WHERE usename = login) THEN
    RAISE EXCEPTION '% is in use', login USING ERRCODE = 'object_in_use';
  END IF;
  IF verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' THEN
    RAISE EXCEPTION 'not a SCRAM-SHA-256 verifier' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login, verifier);
END $$;
--> statement-breakpoint
CREATE FUNCTION close_login(login text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF public.twin_of(login) IS NULL THEN
    RAISE EXCEPTION '% is none of the log-in roles', login USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT FROM pg_stat_activity WHERE usename = login) THEN
    RAISE EXCEPTION '% is in use', login USING ERRCODE = 'object_in_use';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = public.twin_of(login) AND rolcanlogin) THEN
    RAISE EXCEPTION 'nobody could log in without %', login USING ERRCODE = 'object_in_use';
  END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', login);
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION open_login, close_login FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION open_login, close_login TO kombify_system;
