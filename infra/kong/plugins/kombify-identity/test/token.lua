local t = ...
local base64url = require "kong.plugins.kombify-identity.base64url"
local token = require "kong.plugins.kombify-identity.token"

local RULES = { issuer = "https://id.test", audiences = { "kombify" }, leeway_seconds = 5 }
local function claims(changes)
  local all = { iss = "https://id.test", aud = "kombify", sub = "1", exp = 2000, nbf = 900 }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return all
end
local function problem(changes)
  return token.problem_with(claims(changes), RULES, 1000)
end

t.test("base64url has one spelling for each text", function()
  t.equal(base64url.decode("aGVsbG8"), "hello")
  t.equal(base64url.decode(""), "")
  for _, text in ipairs({ "aGVsbG8=", "aGVsbG9", "a", "aGVs bG8", "aGVs+G8", "aGVs/G8" }) do
    t.equal(base64url.decode(text), nil)
  end
end)

t.test("a token that is no JWT is not read", function()
  for _, text in ipairs({ "", "a", "a.b", "a.b.c.d", "e30.e30.!", ("a"):rep(9000), "W10.e30.aGVs", "bnVsbA.e30.aGVs" }) do
    t.equal(token.parse(text), nil)
  end
end)

t.test("a token with a critical extension is not read", function()
  t.equal({ token.parse(t.fixture.tokens.critical) }, { nil, "the token has extensions that are not known here" })
end)

t.test("good claims hold", function()
  t.equal(problem(), nil)
  t.equal(problem({ aud = { "other", "kombify" } }), nil)
  t.equal(problem({ exp = 996 }), nil)
end)

t.test("another issuer, another audience and another time do not", function()
  t.equal(problem({ iss = "https://id.test/" }), "the token is of an unknown issuer")
  for _, aud in ipairs({ "other", "kombif", {}, { "other" }, { { "kombify" } }, 1 }) do
    t.equal(problem({ aud = aud }), "the token is for another audience")
  end
  t.equal(problem({ exp = 995 }), "the token has expired")
  t.equal(problem({ nbf = 1006 }), "the token is not valid yet")
  t.equal(problem({ nbf = "900" }), "the token is not valid yet")
  for _, exp in ipairs({ "2000", math.huge, 0 / 0, true }) do
    t.equal(problem({ exp = exp }), "the token does not say when it expires")
  end
  for _, sub in ipairs({ "", "a b", "a\r\nX-Plan: pro", ("a"):rep(256), 7 }) do
    t.equal(problem({ sub = sub }), "the token does not say whose it is")
  end
end)
