import { invalidInput, ServiceError } from "@kombify/agent-contract";
import { registerInstanceInput } from "@kombify/api/schemas";
import { expect, test } from "vitest";
import { fieldError, numberField, refusedForm, textFields } from "./form-problem.ts";

const formOf = (fields: Record<string, string>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

test("what is refused of a new instance is told field by field, and what was typed comes back", () => {
  const values = textFields(formOf({ name: "Stack 2", region: "garage", capacity: "0" }));
  const { name, region } = values;
  const parsed = registerInstanceInput.safeParse({ name, region, capacity: numberField(values.capacity) });
  const { problem } = refusedForm(invalidInput(parsed.error!), values, "r-1").data;
  expect(problem.message).toBe("2 things to correct");
  expect(fieldError(problem, "name")).toContain("lower-case");
  expect(fieldError(problem, "capacity")).toBe("Give it at least 1 place.");
  expect(fieldError(problem, "region")).toBeUndefined();
  expect(problem.values).toEqual({ name: "Stack 2", region: "garage", capacity: "0" });
});

test("a number is read as typed, an empty field takes the default, and words are refused rather than read as 0", () => {
  expect(numberField(" 250 ")).toBe(250);
  expect(numberField("")).toBeUndefined();
  expect(numberField("many")).toBe("many");
  expect(registerInstanceInput.safeParse({ name: "stack-2", capacity: "many" }).success).toBe(false);
});

test("a password never comes back", () => {
  const error = new ServiceError("FORBIDDEN", "E-mail address or password is not right.", { status: 401 });
  const { data: body } = refusedForm(error, { email: "ada@example.com", password: "battery" }, "r-1");
  expect(body.problem.message).toBe("E-mail address or password is not right.");
  expect(JSON.stringify(body)).not.toContain("battery");
});

test("a form that is sent after the session ended leads to the sign-in page", () => {
  const request = new Request("http://localhost:3001/instances/new", { method: "POST" });
  const ended = new ServiceError("FORBIDDEN", "Sign in first.", { status: 401 });
  let thrown: unknown;
  try {
    refusedForm(ended, {}, "r-1", { request });
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Response).headers.get("location")).toBe("/login?next=%2Finstances%2Fnew");
});

test("an unexpected error is not shown in a form", () => {
  expect(() => refusedForm(new Error("relation users does not exist"), {}, "r-1")).toThrow("relation");
});
