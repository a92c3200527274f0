local typedefs = require "kong.db.schema.typedefs"

local ALGORITHMS = { "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA" }

local issuer = {
  type = "record",
  fields = {
    { issuer = { type = "string", required = true, len_min = 1 } },
    { jwks_uri = typedefs.url({ required = true }) },
    { audiences = { type = "array", required = true, len_min = 1, elements = { type = "string" } } },
  },
}

return {
  name = "kombify-identity",
  fields = {
    -- The plugin finds the consumer, so it cannot hang on one.
    { consumer = typedefs.no_consumer },
    { protocols = typedefs.protocols_http },
    {
      config = {
        type = "record",
        fields = {
          -- "strip" takes identity headers away and looks at no token: pages come with cookies, which are the services' own.
          { mode = { type = "string", required = true, default = "strip", one_of = { "strip", "verify" } } },
          -- Whether a request without any token is refused here.
          { required = { type = "boolean", required = true, default = false } },
          { issuers = { type = "array", required = true, default = {}, elements = issuer } },
          {
            algorithms = {
              type = "array",
              required = true,
              default = ALGORITHMS,
              elements = { type = "string", one_of = ALGORITHMS },
            },
          },
          { plan_claim = { type = "string", required = true, default = "urn:kombify:plan" } },
          -- The first is everybody's who brings no claim.
          {
            plans = {
              type = "array",
              required = true,
              len_min = 1,
              default = { "free", "pro", "business" },
              elements = { type = "string" },
            },
          },
          { consumer_prefix = { type = "string", required = true, default = "plan-" } },
          { anonymous_consumer = { type = "string", required = true, default = "anonymous" } },
          { realm = { type = "string", required = true, default = "kombify", match = "^[%w .-]+$" } },
          { leeway_seconds = { type = "integer", required = true, default = 5, between = { 0, 60 } } },
          { jwks_ttl_seconds = { type = "integer", required = true, default = 300, gt = 0 } },
          { jwks_cooldown_seconds = { type = "integer", required = true, default = 10, gt = 0 } },
          { jwks_stale_seconds = { type = "integer", required = true, default = 86400, gt = 0 } },
        },
      },
    },
  },
}
