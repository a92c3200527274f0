--- Signatures of tokens, on `resty.openssl` as Kong brings it. The only file that knows a cryptographic library.
local cjson = require "cjson.safe"
local pkey = require "resty.openssl.pkey"

local crypto = {}

--- The key of a JWK (RFC 7517), or nil and why not.
function crypto.import(jwk)
  -- Only the public members: what else a provider writes beside them is no business of the library.
  local public = { kty = jwk.kty, n = jwk.n, e = jwk.e, crv = jwk.crv, x = jwk.x, y = jwk.y }
  return pkey.new(cjson.encode(public), { format = "JWK" })
end

local function der_integer(bytes)
  bytes = bytes:gsub("^%z+", "")
  if bytes == "" or bytes:byte(1) >= 128 then
    bytes = "\0" .. bytes
  end
  return string.char(2, #bytes) .. bytes
end

--- JOSE writes an ECDSA signature as two numbers of fixed size (RFC 7518, section 3.4), OpenSSL reads ASN.1.
local function der_of(raw, size)
  if #raw ~= 2 * size then
    return nil
  end
  local body = der_integer(raw:sub(1, size)) .. der_integer(raw:sub(size + 1))
  local length = #body < 128 and string.char(#body) or string.char(129, #body)
  return "\48" .. length .. body
end

--- @param algorithm an entry of `token.ALGORITHMS`
function crypto.verify(key, algorithm, signed, signature)
  if algorithm.kty == "EC" then
    signature = der_of(signature, algorithm.size)
  end
  if not signature or signature == "" then
    return false
  end
  return key:verify(signature, signed, algorithm.digest) == true
end

return crypto
