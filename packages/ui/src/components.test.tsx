import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { AppProvider } from "./app-provider.tsx";
import { DataTable } from "./data-table.tsx";
import { FormErrorSummary } from "./form-error-summary.tsx";
import { RelativeTime } from "./relative-time.tsx";
import { StatusPill } from "./status-pill.tsx";
import { StepList } from "./step-list.tsx";
import { UsageMeter } from "./usage-meter.tsx";

const NOW = Date.UTC(2026, 10, 23, 21, 4);
const render = (element: React.ReactNode, renderedAt: number | undefined = NOW) =>
  renderToStaticMarkup(
    <AppProvider nonce="n0nce" {...(renderedAt === undefined ? {} : { renderedAt })}>
      {element}
    </AppProvider>,
  );
const textOf = (html: string) =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

test("rendering makes no style element: the theme is in the stylesheet", () => {
  expect(render(<StatusPill state="active" />)).not.toContain("<style");
});

test("a time is relative to when the server rendered, so that hydration changes nothing", () => {
  const html = render(<RelativeTime at={new Date(NOW - 300_000)} />);
  expect(textOf(html)).toBe("5 minutes ago");
  expect(html).toContain('title="23 Nov 2026, 20:59 UTC"');
  expect(html).toContain('dateTime="2026-11-23T20:59:00.000Z"');
});

test.each(["active", "waiting_for_capacity", "quarantined", "offline", "never_heard_of"])(
  "%s is an icon and words",
  (state) => {
    const html = render(<StatusPill state={state} />);
    expect(html).toContain("<svg");
    expect(textOf(html)).toMatch(/[A-Z][a-z]+/);
  },
);

test("a step says in words what its colour says", () => {
  const html = render(
    <StepList
      label="Setting up"
      steps={[
        { key: "a", label: "Account", state: "done", at: new Date(NOW) },
        { key: "b", label: "Storage", state: "active" },
        { key: "c", label: "Host", state: "failed", detail: "It did not answer." },
        { key: "d", label: "Open", state: "waiting" },
      ]}
    />,
  );
  const text = textOf(html);
  for (const words of ["(done)", "(under way)", "(failed)", "(not begun)", "It did not answer."])
    expect(text).toContain(words);
  expect(html.match(/role="listitem"/g)).toHaveLength(4);
  expect(html.match(/aria-current="step"/g)).toHaveLength(1);
});

const columns = [{ key: "name", header: "Name", sortKey: "name", render: (row: { name: string }) => row.name }];

test("a sorted column says so, and its link turns the order round", () => {
  const table = (sort: string) => (
    <DataTable
      caption="Hosts"
      columns={columns}
      rows={[{ name: "stack-1" }]}
      rowKey={(row) => row.name}
      sort={sort}
      sortHref={(next) => `/hosts?sort=${next}`}
      nextHref="/hosts?cursor=abc"
      empty={null}
    />
  );
  expect(render(table("name"))).toMatch(/aria-sort="ascending".*href="\/hosts\?sort=-name"/s);
  expect(render(table("-name"))).toMatch(/aria-sort="descending".*href="\/hosts\?sort=name"/s);
  expect(render(table("name"))).toContain('href="/hosts?cursor=abc"');
});

test("a column that sorts one way only leads to that order, also while it is in force", () => {
  const table = (sort: string) => (
    <DataTable
      caption="Flags"
      columns={[{ key: "uses", header: "Uses", sortOnly: "-uses", render: (row: { name: string }) => row.name }]}
      rows={[{ name: "new-dashboard" }]}
      rowKey={(row) => row.name}
      sort={sort}
      sortHref={(next) => `/flags?sort=${next}`}
      empty={null}
    />
  );
  expect(render(table("key"))).toMatch(/aria-sort="none".*href="\/flags\?sort=-uses"/s);
  expect(render(table("-uses"))).toMatch(/aria-sort="descending".*href="\/flags\?sort=-uses"/s);
});

test("a table without rows shows what to do instead", () => {
  const html = render(
    <DataTable caption="Hosts" columns={columns} rows={[]} rowKey={(row) => row.name} empty={<p>Register one</p>} />,
  );
  expect(textOf(html)).toBe("Register one");
});

test("a refused form is announced, with a link to each field", () => {
  const html = render(
    <FormErrorSummary
      message="1 thing to correct"
      fields={[{ path: "email", message: "Enter an e-mail address." }]}
      labels={{ email: "E-mail" }}
    />,
  );
  expect(html).toContain('role="alert"');
  expect(html).toContain('href="#email"');
  expect(textOf(html)).toContain("E-mail : Enter an e-mail address.");
});

test("a meter without any limit does not divide by it", () => {
  expect(render(<UsageMeter label="Sims" used={0} max={0} />)).not.toContain("NaN");
});
