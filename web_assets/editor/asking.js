// Questions to the server as JSON. An answer is {ok, status, body}; body is {} when the server did not answer JSON.
// status 0: the server could not be reached. status 401: somebody signed out meanwhile.
const UNREACHABLE = { ok: false, status: 0, body: { detail: "Rapport cannot be reached.", cure: "Check your connection." } };
const SIGNED_OUT = {
  ok: false, status: 401,
  body: { detail: "You are signed out.", cure: "Sign in in another tab, then come back and press Ctrl+S." },
};

async function ask(url, options) {
  let response;
  try {
    // A redirect can only lead to the sign-in page: it is told, not followed.
    response = await fetch(url, { redirect: "manual", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return UNREACHABLE;
  }
  if (response.type === "opaqueredirect" || response.status === 401) return SIGNED_OUT;
  const isJson = /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
  const body = isJson ? await response.json() : {};
  return { ok: response.ok && isJson, status: response.status, body };
}

export const getJson = (url, signal) => ask(url, { headers: { Accept: "application/json" }, signal });

export const postJson = (url, token, document, signal) => ask(url, {
  method: "POST",
  headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": token },
  body: JSON.stringify(document),
  signal,
});

// What went wrong, for people; the server says it with a cure, and where it does not we do.
export const inWords = ({ status, body }) =>
  [body.detail ?? `Something went wrong (error ${status}).`, body.cure ?? "Try again in a moment."].join(" ");

// Calls `deed` when nothing happened for `ms`. The returned function starts the wait anew; .cancel() ends it.
export function afterQuiet(ms, deed) {
  let timer = 0;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(deed, ms);
  };
  start.cancel = () => clearTimeout(timer);
  return start;
}
