/**
 * What OFREP's document (github.com/open-feature/protocol, service/openapi.yaml 0.3.0) says of answers, written from it.
 * Two things are other than there: values are told apart by `anyOf`, since of its `oneOf` two branches match every ordinary
 * value; and DEFAULT is among the reasons, which flagd gives.
 */
const METADATA = { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };
const VALUE = {
  anyOf: [{ type: "boolean" }, { type: "string" }, { type: "number" }, { type: "object" }, { type: "array" }],
};

/** Without a value the caller's own default counts. */
export const EVALUATION_SCHEMA = {
  type: "object",
  required: ["key"],
  properties: {
    key: { type: "string" },
    reason: { enum: ["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"] },
    variant: { type: "string" },
    value: VALUE,
    metadata: METADATA,
  },
  not: { required: ["errorCode"] },
};

export const FAILURE_SCHEMA = {
  type: "object",
  required: ["key", "errorCode"],
  properties: {
    key: { type: "string" },
    errorCode: { enum: ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL", "FLAG_NOT_FOUND"] },
    errorDetails: { type: "string" },
    metadata: METADATA,
  },
};

export const BULK_SCHEMA = {
  type: "object",
  required: ["flags"],
  properties: {
    flags: { type: "array", items: { anyOf: [EVALUATION_SCHEMA, FAILURE_SCHEMA] } },
    metadata: METADATA,
    eventStreams: {
      type: "array",
      items: {
        type: "object",
        required: ["type"],
        properties: {
          type: { const: "sse" },
          url: { type: "string" },
          endpoint: { type: "object", required: ["requestUri"], properties: { requestUri: { type: "string" } } },
        },
      },
    },
  },
};
