--- Runs the cases of one test file and writes a line of JSON for each: `luajit run-tests.lua <file> <tokens.json>`.
local cjson = require "cjson.safe"

local file, tokens_path = arg[1], arg[2]
local handle = assert(io.open(tokens_path, "r"))
local fixture = assert(cjson.decode(handle:read("*a")))
handle:close()

local function show(value)
  return type(value) == "table" and cjson.encode(value) or tostring(value)
end

--- Says what was wished and what came.
local function equal(got, wished)
  if show(got) ~= show(wished) then
    error(("wished %s, got %s"):format(show(wished), show(got)), 2)
  end
end

local function test(name, work)
  local is_good, problem = xpcall(work, debug.traceback)
  io.write(cjson.encode({ name = name, problem = not is_good and problem or cjson.null }), "\n")
end

assert(loadfile(file))({ test = test, equal = equal, fixture = fixture })
