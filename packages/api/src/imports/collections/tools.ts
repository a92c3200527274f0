import { newId } from "@kombify/db";
import { tools } from "@kombify/db/schema";
import { eq, inArray } from "drizzle-orm";
import { z } from "zod";
import type { Collection } from "../collection.ts";
import { address, nameLike, names, oneOf, optionalText, text, textOrEmpty, time, truth } from "../field-schemas.ts";

const PORT = /^(\d{1,5})(?:\/(tcp|udp))?$/i;
const asExpected = { error: 'must be a list of ports, such as [8080, "53/udp"]' };
const portNumber = z.number(asExpected).int(asExpected).min(1, asExpected).max(65_535, asExpected);

/** `8080`, `"8080/udp"` or `{container: 8080, protocol: "udp"}`; of a mapping, the port inside counts. */
const port = z
  .union(
    [
      z.number().transform((value) => ({ port: value, protocol: "tcp" })),
      z
        .string()
        .regex(PORT)
        .transform((value) => {
          const [, digits, protocol = "tcp"] = PORT.exec(value) ?? [];
          return { port: Number(digits), protocol };
        }),
      z.looseObject({}).transform((value) => ({
        port: Number(value.container ?? value.containerPort ?? value.target ?? value.port),
        protocol: value.protocol ?? "tcp",
      })),
    ],
    asExpected,
  )
  .pipe(
    z.object({
      port: portNumber,
      protocol: z
        .string(asExpected)
        .toLowerCase()
        .pipe(z.enum(["tcp", "udp"], asExpected)),
    }),
  );

const ports = z
  .preprocess(
    (value) => (typeof value === "string" ? value.split(",").map((one) => one.trim()) : value),
    z.array(port, asExpected).max(100, asExpected),
  )
  .default([]);

const schema = z
  .object({
    name: nameLike(/^[a-z0-9][a-z0-9._-]{0,62}$/, "adguard-home"),
    displayName: text(200).optional(),
    description: textOrEmpty(),
    version: optionalText(100),
    layer: oneOf({ L1: ["1", "foundation"], L2: ["2", "platform"], L3: ["3", "application"] }),
    // A tool of which nobody said how good it is promises least.
    maturity: oneOf({
      alpha: ["experimental"],
      preview: ["beta"],
      supported: ["stable", "ga", "production"],
      deprecated: ["retired", "archived"],
    }).default("alpha"),
    category: optionalText(100),
    image: optionalText(500),
    tag: optionalText(200),
    needs: names,
    provides: names,
    ports,
    requiresProxy: truth.default(false),
    hasAdminUi: truth.default(false),
    docsUrl: address.nullable().default(null),
    icon: optionalText(2000),
    createdAt: time,
    updatedAt: time.optional(),
  })
  .transform(({ displayName, updatedAt, ...row }) => ({
    ...row,
    displayName: displayName ?? row.name,
    updatedAt: updatedAt ?? row.createdAt,
  }));
type Tool = z.output<typeof schema>;

const columns = ({ createdAt, updatedAt, ...row }: Tool) => ({
  ...row,
  createdAt: new Date(createdAt),
  updatedAt: new Date(updatedAt),
});

export const toolCollection: Collection<Tool> = {
  name: "tools",
  calledThere: ["tools", "tool_catalog", "catalog_tools"],
  spellings: {
    name: ["name", "key", "slug"],
    displayName: ["display_name", "title", "label"],
    description: ["description", "summary"],
    version: ["version"],
    layer: ["layer"],
    maturity: ["maturity", "stability"],
    category: ["category", "type"],
    image: ["image", "docker_image", "container_image"],
    tag: ["tag", "image_tag"],
    needs: ["needs", "requires", "dependencies"],
    provides: ["provides"],
    ports: ["ports", "port"],
    requiresProxy: ["requires_proxy", "needs_proxy"],
    hasAdminUi: ["has_admin_ui", "admin_ui"],
    docsUrl: ["docs_url", "documentation_url", "docs"],
    icon: ["icon", "icon_url", "logo"],
    createdAt: ["created", "created_at"],
    updatedAt: ["updated", "updated_at"],
  },
  keptAsWell: [],
  schema,
  unique: "name",
  owner: null,
  idOf: newId,
  async insert(tx, rows) {
    const values = rows.map(({ id, row }) => ({ id, ...columns(row) }));
    const written = await tx
      .insert(tools)
      .values(values)
      .onConflictDoNothing({ target: tools.name })
      .returning({ id: tools.id });
    return written.map(({ id }) => id);
  },
  async update(tx, { id, row }) {
    await tx.update(tools).set(columns(row)).where(eq(tools.id, id));
  },
  async readBack(tx, ids) {
    const rows = await tx.select().from(tools).where(inArray(tools.id, ids));
    return new Map(
      rows.map(({ id, createdAt, updatedAt, ...row }) => [
        id,
        { ...row, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() },
      ]),
    );
  },
};
