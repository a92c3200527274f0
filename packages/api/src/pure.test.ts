import { randomBytes } from "node:crypto";
import { RESERVED_SLUGS, SLUG_PATTERN } from "@kombify/agent-contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSealer } from "./seal.ts";
import { slugFromName } from "./tenants/slug.ts";
import { variantOf } from "./tenants/slug-variant.ts";

describe("addresses", () => {
  it("any name gives an address that is allowed, and so does any variant of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        for (const slug of [slugFromName(name), variantOf(slugFromName(name))]) {
          expect(slug).toMatch(SLUG_PATTERN);
          expect(RESERVED_SLUGS.has(slug)).toBe(false);
        }
      }),
    );
  });

  it.each([
    ["Ann's Café 2", "annscafe2"],
    ["Café Zürich", "cafezurich"],
    ["An extraordinarily long name", "anextraordinarilylon"],
    ["42", "lab42"],
    ["", "lab"],
    ["Admin", "adminlab"],
  ])("%j becomes %s", (name, slug) => expect(slugFromName(name)).toBe(slug));
});

describe("sealed secrets", () => {
  const sealer = createSealer(randomBytes(32).toString("base64"));

  it("open again for the same purpose, and never look the same twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (secret) => {
        const sealed = await sealer.seal("a.b", secret);
        expect(await sealer.open("a.b", sealed)).toBe(secret);
        expect(await sealer.seal("a.b", secret)).not.toBe(sealed);
      }),
    );
  });

  it("do not open elsewhere, with another key, or after a change", async () => {
    const sealed = await sealer.seal("signing", "secret");
    await expect(sealer.open("authority", sealed)).rejects.toThrow();
    await expect(createSealer(randomBytes(32).toString("base64")).open("signing", sealed)).rejects.toThrow();
    const [version, iv, tag, text] = sealed.split(".") as [string, string, string, string];
    const flipped = `${text[0] === "A" ? "B" : "A"}${text.slice(1)}`;
    await expect(sealer.open("signing", [version, iv, tag, flipped].join("."))).rejects.toThrow();
    expect(() => createSealer("c2hvcnQ=")).toThrow("32 bytes");
  });
});
