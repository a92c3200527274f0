/** What is known of everybody for whom a flag is evaluated, for suggestions. Applications may send more. */
export const ATTRIBUTES = [
  "plan",
  "tenant",
  "tenantId",
  "instance",
  "region",
  "version",
  "userId",
  "targetingKey",
] as const;
