import { FLAGS_BODY_LIMIT } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { readImport } from "./read-import.ts";

const form = (fields: Record<string, string | File>) => {
  const sent = new FormData();
  for (const [name, value] of Object.entries(fields)) sent.set(name, value);
  return sent;
};
const problemOf = async (fields: Record<string, string | File>) =>
  (await readImport(form(fields))).problems[0]?.message;
const FILE = { flags: { "new-dashboard": { state: "ENABLED", variants: { on: true }, defaultVariant: "on" } } };

test("a file that was chosen outweighs what was pasted", async () => {
  const upload = new File([JSON.stringify(FILE)], "flags.flagd.json");
  const read = await readImport(form({ file: "{}", upload, mode: "replace", owner: " growth " }));
  expect(read).toMatchObject({ file: FILE, mode: "replace", owner: "growth", problems: [] });
  const empty = new File([], "");
  expect((await readImport(form({ file: JSON.stringify(FILE), upload: empty }))).file).toEqual(FILE);
});

test("what is no flagd file is refused in words", async () => {
  expect(await problemOf({ file: " " })).toBe("Choose a file, or paste one.");
  expect(await problemOf({ file: '{"flags": {},\n  oh}' })).toMatch(/^This is not JSON: look at (line 2|position)/);
  for (const file of ["[]", "5", "{}", '{"flags": []}', "null"])
    expect(await problemOf({ file }), file).toMatch(/^This is no flagd file/);
});

test("a file of more than 4 MiB is refused, and not sent back", async () => {
  const file = JSON.stringify({ flags: {}, metadata: { long: "x".repeat(FLAGS_BODY_LIMIT) } });
  const ways: Record<string, string | File>[] = [{ file }, { upload: new File([file], "flags.json") }];
  for (const fields of ways) {
    const read = await readImport(form(fields));
    expect(read).toMatchObject({ text: "", file: null });
    expect(read.problems[0]?.message).toBe("The file is larger than 4 MiB. Import it in parts.");
  }
});
