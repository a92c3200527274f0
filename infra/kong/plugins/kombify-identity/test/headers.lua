local t = ...
local headers = require "kong.plugins.kombify-identity.headers"

t.test("every spelling of an identity header is ours", function()
  local spellings = {
    "X-User-ID", "x-user-id", "X_User_ID", "X-User_Id", "x_USER-id", "X-User-Role", "X-User-Anything", "X-Org-ID", "X_ORG_ID",
    "X-Tenant-ID", "X_Tenant_Id", "X-Plan", "X_Plan", "X-Consumer-ID", "X-Consumer-Username", "X-Consumer-Custom-ID",
    "X_Consumer_ID", "X-Credential-Identifier", "X-Anonymous-Consumer", "X-Authenticated-Userid", "X-Forwarded-Client-Cert",
    "X-Request-ID", "X_Correlation_ID",
  }
  for _, name in ipairs(spellings) do
    t.equal({ name, headers.is_ours(name) }, { name, true })
  end
end)

t.test("other headers are left alone", function()
  for _, name in ipairs({ "Authorization", "Cookie", "Accept", "X-Forwarded-For", "Idempotency-Key", "X-Users", "User-ID" }) do
    t.equal({ name, headers.is_ours(name) }, { name, false })
  end
end)

t.test("our headers go also when nothing was seen of them", function()
  local names = {}
  for _, name in ipairs(headers.to_strip({})) do
    names[name] = true
  end
  for _, name in ipairs({ "X-User-ID", "X_User_ID", "X-Org-ID", "X_Org_ID", "X-Plan", "X_Plan" }) do
    t.equal(names[name], true)
  end
end)

t.test("a tenant is asked for by id or slug, and by nothing else", function()
  local id = "01890a5d-ac96-774b-bcce-b302099a8057"
  t.equal(headers.tenant_wish(id), id)
  t.equal(headers.tenant_wish("anna2"), "anna2")
  local wrong = {
    "", "a", "Anna", "2anna", "anna-lab", "anna lab", "../anna", ("a"):rep(21), id .. "x", "anna\n", { "anna", "bob" },
  }
  for _, value in ipairs(wrong) do
    t.equal(headers.tenant_wish(value), nil)
  end
  t.equal(headers.tenant_wish(nil), nil)
end)

t.test("a name is readable ASCII", function()
  t.equal(headers.readable("Zo\195\171 \240\159\152\128 O'Neil"), "Zo? ? O'Neil")
  t.equal(headers.readable("a\r\nX-Plan: business"), "a??X-Plan: business")
  t.equal(headers.readable("  \195\171"), "?")
end)

t.test("no two organisations become one on their way", function()
  t.equal(headers.exact("312909075211395073"), "312909075211395073")
  t.equal(headers.exact("a b"), "a%20b")
  t.equal(headers.exact("a%20b"), "a%2520b")
  t.equal(headers.exact("\195\171\r\n"), "%C3%AB%0D%0A")
end)
