ALTER TABLE "instances" ALTER COLUMN "capacity" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "instance_reports" ADD COLUMN "upgrade" jsonb;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "capacity_limit" integer;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "namespace_version" integer;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "quarantined_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "tenants_quarantined" ON "tenants" USING btree ("quarantined_at") WHERE "tenants"."quarantined_at" is not null;