/** Calls of the API, with the caller's token. What it refuses becomes an `ApiError` whose message is for people. */
import { accessToken, end, renew } from "./session.js";

/** A refusal. `status` 0: nobody answered. */
export class ApiError extends Error {
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const ENDED = "Your session has ended. Sign in again, and you are back where you were.";
const OUT_OF_REACH = "The service cannot be reached. Check your connection, and try again.";
const GATEWAY = {
  404: "That does not exist.",
  413: "That is too large to send this way.",
  429: "Too many requests at once. Wait a moment, and try again.",
  503: "The service does not answer. Try again in a moment.",
  504: "That took too long. Try again in a moment.",
};

/**
 * @param {string} method
 * @param {string} path  without a slash at the beginning: the API may be served below a path
 * @param {{body?: object, query?: object, signal?: AbortSignal}} [options]
 */
export async function call(method, path, { body, query, signal } = {}) {
  const token = await accessToken();
  if (!token) throw new ApiError(401, ENDED);
  let answer = await send(method, path, { body, query, signal }, token);
  if (answer.status === 401) {
    const renewed = await renew();
    if (!renewed) throw new ApiError(401, ENDED);
    answer = await send(method, path, { body, query, signal }, renewed);
    if (answer.status === 401) end(ENDED);
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  throw await refusal(answer);
}

async function send(method, path, { body, query, signal }, token) {
  const search = parameters(query);
  try {
    return await fetch(search ? `${path}?${search}` : path, {
      method,
      signal,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, OUT_OF_REACH);
  }
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  const message = problem.detail ?? GATEWAY[answer.status] ?? `Something went wrong (${answer.status}). Try again.`;
  return new ApiError(answer.status, message, Number(answer.headers.get("Retry-After") ?? 0));
}

function parameters(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return new URLSearchParams(given).toString();
}
