local t = ...
local jwks = require "kong.plugins.kombify-identity.jwks"
local token = require "kong.plugins.kombify-identity.token"
local cjson = require "cjson.safe"

local URI = "https://id.test/oauth/v2/keys"
local MODULUS = ("A"):rep(342)
local function rsa(kid, more)
  local jwk = { kty = "RSA", kid = kid, n = MODULUS, e = "AQAB" }
  for name, value in pairs(more or {}) do
    jwk[name] = value
  end
  return jwk
end

--- A store of keys with a clock and a provider that the test moves.
local function store_of(...)
  local world = { at = 1000, fetches = 0, keys = { ... }, waiting = {} }
  world.store = jwks.new({
    now = function() return world.at end,
    fetch = function()
      world.fetches = world.fetches + 1
      if world.is_away then
        error("connection refused")
      end
      return world.body or cjson.encode({ keys = world.keys })
    end,
    import = function(jwk) return jwk.kid end,
    lock = function(_, is_patient)
      world.waiting[#world.waiting + 1] = is_patient
      if world.is_locked then
        return nil
      end
      return function() end
    end,
    ttl_seconds = 300,
    cooldown_seconds = 10,
    stale_seconds = 86400,
  })
  function world.find(kid, name)
    return world.store:find(URI, kid, name or "RS256", token.ALGORITHMS[name or "RS256"])
  end
  return world
end

t.test("keys are fetched once and kept", function()
  local world = store_of(rsa("a"))
  for _ = 1, 5 do
    t.equal(world.find("a"), "a")
  end
  t.equal(world.fetches, 1)
end)

t.test("a key that the provider has just begun to use is found", function()
  local world = store_of(rsa("a"))
  world.find("a")
  world.keys, world.at = { rsa("a"), rsa("b") }, 1011
  t.equal(world.find("b"), "b")
  t.equal(world.fetches, 2)
end)

t.test("unknown key ids cost the provider one request in each cool-down", function()
  local world = store_of(rsa("a"))
  for index = 1, 150 do
    world.at = 1000 + index / 10
    t.equal({ world.find("made-up-" .. index) }, { nil, "unknown" })
  end
  t.equal(world.fetches, 2)
end)

t.test("a key that the provider took back is gone when the set is read again", function()
  local world = store_of(rsa("a"), rsa("b"))
  world.find("a")
  world.keys, world.at = { rsa("b") }, 1300
  t.equal({ world.find("a") }, { nil, "unknown" })
end)

t.test("while the provider is away its last keys go on, for a day", function()
  local world = store_of(rsa("a"))
  world.find("a")
  world.is_away, world.at = true, 1000 + 86399
  t.equal(world.find("a"), "a")
  t.equal(world.fetches, 2)
  world.at = 1000 + 86400
  t.equal({ world.find("a") }, { nil, "unavailable" })
end)

t.test("a provider that never answered is away, and one that answers again is back", function()
  local world = store_of(rsa("a"))
  world.is_away = true
  t.equal({ world.find("a") }, { nil, "unavailable" })
  world.is_away, world.at = false, 1010
  t.equal(world.find("a"), "a")
end)

t.test("an answer that is no key set, or an empty one, replaces nothing", function()
  local world = store_of(rsa("a"))
  world.find("a")
  for index, body in ipairs({ "<html>", "{}", '{"keys":[]}', '{"keys":{}}', "null", (" "):rep(300000) }) do
    world.body, world.at = body, 1000 + index * 300
    t.equal(world.find("a"), "a")
  end
end)

t.test("who has keys does not wait for a fetch, who has none does", function()
  local world = store_of(rsa("a"))
  world.find("a")
  world.is_locked, world.at = true, 1300
  t.equal(world.find("a"), "a")
  t.equal(world.waiting, { true, false })
end)

t.test("a key serves only the algorithms that it is made for", function()
  local world = store_of(
    rsa("rsa", { alg = "RS256" }),
    { kty = "EC", kid = "ec", crv = "P-256", x = "AA", y = "AA" },
    { kty = "OKP", kid = "okp", crv = "X25519", x = "AA" }
  )
  t.equal(world.find("rsa", "RS256"), "rsa")
  t.equal({ world.find("rsa", "RS512") }, { nil, "unknown" })
  t.equal({ world.find("rsa", "ES256") }, { nil, "unknown" })
  t.equal(world.find("ec", "ES256"), "ec")
  t.equal({ world.find("ec", "RS256") }, { nil, "unknown" })
  t.equal({ world.find("ec", "ES384") }, { nil, "unknown" })
  t.equal({ world.find("okp", "EdDSA") }, { nil, "unknown" })
end)

t.test("weak keys, symmetric keys, keys without a name and keys for encryption are not taken", function()
  local world = store_of(
    rsa("weak", { n = ("A"):rep(171) }),
    { kty = "oct", kid = "oct", k = "c2VjcmV0" },
    { kty = "RSA", n = MODULUS, e = "AQAB" },
    rsa("enc", { use = "enc" }),
    rsa("good")
  )
  t.equal(world.find("good"), "good")
  for _, kid in ipairs({ "weak", "oct", "enc" }) do
    t.equal({ world.find(kid) }, { nil, "unknown" })
  end
end)
