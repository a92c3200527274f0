--- For tests: as much of `resty.openssl.pkey` as the plugin uses, over the machine's own libcrypto. Kong brings the real one.
local base64url = require "kong.plugins.kombify-identity.base64url"
local cjson = require "cjson.safe"
local ffi = require "ffi"

ffi.cdef [[
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;
EVP_PKEY *d2i_PUBKEY(EVP_PKEY **a, const unsigned char **pp, long length);
void EVP_PKEY_free(EVP_PKEY *key);
EVP_MD_CTX *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX *ctx);
const EVP_MD *EVP_get_digestbyname(const char *name);
int EVP_DigestVerifyInit(EVP_MD_CTX *ctx, void **pctx, const EVP_MD *type, void *engine, EVP_PKEY *key);
int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t siglen, const unsigned char *data, size_t length);
void ERR_clear_error(void);
]]
local libcrypto = ffi.load("libcrypto.so.3")

local function element(tag, body)
  local length = #body
  local size
  if length >= 256 then
    size = string.char(130, math.floor(length / 256), length % 256)
  elseif length >= 128 then
    size = string.char(129, length)
  else
    size = string.char(length)
  end
  return string.char(tag) .. size .. body
end
local function sequence(...)
  return element(48, table.concat({ ... }))
end
local function integer(bytes)
  return element(2, bytes:byte(1) >= 128 and "\0" .. bytes or bytes)
end
local function bits(bytes)
  return element(3, "\0" .. bytes)
end
local function oid(hex)
  return element(6, (hex:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end)))
end

local CURVES = { ["P-256"] = oid("2a8648ce3d030107"), ["P-384"] = oid("2b81040022"), ["P-521"] = oid("2b81040023") }

--- SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 8410) of a JWK.
local function spki_of(jwk)
  local decode = base64url.decode
  if jwk.kty == "RSA" then
    local key = sequence(integer(decode(jwk.n)), integer(decode(jwk.e)))
    return sequence(sequence(oid("2a864886f70d010101"), "\5\0"), bits(key))
  end
  if jwk.kty == "EC" then
    local point = "\4" .. decode(jwk.x) .. decode(jwk.y)
    return sequence(sequence(oid("2a8648ce3d0201"), CURVES[jwk.crv]), bits(point))
  end
  return sequence(sequence(oid("2b6570")), bits(decode(jwk.x)))
end

local pkey = {}
pkey.__index = pkey

function pkey.new(text, options)
  assert(options.format == "JWK")
  local is_read, der = pcall(spki_of, cjson.decode(text))
  if not is_read then
    return nil, "the JWK cannot be read"
  end
  local start = ffi.new("const unsigned char *[1]", ffi.cast("const unsigned char *", der))
  local key = libcrypto.d2i_PUBKEY(nil, start, #der)
  libcrypto.ERR_clear_error()
  if key == nil then
    return nil, "the JWK is no key"
  end
  return setmetatable({ key = ffi.gc(key, libcrypto.EVP_PKEY_free) }, pkey)
end

function pkey:verify(signature, text, digest)
  local context = ffi.gc(libcrypto.EVP_MD_CTX_new(), libcrypto.EVP_MD_CTX_free)
  local kind = digest and libcrypto.EVP_get_digestbyname(digest) or nil
  local is_ready = libcrypto.EVP_DigestVerifyInit(context, nil, kind, nil, self.key) == 1
  local is_good = is_ready and libcrypto.EVP_DigestVerify(context, signature, #signature, text, #text) == 1
  libcrypto.ERR_clear_error()
  return is_good
end

return pkey
