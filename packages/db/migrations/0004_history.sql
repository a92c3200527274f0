CREATE TABLE "flags" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"state" text NOT NULL,
	"variants" jsonb NOT NULL,
	"default_variant" text NOT NULL,
	"targeting" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"kind" text DEFAULT 'release' NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"owner" text DEFAULT '' NOT NULL,
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "flags_states" CHECK ("flags"."state" in ('ENABLED', 'DISABLED')),
	CONSTRAINT "flags_default_variant" CHECK (jsonb_exists("flags"."variants", "flags"."default_variant"))
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"source" text NOT NULL,
	"collection" text NOT NULL,
	"legacy_id" text NOT NULL,
	"target_id" uuid NOT NULL,
	"digest" text NOT NULL,
	"remainder" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"run_id" uuid NOT NULL,
	"imported_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "imports_source_collection_legacy_id_pk" PRIMARY KEY("source","collection","legacy_id")
);
--> statement-breakpoint
CREATE TABLE "tools" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"display_name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"version" text,
	"layer" text NOT NULL,
	"maturity" text NOT NULL,
	"category" text,
	"image" text,
	"tag" text,
	"needs" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"provides" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"ports" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"requires_proxy" boolean DEFAULT false NOT NULL,
	"has_admin_ui" boolean DEFAULT false NOT NULL,
	"docs_url" text,
	"icon" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tools_layers" CHECK ("tools"."layer" in ('L1', 'L2', 'L3')),
	CONSTRAINT "tools_maturities" CHECK ("tools"."maturity" in ('alpha', 'preview', 'supported', 'deprecated'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX "flags_key_key" ON "flags" USING btree ("key");--> statement-breakpoint
CREATE INDEX "imports_target" ON "imports" USING btree ("target_id");--> statement-breakpoint
CREATE UNIQUE INDEX "tools_name_key" ON "tools" USING btree ("name");--> statement-breakpoint
CREATE INDEX "tools_layer" ON "tools" USING btree ("layer","name");