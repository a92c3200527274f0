import { ServiceError } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { pageAnswer, safeNext, serviceProblemOf, whenSignedIn } from "./service-error.ts";

const request = new Request("http://localhost:3000/homelab?tenant=ada");
const notSignedIn = new ServiceError("FORBIDDEN", "Sign in first.", { status: 401 });

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("somebody who is not signed in goes to sign in and comes back to the same page", async () => {
  const thrown = (await thrownBy(pageAnswer(request, "r-1", Promise.reject(notSignedIn)))) as Response;
  expect(thrown.status).toBe(302);
  expect(thrown.headers.get("location")).toBe("/login?next=%2Fhomelab%3Ftenant%3Dada");
});

test("what does not exist is a 404 page in the service's own words, with the request id", async () => {
  const missing = new ServiceError("NOT_FOUND", "There is no homelab of that name.");
  const thrown = await thrownBy(pageAnswer(request, "r-1", Promise.reject(missing)));
  expect(thrown).toMatchObject({
    data: { message: "There is no homelab of that name.", requestId: "r-1" },
    init: { status: 404 },
  });
});

test("an unexpected error keeps its words out of the page", async () => {
  const broken = new Error("connection to 10.0.0.7 refused");
  expect(await thrownBy(pageAnswer(request, "r-1", Promise.reject(broken)))).toBe(broken);
});

test("a visitor is nobody, a failing call is not", async () => {
  expect(await whenSignedIn(Promise.reject(notSignedIn))).toBeNull();
  await expect(whenSignedIn(Promise.reject(new Error("down")))).rejects.toThrow("down");
});

test("a service error is known by its shape, also as a cause", () => {
  const inner = new ServiceError("CONFLICT", "This address is taken.", {
    fields: [{ path: "slug", message: "Taken." }],
  });
  expect(serviceProblemOf(new Error("wrapped", { cause: inner }))).toMatchObject({
    code: "CONFLICT",
    status: 409,
    fields: [{ path: "slug", message: "Taken." }],
  });
  expect(serviceProblemOf("text")).toBeNull();
});

test.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", null, "homelab"])(
  "the way back never leaves the portal: %j",
  (next) => expect(safeNext(next)).toBe("/homelab"),
);

test("the way back keeps a page of the portal with its query", () => {
  expect(safeNext("/homelab?tenant=ada")).toBe("/homelab?tenant=ada");
});
