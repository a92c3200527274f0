local t = ...

--- Of Kong's own types only what the schema says with them matters here.
package.loaded["kong.db.schema.typedefs"] = {
  no_consumer = { eq = "null" },
  protocols_http = { type = "set" },
  url = function(more)
    more.type = "string"
    return more
  end,
}
local schema = require "kong.plugins.kombify-identity.schema"

local function fields_of(record)
  local fields = {}
  for _, field in ipairs(record.fields) do
    local name, definition = next(field)
    fields[name] = definition
  end
  return fields
end
local config = fields_of(fields_of(schema).config)

t.test("the rendered configuration has the fields of the schema, each of its type, and no other", function()
  for name, definition in pairs(config) do
    local value = t.fixture.rendered[name]
    local types = { string = "string", boolean = "boolean", integer = "number", array = "table" }
    t.equal({ name, type(value) }, { name, types[definition.type] })
    for _, issuer in ipairs(name == "issuers" and value or {}) do
      local parts = fields_of(definition.elements)
      for part in pairs(issuer) do
        t.equal({ part, parts[part] ~= nil }, { part, true })
      end
    end
  end
  for name in pairs(t.fixture.rendered) do
    t.equal({ name, config[name] ~= nil }, { name, true })
  end
end)

t.test("what is not said strips and refuses nobody", function()
  t.equal({ config.mode.default, config.required.default }, { "strip", false })
end)
