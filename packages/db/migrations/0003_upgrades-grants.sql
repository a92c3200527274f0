-- What an agent may say of upgrades: of its own tenants and its own instance, by the policies of 0001.
GRANT UPDATE (namespace_version, quarantined_at) ON tenants TO kombify_agent;
--> statement-breakpoint
GRANT UPDATE (upgrade) ON instance_reports TO kombify_agent;
--> statement-breakpoint
-- Until now the places of an instance were also what staff allow. The owner is bound by row-level security like everybody
-- else, and would find no row.
ALTER TABLE instances NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
UPDATE instances SET capacity_limit = capacity;
--> statement-breakpoint
ALTER TABLE instances FORCE ROW LEVEL SECURITY;
