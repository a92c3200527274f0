--- For tests: runs the plugin for a route of the rendered configuration, as Kong would in its access phase.
local cjson = require "cjson.safe"

local edge = {}

function edge.open(path)
  local handle = assert(io.open(path, "r"))
  local config = assert(cjson.decode(handle:read("*a")))
  handle:close()
  _G.kong = require "edge.kong"
  for _, name in ipairs(config.consumers) do
    kong.consumers[name] = { username = name }
  end
  edge.identity = config.identity
end

function edge.access(route)
  -- As Kong's runloop leaves it for its plugins.
  local forwarded = ngx.var.http_x_forwarded_for
  ngx.var.upstream_x_forwarded_for = (forwarded and forwarded .. ", " or "") .. ngx.var.realip_remote_addr
  require("kong.plugins.kombify-identity.handler"):access(edge.identity[route])
end

--- Tells a test which consumer, and so which limit, the plugin chose.
function edge.show_consumer()
  local consumer = ngx.ctx.authenticated_consumer
  ngx.header["X-Edge-Consumer"] = consumer and consumer.username or nil
end

return edge
