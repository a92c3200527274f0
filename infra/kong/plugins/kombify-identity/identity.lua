--- Decides who a request is from and what the service behind is told. Pure: everything that it needs is given to it.
local headers = require "kong.plugins.kombify-identity.headers"
local token = require "kong.plugins.kombify-identity.token"

local identity = {}

--- The claim that Zitadel fills from its database. `urn:zitadel:iam:org:id` looks better and only echoes what was asked for.
local ORGANISATION_CLAIM = "urn:zitadel:iam:user:resourceowner:id"

--- How personal access tokens begin. They are Cloud's, and Cloud checks them.
local PERSONAL_TOKEN = "^kpat_"

local function refuse(status, code, title, detail, more)
  local refusal = { status = status, code = code, title = title, detail = detail, headers = more or {} }
  return { refusal = refusal }
end

--- RFC 6750, section 3: a request without a token gets no error code.
local function challenge(config, detail)
  local value = ('Bearer realm="%s"'):format(config.realm)
  if detail then
    value = ('%s, error="invalid_token", error_description="%s"'):format(value, detail)
  end
  return { ["WWW-Authenticate"] = value }
end

local function sentence(detail)
  return detail:sub(1, 1):upper() .. detail:sub(2)
end

local function refuse_token(config, detail)
  local text = sentence(detail) .. ". Sign in again."
  return refuse(401, "FORBIDDEN", "Sign in first", text, challenge(config, detail))
end

--- The token of an Authorization header (RFC 6750, section 2.1). nil when it carries none; false when it is malformed.
local function bearer_of(value)
  if value == nil then
    return nil
  end
  if type(value) ~= "string" then
    return false
  end
  local scheme, rest = value:match("^%s*(%S+)%s*(.-)%s*$")
  if not scheme or scheme:lower() ~= "bearer" then
    return nil
  end
  return rest:find("^[%w%-._~+/]+=*$") and rest or false
end

local function anonymous(config, wish)
  return { headers = { ["X-Tenant-ID"] = wish }, consumer = config.anonymous_consumer }
end

local function issuer_of(config, iss)
  for _, issuer in ipairs(config.issuers) do
    if issuer.issuer == iss then
      return issuer
    end
  end
  return nil
end

local function is_allowed(config, name)
  for _, allowed in ipairs(config.algorithms) do
    if allowed == name then
      return true
    end
  end
  return false
end

local function text_claim(claims, name, longest)
  local value = claims[name]
  return type(value) == "string" and value ~= "" and #value <= longest and value or nil
end

local function plan_of(config, claims)
  local claimed = claims[config.plan_claim]
  for _, plan in ipairs(config.plans) do
    if plan == claimed then
      return plan
    end
  end
  return config.plans[1]
end

--- A person's mail address may hold letters of any script (RFC 6531); a header may not.
local function email_of(claims)
  local email = text_claim(claims, "email", 320)
  return email and email:find("^[\33-\126]+$") and email or nil
end

local function headers_of(config, claims, wish)
  local organisation = text_claim(claims, ORGANISATION_CLAIM, 200)
  local name = text_claim(claims, "name", 1000)
  return {
    ["X-User-ID"] = claims.sub,
    ["X-User-Issuer"] = claims.iss,
    ["X-Org-ID"] = organisation and headers.exact(organisation),
    ["X-User-Email"] = email_of(claims),
    ["X-User-Name"] = name and headers.readable(name),
    ["X-Tenant-ID"] = wish,
    ["X-Plan"] = plan_of(config, claims),
  }
end

local function verify(text, config, parts, wish)
  local parsed, problem = token.parse(text)
  if not parsed then
    return refuse_token(config, problem)
  end
  local name, kid = parsed.header.alg, parsed.header.kid
  local algorithm = type(name) == "string" and is_allowed(config, name) and token.ALGORITHMS[name]
  if not algorithm then
    return refuse_token(config, "the token is signed in a way that is not accepted")
  end
  if type(kid) ~= "string" or kid == "" or #kid > 255 then
    return refuse_token(config, "the token does not name its key")
  end
  local issuer = issuer_of(config, parsed.claims.iss)
  if not issuer then
    return refuse_token(config, "the token is of an unknown issuer")
  end
  local key, why = parts.keys:find(issuer.jwks_uri, kid, name, algorithm)
  if why == "unavailable" then
    local detail = "The keys of the identity provider cannot be read just now. Try again in a moment."
    return refuse(503, "UPSTREAM", "Another part did not answer as expected", detail, { ["Retry-After"] = "5" })
  end
  if not key or not parts.verify(key, algorithm, parsed.signed, parsed.signature) then
    return refuse_token(config, "the token's signature is not of its issuer")
  end
  local rules = { issuer = issuer.issuer, audiences = issuer.audiences, leeway_seconds = config.leeway_seconds }
  problem = token.problem_with(parsed.claims, rules, parts.now())
  if problem then
    return refuse_token(config, problem)
  end
  local ours = headers_of(config, parsed.claims, wish)
  return { headers = ours, consumer = config.consumer_prefix .. ours["X-Plan"] }
end

--- @param request method, authorization (a list when sent twice), tenant (X-Tenant-ID), is_preflight
-- @param config the plugin's, see schema.lua
-- @param parts keys (jwks.lua), verify (crypto.lua), now() in seconds
-- @return headers to set and the consumer, or `refusal` with status, code, title, detail and headers.
function identity.decide(request, config, parts)
  local wish = headers.tenant_wish(request.tenant)
  if config.mode == "strip" or request.is_preflight then
    return { headers = { ["X-Tenant-ID"] = wish } }
  end
  local text = bearer_of(request.authorization)
  if text == false then
    return refuse_token(config, "the Authorization header cannot be read")
  end
  if text and text:find(PERSONAL_TOKEN) then
    return anonymous(config, wish)
  end
  if text then
    return verify(text, config, parts, wish)
  end
  if config.required then
    return refuse(401, "FORBIDDEN", "Sign in first", "Send an access token.", challenge(config))
  end
  return anonymous(config, wish)
end

return identity
