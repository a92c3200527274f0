--- The public keys of identity providers, by key id. Keys are fetched when a token first needs them, again when they are old,
-- and when a token names a key that is not known: a provider rotates without notice. An unknown key id is something that
-- anybody can send, so a cool-down stands between two fetches. While a provider is away, what it last said goes on.
local cjson = require "cjson.safe"

local jwks = {}
jwks.__index = jwks

--- Bytes and keys of one answer; more is not a key set but a mistake or an attack.
local MAX_BYTES = 256 * 1024
local MAX_KEYS = 100
--- RFC 7518, section 3.3: 2048 bits or more, which are 342 characters.
local MIN_MODULUS_LENGTH = 342

--- @param options fetch(uri) -> body or nil, problem; import(jwk) -> key or nil; now() in seconds;
-- lock(uri, is_patient) -> unlock or nil; ttl_seconds, cooldown_seconds, stale_seconds.
function jwks.new(options)
  return setmetatable({ options = options, sets = {} }, jwks)
end

local function is_usable(jwk)
  if type(jwk) ~= "table" or type(jwk.kid) ~= "string" or (jwk.use ~= nil and jwk.use ~= "sig") then
    return false
  end
  -- A symmetric key in a public document is no secret.
  if jwk.kty == "RSA" then
    return type(jwk.n) == "string" and #jwk.n >= MIN_MODULUS_LENGTH and type(jwk.e) == "string"
  end
  return (jwk.kty == "EC" or jwk.kty == "OKP") and type(jwk.crv) == "string" and type(jwk.x) == "string"
end

local function read_keys(body)
  if type(body) ~= "string" or #body > MAX_BYTES then
    return nil
  end
  local document = cjson.decode(body)
  if type(document) ~= "table" or type(document.keys) ~= "table" then
    return nil
  end
  local keys, count = {}, 0
  for _, jwk in ipairs(document.keys) do
    if is_usable(jwk) and count < MAX_KEYS then
      keys[jwk.kid], count = { jwk = jwk }, count + 1
    end
  end
  -- An empty set would lock everybody out because of one bad answer.
  return count > 0 and keys or nil
end

function jwks:set_of(uri)
  local set = self.sets[uri]
  if not set then
    set = { keys = {}, fetched_at = -math.huge, tried_at = -math.huge }
    self.sets[uri] = set
  end
  return set
end

function jwks:is_cool(set)
  return self.options.now() - set.tried_at >= self.options.cooldown_seconds
end

--- Fetches once for all who wait. Somebody who still has keys does not wait.
function jwks:refresh(uri, set, is_patient)
  local tried_at = set.tried_at
  local unlock = self.options.lock(uri, is_patient)
  if not unlock then
    return
  end
  -- Another one may have fetched while we waited.
  if set.tried_at == tried_at then
    local ok, body, problem = pcall(self.options.fetch, uri)
    local keys = ok and read_keys(body)
    -- Only now: those who come meanwhile shall wait for this fetch and not take it for one that brought nothing.
    set.tried_at = self.options.now()
    if keys then
      set.keys, set.fetched_at, set.problem = keys, self.options.now(), nil
    else
      set.problem = tostring(ok and (problem or "the answer is not a key set") or body)
    end
  end
  unlock()
end

local function fits(entry, algorithm_name, algorithm)
  local jwk = entry.jwk
  return jwk.kty == algorithm.kty
    and (algorithm.crv == nil or jwk.crv == algorithm.crv)
    and (jwk.alg == nil or jwk.alg == algorithm_name)
end

--- @return the key that `kid` names and `algorithm` may be used with; or nil and "unknown" or "unavailable".
function jwks:find(uri, kid, algorithm_name, algorithm)
  local set = self:set_of(uri)
  local age = self.options.now() - set.fetched_at
  local is_gone = age >= self.options.stale_seconds
  if is_gone then
    set.keys = {}
  end
  if (set.keys[kid] == nil or age >= self.options.ttl_seconds) and self:is_cool(set) then
    self:refresh(uri, set, set.keys[kid] == nil)
  end
  local entry = set.keys[kid]
  if not entry then
    return nil, next(set.keys) == nil and "unavailable" or "unknown"
  end
  if not fits(entry, algorithm_name, algorithm) then
    return nil, "unknown"
  end
  if entry.key == nil then
    entry.key = self.options.import(entry.jwk) or false
  end
  if not entry.key then
    return nil, "unknown"
  end
  return entry.key
end

return jwks
