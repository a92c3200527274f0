--- Reading a signed token (RFC 7519 in the compact form of RFC 7515) and judging its claims. Knows no keys and no HTTP.
local base64url = require "kong.plugins.kombify-identity.base64url"
local cjson = require "cjson.safe"

local token = {}

--- Bytes; a longer one is not read. Zitadel's with many roles stay below half of it.
token.MAX_LENGTH = 8192

--- What we can verify, and with which kind of key (RFC 7518, section 3.1; RFC 8037). There is no "none" and no HS256 in it:
-- with those, whoever knows the public key could sign (RFC 8725, section 3.1).
token.ALGORITHMS = {
  RS256 = { kty = "RSA", digest = "sha256" },
  RS384 = { kty = "RSA", digest = "sha384" },
  RS512 = { kty = "RSA", digest = "sha512" },
  ES256 = { kty = "EC", crv = "P-256", digest = "sha256", size = 32 },
  ES384 = { kty = "EC", crv = "P-384", digest = "sha384", size = 48 },
  ES512 = { kty = "EC", crv = "P-521", digest = "sha512", size = 66 },
  EdDSA = { kty = "OKP", crv = "Ed25519" },
}

local function object(part)
  local text = base64url.decode(part)
  local value = text and cjson.decode(text)
  -- An array is a table too, but no JSON text that begins with "{" makes one.
  if type(value) ~= "table" or not text:find("^%s*{") then
    return nil
  end
  return value
end

--- @return the token's header, claims, signed text and signature; or nil and what is wrong with it.
function token.parse(text)
  if #text > token.MAX_LENGTH then
    return nil, "the token is too long"
  end
  local header_part, claims_part, signature_part = text:match("^([%w_-]+)%.([%w_-]+)%.([%w_-]*)$")
  if not header_part then
    return nil, "the token is not a signed JWT"
  end
  local header, claims = object(header_part), object(claims_part)
  local signature = base64url.decode(signature_part)
  if not header or not claims or not signature then
    return nil, "the token cannot be read"
  end
  -- An extension that must be understood is one that we do not understand (RFC 7515, section 4.1.11).
  if header.crit ~= nil then
    return nil, "the token has extensions that are not known here"
  end
  return { header = header, claims = claims, signed = header_part .. "." .. claims_part, signature = signature }
end

local function has(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then
      return true
    end
  end
  return false
end

--- Whether `aud`, a text or a list of texts (RFC 7519, section 4.1.3), names one of `audiences`.
local function is_for(aud, audiences)
  if type(aud) == "string" then
    return has(audiences, aud)
  end
  if type(aud) ~= "table" then
    return false
  end
  for _, value in ipairs(aud) do
    if type(value) == "string" and has(audiences, value) then
      return true
    end
  end
  return false
end

--- A number that a clock can be compared with: JSON has no others, but Lua reads 1e999 as infinite.
local function is_time(value)
  return type(value) == "number" and value == value and value > -math.huge and value < math.huge
end

--- @param rules issuer, audiences, leeway_seconds
-- @param now seconds since 1970
-- @return nil when the claims hold, else what is wrong.
function token.problem_with(claims, rules, now)
  if claims.iss ~= rules.issuer then
    return "the token is of an unknown issuer"
  end
  if not is_for(claims.aud, rules.audiences) then
    return "the token is for another audience"
  end
  if not is_time(claims.exp) then
    return "the token does not say when it expires"
  end
  if now >= claims.exp + rules.leeway_seconds then
    return "the token has expired"
  end
  if claims.nbf ~= nil and (not is_time(claims.nbf) or now < claims.nbf - rules.leeway_seconds) then
    return "the token is not valid yet"
  end
  -- Visible ASCII, so that it travels as a header unchanged (OpenID Connect Core 1.0, section 2: at most 255).
  if type(claims.sub) ~= "string" or not claims.sub:find("^[\33-\126]+$") or #claims.sub > 255 then
    return "the token does not say whose it is"
  end
  return nil
end

return token
