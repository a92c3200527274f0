--- For tests: as much of Kong's plugin development kit as the plugin uses, over nginx itself. Header by header it does what
-- Kong's own does, which is a thin layer over the same functions (`kong/pdk/request.lua`, `kong/pdk/service/request.lua`).
local kong = { request = {}, service = { request = {} }, response = {}, client = {}, log = {}, cache = {}, db = {} }

function kong.request.get_headers(max)
  return ngx.req.get_headers(max)
end
function kong.request.get_header(name)
  local value = ngx.req.get_headers()[name]
  return type(value) == "table" and value[1] or value
end
function kong.request.get_method()
  return ngx.req.get_method()
end

function kong.service.request.clear_header(name)
  ngx.req.clear_header(name)
end
function kong.service.request.set_header(name, value)
  ngx.req.set_header(name, value)
end

function kong.response.exit(status, body, headers)
  ngx.status = status
  for name, value in pairs(headers) do
    ngx.header[name] = value
  end
  ngx.print(body)
  return ngx.exit(status)
end

--- Consumers by name, from the rendered configuration.
kong.consumers = {}

function kong.client.load_consumer(name)
  return kong.consumers[name]
end
function kong.client.authenticate(consumer)
  ngx.ctx.authenticated_consumer = consumer
end

function kong.cache:get(_, _, load, ...)
  return load(...)
end
kong.db.consumers = {}
function kong.db.consumers:cache_key(name)
  return "consumers:" .. name
end

function kong.log.err(...)
  ngx.log(ngx.ERR, ...)
end

return kong
