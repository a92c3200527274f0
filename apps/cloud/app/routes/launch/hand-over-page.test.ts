import { expect, test } from "vitest";
import { handOverPage } from "./hand-over-page.ts";

const launch = { redirectUrl: "http://localhost:3100/sso/callback", ticket: "t1cket", nonce: "bm9uY2U=" };

test("the ticket is in the form's body and in no address or header", async () => {
  const response = handOverPage(launch);
  const text = await response.text();
  expect(text).toContain('action="http://localhost:3100/sso/callback"');
  expect(text).toContain('name="ticket" value="t1cket"');
  expect(text.split("t1cket")).toHaveLength(2);
  expect(JSON.stringify([...response.headers])).not.toContain("t1cket");
});

test("the page is not kept, may post to that Stack alone, and lets the browser name its origin", () => {
  const { headers } = handOverPage(launch);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("content-security-policy")).toContain("form-action http://localhost:3100;");
  expect(headers.get("content-security-policy")).not.toContain("unsafe");
  expect(headers.get("referrer-policy")).toBe("strict-origin");
});

test("an address or a ticket cannot break out of the form", async () => {
  const text = await handOverPage({ ...launch, ticket: '"><script>alert(1)</script>' }).text();
  expect(text).not.toContain("<script>alert");
});

test("without script there is a button", async () => {
  expect(await handOverPage(launch).text()).toContain('<button type="submit">Continue</button>');
});
