--- Which headers only we may send to a service, in whatever spelling they arrive.
local headers = {}

--- What we set. Each is taken away first, also when nothing of its kind was seen.
headers.OURS = {
  "X-User-ID",
  "X-User-Issuer",
  "X-User-Email",
  "X-User-Name",
  "X-User-Role",
  "X-Org-ID",
  "X-Tenant-ID",
  "X-Plan",
  "X-Request-ID",
}

--- Families that name somebody. The gateway's own plugins write X-Consumer-* and X-Credential-Identifier; proxies that end
-- TLS write the others, and nobody in front of this gateway does.
local PREFIXES = {
  "x-user-",
  "x-org-",
  "x-tenant-",
  "x-plan",
  "x-consumer-",
  "x-credential-",
  "x-anonymous-consumer",
  "x-authenticated-",
  "x-kombify-",
  "x-client-cert",
  "x-ssl-",
  "x-forwarded-client-cert",
  "x-original-",
  "x-rewrite-url",
  "x-request-id",
  "x-correlation-id",
}
local NAMES = { ["x-user"] = true, ["x-org"] = true, ["x-tenant"] = true, ["forwarded"] = true }

--- Whether a client may not send this header. `X_User_ID` is `X-User-ID` to every service that reads headers as CGI
-- does (RFC 3875, section 4.1.18), and the gateway lets underscores through.
function headers.is_ours(name)
  local plain = name:lower():gsub("_", "-")
  if NAMES[plain] then
    return true
  end
  for _, prefix in ipairs(PREFIXES) do
    if plain:sub(1, #prefix) == prefix then
      return true
    end
  end
  return false
end

--- The names among `received` that must go, and all of ours in both spellings.
-- @param received table of headers by name, as the client sent them
function headers.to_strip(received)
  local names = {}
  for name in pairs(received) do
    if headers.is_ours(name) then
      names[#names + 1] = name
    end
  end
  for _, name in ipairs(headers.OURS) do
    names[#names + 1] = name
    names[#names + 1] = (name:gsub("-", "_"))
  end
  return names
end

local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

--- The tenant that a client asks for, when it is written as an id or as a slug; nil otherwise. Whether the person belongs
-- to it is for the service to say.
-- @param value a header's value; a list when it was sent more than once, which asks for nothing.
function headers.tenant_wish(value)
  if type(value) ~= "string" then
    return nil
  end
  if value:find(UUID) or (#value >= 2 and #value <= 20 and value:find("^[a-z][a-z0-9]+$")) then
    return value
  end
  return nil
end

--- A name for people, as a header can carry it: ASCII (RFC 9110, section 5.5), a question mark for each other character.
function headers.readable(text)
  local ascii = text:gsub("[\194-\244][\128-\191]+", "?"):gsub("[^\32-\126]", "?")
  return (ascii:sub(1, 200):gsub("^ +", ""):gsub(" +$", ""))
end

--- An identifier, as a header can carry it and so that no two become one: what is not visible ASCII is percent-encoded.
function headers.exact(text)
  return (text:gsub("[^\33-\36\38-\126]", function(character)
    return ("%%%02X"):format(character:byte())
  end))
end

return headers
