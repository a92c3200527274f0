local t = ...
local cjson = require "cjson.safe"
local crypto = require "kong.plugins.kombify-identity.crypto"
local identity = require "kong.plugins.kombify-identity.identity"
local jwks = require "kong.plugins.kombify-identity.jwks"

local tokens, fixture = t.fixture.tokens, t.fixture

local CONFIG = {
  mode = "verify",
  required = false,
  issuers = { { issuer = fixture.issuer, jwks_uri = "https://id.test/keys", audiences = { "kombify", "other-app" } } },
  algorithms = { "RS256", "ES256", "EdDSA" },
  plan_claim = "urn:kombify:plan",
  plans = { "free", "pro", "business" },
  consumer_prefix = "plan-",
  anonymous_consumer = "anonymous",
  realm = "kombify",
  leeway_seconds = 5,
}

local function decide(request, changes)
  local config = setmetatable(changes or {}, { __index = CONFIG })
  local keys = jwks.new({
    now = os.time,
    fetch = function()
      return not fixture.is_away and cjson.encode(fixture.jwks) or nil
    end,
    import = crypto.import,
    lock = function() return function() end end,
    ttl_seconds = 300,
    cooldown_seconds = 10,
    stale_seconds = 86400,
  })
  return identity.decide(request, config, { keys = keys, verify = crypto.verify, now = os.time })
end

local function with(text, changes)
  return decide({ authorization = "Bearer " .. text }, changes)
end

for _, algorithm in ipairs({ "RS256", "ES256", "EdDSA" }) do
  t.test("a person signed in with " .. algorithm .. " is told to the service in exactly our headers", function()
    local decision = with(tokens[algorithm])
    t.equal(decision.refusal, nil)
    t.equal(decision.consumer, "plan-pro")
    local names = {}
    for name in pairs(decision.headers) do
      names[#names + 1] = name
    end
    table.sort(names)
    t.equal(names, { "X-Org-ID", "X-Plan", "X-User-Email", "X-User-ID", "X-User-Issuer", "X-User-Name" })
    t.equal(decision.headers["X-User-ID"], "person-1")
    t.equal(decision.headers["X-User-Issuer"], fixture.issuer)
    t.equal(decision.headers["X-Org-ID"], "org-1")
    t.equal(decision.headers["X-User-Email"], "zoe@example.com")
    t.equal(decision.headers["X-User-Name"], "Zo?")
    t.equal(decision.headers["X-Plan"], "pro")
  end)
end

t.test("a signature is of its text: another one, none, a cut one and a padded one are refused", function()
  for _, algorithm in ipairs({ "RS256", "ES256", "EdDSA" }) do
    local head, signature = tokens[algorithm]:match("^(.+%.)(.+)$")
    local other = tokens[algorithm .. "-other"]:match("%.([^.]+)$")
    for _, wrong in ipairs({ other, "", signature:sub(1, -5), signature .. "AAAA", ("A"):rep(#signature) }) do
      t.equal((with(head .. wrong).refusal or {}).status, 401)
    end
  end
end)

for _, name in ipairs({
  "none", "hs256-with-public-key", "expired", "not-yet", "wrong-audience", "wrong-issuer", "unknown-key", "no-kid", "no-exp", "critical",
  "own-jwk", "RS512", "header-in-sub", "rs256-under-ec-key",
}) do
  t.test("refused with a challenge: " .. name, function()
    local refusal = with(tokens[name]).refusal
    t.equal(refusal and refusal.status, 401)
    t.equal(refusal.code, "FORBIDDEN")
    t.equal(refusal.headers["WWW-Authenticate"]:find('^Bearer realm="kombify", error="invalid_token", error_description="') ~= nil, true)
    t.equal(refusal.detail:find("[\r\n]"), nil)
  end)
end

t.test("the organisation is the person's own, never the one that was asked for", function()
  t.equal(with(tokens.echo).headers["X-Org-ID"], nil)
end)

t.test("a plan that does not exist is the first one", function()
  local decision = with(tokens["made-up-plan"])
  t.equal({ decision.consumer, decision.headers["X-Plan"] }, { "plan-free", "free" })
end)

t.test("a personal access token goes on untouched, and says nothing here", function()
  local decision = with("kpat_0123456789abcdef", { required = true })
  t.equal({ decision.headers, decision.consumer, decision.refusal }, { {}, "anonymous", nil })
end)

t.test("without a token a request goes on as nobody, and where one is required it is refused", function()
  t.equal(decide({}).headers, {})
  t.equal(decide({}).consumer, "anonymous")
  t.equal(decide({ authorization = "Basic YTpi" }).consumer, "anonymous")
  local refusal = decide({}, { required = true }).refusal
  t.equal({ refusal.status, refusal.headers["WWW-Authenticate"] }, { 401, 'Bearer realm="kombify"' })
end)

t.test("an Authorization header that cannot be read is refused and not skipped", function()
  for _, value in ipairs({ "Bearer", "Bearer  ", "Bearer a b", "bearer x, Bearer y", { "Bearer a", "Bearer b" } }) do
    t.equal((decide({ authorization = value }).refusal or {}).status, 401)
  end
end)

t.test("a preflight is left alone, and so is a page", function()
  t.equal(decide({ is_preflight = true }, { required = true }), { headers = {} })
  t.equal(decide({ authorization = "Bearer rubbish", tenant = "anna" }, { mode = "strip" }), { headers = { ["X-Tenant-ID"] = "anna" } })
end)

t.test("the tenant that is asked for travels only when it is well formed", function()
  t.equal(decide({ tenant = "anna" }).headers["X-Tenant-ID"], "anna")
  t.equal(decide({ tenant = "anna; drop" }).headers["X-Tenant-ID"], nil)
  t.equal(decide({ authorization = "Bearer " .. tokens.RS256, tenant = "anna" }).headers["X-Tenant-ID"], "anna")
end)

t.test("a provider that was never reached is our trouble and not the person's", function()
  fixture.is_away = true
  local refusal = with(tokens.RS256).refusal
  fixture.is_away = nil
  t.equal({ refusal.status, refusal.code, refusal.headers["Retry-After"] }, { 503, "UPSTREAM", "5" })
end)
