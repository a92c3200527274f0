--- kombify-identity: takes away what clients say of themselves, and says who they are. It stands after `cors` (2000) and before
-- everything that asks who somebody is: the limits (910) and the cache (100) read the headers that are set here.
local cjson = require "cjson.safe"
local crypto = require "kong.plugins.kombify-identity.crypto"
local headers = require "kong.plugins.kombify-identity.headers"
local http = require "resty.http"
local identity = require "kong.plugins.kombify-identity.identity"
local jwks = require "kong.plugins.kombify-identity.jwks"
local semaphore = require "ngx.semaphore"

local KombifyIdentity = { PRIORITY = 1460, VERSION = "0.1.0" }

--- More headers than any client of ours sends. They are counted, because those that nobody looks at would pass.
local MAX_HEADERS = 200
local FETCH_TIMEOUTS_MS = { connect = 1000, send = 1000, read = 2000 }
--- Somebody whose key is not known waits so long for the one who fetches.
local PATIENCE_SECONDS = 4

local function fetch(uri)
  local client = http.new()
  client:set_timeouts(FETCH_TIMEOUTS_MS.connect, FETCH_TIMEOUTS_MS.send, FETCH_TIMEOUTS_MS.read)
  local answer, problem = client:request_uri(uri, { headers = { Accept = "application/json" }, ssl_verify = true })
  if not answer then
    return nil, problem
  end
  if answer.status ~= 200 then
    return nil, "status " .. answer.status
  end
  return answer.body
end

local locks = {}

local function lock(uri, is_patient)
  local one = locks[uri] or semaphore.new(1)
  locks[uri] = one
  if not one:wait(is_patient and PATIENCE_SECONDS or 0) then
    return nil
  end
  return function()
    one:post(1)
  end
end

--- By the times that they keep; the keys in one are by address, and outlive a change of anything else.
local stores = {}

local function keys_for(conf)
  local name = table.concat({ conf.jwks_ttl_seconds, conf.jwks_cooldown_seconds, conf.jwks_stale_seconds }, "/")
  local store = stores[name]
  if not store then
    store = jwks.new({
      fetch = fetch,
      import = crypto.import,
      now = ngx.time,
      lock = lock,
      ttl_seconds = conf.jwks_ttl_seconds,
      cooldown_seconds = conf.jwks_cooldown_seconds,
      stale_seconds = conf.jwks_stale_seconds,
    })
    stores[name] = store
  end
  return store
end

--- Problem documents as every process of kombify writes them (RFC 9457).
local function answer(refusal, request_id)
  local body = {
    type = "https://kombify.io/problems/" .. refusal.code:lower():gsub("_", "-"),
    title = refusal.title,
    status = refusal.status,
    detail = refusal.detail,
    code = refusal.code,
    requestId = request_id,
  }
  local more = { ["Content-Type"] = "application/problem+json", ["Cache-Control"] = "no-store" }
  more["X-Request-ID"] = request_id
  for name, value in pairs(refusal.headers) do
    more[name] = value
  end
  return kong.response.exit(refusal.status, cjson.encode(body), more)
end

local function become(consumer_name)
  -- As Kong's own plugins load the consumer that stands for nobody: from memory, until it is changed.
  local key = kong.db.consumers:cache_key(consumer_name)
  local consumer, problem = kong.cache:get(key, nil, kong.client.load_consumer, consumer_name, true)
  if not consumer then
    -- Without a consumer there is no limit here; the services count as well, so this is no reason to refuse people.
    kong.log.err("consumer ", consumer_name, " is not configured: ", problem or "not found")
    return
  end
  kong.client.authenticate(consumer, nil)
end

function KombifyIdentity:access(conf)
  -- 0: all of them. The default stops at a hundred, and whoever sends more would hide the rest.
  local received = ngx.req.get_headers(0, true)
  local request_id = ngx.var.request_id
  local count = 0
  for _, value in pairs(received) do
    count = count + (type(value) == "table" and #value or 1)
  end
  if count > MAX_HEADERS then
    local detail = ("Send at most %d headers."):format(MAX_HEADERS)
    return answer({ status = 431, code = "INVALID", title = "Invalid input", detail = detail, headers = {} }, request_id)
  end
  local by_name = kong.request.get_headers(1000)
  local request = {
    authorization = by_name["authorization"],
    tenant = by_name["x-tenant-id"],
    is_preflight = kong.request.get_method() == "OPTIONS"
      and kong.request.get_header("Origin") ~= nil
      and kong.request.get_header("Access-Control-Request-Method") ~= nil,
  }
  for _, name in ipairs(headers.to_strip(received)) do
    kong.service.request.clear_header(name)
  end
  kong.service.request.set_header("X-Request-ID", request_id)
  -- One address, the one that `trusted_ips` arrived at. What a client wrote there itself would go on in front of it, and behind
  -- another proxy the last one would be the proxy's.
  ngx.var.upstream_x_forwarded_for = ngx.var.remote_addr

  local parts = { keys = keys_for(conf), verify = crypto.verify, now = ngx.time }
  local decision = identity.decide(request, conf, parts)
  if decision.refusal then
    return answer(decision.refusal, request_id)
  end
  for name, value in pairs(decision.headers) do
    kong.service.request.set_header(name, value)
  end
  if decision.consumer then
    become(decision.consumer)
  end
end

return KombifyIdentity
