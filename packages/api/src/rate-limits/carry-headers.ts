/** The answer with what the context has to say besides: limits, and cookies, which may be several. */
export function carryHeaders(from: Headers, answer: Response): Response {
  // Headers of an answer that was fetched cannot be changed.
  const carried = new Response(answer.body, answer);
  for (const [name, value] of from)
    if (name === "set-cookie") carried.headers.append(name, value);
    else carried.headers.set(name, value);
  return carried;
}
