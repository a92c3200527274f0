import { ServiceError } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { pageAnswer, safeNext, serviceProblemOf, signInPath, whenSignedIn } from "./service-error.ts";

const page = new Request("http://localhost:3001/tenants?status=active");

test("somebody who is not signed in is sent to sign in and back to the page", async () => {
  const refused = Promise.reject(new ServiceError("FORBIDDEN", "Sign in first.", { status: 401 }));
  const answer = await pageAnswer(page, "r-1", refused).catch((thrown: unknown) => thrown);
  expect((answer as Response).headers.get("location")).toBe("/login?next=%2Ftenants%3Fstatus%3Dactive");
  expect(signInPath(new Request("http://localhost:3001/"))).toBe("/login");
});

test("a refused page keeps its words and the request id; an unexpected error is passed on", async () => {
  const gone = Promise.reject(new ServiceError("NOT_FOUND", "There is no such instance."));
  await expect(pageAnswer(page, "r-1", gone)).rejects.toMatchObject({
    data: { message: "There is no such instance.", requestId: "r-1" },
    init: { status: 404 },
  });
  await expect(pageAnswer(page, "r-1", Promise.reject(new Error("boom")))).rejects.toThrow("boom");
});

test("a service error is found under the error that carries it, and nowhere else", () => {
  const inner = new ServiceError("LIMIT_REACHED", "Too many tries.", { retryAfterSeconds: 9 });
  expect(serviceProblemOf(new Error("outer", { cause: inner }))).toMatchObject({ status: 429, retryAfterSeconds: 9 });
  expect(serviceProblemOf(new TypeError("x"))).toBeNull();
});

test("not being signed in is told apart from not being allowed", async () => {
  expect(await whenSignedIn(Promise.reject(new ServiceError("FORBIDDEN", "x", { status: 401 })))).toBeNull();
  await expect(whenSignedIn(Promise.reject(new ServiceError("FORBIDDEN", "x")))).rejects.toThrow();
});

test.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", null])(
  "after signing in nobody is sent to %s",
  (next) => expect(safeNext(next, "/start")).toBe("/start"),
);
test("after signing in one comes back to the page that was asked for", () => {
  expect(safeNext("/tenants?search=a%20b", "/")).toBe("/tenants?search=a%20b");
});
