-- Before row-level security, which the owner of the tables is under as well.
INSERT INTO flag_settings (id) VALUES (1);
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['flag_segments', 'flag_overrides', 'flag_versions', 'flag_changes', 'flag_settings', 'flag_contents',
    'flag_documents', 'flag_deliveries', 'flag_usage', 'flag_usage_seen'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kombify_system', name);
    EXECUTE format('CREATE POLICY system ON %I TO kombify_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- What a document said is never changed, and what a flag was is never forgotten.
REVOKE UPDATE ON flag_contents, flag_documents, flag_versions FROM kombify_system;
--> statement-breakpoint
REVOKE DELETE ON flag_versions FROM kombify_system;
--> statement-breakpoint

-- Staff see everything, and write what the editor writes.
GRANT SELECT ON flag_segments, flag_overrides, flag_versions, flag_changes, flag_settings, flag_contents, flag_documents,
  flag_deliveries, flag_usage TO kombify_staff;
--> statement-breakpoint
GRANT INSERT, UPDATE, DELETE ON flags, flag_segments, flag_overrides TO kombify_staff;
--> statement-breakpoint
GRANT INSERT ON flag_versions, flag_changes TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (state, reason, decided_by, decided_by_name, decided_at, finished_at) ON flag_changes TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (revision, changed_at, metadata, file_extras) ON flag_settings TO kombify_staff;
--> statement-breakpoint
-- What a host answers to a push that staff asked for.
GRANT INSERT, UPDATE ON flag_deliveries TO kombify_staff;
--> statement-breakpoint
GRANT UPDATE (flags_revision, flags_changed_at) ON tenants TO kombify_staff, kombify_agent;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['flags', 'flag_segments', 'flag_overrides', 'flag_versions', 'flag_changes', 'flag_settings', 'flag_contents',
    'flag_documents', 'flag_deliveries', 'flag_usage'] LOOP
    EXECUTE format('DROP POLICY IF EXISTS staff ON %I', name);
    EXECUTE format('CREATE POLICY staff ON %I TO kombify_staff USING (app_user_id() IS NOT NULL) WITH CHECK (app_user_id() IS NOT NULL)', name);
  END LOOP;
END $$;
--> statement-breakpoint
CREATE POLICY staff_flags ON tenants FOR UPDATE TO kombify_staff USING (app_user_id() IS NOT NULL) WITH CHECK (app_user_id() IS NOT NULL);
--> statement-breakpoint

-- An agent says what it has stored for its own tenants, and what it counted.
GRANT SELECT, INSERT, UPDATE ON flag_deliveries, flag_usage, flag_usage_seen TO kombify_agent;
--> statement-breakpoint
GRANT DELETE ON flag_usage_seen TO kombify_agent;
--> statement-breakpoint
CREATE POLICY agent ON flag_deliveries TO kombify_agent
  USING (instance_id = app_instance_id() OR tenant_id IN (SELECT id FROM tenants))
  WITH CHECK (instance_id = app_instance_id() AND tenant_id IN (SELECT id FROM tenants));
--> statement-breakpoint
CREATE POLICY agent ON flag_usage TO kombify_agent USING (app_instance_id() IS NOT NULL) WITH CHECK (app_instance_id() IS NOT NULL);
--> statement-breakpoint
CREATE POLICY agent ON flag_usage_seen TO kombify_agent USING (instance_id = app_instance_id()) WITH CHECK (instance_id = app_instance_id());
--> statement-breakpoint
-- Only flags and variants that are there are counted: what a host makes up is left out.
GRANT SELECT (key, variants) ON flags TO kombify_agent;
--> statement-breakpoint
CREATE POLICY agent ON flags FOR SELECT TO kombify_agent USING (app_instance_id() IS NOT NULL);
--> statement-breakpoint


-- A tenant's document follows from more than its flags. Whoever changes that, wherever, raises the revision.
CREATE FUNCTION raise_flags_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.flags_revision := greatest(NEW.flags_revision, OLD.flags_revision) + 1;
  NEW.flags_changed_at := clock_timestamp();
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER tenants_raise_flags_revision BEFORE UPDATE ON tenants FOR EACH ROW
  WHEN ((OLD.slug, OLD.plan, OLD.instance_id) IS DISTINCT FROM (NEW.slug, NEW.plan, NEW.instance_id))
  EXECUTE FUNCTION raise_flags_revision();
--> statement-breakpoint
CREATE FUNCTION raise_flags_revision_of_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tenants SET flags_revision = flags_revision + 1, flags_changed_at = clock_timestamp()
    WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER flag_overrides_raise_flags_revision AFTER INSERT OR UPDATE OR DELETE ON flag_overrides FOR EACH ROW
  EXECUTE FUNCTION raise_flags_revision_of_override();
--> statement-breakpoint
CREATE FUNCTION raise_flags_revision_of_host() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tenants SET flags_revision = flags_revision + 1, flags_changed_at = clock_timestamp() WHERE instance_id = NEW.instance_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION raise_flags_revision_of_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tenants SET flags_revision = flags_revision + 1, flags_changed_at = clock_timestamp() WHERE instance_id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER instance_reports_raise_flags_revision AFTER UPDATE ON instance_reports FOR EACH ROW
  WHEN (OLD.versions ->> 'agent' IS DISTINCT FROM NEW.versions ->> 'agent')
  EXECUTE FUNCTION raise_flags_revision_of_host();
--> statement-breakpoint
CREATE TRIGGER instances_raise_flags_revision AFTER UPDATE ON instances FOR EACH ROW
  WHEN ((OLD.name, OLD.region) IS DISTINCT FROM (NEW.name, NEW.region))
  EXECUTE FUNCTION raise_flags_revision_of_instance();
--> statement-breakpoint
CREATE FUNCTION notify_flag_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('kombify_changes', json_build_object('noun', 'flag-documents', 'id',
    CASE WHEN TG_TABLE_NAME = 'flag_settings' THEN '*' WHEN TG_OP = 'DELETE' THEN OLD.id::text ELSE NEW.id::text END)::text);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- The status says whether a host serves the tenant at all.
CREATE TRIGGER tenants_notify_flag_documents AFTER UPDATE ON tenants FOR EACH ROW
  WHEN ((OLD.flags_revision, OLD.status) IS DISTINCT FROM (NEW.flags_revision, NEW.status)) EXECUTE FUNCTION notify_flag_documents();
--> statement-breakpoint
CREATE TRIGGER tenants_notify_removed_flag_documents AFTER DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION notify_flag_documents();
--> statement-breakpoint
CREATE TRIGGER tenants_notify_new_flag_documents AFTER INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION notify_flag_documents();
--> statement-breakpoint
CREATE TRIGGER flag_settings_notify_flag_documents AFTER UPDATE ON flag_settings FOR EACH ROW
  WHEN (OLD.revision IS DISTINCT FROM NEW.revision) EXECUTE FUNCTION notify_flag_documents();
