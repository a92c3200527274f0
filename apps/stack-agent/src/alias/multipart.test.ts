import fc from "fast-check";
import { expect, test } from "vitest";
import { boundaryOf, type MultipartRewrite, rewriteMultipart } from "./multipart.ts";

async function through(form: FormData, rewrite: Partial<MultipartRewrite>, size: number): Promise<FormData> {
  const request = new Request("http://x", { method: "POST", body: form });
  const type = request.headers.get("content-type") as string;
  const bytes = new Uint8Array(await request.arrayBuffer());
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const all = { rename: (name: string) => name, rewrite: () => null, complete: () => ({}), ...rewrite };
  const body = chunks.pipeThrough(rewriteMultipart(boundaryOf(type), all));
  return new Response(body, { headers: { "content-type": type } }).formData();
}

test("fields are renamed, rewritten and added, and files come out byte for byte, however the body is cut", async () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 3_000 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 400 }), async (content, size) => {
      const form = new FormData();
      form.append("stack", "s1");
      form.append("file", new File([content, "\r\n--no\r\n"], "näme.bin"));
      form.append("@jsonPayload", '{"a":1}');
      const after = await through(
        form,
        {
          rename: (name) => (name === "stack" ? "stack_id" : name),
          rewrite: (name) => (name === "@jsonPayload" ? async (text) => text.replace("1", "2") : null),
          complete: (seen): Record<string, string> => (seen.has("stack_id") ? { created_at: "now" } : {}),
        },
        size,
      );
      expect([after.get("stack_id"), after.get("@jsonPayload"), after.get("created_at")]).toEqual([
        "s1",
        '{"a":2}',
        "now",
      ]);
      const file = after.get("file") as File;
      expect(file.name).toBe("näme.bin");
      expect(Buffer.from(await file.arrayBuffer())).toEqual(Buffer.concat([content, Buffer.from("\r\n--no\r\n")]));
    }),
    { numRuns: 60 },
  );
});

test("a body that ends in the middle is refused", async () => {
  const body = new Response('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf').body;
  const pass = { rename: (name: string) => name, rewrite: () => null, complete: () => ({}) };
  await expect(new Response(body?.pipeThrough(rewriteMultipart("b", pass))).text()).rejects.toThrow(
    "ends in the middle",
  );
});
