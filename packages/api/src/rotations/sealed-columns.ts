/** Every column that holds sealed texts. Its purpose, which each text is bound to, is `<table>.<column>`. */
export interface SealedColumn {
  table: string;
  /** The column that tells rows apart, and its type. */
  key: string;
  keyType: "text" | "uuid";
  column: string;
}

/** A test compares this with the database, so that a new column is not forgotten when a key is exchanged. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: "signing_keys", key: "kid", keyType: "text", column: "sealed_private_key" },
  { table: "certificate_authorities", key: "fingerprint", keyType: "text", column: "sealed_private_key" },
  { table: "sessions", key: "id", keyType: "text", column: "sealed_id_token" },
  { table: "second_factors", key: "user_id", keyType: "uuid", column: "sealed_secret" },
  { table: "webhook_secrets", key: "id", keyType: "uuid", column: "sealed_secret" },
  { table: "mails", key: "id", keyType: "uuid", column: "sealed_body" },
];

export const purposeOf = ({ table, column }: SealedColumn): string => `${table}.${column}`;
