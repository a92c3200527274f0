--- For tests: as much of `resty.http` as the plugin uses. Kong brings the real one.
local http = {}
http.__index = http

function http.new()
  return setmetatable({ timeouts = {} }, http)
end

function http:set_timeouts(connect, send, read)
  self.timeouts = { connect, send, read }
end

function http:request_uri(uri, options)
  local scheme, host, port, path = uri:match("^(https?)://([^/:]+):?(%d*)(/.*)$")
  local socket = ngx.socket.tcp()
  socket:settimeouts(unpack(self.timeouts))
  local address = host == "localhost" and "127.0.0.1" or host
  local is_open, problem = socket:connect(address, tonumber(port) or (scheme == "https" and 443 or 80))
  if is_open and scheme == "https" then
    is_open, problem = socket:sslhandshake(nil, host, options.ssl_verify)
  end
  if not is_open then
    return nil, problem
  end
  -- HTTP/1.0: the answer ends with the connection.
  local request = { "GET " .. path .. " HTTP/1.0", "Host: " .. host }
  for name, value in pairs(options.headers) do
    request[#request + 1] = name .. ": " .. value
  end
  socket:send(table.concat(request, "\r\n") .. "\r\n\r\n")
  local answer, why = socket:receive("*a")
  socket:close()
  local status, body = (answer or ""):match("^HTTP/%d%.%d (%d%d%d).-\r\n\r\n(.*)$")
  if not status then
    return nil, why or "no answer"
  end
  return { status = tonumber(status), body = body }
end

return http
