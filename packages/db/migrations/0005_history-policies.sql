-- Tools, flags and where imported rows came from: the fleet's, not a tenant's. What writes them besides the system gets
-- its rights with its verbs.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tools', 'flags', 'imports'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kombify_system', name);
    EXECUTE format('CREATE POLICY system ON %I TO kombify_system USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT ON %I TO kombify_staff', name);
    EXECUTE format('CREATE POLICY staff ON %I FOR SELECT TO kombify_staff USING (app_user_id() IS NOT NULL)', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- Where a row came from is written once and, when it changes there, again; it is never forgotten.
REVOKE DELETE ON imports FROM kombify_system;
