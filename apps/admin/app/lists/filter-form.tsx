import { Button } from "@mantine/core";
import { Form, useLocation, useSubmit } from "@remix-run/react";
import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { PortalLink } from "../frame/portal-link.tsx";
import classes from "./filter-form.module.css";
import { listQuery } from "./list-address.ts";

type FilterFormProps = {
  /** What is filtered, for screen readers: "Filter tenants". */
  label: string;
  /** The fields; each is named like its parameter in the address. */
  children: ReactNode;
  /** Whether anything is filtered now. */
  isFiltered: boolean;
};

/** How long somebody pauses between two words. Milliseconds. */
const TYPING_PAUSE_MS = 250;

/** The filters of a list: they apply as they change, and with the button where there is no script. */
export function FilterForm({ label, children, isFiltered }: FilterFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const submit = useSubmit();
  const { search } = useLocation();
  const sort = new URLSearchParams(search).get("sort");

  // Back and Forward change the address; the fields follow, except the one in which somebody is typing.
  useEffect(() => {
    const params = new URLSearchParams(search);
    for (const field of form.current?.elements ?? []) {
      const isFilter = field instanceof HTMLInputElement || field instanceof HTMLSelectElement;
      if (isFilter && field.name !== "" && field !== document.activeElement) field.value = params.get(field.name) ?? "";
    }
  }, [search]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const apply = (isNewPlace: boolean) => {
    clearTimeout(timer.current);
    if (!form.current) return;
    const typed = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, String(value)]));
    const query = listQuery(new URLSearchParams(search), typed);
    if (query === (search || "?")) return;
    submit(new URLSearchParams(query), { method: "get", replace: !isNewPlace, preventScrollReset: true });
  };
  const change = (event: FormEvent) => {
    if (event.target instanceof HTMLSelectElement) return apply(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => apply(false), TYPING_PAUSE_MS);
  };
  return (
    <Form
      ref={form}
      method="get"
      role="search"
      aria-label={label}
      className={classes.form}
      onChange={change}
      onSubmit={(event) => {
        event.preventDefault();
        apply(true);
      }}
    >
      {children}
      {sort ? <input type="hidden" name="sort" value={sort} /> : null}
      <Button type="submit" variant="default">
        Search
      </Button>
      {isFiltered ? (
        <Button
          component={PortalLink}
          href={sort ? `?${new URLSearchParams({ sort })}` : "?"}
          variant="subtle"
          color="gray"
        >
          Clear
        </Button>
      ) : null}
    </Form>
  );
}
