// Questions to the server as JSON. An answer is {ok, status, body}; body is {} when the server refused without JSON.
// status 0: the server could not be reached. status 401: somebody signed out meanwhile. status 500 also stands for an answer
// that is no JSON or breaks off: it may have been heard, so whoever asked may ask again. Only AbortError is thrown.
const UNREACHABLE = { ok: false, status: 0, body: { detail: "Rapport cannot be reached.", cure: "Check your connection." } };
const UNREADABLE = {
  ok: false, status: 500, body: { detail: "Rapport's answer could not be read.", cure: "Rapport may be restarting: try again in a moment." },
};
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
  if (!/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) {
    return response.ok ? UNREADABLE : { ok: false, status: response.status, body: {} };
  }
  try {
    return { ok: response.ok, status: response.status, body: (await response.json()) ?? {} };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return UNREADABLE;
  }
}

export const getJson = (url, signal) => ask(url, { headers: { Accept: "application/json" }, signal });

// `token` is a PageToken. A page of an earlier sign-in is refused with 403: the question is then put once more, with the token
// of the sign-in that the browser has by now. Where there is none, the answer says why.
export async function postJson(url, token, document, signal) {
  const used = token.value;
  const answer = await post(url, used, document, signal);
  if (answer.status !== 403) return answer;
  const refusal = await token.renew(used);
  if (refusal) return refusal;
  return token.value === used ? answer : post(url, token.value, document, signal);
}

const post = (url, token, document, signal) => ask(url, {
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
