--- Base64url as JOSE writes it (RFC 7515, appendix C): no padding, no other alphabet, nothing left over.
local base64url = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local VALUE_OF = {}
for index = 1, #ALPHABET do
  VALUE_OF[ALPHABET:byte(index)] = index - 1
end

--- The bytes, or nil for a text that is not base64url. Each byte string has one spelling: bits that belong to no byte
-- must be zero, so that nobody can change a token's text without changing the token.
function base64url.decode(text)
  if type(text) ~= "string" or #text % 4 == 1 then
    return nil
  end
  local bytes, held, bits = {}, 0, 0
  for index = 1, #text do
    local value = VALUE_OF[text:byte(index)]
    if not value then
      return nil
    end
    held, bits = held * 64 + value, bits + 6
    if bits >= 8 then
      bits = bits - 8
      local unit = 2 ^ bits
      local byte = math.floor(held / unit)
      bytes[#bytes + 1] = string.char(byte)
      held = held - byte * unit
    end
  end
  if held ~= 0 then
    return nil
  end
  return table.concat(bytes)
end

return base64url
