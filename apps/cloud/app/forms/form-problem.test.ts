import { ServiceError } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { fieldError, refusedForm, textFields } from "./form-problem.ts";

const typed = { email: "ada@example.com", password: "correct horse battery", tenantName: "Ada's lab" };

test("each refused field keeps its reason, and what was typed comes back without the password", () => {
  const error = new ServiceError("INVALID", "email: taken (and 1 more)", {
    fields: [
      { path: "email", message: "This e-mail address has an account. Sign in instead." },
      { path: "tenantName", message: "Use at least 2 characters." },
    ],
  });
  const { data: body, init } = refusedForm(error, typed, "r-1");
  expect(init).toMatchObject({ status: 400 });
  expect(body.problem.message).toBe("2 things to correct");
  expect(fieldError(body.problem, "email")).toContain("Sign in instead");
  expect(fieldError(body.problem, "password")).toBeUndefined();
  expect(body.problem.values).toEqual({ email: "ada@example.com", tenantName: "Ada's lab" });
  expect(JSON.stringify(body)).not.toContain("battery");
});

test("an error without fields is told in its own words, with how long to wait", () => {
  const slow = new ServiceError("LIMIT_REACHED", "Too many tries.", { retryAfterSeconds: 600 });
  expect(refusedForm(slow, {}, "r-1").data.problem.message).toBe("Too many tries. Try again in 10 minutes.");
  const wrong = new ServiceError("FORBIDDEN", "E-mail address or password is not right.", { status: 401 });
  expect(refusedForm(wrong, {}, "r-1").data.problem).toMatchObject({
    message: "E-mail address or password is not right.",
    fields: [],
  });
});

test("an unexpected error is not shown in a form", () => {
  expect(() => refusedForm(new Error("relation users does not exist"), typed, "r-1")).toThrow("relation");
});

test("a form's fields are read as text", () => {
  const form = new FormData();
  form.set("email", "a@b.c");
  form.set("file", new Blob(["x"]));
  expect(textFields(form)).toEqual({ email: "a@b.c", file: "" });
});
