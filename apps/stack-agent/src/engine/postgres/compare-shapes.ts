/**
 * How a namespace differs from what is defined, and which statements bring it nearer. One round may uncover the next: a
 * key that refers to a column is dropped while the column changes and is missing afterwards.
 */
import { type NamespaceShape, type TableShape, withSlug } from "./shape.ts";

export type Difference = {
  /** For people: `the index stacks_acme_name is missing`. */
  words: string;
  /** Run by the namespace's role. */
  statements: string[];
  /** Order in which statements can succeed. */
  step: "clear" | "types" | "columns" | "tables" | "keys" | "references" | "indexes";
};

type Column = TableShape["columns"][number];

/** What a field gets in records that have lost theirs: the definition's own value or the emptiest one of its type. */
function fillingOf({ type, value }: Column): string {
  if (value !== null) return value;
  if (type.startsWith("timestamp")) return "now()";
  if (type === "jsonb") return `'{}'`;
  if (type === "integer") return "0";
  return type === "boolean" ? "false" : `''`;
}

function addColumn(column: Column): string[] {
  const { name, type, isRequired, isGenerated, value } = column;
  if (isGenerated) return [`add column ${name} ${type} generated always as (${value}) stored`];
  if (!isRequired) return [`add column ${name} ${type}${value === null ? "" : ` default ${value}`}`];
  const add = `add column ${name} ${type} not null default ${fillingOf(column)}`;
  return value === null ? [add, `alter column ${name} drop default`] : [add];
}

function* compareColumn(table: string, is: Column | undefined, should: Column): Iterable<Difference> {
  const { name } = should;
  const alter = (words: string, ...changes: string[]): Difference => ({
    words: `the field ${name} of ${table} ${words}`,
    statements: changes.map((change) => `alter table stack.${table} ${change}`),
    step: "columns",
  });
  const column = `alter column ${name}`;
  if (!is) return yield alter("is missing", ...addColumn(should));
  if (should.isGenerated) {
    if (JSON.stringify(is) !== JSON.stringify(should))
      yield alter("is not derived as it should be", `drop column ${name}`, ...addColumn(should));
    return;
  }
  if (is.type !== should.type) {
    const using = `using ${name}::${should.type}`;
    const words = `is ${is.type} and not ${should.type}`;
    yield { ...alter(words, `${column} drop default`, `${column} type ${should.type} ${using}`), step: "types" };
  } else if (is.value !== should.value)
    yield alter(
      "has another default",
      should.value === null ? `${column} drop default` : `${column} set default ${should.value}`,
    );
  if (is.isRequired && !should.isRequired) yield alter("must not be required", `${column} drop not null`);
  if (!is.isRequired && should.isRequired) {
    const filled = alter("can be empty", `${column} set not null`);
    filled.statements.unshift(`update stack.${table} set ${name} = ${fillingOf(should)} where ${name} is null`);
    yield filled;
  }
}

function* compareColumns({ table, columns }: TableShape, should: TableShape): Iterable<Difference> {
  for (const column of should.columns)
    yield* compareColumn(
      table,
      columns.find(({ name }) => name === column.name),
      column,
    );
  // Other fields may stay where they are, unless no record could be written without them.
  for (const { name, isRequired, value } of columns)
    if (isRequired && value === null && !should.columns.some((column) => column.name === name))
      yield {
        words: `the field ${name} of ${table} is not ours and is required`,
        statements: [`alter table stack.${table} alter column ${name} drop not null`],
        step: "columns",
      };
}

function* compareConstraints({ table, constraints }: TableShape, should: TableShape): Iterable<Difference> {
  const same = (list: TableShape["constraints"], definition: string) =>
    list.some((one) => one.definition === definition);
  for (const { name, definition } of constraints)
    if (!same(should.constraints, definition))
      yield {
        words: `the rule ${name} is not ours: ${definition}`,
        statements: [`alter table stack.${table} drop constraint if exists "${name.replaceAll('"', '""')}" cascade`],
        step: "clear",
      };
  for (const { name, definition, kind } of should.constraints)
    if (!same(constraints, definition))
      yield {
        words: `the rule ${name} is missing`,
        statements: [`alter table stack.${table} add constraint ${name} ${definition}`],
        step: kind === "p" ? "keys" : "references",
      };
}

function* compareIndexes({ indexes }: TableShape, should: TableShape): Iterable<Difference> {
  const drop = (name: string) => `drop index stack."${name.replaceAll('"', '""')}"`;
  for (const { name, definition } of should.indexes) {
    const is = indexes.find((index) => index.name === name);
    if (is?.definition === definition && is.isValid) continue;
    if (is) yield { words: `the index ${name} is another one`, statements: [drop(name)], step: "clear" };
    else yield { words: `the index ${name} is missing`, statements: [definition], step: "indexes" };
  }
  // An index of somebody's own costs time only, unless it refuses records.
  for (const { name, isUnique } of indexes)
    if (isUnique && !should.indexes.some((index) => index.name === name))
      yield { words: `the index ${name} is not ours and is unique`, statements: [drop(name)], step: "clear" };
}

function compareTable(is: TableShape, should: TableShape): Difference[] {
  const grants = is.grantees.map(
    (grantee): Difference => ({
      words: `${grantee} has rights on ${is.table}`,
      statements: [
        `revoke all on stack.${is.table} from ${grantee === "public" ? grantee : `"${grantee.replaceAll('"', '""')}"`} cascade`,
      ],
      step: "clear",
    }),
  );
  return [...grants, ...compareColumns(is, should), ...compareConstraints(is, should), ...compareIndexes(is, should)];
}

const createTable = ({ table }: TableShape): Difference => ({
  words: `the collection ${table} is missing`,
  // Its fields, keys and indexes are what the next round finds missing.
  statements: [`create table stack.${table} ()`],
  step: "tables",
});

/** Keys that refer from one of these tables to another, in the way when a column gets another type. */
const dropReferences = ({ tables }: NamespaceShape): string[] =>
  tables.flatMap(({ table, constraints }) =>
    constraints
      .filter(({ kind }) => kind === "f")
      .map(({ name }) => `alter table stack.${table} drop constraint if exists "${name.replaceAll('"', '""')}"`),
  );

const STEPS: Difference["step"][] = ["clear", "types", "columns", "tables", "keys", "references", "indexes"];

/**
 * What differs from the definition, in the order in which it can be mended. Owners are compared elsewhere: the
 * namespace's role cannot mend them.
 */
export function compareShapes(is: NamespaceShape, should: NamespaceShape, slug: string): Difference[] {
  const differences = should.tables.flatMap((wanted) => {
    const present = is.tables.find(({ table }) => table === wanted.table);
    if (present) return compareTable(present, wanted);
    return wanted.table.startsWith("files_") ? [] : [createTable(wanted)];
  });
  differences.find(({ step }) => step === "types")?.statements.unshift(...dropReferences(is));
  return differences
    .toSorted((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step))
    .map(({ words, statements, step }) => ({
      words: withSlug(words, slug),
      statements: statements.map((text) => withSlug(text, slug)),
      step,
    }));
}
