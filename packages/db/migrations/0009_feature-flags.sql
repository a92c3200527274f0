CREATE TABLE "flag_changes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"flag_key" text NOT NULL,
	"base_version" integer NOT NULL,
	"kind" text NOT NULL,
	"proposal" jsonb NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"needs_approval" boolean NOT NULL,
	"scheduled_at" timestamp with time zone,
	"state" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"requested_by" uuid,
	"requested_by_name" text NOT NULL,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"decided_by" uuid,
	"decided_by_name" text,
	"decided_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "flag_changes_second_person" CHECK (not "flag_changes"."needs_approval" or "flag_changes"."state" <> 'applied' or ("flag_changes"."decided_by_name" is not null and "flag_changes"."decided_by" is distinct from "flag_changes"."requested_by"))
);
--> statement-breakpoint
CREATE TABLE "flag_contents" (
	"digest" text PRIMARY KEY NOT NULL,
	"flags" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flag_deliveries" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"revision" bigint NOT NULL,
	"digest" text NOT NULL,
	"error" text,
	"acknowledged_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flag_documents" (
	"tenant_id" uuid NOT NULL,
	"revision" bigint NOT NULL,
	"fleet_revision" bigint NOT NULL,
	"digest" text NOT NULL,
	"flags_digest" text NOT NULL,
	"engine_version" text NOT NULL,
	"context" jsonb NOT NULL,
	"generated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "flag_documents_tenant_id_revision_pk" PRIMARY KEY("tenant_id","revision")
);
--> statement-breakpoint
CREATE TABLE "flag_overrides" (
	"flag_id" uuid NOT NULL,
	"tenant_id" uuid NOT NULL,
	"variant" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "flag_overrides_flag_id_tenant_id_pk" PRIMARY KEY("flag_id","tenant_id")
);
--> statement-breakpoint
CREATE TABLE "flag_segments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"logic" jsonb NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flag_settings" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"revision" bigint DEFAULT 1 NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"file_extras" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"compiler_version" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "flag_settings_one" CHECK ("flag_settings"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "flag_usage" (
	"key" text NOT NULL,
	"variant" text NOT NULL,
	"source" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "flag_usage_key_variant_source_hour_pk" PRIMARY KEY("key","variant","source","hour")
);
--> statement-breakpoint
CREATE TABLE "flag_usage_seen" (
	"instance_id" uuid NOT NULL,
	"key" text NOT NULL,
	"variant" text NOT NULL,
	"boot_epoch" bigint NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "flag_usage_seen_instance_id_key_variant_pk" PRIMARY KEY("instance_id","key","variant")
);
--> statement-breakpoint
CREATE TABLE "flag_versions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"noun" text NOT NULL,
	"key" text NOT NULL,
	"version" integer NOT NULL,
	"action" text NOT NULL,
	"snapshot" jsonb,
	"note" text DEFAULT '' NOT NULL,
	"actor_id" uuid,
	"actor_name" text NOT NULL,
	"approved_by_name" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "flags" ALTER COLUMN "default_variant" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "file_extras" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "off_variant" text;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "prerequisites" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "killed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "killed_reason" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "is_sensitive" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "lifetime" text DEFAULT 'temporary' NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "flags" ADD COLUMN "revision" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "flags_revision" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "flags_changed_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "flag_changes" ADD CONSTRAINT "flag_changes_requested_by_users_id_fk" FOREIGN KEY ("requested_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_changes" ADD CONSTRAINT "flag_changes_decided_by_users_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_deliveries" ADD CONSTRAINT "flag_deliveries_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_deliveries" ADD CONSTRAINT "flag_deliveries_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_documents" ADD CONSTRAINT "flag_documents_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_documents" ADD CONSTRAINT "flag_documents_flags_digest_flag_contents_digest_fk" FOREIGN KEY ("flags_digest") REFERENCES "public"."flag_contents"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_overrides" ADD CONSTRAINT "flag_overrides_flag_id_flags_id_fk" FOREIGN KEY ("flag_id") REFERENCES "public"."flags"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_overrides" ADD CONSTRAINT "flag_overrides_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_overrides" ADD CONSTRAINT "flag_overrides_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_usage_seen" ADD CONSTRAINT "flag_usage_seen_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flag_versions" ADD CONSTRAINT "flag_versions_actor_id_users_id_fk" FOREIGN KEY ("actor_id") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "flag_changes_flag" ON "flag_changes" USING btree ("flag_key","requested_at");--> statement-breakpoint
CREATE INDEX "flag_changes_state" ON "flag_changes" USING btree ("state","scheduled_at");--> statement-breakpoint
CREATE INDEX "flag_deliveries_instance" ON "flag_deliveries" USING btree ("instance_id");--> statement-breakpoint
CREATE INDEX "flag_documents_contents" ON "flag_documents" USING btree ("flags_digest");--> statement-breakpoint
CREATE INDEX "flag_overrides_tenant" ON "flag_overrides" USING btree ("tenant_id");--> statement-breakpoint
CREATE UNIQUE INDEX "flag_segments_key_key" ON "flag_segments" USING btree ("key");--> statement-breakpoint
CREATE INDEX "flag_usage_hour" ON "flag_usage" USING btree ("hour");--> statement-breakpoint
CREATE UNIQUE INDEX "flag_versions_key" ON "flag_versions" USING btree ("noun","key","version");--> statement-breakpoint
CREATE INDEX "flag_versions_at" ON "flag_versions" USING btree ("at");--> statement-breakpoint
ALTER TABLE "flags" ADD CONSTRAINT "flags_lifetimes" CHECK ("flags"."lifetime" in ('temporary', 'permanent'));--> statement-breakpoint
ALTER TABLE "flags" ADD CONSTRAINT "flags_off_variant" CHECK (jsonb_exists("flags"."variants", "flags"."off_variant"));