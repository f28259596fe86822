/** Signing in by Cognito's hosted page: authorization code with PKCE (RFC 7636). Tokens live as long as the tab. */
import { createStore } from "./store.js";

const TOKENS = "collections.tokens";
const ATTEMPT = "collections.sign-in";
const SCOPE = "openid email profile";
/** Seconds before its end at which a token is renewed. */
const MARGIN = 60;

/** Where the page is served: what Cognito sends people back to. */
const HOME = location.origin + location.pathname;

/** @typedef {{access: string, refresh: string, email: string, expires: number}} Tokens */

/** `tokens` is null when nobody is signed in; `notice` says why, if there is something to say. */
export const session = createStore({ tokens: stored(), notice: "" });

let config = null;
let renewing = null;

/** What `/config.json` says, asked for once. */
export async function configuration() {
  config ??= fetch("config.json").then((answer) => {
    if (!answer.ok) throw new Error("The service does not answer. Try again in a moment.");
    return answer.json();
  });
  try {
    return await config;
  } catch (error) {
    config = null;
    throw error;
  }
}

/** Leave for the sign-in page. */
export async function signIn() {
  const { sign_in_url, client_id } = await configuration();
  const verifier = randomText(48);
  const state = randomText(16);
  const place = location.hash;
  sessionStorage.setItem(ATTEMPT, JSON.stringify({ verifier, state, place }));
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
  const query = new URLSearchParams({
    response_type: "code", client_id, redirect_uri: HOME, scope: SCOPE, state,
    code_challenge: challenge, code_challenge_method: "S256",
  });
  location.assign(`${sign_in_url}/oauth2/authorize?${query}`);
}

/** If the sign-in page has just sent us back: exchange its code, and return to where one was. */
export async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  if (!query.has("code") && !query.has("error")) return;
  const attempt = JSON.parse(sessionStorage.getItem(ATTEMPT) ?? "null");
  sessionStorage.removeItem(ATTEMPT);
  history.replaceState(null, "", HOME + (attempt?.place ?? ""));
  if (query.has("error")) return end(query.get("error_description") ?? "You were not signed in.");
  // A code that this tab did not ask for may be somebody else's (RFC 6749, section 10.12).
  if (!attempt || attempt.state !== query.get("state")) return end("That sign-in was not begun here. Sign in again.");
  const { client_id } = await configuration();
  const tokens = await exchange({
    grant_type: "authorization_code", client_id, code: query.get("code"), redirect_uri: HOME,
    code_verifier: attempt.verifier,
  });
  if (tokens) keep(tokens);
  else end("The sign-in could not be completed. Sign in again.");
}

/** A token that is valid for a while yet; null if one has to sign in again. */
export async function accessToken() {
  const { tokens } = session.get();
  if (!tokens) return null;
  if (tokens.expires - MARGIN > Date.now() / 1000) return tokens.access;
  return renew();
}

/** Another token, whatever the present one says of itself; null if one has to sign in again. */
export function renew() {
  renewing ??= renewed().finally(() => { renewing = null; });
  return renewing;
}

/** Have the tokens revoked, forget them, and sign out of the sign-in page too. */
export async function signOut() {
  const { tokens } = session.get();
  const { cognito_endpoint, sign_in_url, client_id } = await configuration();
  forget();
  if (tokens) {
    await fetch(cognito_endpoint, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.RevokeToken",
      },
      body: JSON.stringify({ ClientId: client_id, Token: tokens.refresh }),
    });
  }
  const query = new URLSearchParams({ client_id, logout_uri: HOME });
  location.assign(`${sign_in_url}/logout?${query}`);
}

/** The session is over; `notice` says why. */
export function end(notice) {
  forget();
  session.set({ tokens: null, notice });
}

async function renewed() {
  const { tokens } = session.get();
  if (!tokens) return null;
  const { client_id } = await configuration();
  const next = await exchange({ grant_type: "refresh_token", client_id, refresh_token: tokens.refresh });
  if (!next) {
    end("Your session has ended. Sign in again, and you are back where you were.");
    return null;
  }
  keep({ ...tokens, ...next, refresh: next.refresh || tokens.refresh });
  return next.access;
}

/** Ask the token endpoint; null if it refuses. */
async function exchange(form) {
  const { sign_in_url } = await configuration();
  const answer = await fetch(`${sign_in_url}/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
  if (answer.status >= 500) throw new Error("The sign-in service does not answer. Try again in a moment.");
  if (!answer.ok) return null;
  const body = await answer.json();
  return {
    access: body.access_token,
    refresh: body.refresh_token ?? "",
    email: body.id_token ? claims(body.id_token).email : "",
    expires: Date.now() / 1000 + body.expires_in,
  };
}

/** @param {Tokens} tokens */
function keep(tokens) {
  sessionStorage.setItem(TOKENS, JSON.stringify(tokens));
  session.set({ tokens, notice: "" });
}

function forget() {
  sessionStorage.removeItem(TOKENS);
}

function stored() {
  return JSON.parse(sessionStorage.getItem(TOKENS) ?? "null");
}

/** What a token says. It is shown, not trusted: the gateway is who verifies it. */
function claims(token) {
  const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function randomText(bytes) {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
